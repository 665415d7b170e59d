import assert from "node:assert/strict";
import { isHostProblem, parseHostPattern } from "./names.ts";
import { hostsOverlap, OverlapIndex } from "./overlap.ts";

function pattern(text: string) {
  const parsed = parseHostPattern(text);
  assert.ok(!isHostProblem(parsed), text);
  return parsed;
}

Deno.test("is there a name that fits both", () => {
  const pairs: [string, string, boolean][] = [
    ["a.com", "A.com.", true],
    ["a.com", "*.a.com", false],
    ["*.a.com", "*.b.a.com", true],
    ["*.a.com", "x*.a.com", true],
    ["x*.a.com", "*y.a.com", true],
    ["x*.a.com", "y*.a.com", false],
    ["x*.a.com", "*.x*.a.com", false],
    ["*.x*.a.com", "*.*y.a.com", true],
    ["*.x*.a.com", "b.a.com", false],
    ["*.x*.a.com", "*.y.a.com", false],
    ["*.x*.a.com", "q.xy.a.com", true],
    ["*.com", "x*.a.com", true],
  ];
  for (const [a, b, overlap] of pairs) {
    assert.equal(hostsOverlap(pattern(a), pattern(b)), overlap, `${a} ${b}`);
    assert.equal(hostsOverlap(pattern(b), pattern(a)), overlap, `${b} ${a}`);
    for (const [one, other] of [[a, b], [b, a]] as const) {
      const index = new OverlapIndex<string>();
      index.add(pattern("z.org"), "z");
      index.add(pattern(one), one);
      assert.equal(index.find(pattern(other)), overlap ? one : undefined, `${one} ${other}`);
    }
  }
});
