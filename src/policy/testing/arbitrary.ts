/**
 * Random policies and events from so few words that they often meet.
 *
 * @module
 */

import fc from "fast-check";
import type { PolicyEvent } from "../../protocol/event.ts";

const label = fc.constantFrom("a", "b", "ab", "x-1");
const base = fc.constantFrom("e.com", "a.e.com");
const first = fc.constantFrom("*", "a*", "*b", "a*b", "b", "*.a", "*.a*", "*.*");
const host = fc.oneof(base, fc.tuple(label, base).map((p) => p.join(".")));
const pattern = fc.oneof(host, fc.tuple(first, base).map((p) => p.join(".")));
const address = fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.1.1", "192.0.2.1");
const block = fc.tuple(address, fc.constantFrom(0, 8, 24, 30, 32)).map((p) => p.join("/"));
const port = fc.constantFrom("", "", ":443", ":80", ":53/udp", ":80|443", ":*", ":*/udp");
const attr = fc.constantFrom(
  "",
  "",
  "",
  "",
  "",
  " exe=/bin/a",
  " exe=/bin/*",
  ' exe="/bin/*"',
  " arg=-x",
  " arg[1]=`* y`",
  " step=s exe=*a",
  " token=job",
);
const segment = fc.constantFrom("a", "b", "*", "a*", "v1", "*.tgz");
const rulePath = fc.tuple(fc.array(segment, { maxLength: 3 }), fc.constantFrom("", "/")).map(
  ([segments, slash]) => "/" + segments.join("/") + (segments.length > 0 ? slash : ""),
);
const methods = fc.constantFrom("", "", "POST ", "get|PUT ", "* ");
const scheme = fc.constantFrom("https", "https", "http");
const urlPort = fc.constantFrom("", "", ":443", ":80|443", ":*");

const join = (parts: string[]) => parts.join("");
const hostRule = fc.tuple(fc.oneof(pattern, address, block), port, attr).map(join);
const dnsRule = fc.tuple(fc.constant("dns:"), pattern, attr).map(join);
const origin = fc.tuple(scheme, fc.constant("://"), pattern, urlPort).map(join);
const urlRule = fc.tuple(methods, origin, rulePath, attr).map(join);
const pathRule = fc.tuple(methods, rulePath, attr).map(join);
const flagged = fc.tuple(pattern, fc.constantFrom(" passthrough", " insecure"), attr).map(join);
const header = fc.oneof(
  fc.constantFrom(
    "[]",
    "[:53/udp]",
    "[:80|443]",
    "[POST|GET]",
    "[exe=/bin/a]",
    "[passthrough]",
    "[token=job]",
  ),
  fc.tuple(fc.constant("["), origin, fc.constantFrom("", "/a", "/a/"), fc.constant("]")).map(join),
);

/** One line of a policy, mostly valid. */
export const policyLine = fc.oneof(
  { weight: 6, arbitrary: hostRule },
  { weight: 4, arbitrary: urlRule },
  { weight: 2, arbitrary: pathRule },
  { weight: 1, arbitrary: flagged },
  { weight: 1, arbitrary: dnsRule },
  { weight: 2, arbitrary: header },
);

/** Policy texts of up to 20 lines. */
export const policyText = fc.array(policyLine, { maxLength: 20, size: "max" }).map((lines) =>
  lines.join("\n")
);

const eventHost = fc.oneof(host, fc.tuple(label, host).map((p) => p.join(".")));
const process = fc.record({
  exe: fc.constantFrom("/bin/a", "/bin/b", "", "/bin/*"),
  cmdline: fc.constantFrom([], ["a", "-x"], ["a", "x y"]),
  step: fc.constantFrom("s", "t"),
}, { requiredKeys: [] });
const place = fc.record({ dst_ip: address, dst_port: fc.constantFrom(443, 443, 80, 53, 22) });
const requestPath = fc.array(fc.constantFrom("a", "b", "ab", "v1", "x.tgz"), { maxLength: 4 })
  .map((segments) => "/" + segments.join("/"));
const requestUrl = fc.tuple(
  scheme,
  fc.constant("://"),
  eventHost,
  requestPath,
  fc.constantFrom("", "/", "?q=/../", "#f"),
).map(join);

const what = fc.oneof(
  fc.record({
    type: fc.constant("https"),
    host: fc.option(eventHost, { nil: undefined, freq: 3 }),
    intercept: fc.boolean(),
  }),
  fc.record({
    type: fc.constantFrom("http", "https"),
    url: requestUrl,
    method: fc.constantFrom(undefined, "GET", "POST", "PUT", "BREW"),
    token: fc.constantFrom(undefined, "job", "job", "foreign", "none"),
  }),
  fc.record({ type: fc.constant("tcp"), host: fc.option(eventHost, { nil: undefined }) }),
  fc.record({ type: fc.constant("udp") }),
  fc.record({ type: fc.constant("dns"), name: eventHost }),
);

/** What lookups told. */
export const dnsAnswers = fc.array(
  fc.record({
    name: eventHost,
    ips: fc.array(address, { maxLength: 2 }),
    ttl: fc.constant(60),
  }),
  { maxLength: 6 },
);

/** Events of every type. */
export const policyEvent = fc.tuple(what, place, process)
  .map((parts) => Object.assign({}, ...parts) as PolicyEvent);
