/** Putting the wrapper in and taking it out: nothing of runc's file may change, and it is never unguarded. */
import assert from "node:assert/strict";
import { DockerWorld, FOLDER, makeCa } from "../support/docker_world.ts";

let world: DockerWorld;
let ca: string;
const REAL = "/usr/sbin/runc";

Deno.test.beforeAll(async () => {
  world = await DockerWorld.create();
  ca = await makeCa(world.folder);
});

Deno.test.afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

/** Everything that can be told of runc and its link: inode, mode, owner, times, content. */
function look(): Promise<string> {
  return world.sh(
    `stat -c '%n %i %a %u %g %Y %h %s' ${REAL}; sha256sum ${REAL}; readlink /usr/bin/runc
    ls /usr/sbin | grep runc; dpkg-divert --list | grep runc || true`,
  );
}

async function install(...args: string[]): Promise<void> {
  const done = await world.egress("install", "--ca", ca, ...args);
  assert.equal(done.status, 0, done.stderr);
}

async function statusOf(): Promise<Record<string, unknown>> {
  return JSON.parse((await world.egress("status", "--json")).stdout);
}

const escape = () => world.docker("run", "--rm", "-v", "/:/host", "busybox", "echo", "OUT");
const plain = () => world.docker("run", "--rm", "busybox", "echo", "RAN");

Deno.test("remove restores the very file: inode, mode, owner, times, links, and dpkg's view", async () => {
  await world.sh(`chmod 711 ${REAL}; chown 3:4 ${REAL}`);
  const before = await look();
  await install();
  assert.equal(await world.sh(`stat -c '%a %u %g' ${REAL}`), "711 3 4\n");
  assert.equal((await world.sh("readlink /usr/bin/runc")).trim(), "../sbin/runc");
  assert.notEqual(await look(), before);
  assert.equal((await world.egress("remove")).status, 0);
  assert.equal(await look(), before);
  await world.sh(`chmod 755 ${REAL}; chown 0:0 ${REAL}; [ ! -e ${FOLDER} ]`);
  const again = await world.egress("remove");
  assert.deepEqual([again.status, again.stdout], [0, "nothing was installed\n"]);
});

Deno.test("there is a runc at every moment of install and remove", async () => {
  const watch = world.sh(`while [ ! -e ${world.folder}/enough ]; do
    [ -x /usr/bin/runc ] || echo MISSING; done`);
  for (let round = 0; round < 3; round++) {
    await install();
    await world.egress("remove");
  }
  await Deno.writeTextFile(`${world.folder}/enough`, "");
  assert.equal(await watch, "");
});

Deno.test("installed again, it takes the new settings, and one remove suffices", async () => {
  const before = await look();
  await install("--containers", "deny");
  assert.match((await plain()).stderr, /lets no container start/);
  await install("--containers", "guard");
  assert.equal((await plain()).stdout, "RAN\n");
  assert.match((await escape()).stderr, /egress refuses/);
  await install("--containers", "off");
  assert.equal((await escape()).stdout, "OUT\n");
  await world.egress("remove");
  assert.equal(await look(), before);
});

Deno.test("it survives a restart of dockerd and needs none", async () => {
  await install();
  await world.stopDockerd();
  await world.startDockerd();
  assert.match((await escape()).stderr, /egress refuses/);
  assert.equal((await plain()).stdout, "RAN\n");
  await world.egress("remove");
});

Deno.test("an upgrade of runc by apt goes behind the wrapper, is told, and is kept by remove", async () => {
  await install();
  await world.sh(
    `mkdir -p ${world.folder}/deb/DEBIAN ${world.folder}/deb/usr/sbin; cd ${world.folder}
    printf 'Package: runc\\nVersion: 99\\nArchitecture: amd64\\nMaintainer: x <x@x.test>\\nDescription: x\\n' >deb/DEBIAN/control
    printf '#!/bin/sh\\n: upgraded\\nexec /usr/sbin/runc.debian "$@"\\n' >deb/usr/sbin/runc; chmod 755 deb/usr/sbin/runc
    dpkg-deb --build deb runc.deb >/dev/null; dpkg --force-all -i runc.deb >/dev/null 2>&1`,
  );
  assert.match((await escape()).stderr, /egress refuses/);
  assert.equal((await plain()).stdout, "RAN\n");
  const status = await statusOf();
  assert.deepEqual([status.state, status.upgraded, status.diverted], ["installed", true, true]);
  const removed = await world.egress("remove");
  assert.match(removed.stderr, /was upgraded while egress ran/);
  assert.match(await world.sh(`cat ${REAL}`), /: upgraded/);
  assert.equal((await plain()).stdout, "RAN\n");
});

