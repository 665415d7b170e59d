import assert from "node:assert/strict";
import { tool, ToolError } from "./command.ts";

Deno.test("a tool gets its input and gives its output", async () => {
  assert.equal(await tool(["cat"], { input: "text" }), "text");
});

Deno.test("a failing tool is told by its status and message", async () => {
  await assert.rejects(tool(["sh", "-c", "echo why >&2; exit 3"]), (error) => {
    assert.ok(error instanceof ToolError);
    assert.deepEqual([error.status, error.output], [3, "why\n"]);
    return true;
  });
});

Deno.test("a tool that is missing is named", async () => {
  await assert.rejects(tool(["no-such-tool"]), /no-such-tool is not installed/);
});

Deno.test("a tool that does not read its input may still succeed", async () => {
  assert.equal(await tool(["true"], { input: "x".repeat(1 << 20) }), "");
});
