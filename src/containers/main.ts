/**
 * The wrapper's program, started by its shell part (wrapper_script.ts) for `create`, `run`, `restore` and
 * `exec`. The last line that it prints decides: `ok`, `verify` and what for, or `refused`; with anything
 * else the shell part acts as if it had not run.
 *
 * @module
 */

import { handleExec } from "./io/exec.ts";
import { handleCreate, handleVerify } from "./io/create.ts";
import type { Job } from "./io/job.ts";
import { say } from "./io/notes.ts";
import { parseMountinfo } from "./mountinfo.ts";
import { parseRuncArgs } from "./runc_args.ts";
import { FILES, type Settings } from "./settings.ts";

/** Between the two mountinfo files that `verify` gets. */
const SEPARATOR = "\n---\n";

/** Other commands of runc; whatever is none of them may be a start in disguise. */
const HARMLESS = new Set(
  "checkpoint delete events features help init kill list pause ps resume spec start state update h"
    .split(" "),
);

async function main(args: string[]): Promise<string> {
  const [phase, folder, netns, apparmor, ...rest] = args;
  if (folder === undefined || netns === undefined) {
    throw new TypeError("called without its arguments");
  }
  const settings = JSON.parse(Deno.readTextFileSync(`${folder}/${FILES.settings}`)) as Settings;
  const call = parseRuncArgs(rest);
  const [outside = "", inside = ""] = readStdin().split(SEPARATOR);
  const job: Job = {
    folder,
    settings,
    call,
    netns,
    apparmor: apparmor === "Y",
    mountinfo: outside,
  };
  if (phase === "verify") return handleVerify(job, parseMountinfo(inside));
  switch (call.command) {
    case "create":
    case "run":
    case "restore":
      return await handleCreate(job);
    case "exec":
      return handleExec(job);
  }
  if (call.command === "" || HARMLESS.has(call.command) || settings.mode === "off") return "ok";
  say(call, "error", `egress does not know what "runc ${call.command}" starts, and refuses it`);
  return "refused";
}

function readStdin(): string {
  const parts: string[] = [];
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(65536);
  for (let size = Deno.stdin.readSync(chunk); size !== null; size = Deno.stdin.readSync(chunk)) {
    parts.push(decoder.decode(chunk.subarray(0, size), { stream: true }));
  }
  return parts.join("");
}

console.log(await main(Deno.args));
