/**
 * The verdict on a container or on a command in one.
 *
 * @module
 */

import {
  bindMounts,
  capabilitiesOf,
  capabilityFindings,
  type CheckInput,
  type Finding,
  findingsOf,
  sharesHostNetwork,
} from "./check.ts";
import { DEFAULT_CAPABILITIES } from "./defaults.ts";
import { excepted } from "./exceptions.ts";
import type { HostFacts } from "./facts.ts";
import { type JsonObject, objectOf, objectsOf, textOf, textsOf } from "./json.ts";
import type { Settings } from "./settings.ts";

/** What becomes of it. */
export interface Judgement {
  /** The JSON to go on with. The very same object if nothing was changed. */
  json: JsonObject;
  /** Why it must not start: one sentence. */
  refusal?: string;
  /** What was refused, as codes. */
  privileges: string[];
  warnings: string[];
}

/** Judges a config.json. */
export function judgeContainer(input: CheckInput, settings: Settings): Judgement {
  const bare: Judgement = { json: input.config, privileges: [], warnings: [] };
  if (settings.mode === "off") return bare;
  const image = input.docker?.image;
  if (
    settings.mode === "deny" && !excepted(settings.exceptions, { privilege: "privileged" }, image)
  ) {
    const how = allowLine({ privilege: "privileged", what: "" }, image);
    return {
      ...bare,
      privileges: ["deny"],
      refusal: `egress lets no container start${named(image)} (--containers deny). ${how}`,
    };
  }
  const softened = soften(input, settings);
  const findings = findingsOf({ ...input, config: softened.json })
    .filter((finding) => !excepted(settings.exceptions, finding, image));
  return { ...softened, ...refusalOf(findings, image, "this container") };
}

/** Judges the process file of `exec`. @param bounding capabilities that the container itself may use */
export function judgeExec(
  process: JsonObject,
  bounding: ReadonlySet<string> | undefined,
  settings: Settings,
  image?: string,
): Judgement {
  const bare: Judgement = { json: process, privileges: [], warnings: [] };
  if (settings.mode === "off") return bare;
  const granted = new Set([...DEFAULT_CAPABILITIES, ...(bounding ?? [])]);
  const findings = capabilityFindings(process, granted)
    .filter((finding) => !excepted(settings.exceptions, finding, image));
  // What was taken from the container (NET_RAW in the machine's network) does not come back by `exec`.
  const taken = [...capabilitiesOf(process)].filter((name) =>
    DEFAULT_CAPABILITIES.has(name) && bounding && !bounding.has(name)
  );
  const json = taken.length === 0 ? process : without(process, new Set(taken));
  return { ...bare, json, ...refusalOf(findings, image, "this command in a container") };
}

function refusalOf(
  findings: Finding[],
  image: string | undefined,
  what: string,
): Pick<Judgement, "refusal" | "privileges"> {
  if (findings.length === 0) return { privileges: [] };
  const all = findings.some((finding) => finding.privilege === "privileged");
  const shown = all ? findings.filter((finding) => finding.privilege === "privileged") : findings;
  const reasons = shown.map((finding) => finding.what).join("; ");
  const lines = [...new Set(shown.map((finding) => allowLine(finding, image)))].join(" ");
  return {
    privileges: [...new Set(findings.map((finding) => finding.privilege))],
    refusal: `egress refuses ${what}${named(image)}, which could become root of the machine: ` +
      `${reasons}. ${lines}`,
  };
}

function named(image: string | undefined): string {
  return image === undefined ? "" : ` (image ${image})`;
}

function allowLine(finding: Finding, image: string | undefined): string {
  const value = finding.privilege === "capability" || finding.privilege === "mount"
    ? `=${finding.value}`
    : "";
  return `To allow it: "allow: ${finding.privilege}${value}${image ? ` image=${image}` : ""}" in ` +
    "`containers`.";
}

/** Takes away what every container gets by itself, and what is harmful in this one. */
function soften(input: CheckInput, settings: Settings): Judgement {
  const warnings: string[] = [];
  let json = input.config;
  const image = input.docker?.image;
  const explicit = new Set(input.docker?.capAdd ?? []);
  const process = objectOf(json.process);
  const raw = capabilitiesOf(process).has("NET_RAW") && !explicit.has("NET_RAW") &&
    !explicit.has("ALL");
  const free = excepted(settings.exceptions, { privilege: "host-network" }, image);
  if (raw && !free && sharesHostNetwork(objectOf(json.linux), input.facts)) {
    json = { ...json, process: without(process, new Set(["NET_RAW"])) };
    warnings.push("NET_RAW was taken from the container: it is in the machine's network namespace");
  }
  const socket = runnersSocket(json, input.facts);
  if (socket !== undefined && !excepted(settings.exceptions, { privilege: "socket" }, image)) {
    const mounts = objectsOf(json.mounts).filter((mount) => mount.destination !== socket);
    json = { ...json, mounts };
    warnings.push(`the runner's mount of the Docker socket at ${socket} was left out`);
  }
  return { json, warnings, privileges: [] };
}

/**
 * The runner mounts Docker's socket into each container of a job, though hardly one uses it. Left out
 * rather than refused, or no container action would start. Who imitates it gets no socket either.
 */
function runnersSocket(config: JsonObject, facts: HostFacts): string | undefined {
  const env = textsOf(objectOf(config.process).env);
  if (!env.includes("GITHUB_ACTIONS=true")) return undefined;
  return bindMounts(config).find((bind) =>
    bind.destination === "/var/run/docker.sock" && facts.sources[bind.source]?.kind === "socket"
  )?.destination;
}

function without(process: JsonObject, names: ReadonlySet<string>): JsonObject {
  const sets = Object.entries(objectOf(process.capabilities)).map(([set, list]) => [
    set,
    Array.isArray(list)
      ? list.filter((name) => !names.has(textOf(name).toUpperCase().replace(/^CAP_/, "")))
      : list,
  ]);
  return { ...process, capabilities: Object.fromEntries(sets) };
}
