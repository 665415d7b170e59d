import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { Chain, GENESIS, isSignedBy, lineHash } from "./chain.ts";

const event = (name: string) => ({ ts: "2026-01-01T00:00:00.000Z", type: "dns" as const, name });

Deno.test("each line's last field is the SHA-256 of the line before", () => {
  const chain = new Chain(GENESIS);
  const first = chain.seal(event("a"));
  const second = chain.seal(event("ü\ud800"));
  const third = chain.seal(event("c"));
  assert.match(first, /,"prev":"0{64}"\}\n$/);
  for (const [line, before] of [[second, first], [third, second]] as const) {
    const hash = createHash("sha256").update(before.slice(0, -1)).digest("hex");
    assert.ok(line.endsWith(`,"prev":"${hash}"}\n`), line);
    assert.equal(JSON.parse(line).prev, hash);
  }
});

Deno.test("a line has the same hash as text and as the bytes of a file", () => {
  const line = new Chain(GENESIS).seal(event("ü🙂\ud800")).slice(0, -1);
  assert.equal(lineHash(line), lineHash(new TextEncoder().encode(line)));
});

Deno.test("a signature covers the whole line, and only its own key", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const chain = new Chain(GENESIS);
  const line = chain.seal(event("a"), privateKey).slice(0, -1);
  assert.match(line, /,"prev":"0{64}","sig":"[^"]+"\}$/);
  assert.ok(isSignedBy(line, publicKey));
  assert.ok(!isSignedBy(line.replace('"a"', '"b"'), publicKey));
  assert.ok(!isSignedBy(line.replace(/0{64}/, "1".repeat(64)), publicKey));
  assert.ok(!isSignedBy(line, generateKeyPairSync("ed25519").publicKey));
  assert.ok(!isSignedBy(new Chain(GENESIS).seal(event("a")).slice(0, -1), publicKey));
  // The next line is linked to it as it stands, signature included.
  assert.equal(JSON.parse(chain.seal(event("b"))).prev, lineHash(line));
});
