/**
 * HTTP/2 between one client and one upstream, each stream judged before upstream hears of it; sans-I/O.
 *
 * Whoever owns the sockets drives a {@link Relay}, made once both are connected and agreed on `h2`:
 *
 *     const relay = new Relay({ scheme: "https", host: sni, port: 443 });
 *     // one loop for each side, both awaiting the same `perform`
 *     while (!relay.over) {
 *       if (!relay.wantsClient) await changed();       // another call of the relay has been made
 *       const count = await client.read(buffer);
 *       if (count === null) { await perform(relay.lost("client", "closed")); break; }
 *       await perform(relay.fromClient(buffer.subarray(0, count)));
 *     }
 *
 * `perform` does, in this order:
 *
 * 1. queue `toClient` and `toUpstream` on their sockets, in the order of the calls that returned them.
 *    They may be views of the buffer that was passed in, so await those writes before reading into it
 *    again; that is the backpressure too. Await only what this very call gave: a client that is slow to
 *    read must not stop its uploads from being read. The sockets need TCP_NODELAY, or the last frame of
 *    every window waits for a delayed acknowledgement (40 ms);
 * 2. ask about each of `questions`, without waiting, and once the verdict is there perform what
 *    `relay.allow(stream)` or `relay.refuse(stream, status, text)` returns. A verdict that is known may be
 *    given at once. A question with a `problem` is one to refuse, with the status that it names;
 * 3. log each of `ended`: those that were never asked about are `malformed`;
 * 4. on `close`, wait for the writes and close both sockets.
 *
 * Where there is no upstream (it failed, or the connection was refused), a {@link NoUpstream} takes
 * `toUpstream` and gives what goes to `fromUpstream`, and every question is refused.
 *
 * Streams wait in order of their ids: an allowed one is sent on once all older ones are decided, so
 * every question must be answered, a failed one by a refusal. Nothing here has a clock: idle and stalled
 * connections are for the owner to end, with {@link Relay.lost}.
 *
 * @module
 */

export { ErrorCode } from "./errors.ts";
export type { Field } from "./hpack/static_table.ts";
export { NoUpstream } from "./no_upstream.ts";
export type { RelayOptions } from "./openings.ts";
export type { Question, RelayClose, RelayOutput, Side, StreamEnd } from "./output.ts";
export { Relay } from "./relay.ts";
export type { Request } from "./request.ts";
