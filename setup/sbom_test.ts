import assert from "node:assert/strict";
import { sbom } from "./sbom.ts";

const DENO = { version: "2.9.6", sha512: "ab".repeat(64) };

Deno.test("sbom: every locked package, with its hash", () => {
  const lock = JSON.stringify({
    npm: {
      "@a/b@1.2.3": { integrity: `sha512-${btoa("\x00\xff")}` },
      "c@4.0.0-rc.1_d@5.0.0": {},
    },
  });
  const { components } = JSON.parse(sbom(lock, "0.1.0", DENO));
  assert.deepEqual(
    components.map((part: { purl: string }) => part.purl),
    ["pkg:npm/%40deno/linux-x64-glibc@2.9.6", "pkg:npm/%40a/b@1.2.3", "pkg:npm/c@4.0.0-rc.1"],
  );
  assert.deepEqual(components[1].hashes, [{ alg: "SHA-512", content: "00ff" }]);
  assert.equal(components[2].hashes, undefined);
});

Deno.test("sbom: the lock of this tree is read whole", () => {
  const lock = Deno.readTextFileSync(new URL("../deno.lock", import.meta.url));
  const { components } = JSON.parse(sbom(lock, "0.1.0", DENO));
  assert.equal(components.length, Object.keys(JSON.parse(lock).npm).length + 1);
  for (const { hashes } of components) assert.match(hashes[0].content, /^[0-9a-f]{128}$/);
});
