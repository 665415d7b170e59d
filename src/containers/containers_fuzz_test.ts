import assert from "node:assert/strict";
import fc from "fast-check";
import type { CheckInput } from "./check.ts";
import { ExceptionSyntaxError, familiar, parseExceptions } from "./exceptions.ts";
import { judgeContainer, judgeExec } from "./judge.ts";
import { isObject, type JsonObject } from "./json.ts";
import { parseMountinfo, placeOf } from "./mountinfo.ts";
import { joinBundle } from "./pem.ts";
import { parseRuncArgs } from "./runc_args.ts";
import { bundle, DATA, GUARD, host } from "./testing/bundle.ts";
import { addTrust } from "./trust.ts";
import { certificatesOf, writeJks } from "./truststore.ts";

/** A real config.json with one of its parts exchanged for anything, and a field that nobody knows. */
const odd = fc.tuple(fc.nat(), fc.jsonValue(), fc.jsonValue()).map(([pick, value, extra]) => {
  const config = bundle();
  const paths: [JsonObject | unknown[], string | number][] = [];
  const walk = (node: unknown) => {
    if (!isObject(node) && !Array.isArray(node)) return;
    for (const key of Object.keys(node)) {
      const at = Array.isArray(node) ? Number(key) : key;
      paths.push([node, at]);
      walk((node as JsonObject)[key]);
    }
  };
  walk(config);
  const [node, key] = paths[pick % paths.length]!;
  (node as JsonObject)[key] = value;
  return { ...config, "x-unknown": extra };
});

function inputOf(config: JsonObject): CheckInput {
  return { config, facts: host(), engine: { origin: "engine", data: DATA } };
}

Deno.test("judging never throws on odd JSON, and what it lets through keeps unknown fields", () => {
  fc.assert(
    fc.property(odd, (config) => {
      const judged = judgeContainer(inputOf(config), GUARD);
      assert.deepEqual(judged.json["x-unknown"], config["x-unknown"]);
      judgeExec(config, new Set(), GUARD);
    }),
    { numRuns: 400 },
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (config) => {
      // Nothing in it isolates anything.
      assert.notEqual(judgeContainer(inputOf(config), GUARD).refusal, undefined);
    }),
    { numRuns: 200 },
  );
});

Deno.test("giving trust never throws on odd JSON, and adds nothing but variables and a mount", async () => {
  const facts = { ca: "", bundles: [], hostBundle: "", apt: true };
  await fc.assert(
    fc.asyncProperty(odd, async (config) => {
      const before = JSON.stringify(config);
      const { json } = await addTrust(config, facts, "/b");
      assert.equal(JSON.stringify(config), before);
      const rest = (value: JsonObject) => JSON.stringify({ ...value, mounts: 0, process: 0 });
      assert.equal(rest(json), rest(config));
    }),
    { numRuns: 300 },
  );
});

Deno.test("decoders of files and arguments never throw", async () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const mounts = parseMountinfo(text);
    placeOf(mounts, "/a/b");
    joinBundle(text, [text]);
    familiar(text);
  }));
  fc.assert(fc.property(fc.array(fc.string()), (args) => void parseRuncArgs(args)));
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      parseExceptions(text);
    } catch (error) {
      assert.ok(error instanceof ExceptionSyntaxError);
    }
  }));
  const store = await writeJks([new Uint8Array([1, 2, 3]), new Uint8Array(40)]);
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void certificatesOf(new Uint8Array(bytes))));
  fc.assert(
    fc.property(fc.nat(store.length - 1), fc.nat(255), fc.nat(store.length), (at, byte, size) => {
      const broken = store.slice(0, size);
      if (at < size) broken[at] = byte;
      certificatesOf(broken);
    }),
    { numRuns: 500 },
  );
});
