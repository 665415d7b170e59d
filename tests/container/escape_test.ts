/**
 * The known ways from the docker group to root of the machine. Each is tried without the guard, where it must
 * work, or the test would prove nothing; and with it, where Docker must refuse it and say why.
 */
import assert from "node:assert/strict";
import { DockerWorld, type Done, makeCa } from "../support/docker_world.ts";

interface Escape {
  /** Arguments of `docker`; %W is the world's folder, %H the user's. */
  docker: string[];
  /** Shell in the world, before it. */
  prepare?: string;
  /** What it printed shows that it worked. */
  worked: RegExp;
  /** What the refusal says. */
  refused: RegExp;
}

const run = (...args: string[]) => ["run", "--rm", ...args];
/** Writes into the machine's settings what is in them already: enough to show that one could. */
const CORE_PATTERN =
  `v=$(cat /proc/sys/kernel/core_pattern); echo "$v" >/proc/sys/kernel/core_pattern && echo ROOT`;
const RELEASE_AGENT = `
mkdir /tmp/c; mount -t cgroup -o none,name=%N cgroup /tmp/c; mkdir /tmp/c/x
host=$(sed -n 's/.*upperdir=\\([^,]*\\).*/\\1/p' /proc/self/mountinfo | head -n 1)
printf '#!/bin/sh\\nid -u >%W/agent\\n' >/cmd; chmod 755 /cmd
echo "$host/cmd" >/tmp/c/release_agent; echo 1 >/tmp/c/x/notify_on_release
sh -c 'echo $$ >/tmp/c/x/cgroup.procs'
for i in 1 2 3 4 5 6 7 8 9 10; do [ ! -e "/out/agent" ] || break; sleep 0.2; done
rmdir /tmp/c/x; umount /tmp/c; cat /out/agent`;

