/**
 * The scopes of the workflow token that requests need (conformance-protocol.md, `permissions`).
 *
 * @module
 */

import { type Access, findRoute } from "./routes.ts";

/** One request of a log. */
export interface TokenRequest {
  /** Full URL; its query may be missing. */
  url: string;
  method: string;
  /** Did it carry the workflow token? Others need no scope. */
  token: boolean;
}

/** What a log's requests need. */
export interface TokenPermissions {
  /** Scope to the higher access needed, keys sorted. */
  permissions: Record<string, Access>;
  /** `[method, path]` of API requests that are in no row of the table; sorted, each once. */
  unknown: [method: string, path: string][];
}

/** What one request needs; `none`: nothing, or it has nothing to do with GitHub. */
type Need = { scope: string; access: Access } | "none" | "unknown";

/** Derives the `permissions:` of a workflow from its requests. Pure; odd URLs are skipped. */
export function permissionsFor(connections: readonly TokenRequest[]): TokenPermissions {
  const needed = new Map<string, Access>();
  const unknown = new Map<string, [string, string]>();
  for (const { url, method, token } of connections) {
    const parsed = token ? parseUrl(url) : null;
    if (!parsed) continue;
    const verb = (method || "GET").toUpperCase();
    const need = needOf(verb, parsed);
    if (need === "none") continue;
    if (need === "unknown") {
      const path = parsed.pathname;
      unknown.set(`${verb} ${path}`, [verb, path]);
    } else if (needed.get(need.scope) !== "write") needed.set(need.scope, need.access);
  }
  return {
    permissions: Object.fromEntries([...needed].sort(([a], [b]) => compare(a, b))),
    unknown: [...unknown.values()].sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1])),
  };
}

/** Is it the endpoint that hands out OIDC tokens to a job with `id-token: write`? */
export function isOidcRequest(url: string): boolean {
  const parsed = parseUrl(url);
  return parsed !== null && isOidc(parsed.hostname, segmentsOf(parsed));
}

function isOidc(host: string, segments: readonly string[]): boolean {
  return host.endsWith(".actions.githubusercontent.com") &&
    segments.some((segment) => segment.toLowerCase() === "idtoken");
}

function needOf(method: string, url: URL): Need {
  const host = url.hostname;
  const segments = segmentsOf(url);
  const git = gitNeed(method, url, segments);
  if (git) return git;
  if (isOidc(host, segments)) return { scope: "id-token", access: "write" };
  if (host === "api.github.com" || host === "uploads.github.com") return apiNeed(method, segments);
  if (segments[0] === "api" && segments[1] === "v3") return apiNeed(method, segments.slice(2));
  // Only GitHub's own container registry takes this token, so the shape of the path is enough.
  if (segments[0] === "v2" || host.endsWith(".pkg.github.com")) return plain("packages", method);
  if (host === "models.github.ai" || host === "models.inference.ai.azure.com") {
    return { scope: "models", access: "read" };
  }
  if (host === "codeload.github.com" || host === "raw.githubusercontent.com") {
    return plain("contents", method);
  }
  return host === "github.com" ? pageNeed(method, segments) : "none";
}

function apiNeed(method: string, segments: readonly string[]): Need {
  const route = findRoute(method, segments);
  if (!route || route.scope === undefined) return "unknown";
  if (route.scope === null) return "none";
  return { scope: route.scope, access: route.access ?? accessOf(method) };
}

/** Git over HTTPS (gitprotocol-http) and Git LFS, on any host. */
function gitNeed(method: string, url: URL, segments: readonly string[]): Need | null {
  const tail = segments.slice(2).join("/");
  const service = tail === "info/refs" ? url.searchParams.get("service") : tail;
  if (service === "git-receive-pack") return { scope: "contents", access: "write" };
  // Logs may lack the query: reading is what a bare `info/refs` shows for certain.
  if (service === "git-upload-pack" || tail === "info/refs") {
    return { scope: "contents", access: "read" };
  }
  if (tail.startsWith("info/lfs/locks")) return plain("contents", method);
  return tail.startsWith("info/lfs/") ? { scope: "contents", access: "read" } : null;
}

/** Downloads that github.com itself serves. */
function pageNeed(method: string, segments: readonly string[]): Need {
  const files = ["archive", "raw", "releases", "zipball", "tarball"];
  return files.includes(segments[2] ?? "") ? plain("contents", method) : "unknown";
}

function plain(scope: string, method: string): Need {
  return { scope, access: accessOf(method) };
}

function accessOf(method: string): Access {
  return method === "GET" || method === "HEAD" || method === "OPTIONS" ? "read" : "write";
}

function parseUrl(url: string): URL | null {
  try {
    const parsed = new URL(url);
    return /^https?:$/.test(parsed.protocol) ? parsed : null;
  } catch {
    return null; // a log may hold what a client sent, and that may be anything
  }
}

function segmentsOf(url: URL): string[] {
  return url.pathname.split("/").filter((part) => part !== "").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part; // a broken escape stands for itself
    }
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
