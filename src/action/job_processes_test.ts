import assert from "node:assert/strict";
import { type JobProcess, leftovers, parseProcess } from "./job_processes.ts";

const one = (pid: number, ppid: number, more: Partial<JobProcess> = {}): JobProcess => ({
  pid,
  ppid,
  uid: 1001,
  start: 500,
  zombie: false,
  ...more,
});

Deno.test("leftovers: the user's processes of the time under guard, but not the runner's own line", () => {
  const own = one(40, 30);
  const all = [
    one(1, 0, { uid: 0, start: 0 }),
    one(20, 1, { start: 90 }), // the listener
    one(30, 20), // the worker, though it came late
    own,
    one(41, 40), // what the hook itself started
    one(50, 1), // a daemon
    one(51, 50, { zombie: true }),
    one(60, 1, { start: 99 }), // from before, as exactly as that is known
    one(61, 1, { start: 90 }),
    one(70, 1, { uid: 0 }),
  ];
  assert.deepEqual(leftovers(all, own, 100).map(({ pid }) => pid), [41, 50, 60]);
});

Deno.test("leftovers: a loop of parents ends", () => {
  const own = one(2, 3);
  assert.deepEqual(leftovers([own, one(3, 2), one(4, 2)], own, 0).map(({ pid }) => pid), [4]);
});

Deno.test("a process that calls itself something odd is read all the same", () => {
  const fields = ["S", "7", ...new Array(17).fill("0"), "12345", "0"].join(" ");
  const status = "Name:\ta) Z 1\\nUid:\t0\nUmask:\t0022\nUid:\t1001\t0\t0\t0\n";
  assert.deepEqual(parseProcess(`99 (a) Z 1) ${fields}\n`, status), {
    pid: 99,
    ppid: 7,
    zombie: false,
    start: 123.45,
    uid: 1001,
  });
});
