import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import fc from "fast-check";
import { Chain, GENESIS, lineHash } from "../protocol/chain.ts";
import type { LogEvent } from "../protocol/log.ts";
import { ChainCheck, type ChainReport } from "./chain_check.ts";

const TS = "2026-01-01T00:00:00.000Z";
const FACTS = { version: "0.1.0", mode: "enforce" as const, policy_sha256: "ab" };

/** The lines of one run: a start, `count` lookups, a stop. */
function runLines(count: number, head = GENESIS, run = "1a2b3c4d", key?: KeyObject): string[] {
  const chain = new Chain(head);
  const events: LogEvent[] = [{ ts: TS, type: "start", run, ...FACTS }];
  for (let i = 0; i < count; i++) events.push({ ts: TS, type: "dns", name: `${run}-${i}` });
  const lines = events.map((event) => chain.seal(event));
  const stop = { ts: TS, type: "stop" as const, run, allowed: count, denied: 0, gate_dropped: 1 };
  return [...lines, chain.seal(stop, key)].map((line) => line.slice(0, -1));
}

const headOf = (lines: string[]) => lineHash(lines.at(-1)!);

function check(lines: string[], key?: KeyObject, before?: string): ChainReport {
  const chain = new ChainCheck(key, before);
  for (const line of lines) chain.add(new TextEncoder().encode(line), true);
  return chain.finish();
}

const breaksOf = (lines: string[], key?: KeyObject) =>
  check(lines, key).breaks.map(({ line, kind }) => `${line} ${kind}`);

Deno.test("chain check: a run, and runs one after the other, hold", () => {
  const first = runLines(3);
  const second = runLines(2, headOf(first), "00000002");
  const report = check([...first, ...second]);
  assert.deepEqual(report.breaks, []);
  assert.deepEqual(
    report.runs.map(({ run, start_line, stop_line, allowed }) => [
      run,
      start_line,
      stop_line,
      allowed,
    ]),
    [["1a2b3c4d", 1, 5, 3], ["00000002", 6, 9, 2]],
  );
});

Deno.test("chain check: a changed line shows at the line after it", () => {
  const lines = runLines(5);
  lines[2] = lines[2]!.replace("1a2b3c4d-1", "1a2b3c4d-x");
  assert.deepEqual(breaksOf(lines), ["4 changed"]);
});

Deno.test("chain check: a missing line shows at the line after it", () => {
  const lines = runLines(5);
  lines.splice(2, 2);
  assert.deepEqual(breaksOf(lines), ["3 changed"]);
});

Deno.test("chain check: two lines that changed places", () => {
  const lines = runLines(5);
  [lines[2], lines[3]] = [lines[3]!, lines[2]!];
  assert.deepEqual(breaksOf(lines), ["3 changed", "4 moved", "5 moved"]);
});

Deno.test("chain check: a line that was put in", () => {
  const lines = runLines(3);
  const forged = { ts: TS, type: "dns" as const, name: "x" };
  lines.splice(2, 0, new Chain(lineHash(lines[1]!)).seal(forged).slice(0, -1));
  assert.deepEqual(breaksOf(lines), ["4 moved"]);
  lines.splice(2, 1, '{"ts":"x","type":"dns"}');
  assert.deepEqual(breaksOf(lines), ["3 unchained"]);
});

Deno.test("chain check: a doubled line", () => {
  const lines = runLines(3);
  lines.splice(2, 0, lines[1]!);
  assert.deepEqual(breaksOf(lines), ["3 moved"]);
});

Deno.test("chain check: an end that was cut off has no stop line", () => {
  assert.deepEqual(breaksOf(runLines(5).slice(0, 4)), ["4 no_stop"]);
  const first = runLines(1).slice(0, 2);
  const second = runLines(1, headOf(first), "00000002");
  assert.deepEqual(breaksOf([...first, ...second]), ["2 no_stop"]);
});

Deno.test("chain check: a beginning that was cut off", () => {
  assert.deepEqual(breaksOf(runLines(5).slice(2)), ["1 beginning"]);
  assert.deepEqual(breaksOf(runLines(5, "12".repeat(32))), ["1 beginning"]);
});

Deno.test("chain check: what stands behind the stop line", () => {
  const lines = runLines(1);
  const forged = { ts: TS, type: "dns" as const, name: "x" };
  lines.push(new Chain(headOf(lines)).seal(forged).slice(0, -1));
  assert.deepEqual(breaksOf(lines), ["4 added"]);
});

