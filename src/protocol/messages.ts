/**
 * The messages that the frames between roles carry.
 *
 * | link                 | medium                                | who opens it |
 * | -------------------- | ------------------------------------- | ------------ |
 * | supervisor - kernel  | the kernel role's stdin and stdout    | supervisor   |
 * | supervisor - proxy   | `supervisor.sock` (after boot by stdin) | proxy      |
 * | proxy - kernel       | `kernel.sock`                         | proxy        |
 * | kernel - engine      | two FIFOs that are the engine's fd 0 and 1 | kernel  |
 *
 * Every role's stdin starts with one boot frame (an `event`).
 *
 * @module
 */

import type { ControlAuthority, ControlBoot, ControlRequest } from "./control.ts";
import type { DnsAnswer, PolicyEvent, ProcessInfo, TrafficEvent, Verdict } from "./event.ts";
import type { LogEvent } from "./log.ts";
import type { LayerEntry } from "./playbook.ts";

/** A policy as it is handed to the engine. `text` has been validated by the supervisor. */
export interface PolicyLoad {
  text: string;
  audit: boolean;
  /** `owner/name` for the placeholders. */
  repository?: string;
  /** Rules put in front of the user's, as policy text (nameservers, runner defaults). */
  prelude: string;
  /** Attributes that every rule without its own gets, as in the conformance protocol. */
  defaultAttrs?: Record<string, { text: string; literal: boolean }>;
}

// ---------------------------------------------------------------- boot frames (stdin)

export interface KernelBoot {
  role: "kernel";
  /** Path of the BPF object file. */
  object: string;
  /** Folder of the scope's cgroup, as mounted. */
  scopeCgroupDir: string;
  /** Folder of the cgroup that the roles are in; absent: their sockets stay as they are. */
  rolesCgroupDir?: string;
  /** Where cgroup2 is mounted, so that ids become paths. */
  cgroupRoot: string;
  /** bpffs folder of this run for pins; exists. */
  pinDir: string;
  /** Where to listen for proxies. */
  socketPath: string;
  /** NFQUEUE number, 0..65535, and the marks of this run (32 bit, random, never 0). */
  queue: number;
  marks: Marks;
  audit: boolean;
  /** Start closed, for this reason, until an order says otherwise. */
  closed?: ClosedReason;
  /** Put the gate on the network namespace's uplinks too (kernels from 6.6 on; without it there, only the cgroup's). */
  uplinks?: boolean;
  /**
   * The scope is the whole machine: `scopeCgroupDir` is the root of all cgroups, and the gate at the uplinks
   * (which this implies) lets pass what the sockets of registered roles send (order `roles`) and flows that
   * are allowed, forwarded ones too, and nothing else.
   */
  machine?: boolean;
  /** What peers must say in `hello`. */
  secret: string;
  policy: PolicyLoad;
  /** FIFOs of the engine. */
  engine: EngineFifos;
  /** Docker's socket, for the names of images; absent: `/run/docker.sock`. */
  dockerSocket?: string;
  /** Absent: no control socket. */
  control?: ControlBoot;
}

/** Boot frame that only takes away what a killed kernel role left attached; `released` is the answer. */
export interface KernelRelease extends
  Pick<
    KernelBoot,
    "role" | "object" | "scopeCgroupDir" | "rolesCgroupDir" | "cgroupRoot" | "pinDir" | "machine"
  > {
  release: true;
}

export interface EngineFifos {
  /** Kernel writes, engine's fd 0. */
  requests: string;
  /** Engine's fd 1, kernel reads. */
  responses: string;
}

export interface Marks {
  allow: number;
  deny: number;
  dns: number;
  /** Packets of a container that are to be judged. */
  container: number;
  /** Packets of a container to another one, or to the machine. */
  inside: number;
}

/** The names of {@link Marks}. */
export const MARK_NAMES = ["allow", "deny", "dns", "container", "inside"] as const;

