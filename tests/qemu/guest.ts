/**
 * Runs inside the guest of memory.sh: guards a process's memory with the kernel role's own parts, lets
 * memory_reader.py try to read it, and prints what happened as one JSON line.
 *
 * Usage: guest.ts OBJECT CGROUP2 BPFFS PYTHON READER
 */

import {
  decodeReport,
  GateMode,
  memoryAttempt,
  SETTINGS_SIZE,
} from "../../src/kernel/bpf/layout.ts";
import { encodeSettings } from "../../src/kernel/bpf/layout.ts";
import { BpfObject, openScope } from "../../src/kernel/bpf/object.ts";
import { RingBuffer } from "../../src/kernel/bpf/ringbuf.ts";
import { memoryHooks } from "../../src/kernel/bpf/memory_guard.ts";
import { readStat } from "../../src/kernel/process/procfs.ts";
import { inode, makeFolder } from "../../src/kernel/sys/files.ts";

const [objectPath = "", cgroup2 = "", bpffs = "", python = "", reader = ""] = Deno.args;
const KEY_0 = new Uint8Array(4);
const scopeDir = `${cgroup2}/scope`;
const pins = `${bpffs}/run`;
makeFolder(scopeDir, 0o755);
makeFolder(pins, 0o700);

const object = BpfObject.load(objectPath, pins, { memory: true });
{
  using root = openScope(cgroup2);
  const ids = {
    scopeId: inode(scopeDir),
    machine: false,
    netns: inode("/proc/self/ns/net"),
    pidns: inode("/proc/self/ns/pid"),
  };
  object.map("settings_of_run", SETTINGS_SIZE).set(KEY_0, encodeSettings(ids));
  object.attach({ scope: openScope(scopeDir), root }, "run");
}
const setMode = (mode: number) =>
  object.map("gate_mode", 4).set(KEY_0, new Uint8Array(new Uint32Array([mode]).buffer));
const events = new RingBuffer(object.map("gate_events", 0).fd, 256 * 1024);

const worker = new Deno.Command("/bin/busybox", { args: ["sleep", "600"] }).spawn();
const pidKey = new Uint8Array(new Uint32Array([worker.pid]).buffer);
const { startTicks } = readStat(worker.pid)!;
object.map("workers", 8).set(pidKey, new Uint8Array(new BigUint64Array([startTicks]).buffer));

/** Lets the reader try; the errno of each way, and whether the log's events say so. */
async function tries(...user: string[]): Promise<unknown> {
  const args = [reader, `${worker.pid}`, ...user];
  const { stdout, stderr } = await new Deno.Command(python, { args }).output();
  const text = new TextDecoder();
  const attempts: unknown[] = [];
  events.drain((record) => {
    const report = decodeReport(record);
    const attempt = report && memoryAttempt(report);
    if (attempt?.thread === worker.pid) attempts.push({ ...attempt, count: report!.count });
  });
  return {
    codes: JSON.parse(text.decode(stdout) || "null"),
    stderr: text.decode(stderr),
    attempts,
  };
}

setMode(GateMode.enforce);
const enforced = await tries();
setMode(GateMode.audit);
const audited = await tries();
setMode(GateMode.enforce);
const hooks = memoryHooks();
object.detach();
const detached = await tries();
worker.kill("SIGKILL");
console.log(`RESULT ${JSON.stringify({ hooks, enforced, audited, detached })}`);
Deno.exit(0);
