/**
 * A dockerd of a test's own, with its own runc: in a private mount and network namespace, so that neither the
 * machine's files nor another test's notice.
 *
 * @module
 */

import { EGRESS } from "./run.ts";

/** What a command did. */
export interface Done {
  status: number;
  stdout: string;
  stderr: string;
}

/** The path of runc in the world, a link as Debian has it. */
export const RUNC = "/usr/bin/runc";
/** The wrapper's folder in the world. */
export const FOLDER = "/run/egress/containers";

/**
 * Shell text that puts a runc in the place of Debian's: some machines lack CAP_SYS_RESOURCE, and runc cannot give what
 * it does not have.
 *
 * @param before shell text that it runs before anything else
 */
export const runcWithout = (before = ":") => `
mv /usr/sbin/runc /usr/sbin/runc.debian
cat >/usr/sbin/runc <<'END'
#!/bin/sh
previous=
for argument; do
  case $previous in
    --bundle) file=$argument/config.json ;;
    --process) file=$argument ;;
    *) file= ;;
  esac
  [ -z "$file" ] || sed -i 's/"CAP_SYS_RESOURCE",//g; s/,"CAP_SYS_RESOURCE"//g' "$file"
  previous=$argument
done
${before}
exec /usr/sbin/runc.debian "$@"
END
chmod 755 /usr/sbin/runc
`;

/** Runs in the new namespaces as their first process; $1 is the world's folder, $2 puts runc in place. */
const SETUP = `
set -eu
mount --make-rprivate /
mkdir -p "$1/ov"
mount -t tmpfs world "$1/ov"
for folder in usr/sbin usr/bin etc var/lib/dpkg; do
  mkdir -p "$1/ov/$folder/upper" "$1/ov/$folder/work"
  mount -t overlay world -o "lowerdir=/$folder,upperdir=$1/ov/$folder/upper,workdir=$1/ov/$folder/work" "/$folder"
done
# dockerd would use the machine's own containerd, if there is one, and that is not in these namespaces.
mount -t tmpfs -o mode=755 world /run
mkdir /run/egress
ip link set lo up
eval "$2"
echo ready
exec sleep infinity
`;

/** A test may want something done right before runc mounts. */
const beforeRunc = (folder: string) =>
  `[ ! -e "${folder}/before-runc" ] || sh "${folder}/before-runc" "$@"`;

/** Everything that a busybox can be called by in the tests. */
const APPLETS =
  "sh true false cat ls id mount echo chmod touch mknod cp sleep env mkdir ln rm stat grep ping";

/** A dockerd and what belongs to it. */
export class DockerWorld implements AsyncDisposable {
  readonly folder: string;
  /** A folder of an ordinary user's (uid 1000), with a `work` in it. */
  readonly home: string;
  readonly #holder: Deno.ChildProcess;
  #dockerd: Deno.ChildProcess | undefined;

  private constructor(folder: string, home: string, holder: Deno.ChildProcess) {
    this.folder = folder;
    this.home = home;
    this.#holder = holder;
  }

