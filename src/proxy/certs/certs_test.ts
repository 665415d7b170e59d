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
    const leaf = new Minter(await loadCa(ca)).leaf(host);
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

Deno.test("a leaf is minted once a host, and shown again", async () => {
  const minter = new Minter(await loadCa(await makeCa()));
  assert.equal(minter.leaf("a.example"), minter.leaf("a.example"));
  minter.leaf("b.example");
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
  const first = one.leaf("a.example");
  const other = two.leaf("a.example");
  two.adopt(told[0]!); // after it has minted its own
  assert.notEqual(other.cert, first.cert);
  assert.deepEqual(two.leaf("a.example"), first);
  assert.equal(told.length, 1);
});

Deno.test("a leaf is there while a hundred upstream connections are being closed", async () => {
  const ca = await makeCa();
  const minter = new Minter(await loadCa(ca));
  const { cert, key } = minter.leaf("localhost");
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  const { port } = listener.addr as Deno.NetAddr;
  const conns: Deno.TlsConn[] = [];
  // Deno's closing of a TLS 1.3 client occupies one of 32 threads for 100 ms.
  while (conns.length < 100) {
    const [tcp, accepted] = await Promise.all([
      Deno.connect({ hostname: "127.0.0.1", port }),
      listener.accept(),
    ]);
    const client = await Deno.startTls(tcp, { hostname: "localhost", caCerts: [ca.certPem] });
    await Promise.all([client.handshake(), accepted.handshake()]);
    conns.push(client);
    accepted.close();
  }
  for (const conn of conns) conn.close();
  const order: string[] = [];
  const pooled = crypto.subtle.digest("SHA-256", new Uint8Array(1)).then(() => order.push("pool"));
  const leaf = Promise.resolve(minter.leaf("new.example")).then(() => order.push("leaf"));
  await Promise.all([pooled, leaf]);
  listener.close();
  assert.deepEqual(order, ["leaf", "pool"], "minting waits where closing does");
});
