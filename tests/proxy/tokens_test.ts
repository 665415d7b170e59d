/** Whose token a request carries: attacks that bring a token of their own to an allowed host. */
import assert from "node:assert/strict";
import { digestTokens } from "../../src/github/tokens.ts";
import { compilePolicy, parsePolicy, PolicyEngine } from "../../src/policy/mod.ts";
import type { ProxyBoot, TokenBoot, TrafficEvent, Verdict } from "../../src/protocol/mod.ts";
import { curl, rawTcp, rawTls } from "./clients.ts";
import { ALLOW, readAll, Role } from "./harness.ts";
import { HOST, withHttp2 } from "./http2_world.ts";
import { type Peer, Upstream, UPSTREAM_CA } from "./upstream.ts";

const JOB = "ghs_thejobsowntoken0123456789";
const EVIL = "ghp_attackerstoken0123456789a";
const basic = (pair: string) => `Basic ${btoa(pair)}`;

interface GitHub {
  role: Role;
  /** Heads that reached the server. */
  seen: string[];
  /** `HOST:PORT` */
  authority: string;
}

/** Answers every request with `ok`. */
function site(seen: string[]) {
  return async (peer: Peer): Promise<void> => {
    for (;;) {
      seen.push(await peer.until("\r\n\r\n"));
      await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  };
}

/** A judge that is the policy engine itself, which has no lookups here. */
function judgeBy(policy: string): (event: TrafficEvent) => Verdict {
  const engine = new PolicyEngine(compilePolicy(parsePolicy(policy).rules), { audit: false });
  return (event) => ({ ...engine.judge(event, 0), destination: "confirmed" });
}

function bootWith(tokens: Partial<TokenBoot>, more: Partial<ProxyBoot> = {}): Partial<ProxyBoot> {
  const kept = { ...digestTokens([JOB]), denyForeign: false, everywhere: false, ...tokens };
  return { upstreamCas: [UPSTREAM_CA], tokens: kept, ...more };
}

async function withGitHub(
  boot: Partial<ProxyBoot>,
  judge: (event: TrafficEvent) => Verdict,
  test: (github: GitHub) => Promise<void>,
  host = "github.com",
): Promise<void> {
  const seen: string[] = [];
  using server = await Upstream.tls(host, site(seen));
  const destination = { ip: "127.0.0.1", port: server.port };
  await using role = await Role.start({ destination, judge, boot });
  await test({ role, seen, authority: `${host}:${server.port}` });
  const lines = JSON.stringify([...role.logs, ...role.opened, ...role.judged]);
  for (const secret of [JOB, EVIL]) assert.ok(!lines.includes(secret), "a token in a log line");
}

const deny = () => bootWith({ denyForeign: true });

/** What each set of header fields comes to where only the job's own credentials may go. */
const REQUESTS: [name: string, headers: string[], verdict: "passes" | "refused"][] = [
  ["the job's token", [`Authorization: token ${JOB}`], "passes"],
  ["a lower-case scheme", [`authorization: bearer ${JOB}`], "passes"],
  ["git's own way", [`Authorization: ${basic(`x-access-token:${JOB}`)}`], "passes"],
  ["no token", [], "passes"],
  ["attack: the attacker's own token", [`Authorization: token ${EVIL}`], "refused"],
  ["attack: his token under a lower-case scheme", [`Authorization: bearer ${EVIL}`], "refused"],
  ["attack: Basic with a foreign password", [`Authorization: ${basic(`x:${EVIL}`)}`], "refused"],
  ["attack: his token as the user name", [`Authorization: ${basic(`${EVIL}:${JOB}`)}`], "refused"],
  ["attack: a password", [`Authorization: ${basic("mallory:hunter22")}`], "refused"],
  [
    "attack: two Authorization fields, the good one first",
    [`Authorization: token ${JOB}`, `Authorization: token ${EVIL}`],
    "refused",
  ],
  [
    "attack: two Authorization fields, the good one last",
    [`Authorization: token ${EVIL}`, `authorization: token ${JOB}`],
    "refused",
  ],
  ["attack: two tokens in one field", [`Authorization: token ${JOB}, token ${EVIL}`], "refused"],
  ["attack: malformed base64", ["Authorization: Basic !!!"], "refused"],
  ["attack: a scheme of another kind", [`Authorization: RemoteAuth ${EVIL}`], "refused"],
  ["attack: a web session's cookie", ["Cookie: a=b; user_session=xyz"], "refused"],
  [
    "attack: a token that Connection is to remove",
    [`Authorization: token ${EVIL}`, "Connection: authorization, keep-alive"],
    "refused",
  ],
];

Deno.test("--foreign-tokens deny: what may go to github.com", async (t) => {
  await withGitHub(deny(), () => ALLOW, async ({ role, seen, authority }) => {
    for (const [name, headers, verdict] of REQUESTS) {
      await t.step(name, async () => {
        const before = { seen: seen.length, logs: role.logs.length };
        const options = headers.flatMap((header) => ["-H", header]);
        const got = await curl(role, ...options, `https://${authority}/octo/cat`);
        const line = await role.log((event) => role.logs.indexOf(event) >= before.logs);
        if (verdict === "passes") {
          assert.equal(got.status, 200, got.body + got.error);
          assert.equal(line.github_token, headers.length > 0 ? true : undefined);
          return;
        }
        assert.equal(got.status, 403, got.error);
        assert.match(got.body, /carries another token than the job's own/);
        assert.equal(seen.length, before.seen, "reached the server");
        assert.deepEqual([line.policy, line.reason, line.hint, line.github_token], [
          "deny",
          "foreign_token",
          "--foreign-tokens allow",
          undefined,
        ]);
      });
    }
  });
});

Deno.test("--foreign-tokens deny: other hosts take what tokens they like", async () => {
  await withGitHub(deny(), () => ALLOW, async ({ role, authority }) => {
    const got = await curl(role, "-H", `Authorization: token ${EVIL}`, `https://${authority}/`);
    assert.equal(got.status, 200, got.error);
  }, "git.example");
});

Deno.test("--foreign-tokens deny in audit mode: passes, and the log says deny", async () => {
  const boot = bootWith({ denyForeign: true }, { audit: true });
  await withGitHub(boot, () => ALLOW, async ({ role, authority }) => {
    const got = await curl(role, "-H", `Authorization: token ${EVIL}`, `https://${authority}/`);
    assert.equal(got.status, 200, got.error);
    const line = await role.log((event) => event.url !== undefined);
    assert.deepEqual([line.policy, line.reason, line.status], ["deny", "foreign_token", 200]);
  });
});

Deno.test("attack: a foreign token in a request behind a good one, in one write", async () => {
  const policy = "github.com:* token=job";
  const boot = bootWith({ everywhere: true });
  await withGitHub(boot, judgeBy(policy), async ({ role, seen, authority }) => {
    const peer = await rawTls(role, "github.com");
    const request = (path: string, token: string) =>
      `GET ${path} HTTP/1.1\r\nHost: ${authority}\r\n${token}\r\n`;
    await peer.send(
      request("/1", `Authorization: token ${JOB}\r\n`) +
        request("/2", `Authorization: token ${EVIL}\r\n`) + request("/3", "") +
        request("/4", `Authorization: token ${JOB}\r\n`),
    );
    const answers: string[] = [];
    for (let i = 0; i < 4; i++) {
      const head = await peer.until("\r\n\r\n");
      answers.push(head.slice(9, 12));
      await peer.exactly(Number(/content-length: (\d+)/i.exec(head)![1]));
    }
    peer.conn.close();
    assert.deepEqual(answers, ["200", "403", "403", "200"]);
    assert.deepEqual(seen.map((head) => head.split(" ")[1]), ["/1", "/4"]);
    const denied = await role.log((event) => event.policy === "deny");
    assert.deepEqual([denied.reason, denied.hint], ["token_required", undefined]);
    assert.equal(role.judged.filter((event) => event.url !== undefined).length, 4);
  });
});

Deno.test("attack: a foreign token in a second request, where a host rule's verdict is held", async () => {
  await withGitHub(deny(), () => ALLOW, async ({ role, seen, authority }) => {
    const url = `https://${authority}/`;
    const statuses = ["-w", "%{http_code} %{num_connects}\n"];
    const got = await curl(
      role,
      ...[...statuses, "-H", `Authorization: token ${JOB}`, url, "--next", "-sS", "--cacert"],
      ...[role.caFile, "--connect-to", `::127.0.0.1:${role.frontPort}`, ...statuses],
      ...["-H", `Authorization: token ${EVIL}`, url],
    );
    assert.match(got.body + got.status, /^ok200 1\nBlocked by egress[^\n]*\n403 0?/, got.error);
    assert.equal(seen.length, 1);
    const asked = role.judged.filter((event) => event.url !== undefined);
    assert.deepEqual(asked, [], "the handshake's verdict held");
  });
});

Deno.test("attack: foreign tokens in streams of HTTP/2 beside good ones", async () => {
  const boot = bootWith({ everywhere: true, denyForeign: true, oidcHost: HOST });
  const judge = judgeBy(`${HOST}:* token=job`);
  await withHttp2({ boot, judge }, async ({ role, send }) => {
    const of = (path: string, authorization?: string) => ({
      path,
      ...(authorization !== undefined && { headers: { authorization } }),
    });
    const got = await send([
      of("/1", `token ${JOB}`),
      of("/2", `token ${EVIL}`),
      of("/3"),
      of("/4", basic(`x-access-token:${JOB}`)),
      { path: "/5", headers: { authorization: `token ${JOB}`, cookie: "user_session=1" } },
    ]);
    assert.deepEqual(got.map(({ status }) => status), [200, 403, 403, 200, 403]);
    const line = await role.log((event) => event.url?.endsWith("/2") ?? false);
    assert.equal(line.reason, "token_required");
    const good = await role.log((event) => event.url?.endsWith("/4") ?? false);
    assert.deepEqual([good.github_token, good.alpn], [true, "h2"]);
  });
  await withHttp2({ boot: bootWith({ denyForeign: true, oidcHost: HOST }) }, async (scene) => {
    const [got] = await scene.send([{ path: "/", headers: { authorization: `token ${EVIL}` } }]);
    assert.equal(got!.status, 403);
    const line = await scene.role.log((event) => event.policy === "deny");
    assert.equal(line.reason, "foreign_token");
  });
});

Deno.test("attack: ssh on the port for HTTPS, with the attacker's key", async () => {
  const test = async (boot: Partial<ProxyBoot>, judged: Partial<Verdict>) => {
    await using role = await Role.start({
      destination: { ip: "127.255.255.254", port: 443 },
      judge: () => ({ ...ALLOW, ...judged }),
      boot,
    });
    const peer = await rawTcp(role);
    await peer.send("SSH-2.0-attacker\r\n");
    await readAll(peer.conn).catch(() => "");
    peer.conn.close();
    return await role.log((event) => event.type === "tcp");
  };
  using server = new Upstream(
    Deno.listen({ hostname: "127.255.255.254", port: 443 }),
    async (peer) => {
      await peer.until("\n");
      await peer.send("SSH-2.0-server\r\n");
    },
  );
  const denied = await test(deny(), { host: "ssh.github.com" });
  assert.deepEqual([denied.policy, denied.reason, denied.bytes_up], [
    "deny",
    "foreign_token",
    undefined,
  ]);
  const audited = await test(bootWith({ denyForeign: true }, { audit: true }), {
    host: "ssh.github.com",
  });
  assert.deepEqual([audited.reason, audited.bytes_down], ["foreign_token", 16]);
  assert.equal((await test(deny(), { host: "git.example" })).policy, "allow");
  assert.equal((await test(bootWith({}), { host: "ssh.github.com" })).policy, "allow");
  assert.ok(server.accepted >= 3);
});
