import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
