/**
 * A machine of its own for a test of the kernel role: two network namespaces joined by a cable, a scope's
 * cgroup, a bpffs folder. Traffic stays inside. Everything goes away at the end, also of a failed test.
 *
 * @module
 */

import { Inbox, readJsonLines } from "./kernel_lines.ts";

/** Runs a command to its end. @throws {Error} with its stderr if it fails */
export async function sh(script: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("sh", { args: ["-euc", script] })
    .output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${script}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

/** Where cgroup2 is mounted. */
export async function cgroupRoot(): Promise<string> {
  const mounts = await Deno.readTextFile("/proc/self/mountinfo");
  const line = mounts.split("\n").find((l) => l.includes(" - cgroup2 "));
  if (!line) throw new Error("no cgroup2 mount");
  return line.split(" ")[4]!;
}

/** What a finished command left. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Addresses of the test's cable. */
export const INSIDE = "10.77.0.1";
export const OUTSIDE = "10.77.0.2";

/** Not the one of PATH, which may be a script that starts another. */
export const PYTHON = "/usr/bin/python3";

/** The place. */
export class World implements AsyncDisposable {
  readonly id = crypto.randomUUID().slice(0, 8);
  readonly netns = `ek${this.id}`;
  readonly farNetns = `ef${this.id}`;
  readonly folder = `/run/egress-test-${this.id}`;
  root = "";
  /** Path of the scope's cgroup from the hierarchy's root. */
  readonly scopePath = `/egress-test-${this.id}/scope`;
  readonly #ends: (() => Promise<unknown>)[] = [];

  static async create(): Promise<World> {
    const world = new World();
    try {
      await world.#build();
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
    return world;
  }

  get scopeDir(): string {
    return this.root + this.scopePath;
  }

  get pinDir(): string {
    return `${this.folder}/bpf/run`;
  }

  async #build(): Promise<void> {
    this.root = await cgroupRoot();
    const { netns, farNetns, folder, id } = this;
    const near = `nsenter --net=/run/netns/${netns}`;
    const far = `nsenter --net=/run/netns/${farNetns}`;
    await sh(`
      mkdir -p ${this.scopeDir} ${folder}/bpf
      mount -t bpf bpf ${folder}/bpf
      mkdir ${this.pinDir}
      ip netns add ${netns}
      ip netns add ${farNetns}
      ip link add n${id} netns ${netns} type veth peer name f${id} netns ${farNetns}
      ${near} ip link set lo up
      ${near} ip address add ${INSIDE}/24 dev n${id}
      ${near} ip -6 address add fd77::1/64 dev n${id} nodad
      ${near} ip link set n${id} up
      ${near} ip route add default via ${OUTSIDE}
      ${far} ip link set lo up
      ${far} ip address add ${OUTSIDE}/24 dev f${id}
      ${far} ip -6 address add fd77::2/64 dev f${id} nodad
      ${far} ip link set f${id} up
    `);
  }

  /** Registers something to do at the end, in reverse order. */
  onEnd(work: () => Promise<unknown>): void {
    this.#ends.push(work);
  }

  /** Starts a listener (kernel_listener.py) in one of the namespaces. */
  async listener(
    where: "near" | "far",
    address: string,
    tcpPort: number,
    udpPort: number,
  ): Promise<Inbox<Record<string, unknown>>> {
    const script = new URL("./kernel_listener.py", import.meta.url).pathname;
    const netns = where === "near" ? this.netns : this.farNetns;
    const child = new Deno.Command("nsenter", {
      args: [`--net=/run/netns/${netns}`, PYTHON, script, address, `${tcpPort}`, `${udpPort}`],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const inbox = new Inbox<Record<string, unknown>>();
    const lines = readJsonLines(child.stdout, inbox);
    this.onEnd(async () => {
      await child.stdin.close();
      await child.status;
      await lines;
    });
    await inbox.take((line) => line.ready === true);
    return inbox;
  }

  /** Runs a command in the scope, inside the near namespace. */
  async run(command: string, ...args: string[]): Promise<Ended> {
    const child = this.spawn(command, ...args);
    await child.stdin.close();
    const { code, stdout, stderr } = await child.output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  }

  /** As `run`, but does not wait for its end. */
  spawn(command: string, ...args: string[]): Deno.ChildProcess {
    const enter =
      `echo $$ > ${this.scopeDir}/cgroup.procs; exec nsenter --net=/run/netns/${this.netns} "$@"`;
    return new Deno.Command("sh", {
      args: ["-euc", enter, "sh", command, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs a script outside the scope, inside the near namespace. */
  near(script: string): Promise<string> {
    return sh(`exec nsenter --net=/run/netns/${this.netns} sh -euc '${script}'`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.#ends.splice(0).reverse()) {
      await end().catch((error) => failures.push(error));
    }
    await sh(`
      cd /
      if [ -e ${this.scopeDir}/cgroup.kill ]; then echo 1 > ${this.scopeDir}/cgroup.kill; fi
      ip netns delete ${this.netns} 2>/dev/null || true
      ip netns delete ${this.farNetns} 2>/dev/null || true
      umount ${this.folder}/bpf 2>/dev/null || true
      rm -rf ${this.folder}
      for try in 1 2 3 4 5 6 7 8 9 10; do
        rmdir ${this.scopeDir} 2>/dev/null || true
        [ -e ${this.scopeDir} ] || break
        while read -r pid; do tail --pid "$pid" -f /dev/null; done < ${this.scopeDir}/cgroup.procs
      done
      rmdir ${this.root}/egress-test-${this.id}
    `).catch((error) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, "clean-up failed");
  }
}
