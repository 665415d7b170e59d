/**
 * What the relay itself costs: `deno bench src/proxy/layers/http2/relay_bench.ts`. No sockets; the
 * peers' frames are made beforehand.
 *
 * @module
 */

import { concat, fromLatin1 } from "../bytes.ts";
import { encodeSettings, encodeSettingsAck, encodeWindowUpdate, PREFACE } from "./frame.ts";
import { Relay } from "./relay.ts";
import { type List, TestPeer } from "./testing/peer.ts";

/** Requests of one round, all under way at once. */
const STREAMS = 100;
/** Rounds of one measurement. */
const ROUNDS = 100;

const REQUEST: List = [
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", "registry.example"],
  [":path", "/left-pad/-/left-pad-1.3.0.tgz"],
  ["user-agent", "npm/10.8.2 node/v20.20.2 linux x64 workspaces/false ci/github-actions"],
  ["accept", "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"],
  ["accept-encoding", "gzip,deflate"],
  ["authorization", "Bearer 0123456789abcdef0123456789abcdef"],
];
const RESPONSE: List = [
  [":status", "200"],
  ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
  ["content-type", "application/octet-stream"],
  ["content-length", "200"],
  ["cache-control", "public, immutable, max-age=31557600"],
  ["etag", '"5acab1f5c1e5f5d5c3b8f4f5d0e5a0d1"'],
  ["vary", "Accept-Encoding"],
];

/** Whole conversations, as bytes of each side. */
function script(): { up: Uint8Array[]; down: Uint8Array[] } {
  const client = new TestPeer(false);
  const server = new TestPeer(true);
  const up = [fromLatin1(PREFACE), encodeSettings([]), encodeWindowUpdate(0, 1 << 30)];
  const down = [encodeSettings([]), encodeSettingsAck()];
  const out = { up: [concat(...up)], down: [concat(...down)] };
  for (let round = 0; round < ROUNDS; round++) {
    const ids = Array.from({ length: STREAMS }, (_, i) => (round * STREAMS + i) * 2 + 1);
    out.up.push(concat(...ids.map((id) => client.headers(id, REQUEST, true))));
    out.down.push(concat(...ids.flatMap((id) => [
      server.headers(id, RESPONSE, false),
      server.data(id, "x".repeat(200), true),
    ])));
  }
  return out;
}

const requests = script();

Deno.bench(`${STREAMS * ROUNDS} requests, ${STREAMS} at a time`, () => {
  const relay = new Relay({ scheme: "https", host: "registry.example", port: 443 });
  requests.up.forEach((bytes, round) => {
    for (const { stream } of relay.fromClient(bytes).questions) relay.allow(stream);
    relay.fromUpstream(requests.down[round]!);
  });
});

const chunk = new TestPeer(true).data(1, "x".repeat(16384), false);
const CHUNKS = 4096;

Deno.bench(`${CHUNKS * 16 / 1024} MB of response, cut into reads of 16 KB`, () => {
  const relay = new Relay({ scheme: "https", port: 443 });
  const client = new TestPeer(false);
  relay.fromClient(requests.up[0]!);
  relay.fromUpstream(requests.down[0]!);
  relay.fromClient(client.headers(1, REQUEST, false));
  relay.allow(1);
  relay.fromUpstream(new TestPeer(true).headers(1, RESPONSE.slice(0, 3), false));
  const two = concat(chunk, chunk);
  for (let i = 0; i < CHUNKS / 2; i++) {
    for (let at = 0; at < two.length; at += 16384) {
      relay.fromUpstream(two.subarray(at, at + 16384));
    }
  }
});
