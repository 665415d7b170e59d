/**
 * Attaches a program to a device's way in or out by a TCX link (linux/bpf.h, kernels from 6.6 on).
 *
 * @module
 */

import { libc } from "../ffi/libc.ts";
import { check } from "../sys/call.ts";
import { Fd } from "../sys/fd.ts";

/** Number of bpf(2). */
const BPF = { x86_64: 321n, aarch64: 280n }[Deno.build.arch];
const BPF_LINK_CREATE = 28n;
/** `enum bpf_attach_type`: BPF_TCX_INGRESS and BPF_TCX_EGRESS. */
const SIDES = { in: 46, out: 47 } as const;
/** In front of what others have attached: one of theirs could end the walk. */
const BPF_F_BEFORE = 1 << 3;
/** `union bpf_attr` up to the end of `link_create.tcx`. */
const ATTR_SIZE = 32;

/**
 * @param program descriptor of a program of type SCHED_CLS
 * @param device its index
 * @param side what comes in by the device, or what goes out
 * @returns the link: detached when its last descriptor and pin are gone, or the device
 * @throws {SyscallError} ENODEV if there is no such device, EINVAL if the kernel has no TCX
 */
export function attachTcx(program: number, device: number, side: keyof typeof SIDES): Fd {
  const attr = new Uint8Array(ATTR_SIZE);
  const view = new DataView(attr.buffer);
  view.setUint32(0, program, true);
  view.setUint32(4, device, true);
  view.setUint32(8, SIDES[side], true);
  view.setUint32(12, BPF_F_BEFORE, true);
  const result = libc.syscall(BPF, BPF_LINK_CREATE, attr, BigInt(attr.length));
  return new Fd(check(`bpf link to device ${device}`, result));
}