  /** Makes the namespaces, starts dockerd and makes the image `busybox`. */
  static async create(): Promise<DockerWorld> {
    // Not below /tmp, where everybody may write: Docker's folder is root's alone on every machine.
    const folder = await Deno.makeTempDir({ dir: "/var/lib", prefix: "egress-docker-test-" });
    const home = await Deno.makeTempDir({ prefix: "egress-docker-test-" });
    await Deno.mkdir(`${home}/work`);
    for (const path of [home, `${home}/work`]) await Deno.chown(path, 1000, 1000);
    const holder = new Deno.Command("unshare", {
      args: [
        "--mount",
        "--net",
        "sh",
        "-c",
        SETUP,
        "world",
        folder,
        runcWithout(beforeRunc(folder)),
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const world = new DockerWorld(folder, home, holder);
    try {
      const reader = holder.stdout.getReader();
      const first = await reader.read();
      reader.releaseLock();
      if (first.done) throw new Error("the world could not be made");
      await world.startDockerd();
      await world.#makeImage();
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Folder that Docker keeps its data in. */
  get data(): string {
    return `${this.folder}/data`;
  }

  /** A command inside of the world. */
  command(args: string[]): [string, string[]] {
    // With its root: where the tests run in a chroot, the namespace's own root is the machine's.
    const enter = ["--mount", "--net", "--root", `--target=${this.#holder.pid}`, "--"];
    return ["nsenter", [...enter, ...args]];
  }

  /** Runs a command inside of the world. */
  async run(args: string[], stdin?: string, env: Record<string, string> = {}): Promise<Done> {
    const [file, all] = this.command(args);
    const child = new Deno.Command(file, {
      args: all,
      env: { DOCKER_HOST: `unix://${this.folder}/docker.sock`, ...env },
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    if (stdin !== undefined) {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(stdin));
      await writer.close();
    }
    const output = await child.output();
    const text = new TextDecoder();
    return {
      status: output.code,
      stdout: text.decode(output.stdout),
      stderr: text.decode(output.stderr),
    };
  }

  /** As {@link run}, and throws if it fails. @returns what it printed */
  async must(args: string[], stdin?: string, env?: Record<string, string>): Promise<string> {
    const done = await this.run(args, stdin, env);
    if (done.status !== 0) {
      throw new Error(`${args.join(" ")}: ${done.status}: ${done.stderr}${done.stdout}`);
    }
    return done.stdout;
  }

  /** A shell script inside of the world, which must succeed. */
  sh(script: string): Promise<string> {
    return this.must(["sh", "-euc", script]);
  }

  /** `docker ...` inside of the world. */
  docker(...args: string[]): Promise<Done> {
    return this.run(["/usr/bin/docker", ...args]);
  }

  /** `egress containers ...` inside of the world. */
  egress(...args: string[]): Promise<Done> {
    const docker = ["--docker-socket", `${this.folder}/docker.sock`];
    return this.run([
      ...[EGRESS, "containers", ...args, ...docker],
      ...["--docker-pid", `${this.folder}/docker.pid`],
    ]);
  }

  async startDockerd(): Promise<void> {
    const [file, args] = this.command([
      "dockerd",
      ...["--data-root", this.data, "--exec-root", `${this.folder}/exec`],
      ...["--pidfile", `${this.folder}/docker.pid`, "--host", `unix://${this.folder}/docker.sock`],
      ...["--storage-driver", "overlay2"],
    ]);
    const log = await Deno.open(`${this.folder}/dockerd.log`, { create: true, append: true });
    this.#dockerd = new Deno.Command(file, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const copied = this.#dockerd.stderr.pipeTo(log.writable);
    copied.catch((error) => console.error(`dockerd's log: ${error}`));
    const deadline = Date.now() + 30_000;
    while ((await this.docker("version")).status !== 0) {
      if (Date.now() > deadline) {
        throw new Error(await Deno.readTextFile(`${this.folder}/dockerd.log`));
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stopDockerd(): Promise<void> {
    this.#dockerd?.kill("SIGTERM");
    await this.#dockerd?.status;
    this.#dockerd = undefined;
  }

  /** Imports a root file system made by a script, which runs in its (empty) folder. */
  async image(name: string, script: string, ...changes: string[]): Promise<void> {
    const folder = `${this.folder}/image-${name.replace(/\W/g, "-")}`;
    const options = changes.map((change) => `--change '${change}'`).join(" ");
    await this.sh(`
      mkdir -p '${folder}'; cd '${folder}'; ${script}
      tar -c . | /usr/bin/docker import ${options} - '${name}' >/dev/null; cd /; rm -rf '${folder}'`);
  }

  async #makeImage(): Promise<void> {
    await this.image(
      "busybox",
      `${BUSYBOX}
      mkdir -p etc/ssl/certs; echo root:x:0:0:root:/:/bin/sh >etc/passwd
      cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#dockerd) {
      await this.egress("remove");
      const ids = (await this.docker("ps", "--all", "--quiet")).stdout.split(/\s+/).filter(Boolean);
      if (ids.length > 0) await this.docker("rm", "--force", ...ids);
      await this.stopDockerd();
    }
    this.#holder.kill("SIGKILL");
    await this.#holder.status;
    await this.#holder.stdout.cancel();
    await new Deno.Command("rm", { args: ["-rf", this.folder, this.home] }).output();
  }
}

/** Shell: a static busybox with its applets in ./bin. */
export const BUSYBOX = `mkdir -p bin tmp; cp /bin/busybox bin/
for applet in ${APPLETS}; do ln -sf busybox "bin/$applet"; done`;

/** A CA for containers; tests that look at it compare its text. */
export async function makeCa(folder: string): Promise<string> {
  const file = `${folder}/run-ca.pem`;
  const done = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-keyout", `${folder}/run-ca.key`, "-out", file, "-subj", "/CN=egress test CA"],
    ],
    stderr: "piped",
  }).output();
  if (done.code !== 0) throw new Error(new TextDecoder().decode(done.stderr));
  return file;
}
