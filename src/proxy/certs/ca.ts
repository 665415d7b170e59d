/**
 * The certificate authority of one run. Its key is only ever in memory.
 *
 * @module
 */

import { createPrivateKey, type KeyObject } from "node:crypto";
import type { CaMaterial } from "../../protocol/mod.ts";
import { child, decodeDer, type Node } from "./der.ts";
import { fromPem, toPem } from "./pem.ts";
import { caExtensions, commonName, issue, keyIdOf } from "./x509.ts";

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const LIFETIME_MS = 8 * 24 * 60 * 60 * 1000;

/** What minting leaves needs of the CA. */
export interface Authority {
  /** The CA's distinguished name. */
  subject: Node;
  keyId: Uint8Array;
  key: KeyObject;
  certPem: string;
  leafKey: LeafKey;
}

/** The key of all leaves. */
export interface LeafKey {
  spki: Uint8Array<ArrayBuffer>;
  keyId: Uint8Array;
  /** PKCS#8. */
  pem: string;
}

/** Makes a CA. Each one has a name of its own, so that verifiers which hold several tell them apart. */
export async function makeCa(): Promise<CaMaterial> {
  const [pair, leafPair] = await Promise.all([newPair(), newPair()]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  const subject = commonName(`egress CA ${crypto.randomUUID()}`);
  const [keyPem, leafKeyPem] = await Promise.all([privatePem(pair), privatePem(leafPair)]);
  const certPem = issue({
    subject,
    issuer: subject,
    publicKey,
    lifetimeMs: LIFETIME_MS,
    extensions: caExtensions(await keyIdOf(publicKey)),
  }, createPrivateKey(keyPem));
  return { certPem, keyPem, leafKeyPem };
}

function newPair(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(P256, true, ["sign", "verify"]);
}

async function privatePem({ privateKey }: CryptoKeyPair): Promise<string> {
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", privateKey);
  return toPem("PRIVATE KEY", new Uint8Array(pkcs8));
}

/**
 * Takes over CA material that {@link makeCa} made, here or in a sibling process.
 *
 * @throws {SyntaxError | TypeError | DOMException} if it is damaged
 */
export async function loadCa(material: CaMaterial): Promise<Authority> {
  const pkcs8 = fromPem("PRIVATE KEY", material.keyPem);
  const tbs = child(decodeDer(fromPem("CERTIFICATE", material.certPem)), 0);
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, P256, true, ["sign"]);
  const leafPkcs8 = fromPem("PRIVATE KEY", material.leafKeyPem);
  const leafKey = await crypto.subtle.importKey("pkcs8", leafPkcs8, P256, true, ["sign"]);
  const spki = await publicKeyOf(leafKey);
  return {
    subject: child(tbs, 5),
    keyId: await keyIdOf(await publicKeyOf(key)),
    key: createPrivateKey(material.keyPem),
    certPem: material.certPem,
    leafKey: { spki, keyId: await keyIdOf(spki), pem: material.leafKeyPem },
  };
}

async function publicKeyOf(key: CryptoKey): Promise<Uint8Array<ArrayBuffer>> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", key);
  const half = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, P256, true, ["verify"]);
  return new Uint8Array(await crypto.subtle.exportKey("spki", half));
}