const ESCAPES: Record<string, Escape> = {
  "the published sudo bypass: -v /:/host and a file in sudoers.d": {
    docker: run(
      "-v",
      "/:/host",
      "busybox",
      "sh",
      "-c",
      `mkdir -p /host/etc/sudoers.d
      echo 'runner ALL=(ALL) NOPASSWD:ALL' >/host/etc/sudoers.d/runner && echo ROOT`,
    ),
    worked: /^ROOT/,
    refused:
      /it gets \/ as \/host, and it holds \/etc\. To allow it: "allow: mount=\/ image=busybox"/,
  },
  "--privileged": {
    docker: run("--privileged", "busybox", "sh", "-c", CORE_PATTERN),
    worked: /^ROOT/,
    refused: /every capability \(--privileged\)/,
  },
  "a bind mount of /etc through a link of the user's": {
    prepare: "ln -s /etc %H/innocent",
    docker: run(
      "-v",
      "%H/innocent:/x",
      "busybox",
      "sh",
      "-c",
      "echo x >/x/egress-escape && echo ROOT",
    ),
    worked: /^ROOT/,
    refused: /gets \S+\/innocent as \/x, and it is \/etc/,
  },
  "a folder exchanged for a link to /etc after it was looked at": {
    docker: run("-v", "%H/swapped:/x", "busybox", "sh", "-c", "[ -e /x/passwd ] && echo ROOT"),
    worked: /^ROOT/,
    refused: /something else was put into the place of a folder.*\/x, and it is \/etc/s,
  },
  "Docker's own socket": {
    docker: run("-v", "%W/docker.sock:/s", "busybox", "sh", "-c", "[ -S /s ] && echo ROOT"),
    worked: /^ROOT/,
    refused: /docker\.sock as \/s, and it is a socket of root's/,
  },
  "the folder that Docker's socket is in": {
    docker: run("-v", "%W:/w", "busybox", "sh", "-c", "[ -S /w/docker.sock ] && echo ROOT"),
    worked: /^ROOT/,
    refused: /as \/w, and it lies in \/var\/lib/,
  },
  "a local volume that is a bind mount of /": {
    prepare: "/usr/bin/docker volume create -o type=none -o o=bind -o device=/ root-%N",
    docker: run("-v", "root-%N:/h", "busybox", "sh", "-c", "[ -e /h/etc/passwd ] && echo ROOT"),
    worked: /^ROOT/,
    refused: /_data as \/h, and it holds \/(?:etc|usr)/,
  },
  "a local volume that is an overlay upon /etc": {
    prepare: `mkdir -p %H/upper %H/wk; /usr/bin/docker volume create -o type=overlay \\
      -o o=lowerdir=/etc,upperdir=%H/upper,workdir=%H/wk -o device=overlay over-%N`,
    docker: run("-v", "over-%N:/h", "busybox", "sh", "-c", "[ -e /h/passwd ] && echo ROOT"),
    worked: /^ROOT/,
    refused: /overlay that the machine itself does not have/,
  },
  "volumes of another container": {
    prepare: "/usr/bin/docker create --name from-%N -v /etc:/stolen busybox true",
    docker: run(
      "--volumes-from",
      "from-%N",
      "busybox",
      "sh",
      "-c",
      "echo x >/stolen/y && echo ROOT",
    ),
    worked: /^ROOT/,
    refused: /gets \/etc as \/stolen/,
  },
  "a release_agent of a cgroup": {
    docker: run(
      ...["--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined", "-v", "%W/out:/out"],
      ...["busybox", "sh", "-c", RELEASE_AGENT.replace("%W/agent", "%W/out/agent")],
    ),
    prepare: "mkdir -p %W/out",
    worked: /^0$/m,
    refused: /capability SYS_ADMIN/,
  },
  "exec --privileged in a container that is allowed": {
    prepare: "/usr/bin/docker run --name plain-%N --detach busybox sleep 600",
    docker: [
      "exec",
      "--privileged",
      "plain-%N",
      "sh",
      "-c",
      `cap=$(sed -n 's/CapEff:.//p' /proc/self/status)
      [ $((0x$cap >> 21 & 1)) = 1 ] && echo ROOT`,
    ],
    worked: /^ROOT/,
    refused: /this command in a container \(image busybox\).*--privileged/s,
  },
  "a device of the machine": {
    docker: run(
      "--device",
      "/dev/loop-control",
      "busybox",
      "sh",
      "-c",
      ": </dev/loop-control && echo ROOT",
    ),
    worked: /^ROOT/,
    refused: /it asks for \/dev\/loop-control/,
  },
  "a device rule and mknod": {
    docker: run(
      "--device-cgroup-rule",
      "c *:* rwm",
      "busybox",
      "sh",
      "-c",
      "mknod /x c 10 237 && : </x && echo ROOT",
    ),
    worked: /^ROOT/,
    refused: /devices c \*:\*|asks for devices/,
  },
  "the machine's processes": {
    docker: run("--pid", "host", "busybox", "sh", "-c", "kill -0 %P && echo ROOT"),
    worked: /^ROOT/,
    refused: /shares the pid namespace/,
  },
  "the kernel's settings, not masked": {
    docker: run("--security-opt", "systempaths=unconfined", "busybox", "sh", "-c", CORE_PATTERN),
    worked: /^ROOT/,
    refused: /systempaths=unconfined/,
  },
  "no seccomp filter": {
    docker: run(
      "--security-opt",
      "seccomp=unconfined",
      "busybox",
      "sh",
      "-c",
      "grep -q 'Seccomp:.0' /proc/self/status && echo ROOT",
    ),
    worked: /^ROOT/,
    refused: /no seccomp filter/,
  },
  "the machine's network with NET_ADMIN": {
    docker: run(
      "--network",
      "host",
      "--cap-add",
      "NET_ADMIN",
      "busybox",
      "sh",
      "-c",
      `
      cap=$(sed -n 's/CapEff:.//p' /proc/self/status); [ $((0x$cap >> 12 & 1)) = 1 ] && echo ROOT`,
    ),
    worked: /^ROOT/,
    refused: /NET_ADMIN in the network namespace of the machine/,
  },
  "the cgroup of the machine's own agent": {
    docker: run(
      "--cgroup-parent",
      "/azure.slice/walinuxagent.service",
      "busybox",
      "sh",
      "-c",
      "grep -q walinuxagent /proc/self/cgroup && echo ROOT",
    ),
    worked: /^ROOT/,
    refused: /put into the cgroup \/azure\.slice/,
  },
};

let world: DockerWorld;
/** By what was tried: whether something of the machine was written or read. */
let copiedWithout: string[];
let copiedWithin: string[];
let copyRefusals = 0;
const without = new Map<string, Done>();
const within = new Map<string, Done>();

Deno.test.beforeAll(async () => {
  world = await DockerWorld.create();
  await tryAll("a", without);
  copiedWithout = await tryCopies("a");
  const installed = await world.egress("install", "--ca", await makeCa(world.folder));
  assert.equal(installed.status, 0, installed.stderr);
  await tryAll("b", within);
  copiedWithin = await tryCopies("b");
});

Deno.test.afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

/** All of them, two at a time. */
async function tryAll(round: string, into: Map<string, Done>): Promise<void> {
  const left = Object.entries(ESCAPES);
  const lane = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      into.set(next[0], await attempt(next[1], round + left.length));
    }
  };
  await Promise.all([lane(), lane()]);
}

async function attempt(escape: Escape, number: string): Promise<Done> {
  const pid = (await world.sh("cat %W/docker.pid".replace("%W", world.folder))).trim();
  const fill = (text: string) =>
    text.replaceAll("%W", world.folder).replaceAll("%H", world.home).replaceAll("%N", number)
      .replaceAll("%P", pid);
  if (escape.prepare) {
    await world.sh(`{ ${fill(escape.prepare)}; } >/dev/null 2>&1 || [ -e ${world.home}/innocent ]`);
  }
  if (escape.refused.source.includes("something else")) await prepareSwap();
  return await world.docker(...escape.docker.map(fill));
}

