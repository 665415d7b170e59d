import assert from "node:assert/strict";
import { BPF_COMMANDS, FAMILIES, seccompFilter } from "./seccomp.ts";

const X86_64 = 0xc000_003e;
const I386 = 0x4000_0003;
const ARM64 = 0xc000_00b7;
const ALLOW = 0x7fff_0000;
const EPERM = 0x0005_0001;

/** Runs the filter as the kernel does, for the instructions that it uses. */
function judge(architecture: number, nr: number, first = 0): number {
  const bytes = Uint8Array.fromHex(seccompFilter());
  const view = new DataView(bytes.buffer);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, nr, true);
  data.setUint32(4, architecture, true);
  data.setUint32(16, first, true);
  let accumulator = 0;
  for (let at = 0; at * 8 < bytes.length; at++) {
    const k = view.getUint32(at * 8 + 4, true);
    const jump = (taken: boolean) => at += view.getUint8(at * 8 + (taken ? 2 : 3));
    switch (view.getUint16(at * 8, true)) {
      case 0x20:
        accumulator = data.getUint32(k, true);
        break;
      case 0x05:
        at += k;
        break;
      case 0x15:
        jump(accumulator === k);
        break;
      case 0x35:
        jump(accumulator >= k);
        break;
      case 0x06:
        return k;
      default:
        assert.fail(`instruction ${at}`);
    }
  }
  assert.fail("the filter ends without a verdict");
}

Deno.test("commands of bpf that take hold of others' programs are refused, the others not", () => {
  const refused = new Set<number>(Object.values(BPF_COMMANDS));
  for (const [architecture, bpf] of [[X86_64, 321], [I386, 357], [ARM64, 280]] as const) {
    for (let command = 0; command < 64; command++) {
      assert.equal(judge(architecture, bpf, command), refused.has(command) ? EPERM : ALLOW);
    }
  }
});

Deno.test("sockets of families that the hooks judge are allowed, packet sockets and all others not", () => {
  const allowed = new Set<number>(Object.values(FAMILIES));
  for (const [architecture, socket] of [[X86_64, 41], [I386, 359], [ARM64, 198]] as const) {
    for (let family = 0; family < 64; family++) {
      const verdict = allowed.has(family) ? ALLOW : EPERM;
      assert.equal(judge(architecture, socket, family), verdict);
    }
  }
});

Deno.test("pidfd_getfd is refused; every other call is allowed, whatever its arguments", () => {
  for (const architecture of [X86_64, I386, ARM64]) {
    for (let nr = 0; nr < 600; nr++) {
      const judged = [321, 357, 280, 41, 359, 198].includes(nr);
      if (!judged) assert.equal(judge(architecture, nr, 17), nr === 438 ? EPERM : ALLOW);
    }
  }
});

Deno.test("x32 calls and architectures that are not known are refused", () => {
  assert.equal(judge(X86_64, 0x4000_0000 + 41, 17), EPERM);
  assert.equal(judge(0x1234, 0), EPERM);
});
