/**
 * A machine like a GitHub-hosted runner: systemd, docker and the runner's programs in a systemd-nspawn container, in
 * the place of a little internet's client. All that it changes is in memory, and goes with it.
 *
 * @module
 */

import { tool } from "../../src/demo/command.ts";
import type { Internet } from "../../src/demo/internet.ts";
import { EGRESS } from "../support/run.ts";
import { type Ended } from "../support/machine.ts";
import { bundledWorker, cacheFolder, runnerTree } from "./runner_tree.ts";

/** The repository's root, and where it is on the machine. */
const ROOT = EGRESS.slice(0, EGRESS.lastIndexOf("/"));
/** Longest time of a boot, ms. */
const BOOT_MS = 60_000;

/** $1 folder, $2 cgroup, $3 tree, $4 cache, $5 network namespace, $6 checkout, $7 the internet's folder, $8 name. */
const BOOT = `
set -e
mkdir "$2" && echo $$ > "$2/cgroup.procs"
# Of the first hierarchy systemd-nspawn makes a payload too, below the group that it is in.
v1=/sys/fs/cgroup/systemd/\${2##*/}
[ ! -e /sys/fs/cgroup/systemd/cgroup.procs ] || { mkdir "$v1" && echo $$ > "$v1/cgroup.procs"; }
exec unshare --mount --propagation private sh -ec '
  mount -t tmpfs -o mode=755 tmpfs "$1"
  for name in root cache; do mkdir "$1/$name" "$1/$name.up" "$1/$name.work"; done
  mount -t overlay overlay -o "lowerdir=$3/root,upperdir=$1/root.up,workdir=$1/root.work" "$1/root"
  mount -t overlay overlay -o "lowerdir=$4,upperdir=$1/cache.up,workdir=$1/cache.work" "$1/cache"
  # Its notes on machines stay with this one.
  mkdir -p /run/systemd/nspawn && mount -t tmpfs tmpfs /run/systemd/nspawn
  export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
  exec systemd-nspawn --quiet --boot --directory="$1/root" --machine="$8" --register=no --keep-unit \\
    --network-namespace-path="/run/netns/$5" --capability=all \\
    --system-call-filter="@mount @debug @keyring bpf open_by_handle_at" \\
    --resolv-conf=off --timezone=off --link-journal=no --console=pipe --tmpfs=/var/lib/docker:mode=711 \\
    --bind="$1/cache:$4" --bind-ro="$6" --bind="$7" --bind="$7/srv:/srv"
' sh "$@"`;

/** Sysctls that Ubuntu has, and other kernels lack, as files in their place; and a CA that everybody on it trusts. */
const SETTLE = `
set -e
mkdir /run/sysctls /run/sysctls/yama
cp -r /proc/sys/kernel/random /run/sysctls/
for name in $(ls -p /proc/sys/kernel | grep -v /); do cat "/proc/sys/kernel/$name" > "/run/sysctls/$name" 2>/dev/null || :; done
echo 1 > /run/sysctls/unprivileged_userns_clone
echo 0 > /run/sysctls/apparmor_restrict_unprivileged_userns
echo 1 > /run/sysctls/yama/ptrace_scope
mount --bind /run/sysctls /proc/sys/kernel
cp "$1" /usr/local/share/ca-certificates/internet.crt
update-ca-certificates --fresh >/dev/null`;

/** Enters the machine in its first process's cgroup, with nothing of the caller's environment. */
const ENTER = `
echo $$ > "$1/payload/init.scope/cgroup.procs"
first=$2
shift 2
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \\
  nsenter -t "$first" --all --root --wd -- "$@"`;

/** The machine. */
export class RunnerMachine implements AsyncDisposable {
  #first = 0;

  private constructor(
    readonly internet: Internet,
    /** Folder that is /srv on the machine. */
    readonly srv: string,
    readonly folder: string,
    readonly group: string,
    readonly child: Deno.ChildProcess,
  ) {}

