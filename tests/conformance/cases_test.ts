import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Case } from "./case.ts";
import { attributes } from "./cases/attributes.ts";
import { connections } from "./cases/connections.ts";
import { headers } from "./cases/headers.ts";
import { lookups } from "./cases/lookups.ts";
import { names } from "./cases/names.ts";
import { placeholders } from "./cases/placeholders.ts";
import { requests } from "./cases/requests.ts";
import { rules } from "./cases/rules.ts";
import { tokens } from "./cases/tokens.ts";
import { tools } from "./cases/tools.ts";
import { urls } from "./cases/urls.ts";
import { warnings } from "./cases/warnings.ts";
import { judge } from "./judge.ts";

const TABLES: Readonly<Record<string, readonly Case[]>> = {
  attributes,
  connections,
  headers,
  lookups,
  names,
  placeholders,
  requests,
  rules,
  tokens,
  tools,
  urls,
  warnings,
};

/** What one run of the real command answers to all `lines`. */
async function answers(lines: readonly string[]): Promise<string[]> {
  const egress = fileURLToPath(new URL("../../egress", import.meta.url));
  const child = new Deno.Command(egress, {
    args: ["conformance"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
  await writer.close();
  const { code, stdout } = await output;
  assert.equal(code, 0);
  return new TextDecoder().decode(stdout).split("\n").slice(0, -1);
}

Deno.test("the command judges every case as the language says", async (t) => {
  const cases = Object.values(TABLES).flat();
  const outputs = await answers(cases.map((test) => test.line));
  assert.equal(outputs.length, cases.length);
  let next = 0;
  for (const [table, rows] of Object.entries(TABLES)) {
    await t.step(table, () => {
      const wrong: string[] = [];
      for (const row of rows) {
        const output = outputs[next++] ?? "";
        try {
          judge(row, output);
        } catch (error) {
          const text = error instanceof Error ? error.message : String(error);
          wrong.push(`${row.why}\n  ${row.line}\n  ${output}\n  ${text}`);
        }
      }
      assert.equal(wrong.length, 0, wrong.join("\n\n"));
    });
  }
});
