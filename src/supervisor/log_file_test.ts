import assert from "node:assert/strict";
import * as chain from "../protocol/chain.ts";
import { openLogFile } from "./log_file.ts";

/** Opens a file with that content and says where its chain goes on. */
async function opened(content: string | undefined) {
  const folder = await Deno.makeTempDir({ prefix: "egress-test-" });
  try {
    const path = `${folder}/log`;
    if (content !== undefined) await Deno.writeTextFile(path, content);
    const file = openLogFile(path, chain);
    file.sink.writeSync(new TextEncoder().encode("more"));
    file.sink.close();
    assert.equal(await Deno.readTextFile(path), (content ?? "") + "more");
    const line = file.chain.seal({ ts: "x", type: "start" });
    return { prev: JSON.parse(line).prev, torn: file.torn };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("log file: a new and an empty one begin a chain", async () => {
  assert.deepEqual(await opened(undefined), { prev: chain.GENESIS, torn: false });
  assert.deepEqual(await opened(""), { prev: chain.GENESIS, torn: false });
});

Deno.test("log file: the chain goes on behind the last line, whatever it is", async () => {
  const long = "x".repeat(200_000);
  const sizes = [65_535, 65_536, 65_537].map((n) => "y".repeat(n));
  for (const last of ["{}", "", long, ...sizes]) {
    for (const before of ["", "first\n", `${long}\n`]) {
      const expected = { prev: chain.lineHash(last), torn: false };
      assert.deepEqual(await opened(`${before}${last}\n`), expected, `${before.length} + ${last}`);
    }
  }
});

Deno.test("log file: a line without its end is the one to go on behind, and must be ended first", async () => {
  const prev = chain.lineHash('{"ts":"2026');
  assert.deepEqual(await opened('a\n{"ts":"2026'), { prev, torn: true });
  assert.deepEqual(await opened('{"ts":"2026'), { prev, torn: true });
});

Deno.test("log file: a device begins a chain", () => {
  const file = openLogFile("/dev/null", chain);
  file.sink.close();
  assert.equal(JSON.parse(file.chain.seal({ ts: "x", type: "start" })).prev, chain.GENESIS);
});
