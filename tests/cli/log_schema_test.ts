/** docs/log.schema.json says what `formatLogLine` writes. */
import assert from "node:assert/strict";
import type { DenyReason } from "../../src/protocol/event.ts";
import { formatLogLine, type LogEvent, type LogType } from "../../src/protocol/log.ts";
import { VERSION } from "../../src/protocol/version.ts";

const root = new URL("../..", import.meta.url).pathname;
const schema = JSON.parse(Deno.readTextFileSync(`${root}docs/log.schema.json`));

/** Every field; the type keeps this complete. */
const FULL: Required<LogEvent> = {
  ts: "2026-01-01T00:00:00.000Z",
  type: "https",
  policy: "deny",
  reason: "no_rule",
  dst_ip: "192.0.2.1",
  dst_port: 443,
  host: "a.example",
  method: "GET",
  url: "https://a.example/",
  name: "a.example",
  answers: ["192.0.2.1"],
  ttl: 60,
  status: 200,
  rule: "a.example",
  rule_line: 1,
  hint: "a.example",
  passthrough: true,
  insecure: true,
  error: "upstream_cert",
  security_block: true,
  purl: "pkg:npm/x@1.0.0",
  reasons: ["malware"],
  github_token: true,
  src_port: 40000,
  pid: 1,
  exe: "/bin/x",
  cmdline: ["x"],
  cgroup: "/x",
  step: "build",
  action: "o/a",
  image: "alpine",
  ancestry: ["/bin/sh"],
  pwd: "/",
  target_user: "root",
  alpn: "h2",
  conn: "1",
  bytes_up: 1,
  bytes_down: 1,
  duration_ms: 1,
  count: 1,
  message: "x",
  run: "1a2b3c4d",
  version: "0.1.0",
  mode: "enforce",
  policy_sha256: "0".repeat(64),
  allowed: 1,
  denied: 1,
  errors: 0,
  gate_passed: 1,
  gate_dropped: 0,
  prev: "0".repeat(64),
  sig: "x",
};

const TYPES: Record<LogType, true> = {
  http: true,
  https: true,
  tcp: true,
  udp: true,
  dns: true,
  dns_response: true,
  sudo: true,
  container: true,
  gate: true,
  start: true,
  stop: true,
  control: true,
  error: true,
};

const REASONS: Record<DenyReason, true> = {
  no_rule: true,
  host_mismatch: true,
  unresolved_destination: true,
  doh: true,
  malformed: true,
  container: true,
  gate: true,
  unattributed: true,
  direct: true,
  token_required: true,
  foreign_token: true,
  package_security: true,
  method: true,
  log_failed: true,
  unavailable: true,
};

Deno.test("log schema: the same keys in the same order as the lines", () => {
  const written: object = JSON.parse(formatLogLine(FULL));
  assert.deepEqual(Object.keys(schema.properties), Object.keys(written));
  assert.equal(schema.additionalProperties, false);
});

Deno.test("log schema: the same types", () => {
  for (const [key, value] of Object.entries(FULL)) {
    const { type, items } = schema.properties[key];
    const actual = Array.isArray(value) ? "array" : typeof value;
    assert.equal(type === "integer" ? "number" : type, actual, key);
    if (actual === "array") assert.equal(items.type, "string");
    assert.ok(schema.properties[key].description.length > 5, key);
  }
});

Deno.test("log schema: the same fixed values", () => {
  assert.deepEqual(schema.properties.type.enum, Object.keys(TYPES));
  assert.deepEqual(schema.properties.reason.enum, Object.keys(REASONS));
});

Deno.test("the version is that of deno.json", () => {
  assert.equal(VERSION, JSON.parse(Deno.readTextFileSync(`${root}deno.json`)).version);
});
