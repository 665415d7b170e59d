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
/** Offsets in `struct seccomp_data`: number, architecture, low word of the first argument. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const FIRST_ARGUMENT = 16;

/** A system call that is refused: always, or for what its first argument is, or is not. */
interface Refusal {
  /** Numbers by architecture, in the order of {@link ARCHITECTURES}. */
  numbers: readonly number[];
  values?: readonly number[];
  /** Refused unless it is one of these. */
  allBut?: readonly number[];
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

/** Address families (linux/socket.h) that the hooks judge, or that stay on the machine. */
export const FAMILIES = { UNSPEC: 0, UNIX: 1, INET: 2, INET6: 10, NETLINK: 16, ALG: 38 } as const;

const REFUSALS: readonly Refusal[] = [
  // bpf
  { numbers: [321, 357, 280], values: Object.values(BPF_COMMANDS) },
  // socket: of every other family something would leave by no hook of a cgroup
  { numbers: [41, 359, 198], allBut: Object.values(FAMILIES) },
  // pidfd_getfd: another process's socket, or a link's descriptor
  { numbers: [438, 438, 438] },
];

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, k: number];

/** Instructions that fall through when nothing is refused. */
function refuse({ values, allBut }: Refusal, number: number): Instruction[] {
  const listed = values ?? allBut;
  if (listed === undefined) {
    return [[LOAD, 0, 0, NUMBER], [JUMP_IF_EQUAL, 0, 1, number], [RETURN, 0, 0, REFUSE]];
  }
  // A value that is listed jumps behind all comparisons: to the refusal, or over it.
  const comparisons = listed.map((value, i): Instruction => {
    return [JUMP_IF_EQUAL, listed.length - i, 0, value];
  });
  const end: Instruction[] = values ? [[JUMP, 0, 0, 1]] : [];
  const body: Instruction[] = [
    [LOAD, 0, 0, FIRST_ARGUMENT],
    ...comparisons,
    ...end,
    [RETURN, 0, 0, REFUSE],
  ];
  return [[LOAD, 0, 0, NUMBER], [JUMP_IF_EQUAL, 0, body.length, number], ...body];
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
