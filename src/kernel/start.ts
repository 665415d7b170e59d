/**
 * Steps of the start, each with its own failure.
 *
 * @module
 */

import type { KernelBoot, KernelRelease } from "../protocol/mod.ts";
import { encodeSettings, OWNER_SIZE, SETTINGS_SIZE } from "./bpf/layout.ts";
import { type BpfObject, openScope } from "./bpf/object.ts";
import type { RingBuffer } from "./bpf/ringbuf.ts";
import { Attribution } from "./process/attribution.ts";
import { CgroupPaths } from "./process/cgroups.ts";
import { StartError, type StartFailure } from "./start_error.ts";
import { Errno, SyscallError } from "./sys/call.ts";
import { inode } from "./sys/files.ts";
import type { Epoll } from "./sys/epoll.ts";
import { Uplinks } from "./uplinks/uplinks.ts";
import { UdpQueue } from "./udp/queue.ts";

/** Key of maps with one element. */
export const KEY_0 = new Uint8Array(4);

/** Attribution over the object's maps. @throws {StartError} */
export function makeAttribution(
  boot: KernelBoot,
  object: BpfObject,
  events: RingBuffer,
  lost: () => number,
  imageOf: (cgroup: string) => string | undefined,
): Attribution {
  const maps = {
    tcp: object.map("tcp_owner", OWNER_SIZE),
    tcpClosed: object.map("tcp_closed", OWNER_SIZE),
    udp: object.map("udp_owner", OWNER_SIZE),
    members: object.map("members", 8),
    workers: object.map("workers", 8),
  };
  const cgroups = named("scope_missing", () => new CgroupPaths(boot.cgroupRoot));
  return new Attribution({ maps, events, lost, cgroups, scope: boot.scopeCgroupDir, imageOf });
}

/**
 * Tells the programs their scope and attaches them.
 *
 * @returns why the roles' sockets stay slower than they could be, if they do
 * @throws {StartError}
 */
export function attach(boot: KernelBoot | KernelRelease, object: BpfObject): string | undefined {
  const scope = openScope(boot.scopeCgroupDir);
  using root = openScope(boot.cgroupRoot);
  const fd = new Uint8Array(new Int32Array([scope.number]).buffer);
  named("scope_missing", () => {
    const id = new Uint8Array(new BigUint64Array([inode(boot.scopeCgroupDir)]).buffer);
    object.map("scope", 4).set(KEY_0, fd);
    object.map("scope_id", 8).set(KEY_0, id);
    const settings = {
      scopeId: inode(boot.scopeCgroupDir),
      machine: boot.machine === true,
      netns: inode("/proc/self/ns/net"),
      pidns: inode("/proc/self/ns/pid"),
      marks: "marks" in boot ? boot.marks : undefined,
    };
    object.map("settings_of_run", SETTINGS_SIZE).set(KEY_0, encodeSettings(settings));
  });
  using roles = boot.rolesCgroupDir === undefined ? undefined : openScope(boot.rolesCgroupDir);
  return object.attach({ scope, root, roles }, boot.machine ? "machine" : "run");
}

function word(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint32Array([value]).buffer);
}

/**
 * Puts the gate on the uplinks, and on a guarded machine the programs that tell containers apart on their ports.
 *
 * @returns undefined where the kernel cannot (before 6.6) and the scope's cgroup has a gate anyway
 * @throws {StartError}
 */
export function watchUplinks(
  boot: KernelBoot,
  object: BpfObject,
  epoll: Epoll,
): Uplinks | undefined {
  const inner = object.map("inner_devices", 1);
  const ports = object.map("inner_ports", 4);
  try {
    return new Uplinks({
      attach: (device) => object.attachDevice(boot.machine ? "machine_uplink" : "uplink", device),
      attachPort: (device, bridge) => {
        ports.set(word(device), word(bridge));
        return object.attachDevice("container_port", device);
      },
      unpin: (device) => object.unpinDevice(device),
      inner: (device, is) => {
        if (is) inner.set(word(device), new Uint8Array([1]));
        else inner.delete(word(device));
      },
      epoll,
      machine: boot.machine === true,
    });
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    if (cause.code === Errno.EINVAL && !boot.machine) return undefined;
    throw new StartError("uplinks", cause.message, { cause });
  }
}

/** Binds the NFQUEUE number. @throws {StartError} `queue_taken` if another process has it */
export function bindQueue(
  boot: KernelBoot,
  parts: ConstructorParameters<typeof UdpQueue>[2],
): UdpQueue {
  try {
    return new UdpQueue(boot.queue, boot.marks, parts);
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    const taken = cause.code === Errno.EPERM || cause.code === Errno.EBUSY;
    throw new StartError(taken ? "queue_taken" : "queue", cause.message, { cause });
  }
}

/** Runs a step of the start. @throws {StartError} `failure` for a system call that fails */
export function named<T>(failure: StartFailure, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    throw new StartError(failure, cause.message, { cause });
  }
}
