/**
 * Telling the job's own GitHub token from others without having it: tokens are kept as HMAC-SHA256 under a
 * key of the run.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Credential } from "./credentials.ts";

/** What is known of the job's tokens. Both parts are base64. */
export interface TokenDigests {
  /** 32 random bytes, drawn for the run. */
  key: string;
  /** HMAC-SHA256 of each token under the key. */
  digests: string[];
}

const KEY_BYTES = 32;
const ALGORITHM = "sha256";
/** Printable ASCII without blanks, so that a token has one reading in any header. */
const TOKEN = /^[\x21-\x7e]{8,8192}$/;

/** Can this be a token? Shorter ones would be met by accident. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Keeps what is needed to recognise tokens. */
export function digestTokens(tokens: readonly string[]): TokenDigests {
  const key = randomBytes(KEY_BYTES);
  const digests = tokens.map((token) => mac(key, token).toString("base64"));
  return { key: key.toString("base64"), digests };
}

function mac(key: Buffer, token: string): Buffer {
  return createHmac(ALGORITHM, key).update(token, "latin1").digest();
}

/** The job's own tokens, to compare credentials with. */
export class JobTokens {
  readonly #key: Buffer;
  readonly #digests: Buffer[];

  constructor({ key, digests }: TokenDigests) {
    this.#key = Buffer.from(key, "base64");
    this.#digests = digests.map((digest) => Buffer.from(digest, "base64"));
  }

  /**
   * Whose credentials these are: `job` only if each of them is a token of the job.
   *
   * @param credentials from `credentialsOf`
   */
  ownerOf(credentials: readonly Credential[]): "job" | "foreign" | "none" {
    if (credentials.length === 0) return "none";
    return credentials.every((credential) => credential !== null && this.#has(credential))
      ? "job"
      : "foreign";
  }

  /** Compares with every token, each in constant time, so that no duration tells how much fits. */
  #has(token: string): boolean {
    const digest = mac(this.#key, token);
    let found = false;
    for (const own of this.#digests) found = timingSafeEqual(digest, own) || found;
    return found;
  }
}

/**
 * Domains of GitHub whose hosts take tokens. Its container registry hands out its own and is not among
 * them.
 */
export const GITHUB_DOMAINS: readonly string[] = ["github.com", "githubusercontent.com", "ghe.com"];

/**
 * Is it a host of GitHub?
 *
 * @param host lower case, without a trailing dot
 */
export function isGithubHost(host: string): boolean {
  return GITHUB_DOMAINS.some((name) => host === name || host.endsWith(`.${name}`));
}
