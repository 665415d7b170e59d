import assert from "node:assert/strict";
import { answer, answerOf, conformance } from "./conformance.ts";

function ask(request: unknown): Record<string, unknown> {
  return JSON.parse(answer(JSON.stringify(request)));
}

Deno.test("parse", () => {
  assert.deepEqual(ask({ op: "parse", policy: "files.example.net:2222\n" }), {
    rules: [{
      type: "host",
      target: "files.example.net",
      port: [2222],
      protocol: "tcp",
      methods: null,
      urlBase: null,
      attrs: {},
      passthrough: false,
      insecure: false,
      line: 1,
      text: "files.example.net:2222",
    }],
    diagnostics: [],
  });
  const defaults = {
    port: "*",
    protocol: "udp",
    methods: ["*"],
    attrs: { "arg[0]": { text: "a" } },
  };
  const { rules } = ask({ op: "parse", policy: "a.example\nhttps://h.example/", defaults });
  assert.deepEqual((rules as { port: unknown }[]).map((rule) => rule.port), ["*", [443]]);
});

Deno.test("an attribute is text and literal, however it was quoted", () => {
  const { rules } = ask({ op: "parse", policy: 'a.example exe=`/a b*` step="s"' });
  assert.deepEqual((rules as { attrs: unknown }[])[0]!.attrs, {
    exe: { text: "/a b*", literal: false },
    step: { text: "s", literal: true },
  });
});

Deno.test("validate takes placeholders as filled in", () => {
  const policy = "https://h.example/{owner}\nh.example passthrough\nbad";
  const { diagnostics } = ask({ op: "validate", policy });
  const codes = (diagnostics as { code: string }[]).map((diagnostic) => diagnostic.code);
  assert.deepEqual(codes, ["passthrough-hides-url", "host-name"]);
});

Deno.test("check runs its events against one engine and one clock", () => {
  const tcp = { type: "tcp", dst_ip: "192.0.2.1", dst_port: 443 };
  const { verdicts } = ask({
    op: "check",
    policy: "a.example",
    dns: [{ name: "a.example", ips: ["192.0.2.1"], ttl: 60 }],
    events: [
      tcp,
      { type: "advance", seconds: 60 },
      tcp,
      { type: "dns_response", name: "a.example", ips: ["192.0.2.1"], ttl: 60 },
      tcp,
      { type: "icmp", dst_ip: "192.0.2.1", dst_port: 443 },
      null,
      [],
      {},
      { type: "dns_response" },
    ],
  });
  const seen = (verdicts as ({ verdict: string } | null)[]).map((v) => v && v.verdict);
  const [allow, block] = ["allow", "block"];
  assert.deepEqual(seen, [allow, null, block, null, allow, block, block, block, block, null]);
});

Deno.test("purl and permissions", () => {
  assert.deepEqual(ask({ op: "purl", url: "https://npm.example/left-pad/-/left-pad-1.3.0.tgz" }), {
    package: { ecosystem: "npm", name: "left-pad", version: "1.3.0" },
    purl: "pkg:npm/left-pad@1.3.0",
  });
  assert.deepEqual(ask({ op: "purl", url: "https://h.example/" }), { package: null, purl: null });
  const url = "https://api.github.com/repos/octo/cat/environments/prod";
  const connections = [{ url, method: "GET", token: true }];
  assert.deepEqual(ask({ op: "permissions", connections }), {
    permissions: { deployments: "read" },
    unknown: [],
  });
});

Deno.test("requests that cannot be served get an error", () => {
  const requests: unknown[] = [
    null,
    7,
    [],
    {},
    { op: "toString" },
    { op: "parse" },
    { op: "parse", policy: 7 },
    { op: "parse", policy: "", repository: 7 },
    { op: "parse", policy: "", defaults: [] },
    { op: "parse", policy: "", defaults: { port: [0] } },
    { op: "parse", policy: "", defaults: { protocol: "sctp" } },
    { op: "parse", policy: "", defaults: { methods: ["GET", "*"] } },
    { op: "parse", policy: "", defaults: { attrs: { user: { text: "" } } } },
    { op: "parse", policy: "", defaults: { attrs: { exe: "x" } } },
    { op: "check", policy: "" },
    { op: "check", policy: "", events: [], audit: "no" },
    { op: "check", policy: "", events: [], dns: [7] },
    { op: "purl" },
    { op: "permissions", connections: [7] },
  ];
  for (const request of requests) {
    assert.equal(typeof ask(request).error, "string", JSON.stringify(request));
  }
  assert.match(answer("{"), /"error":"bad JSON/);
});

Deno.test("one answer per line, in order, however the input is cut", async () => {
  const text = '{"op":"parse","policy":"é.example"}\n\n{"op":"x"}\r\n{"op":"parse","policy":""}';
  const bytes = new TextEncoder().encode(text);
  const input = ReadableStream.from([...bytes].map((byte) => new Uint8Array([byte])));
  const written: string[] = [];
  await conformance(input, (line) => written.push(line));
  assert.deepEqual(written.map((line) => Object.keys(JSON.parse(line))[0]), [
    "rules",
    "error",
    "rules",
  ]);
  assert.ok(written.every((line) => line.endsWith("\n")));
});

Deno.test("a fault of the engine's own is an answer, too", () => {
  const text = answerOf(() => {
    throw new RangeError("Maximum call stack size exceeded");
  });
  assert.deepEqual(JSON.parse(text), {
    error: "internal fault: RangeError: Maximum call stack size exceeded",
  });
});
