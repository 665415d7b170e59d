/**
 * Files of the repository, through GitHub's API (https://docs.github.com/rest/repos/contents, media type `raw`).
 *
 * @module
 */

/** Longest wait for an answer, ms. */
const PATIENCE = 30_000;
/** Longest file, UTF-16 units. */
const MAX_FILE = 512 * 1024;

/**
 * Reads a file.
 *
 * @param path from the repository's root
 * @param sha of the commit
 * @param env the hook's environment
 * @param token may read the repository's contents; empty: none
 * @throws {Error} saying why it cannot be had
 */
export async function readFromCommit(
  path: string,
  sha: string,
  env: Record<string, string | undefined>,
  token: string,
): Promise<string> {
  const { GITHUB_API_URL: api, GITHUB_REPOSITORY: repository } = env;
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const response = await fetch(`${api}/repos/${repository}/contents/${encoded}?ref=${sha}`, {
    headers: {
      accept: "application/vnd.github.raw+json",
      "x-github-api-version": "2022-11-28",
      "user-agent": "egress-action",
      ...(token !== "" && { authorization: `Bearer ${token}` }),
    },
    signal: AbortSignal.timeout(PATIENCE),
  });
  const text = await response.text();
  if (response.status === 404) {
    throw new Error("it is not there, or `github-token` lacks the permission contents: read");
  }
  if (!response.ok) throw new Error(`GitHub's API answered ${response.status}`);
  // A folder's listing is JSON, whatever was asked for.
  if (response.headers.get("content-type")?.startsWith("application/json")) {
    throw new Error("it is a folder");
  }
  if (text.length > MAX_FILE) throw new Error(`it has more than ${MAX_FILE} characters`);
  return text;
}
