/**
 * UDP flows that are older than the rules. Only a flow's first packet is redirected: lookups from a socket that
 * asked the same resolver before would find no proxy.
 *
 * @module
 */

import { type FlowTuple, Protocol } from "../bpf/layout.ts";
import { decodeOriginal, encodeDelete, encodeList, isRedirected } from "../netlink/conntrack.ts";
import { isNotFound, type NetlinkSocket } from "../netlink/socket.ts";

/**
 * Makes conntrack forget all UDP flows that are not redirected, so that their next packet begins a new one.
 *
 * @throws {SyscallError}
 */
export function forgetOlder(conntrack: NetlinkSocket): void {
  const older: FlowTuple[] = [];
  let seq = 1;
  conntrack.list("conntrack list", encodeList(seq), seq, (message) => {
    const flow = decodeOriginal(message);
    if (flow?.protocol === Protocol.UDP && !isRedirected(message)) older.push(flow);
  });
  for (const flow of older) {
    try {
      conntrack.command("conntrack delete", encodeDelete(++seq, flow), seq);
    } catch (error) {
      // It came to its end meanwhile.
      if (!isNotFound(error)) throw error;
    }
  }
}
