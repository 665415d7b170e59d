/**
 * Leaves of the run's CA, one a host.
 *
 * @module
 */

import { parseIpv4 } from "../layers/address.ts";
import type { Authority } from "./ca.ts";
import { toPem } from "./pem.ts";
import { EMPTY_NAME, issue, keyIdOf, leafExtensions } from "./x509.ts";

/** A certificate chain and its key, PEM. */
export interface Leaf {
  cert: string;
  key: string;
}

const LIFETIME_MS = 24 * 60 * 60 * 1000;
/** A cached leaf is renewed this long before it ends. */
const RENEW_MS = 60 * 60 * 1000;
const MAX_CACHED = 4096;

interface Cached {
  leaf: Promise<Leaf>;
  until: number;
}

interface LeafKey {
  spki: Uint8Array<ArrayBuffer>;
  keyId: Uint8Array;
  pem: string;
}

/** Mints and caches leaves. All of them share one key: the private half never leaves this process. */
export class Minter {
  readonly #authority: Authority;
  readonly #cache = new Map<string, Cached>();
  #key: Promise<LeafKey> | undefined;
  /** Leaves minted so far. */
  minted = 0;

  constructor(authority: Authority) {
    this.#authority = authority;
  }

  /** The leaf for a host name or address, minted if there is none with an hour left. */
  leaf(host: string): Promise<Leaf> {
    const cached = this.#cache.get(host);
    if (cached && cached.until > Date.now()) return cached.leaf;
    this.#cache.delete(host);
    if (this.#cache.size >= MAX_CACHED) this.#cache.delete(this.#cache.keys().next().value!);
    const leaf = this.#mint(host);
    this.#cache.set(host, { leaf, until: Date.now() + LIFETIME_MS - RENEW_MS });
    leaf.catch(() => this.#cache.delete(host));
    return leaf;
  }

  async #mint(host: string): Promise<Leaf> {
    const key = await (this.#key ??= makeLeafKey());
    const { subject, keyId, key: signer } = this.#authority;
    const address = parseIpv4(host);
    const cert = await issue({
      subject: EMPTY_NAME,
      issuer: subject,
      publicKey: key.spki,
      lifetimeMs: LIFETIME_MS,
      extensions: leafExtensions(host, address, key.keyId, keyId),
    }, signer);
    this.minted++;
    return { cert, key: key.pem };
  }
}

async function makeLeafKey(): Promise<LeafKey> {
  const pair = await crypto.subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" },
    true,
    ["sign", "verify"],
  );
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  return { spki, keyId: await keyIdOf(spki), pem: toPem("PRIVATE KEY", pkcs8) };
}
