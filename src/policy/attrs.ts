/**
 * Attributes of rules against what is known about a process.
 *
 * @module
 */

import { compileGlob, type Glob, globMatches, literalGlob } from "./glob.ts";
import { type AttrValue, JOB_TOKEN, type Rule } from "./types.ts";
import type { ProcessInfo } from "../protocol/event.ts";

/** One compiled attribute. */
export interface AttrTest {
  name: string;
  matches(process: ProcessInfo): boolean;
}

type Compare = (value: string) => boolean;

const INDEXED = /^arg\[([0-9]+)\]$/;
const SINGLE = ["exe", "step", "action", "cgroup", "image"] as const;

/**
 * Compiles the attributes of a rule that are about the process: all but `token=job`. A name or value
 * that is none matches nothing.
 */
export function compileAttrs(attrs: Rule["attrs"]): AttrTest[] {
  return Object.entries(attrs).filter((attr) => !isToken(attr)).map(([name, value]) => ({
    name,
    matches: test(name, value),
  }));
}

function isToken([name, { text }]: [string, AttrValue]): boolean {
  return name === "token" && text === JOB_TOKEN;
}

function test(name: string, value: AttrValue): AttrTest["matches"] {
  const compare = comparison(name, value);
  if (name === "arg") return (process) => args(process).some((arg) => known(arg) && compare(arg));
  const index = INDEXED.exec(name);
  if (index) {
    const at = Number(index[1]);
    return (process) => {
      const arg = args(process)[at];
      return known(arg) && compare(arg);
    };
  }
  const single = SINGLE.find((key) => key === name);
  if (!single) return () => false;
  return (process) => {
    const actual = process[single];
    return known(actual) && actual !== "" && compare(actual);
  };
}

/** Events come from outside: a field may hold anything. */
function known(value: unknown): value is string {
  return typeof value === "string";
}

function args(process: ProcessInfo): readonly unknown[] {
  return Array.isArray(process.cmdline) ? process.cmdline : [];
}

function comparison(name: string, value: AttrValue): Compare {
  if (name === "cgroup" && !value.literal && !value.quoted) {
    if (value.text === "@docker") return isDocker;
    if (value.text === "@host") return isHost;
  }
  const glob: Glob = value.literal ? literalGlob(value.text) : compileGlob(value.text);
  return (actual) => globMatches(glob, actual);
}

const DOCKER = /^\/docker\/[0-9a-fA-F]+(?:\/|$)|\/docker-[0-9a-fA-F]+\.scope(?:\/|$)/;

/** A cgroup `/docker/<id>` or below, or a unit `docker-<id>.scope`. */
export function isDocker(cgroup: string): boolean {
  return DOCKER.test(cgroup);
}

/** Words in the names of cgroups that container runtimes make for themselves and their containers. */
const RUNTIMES = new Set(
  ("docker dockerd containerd nerdctl cri crio podman libpod libpod_parent conmon buildkit buildkitd " +
    "kubepods kubernetes kubelet kube k3s k8s").split(" "),
);

/** No container runtime's cgroup. */
export function isHost(cgroup: string): boolean {
  return !cgroup.toLowerCase().split(/[/.:@-]/).some((word) => RUNTIMES.has(word));
}