export interface ProxyBoot {
  role: "proxy";
  index: number;
  kernelSocket: string;
  supervisorSocket: string;
  secret: string;
  /** 127.0.0.1 ports; 0: choose a free one (first start), else re-use that one (restart). */
  frontPort: number;
  dnsPort: number;
  /** Share the ports with sibling processes: the kernel spreads connections and datagrams over them. */
  reusePort: boolean;
  /** Nameserver addresses for the proxy's own lookups. */
  nameservers: string[];
  /** PEM texts trusted for upstream besides the system's store. */
  upstreamCas: string[];
  /** Absent on the first start of the first proxy: it makes one and says it in `ready`. */
  ca?: CaMaterial;
  logQueries: boolean;
  /** Nothing is blocked: what the proxy itself finds wrong passes too where that is possible. */
  audit?: boolean;
  /**
   * Unix socket of the relay that dials without verifying certificates. Absent: there is none, and
   * `insecure` connections are refused as `unavailable`.
   */
  insecureSocket?: string;
  /** First-byte timer, ms: a silent client is judged as tcp after it. */
  silentMs: number;
  /**
   * Ask whether packages are known to be bad before they are downloaded. `strict`: refuse what could not
   * be checked. Absent: nobody is asked.
   */
  packageSecurity?: "lenient" | "strict";
  /** Tell what the layers see and say: for the recorder alone. */
  record?: boolean;
  /** Look at the tokens of requests. Absent: nobody asks for them. */
  tokens?: TokenBoot;
}

/** How the proxy tells the job's own GitHub token from others, without having it. */
export interface TokenBoot {
  /** Key of the HMAC-SHA256 that `digests` holds of the job's tokens; both base64. */
  key: string;
  digests: string[];
  /** Host that hands out OIDC tokens to the job. */
  oidcHost?: string;
  /** Refuse requests to GitHub with other credentials than the job's own. */
  denyForeign: boolean;
  /** Some rule asks for a token: look at every request, not at those to GitHub alone. */
  everywhere: boolean;
}

/**
 * Boot frame of the relay for `insecure` connections: the proxy's program in the role
 * `relay`. It says `{op: "ready"}` on stdout (an event) and ends when its stdin does.
 */
export interface RelayBoot {
  role: "relay";
  /** Unix socket to listen on; the proxies get it as `insecureSocket`. */
  socketPath: string;
}

export interface CaMaterial {
  /** The CA certificate, PEM. */
  certPem: string;
  /** PKCS#8, PEM. In memory only. */
  keyPem: string;
  /** The key of every leaf, PKCS#8, PEM: what one proxy minted another can show. In memory only. */
  leafKeyPem: string;
}

/** A leaf that a proxy minted, for its siblings: a client sees one certificate a host. */
export interface SharedLeaf {
  host: string;
  /** PEM. */
  cert: string;
  /** From when and until when it is to be used, ms since the epoch: a clock may be set back, too. */
  from: number;
  until: number;
}

/** Why everything is refused. */
export type ClosedReason = "log_failed" | "unavailable";

// ---------------------------------------------------------------- supervisor <-> kernel

export type SupervisorToKernel =
  | { op: "load"; policy: PolicyLoad } // request; answered {ok:true} or {error}
  | { op: "mode"; mode: "enforce" | "audit" | "closed"; reason?: string } // request
  | { op: "forget-udp" } // request: conntrack is to forget UDP flows that are older than the rules
  | { op: "engine"; fifos: EngineFifos } // request: a new engine process waits there
  | { op: "roles"; pids: number[] } // request: all role processes whose own traffic passes (machine)
  | { op: "status" } // request; answered KernelStatus
  | { op: "control-answer"; id: number; answer: unknown } // request: for the caller of `control`
  | { op: "stop" }; // request: unpin, detach, answer {ok:true}, exit 0

export type KernelToSupervisor =
  // event: programs attached, queue bound, sockets listening; with a control socket, who may use it
  | { op: "ready"; authority?: ControlAuthority }
  // event: a caller who may asks for this; answered by `control-answer` with the same id
  | { op: "control"; id: number; request: ControlRequest; caller: ProcessInfo }
  | { op: "fatal"; error: string; hint?: string } // event, then exit 1: cannot start
  | { op: "released" } // event, then exit 0: after a release
  | { op: "log"; event: LogEvent } // event
  | { op: "engine-lost"; reason: string }; // event: start a new one

