/**
 * Keys that sign logs, and that check them: Ed25519 (RFC 8032), as openssl writes them.
 *
 * @module
 */

import type { KeyObject } from "node:crypto";
import { EgressError } from "../supervisor/errors.ts";
import { UsageError } from "./args.ts";
import { readTextFile, reasonOf } from "./files.ts";

/** PEM files of this kind have a few hundred bytes. */
const MAX_KEY = 64 * 1024;

/**
 * Reads a private key before COMMAND starts. Whoever may read it could sign another log, so a file that is not
 * root's alone is refused. It may be a FIFO, which nobody can read a second time.
 *
 * @param file path of a PEM file (RFC 8410)
 * @throws {EgressError} if it cannot be read, others may read it, or it is no Ed25519 private key
 */
export async function readLogKey(file: string): Promise<KeyObject> {
  const unusable = (why: string, hint: string, cause?: unknown) =>
    new EgressError(`cannot use --log-key ${file}: ${why}`, hint, { cause });
  const make = `make one: openssl genpkey -algorithm ed25519 -out ${file}`;
  let pem: string;
  try {
    using opened = await Deno.open(file);
    const { uid, mode } = await opened.stat();
    if (uid !== 0 || ((mode ?? 0) & 0o077) !== 0) {
      throw unusable("others than root may read it", `chown root ${file}; chmod 600 ${file}`);
    }
    pem = await new Response(opened.readable).text();
  } catch (error) {
    if (error instanceof EgressError) throw error;
    throw unusable(reasonOf(error), make, error);
  }
  const { createPrivateKey } = await import("node:crypto");
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch (error) {
    throw unusable("it holds no private key in PEM form", make, error);
  }
  throw unusable("it is no Ed25519 key", make);
}

/**
 * Reads the public key that a log is checked with.
 *
 * @param file path of a PEM file; one with the private key will do
 * @throws {UsageError} if it cannot be read or is no Ed25519 key
 */
export async function readPublicKey(file: string): Promise<KeyObject> {
  const pem = await readTextFile(file, MAX_KEY);
  const { createPublicKey } = await import("node:crypto");
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch (error) {
    throw new UsageError(`${file} holds no public key in PEM form: ${reasonOf(error)}`);
  }
  throw new UsageError(`${file} is no Ed25519 key`);
}
