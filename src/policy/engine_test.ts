import assert from "node:assert/strict";
import type { PolicyEvent, Verdict } from "../protocol/event.ts";
import { compilePolicy } from "./compile.ts";
import { PolicyEngine } from "./engine.ts";
import { parsePolicy } from "./parse.ts";

/** Events hold whatever a client makes them hold. */
type Event = Record<string, unknown>;

function engineFor(text: string, audit = false): PolicyEngine {
  const { rules, diagnostics } = parsePolicy(text);
  assert.deepEqual(diagnostics, []);
  return new PolicyEngine(compilePolicy(rules), { audit });
}

const A = "192.0.2.1";
const B = "192.0.2.2";

function judge(engine: PolicyEngine, event: Event, now = 0): Verdict {
  return engine.judge({ dst_ip: A, dst_port: 443, ...event } as unknown as PolicyEvent, now);
}

/** Index of the rule that lets the event through; null: denied. */
function rule(policy: string | PolicyEngine, event: Event, now = 0): number | null {
  const engine = typeof policy === "string" ? engineFor(policy) : policy;
  return judge(engine, event, now).rule ?? null;
}

function knowing(policy: string, ...answers: [string, string, number?][]): PolicyEngine {
  const engine = engineFor(policy);
  for (const [name, ip, ttl] of answers) engine.record({ name, ips: [ip], ttl: ttl ?? 300 }, 0);
  return engine;
}

Deno.test("the first rule in text order is named, by whatever it selects", () => {
  const policy = "*.e.com\na.e.com\n192.0.2.0/24\n192.0.2.1";
  assert.equal(rule(policy, { type: "https", host: "a.e.com" }), 0);
  assert.equal(rule(policy, { type: "https", host: "e.com" }), 2);
  assert.equal(rule(`a.e.com:22\n${policy}`, { type: "https", host: "A.E.com." }), 1);
  assert.equal(rule(policy, { type: "https", host: "e.com", dst_ip: "198.51.100.1" }), null);
});

Deno.test("handshakes: url rules count only where requests can be judged", () => {
  const policy = "https://a.e.com/x\nhttp://b.e.com:443/x\n*.e.com exe=/x";
  const event = { type: "https", host: "a.e.com" };
  assert.equal(rule(policy, event), null);
  assert.equal(rule(policy, { ...event, intercept: true }), 0);
  assert.equal(rule(policy, { ...event, intercept: true, exe: "/x" }), 2);
  assert.equal(rule(policy, { ...event, intercept: true, dst_port: 8443 }), null);
  assert.equal(rule(policy, { ...event, intercept: true, host: "b.e.com" }), null);
  assert.equal(judge(engineFor(policy), { ...event, intercept: true }).hold, "request");
});

Deno.test("raw connections say by which name they were allowed, if by a name", () => {
  const engine = knowing("b.com:22\n*.com:9/udp\n192.0.2.0/24:5432", ["a.com", A], ["b.com", A]);
  assert.equal(judge(engine, { type: "tcp", dst_port: 22 }).host, "b.com");
  assert.equal(judge(engine, { type: "udp", dst_port: 9 }).host, "a.com");
  assert.equal(judge(engine, { type: "tcp", dst_port: 5432 }).host, undefined);
  assert.equal(judge(engine, { type: "tcp", dst_port: 23 }).host, undefined);
});

Deno.test("handshakes without SNI have the names of their address", () => {
  const engine = knowing("a.com passthrough\nhttps://u.com/x", ["a.com", A], ["u.com", B]);
  assert.equal(rule(engine, { type: "https" }), 0);
  assert.equal(rule(engine, { type: "https", host: "" }), 0);
  assert.equal(rule(engine, { type: "https", host: "other.com" }), null);
  assert.equal(rule(engine, { type: "https", host: "not a name" }), null);
  assert.equal(judge(engine, { type: "https", intercept: true }).passthrough, true);
  assert.equal(rule(engine, { type: "https", dst_ip: B }), null);
  assert.equal(rule(engine, { type: "https", dst_ip: B, intercept: true }), 1);
});

