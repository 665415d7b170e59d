/** Protocols over raw TCP, with their real clients and servers. */

import assert from "node:assert/strict";
import { tool } from "../../src/demo/command.ts";
import { Authority } from "../../src/demo/certificates.ts";
import { Daemon } from "../support/daemon.ts";
import { one } from "../support/log.ts";
import { type Scene, suite } from "../support/suite.ts";

const test = suite();
const ADDRESS = "198.51.100.20";

/** A name of the server at ADDRESS. */
const name = (service: string) => `${service}.site.test`;

async function startSsh({ internet, folder }: Scene): Promise<Daemon> {
  await tool(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${folder}/host`]);
  await tool(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${folder}/user`]);
  await Deno.writeTextFile(
    `${folder}/sshd_config`,
    `ListenAddress ${ADDRESS}:2222
HostKey ${folder}/host
AuthorizedKeysFile ${folder}/user.pub
StrictModes no
UsePAM no
PidFile none
ForceCommand cat
`,
  );
  // sshd wants an empty folder of its own below /run.
  const script = 'mount -t tmpfs tmpfs /run && mkdir /run/sshd && exec "$@"';
  return await Daemon.start(internet, [
    ...["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"],
    ...["/usr/sbin/sshd", "-D", "-e", "-f", `${folder}/sshd_config`],
  ], /Server listening/);
}

function ssh(folder: string): string[] {
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"];
  return [
    ...["ssh", "-F", "none", "-i", `${folder}/user`, "-p", "2222"],
    ...options.flatMap((option) => ["-o", option]),
    `root@${name("ssh")}`,
  ];
}

test("tcp: ssh to an allowed port, where both sides speak first", async (scene) => {
  await using _sshd = await startSsh(scene);
  const run = await scene.run({
    policy: `${name("ssh")}:2222`,
    command: ssh(scene.folder),
    stdin: "through ssh".repeat(10_000),
  });
  assert.equal(run.stdout, "through ssh".repeat(10_000), run.stderr);
  const { policy, host, rule, dst_ip, dst_port, bytes_up, exe } = one(run.log, { type: "tcp" });
  assert.deepEqual({ policy, host, rule, dst_ip, dst_port, exe }, {
    policy: "allow",
    host: name("ssh"),
    rule: `${name("ssh")}:2222`,
    dst_ip: ADDRESS,
    dst_port: 2222,
    exe: "/usr/bin/ssh",
  });
  assert.ok(bytes_up! > 110_000);
  const denied = await scene.run({ policy: name("ssh"), command: ssh(scene.folder), stdin: "x" });
  assert.equal(denied.status, 255);
  const event = one(denied.log, { type: "tcp", policy: "deny" });
  assert.equal(event.hint, `${name("ssh")}:2222 exe=/usr/bin/ssh`);
});

test("tcp: redis, whose client speaks first", async (scene) => {
  await using _redis = await Daemon.start(scene.internet, [
    ...["redis-server", "--bind", ADDRESS, "--port", "6379", "--protected-mode", "no"],
    ...["--save", "", "--dir", scene.folder],
  ], /Ready to accept connections/);
  const script = `redis-cli -h ${name("redis")} set key value; redis-cli -h ${
    name("redis")
  } get key`;
  const run = await scene.run({
    policy: `${name("redis")}:6379`,
    command: ["sh", "-c", script],
  });
  assert.equal(run.stdout, "OK\nvalue\n", run.stderr);
  const lines = run.log.filter((event) => event.type === "tcp");
  assert.deepEqual(lines.map((event) => [event.policy, event.host]), [
    ["allow", name("redis")],
    ["allow", name("redis")],
  ]);
});

async function startPostgres({ internet, folder }: Scene): Promise<Daemon> {
  const data = `${folder}/data`;
  const authority = await Authority.create(await Deno.makeTempDir({ dir: folder }));
  const { cert, key } = await authority.issue([name("pg")]);
  // It refuses to run as root.
  const user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const found = await tool(["sh", "-c", "ls -d /usr/lib/postgresql/*/bin"]);
  const bin = found.trim().split("\n").at(-1);
  const init = `${bin}/initdb --no-sync --auth=trust --username=test -D "$1"`;
  await tool([...user, "sh", "-c", `${init} >/dev/null`, "sh", data]);
  await Deno.writeTextFile(`${data}/pg_hba.conf`, "host all all all trust\n");
  await Deno.writeTextFile(`${data}/server.crt`, cert);
  await Deno.writeTextFile(`${data}/server.key`, key, { mode: 0o600 });
  await Deno.chown(`${data}/server.key`, 65534, 65534);
  const options = [
    `listen_addresses=${ADDRESS}`,
    "unix_socket_directories=",
    "fsync=off",
    "ssl=on",
  ];
  return await Daemon.start(
    internet,
    [...user, `${bin}/postgres`, "-D", data, ...options.flatMap((option) => ["-c", option])],
    /ready to accept connections/,
  );
}

test("tcp: postgres, in the clear and after its own switch to TLS", async (scene) => {
  await using _postgres = await startPostgres(scene);
  const query = "select ssl, repeat('x', 5) from pg_stat_ssl where pid = pg_backend_pid()";
  const psql = (mode: string) =>
    `psql -X -A -t -c "${query}" "host=${name("pg")} user=test dbname=postgres sslmode=${mode}"`;
  const run = await scene.run({
    policy: `${name("pg")}:5432`,
    command: ["sh", "-c", `${psql("disable")}; ${psql("require")}`],
  });
  assert.equal(run.stdout, "f|xxxxx\nt|xxxxx\n", run.stderr);
  const lines = run.log.filter((event) => event.type === "tcp");
  assert.deepEqual(lines.map((event) => [event.policy, event.host, event.dst_port]), [
    ["allow", name("pg"), 5432],
    ["allow", name("pg"), 5432],
  ]);
});
