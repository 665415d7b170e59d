/**
 * A scripted plain server, and the role before it.
 *
 * @module
 */

import { ALLOW, Role, type World } from "./harness.ts";
import { type Peer, Upstream } from "./upstream.ts";

/** Runs a test between a plain client and a scripted plain server. Everything is allowed by default. */
export async function between(
  script: (peer: Peer) => Promise<void>,
  test: (role: Role, upstream: Upstream) => Promise<void>,
  world: Partial<World> = {},
): Promise<void> {
  using upstream = Upstream.tcp(script);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => ALLOW,
    ...world,
  });
  await test(role, upstream);
}

/** The Host field of a request for the server. */
export function hostField(upstream: Upstream): string {
  return `Host: a.example:${upstream.port}\r\n`;
}
