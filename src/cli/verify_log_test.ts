import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { gzipSync } from "node:zlib";
import { Chain, GENESIS } from "../protocol/chain.ts";
import { Files, outcomeOf } from "./test_io.ts";
import { main } from "./verify_log.ts";

const TS = "2026-01-01T00:00:00.000Z";
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const PUBLIC = publicKey.export({ type: "spki", format: "pem" }) as string;

function log(names: string[], signed = false): string {
  const chain = new Chain(GENESIS);
  const facts = {
    run: "1a2b3c4d",
    version: "0.1.0",
    mode: "enforce",
    policy_sha256: "ab",
  } as const;
  return chain.seal({ ts: TS, type: "start", ...facts }) +
    names.map((name) => chain.seal({ ts: TS, type: "dns", name })).join("") +
    chain.seal({ ts: TS, type: "stop", allowed: names.length }, signed ? privateKey : undefined);
}

Deno.test("verify-log: a log that holds, plain and packed", async () => {
  using files = new Files();
  const text = log(["a", "b"]);
  for (const [name, content] of [["log", text], ["log.gz", gzipSync(text)]] as const) {
    const { status, out, err } = await outcomeOf(main, [files.write(name, content)]);
    assert.equal(status, 0, out + err);
    assert.match(out, /run 1a2b3c4d: lines 1-4, .* enforce, policy ab; 2 allowed/);
    assert.match(out, /4 lines: the chain holds/);
  }
});

Deno.test("verify-log: each break is told with its line", async () => {
  using files = new Files();
  const changed = files.write("log", log(["a", "b", "c"]).replace('"b"', '"x"'));
  const { status, out } = await outcomeOf(main, [changed]);
  assert.equal(status, 1);
  assert.match(out, /log:4: error\[changed\]: line 3 was changed/);
  assert.match(out, /the chain does not hold/);
});

Deno.test("verify-log: --json", async () => {
  using files = new Files();
  const { status, out } = await outcomeOf(main, ["--json", files.write("log", log(["a"]))]);
  assert.equal(status, 0);
  const { ok, files: [report] } = JSON.parse(out);
  assert.equal(ok, true);
  assert.equal(report.lines, 3);
  assert.equal(report.runs[0].stop_line, 3);
});

Deno.test("verify-log: --key", async () => {
  using files = new Files();
  const key = files.write("key.pub", PUBLIC);
  const good = await outcomeOf(main, ["--key", key, files.write("a", log(["a"], true))]);
  assert.equal(good.status, 0, good.out);
  assert.match(good.out, /signature valid/);
  const unsigned = await outcomeOf(main, ["--key", key, files.write("b", log(["a"]))]);
  assert.equal(unsigned.status, 1);
  assert.match(unsigned.out, /error\[signature\]/);
});

Deno.test("verify-log: what cannot be used is status 2", async () => {
  using files = new Files();
  const good = files.write("log", log([]));
  for (
    const args of [
      [],
      [`${files.path}/none`],
      [files.write("empty", "")],
      ["--key", files.write("key", "no key"), good],
      ["--key", `${files.path}/none`, good],
      ["--keys", good],
    ]
  ) {
    const { status, err } = await outcomeOf(main, args);
    assert.equal(status, 2, args.join(" "));
    assert.match(err, /^egress verify-log: \S/);
  }
});

Deno.test("verify-log: a log's text cannot write escape sequences to the terminal", async () => {
  using files = new Files();
  const text = new Chain(GENESIS).seal({ ts: "\x1b[2J", type: "start", run: "\x1b[31m" });
  const { out } = await outcomeOf(main, [files.write("log", text)]);
  assert.ok(!out.includes("\x1b"), out);
});
