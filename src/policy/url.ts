/**
 * URLs of requests and of rules.
 *
 * @module
 */

import { parseIpv4 } from "./address.ts";
import { eventName, foldAscii } from "./names.ts";
import { pathReadings } from "./path.ts";

/** A request's URL, as far as a policy looks at it. */
export interface RequestUrl {
  scheme: "http" | "https";
  /** Normal form of the host if it is a host name, else null. */
  name: string | null;
  /** The host if it is an IPv4 address, else null. */
  address: string | null;
  /** See {@link pathReadings}; null: no URL rule can match it. */
  readings: string[][] | null;
}

/** Controls and blanks of every kind; a lone surrogate cannot be sent. */
const FORBIDDEN = /[\p{Cc}\p{Z}\p{Cs}]/u;
const SHAPE = /^(https?):\/\/([^/?#]*)([^?#]*)/i;
const AUTHORITY = /^(?:[^@\\[\]]*@)?([^@:\\[\]]+)(?::([1-9][0-9]{0,4}))?$/;

/**
 * Reads the URL of a request.
 *
 * @returns null if it matches no rule at all: not a URL of http or https, a control character or a
 *   blank in it, an empty host, or an authority that is neither `host` nor `host:port`
 */
export function parseRequestUrl(url: unknown): RequestUrl | null {
  if (typeof url !== "string" || FORBIDDEN.test(url)) return null;
  const shape = SHAPE.exec(url);
  const authority = shape && AUTHORITY.exec(shape[2]!);
  if (!authority || Number(authority[2] ?? 1) > 65535) return null;
  const host = authority[1]!;
  return {
    scheme: foldAscii(shape[1]!) as "http" | "https",
    name: eventName(host),
    address: parseIpv4(host) === null ? null : host,
    readings: pathReadings(shape[3]!),
  };
}

/** Parts of the URL of a rule or header, which the parser has checked. */
export interface RuleUrl {
  scheme: "http" | "https";
  host: string;
  /** With its slash; empty if there is none. */
  path: string;
}

const RULE_URL = /^(https?):\/\/([A-Za-z0-9_.*-]+)(?::[0-9|*]+)?(.*)$/s;

/** Takes the URL of a rule apart; null if it is none. */
export function splitRuleUrl(url: string): RuleUrl | null {
  const match = RULE_URL.exec(url);
  return match && { scheme: match[1] as "http" | "https", host: match[2]!, path: match[3]! };
}
