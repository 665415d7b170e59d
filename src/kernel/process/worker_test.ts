import assert from "node:assert/strict";
import type { Proc } from "./procfs.ts";
import { findOrigin, stepsBelow } from "./worker.ts";

const EXE = "/home/runner/actions-runner/cached/bin/Runner.Worker";
const CGROUP = "/system.slice/hosted-compute-agent.service";
const PLACE = { exe: EXE, cgroup: CGROUP };

interface Fake {
  ppid: number;
  exe?: string;
  cgroup?: string;
  environ?: string;
  /** Arguments of the worker's Node; absent: it runs something else. */
  node?: string[];
}

const NODE = "/home/runner/actions-runner/cached/externals/node24/bin/node";

function proc(processes: Record<number, Fake>): Proc {
  return {
    pids: () => Object.keys(processes).map(Number),
    stat: (pid) => processes[pid] && { ppid: processes[pid].ppid, startTicks: BigInt(pid) * 10n },
    exe: (pid) => processes[pid]?.exe ?? "/bin/other",
    cgroup: (pid) => processes[pid]?.cgroup ?? CGROUP,
    image: (pid) => ({
      exe: processes[pid]?.node ? NODE : "/usr/bin/bash",
      cmdline: ["program", ...processes[pid]?.node ?? []],
    }),
    environ: (pid) => new TextEncoder().encode(processes[pid]?.environ ?? ""),
  };
}

const TREE: Record<number, Fake> = {
  1: { ppid: 0, cgroup: "/init.scope" },
  10: { ppid: 1, exe: EXE },
  20: {
    ppid: 10,
    environ: "GITHUB_ACTION=a\0GITHUB_ACTION_REPOSITORY=o/r\0",
    node: ["/home/runner/work/_actions/o/r/v1/pre.js"],
  },
  30: { ppid: 20, environ: "GITHUB_ACTION_REPOSITORY=own/claim\0" },
  40: { ppid: 10, environ: "GITHUB_ACTION=b\0" },
};

Deno.test("the origin is the worker and its child's step, not the process's own claim", () => {
  assert.deepEqual(findOrigin(30, PLACE, proc(TREE)), {
    worker: { pid: 10, startTicks: 100n },
    step: { step: "a", action: "o/r" },
  });
  assert.deepEqual(findOrigin(40, PLACE, proc(TREE))?.step, { step: "b" });
});

Deno.test("no origin: elsewhere, the worker itself, a process that is gone", () => {
  for (const pid of [1, 10, 99]) assert.equal(findOrigin(pid, PLACE, proc(TREE)), undefined);
});

Deno.test("path and cgroup of the worker must both be right", () => {
  for (
    const fake of [
      { ppid: 1, exe: "/tmp/Runner.Worker" },
      { ppid: 1, exe: `${EXE} (deleted)` },
      { ppid: 1, exe: EXE, cgroup: "/user.slice" },
      { ppid: 1, exe: EXE, cgroup: `${CGROUP}2` },
    ]
  ) {
    assert.equal(findOrigin(30, PLACE, proc({ ...TREE, 10: fake })), undefined);
  }
  const below = { ppid: 1, exe: EXE, cgroup: `${CGROUP}/job` };
  assert.equal(findOrigin(30, PLACE, proc({ ...TREE, 10: below }))?.worker.pid, 10);
});

Deno.test("a step that executes the worker's program does not become the worker", () => {
  const nested = {
    ...TREE,
    30: { ppid: 20, exe: EXE },
    50: { ppid: 30, environ: "GITHUB_ACTION=c\0" },
  };
  assert.deepEqual(findOrigin(50, PLACE, proc(nested)), {
    worker: { pid: 10, startTicks: 100n },
    step: { step: "a", action: "o/r" },
  });
});

Deno.test("what runs below the worker belongs to the step of the worker's child", () => {
  const found = stepsBelow({ pid: 10, startTicks: 100n }, EXE, proc(TREE));
  assert.deepEqual(found.map(({ pid, step }) => [pid, step]), [
    [20, { step: "a", action: "o/r" }],
    [30, { step: "a", action: "o/r" }],
    [40, { step: "b" }],
  ]);
});

Deno.test("an action that the job's environment names is not the step's", () => {
  const environ = "GITHUB_ACTION=a\0GITHUB_ACTION_REPOSITORY=o/r\0";
  for (
    const node of [
      undefined,
      ["/home/runner/work/_temp/1.py"],
      ["-e", "/home/runner/work/_actions/o/r/v1/pre.js"],
      ["/home/runner/work/_actions/evil/o/r/v1/pre.js"],
      ["/home/runner/work/_actions/o/r/../../evil/x/v1/pre.js"],
      ["_actions/o/r/v1/pre.js"],
    ]
  ) {
    const child = { ppid: 10, environ, ...(node && { node }) };
    assert.deepEqual(findOrigin(30, PLACE, proc({ ...TREE, 20: child }))?.step, { step: "a" });
  }
  const node = ["/home/runner/work/_actions/o/r/v1/sub/../dist/main.js"];
  const sub = proc({ ...TREE, 20: { ppid: 10, environ, node } });
  assert.deepEqual(findOrigin(30, PLACE, sub)?.step, { step: "a", action: "o/r" });
});
