/** Several proxies behind one port: they share the work, the CA and the leaves, and die alone. */

import assert from "node:assert/strict";
import type { LogEvent } from "../../src/protocol/log.ts";
import { tool } from "../../src/demo/command.ts";
import { rolesOf } from "../support/leftovers.ts";
import { events, one, show } from "../support/log.ts";
import { readLog } from "../support/run.ts";
import { type Scene, suite } from "../support/suite.ts";
import { Shell } from "../support/shell.ts";
import { until } from "../support/until.ts";

const test = suite();
const policy = "site.test\ndns:*.site.test";

/** The process that served a connection: the first part of its id. */
function proxyOf(event: LogEvent): string {
  return event.conn?.split("-")[0] ?? "";
}

/** The processes that served something of a kind. */
function proxies(log: LogEvent[], type: LogEvent["type"]): Set<string> {
  return new Set(log.filter((event) => event.type === type).map(proxyOf));
}

/** A shell in a run whose proxies are all there. */
async function crowd(scene: Scene, rule = ""): Promise<Shell> {
  const shell = await Shell.start(scene, { policy: `${policy}\n${rule}` });
  await bothServe(shell);
  return shell;
}

/** Waits until each of two proxies has served a request and a lookup from now on. */
async function bothServe(shell: Shell): Promise<void> {
  const first = (await readLog(shell.logFile)).length;
  const line = "curl -sS https://site.test/crowd; dig +short +tries=1 one.site.test";
  await until("two proxies serve", async () => {
    await shell.do(line);
    const log = (await readLog(shell.logFile)).slice(first);
    return proxies(log, "https").size >= 2 && proxies(log, "dns").size >= 2;
  });
}

test("proxies: all of them show the same certificate for a host", async (scene) => {
  await using shell = await crowd(scene);
  const look =
    "openssl s_client -connect site.test:443 -servername site.test -verify_return_error " +
    "</dev/null 2>/dev/null | openssl x509 -noout -fingerprint";
  const seen = new Set<string>();
  const first = (await readLog(shell.logFile)).length;
  await until("both were asked for the certificate", async () => {
    // A request of its own on the same connection tells in the log who served it.
    seen.add(await shell.do(`${look}; curl -sS -o /dev/null https://site.test/leaf`));
    return proxies((await readLog(shell.logFile)).slice(first), "https").size >= 2 &&
      (await readLog(shell.logFile)).length - first >= 6;
  });
  assert.equal(seen.size, 1, [...seen].join("\n"));
  assert.match([...seen][0]!, /Fingerprint=/);
  for (const pid of (await rolesOf(shell.run)).get("proxy") ?? []) Deno.kill(pid, "SIGKILL");
  await until("a new proxy serves", async () => {
    const found = await shell.do(`${look} || true`);
    if (found !== "") seen.add(found);
    return found !== "";
  });
  assert.equal(seen.size, 1, [...seen].join("\n"));
  await shell.end();
});

test("proxies: a lookup seen by one counts for a connection through another", async (scene) => {
  await using shell = await Shell.start(scene, { policy: "raw.test:9000" });
  await until("one proxy served the lookup, another the connection", async () => {
    await shell.do("echo hello | nc -N -w 5 $(dig +short raw.test) 9000");
    const log = await readLog(shell.logFile);
    return log.some((event) =>
      event.type === "tcp" && event.policy === "allow" &&
      proxyOf(log.findLast((e) => e.type === "dns" && e.ts < event.ts) ?? event) !== proxyOf(event)
    );
  });
  const run = await shell.end();
  assert.ok(run.log.every((event) => event.policy !== "deny"), show(run.log));
});

