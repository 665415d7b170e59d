import assert from "node:assert/strict";
import { memoryHooks } from "./memory_guard.ts";

Deno.test("an LSM program counts only where BPF is an active security module", () => {
  assert.deepEqual(memoryHooks("lockdown,capability,landlock,yama,bpf\n"), [
    "memory_lsm",
    "memory_fmod",
  ]);
  assert.deepEqual(memoryHooks("lockdown,capability,yama,apparmor\n"), ["memory_fmod"]);
  assert.deepEqual(memoryHooks("bpfish\n"), ["memory_fmod"]);
});
