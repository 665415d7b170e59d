/**
 * What all connections of this process share.
 *
 * @module
 */

import type { Minter } from "../certs/minter.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Watchdog } from "../io/watchdog.ts";
import type { KernelLink } from "../links/kernel.ts";
import type { SupervisorLink } from "../links/supervisor.ts";
import type { PackageGuard } from "../security/package_guard.ts";
import type { Tap } from "../tap/tap.ts";
import type { UpstreamPool } from "../upstream/pool.ts";
import type { Terminator } from "./terminator.ts";
import type { TokenGuard } from "./token_guard.ts";

/** A connection or query that is under way. */
export interface Live {
  /** Ends it at once. */
  abort(): void;
  /** Asks the policy again, after it has changed. */
  rejudge?(): Promise<void>;
  /** Nothing is under way on it: it may end without loss. */
  readonly idle: boolean;
}

/** Settings from the boot frame that connections need. */
export interface Settings {
  upstreamCas: string[];
  insecureSocket?: string;
  logQueries: boolean;
  silentMs: number;
}

/** The shared services and state. */
export interface Proxy {
  readonly settings: Settings;
  readonly kernel: KernelLink;
  readonly supervisor: SupervisorLink;
  readonly watchdog: Watchdog;
  readonly minter: Minter;
  readonly terminator: Terminator;
  readonly resolver: Resolver;
  readonly pool: UpstreamPool;
  /** Absent unless packages are to be checked. */
  readonly packages?: PackageGuard;
  /** Absent unless tokens are asked for. */
  readonly tokens?: TokenGuard;
  readonly live: Set<Live>;
  readonly state: State;
  /** Records what the layers do; absent but for the recorder. */
  readonly tap?: Tap;
}

/** State that the supervisor's orders change. */
export interface State {
  /** Nothing is blocked. */
  audit: boolean;
  /** Grows when held verdicts are to be forgotten. */
  epoch: number;
  /** Refuse everything, for this reason. */
  closed?: "log_failed" | "unavailable";
  /** Client connections that are open. */
  connections: number;
  /** Requests served so far. */
  requests: number;
}
