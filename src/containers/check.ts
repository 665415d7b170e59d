/**
 * What in a config.json lets its container become root of the machine.
 *
 * @module
 */

import { DEFAULT_CAPABILITIES, DEFAULT_DEVICES, MASKED, READ_ONLY } from "./defaults.ts";
import type { Asked } from "./exceptions.ts";
import type { DockerFacts, HostFacts } from "./facts.ts";
import { type JsonObject, objectOf, objectsOf, textOf, textsOf } from "./json.ts";
import { type BindMount, dangerOf, type EngineFolders } from "./places.ts";

/** Something that is beyond what every container gets. */
export interface Finding extends Asked {
  /** Clause of a sentence: "it asks for the capability SYS_ADMIN". */
  what: string;
}

/** What the checks of a config.json work with. */
export interface CheckInput {
  config: JsonObject;
  facts: HostFacts;
  docker?: DockerFacts;
  engine: EngineFolders;
}

/** Everything that is beyond the defaults, all at once so that one look suffices to allow it. */
export function findingsOf(input: CheckInput): Finding[] {
  const linux = objectOf(input.config.linux);
  const process = objectOf(input.config.process);
  return [
    ...capabilityFindings(process, DEFAULT_CAPABILITIES),
    ...namespaceFindings(input, linux),
    ...networkFindings(input, linux, process),
    ...deviceFindings(linux),
    ...confinementFindings(input, linux, process),
    ...mountFindings(input),
    ...placeInTree(linux),
  ];
}

/** Capabilities in any of the sets, without `CAP_`. */
export function capabilitiesOf(process: JsonObject): Set<string> {
  const sets = Object.values(objectOf(process.capabilities)).flatMap(textsOf);
  return new Set(sets.map((name) => name.toUpperCase().replace(/^CAP_/, "")));
}

/** @param granted what needs no exception */
export function capabilityFindings(process: JsonObject, granted: ReadonlySet<string>): Finding[] {
  const beyond = [...capabilitiesOf(process)].filter((name) => !granted.has(name)).sort();
  // Every single one of some 25 would hide the one word that matters.
  if (beyond.includes("SYS_ADMIN") && beyond.length > 10) {
    return [{ privilege: "privileged", what: "it asks for every capability (--privileged)" }];
  }
  return beyond.map((value) => ({
    privilege: "capability",
    value,
    what: `it asks for the capability ${value}`,
  }));
}

function namespaceFindings({ facts, engine }: CheckInput, linux: JsonObject): Finding[] {
  const list = objectsOf(linux.namespaces);
  const wanted = ["pid", "ipc", "mount"];
  // BuildKit's containers share the machine's cgroup namespace; with cgroup v1 Docker's do as well.
  if (facts.cgroup2 && engine.origin === "engine") wanted.push("cgroup");
  return wanted.filter((type) => !list.some((entry) => entry.type === type && isSeparate(entry)))
    .map((type) => ({
      privilege: "host-namespace" as const,
      what: `it shares the ${type} namespace of the machine`,
    }));
}

/** A path leads to another container's namespace (`--ipc container:x`), or to the machine's. */
function isSeparate(entry: JsonObject): boolean {
  const path = textOf(entry.path);
  return path === "" || !/^\/proc\/(?:1|self|thread-self)\//.test(path);
}

/** Does the container send from the network namespace that runc runs in? */
export function sharesHostNetwork(linux: JsonObject, facts: HostFacts): boolean {
  const entries = objectsOf(linux.namespaces).filter((entry) => entry.type === "network");
  const path = textOf(entries.at(-1)?.path);
  if (entries.length === 0) return true;
  if (path === "") return false;
  const bound = facts.mounts.findLast((mount) => mount.point === path);
  // What lies below /proc belongs to a process: it may be one that is in the machine's namespace.
  return bound?.type === "nsfs" ? bound.root === facts.netns : true;
}

function networkFindings(input: CheckInput, linux: JsonObject, process: JsonObject): Finding[] {
  if (!sharesHostNetwork(linux, input.facts)) return [];
  const capabilities = capabilitiesOf(process);
  const asked = new Set(input.docker?.capAdd ?? []);
  // NET_RAW comes with every container: it is taken away here rather than refused (see `soften`).
  const raw = capabilities.has("NET_RAW") && (asked.has("NET_RAW") || asked.has("ALL"));
  const names = [
    ...(capabilities.has("NET_ADMIN") ? ["NET_ADMIN"] : []),
    ...(raw ? ["NET_RAW"] : []),
  ];
  return names.map((name) => ({
    privilege: "host-network",
    what: `it has ${name} in the network namespace of the machine`,
  }));
}

