import assert from "node:assert/strict";
import { TextLineStream } from "./lines.ts";

Deno.test("lines are put together across chunks, the last one without a line feed too", async () => {
  const chunks = ReadableStream.from(["a", "b\nc\n\n", "d"]);
  const lines = await Array.fromAsync(chunks.pipeThrough(new TextLineStream()));
  assert.deepEqual(lines, ["ab", "c", "", "d"]);
});
