/**
 * Smart HTTP for git, through `git http-backend` (git-http-backend(1), a CGI program as in RFC 3875).
 *
 * @module
 */

import type { Site } from "./web.ts";

/**
 * Serves the bare repositories of a folder.
 *
 * @param folder Absolute path.
 * @param writable Also take pushes, from whoever comes.
 */
export function gitSite(folder: string, writable = false): Site {
  return async (request, body) => {
    const child = new Deno.Command("git", {
      args: ["http-backend"],
      env: environment(request, folder, writable),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(body);
    await writer.close();
    return response((await child.output()).stdout);
  };
}

function environment(
  request: Request,
  folder: string,
  writable: boolean,
): Record<string, string> {
  const { pathname, search } = new URL(request.url);
  const header = (name: string) => request.headers.get(name) ?? "";
  return {
    GIT_PROJECT_ROOT: folder,
    GIT_HTTP_EXPORT_ALL: "1",
    // The folder may belong to another user than the one that serves it.
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_0: "safe.directory",
    GIT_CONFIG_VALUE_0: "*",
    GIT_CONFIG_KEY_1: "http.receivepack",
    GIT_CONFIG_VALUE_1: String(writable),
    GIT_PROTOCOL: header("git-protocol"),
    REQUEST_METHOD: request.method,
    PATH_INFO: pathname,
    QUERY_STRING: search.slice(1),
    CONTENT_TYPE: header("content-type"),
    HTTP_CONTENT_ENCODING: header("content-encoding"),
  };
}

/** CGI: header lines, an empty line, the body; `Status` is the status line. */
function response(output: Uint8Array<ArrayBuffer>): Response {
  const end = findBlankLine(output);
  const headers = new Headers();
  for (const line of new TextDecoder().decode(output.subarray(0, end)).split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const status = parseInt(headers.get("status") ?? "200");
  headers.delete("status");
  return new Response(output.subarray(end + 4), { status, headers });
}

function findBlankLine(bytes: Uint8Array): number {
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) {
      return at;
    }
  }
  return bytes.length;
}