Deno.test("a claimed name does not count at an address that is not its own", () => {
  const policy = "a.com passthrough\nb.com insecure\n192.0.2.9:80";
  const engine = knowing(policy, ["a.com", A], ["b.com", A]);
  const at = (host: string, dst_ip: string, intercept: boolean) =>
    judge(engine, { type: "https", host, dst_ip, intercept });
  assert.deepEqual([at("a.com", B, false).pass, at("a.com", B, false).reason], [
    false,
    "host_mismatch",
  ]);
  assert.equal(at("a.com", A, false).pass, true);
  assert.equal(at("a.com", A, true).passthrough, true);
  const decrypted = at("a.com", B, true);
  assert.deepEqual([decrypted.pass, decrypted.passthrough, decrypted.destination], [
    true,
    false,
    "other",
  ]);
  assert.equal(at("b.com", A, true).insecure, true);
  assert.deepEqual([at("b.com", B, true).pass, at("b.com", B, true).insecure], [true, false]);
});

Deno.test("the Host of a plain request is a claim, of a decrypted one it is not", () => {
  const engine = knowing("a.com:80|443\n192.0.2.9:80", ["a.com", A]);
  const at = (url: string, dst_ip: string, dst_port: number) =>
    rule(engine, { type: "http", url, dst_ip, dst_port });
  assert.equal(at("http://a.com/", A, 80), 0);
  assert.equal(at("http://a.com/", B, 80), null);
  assert.equal(at("https://a.com/", B, 443), 0);
  assert.equal(at("http://a.com/", "192.0.2.9", 80), null, "whatever allows the address");
  assert.equal(at("http://b.com/", "192.0.2.9", 80), 1, "no addresses are known for this name");
});

Deno.test("lookups expire, between 60 and 3600 seconds", () => {
  const engine = knowing("*.com", ["a.com", A, 1], ["b.com", B, 99999]);
  assert.equal(rule(engine, { type: "tcp" }, 59), 0);
  assert.equal(rule(engine, { type: "tcp" }, 60), null);
  assert.equal(rule(engine, { type: "https", host: "a.com", dst_ip: B }, 59), null);
  assert.equal(rule(engine, { type: "https", host: "a.com", dst_ip: B }, 60), 0);
  assert.equal(rule(engine, { type: "tcp", dst_ip: B }, 3599), 0);
  assert.equal(rule(engine, { type: "tcp", dst_ip: B }, 3600), null);
});

