/** The machine's time is set, forward and back, under a proxy and under a whole run. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="../../src/proxy/layers/dns_packet.d.ts"
import packet from "dns-packet";
import { ALLOW, DENY, Role } from "../proxy/harness.ts";
import { rawTcp } from "../proxy/clients.ts";
import { echoLine, Upstream, UPSTREAM_CA } from "../proxy/upstream.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { endWell, isBack, killRole, POLICY, tryForbidden, works } from "../support/fault.ts";
import { Shell } from "../support/shell.ts";
import { suite } from "../support/suite.ts";
import { until } from "../support/until.ts";

const test = suite();
const HOUR = 3600;
const YEAR = 365 * 24 * HOUR;

/** Asks the proxy as a client whose clock jumps, too. @returns the status, 0 without an answer */
async function ask(role: Role, clock: FakeClock, url: string): Promise<number> {
  const { stdout } = await new Deno.Command("curl", {
    args: [
      ...["-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", role.caFile],
      ...["--connect-to", `::127.0.0.1:${role.frontPort}`, url],
    ],
    env: clock.env,
  }).output();
  return Number(new TextDecoder().decode(stdout));
}

test("clock jumps: a proxy serves and denies as before, but no certificate after its end", async () => {
  using clock = await FakeClock.create();
  using upstream = await Upstream.tls("a.example", echoLine);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: (event) =>
      /\/denied/.test(event.url ?? "") ? { ...DENY, hold: "request" } : {
        ...ALLOW,
        hold: "request",
      },
    boot: { upstreamCas: [UPSTREAM_CA] },
    env: clock.env,
  });
  const url = `https://a.example:${upstream.port}`;
  for (const jump of [0, 3 * HOUR, -3 * HOUR, 0]) {
    clock.set(jump);
    assert.equal(await ask(role, clock, `${url}/`), 200, `after a jump to ${jump} s`);
    assert.equal(await ask(role, clock, `${url}/denied`), 403, `after a jump to ${jump} s`);
  }
  const before = upstream.accepted;
  clock.set(2 * YEAR);
  assert.equal(await ask(role, clock, `${url}/`), 0);
  assert.equal(await ask(role, clock, `${url}/denied`), 0);
  clock.set(0);
  assert.equal(await ask(role, clock, `${url}/`), 200);
  assert.ok(upstream.accepted <= before + 2);
});

test("clock jumps: what waits on a connection waits on, or fails", async () => {
  using clock = await FakeClock.create();
  using upstream = Upstream.tcp(echoLine);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => ALLOW,
    env: clock.env,
  });
  const { send, until: heard, conn } = await rawTcp(role);
  const request = `GET / HTTP/1.1\r\nHost: a.example:${upstream.port}\r\n\r\n`;
  await send(request);
  await heard("GET / HTTP/1.1");
  clock.set(-3 * HOUR);
  await send(request);
  await heard("GET / HTTP/1.1");
  role.world.judge = () => DENY;
  await role.order({ op: "revoke" });
  await role.status();
  await send(request);
  await heard("403 Forbidden");
  conn.close();
});

test("clock jumps: set back, it keeps no answer of a resolver beyond its time", async () => {
  using clock = await FakeClock.create();
  using upstream = await Upstream.tls("a.example", echoLine);
  let asked = 0;
  using resolver = lastingOneSecond(() => asked++);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => ({ ...ALLOW, destination: "unknown" }),
    boot: { upstreamCas: [UPSTREAM_CA], nameservers: [`127.0.0.1:${resolver.port}`] },
    env: clock.env,
  });
  const url = `https://a.example:${upstream.port}/`;
  await ask(role, clock, url);
  assert.equal(asked, 1);
  clock.set(-3 * HOUR);
  await until("the resolver is asked again", async () => {
    await ask(role, clock, url);
    return asked >= 2;
  });
});

/** A resolver whose answers hold for a second. */
function lastingOneSecond(asked: () => void): Disposable & { port: number } {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const [bytes, from] of socket) {
      asked();
      const query = packet.decode(Buffer.from(bytes)) as packet.Packet & {
        questions: { name: string }[];
      };
      const { name } = query.questions[0]!;
      const answers = [{ type: "A", name, ttl: 1, data: "192.0.2.1" }];
      const answer = { ...query, type: "response", flags: 0x8180, answers };
      await socket.send(new Uint8Array(packet.encode(answer as packet.Packet)), from);
    }
  })();
  return {
    port: (socket.addr as Deno.NetAddr).port,
    [Symbol.dispose]: () => socket.close(),
  };
}

test("clock jumps: roles are started again, and the log is a chain", async (scene) => {
  using clock = await FakeClock.create();
  await using shell = await Shell.start(scene, { policy: POLICY, env: clock.env });
  for (const jump of [-30 * HOUR, 30 * HOUR]) {
    clock.set(jump);
    const old = await killRole(shell, "engine");
    await isBack(shell, "engine", old);
    await shell.do("unset LD_PRELOAD");
    await works(shell);
    await tryForbidden(scene, shell);
  }
  await endWell(scene, shell);
});
