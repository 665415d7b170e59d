/**
 * Loads the BPF object, attaches its programs and pins the links, so that the gate outlives the role.
 *
 * @module
 */

import { type Libbpf, loadLibbpf } from "../ffi/libbpf.ts";
import { errno, strerror } from "../ffi/libc.ts";
import { cstring, Errno, SyscallError } from "../sys/call.ts";
import { type Fd, Open, open } from "../sys/fd.ts";
import { exists, removeFile } from "../sys/files.ts";
import { StartError } from "../start_error.ts";
import { attachTcx } from "../uplinks/tcx.ts";
import { AttachType, HeldPrograms } from "./held.ts";
import { BpfMap } from "./map.ts";
import { MEMORY_WATCH, type MemoryHook, memoryHooks } from "./memory_guard.ts";
import { Pins } from "./pins.ts";
import { PrintCapture } from "./print.ts";

/**
 * Programs in the order in which they are attached. The gate is first: it is closed until its mode
 * is written, so nothing leaves while the rest comes up. What refuses is held by the scope's cgroup
 * itself; what only observes, and what belongs elsewhere, by links that are pinned.
 */
const PROGRAMS = [
  { name: "gate", at: "held", type: AttachType.cgroup_inet_egress },
  { name: "refuse_connect6", at: "held", type: AttachType.cgroup_inet6_connect },
  { name: "refuse_sendmsg6", at: "held", type: AttachType.cgroup_udp6_sendmsg },
  { name: "refuse_sockets", at: "held", type: AttachType.cgroup_inet_sock_create },
  { name: "refuse_options", at: "held", type: AttachType.cgroup_setsockopt },
  { name: "refuse_left", at: "root" },
  { name: "tcp_attribution", at: "cgroup" },
  { name: "udp_attribution", at: "cgroup" },
  { name: "socket_syscalls", at: "kernel" },
  { name: "process_fork", at: "kernel" },
  { name: "process_exec", at: "kernel" },
  { name: "process_exit", at: "kernel" },
  { name: "device_up", at: "kernel", of: "run" },
  { name: "role_socket", at: "root", of: "machine" },
] as const satisfies readonly Program[];

/** A program, and what it is attached to: `held` and `cgroup` mean the scope's. */
interface Program {
  name: string;
  at: "held" | "cgroup" | "root" | "kernel";
  type?: AttachType;
  /** Only for this kind of scope. */
  of?: "run" | "machine";
}

/** Programs that are attached by device, with the side of it. */
const BY_DEVICE = { uplink: "out", machine_uplink: "out", container_port: "in" } as const;

/** Those for a whole machine, which older kernels lack what it takes for. */
const MACHINE_ONLY = ["machine_uplink", "container_port"];

/** The program that lets sibling proxies share a UDP port. */
const SHARE_PORT = "share_udp_port";

/** The program for the roles' own sockets: it makes them faster, and nothing depends on it. */
const NO_DELAY = "no_delay";

/** Maps that a restarted role takes over: who made the flows that are open now, who and what is in the scope. */
const KEPT_MAPS = [
  ...["tcp_owner", "tcp_closed", "udp_owner", "members"],
  ...["scope_devices", "role_pids", "role_sockets", "inner_sockets"],
];

/** The loaded programs. */
export class BpfObject {
  readonly #libbpf: Libbpf;
  readonly #object: Deno.PointerObject;
  readonly #pins: Pins;
  readonly #links: Deno.PointerObject[] = [];
  /** The programs that guard the worker's memory. */
  readonly #guards: readonly string[];
  #held: HeldPrograms | undefined;
  #hadGate = false;

  private constructor(
    libbpf: Libbpf,
    object: Deno.PointerObject,
    pins: Pins,
    guards: readonly string[],
  ) {
    this.#libbpf = libbpf;
    this.#object = object;
    this.#pins = pins;
    this.#guards = guards;
  }

