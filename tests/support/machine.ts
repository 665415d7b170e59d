/**
 * A machine of its own for tests of the whole-machine guard: the client of a little internet with its own view of
 * processes, /run, /etc, sysctls and cgroups, so that nothing of the real machine is touched.
 *
 * @module
 */

import { tool } from "../../src/demo/command.ts";
import type { Internet } from "../../src/demo/internet.ts";
import { EGRESS } from "./run.ts";

/** Sysctls that Debian and Ubuntu have, and other kernels lack: the machine gets files in their place. */
const SYSCTLS = {
  unprivileged_userns_clone: "1",
  apparmor_restrict_unprivileged_userns: "0",
  "yama/ptrace_scope": "0",
};

/**
 * $1 cgroup of the machine (in the real tree), $2 resolver file, $3 where cgroup2 is mounted. Runs for as long as
 * its standard input is open.
 */
const MACHINE = `
set -e
mkdir "$1"
echo $$ > "$1/cgroup.procs"
exec unshare --mount --propagation private --cgroup --pid --fork --kill-child sh -ec '
  mount -t proc proc /proc
  cgroup2=$3
  resolver=$(cat "$2")
  umount -l "$cgroup2"
  mount -t cgroup2 none "$cgroup2"
  mkdir "$cgroup2/init"
  echo 0 > "$cgroup2/init/cgroup.procs"
  mount -t tmpfs -o mode=755 tmpfs /run
  for dir in /etc /usr/local /usr/lib/systemd /usr/bin /usr/sbin /var/lib/dpkg /home; do
    mkdir -p "/run/.machine$dir/up" "/run/.machine$dir/work"
    mount -t overlay overlay -o "lowerdir=$dir,upperdir=/run/.machine$dir/up,workdir=/run/.machine$dir/work" "$dir"
  done
  rm -f /etc/sudoers.d/runner
  mkdir -p /usr/local/share/ca-certificates
  echo "$resolver" > /etc/resolv.conf
  mkdir /run/sysctls
  cp -r /proc/sys/kernel/random /run/sysctls/ 2>/dev/null || :
  for name in $(ls -p /proc/sys/kernel | grep -v /); do cat "/proc/sys/kernel/$name" > "/run/sysctls/$name" 2>/dev/null || :; done
  shift 3
  mkdir -p /run/sysctls/yama
  while [ $# -gt 0 ]; do echo "$2" > "/run/sysctls/$1"; shift 2; done
  mount --bind /run/sysctls /proc/sys/kernel
  echo ready
  exec cat
' sh "$@"
`;

/** What a finished command left. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** The machine. */
export class Machine implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #group: string;
  /** Pid of its first process, as seen from here. */
  #first = 0;

  private constructor(readonly internet: Internet, child: Deno.ChildProcess, group: string) {
    this.#child = child;
    this.#group = group;
  }

  /** Makes a machine of an internet's client; one at a time. */
  static async create(internet: Internet): Promise<Machine> {
    const mounts = await Deno.readTextFile("/proc/self/mountinfo");
    const root = mounts.split("\n").find((l) => l.includes(" - cgroup2 "))!.split(" ")[4]!;
    const group = `${root}/egress-machine-${crypto.randomUUID().slice(0, 8)}`;
    const [file = "", ...args] = internet.command([
      ...["sh", "-c", MACHINE, "sh", group, "/etc/resolv.conf", root],
      ...Object.entries(SYSCTLS).flat(),
    ]);
    const child = new Deno.Command(file, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    })
      .spawn();
    const machine = new Machine(internet, child, group);
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    if (new TextDecoder().decode(value) !== "ready\n") {
      await machine[Symbol.asyncDispose]();
      throw new Error("the machine did not come up");
    }
    const children = `/proc/${child.pid}/task/${child.pid}/children`;
    machine.#first = Number(await Deno.readTextFile(children));
    return machine;
  }

  /** The command line that runs a command on the machine; it is killed with the process that stands for it here. */
  command(command: string[]): string[] {
    // With its root: where the tests run in a chroot, the mount namespace's own root is the real machine's.
    const enter = `echo $$ > "$0/init/cgroup.procs"; exec nsenter -t "$1" --net --mount --cgroup ` +
      `--pid --root -- setpriv --pdeathsig KILL sh -c 'shift; exec "$@"' sh "$@"`;
    return ["sh", "-c", enter, this.#group, String(this.#first), ...command];
  }

  /** Starts a command. */
  spawn(command: string[], stdin: "null" | "piped" = "null"): Deno.ChildProcess {
    const [file = "", ...args] = this.command(command);
    const env = {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/root",
      LANG: "C.UTF-8",
    };
    return new Deno.Command(file, {
      args,
      env,
      clearEnv: true,
      stdin,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs a command to its end. */
  async run(...command: string[]): Promise<Ended> {
    const { code, stdout, stderr } = await this.spawn(command).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  }

  /** Runs a shell script to its end. */
  sh(script: string, ...args: string[]): Promise<Ended> {
    return this.run("bash", "-c", script, "bash", ...args);
  }

  /** Runs egress. */
  egress(...args: string[]): Promise<Ended> {
    return this.run(EGRESS, ...args);
  }

  /** Ends everything that runs on it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await tool(["sh", "-c", '[ ! -e "$1" ] || echo 1 > "$1/cgroup.kill"', "sh", this.#group]);
    await this.#child.stdin.close().catch(() => {
      // The process at its other end was just killed.
    });
    await this.#child.status;
    await this.#child.stdout.cancel();
    const remove = `
      [ -e "$1" ] || exit 0
      until grep -q "^populated 0" "$1/cgroup.events"; do sleep 0.02; done
      find "$1" -depth -type d -exec rmdir {} +`;
    await tool(["sh", "-c", remove, "sh", this.#group]);
  }
}
