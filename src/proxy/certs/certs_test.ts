import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SharedLeaf } from "../../protocol/mod.ts";
import { loadCa, makeCa } from "./ca.ts";
import { Minter } from "./minter.ts";

function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "egress-certs-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (
  const [host, option] of [
    ["a.example", "-verify_hostname"],
    ["with_underscore.a.example", "-verify_hostname"],
    ["a-very-long-label-".repeat(3) + "end.".repeat(6) + "example", "-verify_hostname"],
    ["192.0.2.7", "-verify_ip"],
  ] as const
) {
  Deno.test(`openssl accepts the leaf of ${host} in strict mode`, async () => {
    const ca = await makeCa();
    const leaf = await new Minter(await loadCa(ca)).leaf(host);
    withFolder((folder) => {
      const caFile = join(folder, "ca.pem");
      const leafFile = join(folder, "leaf.pem");
      writeFileSync(caFile, ca.certPem);
      writeFileSync(leafFile, leaf.cert);
      const arguments_ = ["verify", "-x509_strict", "-purpose", "sslserver", option, host];
      const out = execFileSync("openssl", [...arguments_, "-CAfile", caFile, leafFile]);
      assert.match(String(out), /: OK/);
      assert.throws(() =>
        execFileSync("openssl", [
          ...["verify", "-verify_hostname", "other.example", "-CAfile", caFile, leafFile],
        ], { stdio: "pipe" })
      );
    });
  });
}

Deno.test("a leaf is minted once a host, also when asked for twice at a time", async () => {
  const minter = new Minter(await loadCa(await makeCa()));
  const [one, two] = await Promise.all([minter.leaf("a.example"), minter.leaf("a.example")]);
  assert.equal(one, two);
  await minter.leaf("b.example");
  assert.equal(minter.minted, 2);
});

Deno.test("damaged CA material is refused", async () => {
  const ca = await makeCa();
  await assert.rejects(() => loadCa({ ...ca, certPem: "nothing" }), SyntaxError);
  await assert.rejects(() => loadCa({ ...ca, keyPem: ca.certPem }), SyntaxError);
});

Deno.test("siblings show one leaf: each tells what it mints, and takes what it is told", async () => {
  const ca = await makeCa();
  const told: SharedLeaf[] = [];
  const one = new Minter(await loadCa(ca), (leaf) => told.push(leaf));
  const two = new Minter(await loadCa(ca));
  const first = await one.leaf("a.example");
  const other = two.leaf("a.example");
  two.adopt(told[0]!); // while it mints its own
  assert.notEqual((await other).cert, first.cert);
  assert.deepEqual(await two.leaf("a.example"), first);
  assert.equal(told.length, 1);
});
