import assert from "node:assert/strict";
import fc from "fast-check";
import { PolicyDraft, type Scope, SCOPES } from "../policy/derive/mod.ts";
import { parsePolicy, validatePolicy } from "../policy/mod.ts";
import type { LogEvent } from "../protocol/log.ts";
import { Analysis } from "./analysis.ts";
import { LogDraft } from "./log_draft.ts";

const hosts = [
  "a.example",
  "b.example",
  "c1.cdn.example",
  "c2.cdn.example",
  "c3.cdn.example",
  "192.0.2.9",
];
const segments = ["a", "b", "12", "34", "@scope", "x.tgz", "..", "%2f", "%2e%2e", "a b", "é", "*"];
segments.push("", "left-pad", "octo", "cat", "cat.git", "0123456789abcdef", "v1.2.3", "%C3%A9");

const host = fc.constantFrom(...hosts);
const ip = fc.constantFrom("192.0.2.1", "192.0.2.2", "192.0.2.9", "10.0.0.1");
const port = fc.constantFrom(443, 80, 8443, 53);
const who = fc.record({
  exe: fc.constantFrom(undefined, "/usr/bin/node", "/opt/my tool#1", '/odd"quote', "/a`*b\n"),
  step: fc.constantFrom(undefined, "build", "te st"),
  image: fc.constantFrom(undefined, "alpine:3"),
});
const path = fc.array(fc.constantFrom(...segments), { maxLength: 5 }).map((p) => "/" + p.join("/"));

const traffic = fc.oneof(
  fc.record({ scheme: fc.constantFrom("https", "http"), host, path, dst_ip: ip, dst_port: port })
    .chain(({ scheme, host, path, ...rest }) =>
      fc.constantFrom("GET", "HEAD", "POST", "PROPFIND", "get").map((method) => ({
        type: scheme,
        url: `${scheme}://${host}${path}`,
        method,
        ...rest,
      }))
    ),
  fc.record({
    type: fc.constant("https"),
    host: fc.option(host, { nil: undefined }),
    dst_ip: ip,
    dst_port: port,
    passthrough: fc.boolean(),
  }),
  fc.record({
    type: fc.constantFrom("tcp", "udp"),
    host: fc.option(host, { nil: undefined }),
    dst_ip: ip,
    dst_port: port,
  }),
  fc.record({ type: fc.constant("dns"), name: host, dst_ip: ip, dst_port: fc.constant(53) }),
  fc.record({
    type: fc.constant("dns_response"),
    name: host,
    answers: fc.array(ip, { maxLength: 3 }),
    ttl: fc.constantFrom(0, 60, 300),
  }),
);

const log = fc.array(fc.tuple(traffic, who, fc.nat(120)), { maxLength: 40 }).map((lines) => {
  let now = Date.UTC(2026, 0, 1);
  return lines.map(([event, process, seconds]) => {
    now += seconds * 1000;
    return { ts: new Date(now).toISOString(), ...event, ...process } as LogEvent;
  });
});

