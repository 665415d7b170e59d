/**
 * The static table of HPACK (RFC 7541 appendix A).
 *
 * @module
 */

/** One header field. Names and values are Latin-1: a character a byte. */
export interface Field {
  name: string;
  value: string;
  /** Must never enter a dynamic table, on no hop (RFC 7541 section 6.2.3). */
  sensitive: boolean;
}

/** `name` or `name|value`, index 1 first. */
const ENTRIES = ":authority;:method|GET;:method|POST;:path|/;:path|/index.html;:scheme|http;" +
  ":scheme|https;:status|200;:status|204;:status|206;:status|304;:status|400;:status|404;" +
  ":status|500;accept-charset;accept-encoding|gzip, deflate;accept-language;accept-ranges;accept;" +
  "access-control-allow-origin;age;allow;authorization;cache-control;content-disposition;" +
  "content-encoding;content-language;content-length;content-location;content-range;content-type;" +
  "cookie;date;etag;expect;expires;from;host;if-match;if-modified-since;if-none-match;if-range;" +
  "if-unmodified-since;last-modified;link;location;max-forwards;proxy-authenticate;" +
  "proxy-authorization;range;referer;refresh;retry-after;server;set-cookie;" +
  "strict-transport-security;transfer-encoding;user-agent;vary;via;www-authenticate";

/** The entries; index 1 of HPACK is element 0. */
export const STATIC_TABLE: readonly Field[] = ENTRIES.split(";").map((entry) => {
  const [name = "", value = ""] = entry.split("|");
  return { name, value, sensitive: false };
});

/** Where a name stands in the table, and its values there. */
export interface StaticName {
  /** Lowest index with this name, 1..61. */
  index: number;
  /** Index by value. */
  values: ReadonlyMap<string, number>;
}

/** The table by name. */
export const STATIC_NAMES: ReadonlyMap<string, StaticName> = byName();

function byName(): Map<string, StaticName> {
  const names = new Map<string, { index: number; values: Map<string, number> }>();
  STATIC_TABLE.forEach(({ name, value }, at) => {
    const known = names.get(name) ?? { index: at + 1, values: new Map() };
    if (value !== "") known.values.set(value, at + 1);
    names.set(name, known);
  });
  return names;
}
