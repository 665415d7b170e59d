/**
 * The narrowest rule that would allow what was denied.
 *
 * @module
 */

import type { PolicyEvent } from "../protocol/event.ts";
import type { Target } from "./select.ts";
import type { RequestUrl } from "./url.ts";

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]);

/** Rule for a connection as a whole: its name if it has one, else its address. */
export function rawHint(target: Target): string | undefined {
  if (target.port === 0) return undefined;
  const host = target.names[0] ?? (target.address === null ? undefined : target.event.dst_ip);
  return host && host + portPart(target) + exePart(target.event);
}

/**
 * Rule for a request: this method and path of this host, and nothing else of it. Where a path has
 * several readings, or the host is neither a name nor where the request goes, no URL rule is exact.
 */
export function requestHint(target: Target, url: RequestUrl, method: string): string | undefined {
  const host = target.names[0] ?? (target.byAddress ? url.address : null);
  const reading = url.readings?.length === 1 ? url.readings[0] : undefined;
  if (host === null || !reading || target.port === 0) return rawHint(target);
  const standard = url.scheme === "https" ? 443 : 80;
  const port = target.port === standard ? "" : `:${target.port}`;
  // one trailing slash is ignored, so an empty last segment needs another one
  const path = reading.map(ruleSegment).join("/") + (reading.at(-1) === "" ? "/" : "");
  const verb = METHODS.has(method) ? method : "*";
  return `${verb} ${url.scheme}://${host}${port}/${path}${exePart(target.event)}`;
}

/** Rule for a lookup: first the resolver, then the name. */
export function lookupHint(target: Target, name: string, resolver: boolean): string | undefined {
  return resolver ? `dns:${name}${exePart(target.event)}` : rawHint(target);
}

function portPart({ port, protocol }: Target): string {
  if (protocol === "udp") return `:${port}/udp`;
  return port === 443 ? "" : `:${port}`;
}

/** What a rule's path cannot hold becomes `*`. */
function ruleSegment(segment: string): string {
  return segment.replace(/[^A-Za-z0-9_.~*%+-]+/g, "*");
}

/** ` exe=...`, quoted as needed; empty if the executable is not known. */
function exePart({ exe }: PolicyEvent): string {
  if (typeof exe !== "string" || exe === "") return "";
  return ` exe=${quoteValue(exe)}`;
}

/** Writes a text as an attribute's value that means exactly it, as far as the language can. */
export function quoteValue(text: string): string {
  if (/^[^ \t\r\n#\]"`*][^ \t\r\n#\]*]*$/.test(text)) return text;
  if (!/["\n]/.test(text)) return `"${text}"`;
  return `\`${text.replace(/[`\n]/g, "*")}\``;
}
