/**
 * The chain that the lines of a connection log make: the last field of each, `prev`, is the SHA-256 of the line
 * before it, so that a line cannot be changed, moved or taken out without showing (docs/log.md).
 *
 * Not part of mod.ts: loading node:crypto takes tens of milliseconds, which only who needs it should pay.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { hash, type KeyObject, sign, verify } from "node:crypto";
import { formatLogLine, type LogEvent } from "./log.ts";

/** `prev` of a log's very first line. */
export const GENESIS = "0".repeat(64);

/**
 * The name of a line in the chain: the SHA-256 of its bytes without the line end, 64 lower-case hexadecimal digits.
 *
 * @param line text is hashed as UTF-8
 */
export function lineHash(line: string | Uint8Array): string {
  return hash("sha256", line, "hex");
}

/** Makes lines, each linked to the one before. */
export class Chain {
  #head: string;

  /** @param head {@link lineHash} of the line that stands before, or {@link GENESIS} */
  constructor(head: string) {
    this.#head = head;
  }

  /**
   * The next line.
   *
   * @param key Ed25519 private key that signs it: what is signed is the line as it would be without `sig`
   * @returns JSON with its line end
   */
  seal(event: LogEvent, key?: KeyObject): string {
    let line = formatLogLine({ ...event, prev: this.#head });
    if (key !== undefined) {
      const sig = sign(null, new TextEncoder().encode(line.slice(0, -1)), key).toString("base64");
      line = `${line.slice(0, -2)},"sig":"${sig}"}\n`;
    }
    this.#head = lineHash(line.slice(0, -1));
    return line;
  }
}

/** A signature as {@link Chain.seal} puts it: 64 bytes in base64 (RFC 8032, section 5.1.6) at the line's end. */
const SIGNED = /^(.*),"sig":"([A-Za-z0-9+/]{86}==)"\}$/s;

/**
 * Checks a signed line.
 *
 * @param line without its line end
 * @param key Ed25519 public key
 */
export function isSignedBy(line: string, key: KeyObject): boolean {
  const [, rest, sig] = SIGNED.exec(line) ?? [];
  if (rest === undefined || sig === undefined) return false;
  return verify(null, new TextEncoder().encode(`${rest}}`), key, Buffer.from(sig, "base64"));
}
