/** Asking about packages: what the server says, and all the ways in which it may fail to. */
import assert from "node:assert/strict";
import { Watchdog } from "../../src/proxy/io/watchdog.ts";
import { SecurityClient } from "../../src/proxy/security/client.ts";
import type { PackageAnswer } from "../../src/protocol/mod.ts";
import { SECURITY_HOST } from "../../src/proxy/security/protocol.ts";
import { UpstreamPool } from "../../src/proxy/upstream/pool.ts";
import { leafFor, type Peer, Upstream, UPSTREAM_CA } from "./upstream.ts";

const BAD = '{"id":"1","name":"x","version":"1","alerts":[{"type":"malware","action":"error"}]}\n';
const FINE = '{"id":"1","name":"x","version":"1","alerts":[]}\n';

function respond(body: string, status = "200 OK", extra = ""): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n${extra}\r\n${body}`;
}

interface Scene {
  client: SecurityClient;
  server: Upstream;
  /** Request lines that reached the server. */
  seen: string[];
}

/** A server on the port that is asked, at an address that nobody else uses. */
async function withServer(
  answer: (peer: Peer, line: string, count: number) => Promise<void>,
  test: (scene: Scene) => Promise<void>,
  options: { name?: string; trusted?: boolean } = {},
): Promise<void> {
  const [a, b, c] = crypto.getRandomValues(new Uint8Array(3));
  const hostname = `127.${a}.${b}.${(c! % 250) + 2}`;
  const { cert, key } = await leafFor(options.name ?? SECURITY_HOST);
  const seen: string[] = [];
  const script = async (peer: Peer) => {
    for (;;) {
      const head = await peer.until("\r\n\r\n");
      seen.push(head.split("\r\n")[0]!);
      await answer(peer, head, seen.length);
    }
  };
  const pool = new UpstreamPool(new Watchdog());
  using server = new Upstream(Deno.listenTls({ hostname, port: 443, cert, key }), script);
  const client = new SecurityClient({
    resolver: { resolve: () => Promise.resolve({ ips: [hostname], ttl: 60 }) },
    pool,
    upstreamCas: options.trusted === false ? [] : [UPSTREAM_CA],
    version: "1.2.3",
  });
  try {
    await test({ client, server, seen });
  } finally {
    pool.clear();
  }
}

/** The watchdog's clock ticks on. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn });
}

function failure(answer: PackageAnswer): string {
  assert.ok(answer.kind === "failure", JSON.stringify(answer));
  return answer.why;
}

test("package security: an answer, over a connection that is kept", async () => {
  await withServer(async (peer, head) => {
    assert.match(head, /\r\nUser-Agent: egress\/1\.2\.3 /);
    await peer.send(respond(head.includes("bad") ? BAD : FINE));
  }, async ({ client, server, seen }) => {
    assert.deepEqual(await client.ask("pkg:npm/fine@1"), { kind: "fine" });
    assert.deepEqual(await client.ask("pkg:npm/bad@1"), { kind: "bad", reasons: ["malware"] });
    assert.equal(server.accepted, 1);
    assert.deepEqual(seen, [
      "GET /purl/pkg%3Anpm%2Ffine%401 HTTP/1.1",
      "GET /purl/pkg%3Anpm%2Fbad%401 HTTP/1.1",
    ]);
  });
});

test("package security: a chunked answer in pieces, behind an interim one", async () => {
  await withServer(async (peer) => {
    await peer.send(
      "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n",
    );
    await peer.send("\r\n");
    for (const piece of [BAD.slice(0, 9), BAD.slice(9)]) {
      await peer.send(`${piece.length.toString(16)}\r\n${piece}\r\n`);
    }
    await peer.send("0\r\n\r\n");
  }, async ({ client }) => {
    assert.equal((await client.ask("p")).kind, "bad");
  });
});

test("package security: a connection that its server has closed is replaced", async () => {
  await withServer(async (peer, _head, count) => {
    await peer.send(respond(FINE));
    // ends within the second question: whether the client notices before is a race that must not matter
    if (count === 1) throw new Error("close");
  }, async ({ client }) => {
    assert.equal((await client.ask("p")).kind, "fine");
    assert.equal((await client.ask("q")).kind, "fine");
  });
});

test("package security: unknown, too many questions, no NDJSON, odd statuses", async () => {
  const answers: Record<string, string> = {
    unknown: respond("Not found", "404 Not Found"),
    limited: respond("slow down", "429 Too Many Requests"),
    broken: respond('{"alerts":[{"type":'),
    empty: respond(""),
    error: respond("oops", "500 Internal Server Error"),
    close: respond(BAD, "200 OK", "Connection: close\r\n"),
  };
  await withServer(async (peer, head) => {
    await peer.send(answers[/%2F(\w+) /.exec(head)![1]!]!);
  }, async ({ client }) => {
    const ask = (name: string) => client.ask(`pkg:npm/${name}`);
    assert.deepEqual(await ask("unknown"), { kind: "unknown" });
    assert.match(failure(await ask("limited")), /429/);
    assert.match(failure(await ask("broken")), /NDJSON/);
    assert.match(failure(await ask("empty")), /NDJSON/);
    assert.match(failure(await ask("error")), /500/);
    assert.equal((await ask("close")).kind, "bad");
  });
});

test("package security: answers that break off, are no HTTP or do not end", async () => {
  const answers: Record<string, string> = {
    short: "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + BAD,
    junk: "220 mail.example ESMTP\r\n\r\n",
    twice: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  };
  await withServer(async (peer, head) => {
    await peer.send(answers[/%2F(\w+) /.exec(head)![1]!]!);
    throw new Error("close");
  }, async ({ client }) => {
    for (const name of Object.keys(answers)) failure(await client.ask(`pkg:npm/${name}`));
  });
  await withServer(async (peer) => {
    await peer.send("HTTP/1.1 200 OK\r\n\r\n");
    for (;;) await peer.send("x".repeat(64 * 1024));
  }, async ({ client }) => {
    assert.match(failure(await client.ask("p")), /too large/);
  });
});

test("package security: a server that does not answer is given up on", async () => {
  await withServer(() => new Promise(() => {}), async ({ client }) => {
    assert.match(failure(await client.ask("p")), /no answer within 2 s/);
  });
});

test("package security: many questions at once, with a limited number of connections", async () => {
  await withServer(async (peer) => {
    await peer.send(respond(FINE));
  }, async ({ client, server }) => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => client.ask(`pkg:npm/${i}@1`)),
    );
    assert.ok(answers.every(({ kind }) => kind === "fine"), JSON.stringify(answers));
    assert.ok(server.accepted <= 32, `${server.accepted} connections`);
  });
});

test("attack: another server in the place of the one that is asked", async () => {
  const lie = async (peer: Peer) => await peer.send(respond(FINE));
  await withServer(lie, async ({ client, seen }) => {
    assert.match(failure(await client.ask("p")), /certificate/i);
    assert.deepEqual(seen, [], "was told of the package");
  }, { name: "evil.example" });
  await withServer(lie, async ({ client, seen }) => {
    assert.match(failure(await client.ask("p")), /certificate/i);
    assert.deepEqual(seen, [], "was told of the package");
  }, { trusted: false });
});

test("package security: no address, or nobody there", async () => {
  const ask = async (ips: string[]) => {
    const resolver = { resolve: () => Promise.resolve({ ips, ttl: 60 }) };
    const pool = new UpstreamPool(new Watchdog());
    const client = new SecurityClient({ resolver, pool, upstreamCas: [], version: "1" });
    return failure(await client.ask("p"));
  };
  assert.match(await ask([]), /no address/);
  assert.match(await ask(["127.255.255.253"]), /refused/i);
});
