/**
 * A scripted TLS server, and the role before it.
 *
 * @module
 */

import { curl } from "./clients.ts";
import { ALLOW, Role, type World } from "./harness.ts";
import { echoLine, type Peer, Upstream, UPSTREAM_CA } from "./upstream.ts";

/** Name of the server. */
export const HOST = "a.example";

/** Runs a test between a TLS client and a TLS upstream. */
export async function between(
  test: (role: Role, upstream: Upstream) => Promise<void>,
  world: Partial<Omit<World, "destination">> & { destination?: string } = {},
  script: (peer: Peer) => Promise<void> = echoLine,
  name = HOST,
): Promise<void> {
  using upstream = await Upstream.tls(name, script);
  await using role = await Role.start({
    judge: () => ALLOW,
    ...world,
    destination: { ip: world.destination ?? "127.0.0.1", port: upstream.port },
    boot: { upstreamCas: [UPSTREAM_CA], ...world.boot },
  });
  await test(role, upstream);
}

/** Asks the server for `/` with curl. */
export const get = (role: Role, upstream: Upstream, ...more: string[]) =>
  curl(role, `https://${HOST}:${upstream.port}/`, ...more);