  /** Boots a machine in an internet's client; one at a time. */
  static async boot(internet: Internet): Promise<RunnerMachine> {
    const [tree, worker] = await Promise.all([runnerTree(), bundledWorker()]);
    const mounts = await Deno.readTextFile("/proc/self/mountinfo");
    const root = mounts.split("\n").find((l) => l.includes(" - cgroup2 "))!.split(" ")[4]!;
    const name = `egress-runner-${crypto.randomUUID().slice(0, 8)}`;
    const srv = `${internet.folder}/srv`;
    for (const dir of ["worker", "job", "actions", "checkout"]) {
      await Deno.mkdir(`${srv}/${dir}`, { recursive: true });
    }
    // The runner user writes the job's log and result.
    await Deno.chmod(`${srv}/job`, 0o777);
    // This checkout is the action.
    await Deno.mkdir(`${srv}/actions/owner`);
    await Deno.symlink(ROOT, `${srv}/actions/owner/egress`);
    for (const file of ["worker.mjs", "listener.mjs"]) {
      await Deno.copyFile(`${worker}/${file}`, `${srv}/worker/${file}`);
    }
    const folder = await Deno.makeTempDir({ prefix: "egress-runner-" });
    const child = new Deno.Command("sh", {
      args: [
        ...["-c", BOOT, "sh", folder, `${root}/${name}`, tree, cacheFolder()],
        ...[internet.client, ROOT, internet.folder, name],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    const machine = new RunnerMachine(internet, srv, folder, `${root}/${name}`, child);
    try {
      await machine.#untilUp();
      const settled = await machine.sh(SETTLE, internet.caFile);
      if (settled.code !== 0) throw new Error(settled.stderr);
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
    return machine;
  }

  async #untilUp(): Promise<void> {
    let last = "its first process did not start";
    for (const end = Date.now() + BOOT_MS; Date.now() < end;) {
      const first = await this.#firstProcess();
      if (first !== undefined) {
        this.#first = first;
        const { stdout, stderr } = await this.run("systemctl", "is-system-running", "--wait");
        if (stdout.trim() === "running") return;
        last = stdout + stderr;
        if (stdout.trim() === "degraded") {
          last += (await this.run("systemctl", "--failed", "--no-pager")).stdout;
          break;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the machine did not come up: ${last}`);
  }

  /** systemd, as seen from here, once it has become that. */
  async #firstProcess(): Promise<number | undefined> {
    const { pid } = this.child;
    try {
      const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
      for (const child of children.trim().split(" ").filter(Boolean)) {
        const name = await Deno.readTextFile(`/proc/${child}/comm`);
        if (name === "systemd\n") return Number(child);
      }
    } catch (error) {
      // Whatever is looked at may end in the meantime.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return undefined;
  }

  /** Runs a command as root to its end. */
  async run(...command: string[]): Promise<Ended> {
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", ENTER, "sh", this.group, String(this.#first), ...command],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  }

  /** Runs a shell script as root to its end. */
  sh(script: string, ...args: string[]): Promise<Ended> {
    return this.run("bash", "-c", script, "bash", ...args);
  }

  /** Runs egress as root. */
  egress(...args: string[]): Promise<Ended> {
    return this.run(EGRESS, ...args);
  }

  /** Makes the image `busybox`, if it is not there. */
  async busybox(): Promise<void> {
    const made = await this.sh(`
      set -e
      ! docker image inspect busybox >/dev/null 2>&1 || exit 0
      folder=$(mktemp -d)
      mkdir -p "$folder/bin" "$folder/etc"
      cp /bin/busybox "$folder/bin/"
      for name in sh wget cat env id nc sleep; do ln -s busybox "$folder/bin/$name"; done
      tar -C "$folder" -c . | docker import - busybox >/dev/null
      rm -rf "$folder"`);
    if (made.code !== 0) throw new Error(made.stderr);
  }

  /** Ends everything that runs on it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await tool(["sh", "-c", '[ ! -e "$1" ] || echo 1 > "$1/cgroup.kill"', "sh", this.group]);
    await this.child.status;
    const remove = `
      for group in "$1" "/sys/fs/cgroup/systemd/\${1##*/}"; do
        [ -e "$group" ] || continue
        until [ -z "$(find "$group" -name cgroup.procs -exec cat {} +)" ]; do sleep 0.02; done
        find "$group" -depth -type d -exec rmdir {} +
      done
      rmdir "$2"`;
    await tool(["sh", "-c", remove, "sh", this.group, this.folder]);
  }
}
