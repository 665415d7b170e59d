/** One case of the policy language: what is sent to `egress conformance`, and what must come back. */
export interface Case {
  /** The sentence of the language that the case holds the command to. */
  readonly why: string;
  /** The line sent, as it stands. */
  readonly line: string;
  readonly expect: Expectation;
}

/** What a case says of the answer; see `judge.ts`. */
export type Expectation =
  | { kind: "verdicts"; verdicts: readonly string[] }
  | { kind: "rules"; rules: readonly Record<string, unknown>[] }
  | { kind: "mistakes"; lines: Readonly<Record<number, string>> }
  | { kind: "warnings"; codes: readonly string[] }
  | { kind: "answer"; answer: Record<string, unknown> }
  | { kind: "refused" };

/** An event with what is not said left to the defaults of the helpers below. */
export type Event = Record<string, unknown>;

/** The address and port of every connection whose case does not care. */
const DESTINATION = { dst_ip: "192.0.2.1", dst_port: 443 };

/** A TLS handshake with the server name `host` (none when null). */
export function tls(host: string | null, more: Event = {}): Event {
  return { type: "https", ...DESTINATION, ...(host === null ? {} : { host }), ...more };
}

/** A request; the connection's port is the URL's scheme's own unless `more` says otherwise. */
export function request(url: string, more: Event = {}): Event {
  const dst_port = /^http:/i.test(url) ? 80 : 443;
  return { type: "http", ...DESTINATION, dst_port, url, ...more };
}

/** Another TCP connection. */
export function tcp(dst_ip: string, dst_port: number, more: Event = {}): Event {
  return { type: "tcp", dst_ip, dst_port, ...more };
}

/** A datagram. */
export function udp(dst_ip: string, dst_port: number, more: Event = {}): Event {
  return { type: "udp", dst_ip, dst_port, ...more };
}

/** A lookup of `name` at the resolver 192.0.2.53. */
export function lookup(name: string, more: Event = {}): Event {
  return { type: "dns", dst_ip: "192.0.2.53", dst_port: 53, name, ...more };
}

/** An answer to a lookup of `name`. */
export function answer(name: string, ips: readonly string[], ttl = 300): Event {
  return { type: "dns_response", name, ips, ttl };
}

/** Time passes. */
export function advance(seconds: number): Event {
  return { type: "advance", seconds };
}

/**
 * Events and a verdict for each: `block`, or `allow` and the rule's index, then `passthrough` or
 * `insecure` where the answer must say so; `-` for the events that have none.
 */
export function judged(
  why: string,
  policy: string,
  pairs: readonly (readonly [Event, string])[],
  more: Record<string, unknown> = {},
): Case {
  return {
    why,
    line: JSON.stringify({ op: "check", policy, events: pairs.map(([event]) => event), ...more }),
    expect: { kind: "verdicts", verdicts: pairs.map(([, verdict]) => verdict) },
  };
}

/** A policy and the rules it gives, each by the keys that matter, without any mistake. */
export function gives(
  why: string,
  policy: string,
  rules: readonly Record<string, unknown>[],
  more: Record<string, unknown> = {},
): Case {
  return {
    why,
    line: JSON.stringify({ op: "parse", policy, ...more }),
    expect: { kind: "rules", rules },
  };
}

/** A policy and the lines of it that are mistakes, each with its code (`syntax` for any finer one). */
export function mistaken(
  why: string,
  policy: string,
  lines: Readonly<Record<number, string>>,
  more: Record<string, unknown> = {},
): Case {
  return {
    why,
    line: JSON.stringify({ op: "parse", policy, ...more }),
    expect: { kind: "mistakes", lines },
  };
}

/** Single-line policies that are each a syntax error, for one reason. */
export function allMistaken(why: string, policies: readonly string[]): Case[] {
  return policies.map((policy) =>
    mistaken(`${why}: ${JSON.stringify(policy)}`, policy, { 1: "syntax" })
  );
}

/** A policy and which of the three warnings with a fixed meaning `validate` gives. */
export function warned(why: string, policy: string, codes: readonly string[]): Case {
  return {
    why,
    line: JSON.stringify({ op: "validate", policy }),
    expect: { kind: "warnings", codes },
  };
}

/** A request and the keys its answer must have. */
export function answered(
  why: string,
  request: Record<string, unknown>,
  expected: Record<string, unknown>,
): Case {
  return { why, line: JSON.stringify(request), expect: { kind: "answer", answer: expected } };
}

/** A line that cannot be served. */
export function refused(why: string, line: string): Case {
  return { why, line, expect: { kind: "refused" } };
}
