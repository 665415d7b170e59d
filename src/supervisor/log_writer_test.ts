import assert from "node:assert/strict";
import { LogWriter } from "./log_writer.ts";

const line = (name: string) => `{"ts":"2026-01-01T00:00:00.000Z","type":"dns","name":"${name}"}\n`;

/** A disk with room for `free` bytes. */
function disk(free: number) {
  const decoder = new TextDecoder();
  return {
    free,
    text: "",
    writeSync(bytes: Uint8Array) {
      if (this.free <= 0) throw new Error("No space left on device");
      const part = bytes.subarray(0, this.free);
      this.text += decoder.decode(part);
      this.free -= part.length;
      return part.length;
    },
  };
}

Deno.test("a full disk closes, loses nothing, and reopens when there is space", () => {
  const sink = disk(50);
  const said: string[] = [];
  const writer = new LogWriter(sink, {
    onFailure: (error) => said.push(error.message),
    onRecovery: () => said.push("recovered"),
  });
  writer.write(line("a"));
  writer.write(line("b"));
  writer.write(line("c"));
  assert.deepEqual(said, ["No space left on device"]);
  assert.ok(writer.failing);
  sink.free = 1000;
  assert.equal(writer.close(), true);
  assert.deepEqual(said, ["No space left on device", "recovered"]);
  assert.deepEqual(sink.text.trim().split("\n").map((line) => JSON.parse(line).name), [
    "a",
    "b",
    "c",
  ]);
});

Deno.test("what could not be written at the end is told", () => {
  const writer = new LogWriter(disk(0), { onFailure() {}, onRecovery() {} });
  writer.write(line("a"));
  assert.equal(writer.close(), false);
});

Deno.test("lines that come together leave in one write, also when the work fails", () => {
  const sink = { ...disk(1000), writes: 0 };
  const counting = {
    writeSync(bytes: Uint8Array) {
      sink.writes++;
      return sink.writeSync(bytes);
    },
  };
  const writer = new LogWriter(counting, { onFailure() {}, onRecovery() {} });
  assert.throws(() =>
    writer.together(() => {
      writer.write(line("a"));
      writer.write(line("b"));
      throw new Error("later");
    })
  );
  assert.equal(sink.writes, 1);
  assert.equal(sink.text, line("a") + line("b"));
  writer.write(line("c"));
  assert.equal(sink.text, line("a") + line("b") + line("c"));
});
