/**
 * What the engine is asked about, and what it answers.
 *
 * @module
 */

/** Who caused an event. What is not known is absent; it then matches no attribute. */
export interface ProcessInfo {
  pid?: number;
  /** Path of the executable. */
  exe?: string;
  cmdline?: string[];
  /** cgroup v2 path, from its root. */
  cgroup?: string;
  /** GITHUB_ACTION of the step. */
  step?: string;
  /** GITHUB_ACTION_REPOSITORY of the step's action. */
  action?: string;
  /** Container image name. */
  image?: string;
  /** Executables of the ancestors, parent first, at most 8. */
  ancestry?: string[];
  /**
   * The machine's resolver, which asks for others: attributes of rules do not count for its lookups, since nobody
   * knows whose they are.
   */
  resolver?: boolean;
}

/** The part of an event that says what happened (conformance-protocol.md, `check`). */
export interface TrafficEvent {
  /** `https` with `url` is a request; without, a TLS handshake. */
  type: "https" | "http" | "tcp" | "udp" | "dns";
  dst_ip: string;
  dst_port: number;
  /** SNI of a handshake, or a name already known for a tcp connection. */
  host?: string;
  /** The handshake could be decrypted and each request judged later. */
  intercept?: boolean;
  url?: string;
  method?: string;
  /** The name that a `dns` event asks for. */
  name?: string;
  /** Whose credentials a request carries. Absent: nobody looked; no rule with `token=job` selects it. */
  token?: TokenOwner;
}

/**
 * `job`: the job's own GitHub token and no other; `foreign`: any credential besides; `none`: none.
 */
export type TokenOwner = "job" | "foreign" | "none";

/** A question to the engine. */
export type PolicyEvent = TrafficEvent & ProcessInfo;

/** An answer of a resolver that was let through. */
export interface DnsAnswer {
  name: string;
  ips: string[];
  /** Seconds, as the answer said; the engine clamps it to 60..3600. */
  ttl: number;
}

/** Why something was denied. Fixed codes: users filter on them. */
export type DenyReason =
  | "no_rule" // no rule selects it
  | "host_mismatch" // Host / :authority differs from the SNI, or the destination is not the name's
  | "unresolved_destination" // no lookup of the name gave this address
  | "doh" // DNS over HTTPS inside an allowed connection
  | "malformed" // not parseable as what it claims to be
  | "container" // it could become root of the machine (src/containers)
  | "gate" // the last gate dropped it
  | "unattributed" // no process is known for it
  | "direct" // sent to the proxy's own port rather than redirected
  | "token_required" // a rule would allow it with the job's own token
  | "foreign_token" // it carries another token to GitHub than the job's own
  | "package_security" // the package is known to be bad, or could not be checked
  | "method" // a CONNECT or another method the proxy does not relay
  | "log_failed" // the log cannot be written: nothing may pass unlogged
  | "unavailable"; // a role is down or too slow

/** The engine's answer. */
export interface Verdict {
  /** What the policy says; goes into the log's `policy`. */
  policy: "allow" | "deny";
  /** Whether the traffic may go on: `policy` is allow, or audit mode. */
  pass: boolean;
  /** Index of the matching rule, its text and its line (from 1) in the policy. */
  rule?: number;
  rule_text?: string;
  rule_line?: number;
  /** Present exactly when `policy` is deny. */
  reason?: DenyReason;
  /** A rule that would allow what was denied. */
  hint?: string;
  /** Handshake only: do not decrypt. */
  passthrough: boolean;
  /** Handshake only: do not verify the upstream certificate. Never with `passthrough`. */
  insecure: boolean;
  /**
   * `connection`: holds for every request of this connection to this host (a rule that ignores
   * methods and paths matched), so the proxy need not ask again until it is told `revoke`.
   */
  hold: "request" | "connection";
  /**
   * Is `dst_ip` an address that a lookup of the event's name gave? `unknown`: no addresses are
   * known for the name; `other`: some are, and `dst_ip` is not among them; `none`: no name.
   * Also `confirmed` if an ip or cidr rule allows `dst_ip` itself: the name then does not matter,
   * and nothing else than `dst_ip` may be contacted for it.
   */
  destination: "confirmed" | "unknown" | "other" | "none";
  /** Raw TCP and UDP only: the name by which the rule matched, known from lookups of the address. */
  host?: string;
  /** UDP only: seconds the flow may live before it is judged again. */
  ttl?: number;
}
