/**
 * What runs of egress leave on the machine. Others may run egress at the same time, so everything is told by
 * network namespace or by a run's id.
 *
 * @module
 */

import { tool } from "../../src/demo/command.ts";
import type { Internet } from "../../src/demo/internet.ts";

/** Everything in the client's namespace that egress runs could have left; empty when it is clean. */
export async function leftoversIn(internet: Internet): Promise<string[]> {
  return [
    ...await leftRules(internet),
    ...(await processesIn(internet)).map((pid) => `process ${pid} ${commandLine(pid)}`),
    ...await leftStates(internet),
  ];
}

/** Lines of the client's firewall that egress made. */
export async function leftRules(internet: Internet): Promise<string[]> {
  const saved = await Promise.all(
    ["iptables-save", "ip6tables-save"].map((save) =>
      tool(["nsenter", `--net=/run/netns/${internet.client}`, save])
    ),
  );
  return saved.join("").split("\n").filter((line) => line.includes("EGRESS"));
}

/** Process ids in the client's namespace. */
export async function processesIn(internet: Internet): Promise<number[]> {
  return (await tool(["ip", "netns", "pids", internet.client])).split("\n")
    .filter((line) => line !== "").map(Number);
}

async function leftStates(internet: Internet): Promise<string[]> {
  const script = `
    want=$(stat -Lc %i "$1")
    for record in /run/egress/*/private/run.json; do
      [ -e "$record" ] && grep -q "\\"netns\\":\\"$want\\"" "$record" && echo "state $record"
    done
    exit 0`;
  const found = await tool(["sh", "-c", script, "sh", `/run/netns/${internet.client}`]);
  return found.split("\n").filter((line) => line !== "");
}

/** Traces of one run anywhere on the machine. */
export async function tracesOf(id: string): Promise<string[]> {
  const script = `
    find /sys/fs/cgroup -type d -name "*$1*" 2>/dev/null
    [ -e "/run/egress/$1" ] && echo "/run/egress/$1"
    grep -- "$1" /proc/self/mountinfo
    exit 0`;
  return (await tool(["sh", "-c", script, "sh", id])).split("\n").filter((line) => line !== "");
}

/** Roles of a run by name, with their process ids: `kernel`, `engine`, `proxy`, `relay`. */
export async function rolesOf(id: string): Promise<Map<string, number[]>> {
  const script = `
    cg=$(find /sys/fs/cgroup -type d -path "*egress-$1/roles" | head -n 1)
    [ -n "$cg" ] && cat "$cg/cgroup.procs"
    exit 0`;
  const pids = (await tool(["sh", "-c", script, "sh", id])).split("\n").filter((l) => l !== "");
  const roles = new Map<string, number[]>();
  for (const pid of pids.map(Number)) {
    const line = commandLine(pid);
    // The relay is the proxy's program with a flag of its own.
    const role = line.includes("--unsafely-ignore-certificate-errors")
      ? "relay"
      : /\b(kernel|engine|proxy)(\.js|\/main\.ts)/.exec(line)?.[1];
    if (role !== undefined) roles.set(role, [...roles.get(role) ?? [], pid]);
  }
  return roles;
}

/** A process's command line; empty once it is gone, also while nobody has asked for its status. */
export function commandLine(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
