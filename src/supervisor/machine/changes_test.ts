import assert from "node:assert/strict";
import fc from "fast-check";
import { withBlock, withoutBlock } from "./ca_block.ts";
import { mustSh } from "../shell.ts";
import { compareFingerprints } from "./changes.ts";
import { SYSCTLS_OFF, SYSCTLS_ON } from "./scripts.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const OTHER = "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n";

Deno.test("a certificate comes out of a bundle as it went in, to the byte", () => {
  fc.assert(fc.property(fc.string(), (bundle) => {
    assert.equal(withoutBlock(withBlock(bundle, "0a1b2c3d", PEM), "0a1b2c3d", PEM), bundle);
  }));
});

Deno.test("what others put into the bundle meanwhile stays", () => {
  const changed = withBlock("first\n", "0a1b2c3d", PEM) + OTHER;
  assert.equal(withoutBlock(changed, "0a1b2c3d", PEM), `first\n${OTHER}`);
  // Written anew by update-ca-certificates, with our certificate from its folder.
  assert.equal(withoutBlock(OTHER + PEM + "last\n", "0a1b2c3d", PEM), `${OTHER}last\n`);
  assert.equal(withoutBlock(OTHER, "0a1b2c3d", PEM), OTHER);
});

Deno.test("differences between fingerprints are told from both sides", () => {
  assert.deepEqual(compareFingerprints(["a 1", "b 1"], ["a 1", "b 1"]), []);
  assert.deepEqual(compareFingerprints(["a 1", "b 1"], ["a 2", "b 1", "c"]), [
    "- a 1",
    "+ a 2",
    "+ c",
  ]);
});

Deno.test("sysctls: set, left alone where stricter or absent, and put back", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const start = { exact: "7", low: "0", strict: "2" };
    for (const [name, value] of Object.entries(start)) {
      Deno.writeTextFileSync(`${folder}/${name}`, `${value}\n`);
    }
    const pairs = [["exact", "1"], ["low", "1+"], ["strict", "1+"], ["absent", "1"]];
    const read = () =>
      Object.keys(start).map((n) => Deno.readTextFileSync(`${folder}/${n}`).trim());
    await mustSh("setting", SYSCTLS_ON, {
      args: [folder, ...pairs.flatMap(([name, value]) => [`${folder}/${name}`, value!])],
    });
    assert.deepEqual(read(), ["1", "1", "2"]);
    await mustSh("putting back", SYSCTLS_OFF, { args: [folder] });
    assert.deepEqual(read(), Object.values(start));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
