/**
 * What a request asks for: its target and Host put together (RFC 9112 sections 3.2 and 3.3).
 *
 * @module
 */

import { HeadError, type RequestHead, valuesOf } from "./http1_head.ts";

/** Where a request goes, in parts that have been checked. */
export interface Target {
  /** Lower case, without a trailing dot. */
  host: string;
  /** The port in Host, if it names one. */
  port?: number;
  /** Host as the client wrote it: what upstream is told. */
  authority: string;
  /** Origin form, `*` for OPTIONS. */
  path: string;
}

const AUTHORITY = /^([A-Za-z0-9_.-]{1,253}?)\.?(?::(\d{1,5}))?$/;
const ABSOLUTE = /^(https?):\/\/([^/?#]*)(\/[^#]*|\?[^#]*)?$/i;

/**
 * Reads the target of a request.
 *
 * @param scheme of the connection that the request came on
 * @returns the target, or why the request has none
 */
export function readTarget(head: RequestHead, scheme: "http" | "https"): Target | HeadError {
  const hosts = valuesOf(head.headers, "host");
  if (hosts.length !== 1) return new HeadError("there must be exactly one Host field");
  const host = readAuthority(hosts[0]!);
  if (host instanceof HeadError) return host;
  if (head.target.startsWith("/")) {
    if (head.target.includes("#")) return new HeadError("a fragment in the request target");
    return { ...host, path: head.target };
  }
  if (head.target === "*" && head.method === "OPTIONS") return { ...host, path: "*" };
  return readAbsolute(head.target, scheme, host);
}

/** The URL that a request is judged by; the port is the connection's. */
export function urlOf(scheme: "http" | "https", host: string, port: number, path: string): string {
  const standard = scheme === "https" ? 443 : 80;
  return `${scheme}://${host}${port === standard ? "" : `:${port}`}${path === "*" ? "/" : path}`;
}

/** A URL without its query: what the log shows unless queries are asked for. */
export function withoutQuery(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? url : url.slice(0, at);
}

function readAbsolute(
  target: string,
  scheme: string,
  host: Omit<Target, "path">,
): Target | HeadError {
  const match = ABSOLUTE.exec(target);
  if (!match || match[1]!.toLowerCase() !== scheme) {
    return new HeadError("the request target is malformed");
  }
  const authority = readAuthority(match[2]!);
  if (authority instanceof HeadError) return authority;
  // RFC 9112 section 3.2.2 lets the target win; servers differ, so both must say the same.
  if (authority.host !== host.host || authority.port !== host.port) {
    return new HeadError("Host differs from the request target");
  }
  const rest = match[3] ?? "/";
  return { ...host, path: rest.startsWith("?") ? "/" + rest : rest };
}

function readAuthority(text: string): Omit<Target, "path"> | HeadError {
  const match = AUTHORITY.exec(text);
  if (!match) return new HeadError("Host is malformed");
  const host = match[1]!.toLowerCase();
  if (match[2] === undefined) return { host, authority: text };
  const port = Number(match[2]);
  if (port < 1 || port > 65535) return new HeadError("Host has a port out of range");
  return { host, port, authority: text };
}
