/**
 * Leaves of the run's CA, one a host.
 *
 * @module
 */

import type { SharedLeaf } from "../../protocol/mod.ts";
import { parseIpv4 } from "../layers/address.ts";
import type { Authority } from "./ca.ts";
import { BACKDATE_MS, EMPTY_NAME, issue, leafExtensions } from "./x509.ts";

/** A certificate chain and its key, PEM. */
export interface Leaf {
  cert: string;
  key: string;
}

const LIFETIME_MS = 24 * 60 * 60 * 1000;
/** A cached leaf is renewed this long before it ends, or would not have begun yet. */
const RENEW_MS = 60 * 60 * 1000;
const MAX_CACHED = 4096;

interface Cached {
  leaf: Leaf;
  from: number;
  until: number;
}

/**
 * Mints and caches leaves. All of them share one key, which the sibling proxies have too; each leaf is
 * told to them, so that a client which meets two proxies sees one certificate.
 */
export class Minter {
  readonly #authority: Authority;
  readonly #tell: (leaf: SharedLeaf) => void;
  readonly #cache = new Map<string, Cached>();
  /** Leaves minted so far. */
  minted = 0;

  /** @param tell called for each leaf that is minted here */
  constructor(authority: Authority, tell: (leaf: SharedLeaf) => void = () => {}) {
    this.#authority = authority;
    this.#tell = tell;
  }

  /** The leaf for a host name or address, minted if there is none with an hour left. */
  leaf(host: string): Leaf {
    const cached = this.#cache.get(host);
    const now = Date.now();
    if (cached && cached.from <= now && now < cached.until) return cached.leaf;
    const from = now - BACKDATE_MS + RENEW_MS;
    const until = now + LIFETIME_MS - RENEW_MS;
    const leaf = this.#mint(host, from, until);
    this.#keep(host, { leaf, from, until });
    return leaf;
  }

  /**
   * Shows a sibling's leaf from now on. When two proxies mint for one host at a time, the supervisor
   * sends the one that it heard of first to both.
   */
  adopt({ host, cert, from, until }: SharedLeaf): void {
    this.#keep(host, { leaf: { cert, key: this.#authority.leafKey.pem }, from, until });
  }

  #keep(host: string, entry: Cached): void {
    this.#cache.delete(host); // the map's order is that of age
    if (this.#cache.size >= MAX_CACHED) this.#cache.delete(this.#cache.keys().next().value!);
    this.#cache.set(host, entry);
  }

  #mint(host: string, from: number, until: number): Leaf {
    const { subject, keyId, key: signer, leafKey } = this.#authority;
    const cert = issue({
      subject: EMPTY_NAME,
      issuer: subject,
      publicKey: leafKey.spki,
      lifetimeMs: LIFETIME_MS,
      extensions: leafExtensions(host, parseIpv4(host), leafKey.keyId, keyId),
    }, signer);
    this.minted++;
    this.#tell({ host, cert, from, until });
    return { cert, key: leafKey.pem };
  }
}
