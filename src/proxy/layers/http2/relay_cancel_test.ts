import assert from "node:assert/strict";
import { ErrorCode } from "./errors.ts";
import { encodeGoaway, encodeRstStream, encodeWindowUpdate } from "./frame.ts";
import { GET, inDebt, OK, post, World } from "./testing/world.ts";
import { EMPTY } from "../bytes.ts";

Deno.test("a stream that is cancelled ends on both sides and leaves the others alone", () => {
  const world = World.started();
  const { client, server } = world;
  world.open(1, post(), false);
  world.open(3, GET);
  world.fromServer(server.headers(1, OK, false), server.headers(3, OK, false));
  world.perform(world.relay.cancel(1, "no longer allowed"));
  assert.equal(client.streams.get(1)?.reset, ErrorCode.cancel);
  assert.equal(server.streams.get(1)?.reset, ErrorCode.cancel);
  assert.deepEqual(world.ended, [
    {
      stream: 1,
      outcome: "cancelled",
      message: "no longer allowed",
      status: 200,
      bytesUp: 0,
      bytesDown: 0,
    },
  ]);
  // What was under way is dropped, and its windows are given back.
  world.fromClient(client.data(1, "late", true));
  world.fromServer(server.data(1, "late!", true), server.data(3, "on", true));
  assert.deepEqual([client.opened, server.opened], [4, 5]);
  assert.deepEqual([client.streams.get(1)?.body, client.streams.get(3)?.body], ["", "on"]);
  assert.equal(world.close, undefined);
});

Deno.test("one that waits for older streams is cancelled before upstream hears of it", () => {
  const world = World.started();
  world.fromClient(world.client.headers(1, GET, true), world.client.headers(3, GET, true));
  world.perform(world.relay.allow(3));
  world.perform(world.relay.cancel(3, "no longer allowed"));
  world.perform(world.relay.allow(1));
  assert.deepEqual([...world.server.streams.keys()], [1]);
  assert.equal(world.client.streams.get(3)?.reset, ErrorCode.cancel);
});

Deno.test("one that is not answered yet, refused or gone is left to that", () => {
  const world = World.started();
  world.fromClient(world.client.headers(1, GET, true));
  world.perform(world.relay.cancel(1, "x"));
  world.perform(world.relay.cancel(99, "x"));
  assert.deepEqual([world.ended, world.client.streams.size], [[], 0]);
  world.perform(world.relay.refuse(1, 403, "no\n"));
  assert.equal(world.client.streams.get(1)?.body, "no\n");
});

for (const by of ["the client", "upstream", "the owner"]) {
  Deno.test(`nothing follows on a stream that ${by} resets while its DATA waits`, () => {
    const world = inDebt();
    const { client, server } = world;
    world.fromServer(server.data(1, "z".repeat(1520), false));
    assert.equal(client.streams.get(1)?.body.length, 64000, "the rest waits for the window");
    world.fromServer(server.headers(3, OK, true));
    if (by === "the client") world.fromClient(encodeRstStream(1, ErrorCode.cancel));
    else if (by === "upstream") world.fromServer(encodeRstStream(1, ErrorCode.cancel));
    else world.perform(world.relay.cancel(1, "x"));
    assert.equal(client.streams.get(1)?.reset, by === "the client" ? undefined : ErrorCode.cancel);
    assert.equal(client.streams.get(1)?.body.length, 64000);
    assert.equal(client.streams.get(3)?.ended, true, "what waited behind it goes on");
    assert.equal(server.opened, 1520, "what was dropped is given back");
    world.fromClient(encodeWindowUpdate(0, 5000));
    assert.equal(client.streams.get(1)?.body.length, 64000);
  });
}

Deno.test("GOAWAY in the middle: what upstream has accepted ends as it should", () => {
  const world = World.started();
  const { client, server } = world;
  world.open(1, GET);
  world.open(3, GET);
  world.fromServer(server.headers(1, OK, false), encodeGoaway(1, ErrorCode.none, EMPTY));
  assert.equal(client.control.at(-1), "goaway 1 0");
  world.fromServer(encodeRstStream(3, ErrorCode.refusedStream), server.data(1, "whole", true));
  assert.deepEqual([client.streams.get(1)?.body, client.streams.get(1)?.ended], ["whole", true]);
  assert.equal(client.streams.get(3)?.reset, ErrorCode.refusedStream);
  assert.equal(world.close, undefined);
});