export interface KernelStatus {
  gate: { passed: number; dropped: number; reported: number };
  queue: { packets: number; allowed: number; denied: number };
  processes: number;
  flows: number;
  questions: number;
  /** Devices whose way out has the gate; absent when the boot frame did not ask, or the kernel cannot. */
  uplinks?: number;
  rssBytes?: number;
}

// ---------------------------------------------------------------- supervisor <-> proxy

export type ProxyToSupervisor =
  | { op: "hello"; role: "proxy"; index: number; secret: string } // first frame, event
  | { op: "ready"; frontPort: number; dnsPort: number; ca?: CaMaterial } // event; ca if it made one
  | { op: "open"; conn: string; event: LogEvent } // event: under way for a while, not yet ended
  | { op: "log"; event: LogEvent; conn?: string } // event: write it (and forget the open one of conn)
  | { op: "leaf"; leaf: SharedLeaf } // event: it minted this one
  | { op: "record"; conn: string; entry: LayerEntry } // event: only if asked to record
  | { op: "package"; purl: string } // request: what does the first proxy know? answered PackageAnswer
  | { op: "fatal"; error: string; hint?: string };

export type SupervisorToProxy =
  | { op: "revoke"; audit?: boolean } // event: forget verdicts held for connections, judge tunnels again
  | { op: "leaf"; leaf: SharedLeaf } // event: show this one from now on
  | { op: "close"; reason: ClosedReason } // event: cut everything, refuse new
  | { op: "reopen" } // event: end of `close`
  | { op: "drain" } // request: finish what is under way (<= 2 s), flush the log, answer {ok:true}
  | { op: "package"; purl: string } // request to the first proxy; answered PackageAnswer
  | { op: "status" }; // request; answered ProxyStatus

/** What is known about a package. */
export type PackageAnswer =
  /** Known, and nothing that blocks it. */
  | { kind: "fine" }
  /** Not known. */
  | { kind: "unknown" }
  /** Known to be bad. */
  | { kind: "bad"; reasons: string[] }
  /** There was no answer that could be used. */
  | { kind: "failure"; why: string };

export interface ProxyStatus {
  connections: number;
  requests: number;
  minted: number;
  rssBytes?: number;
}

// ---------------------------------------------------------------- proxy <-> kernel

export type ProxyToKernel =
  | { op: "hello"; role: "proxy"; index: number; secret: string } // first frame, event
  | FlowQuestion // request, answered FlowAnswer
  | JudgeQuestion // request, answered Verdict
  | { op: "lookup"; answer: DnsAnswer }; // request, answered {ok:true} once the engine has it

/** Who sent this, and where to, before the redirect? `src_*` is the peer of the accepted socket. */
export interface FlowQuestion {
  op: "flow";
  protocol: "tcp" | "udp";
  src_ip: string;
  src_port: number;
  /** Our own end of it. */
  local_ip: string;
  local_port: number;
}

export type FlowAnswer =
  | {
    ok: true;
    /** Names the process in `judge`; valid while the connection lives. */
    flow: number;
    dst_ip: string;
    dst_port: number;
    process: ProcessInfo;
  }
  | { ok: false; reason: "direct" | "unattributed" | "unavailable" };

/** May this go on? The kernel adds the process of `flow`. */
export interface JudgeQuestion {
  op: "judge";
  flow: number;
  event: TrafficEvent;
}

/** Any role answers a request that it cannot serve with this. */
export interface ErrorAnswer {
  error: string;
}

// ---------------------------------------------------------------- kernel <-> engine

export type KernelToEngine =
  | { op: "load"; policy: PolicyLoad } // answered {ok:true} or {error}
  | { op: "judge"; event: PolicyEvent; now: number } // now: seconds, monotonic; answered Verdict
  | { op: "lookup"; answer: DnsAnswer; now: number } // answered {ok:true}
  | { op: "ping" }; // answered {ok:true}

export type { Verdict };
