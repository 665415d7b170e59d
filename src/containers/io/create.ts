/**
 * `runc create`, `run` and `restore`: is the container allowed, and what does it get?
 *
 * @module
 */

import { bindMounts, type CheckInput } from "../check.ts";
import type { HostFacts } from "../facts.ts";
import { judgeContainer } from "../judge.ts";
import { type JsonObject, textsOf } from "../json.ts";
import type { Job } from "./job.ts";
import { type Mount, parseMountinfo } from "../mountinfo.ts";
import { FILES } from "../settings.ts";
import { addTrust } from "../trust.ts";
import { expectedPlaces, isExchangeable, surprises } from "../verify.ts";
import { dataFolder, gatherDocker, gatherHost } from "./gather.ts";
import { gatherTrust, rootFolder } from "./gather_trust.ts";
import { readJson, replaceJson } from "./json_file.ts";
import { type ContainerEvent, noteEvent, say } from "./notes.ts";

/** Files and folders in a container's bundle. */
export const IN_BUNDLE = {
  /** Mounted into the container. */
  trust: "egress",
  /** Variables that `exec` adds. */
  variables: "egress-variables.json",
  /** Image and places, as they were judged. */
  judged: "egress-judged.json",
} as const;

/** Judges and rewrites the bundle. @returns the answer to the shell part */
export async function handleCreate(job: Job): Promise<string> {
  const bundle = job.call.bundle ?? Deno.cwd();
  const path = `${bundle}/config.json`;
  const config = readJson(path);
  const input = look(job, config, bundle);
  const image = input.docker?.image;
  const judgement = judgeContainer(input, job.settings);
  const event = { container: job.call.id, image };
  for (const warning of judgement.warnings) warn(job, event, warning);
  if (judgement.refusal !== undefined) {
    return refuse(job, { ...event, privileges: judgement.privileges }, judgement.refusal);
  }
  const json = job.settings.certs
    ? await withTrust(job, judgement.json, bundle, event)
    : judgement.json;
  if (json !== config) replaceJson(path, json);
  const binds = bindMounts(json).filter((bind) => bind.source !== `${bundle}/${IN_BUNDLE.trust}`);
  const verify = job.settings.mode === "guard" && isExchangeable(binds, input.facts);
  const places = verify ? expectedPlaces(bindMounts(json), withOwn(input.facts, bundle)) : [];
  writeJson(`${bundle}/${IN_BUNDLE.judged}`, { image, places });
  return verify && job.call.pidFile !== undefined
    ? ["verify", job.call.pidFile, job.call.root, job.call.id ?? ""].join("\n")
    : "ok";
}

function look(job: Job, config: JsonObject, bundle: string): CheckInput {
  const origin = job.call.command === "run" ? "buildkit" as const : "engine" as const;
  const sources = bindMounts(config).map((bind) => bind.source);
  const data = dataFolder(origin, bundle, rootFolder(config, bundle), sources);
  const shell = { mounts: parseMountinfo(job.mountinfo), netns: job.netns, apparmor: job.apparmor };
  const further = data === undefined ? [job.folder] : [job.folder, data];
  const docker = gatherDocker(data, job.call.id ?? "");
  return {
    config,
    facts: gatherHost(shell, sources, job.settings, further),
    engine: { origin, ...(data !== undefined && { data }) },
    ...(docker && { docker }),
  };
}

/** The folder with the CA is ours: it is expected where it is. */
function withOwn(facts: HostFacts, bundle: string): HostFacts {
  const own = `${bundle}/${IN_BUNDLE.trust}`;
  return { ...facts, sources: { ...facts.sources, [own]: { real: own, fixed: true } } };
}

/** Without trust a container still works; without the guard it would not be guarded: so errors end here. */
async function withTrust(
  job: Job,
  json: JsonObject,
  bundle: string,
  event: Partial<ContainerEvent>,
): Promise<JsonObject> {
  const folder = `${bundle}/${IN_BUNDLE.trust}`;
  try {
    const ca = Deno.readTextFileSync(`${job.folder}/${FILES.ca}`);
    const trust = await addTrust(json, gatherTrust(json, bundle, ca), folder);
    for (const warning of trust.warnings) warn(job, event, warning);
    if (trust.files.size === 0) return json;
    Deno.mkdirSync(folder, { recursive: true });
    Deno.chmodSync(folder, 0o755);
    for (const [name, content] of trust.files) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      Deno.writeFileSync(`${folder}/${name}`, bytes);
      // Whoever the container's user is, and whatever the umask here.
      Deno.chmodSync(`${folder}/${name}`, 0o644);
    }
    writeJson(`${bundle}/${IN_BUNDLE.variables}`, trust.variables);
    return trust.json;
  } catch (error) {
    warn(job, event, `it starts without the CA: ${error instanceof Error ? error.message : error}`);
    return json;
  }
}

/** Looks again at a container that runc has made. */
export function handleVerify(job: Job, inside: Mount[]): string {
  const bundle = job.call.bundle ?? Deno.cwd();
  const judged = readJson(`${bundle}/${IN_BUNDLE.judged}`);
  const { facts } = look(job, readJson(`${bundle}/config.json`), bundle);
  const found = inside.length === 0
    ? ["its mounts cannot be seen"]
    : surprises(inside, textsOf(judged.places), facts);
  if (found.length === 0) return "ok";
  const message =
    "egress refuses this container: something else was put into the place of a folder " +
    `while it was being mounted: ${found.join("; ")}.`;
  return refuse(job, { container: job.call.id, privileges: ["mount"] }, message);
}

/** Says and notes a refusal. @returns the answer to the shell part */
export function refuse(job: Job, event: Partial<ContainerEvent>, message: string): string {
  say(job.call, "error", message);
  note(job, event, "deny", message);
  return "refused";
}

/** Says and notes a warning. */
export function warn(job: Job, event: Partial<ContainerEvent>, message: string): void {
  say(job.call, "warning", `egress: ${message}`);
  note(job, event, "allow", message);
}

function note(
  job: Job,
  event: Partial<ContainerEvent>,
  policy: "allow" | "deny",
  message: string,
): void {
  noteEvent(job.folder, {
    ts: new Date().toISOString(),
    type: "container",
    policy,
    ...event,
    message,
  });
}

function writeJson(path: string, value: unknown): void {
  Deno.writeTextFileSync(path, JSON.stringify(value), { mode: 0o600 });
}
