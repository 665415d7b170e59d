import assert from "node:assert/strict";
import { KeptFile, LogMovedError } from "./kept_file.ts";

const LINE = new TextEncoder().encode("line\n");

function withFile(use: (path: string, file: KeptFile) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/log`;
    using file = Deno.openSync(path, { append: true, create: true });
    use(path, new KeptFile(path, file));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("a log that was renamed is not written until it is back", () => {
  withFile((path, file) => {
    assert.equal(file.writeSync(LINE), LINE.length);
    Deno.renameSync(path, `${path}.1`);
    assert.throws(() => file.writeSync(LINE), LogMovedError);
    Deno.writeTextFileSync(path, "");
    assert.throws(() => file.writeSync(LINE), LogMovedError);
    Deno.renameSync(`${path}.1`, path);
    file.writeSync(LINE);
    assert.equal(Deno.readTextFileSync(path), "line\nline\n");
  });
});

Deno.test("a log that was removed is not written", () => {
  withFile((path, file) => {
    Deno.removeSync(path);
    assert.throws(() => file.writeSync(LINE), LogMovedError);
  });
});

Deno.test("a device is no file that could be moved", () => {
  using file = Deno.openSync("/dev/null", { write: true });
  assert.equal(new KeptFile("/no/such/path", file).writeSync(LINE), LINE.length);
});