function deviceFindings(linux: JsonObject): Finding[] {
  const nodes = objectsOf(linux.devices).filter((d) =>
    !DEFAULT_DEVICES.has(`${d.major}:${d.minor}`)
  );
  const rules = objectsOf(objectOf(linux.resources).devices).filter(isBeyondDefault);
  const names = nodes.map((node) => textOf(node.path) || "a device");
  if (names.length === 0 && rules.length > 0) names.push(...new Set(rules.map(nameOfRule)));
  const shown = names.slice(0, 4).join(", ") + (names.length > 4 ? ", ..." : "");
  return names.length === 0 ? [] : [{ privilege: "device", what: `it asks for ${shown}` }];
}

/** A rule that lets a container use more than the default devices; making nodes (`m`) alone is no use. */
function isBeyondDefault(rule: JsonObject): boolean {
  if (rule.allow !== true || /^m*$/.test(textOf(rule.access))) return false;
  const number = (value: unknown) => typeof value === "number" && value >= 0 ? String(value) : "*";
  const [major, minor] = [number(rule.major), number(rule.minor)];
  if (rule.type !== "c") return true;
  return !DEFAULT_DEVICES.has(`${major}:${minor}`) && !DEFAULT_DEVICES.has(`${major}:*`);
}

function nameOfRule(rule: JsonObject): string {
  return `devices ${textOf(rule.type) || "a"} ${rule.major ?? "*"}:${rule.minor ?? "*"}`;
}

function confinementFindings(input: CheckInput, linux: JsonObject, process: JsonObject): Finding[] {
  const found: string[] = [];
  const masked = textsOf(linux.maskedPaths);
  const readOnly = textsOf(linux.readonlyPaths);
  const open = [
    ...MASKED.filter((p) => !masked.includes(p)),
    ...READ_ONLY.filter((p) => !readOnly.includes(p)),
  ];
  if (open.length > 0) found.push(`it can reach ${open.join(", ")} (systempaths=unconfined)`);
  // BuildKit's own switch for it is `--security=insecure`, which shows by its capabilities.
  if (!filters(linux)) found.push("no seccomp filter confines it");
  if (input.facts.apparmor && /^(?:unconfined)?$/.test(textOf(process.apparmorProfile))) {
    found.push("no AppArmor profile confines it");
  }
  const writable = objectsOf(input.config.mounts).filter((mount) =>
    /^(?:sysfs|cgroup2?)$/.test(textOf(mount.type)) && !textsOf(mount.options).includes("ro")
  );
  if (writable.length > 0) {
    found.push(`${writable.map((m) => textOf(m.destination)).join(" and ")} can be written`);
  }
  return found.map((what) => ({ privilege: "unconfined", what }));
}

/** A profile that lets through what it does not name is none. */
function filters(linux: JsonObject): boolean {
  const action = textOf(objectOf(linux.seccomp).defaultAction);
  return action !== "" && !/^SCMP_ACT_(?:ALLOW|LOG)$/.test(action);
}

/** The bind mounts of a config.json. */
export function bindMounts(config: JsonObject): BindMount[] {
  return objectsOf(config.mounts).filter(isBind).map((mount) => ({
    source: textOf(mount.source),
    destination: textOf(mount.destination),
    readOnly: textsOf(mount.options).includes("ro"),
  }));
}

function isBind(mount: JsonObject): boolean {
  const options = textsOf(mount.options);
  return mount.type === "bind" || options.includes("bind") || options.includes("rbind");
}

function mountFindings(input: CheckInput): Finding[] {
  const found: Finding[] = [];
  for (const bind of bindMounts(input.config)) {
    const danger = dangerOf(bind, input.facts, input.engine);
    if (danger === undefined) continue;
    const privilege = input.facts.sources[bind.source]?.kind === "socket" ? "socket" : "mount";
    found.push({
      privilege,
      value: bind.source,
      what: `it gets ${bind.source} as ${bind.destination}, and ${danger}`,
    });
  }
  return found;
}

/** `/actions_job` is what GitHub's runners have been given as `cgroup-parent`. */
const ENGINE_CGROUPS =
  /^(?:\/?docker(?:\/|$)|\/?buildkit(?:\/|$)|\/actions_job\/|\/default\/|\/libpod_parent\/|\/kubepods)/;
const ENGINE_SLICES = /^(?:system|machine|user)\.slice:(?:docker|libpod|cri-containerd|nerdctl)/;

/** A container in the cgroup of something else passes for that something in `cgroup=` rules. */
function placeInTree(linux: JsonObject): Finding[] {
  const path = textOf(linux.cgroupsPath);
  if (
    path === "" || (!path.includes("..") && (ENGINE_CGROUPS.test(path) || ENGINE_SLICES.test(path)))
  ) {
    return [];
  }
  return [{ privilege: "cgroup-parent", what: `it is put into the cgroup ${path}` }];
}
