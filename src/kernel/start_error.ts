/**
 * Why the kernel role cannot start, each with what to do about it.
 *
 * @module
 */

/** What was missing; fixed names. */
export type StartFailure =
  | "boot"
  | "no_root"
  | "libbpf_missing"
  | "object_missing"
  | "btf_missing"
  | "bpf_denied"
  | "program_failed"
  | "scope_missing"
  | "pins"
  | "queue_taken"
  | "queue"
  | "socket"
  | "uplinks"
  | "engine";

const HINTS: Record<StartFailure, string> = {
  boot: "the kernel role is started by egress itself: use `egress run`",
  no_root: "run egress as root (sudo)",
  libbpf_missing: "install libbpf 1.x (Debian, Ubuntu: apt-get install libbpf1)",
  object_missing: "build it with setup/build_bpf.sh (needs clang and libbpf-dev)",
  btf_missing: "the kernel needs CONFIG_DEBUG_INFO_BTF (a distribution kernel has it)",
  bpf_denied:
    "root without CAP_BPF, or kernel lockdown=confidentiality: run outside the container, " +
    "or boot with lockdown=integrity",
  program_failed: "egress needs Linux 6.0 or later with cgroup BPF and BTF",
  scope_missing: "the scope's cgroup must exist in a mounted cgroup2 hierarchy",
  pins: "mount bpffs and make the pin folder writable: mount -t bpf bpf /sys/fs/bpf",
  queue_taken: "another program listens on this NFQUEUE number: choose another one",
  queue: "the kernel needs CONFIG_NETFILTER_NETLINK_QUEUE and CONFIG_NF_CT_NETLINK",
  socket: "the state folder must be writable",
  uplinks: "a whole machine needs Linux 6.6 or later (TCX links)",
  engine: "the engine process did not load the policy",
};

/** The kernel role cannot start. */
export class StartError extends Error {
  override name = "StartError";
  /** What to do, one line. */
  readonly hint: string;

  constructor(readonly failure: StartFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = HINTS[failure];
  }
}
