/**
 * Compiles `src/policy/grammar.peggy` into `src/policy/grammar.js`, which is committed so that no
 * role needs the compiler at run time.
 *
 *     deno run --allow-read --allow-write setup/build_grammar.ts
 *
 * @module
 */

import peggy from "peggy";

const SOURCE = new URL("../src/policy/grammar.peggy", import.meta.url);
const TARGET = new URL("../src/policy/grammar.js", import.meta.url);

/** Returns the parser's source text for the grammar's text. */
export function compileGrammar(grammar: string): string {
  const parser = peggy.generate(grammar, {
    output: "source",
    format: "es",
    allowedStartRules: ["Policy", "Line"],
  });
  return "// deno-fmt-ignore-file\n// deno-lint-ignore-file\n" +
    '// @ts-self-types="./grammar.d.ts"\n' + parser + "\n";
}

/** The grammar and the parser as they are on disk. */
export async function readGrammar(): Promise<{ grammar: string; parser: string }> {
  return { grammar: await Deno.readTextFile(SOURCE), parser: await Deno.readTextFile(TARGET) };
}

if (import.meta.main) {
  await Deno.writeTextFile(TARGET, compileGrammar(await Deno.readTextFile(SOURCE)));
}