Deno.test("suggest: its own output allows everything in the same logs", () => {
  fc.assert(
    fc.property(
      fc.array(log, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(...SCOPES),
      fc.boolean(),
      fc.constantFrom(undefined, "octo/cat"),
      (logs, scope, wildcards, repository) => {
        const options = { scope, wildcards, ...(repository ? { repository } : {}) };
        const { text, uncovered } = draftOf(logs, options);
        const { rules, diagnostics } = parsePolicy(text, repository ? { repository } : {});
        assert.deepEqual(diagnostics, [], text);
        const analysis = new Analysis(rules, []);
        for (const lines of logs) {
          analysis.begin();
          for (const line of lines) analysis.add(line);
        }
        // No policy can allow what is malformed, or claims a name at an address not its own.
        const lost = analysis.result().blockedPairs
          .filter(({ verdict }) => verdict.reason !== "malformed")
          .filter(({ verdict }) => verdict.destination !== "other" || verdict.hint !== undefined);
        assert.deepEqual(lost, [], text);
        if (analysis.result().blocked > 0) assert.notEqual(uncovered.length, 0);
      },
    ),
    { numRuns: 300, seed: 5 },
  );
});

function draftOf(logs: LogEvent[][], options: ConstructorParameters<typeof PolicyDraft>[0]) {
  const draft = new LogDraft(new PolicyDraft(options));
  for (const lines of logs) {
    draft.begin();
    for (const line of lines) draft.event(line);
  }
  return draft.derive();
}

/** The rules of a draft, without its comments. */
function rulesOf(lines: object[], options: ConstructorParameters<typeof PolicyDraft>[0] = {}) {
  const events = lines.map((line) => ({ ts: "2026-01-01T00:00:00Z", ...line }) as LogEvent);
  const { text } = draftOf([events], options);
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

function get(path: string, more: object = {}) {
  const url = `https://a.example${path}`;
  return { type: "https", dst_ip: "192.0.2.1", dst_port: 443, method: "GET", url, ...more };
}

Deno.test("suggest: methods as seen, varying segments as *", () => {
  assert.deepEqual(
    rulesOf([get("/x/1/y"), get("/x/2/y"), get("/x/2/y", { method: "POST" }), get("/one")]),
    ["GET https://a.example/one", "GET https://a.example/x/*/y", "POST https://a.example/x/2/y"],
  );
  assert.deepEqual(
    rulesOf([get("/-/pad-1.tgz"), get("/-/pad-2.tgz"), get("/-/pad-33.tgz")]),
    ["GET https://a.example/-/pad-*.tgz"],
  );
});

Deno.test("suggest: rules are tied to who was seen", () => {
  const scopes: [Scope, string][] = [
    ["exe", "GET https://a.example/ exe=/bin/x"],
    ["step", 'GET https://a.example/ step="a b"'],
    ["image", "GET https://a.example/"],
  ];
  for (const [scope, expected] of scopes) {
    assert.deepEqual(rulesOf([get("/", { exe: "/bin/x", step: "a b" })], { scope }), [expected]);
  }
});

Deno.test("suggest: the repository's own paths become placeholders", () => {
  assert.deepEqual(
    rulesOf([get("/octo/cat.git/info/refs"), get("/octo/other")], { repository: "octo/cat" }),
    ["GET https://a.example/octo/other", "GET https://a.example/{owner}/{repo}.git/info/refs"],
  );
});

Deno.test("suggest: siblings are folded only when told, and never below a public suffix", () => {
  const lines = ["one.c.example", "two.c.example", "six.c.example", "a.test", "b.test", "c.test"]
    .map((host) => ({ type: "tcp", host, dst_ip: "192.0.2.1", dst_port: 22 }));
  assert.equal(rulesOf(lines).length, 6);
  assert.deepEqual(rulesOf(lines, { wildcards: true }), [
    "*.c.example:22",
    "a.test:22",
    "b.test:22",
    "c.test:22",
  ]);
});

Deno.test("suggest: lookups of hosts that are reached need no rule of their own", () => {
  const lookup = (name: string) => ({ type: "dns", name, dst_ip: "127.0.0.53", dst_port: 53 });
  assert.deepEqual(rulesOf([lookup("a.example"), lookup("b.example"), get("/")]), [
    "127.0.0.53:53/udp",
    "GET https://a.example/",
    "dns:b.example",
  ]);
});

Deno.test("suggest: connections without a name get the one that lookups gave their address", () => {
  const answer = { type: "dns_response", name: "db.example", answers: ["192.0.2.7"], ttl: 60 };
  const connection = { type: "tcp", dst_ip: "192.0.2.7", dst_port: 5432 };
  assert.deepEqual(rulesOf([answer, connection]), ["db.example:5432"]);
  assert.deepEqual(rulesOf([connection]), ["192.0.2.7:5432"]);
});

Deno.test("suggest: what fewer logs show than asked for is left out", () => {
  const line = { ts: "2026-01-01T00:00:00Z", ...get("/") } as LogEvent;
  const other = { ...line, url: "https://b.example/" };
  const { text, rare } = draftOf([[line, other], [line]], { minRuns: 2 });
  assert.ok(text.includes("https://a.example/") && !text.includes("https://b.example/"));
  assert.equal(rare, 1);
});

Deno.test("suggest: text from the log cannot leave its comment", () => {
  const exe = "/x\n*.evil.example\u2028y";
  const { text } = draftOf([[{ ts: "", ...get("/", { exe }) } as LogEvent]], {});
  assert.deepEqual(validatePolicy(text).filter(({ severity }) => severity === "error"), []);
  assert.equal(parsePolicy(text).rules.length, 1);
});
