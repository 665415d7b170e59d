import assert from "node:assert/strict";
import { isDnsQuery } from "./dns.ts";

const NAME = [4, ...new TextEncoder().encode("name"), 7, ...new TextEncoder().encode("example"), 0];
const OPT = [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0];

function query(counts: number[], rest: number[], flags = 0x01): Uint8Array {
  return new Uint8Array([0x12, 0x34, flags, 0, ...counts.flatMap((c) => [0, c]), ...rest]);
}

const QUESTION = [...NAME, 0, 1, 0, 1];

Deno.test("plain and EDNS queries are queries", () => {
  assert.ok(isDnsQuery(query([1, 0, 0, 0], QUESTION)));
  assert.ok(isDnsQuery(query([1, 0, 0, 1], [...QUESTION, ...OPT])));
  assert.ok(isDnsQuery(query([1, 0, 0, 0], [0, 0, 2, 0, 1])), "the root's NS");
});

Deno.test("anything else is none", () => {
  const cases: Record<string, Uint8Array> = {
    "empty": new Uint8Array(0),
    "header alone": query([1, 0, 0, 0], []),
    "a response": query([1, 0, 0, 0], QUESTION, 0x81),
    "another opcode": query([1, 0, 0, 0], QUESTION, 0x28),
    "no question": query([0, 0, 0, 0], QUESTION),
    "two questions": query([2, 0, 0, 0], [...QUESTION, ...QUESTION]),
    "an answer": query([1, 1, 0, 0], [...QUESTION, ...OPT]),
    "an authority": query([1, 0, 1, 0], [...QUESTION, ...OPT]),
    "bytes left over": query([1, 0, 0, 0], [...QUESTION, 0]),
    "a missing additional": query([1, 0, 0, 1], QUESTION),
    "an additional beyond the end": query([1, 0, 0, 1], [...QUESTION, ...OPT.slice(0, 9), 0, 4]),
    "many additionals": query([1, 0, 0, 3], [...QUESTION, ...OPT, ...OPT, ...OPT]),
    "a compressed name": query([1, 0, 0, 0], [0xc0, 12, 0, 1, 0, 1]),
    "a name without end": query([1, 0, 0, 0], [4, 1, 2, 3, 4]),
    "a class that no resolver knows": query([1, 0, 0, 0], [...NAME, 0, 1, 0x80, 1]),
  };
  for (const [name, bytes] of Object.entries(cases)) assert.equal(isDnsQuery(bytes), false, name);
});

Deno.test("a name longer than 255 is none", () => {
  const label = [63, ...new Array(63).fill(97)];
  const long = [...label, ...label, ...label, ...label, 0];
  assert.equal(isDnsQuery(query([1, 0, 0, 0], [...long, 0, 1, 0, 1])), false);
});
