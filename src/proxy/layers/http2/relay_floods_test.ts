import assert from "node:assert/strict";
import { EMPTY } from "../bytes.ts";
import {
  encodeFrame,
  encodePing,
  encodeRstStream,
  encodeSettings,
  encodeWindowUpdate,
  FrameType,
  Setting,
} from "./frame.ts";
import { ErrorCode } from "./errors.ts";
import type { List } from "./testing/peer.ts";
import { closedBy, GET, OK, post, World } from "./testing/world.ts";

Deno.test("floods are cut off", () => {
  const calm = ErrorCode.enhanceYourCalm;
  const many = (frame: Uint8Array, count = 100) => Array.from({ length: count }, () => frame);
  assert.equal(closedBy(() => many(encodePing(false, new Uint8Array(8)))), calm);
  assert.equal(closedBy(() => many(encodeSettings([]))), calm);
  const start = encodeFrame(FrameType.headers, 0, 1, EMPTY);
  const empty = encodeFrame(FrameType.continuation, 0, 1, EMPTY);
  assert.equal(closedBy(() => [start, ...many(empty)]), calm);
  const full = encodeFrame(FrameType.continuation, 0, 1, new Uint8Array(16384));
  assert.equal(closedBy(() => [start, ...many(full, 9)]), calm);
  const nothing = ({ client }: World) => many(client.data(1, "", false), 300);
  const open = World.started();
  open.open(1, post(), false);
  assert.equal(closedBy(nothing, open), calm);
});

Deno.test("rapid reset is bounded, also while questions are under way", () => {
  const world = World.started();
  let id = 1;
  for (; world.close === undefined && id < 10_000; id += 2) {
    world.fromClient(world.client.headers(id, GET, true), encodeRstStream(id, 8));
  }
  assert.equal(world.close?.code, ErrorCode.enhanceYourCalm);
  assert.equal(world.questions.length, 256);
  const answered = World.started();
  for (id = 1; answered.close === undefined && id < 10_000; id += 2) {
    answered.open(id, GET);
    answered.fromClient(encodeRstStream(id, 8));
  }
  assert.equal(answered.close?.code, ErrorCode.enhanceYourCalm);
});

Deno.test("more streams than allowed are refused, and the others go on", () => {
  const world = World.started();
  for (let i = 0; i < 257; i++) world.open(1 + i * 2, post(), false);
  assert.equal(world.server.streams.size, 256);
  assert.equal(world.client.streams.get(513)?.reset, ErrorCode.refusedStream);
  world.fromClient(world.client.data(513, "x", true), world.client.data(1, "y", true));
  assert.equal(world.server.streams.get(1)?.body, "y");
  assert.equal(world.client.opened, 1);
});

/** Header lists above the limits: in bytes, in fields, and one that is small until it is decoded. */
const TOO_LARGE: Record<string, List> = {
  "70 KB": [...GET, ...Array(70).fill(["x", "y".repeat(1000)])],
  "300 fields": [...GET, ...Array(300).fill(["x", "y"])],
  "an HPACK bomb": [...GET, ...Array(5000).fill(["x", "y".repeat(4000)])],
};

for (const [what, list] of Object.entries(TOO_LARGE)) {
  Deno.test(`a header list of ${what} is answered 431, and the connection goes on`, () => {
    const world = World.started();
    world.fromClient(world.client.headers(1, list, true));
    const answer = world.client.streams.get(1);
    assert.deepEqual(answer?.lists[0]?.[0], [":status", "431"]);
    assert.match(answer?.body ?? "", /^Blocked by egress: a header list that is too large/);
    assert.deepEqual([answer?.ended, answer?.reset], [true, undefined]);
    const [end] = world.ended;
    assert.deepEqual([end?.outcome, end?.status, end?.by], ["malformed", 431, "client"]);
    assert.deepEqual([world.questions, world.server.streams.size], [[], 0]);
    world.open(3, GET);
    assert.equal(world.server.streams.has(3), true);
  });
}

Deno.test("the body after a header list that is too large is dropped, to its end", () => {
  const world = World.started();
  const head = TOO_LARGE["70 KB"]!.map(([name, value]) =>
    [name, name === ":method" ? "HEAD" : value] as [string, string]
  );
  world.fromClient(world.client.headers(1, head, false), world.client.data(1, "late", false));
  const { lists, body, ended, reset } = world.client.streams.get(1)!;
  assert.deepEqual([lists[0]?.[0]?.[1], body, ended, reset], ["431", "", true, undefined]);
  assert.equal(world.client.opened, 4, "what came of it is given back");
  world.fromClient(world.client.data(1, "the end", true));
  assert.deepEqual([world.client.opened, world.ended.length], [11, 1]);
});

Deno.test("a flood of header lists that are too large is cut off", () => {
  const world = World.started();
  let id = 1;
  for (; world.close === undefined && id < 10_000; id += 2) {
    world.fromClient(world.client.headers(id, TOO_LARGE["300 fields"]!, true));
  }
  assert.equal(world.close?.code, ErrorCode.enhanceYourCalm);
});

Deno.test("an HPACK bomb costs its own stream only, also as trailers and as a response", () => {
  const world = World.started();
  world.open(1, post(), false);
  const bomb = TOO_LARGE["an HPACK bomb"]!.slice(GET.length);
  world.fromClient(world.client.headers(1, bomb, true));
  assert.equal(world.client.streams.get(1)?.reset, ErrorCode.protocol);
  world.open(3, GET);
  world.fromServer(world.server.headers(3, [...OK, ...bomb], true));
  assert.equal(world.client.streams.get(3)?.reset, ErrorCode.internal);
  world.open(5, GET);
  world.fromServer(world.server.headers(5, OK, true));
  assert.equal(world.client.streams.get(5)?.ended, true);
});

Deno.test("DATA without content passes where content goes with it", () => {
  const world = World.started();
  world.open(1, post(), false);
  for (let i = 0; i < 1000; i++) {
    world.fromClient(world.client.data(1, "", false), world.client.data(1, "x", false));
  }
  assert.equal(world.server.streams.get(1)?.body.length, 1000);
});

Deno.test("what is held for a verdict stops the reading, no more", () => {
  const world = World.started([], [[Setting.initialWindowSize, 2 ** 30]]);
  world.fromServer(encodeWindowUpdate(0, 2 ** 30));
  world.fromClient(world.client.headers(1, post(), false));
  const chunk = world.client.data(1, "x".repeat(16384), false);
  let sent = 0;
  for (; world.relay.wantsClient; sent += 16384) world.fromClient(chunk);
  assert.ok(sent < 1.1 * 1024 * 1024);
  world.perform(world.relay.allow(1));
  assert.equal(world.server.streams.get(1)?.body.length, sent);
  assert.equal(world.relay.wantsClient, true);
});
