import assert from "node:assert/strict";
import { tool } from "../command.ts";
import { tarball } from "./tar.ts";

Deno.test("tar unpacks what was packed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files = { "package.json": "{}", "lib/index.js": "x".repeat(700), empty: "" };
    await Deno.writeFile(`${folder}/p.tgz`, await tarball(files));
    await tool(["tar", "-xzf", `${folder}/p.tgz`, "-C", folder]);
    for (const [path, text] of Object.entries(files)) {
      assert.equal(await Deno.readTextFile(`${folder}/package/${path}`), text);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("equal files give equal bytes, so that an integrity stays true", async () => {
  assert.deepEqual(await tarball({ a: "1" }), await tarball({ a: "1" }));
});

Deno.test("a path that does not fit the header is refused", async () => {
  await assert.rejects(tarball({ ["x".repeat(100)]: "" }), RangeError);
});