Deno.test("special answers tell nothing", () => {
  for (const ip of ["127.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "010.0.0.1"]) {
    const engine = knowing("a.com", ["a.com", ip]);
    assert.equal(rule(engine, { type: "tcp", dst_ip: ip }), null, ip);
    assert.equal(rule(engine, { type: "https", host: "a.com", dst_ip: B }), 0, ip);
  }
});

Deno.test("other TCP and UDP have every name of their address", () => {
  const engine = knowing("b.com:22\nb.com:5000/udp", ["a.com", A], ["b.com", A]);
  assert.equal(rule(engine, { type: "tcp", dst_port: 22 }), 0);
  assert.equal(rule(engine, { type: "udp", dst_port: 22 }), null);
  assert.equal(rule(engine, { type: "udp", dst_port: 5000 }), 1);
  assert.equal(rule(engine, { type: "tcp", dst_port: 22, host: "b.com", dst_ip: B }), 0);
  assert.equal(rule(engine, { type: "tcp", dst_port: 22, host: "c.com" }), null);
});

Deno.test("UDP flows live as long as their name is known", () => {
  const engine = knowing("b.com:1/udp\n192.0.2.7:*/udp", ["b.com", A, 100], ["b.com", B, 900]);
  const ttl = (dst_ip: string, now: number) =>
    judge(engine, { type: "udp", dst_ip, dst_port: 1 }, now).ttl;
  assert.deepEqual([ttl(A, 0), ttl(A, 70), ttl(B, 0), ttl("192.0.2.7", 0), ttl("192.0.2.8", 0)], [
    100,
    30,
    300,
    60,
    undefined,
  ]);
});

Deno.test("a lookup needs its resolver and its name", () => {
  const names = "a.com exe=/x\n*.w.com:1\nhttps://u.com/x\ndns:d.com";
  const policy = `8.8.8.8:53/udp\n9.9.9.9:53\n${names}`;
  const ask = (name: string, more = {}) =>
    rule(policy, { type: "dns", dst_ip: "8.8.8.8", dst_port: 53, name, ...more });
  assert.equal(ask("d.com"), 5);
  assert.equal(ask("U.com."), 4);
  assert.equal(ask("a.w.com"), 3);
  assert.equal(ask("w.com"), null);
  assert.equal(ask("a.com"), null);
  assert.equal(ask("a.com", { exe: "/x" }), 2);
  assert.equal(ask("d.com", { dst_ip: "9.9.9.9" }), null);
  assert.equal(ask("d.com", { dst_port: 5353 }), null);
  assert.equal(ask("sub.d.com"), null);
  assert.equal(rule("dns:d.com", { type: "https", host: "d.com" }), null);
});

Deno.test("requests: scheme, host, port, path and method", () => {
  const policy = "https://h.com/a/*\nPOST|put https://h.com/p\n* http://h.com:8080/\nw.com";
  const ask = (url: string, more = {}) => rule(policy, { type: "http", url, ...more });
  assert.equal(ask("https://h.com/a/b?c#d"), 0);
  assert.equal(ask("https://h.com/a/b", { type: "https", method: "HEAD" }), 0);
  assert.equal(ask("https://h.com/a/b", { method: "POST" }), null);
  assert.equal(ask("https://H.com./p", { method: "PUT" }), 1);
  assert.equal(ask("https://h.com/p", { method: null }), null);
  assert.equal(ask("http://h.com/a/b"), null);
  assert.equal(ask("https://h.com:8443/a/b"), 0, "the connection's port counts");
  assert.equal(ask("https://h.com/a/b", { dst_port: 8443 }), null);
  assert.equal(ask("http://h.com", { dst_port: 8080, method: "BREW" }), 2);
  assert.equal(ask("https://w.com/any", { method: "DELETE" }), 3);
  assert.equal(
    judge(engineFor(policy), { type: "http", url: "https://w.com/" }).hold,
    "connection",
  );
});

Deno.test("readings that different rules allow", () => {
  const policy = "https://h.com/a/*\nhttps://h.com/b";
  assert.equal(rule(policy, { type: "http", url: "https://h.com/a/../b" }), 0);
  assert.equal(rule(policy, { type: "http", url: "https://h.com/a/../c" }), null);
  assert.equal(rule(`${policy}\n*.com:1\nh.com`, { type: "http", url: "https://h.com/../c" }), 3);
});

Deno.test("URLs that match no rule", () => {
  const policy = "192.0.2.1\nh.com\n* https://h.com/*";
  const urls = [
    "",
    "h.com",
    "https:/h.com/",
    "https:\\\\h.com/",
    "ftp://h.com/",
    "https:///",
    "https://:443/",
    "https://u@/",
    "https://h.com:/",
    "https://h.com:0/",
    "https://h.com:65536/",
    "https://h.com:4x/",
    "https://h.com:443:443/",
    "https://[::1]/",
    "https://h.com\\@e.com/",
    "https://a@b@h.com/",
    "https://h.com/a b",
    "https://h.com/\u0000",
    "https://h.com/\u007f",
    "https://h.com/\u0085",
    "https://h.com/\n",
    " https://h.com/",
  ];
  for (const url of urls.slice(1)) {
    assert.equal(rule(policy, { type: "http", url }), null, url);
    assert.equal(rule(policy, { type: "https", url }), null, url);
  }
  assert.equal(rule(policy, { type: "http", url: "" }), null);
  assert.equal(rule("h.com", { type: "http", url: "https://user:pw@h.com:443" }), 0);
  assert.equal(rule("h.com", { type: "http", url: "https://h.com@e.com/" }), null);
  assert.equal(rule("h.com", { type: "http", url: "https://\u212a.com/" }), null);
});

Deno.test("an address as the host of a URL", () => {
  const policy = "http://192.0.2.1/x\nhttps://192.0.2.1/y insecure";
  const plain = { type: "http", dst_port: 80, url: "http://192.0.2.1/x" };
  assert.equal(rule(policy, plain), 0);
  assert.equal(rule(policy, { ...plain, dst_ip: B }), null);
  assert.equal(rule(policy, { type: "https" }), null);
  const verdict = judge(engineFor(policy), { type: "https", intercept: true });
  assert.deepEqual([verdict.rule, verdict.insecure], [1, true]);
  assert.equal(rule(policy, { type: "https", intercept: true, host: "h.com" }), null);
});

Deno.test("passthrough wins over insecure; insecure on a path holds for the host", () => {
  const policy = "h.com\n*.com passthrough exe=/p\nhttps://h.com/x insecure\n10.0.0.1 insecure";
  const flags = (more = {}) => {
    const { passthrough, insecure } = judge(engineFor(policy), {
      type: "https",
      host: "h.com",
      intercept: true,
      ...more,
    });
    return [passthrough, insecure];
  };
  assert.deepEqual(flags(), [false, true]);
  assert.deepEqual(flags({ exe: "/p" }), [true, false]);
  assert.deepEqual(flags({ intercept: false, exe: "/p" }), [false, false]);
  assert.deepEqual(flags({ dst_port: 8443 }), [false, false]);
  assert.deepEqual(flags({ host: "x.org", dst_ip: "10.0.0.1" }), [false, true]);
});

Deno.test("audit blocks nothing, and says what the policy says", () => {
  const engine = engineFor("a.com", true);
  const verdict = judge(engine, { type: "tcp" });
  assert.deepEqual([verdict.policy, verdict.pass, verdict.rule], ["deny", true, undefined]);
  assert.equal(judge(engine, { type: "https", host: "a.com" }).rule, 0);
});

Deno.test("another policy keeps what lookups told", () => {
  const engine = knowing("a.com", ["b.com", A]);
  assert.equal(rule(engine, { type: "tcp" }), null);
  engine.replace(compilePolicy(parsePolicy("b.com").rules), { audit: false });
  assert.equal(rule(engine, { type: "tcp" }), 0);
});

Deno.test("hints are rules that allow", () => {
  const policy = "https://h.com/a\nhttp://p.com:8080/";
  const hint = (event: Event) => judge(engineFor(policy), event).hint;
  const exe = "/opt/a b/x";
  assert.equal(hint({ type: "https", host: "x.com" }), "x.com");
  assert.equal(
    hint({ type: "https", host: "x.com", dst_port: 8443, exe }),
    `x.com:8443 exe="${exe}"`,
  );
  assert.equal(hint({ type: "udp", dst_port: 123 }), "192.0.2.1:123/udp");
  assert.equal(hint({ type: "tcp", dst_port: 22, exe: "/bin/x" }), "192.0.2.1:22 exe=/bin/x");
  assert.equal(
    hint({ type: "http", url: "https://h.com/@s/b?c", method: "POST" }),
    "POST https://h.com/*s/b",
  );
  assert.equal(
    hint({ type: "http", url: "http://p.com/x/", dst_port: 8080 }),
    "GET http://p.com:8080/x",
  );
  assert.equal(hint({ type: "http", url: "https://x.com/y" }), "GET https://x.com/y");
  assert.equal(hint({ type: "http", url: "https://x.com//y//" }), "GET https://x.com//y//");
  assert.equal(hint({ type: "http", url: "https://x.com/a%2Fb" }), "x.com");
  assert.equal(hint({ type: "http", url: "https://localhost/" }), "192.0.2.1");
  assert.equal(hint({ type: "http", url: "https://10.0.0.1/x" }), "192.0.2.1");
  assert.equal(hint({ type: "http", url: "https://192.0.2.1/x" }), "GET https://192.0.2.1/x");
});

Deno.test("where an address rule allows, the destination is right whatever name is claimed", () => {
  const engine = engineFor("192.0.2.0/24:80|443");
  const destination = (event: Event) => judge(engine, event).destination;
  assert.equal(destination({ type: "https", host: "evil.com", intercept: true }), "confirmed");
  assert.equal(destination({ type: "http", url: "http://evil.com/", dst_port: 80 }), "confirmed");
  const named = engineFor("192.0.2.0/24\na.com insecure\nb.com passthrough\n192.0.2.9 insecure");
  for (const host of ["a.com", "b.com"]) {
    assert.equal(judge(named, { type: "https", host, intercept: true }).destination, "unknown");
  }
  const own = judge(named, { type: "https", host: "c.com", dst_ip: "192.0.2.9", intercept: true });
  assert.deepEqual([own.insecure, own.destination], [true, "confirmed"]);
  engine.record({ name: "evil.com", ips: ["198.51.100.1"], ttl: 60 }, 0);
  assert.equal(destination({ type: "http", url: "http://evil.com/", dst_port: 80 }), "other");
  assert.equal(judge(engine, { type: "https", host: "evil.com" }).reason, "no_rule");
});

Deno.test("the resolver's own lookups are judged by name alone; it gets no connection by that", () => {
  const engine = engineFor("a.com exe=/bin/x step=build\n192.0.2.1:53/udp cgroup=/job");
  const asked = (name: string, more: Partial<Event>) =>
    judge(engine, { type: "dns", name, dst_ip: "192.0.2.1", dst_port: 53, ...more }).policy;
  assert.equal(asked("a.com", { resolver: true, exe: "/r", cgroup: "/resolved" }), "allow");
  assert.equal(asked("evil.com", { resolver: true }), "deny");
  assert.equal(asked("a.com", { exe: "/r", cgroup: "/resolved" }), "deny");
  assert.equal(judge(engine, { type: "https", host: "a.com", resolver: true }).policy, "deny");
  assert.equal(judge(engine, { type: "udp", dst_port: 53, resolver: true }).policy, "deny");
});