  /**
   * Loads the object file into the kernel; nothing runs yet.
   *
   * @param path the object file
   * @param pinDir an existing folder of a bpffs
   * @param wanted.machine the programs of a whole machine, too
   * @param wanted.memory guard the memory of the runner's worker too, with the best program that the kernel takes
   * @throws {StartError} naming what is missing, or the program that the kernel refused
   */
  static load(
    path: string,
    pinDir: string,
    wanted: { machine?: boolean; memory?: boolean },
  ): BpfObject {
    const libbpf = openLibrary();
    if (!exists(path)) throw new StartError("object_missing", `no BPF object at ${path}`);
    if (!exists("/sys/kernel/btf/vmlinux")) {
      throw new StartError("btf_missing", "this kernel has no BTF (/sys/kernel/btf/vmlinux)");
    }
    const pins = new Pins(pinDir);
    const { machine = false, memory = false } = wanted;
    for (const hook of memory ? memoryHooks() : []) {
      const loaded = BpfObject.#open(libbpf, path, pins, machine, [MEMORY_WATCH, hook], hook);
      if (loaded) return loaded;
    }
    return BpfObject.#open(libbpf, path, pins, machine, memory ? [MEMORY_WATCH] : [])!;
  }

  /** @returns undefined if it was the program `hook` that the kernel refused */
  static #open(
    libbpf: Libbpf,
    path: string,
    pins: Pins,
    machine: boolean,
    guards: readonly string[],
    hook?: MemoryHook,
  ): BpfObject | undefined {
    using print = new PrintCapture(libbpf);
    const object = libbpf.bpf_object__open_file(cstring(path), null);
    if (object === null) throw loadError(`cannot read ${path}`, print, errno());
    const loaded = new BpfObject(libbpf, object, pins, guards);
    try {
      loaded.#load(print, machine ? MACHINE_ONLY : []);
    } catch (error) {
      if (hook !== undefined && print.failedProgram === hook) {
        libbpf.bpf_object__close(object);
        return undefined;
      }
      loaded.abandon();
      throw error;
    }
    return loaded;
  }

  /** @param more programs that are only loaded where they are asked for, besides the guards */
  #load(print: PrintCapture, more: readonly string[]): void {
    for (const name of KEPT_MAPS) {
      const map = this.#libbpf.bpf_object__find_map_by_name(this.#object, cstring(name));
      if (map === null) throw new StartError("program_failed", `the BPF object has no map ${name}`);
      this.#libbpf.bpf_map__set_pin_path(map, cstring(this.#pins.mapPath(name)));
    }
    for (const name of [...more, ...this.#guards]) {
      this.#libbpf.bpf_program__set_autoload(this.#program(name), true);
    }
    if (this.#libbpf.bpf_object__load(this.#object) < 0) {
      throw loadError("cannot load", print, errno());
    }
  }

  /** @param valueSize as for {@link BpfMap} */
  map(name: string, valueSize: number): BpfMap {
    const fd = this.#libbpf.bpf_object__find_map_fd_by_name(this.#object, cstring(name));
    if (fd < 0) throw new StartError("program_failed", `the BPF object has no map ${name}`);
    return new BpfMap(this.#libbpf, name, fd, valueSize);
  }

  /**
   * Attaches every program and pins the links; what an earlier process of this run left stays beside it
   * until {@link takeOver}.
   *
   * @param places.scope the scope's cgroup folder; closed with this object
   * @param places.root the folder of all cgroups
   * @param places.roles the folder of the roles' cgroup, if their sockets are to be sped up and shared
   * @param kind whether the scope is a run's or the whole machine
   * @returns why the roles' sockets stay slower than they could be, if they do
   * @throws {StartError}
   */
  attach(
    places: { scope: Fd; root: Fd; roles?: Fd | undefined },
    kind: "run" | "machine",
  ): string | undefined {
    using print = new PrintCapture(this.#libbpf);
    this.#held = new HeldPrograms(this.#libbpf, places.scope);
    const wanted: readonly Program[] = PROGRAMS;
    for (const program of wanted.filter(({ of }) => of === undefined || of === kind)) {
      attempt(program.name, print, () => this.#attachOne(program, places, print));
    }
    for (const name of this.#guards) this.#attachLink(name, undefined, print);
    let slow: string | undefined;
    if (places.roles) {
      this.#attachLink(SHARE_PORT, places.roles, print);
      slow = this.#speedUp(places.roles);
    }
    return slow;
  }

  #attachOne(entry: Program, { scope, root }: { scope: Fd; root: Fd }, print: PrintCapture): void {
    const { name, at, type } = entry;
    if (type !== undefined) {
      return this.#held!.attach(name, this.#libbpf.bpf_program__fd(this.#program(name)), type);
    }
    const folder = at === "kernel" ? undefined : at === "root" ? root : scope;
    this.#attachLink(name, folder, print);
  }

  /**
   * Attaches a program to a side of a device and pins the link.
   *
   * @throws {SyscallError} as `attachTcx`
   */
  attachDevice(name: keyof typeof BY_DEVICE, device: number): Fd {
    const program = this.#libbpf.bpf_program__fd(this.#program(name));
    const link = attachTcx(program, device, BY_DEVICE[name]);
    const path = this.#devicePin(device);
    if (this.#libbpf.bpf_obj_pin(link.number, cstring(path)) < 0) {
      const code = errno();
      link.close();
      throw new SyscallError(`pin ${path}`, code);
    }
    return link;
  }

  /** Removes the pin that {@link attachDevice} made. */
  unpinDevice(device: number): void {
    removeFile(this.#devicePin(device));
  }

  #devicePin(device: number): string {
    return this.#pins.linkPath(`device-${device}`);
  }

  /**
   * Removes what an earlier process of this run attached: at no time is the scope without a gate.
   *
   * @throws {StartError}
   */
  takeOver(): void {
    using print = new PrintCapture(this.#libbpf);
    attempt("older programs", print, () => {
      this.#hadGate = (this.#held?.removeOlder() ?? 0) > 0;
    });
    this.#pins.removeOlder();
  }

  #attachLink(name: string, folder: Fd | undefined, print: PrintCapture): void {
    const program = this.#program(name);
    const link = folder
      ? this.#libbpf.bpf_program__attach_cgroup(program, folder.number)
      : this.#libbpf.bpf_program__attach(program);
    if (link === null) throw loadError(`cannot attach ${name}`, print, errno());
    this.#links.push(link);
    this.#pin(link, name);
  }

  /** Kernels may lack what this takes: it is left out then, and its lack returned. */
  #speedUp(roles: Fd): string | undefined {
    const link = this.#libbpf.bpf_program__attach_cgroup(this.#program(NO_DELAY), roles.number);
    if (link === null) return strerror(errno());
    this.#links.push(link);
    this.#pin(link, NO_DELAY);
    return undefined;
  }

  #program(name: string): Deno.PointerObject {
    const program = this.#libbpf.bpf_object__find_program_by_name(this.#object, cstring(name));
    if (program === null) {
      throw new StartError("program_failed", `the BPF object has no program ${name}`);
    }
    return program;
  }

  #pin(link: Deno.PointerObject, name: string): void {
    const path = this.#pins.linkPath(name);
    if (this.#libbpf.bpf_link__pin(link, cstring(path)) < 0) {
      throw new StartError("pins", `cannot pin ${path}: ${strerror(errno())}`);
    }
  }

  /**
   * Undoes a start that failed. A scope that had a gate before keeps one: closed, for nobody writes
   * its mode any more.
   */
  abandon(): void {
    if (!this.#pins.takesOver && !this.#hadGate && !this.#held?.hasOlder) this.detach();
  }

  /** Unpins and detaches everything: the scope is open afterwards. */
  detach(): void {
    this.#pins.removeAll();
    for (const link of this.#links) this.#libbpf.bpf_link__destroy(link);
    this.#links.length = 0;
    this.#held?.removeAll();
    this.#held?.[Symbol.dispose]();
    this.#held = undefined;
    this.#libbpf.bpf_object__close(this.#object);
  }
}

/** @throws {StartError} for a system call that fails */
function attempt(what: string, print: PrintCapture, work: () => void): void {
  try {
    work();
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    throw loadError(`cannot attach ${what}`, print, cause.code);
  }
}

function openLibrary(): Libbpf {
  try {
    return loadLibbpf();
  } catch (cause) {
    throw new StartError("libbpf_missing", "libbpf.so.1 cannot be loaded", { cause });
  }
}

function loadError(what: string, print: PrintCapture, code: number): StartError {
  const program = print.failedProgram;
  const about = program ? `BPF program ${program}: ${what}` : `BPF: ${what}`;
  const message = `${about}: ${strerror(code)} (errno ${code})`;
  const denied = code === Errno.EPERM || code === Errno.EACCES;
  // EACCES with a program named is the verifier's refusal, not a missing right.
  if (denied && !(program && code === Errno.EACCES)) return new StartError("bpf_denied", message);
  const details = print.lines.slice(-6).join("\n");
  return new StartError("program_failed", message, { cause: details });
}

/**
 * Opens the scope's cgroup folder.
 *
 * @throws {StartError}
 */
export function openScope(path: string): Fd {
  try {
    return open(path, Open.RDONLY);
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    throw new StartError("scope_missing", `scope cgroup ${path}: ${cause.message}`, { cause });
  }
}
