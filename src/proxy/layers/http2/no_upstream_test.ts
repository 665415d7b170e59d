import assert from "node:assert/strict";
import { fromLatin1 } from "../bytes.ts";
import { encodePing, encodeSettings, PREFACE } from "./frame.ts";
import { NoUpstream } from "./no_upstream.ts";
import type { RelayOutput } from "./output.ts";
import { Relay } from "./relay.ts";
import { TestPeer } from "./testing/peer.ts";
import { GET } from "./testing/world.ts";

Deno.test("a client of an upstream that there is none of gets its answers", () => {
  const relay = new Relay({ scheme: "https", host: "a.example", port: 443 });
  const upstream = new NoUpstream();
  const client = new TestPeer(false);
  const perform = (output: RelayOutput) => {
    client.receive(output.toClient);
    for (const { stream } of output.questions) perform(relay.refuse(stream, 502, "no upstream\n"));
    if (!output.toUpstream) return;
    const answer = upstream.receive(output.toUpstream);
    if (answer.length > 0) perform(relay.fromUpstream(answer));
  };
  perform(relay.fromClient(fromLatin1(PREFACE)));
  perform(relay.fromClient(encodeSettings([])));
  perform(relay.fromClient(client.headers(1, GET, true)));
  perform(relay.fromClient(encodePing(false, new Uint8Array(8))));
  assert.deepEqual(client.streams.get(1)?.lists[0]?.[0], [":status", "502"]);
  assert.equal(client.streams.get(1)?.body, "no upstream\n");
  assert.deepEqual(client.control, ["settings [[3,256],[6,65536]]", "ack", "ping true 00000000"]);
});
