/**
 * Fetches files whose SHA-256 is known beforehand.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { reasonOf } from "./errors.ts";
import type { Asset } from "./manifest.ts";

/** Largest file, bytes. */
const MAX_SIZE = 512 * 1024 * 1024;
const ATTEMPTS = 3;
/** Longest time for one attempt, ms. */
const PATIENCE = 120_000;

/** A file is not what the manifest says, or cannot be had. */
export class DownloadError extends Error {
  override name = "DownloadError";
}

/**
 * Fetches files side by side.
 *
 * @param base URL of the folder that they are in
 * @returns their bytes, in the order of `assets`, each with the right SHA-256
 * @throws {DownloadError}
 */
export function download(base: string, assets: Asset[]): Promise<Uint8Array[]> {
  return Promise.all(assets.map((asset) => fetchOne(`${base}/${asset.name}`, asset)));
}

async function fetchOne(url: string, asset: Asset): Promise<Uint8Array> {
  const bytes = await withRetries(url);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== asset.sha256) {
    throw new DownloadError(
      `${url} has the SHA-256 ${sha256}, not ${asset.sha256} as setup/deps.sha256 says: not used`,
    );
  }
  return bytes;
}

async function withRetries(url: string): Promise<Uint8Array> {
  for (let attempt = 1;; attempt++) {
    try {
      return await get(url);
    } catch (error) {
      if (attempt < ATTEMPTS && !(error instanceof DownloadError)) continue;
      throw new DownloadError(`cannot fetch ${url}: ${reasonOf(error)}`, { cause: error });
    }
  }
}

/** @throws {DownloadError} if trying again is of no use */
async function get(url: string): Promise<Uint8Array> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok) {
    await response.body?.cancel();
    const message = `the answer was ${response.status}`;
    throw response.status < 500 ? new DownloadError(message) : new Error(message);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_SIZE) throw new DownloadError(`it has more than ${MAX_SIZE} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
