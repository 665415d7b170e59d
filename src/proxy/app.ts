/**
 * Puts the proxy together and runs it.
 *
 * @module
 */

import type {
  CaMaterial,
  ClosedReason,
  PackageAnswer,
  ProxyBoot,
  ProxyStatus,
  SharedLeaf,
} from "../protocol/mod.ts";
import { VERSION } from "../protocol/version.ts";
import { type Authority, loadCa, makeCa } from "./certs/ca.ts";
import { Minter } from "./certs/minter.ts";
import { Resolver } from "./dns/resolver.ts";
import { serveDnsDatagrams } from "./dns/udp_server.ts";
import { Watchdog } from "./io/watchdog.ts";
import { KernelLink } from "./links/kernel.ts";
import { type Orders, SupervisorLink } from "./links/supervisor.ts";
import { reportFault } from "./session/fault.ts";
import { PackageGuard } from "./security/package_guard.ts";
import { serveFront } from "./session/front.ts";
import type { Live, Proxy, State } from "./session/proxy.ts";
import { Terminator } from "./session/terminator.ts";
import { Tap } from "./tap/tap.ts";
import { TokenGuard } from "./session/token_guard.ts";
import { UpstreamPool } from "./upstream/pool.ts";

const HOST = "127.0.0.1";
/** How long `drain` waits for what is under way. */
const DRAIN_MS = 2000;
const DRAIN_POLL_MS = 20;

/** The running role. */
class App implements Orders {
  readonly state: State;
  readonly live = new Set<Live>();
  readonly supervisor = new SupervisorLink(this);
  readonly watchdog = new Watchdog();
  readonly pool = new UpstreamPool(this.watchdog);
  minter: Minter | undefined;
  packages: PackageGuard | undefined;
  /** Siblings' leaves that came before there was a minter. */
  #early: SharedLeaf[] = [];

  constructor(readonly boot: ProxyBoot) {
    this.state = { audit: boot.audit ?? false, epoch: 0, connections: 0, requests: 0 };
  }

  revoke(audit: boolean | undefined): void {
    this.state.epoch++;
    if (audit !== undefined) this.state.audit = audit;
    for (const live of this.live) {
      live.rejudge?.().catch((error) => {
        live.abort();
        reportFault(this, error);
      });
    }
  }

  close(reason: ClosedReason): void {
    this.state.closed = reason;
    this.#abortAll();
  }

  adopt(leaf: SharedLeaf): void {
    if (this.minter) this.minter.adopt(leaf);
    else this.#early.push(leaf);
  }

