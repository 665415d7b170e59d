/** docs/action.md says what action.yml says. */

import assert from "node:assert/strict";
import { actionDocs } from "../../setup/action_docs.ts";

Deno.test("docs/action.md is made from action.yml", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/action.md", import.meta.url));
  assert.equal(text, await actionDocs(), "run: deno task docs:action");
});
