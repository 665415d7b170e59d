import assert from "node:assert/strict";
import fc from "fast-check";
import { concat, fromLatin1 } from "../bytes.ts";
import {
  encodeFrame,
  encodeSettings,
  encodeSettingsAck,
  encodeWindowUpdate,
  PREFACE,
} from "./frame.ts";
import type { RelayOutput } from "./output.ts";
import { type List, TestPeer } from "./testing/peer.ts";
import { World } from "./testing/world.ts";

const word = fc.constantFrom("a", "b-c", "x-long", "accept", "cookie");
const value = fc.string({ unit: fc.constantFrom("q", "Z", "0", " ", "é", "~"), maxLength: 30 })
  .map((text) => text.trim());
const more = fc.array(fc.tuple(word, value), { maxLength: 4 }) as fc.Arbitrary<List>;
const bodies = fc.array(
  fc.record({ text: fc.string({ unit: "binary-ascii", maxLength: 300 }), padding: fc.nat(9) }),
  { maxLength: 4 },
);

const message = fc.record({ list: more, body: bodies, trailers: fc.option(more) });
const exchange = fc.record({
  path: fc.stringMatching(/^[a-z]{0,8}$/),
  request: message,
  response: message,
  verdict: fc.constantFrom("allow", "allow", "refuse"),
});
type Message = typeof message extends fc.Arbitrary<infer T> ? T : never;

/** The frames of one message. */
function frames(peer: TestPeer, id: number, head: List, { list, body, trailers }: Message) {
  const out = [(last: boolean) => peer.headers(id, [...head, ...list], last)];
  for (const { text, padding } of body) {
    out.push((last) => peer.data(id, text, last, padding));
  }
  if (trailers) out.push(() => peer.headers(id, trailers, true));
  return out.map((encode, at) => () => encode(at === out.length - 1));
}

/** Merges lists of frames as `picks` says, keeping the order within each and of their beginnings. */
function interleave(lists: (() => Uint8Array)[][], picks: readonly number[]): Uint8Array {
  const out: Uint8Array[] = [];
  const queues = lists.map((list) => [...list]);
  let begun = 0;
  for (let i = 0; queues.some((queue) => queue.length > 0); i++) {
    const open = queues.slice(0, begun + 1).filter((queue) => queue.length > 0);
    const queue = open[picks[i % picks.length]! % open.length] ?? queues[begun]!;
    if (queue === queues[begun] || open.length === 0) begun++;
    const frame = queue.shift();
    if (frame) out.push(frame());
  }
  return concat(...out);
}

function* cut(bytes: Uint8Array, sizes: readonly number[]) {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    // A copy that is wiped later: nothing may be kept by reference.
    yield bytes.slice(at, at += size);
  }
}

/** Feeds a side in pieces, and wipes each piece after its output was taken. */
function feed(world: World, side: "client" | "server", bytes: Uint8Array, sizes: number[]) {
  for (const piece of cut(bytes, sizes)) {
    side === "client" ? world.fromClient(piece) : world.fromServer(piece);
    piece.fill(0xaa);
  }
}

/** What reaches upstream of a request: no cookie in its trailers. */
const relayed = (request: Message): Message => ({
  ...request,
  trailers: request.trailers?.filter(([name]) => name !== "cookie") ?? null,
});

const plain = ({ list, body, trailers }: Message, head: List) => ({
  lists: trailers ? [[...head, ...list], trailers] : [[...head, ...list]],
  body: body.map(({ text }) => text).join(""),
  ended: true,
});

