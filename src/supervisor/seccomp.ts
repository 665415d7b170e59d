/**
 * The seccomp filter of COMMAND and everything below it: calls by which root could reach into the kernel
 * objects of egress are refused with EPERM. Only what stands in registers can be judged this way, and no
 * thread can change that between the judgement and the call. Pure.
 *
 * @module
 */

/** Opcodes of classic BPF (linux/bpf_common.h): load a word, compare, return. */
const LOAD = 0x20;
const JUMP = 0x05;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const RETURN = 0x06;
/** Actions (linux/seccomp.h). */
const ALLOW = 0x7fff_0000;
const REFUSE = 0x0005_0001; // SECCOMP_RET_ERRNO | EPERM
/** Offsets in `struct seccomp_data`: number, architecture, low words of the arguments. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number) => 16 + 8 * index;

/** A system call, refused when one of its arguments has one of these values; without `values` always. */
interface Refusal {
  /** Numbers by architecture, in the order of {@link ARCHITECTURES}. */
  numbers: readonly number[];
  argument: number;
  values?: readonly number[];
}

/** AUDIT_ARCH_ values (linux/audit.h): x86-64, its 32-bit calls, arm64. */
const ARCHITECTURES = [0xc000_003e, 0x4000_0003, 0xc000_00b7] as const;
/** Numbers of the x32 calls of x86-64 begin here; they would need a table of their own. */
const X32 = 0x4000_0000;

/** Commands of bpf(2) (linux/bpf.h, `enum bpf_cmd`) that take hold of what others have loaded. */
export const BPF_COMMANDS = {
  PROG_DETACH: 9,
  PROG_GET_FD_BY_ID: 13,
  MAP_GET_FD_BY_ID: 14,
  LINK_UPDATE: 29,
  LINK_GET_FD_BY_ID: 30,
  LINK_DETACH: 34,
} as const;

const REFUSALS: readonly Refusal[] = [
  // bpf
  { numbers: [321, 357, 280], argument: 0, values: Object.values(BPF_COMMANDS) },
  // socket: AF_PACKET and AF_XDP, whose frames pass no hook of a cgroup
  { numbers: [41, 359, 198], argument: 0, values: [17, 44] },
  // pidfd_getfd: another process's socket, or a link's descriptor
  { numbers: [438, 438, 438], argument: 0 },
];

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, k: number];

/** Instructions that fall through when nothing is refused. */
function refuse(refusal: Refusal, number: number): Instruction[] {
  if (refusal.values === undefined) {
    return [[LOAD, 0, 0, NUMBER], [JUMP_IF_EQUAL, 0, 1, number], [RETURN, 0, 0, REFUSE]];
  }
  const { values } = refusal;
  return [
    [LOAD, 0, 0, NUMBER],
    // Over the load, the comparisons, and what they jump to.
    [JUMP_IF_EQUAL, 0, values.length + 3, number],
    [LOAD, 0, 0, argument(refusal.argument)],
    ...values.map((value, i): Instruction => [JUMP_IF_EQUAL, values.length - i, 0, value]),
    [JUMP, 0, 0, 1],
    [RETURN, 0, 0, REFUSE],
  ];
}

function program(): Instruction[] {
  const parts = ARCHITECTURES.flatMap((architecture, index): Instruction[] => {
    const body: Instruction[] = [
      [LOAD, 0, 0, NUMBER],
      [JUMP_IF_AT_LEAST, 0, 1, X32],
      [RETURN, 0, 0, REFUSE],
      ...REFUSALS.flatMap((refusal) => refuse(refusal, refusal.numbers[index]!)),
      [RETURN, 0, 0, ALLOW],
    ];
    return [
      [LOAD, 0, 0, ARCHITECTURE],
      [JUMP_IF_EQUAL, 0, body.length, architecture],
      ...body,
    ];
  });
  // No other architecture's calls are known: none may be made.
  return [...parts, [RETURN, 0, 0, REFUSE]];
}

/** The filter: `struct sock_filter` (linux/filter.h) one after the other, little-endian, in hex. */
export function seccompFilter(): string {
  const instructions = program();
  const bytes = new Uint8Array(instructions.length * 8);
  const view = new DataView(bytes.buffer);
  instructions.forEach(([code, ifTrue, ifFalse, k], i) => {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, ifTrue);
    view.setUint8(i * 8 + 3, ifFalse);
    view.setUint32(i * 8 + 4, k, true);
  });
  return bytes.toHex();
}