  /** Leaves that are minted from now on are told to the siblings. */
  makeMinter(authority: Authority): Minter {
    this.minter = new Minter(authority, (leaf) => this.supervisor.tell({ op: "leaf", leaf }));
    for (const leaf of this.#early.splice(0)) this.minter.adopt(leaf);
    return this.minter;
  }

  reopen(): void {
    this.state.closed = undefined;
  }

  async drain(): Promise<void> {
    const until = Date.now() + DRAIN_MS;
    for (const live of this.live) if (live.idle) live.abort();
    while (this.live.size > 0 && Date.now() < until) await pause();
    this.#abortAll();
    // What was cut logs its lines within the next turns.
    while (this.live.size > 0 && Date.now() < until + DRAIN_MS / 4) await pause();
  }

  status(): ProxyStatus {
    return {
      connections: this.state.connections,
      requests: this.state.requests,
      minted: this.minter?.minted ?? 0,
      rssBytes: Deno.memoryUsage().rss,
    };
  }

  packageAnswer(purl: string): Promise<PackageAnswer> {
    return this.packages?.check(purl) ??
      Promise.resolve({ kind: "failure", why: "packages are not asked about" });
  }

  #abortAll(): void {
    for (const live of [...this.live]) live.abort();
    this.pool.clear();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
}

/**
 * Runs the proxy; returns once it serves. What keeps it from serving is told to the supervisor, and
 * ends the process.
 *
 * @throws {Deno.errors} if the supervisor cannot be reached
 */
export async function runProxy(boot: ProxyBoot): Promise<void> {
  const app = new App(boot);
  await app.supervisor.start(boot.supervisorSocket, { index: boot.index, secret: boot.secret });
  try {
    await assemble(app, boot);
  } catch (error) {
    app.supervisor.tell({ op: "fatal", error: `the proxy cannot start: ${error}` });
    await app.supervisor.flushed();
    Deno.exit(1);
  }
}

async function assemble(app: App, boot: ProxyBoot): Promise<void> {
  const kernel = new KernelLink(boot.kernelSocket, { index: boot.index, secret: boot.secret });
  await kernel.start();
  app.watchdog.add({ deadline: Infinity, expire() {}, tick: (now) => kernel.tick(now) });
  const ca = boot.ca ?? await makeCa();
  const minter = app.makeMinter(await loadCa(ca));
  const { live, supervisor, watchdog, pool, state } = app;
  const resolver = new Resolver(boot.nameservers);
  const proxy: Proxy = {
    settings: boot,
    kernel,
    minter,
    terminator: new Terminator(minter, watchdog),
    resolver,
    ...{ live, supervisor, watchdog, pool, state },
    ...guardsFor(app, boot, resolver),
    ...(boot.record && { tap: new Tap((conn, entry) => supervisor.record(conn, entry)) }),
  };
  serve(proxy, boot, boot.ca ? undefined : ca);
}

/** What is looked at beside the policy. */
function guardsFor(
  app: App,
  boot: ProxyBoot,
  resolver: Resolver,
): Pick<Proxy, "tokens" | "packages"> {
  if (boot.packageSecurity) app.packages = packageGuard(app, boot, resolver);
  return {
    ...(boot.tokens && { tokens: new TokenGuard(boot.tokens) }),
    ...(app.packages && { packages: app.packages }),
  };
}

/** The first proxy asks for all of them. */
function packageGuard({ supervisor, pool }: App, boot: ProxyBoot, resolver: Resolver) {
  const parts = { resolver, pool, upstreamCas: boot.upstreamCas, version: VERSION };
  const strict = boot.packageSecurity === "strict";
  if (boot.index === 0) return new PackageGuard(parts, supervisor, strict);
  return new PackageGuard(parts, supervisor, strict, (purl) => supervisor.packageAnswer(purl));
}

function serve(proxy: Proxy, boot: ProxyBoot, ca: CaMaterial | undefined): void {
  const front = Deno.listen({ hostname: HOST, port: boot.frontPort, reusePort: boot.reusePort });
  const { datagrams, streams } = listenDns(boot);
  serveFront(proxy, front);
  serveFront(proxy, streams, true);
  serveDnsDatagrams(proxy, datagrams);
  const frontPort = (front.addr as Deno.NetAddr).port;
  const dnsPort = (streams.addr as Deno.NetAddr).port;
  proxy.supervisor.tell({ op: "ready", frontPort, dnsPort, ca });
}

/**
 * A port that is free for TCP may be taken for UDP: a chosen one is tried again. TCP comes first, since
 * the kernel chooses no port that siblings share, while a given one could make us a stranger's sibling.
 * For datagrams the kernel role's program sets SO_REUSEPORT, which Deno cannot; its SO_REUSEADDR would give
 * every datagram to the youngest process, and let any user's process be that.
 */
function listenDns(boot: ProxyBoot, tries = 16) {
  const { reusePort, dnsPort } = boot;
  const streams = Deno.listen({ hostname: HOST, port: dnsPort, reusePort });
  try {
    const { port } = streams.addr as Deno.NetAddr;
    const datagrams = Deno.listenDatagram({ transport: "udp", hostname: HOST, port });
    return { datagrams, streams };
  } catch (error) {
    streams.close();
    const again = error instanceof Deno.errors.AddrInUse && dnsPort === 0 && tries > 0;
    if (!again) throw error;
    return listenDns(boot, tries - 1);
  }
}
