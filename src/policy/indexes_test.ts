import assert from "node:assert/strict";
import { compileRule } from "./compile.ts";
import { NameIndex } from "./indexes.ts";
import { parsePolicy } from "./parse.ts";

Deno.test("a domain may have more rules below it than a call takes arguments", () => {
  const [wild, exact] = parsePolicy("a*.x.example\nb.x.example").rules.map(compileRule);
  const index = new NameIndex();
  for (let i = 0; i < 200_000; i++) index.add(wild!);
  assert.equal(index.near(exact!.host!).length, 200_000);
});
