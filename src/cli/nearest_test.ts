import assert from "node:assert/strict";
import { nearest } from "./nearest.ts";

Deno.test("a typo finds its word, nonsense finds none", () => {
  assert.equal(nearest("validat", ["run", "validate"]), "validate");
  assert.equal(nearest("rnu", ["run", "validate"]), undefined);
  assert.equal(nearest("--polcy", ["--policy", "--log"]), "--policy");
  assert.equal(nearest("xyzzy", ["run", "validate"]), undefined);
});