Deno.test("chain check: two logs put together", () => {
  assert.deepEqual(breaksOf([...runLines(1), ...runLines(1)]), ["4 beginning"]);
});

Deno.test("chain check: a whole run taken out from between two others", () => {
  const first = runLines(1);
  const second = runLines(1, headOf(first), "00000002");
  const third = runLines(1, headOf(second), "00000003");
  assert.deepEqual(breaksOf([...first, ...third]), ["4 changed"]);
});

Deno.test("chain check: pieces of one log, in their order", () => {
  const first = runLines(1);
  const second = runLines(1, headOf(first), "00000002");
  assert.deepEqual(check(second, undefined, headOf(first)).breaks, []);
  assert.equal(check(second).breaks[0]?.kind, "beginning");
});

Deno.test("chain check: a torn line is one break, and the run after it holds", () => {
  const torn = runLines(3);
  torn.pop();
  torn[3] = torn[3]!.slice(0, 30);
  const lines = [...torn, ...runLines(2, headOf(torn), "00000002")];
  assert.deepEqual(breaksOf(lines), ["3 no_stop", "4 torn"]);
  const chain = new ChainCheck();
  runLines(1).forEach((line, i) => chain.add(new TextEncoder().encode(line), i < 2));
  assert.deepEqual(chain.finish().breaks.map(({ kind }) => kind), ["no_stop", "torn"]);
});

Deno.test("chain check: runs that write at the same time hold each to its own chain", () => {
  const a = runLines(3);
  const b = runLines(3, lineHash(a[1]!), "00000002");
  // b started behind a's second line; a wrote a third before b's start came.
  const mixed = [...a.slice(0, 3), b[0]!, a[3]!, b[1]!, b[2]!, a[4]!, b[3]!, b[4]!];
  assert.deepEqual(breaksOf(mixed), []);
  const without = mixed.filter((line) => line !== b[1]);
  assert.deepEqual(breaksOf(without), ["6 changed"]);
});

Deno.test("chain check: signatures", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const other = generateKeyPairSync("ed25519").publicKey;
  const signed = runLines(2, GENESIS, "1a2b3c4d", privateKey);
  assert.equal(check(signed, publicKey).runs[0]?.signature, "valid");
  assert.equal(check(signed).runs[0]?.signature, "unchecked");
  assert.deepEqual(breaksOf(signed, other), ["4 signature"]);
  assert.deepEqual(breaksOf(runLines(2), publicKey), ["4 signature"]);
  const recounted = signed.with(3, signed[3]!.replace('"allowed":2', '"allowed":3'));
  assert.deepEqual(breaksOf(recounted, publicKey), ["4 signature"]);
});

Deno.test("chain check: crashes, closed periods and other policies are told", () => {
  const chain = new Chain(GENESIS);
  const lines = [
    { ts: TS, type: "start" as const, run: "1a2b3c4d", ...FACTS },
    { ts: TS, type: "error" as const, error: "proxy_ended", message: "it ended" },
    { ts: TS, type: "control" as const, message: "an order was carried out" },
    { ts: TS, type: "control" as const, mode: "audit" as const, policy_sha256: "cd" },
    { ts: TS, type: "stop" as const },
  ].map((event) => chain.seal(event).slice(0, -1));
  assert.deepEqual(check(lines).runs[0]?.gaps, [
    { line: 2, error: "proxy_ended", message: "it ended" },
  ]);
  assert.deepEqual(check(lines).runs[0]?.changes, [
    { line: 4, mode: "audit", policy_sha256: "cd" },
  ]);
});

Deno.test("chain check: any single change of a byte is a break", () => {
  const lines = runLines(6);
  const text = new TextEncoder().encode(lines.join("\n"));
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = text.slice();
      changed[at]! ^= flip;
      const chain = new ChainCheck();
      let from = 0;
      for (let i = 0; i <= changed.length; i++) {
        if (i < changed.length && changed[i] !== 10) continue;
        chain.add(changed.subarray(from, i), true);
        from = i + 1;
      }
      // Nothing follows the stop line: only a signature vouches for it.
      const inStop = at > text.lastIndexOf(10);
      assert.ok(chain.finish().breakCount > 0 || inStop);
    }),
    { numRuns: 2000 },
  );
});
