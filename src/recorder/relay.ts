/**
 * Bytes between a client and the proxy.
 *
 * @module
 */

/** Moves bytes both ways until both sides have ended, then closes both. */
export async function relayBetween(client: Deno.TcpConn, proxy: Deno.TcpConn): Promise<void> {
  // A side that breaks ends the other, as the end of a cable would.
  await Promise.allSettled([
    client.readable.pipeTo(proxy.writable),
    proxy.readable.pipeTo(client.writable),
  ]);
}
