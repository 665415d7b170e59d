import assert from "node:assert/strict";
import { encodeText } from "../layers/bytes.ts";
import { questionHead, readAnswer } from "./protocol.ts";

const text = new TextDecoder();
const answer = (body: string, status = 200) => readAnswer(status, encodeText(body));
const entry = (...alerts: unknown[]) =>
  JSON.stringify({ id: "1", name: "x", version: "1.0.0", score: { overall: 1 }, alerts }) + "\n";

Deno.test("a package is asked for by its PURL, percent-encoded", () => {
  const head = text.decode(questionHead("pkg:npm/%40scope/left-pad@1.3.0", "1.2.3"));
  assert.equal(
    head,
    "GET /purl/pkg%3Anpm%2F%2540scope%2Fleft-pad%401.3.0 HTTP/1.1\r\n" +
      "Host: firewall-api.socket.dev\r\nUser-Agent: egress/1.2.3 (--package-security)\r\n" +
      "Accept: application/x-ndjson\r\nAccept-Encoding: identity\r\n\r\n",
  );
  const odd = text.decode(questionHead("pkg:npm/x@1\r\nHost: evil\ud800", "1"));
  assert.equal(odd.split("\r\n").filter((line) => line.startsWith("Host:")).length, 1);
});

Deno.test("an alert whose action is error makes a package bad", () => {
  const alerts = [
    { type: "malware", action: "error", severity: "critical", category: "supplyChainRisk" },
    { type: "networkAccess", action: "warn" },
    { type: "malware", action: "error" },
    { type: "gptMalware", action: "error" },
  ];
  assert.deepEqual(answer(entry(...alerts)), { kind: "bad", reasons: ["malware", "gptMalware"] });
  for (const action of ["warn", "monitor", "ignore", "ERROR", undefined]) {
    assert.deepEqual(answer(entry({ type: "malware", action })), { kind: "fine" }, action);
  }
  assert.deepEqual(answer(entry()), { kind: "fine" });
  assert.deepEqual(answer(entry({ action: "error" })), { kind: "bad", reasons: ["unnamed"] });
});

Deno.test("the first line counts, with or without its end", () => {
  const bad = entry({ type: "malware", action: "error" });
  assert.equal(answer(bad.trimEnd()).kind, "bad");
  assert.equal(answer(bad + "not json").kind, "bad");
  assert.equal(answer(entry() + bad).kind, "fine");
});

Deno.test("statuses", () => {
  assert.deepEqual(answer("no such package", 404), { kind: "unknown" });
  for (const status of [204, 301, 401, 429, 500, 503]) {
    assert.equal(answer(entry(), status).kind, "failure", String(status));
  }
});

Deno.test("what is no NDJSON of a package is a failure", () => {
  const broken = [
    "",
    "\n",
    "{",
    "null",
    "[]",
    "7",
    "{}",
    '{"alerts":{}}',
    '{"alerts":[1]}',
    "<html>",
  ];
  for (const body of broken) assert.equal(answer(body).kind, "failure", body);
});

Deno.test("reasons are fit for a log and a terminal", () => {
  const alerts = Array.from({ length: 50 }, (_, i) => ({ type: `t${i}`, action: "error" }));
  const many = answer(entry(...alerts));
  assert.equal(many.kind === "bad" && many.reasons.length, 32);
  const odd = answer(entry({ type: `\x1b[31m${"x".repeat(300)}`, action: "error" }));
  assert.equal(odd.kind === "bad" && odd.reasons[0], `?[31m${"x".repeat(95)}`);
});
