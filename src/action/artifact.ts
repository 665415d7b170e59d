/**
 * Uploads one file as an artifact of the workflow run: the results service (Twirp, JSON, as @actions/artifact 6
 * speaks it), and the blob store that it names.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { reasonOf } from "./errors.ts";
import { backendIds } from "./runtime_token.ts";
import { zipOne } from "./zip.ts";

/** The service, as the runner's environment names it. */
export interface Results {
  /** ACTIONS_RESULTS_URL */
  url: string;
  /** ACTIONS_RUNTIME_TOKEN */
  token: string;
}

/** The run has an artifact of that name: another job's. */
export class NameTaken extends Error {
  override name = "NameTaken";
}

/** What the service says no to for good. */
class Rejected extends Error {
  override name = "Rejected";
}

const SERVICE = "twirp/github.actions.results.api.v1.ArtifactService";
const MIME = "application/zip";
/** The first version whose requests say the content's type. */
const VERSION = 7;
const ATTEMPTS = 4;
/** Pause before the first retry, ms; each further one takes twice the time. */
const PAUSE = 500;
/** Longest time for a call, and for the content, ms. */
const CALL_PATIENCE = 30_000;
const CONTENT_PATIENCE = 300_000;

/**
 * Uploads a file.
 *
 * @param name of the artifact
 * @param file name and content of the file in it
 * @returns its id
 * @throws {NameTaken}
 * @throws {Error} if it could not be uploaded
 */
export async function uploadArtifact(
  results: Results,
  name: string,
  file: { name: string; content: Uint8Array },
): Promise<string> {
  const ids = backendIds(results.token);
  const created = await call(results, "CreateArtifact", {
    ...ids,
    name,
    mime_type: MIME,
    version: VERSION,
  });
  const { signed_upload_url: target } = created;
  if (created["ok"] !== true || typeof target !== "string") {
    throw new Error("CreateArtifact: the service said no");
  }
  const archive = zipOne(file.name, file.content);
  await retrying("the upload", () => put(target, archive));
  const finalized = await call(results, "FinalizeArtifact", {
    ...ids,
    name,
    size: String(archive.length),
    hash: `sha256:${createHash("sha256").update(archive).digest("hex")}`,
  });
  if (finalized["ok"] !== true) throw new Error("FinalizeArtifact: the service said no");
  return String(finalized["artifact_id"]);
}

function call(
  { url, token }: Results,
  method: string,
  message: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  return retrying(method, async () => {
    const response = await fetch(new URL(`/${SERVICE}/${method}`, url), {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "user-agent": "egress-action",
      },
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(CALL_PATIENCE),
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as Record<string, unknown>;
    throw refusal(response.status, text);
  });
}

/** One Put Blob request (Azure's REST API), which takes up to 5,000 MiB. */
async function put(target: string, content: Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await fetch(target, {
    method: "PUT",
    headers: { "x-ms-blob-type": "BlockBlob", "x-ms-version": "2024-11-04", "content-type": MIME },
    body: content,
    signal: AbortSignal.timeout(CONTENT_PATIENCE),
  });
  const text = await response.text();
  if (!response.ok) throw refusal(response.status, text);
}

function refusal(status: number, text: string): Error {
  if (status === 409) return new NameTaken("an artifact of this name is there already");
  const message = `the answer was ${status}: ${text.slice(0, 200)}`;
  return status === 429 || status >= 500 ? new Error(message) : new Rejected(message);
}

async function retrying<T>(what: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof NameTaken) throw error;
      if (error instanceof Rejected || attempt === ATTEMPTS) {
        throw new Error(`${what}: ${reasonOf(error)}`, { cause: error });
      }
      await setTimeout(PAUSE * 2 ** (attempt - 1));
    }
  }
}
