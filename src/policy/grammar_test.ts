import assert from "node:assert/strict";
import { compileGrammar, readGrammar } from "../../setup/build_grammar.ts";

Deno.test("the committed parser is what the grammar compiles to", async () => {
  const { grammar, parser } = await readGrammar();
  assert.equal(parser, compileGrammar(grammar), "run: deno run -RW setup/build_grammar.ts");
});