Deno.test("each peer gets what the other sent, however bytes are cut and verdicts come", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 });
  const picks = fc.array(fc.nat(20), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(exchange, { minLength: 1, maxLength: 6 }),
      picks,
      sizes,
      fc.boolean(),
      fc.boolean(),
      (exchanges, order, pieces, serverFirst, answersLate) => {
        const world = new World();
        const { client, server } = world;
        const begin = concat(encodeSettings([]), encodeWindowUpdate(0, 1 << 20));
        if (serverFirst) feed(world, "server", begin, pieces);
        feed(world, "client", concat(fromLatin1(PREFACE), begin), pieces);
        if (!serverFirst) feed(world, "server", begin, pieces);
        const head = (path: string): List => [
          [":method", "POST"],
          [":scheme", "https"],
          [":authority", "a.example"],
          [":path", "/" + path],
        ];
        const answer = () => {
          const asked = world.questions.splice(0);
          for (const { stream } of answersLate ? asked.reverse() : asked) {
            const { verdict } = exchanges[(stream - 1) / 2]!;
            const { relay } = world;
            world.perform(
              verdict === "allow" ? relay.allow(stream) : relay.refuse(stream, 403, `no ${stream}`),
            );
          }
        };
        const up = interleave(
          exchanges.map((e, i) => frames(client, 1 + 2 * i, head(e.path), e.request)),
          order,
        );
        for (const piece of cut(up, pieces)) {
          world.fromClient(piece);
          piece.fill(0xaa);
          if (!answersLate) answer();
        }
        answer();
        const allowed = exchanges.map((e, i) => ({ ...e, id: 1 + 2 * i }))
          .filter((e) => e.verdict === "allow");
        const status: List = [[":status", "200"]];
        const down = interleave(
          allowed.map((e) => frames(server, e.id, status, e.response)),
          order,
        );
        feed(world, "server", down, pieces);
        assert.equal(world.close, undefined);
        for (const e of allowed) {
          assert.deepEqual(server.streams.get(e.id), plain(relayed(e.request), head(e.path)));
          assert.deepEqual(client.streams.get(e.id), plain(e.response, status));
        }
        assert.equal(server.streams.size, allowed.length);
        exchanges.forEach((e, i) => {
          if (e.verdict === "allow") return;
          assert.equal(client.streams.get(1 + 2 * i)?.body, `no ${1 + 2 * i}`);
        });
        assert.equal(world.ended.length, exchanges.length);
        assert.equal(world.relay.streams, 0);
      },
    ),
    { numRuns: 200 },
  );
});

const anyFrame = fc.record({
  type: fc.integer({ min: 0, max: 10 }),
  flags: fc.constantFrom(0, 1, 4, 5, 8, 13, 32, 255),
  stream: fc.integer({ min: 0, max: 6 }),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.constantFrom(new Uint8Array(8), Uint8Array.of(0, 0, 0, 9), Uint8Array.of(0x82, 0x87, 0x84)),
  ),
}).map((f) => encodeFrame(f.type, f.flags, f.stream, f.payload));

const action = fc.oneof(
  anyFrame.map((bytes) => ({ kind: "client" as const, bytes })),
  anyFrame.map((bytes) => ({ kind: "server" as const, bytes })),
  fc.nat(6).map((stream) => ({ kind: "open" as const, stream })),
  fc.nat(6).map((stream) => ({ kind: "allow" as const, stream })),
  fc.nat(6).map((stream) => ({ kind: "refuse" as const, stream })),
);

Deno.test("any frames and answers, in any order, give valid output, and only valid output", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), fc.boolean(), (actions, begun) => {
      const world = new World();
      if (begun) {
        world.fromClient(fromLatin1(PREFACE), encodeSettings([]));
        world.fromServer(encodeSettings([]), encodeSettingsAck());
      }
      for (const act of actions) {
        if (act.kind === "client") world.fromClient(act.bytes);
        else if (act.kind === "server") world.fromServer(act.bytes);
        else if (act.kind === "allow") world.perform(world.relay.allow(act.stream));
        else if (act.kind === "refuse") world.perform(world.relay.refuse(act.stream, 403, "no"));
        else {
          const list: List = [
            [":method", "GET"],
            [":scheme", "https"],
            [":authority", "a.example"],
            [":path", "/"],
          ];
          world.fromClient(world.client.headers(act.stream * 2 + 1, list, false));
        }
        assert.ok(world.relay.streams <= 256);
      }
    }),
    { numRuns: 1500 },
  );
});

Deno.test("any bytes from either side give output or an orderly close", () => {
  const chunk = fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 60 }));
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 8 }), (chunks) => {
      const world = World.started();
      for (const [client, bytes] of chunks) {
        const output: RelayOutput = client
          ? world.relay.fromClient(bytes)
          : world.relay.fromUpstream(bytes);
        world.perform(output);
      }
    }),
    { numRuns: 1500 },
  );
});