Deno.test("a wrapper that somebody replaced is told, and remove leaves what is there", async () => {
  await install();
  await world.sh(
    `cp ${REAL}.egress-real ${REAL}.new; echo '# mine' >>${REAL}.new; mv ${REAL}.new ${REAL}`,
  );
  const told = await world.egress("status");
  assert.equal(told.status, 1);
  assert.match(told.stdout, /NOT guarded: \/usr\/sbin\/runc was replaced/);
  const removed = await world.egress("remove");
  assert.match(removed.stderr, /was replaced while egress ran/);
  assert.match(await world.sh(`tail -n 1 ${REAL}; ls ${REAL}*`), /# mine\n\/usr\/sbin\/runc\n/);
});

Deno.test("when the guard itself cannot run, containers are refused, not unguarded", async () => {
  await install();
  await world.sh(`chmod 0 ${FOLDER}/runc.js; mv ${FOLDER}/runc.js ${FOLDER}/away`);
  const refused = await plain();
  assert.equal(refused.status, 125);
  assert.match(refused.stderr, /egress could not check this container and refuses it/);
  await world.sh(`echo 'console.log("o" + "k but not quite")' >${FOLDER}/runc.js`);
  assert.equal((await plain()).status, 125);
  await world.sh(`echo 'setTimeout(() => {}, 0); throw new Error("x")' >${FOLDER}/runc.js`);
  assert.equal((await plain()).status, 125);
  await world.egress("remove");
  assert.equal((await plain()).stdout, "RAN\n");
});

Deno.test("without the guard, a container starts all the same, without its CA", async () => {
  await install("--containers", "off");
  await world.sh(`mv ${FOLDER}/ca.crt ${FOLDER}/away`);
  const done = await world.docker("run", "--rm", "busybox", "sh", "-c", "ls /dev/egress; echo RAN");
  assert.equal(done.stdout, "RAN\n");
  assert.match(await world.sh(`cat ${FOLDER}/events.jsonl`), /it starts without the CA/);
  await world.sh(`rm ${FOLDER}/runc.js`);
  assert.equal((await plain()).stdout, "RAN\n");
  await world.egress("remove");
});

Deno.test("daemon.json is as before after remove, and a killed plugin leaves Docker closed", async () => {
  await world.sh(`mkdir -p /etc/docker; echo '{"log-level": "info"}' >/etc/docker/daemon.json`);
  await install();
  const [file, args] = world.command(["cat", "/etc/docker/daemon.json"]);
  const seen = new TextDecoder().decode((await new Deno.Command(file, { args }).output()).stdout);
  assert.equal(seen, `{"log-level":"info","authorization-plugins":["egress-guard"]}`);
  assert.equal((await statusOf()).copyGuard, "up");
  // By the folder in its arguments, which no other test has.
  const found = await world.sh(
    `grep -lxzF '${world.folder}/docker.sock' /proc/[0-9]*/cmdline 2>/dev/null |
    xargs grep -lxzF '${FOLDER}/authz.js' 2>/dev/null || :`,
  );
  Deno.kill(Number(/^\/proc\/(\d+)\/cmdline$/.exec(found.trim())![1]), "SIGKILL");
  assert.equal((await statusOf()).copyGuard, "down");
  const closed = await world.docker("ps");
  assert.match(closed.stderr, /egress-guard/);
  assert.notEqual(closed.status, 0);
  await install();
  assert.equal((await world.docker("ps")).status, 0);
  await world.egress("remove");
  assert.equal(
    await world.sh("cat /etc/docker/daemon.json; ls /etc/docker/plugins"),
    '{"log-level": "info"}\n',
  );
});

Deno.test("arguments that cannot be meant are refused", async () => {
  for (
    const [args, words] of [
      [["install", "--containers", "maybe"], /guard, off or deny, not maybe/],
      [["install", "--allow", "allow: root"], /root is none of/],
      [["install"], /none was given: --ca FILE/],
      [["install", "--ca", "/nowhere"], /no such file/],
      [["install", "--ca", ca, "--runc", "/nowhere"], /there is no such file/],
      [[], /install, remove or status/],
    ] as const
  ) {
    const done = await world.egress(...args);
    assert.notEqual(done.status, 0);
    assert.match(done.stderr, words);
  }
  assert.equal((await statusOf()).state, "none");
});