test("kill -9: of one proxy ends its transfers, those of another go on", async (scene) => {
  await using shell = await crowd(scene, "raw.test:9000");
  const transfers = await startTransfers(scene, shell);
  const [victim, lost] = [...transfers][0]!;
  const all = [...transfers.values()].reduce((a, b) => a + b);
  const ended = (log: LogEvent[]) => events(log, { type: "tcp", dst_port: 9000 });
  const before = proxies(await readLog(shell.logFile), "https");
  Deno.kill(victim, "SIGKILL");
  await until("what it carried is in the log", async () => {
    return ended(await readLog(shell.logFile)).length === lost;
  });
  for (let i = 0; i < all; i++) await Deno.writeTextFile(`${scene.folder}/go${i}`, "\n");
  await shell.do("wait");
  await until("another takes its place", async () => {
    await shell.do("curl -sS https://site.test/after");
    const now = proxies(await readLog(shell.logFile), "https");
    return [...now].some((proxy) => !before.has(proxy));
  });
  const { log } = await shell.end();
  one(log, { type: "error", error: "proxy_ended" });
  const interrupted = ended(log).filter((event) => event.error === "interrupted");
  assert.equal(interrupted.length, lost, show(log));
  assert.equal(new Set(interrupted.map(proxyOf)).size, 1, show(log));
  const whole = ended(log).filter((event) => event.bytes_up === "begin\nend\n".length);
  assert.equal(whole.length, all - lost, show(log));
});

/**
 * Starts transfers, each held in its middle, until two proxies carry some.
 *
 * @returns how many each process carries
 */
async function startTransfers(scene: Scene, shell: Shell): Promise<Map<number, number>> {
  for (let i = 0;; i++) {
    const [go, said] = [`${scene.folder}/go${i}`, `${scene.folder}/said${i}`];
    await shell.do(`mkfifo ${go}; : >${said}`);
    await shell.do(
      `{ echo begin; read -r _ <${go}; echo end; } | nc -N raw.test 9000 >${said} &`,
    );
    await until("the transfer is under way", async () => {
      return (await Deno.readTextFile(said)).includes("taken");
    });
    const carried = await carriers(scene);
    if (carried.size >= 2) return carried;
  }
}

/** The processes with connections to the raw server, and how many each has. */
async function carriers(scene: Scene): Promise<Map<number, number>> {
  const namespace = `--net=/run/netns/${scene.internet.client}`;
  const listed = await tool(["nsenter", namespace, "ss", "-Htnp", "dst", "198.51.100.80"]);
  const found = new Map<number, number>();
  for (const [, pid] of listed.matchAll(/"deno",pid=(\d+)/g)) {
    found.set(Number(pid), (found.get(Number(pid)) ?? 0) + 1);
  }
  return found;
}

test("kill -9: lookups are answered while proxies die", async (scene) => {
  await using shell = await crowd(scene);
  for (let i = 0; i < 4; i++) {
    const [victim] = (await rolesOf(shell.run)).get("proxy") ?? [];
    Deno.kill(victim!, "SIGKILL");
    // A query that lay in the dead one's queue is asked again; dig may tell of the first before it prints the answer.
    const found = await shell.do("dig +short +tries=4 +time=1 one.site.test");
    assert.match(found, /^\d+\.\d+\.\d+\.\d+$/m);
    await bothServe(shell);
  }
  await shell.end();
});

test("kill -9: of proxies over and over leaves the scope closed, with the reason", async (scene) => {
  await using shell = await crowd(scene);
  await until("they are given up", async () => {
    for (const pid of (await rolesOf(shell.run)).get("proxy") ?? []) Deno.kill(pid, "SIGKILL");
    return (await readLog(shell.logFile)).some((event) => event.error === "closed");
  });
  await scene.begin();
  await shell.do("curl -sS -m 3 https://site.test/late; dig +tries=1 +time=1 one.site.test");
  await shell.do("echo secret | nc -u -w 1 203.0.113.66 9000");
  const { status, stderr, log } = await shell.end();
  assert.equal(status, 125);
  assert.match(stderr, /proxy.* role ended too often; the scope stays closed/);
  assert.match(one(log, { error: "closed" }).message ?? "", /ended too often/);
  assert.deepEqual(await scene.received(), []);
});