/** docker cp with containers that never start, so that runc is never asked. @returns what worked */
async function tryCopies(round: string): Promise<string[]> {
  const worked: string[] = [];
  const docker = "/usr/bin/docker";
  await world.sh(`echo x >${world.folder}/plain; mkdir -p ${world.home}/own-${round}
    chown 1000 ${world.home}/own-${round}
    ${docker} create --name in-${round} -v /etc:/x busybox true
    ${docker} create --name own-${round} -v ${world.home}/own-${round}:/x busybox true
    ${docker} volume create -o type=none -o o=bind -o device=/etc vol-${round}
    ${docker} create --name vol-${round} -v vol-${round}:/x busybox true
    ${docker} create --name plain-cp-${round} -v plain-cp:/x busybox true`);
  const attempts: Record<string, [string, string]> = {
    "into /etc": [`${world.folder}/plain`, `in-${round}:/x/into-${round}`],
    "out of /etc": [`in-${round}:/x/shadow`, `${world.folder}/shadow-${round}`],
    "into a volume of /etc": [`${world.folder}/plain`, `vol-${round}:/x/volume-${round}`],
    "into a folder that the user can exchange": [`${world.folder}/plain`, `own-${round}:/x/y`],
    "into a volume of its own": [`${world.folder}/plain`, `plain-cp-${round}:/x/y`],
  };
  for (const [name, [from, to]] of Object.entries(attempts)) {
    const done = await world.docker("cp", from, to);
    if (done.status === 0) worked.push(name);
    else {
      copyRefusals++;
      assert.match(done.stderr, /egress refuses docker cp .* To allow it: "allow: mount=/);
    }
  }
  return worked;
}

/** Exchanges the folder right before runc runs: after the guard has looked, whoever is faster. */
async function prepareSwap(): Promise<void> {
  await world.sh(
    `rm -rf ${world.home}/swapped; mkdir ${world.home}/swapped; chown 1000 ${world.home}/swapped
    cat >${world.folder}/before-runc.new <<'END'
case "$*" in *" create "*) ;; *) exit ;; esac
grep -q ${world.home}/swapped "$(printf %s "$*" | sed 's/.*--bundle \\([^ ]*\\).*/\\1/')/config.json" || exit
rmdir ${world.home}/swapped; ln -s /etc ${world.home}/swapped
END
    mv ${world.folder}/before-runc.new ${world.folder}/before-runc`,
  );
}

for (const [name, escape] of Object.entries(ESCAPES)) {
  Deno.test(`escape: ${name}`, () => {
    const free = without.get(name)!;
    assert.match(free.stdout, escape.worked, `without the guard: ${free.stderr}`);
    const guarded = within.get(name)!;
    assert.notEqual(guarded.status, 0, guarded.stdout);
    assert.doesNotMatch(guarded.stdout, escape.worked);
    const said = guarded.stderr + guarded.stdout;
    assert.match(said, escape.refused);
  });
}

Deno.test("escape: docker cp with a container that never starts", async () => {
  assert.equal(copiedWithout.length, 5);
  assert.deepEqual(copiedWithin, ["into a volume of its own"]);
  assert.equal(await world.sh("ls /etc | grep -e '-b$' || true"), "");
});

Deno.test("every refusal is in the wrapper's events", async () => {
  const lines = (await world.sh("cat /run/egress/containers/events.jsonl")).trim().split("\n")
    .map((line) => JSON.parse(line));
  const denied = lines.filter((line) => line.policy === "deny");
  // The client asks twice for some copies.
  const copies = denied.filter((line) => line.message.includes("refuses docker cp"));
  assert.ok(copies.length >= copyRefusals);
  assert.equal(denied.length - copies.length, Object.keys(ESCAPES).length);
  for (const line of denied) {
    assert.equal(line.type, "container");
    assert.match(line.message, /^egress refuses/);
    assert.match(line.container, /^[0-9a-f]{64}$/);
  }
});

Deno.test("what jobs do with containers goes on under the guard", async () => {
  const fine = [
    run("-v", `${world.home}/work:/w`, "busybox", "sh", "-c", "echo x >/w/made && echo FINE"),
    run("-v", "named:/v", "--init", "--user", "1000", "--tmpfs", "/t", "busybox", "echo", "FINE"),
    run("--network", "host", "busybox", "echo", "FINE"),
    run("--network", "none", "--read-only", "--cap-drop", "ALL", "busybox", "echo", "FINE"),
    ["exec", (await world.sh("/usr/bin/docker ps -q | head -n 1")).trim(), "echo", "FINE"],
  ];
  await Promise.all(fine.map(async (args) => {
    const done = await world.docker(...args);
    assert.equal(done.stdout, "FINE\n", `${args.join(" ")}: ${done.stderr}`);
  }));
});
