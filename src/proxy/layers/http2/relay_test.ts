import assert from "node:assert/strict";
import { fromLatin1 } from "../bytes.ts";
import {
  encodeGoaway,
  encodePing,
  encodeRstStream,
  encodeSettings,
  encodeSettingsAck,
  encodeWindowUpdate,
  PREFACE,
  Setting,
} from "./frame.ts";
import { GET, inDebt, OK, post, World } from "./testing/world.ts";

Deno.test("an allowed request and its response are relayed, with trailers both ways", () => {
  const world = World.started();
  const { client, server } = world;
  world.fromClient(client.headers(1, post(["x-a", "1"], ["te", "trailers"]), false));
  assert.equal(server.streams.size, 0, "upstream hears nothing before the verdict");
  const [question] = world.questions;
  assert.deepEqual(
    [question?.method, question?.host, question?.path, question?.hasBody, question?.problem],
    ["POST", "a.example", "/x", true, undefined],
  );
  world.fromClient(client.data(1, "hel", false), client.data(1, "lo", false, 3));
  world.perform(world.relay.allow(1));
  world.fromClient(client.headers(1, [["x-sum", "7"]], true));
  world.fromServer(
    server.headers(1, [[":status", "103"], ["link", "</a>"]], false),
    server.headers(1, [...OK, ["x-b", "2"]], false),
    server.data(1, "bye", false),
    server.headers(1, [["grpc-status", "0"]], true),
  );
  assert.deepEqual(server.streams.get(1), {
    lists: [post(["x-a", "1"], ["te", "trailers"]), [["x-sum", "7"]]],
    body: "hello",
    ended: true,
  });
  assert.deepEqual(client.streams.get(1), {
    lists: [[[":status", "103"], ["link", "</a>"]], [...OK, ["x-b", "2"]], [["grpc-status", "0"]]],
    body: "bye",
    ended: true,
  });
  assert.deepEqual(world.ended, [
    { stream: 1, outcome: "complete", status: 200, bytesUp: 5, bytesDown: 3 },
  ]);
});

Deno.test("a refused stream is answered from here and touches no other", () => {
  const world = World.started();
  const { client, server } = world;
  world.open(1, GET);
  world.fromClient(client.headers(3, post(), false), client.data(3, "secret", false));
  world.perform(world.relay.refuse(3, 403, "Blocked\n"));
  assert.equal(server.streams.has(3), false);
  const answer = client.streams.get(3);
  assert.equal(answer?.body, "Blocked\n");
  assert.deepEqual(answer?.lists[0]?.[0], [":status", "403"]);
  // Clients that are reset while they send often show no answer.
  assert.deepEqual([answer?.ended, answer?.reset], [true, undefined]);
  assert.equal(world.relay.streams, 1, "for the owner it is over");
  assert.equal(client.opened, 6, "its DATA was given back");
  world.fromClient(client.data(3, "late", true));
  assert.equal(client.opened, 10);
  world.open(5, GET);
  world.fromServer(server.headers(1, OK, true), server.headers(5, OK, true));
  assert.deepEqual(world.ended.map((end) => [end.stream, end.outcome, end.status]), [
    [3, "refused", 403],
    [1, "complete", 200],
    [5, "complete", 200],
  ]);
});

Deno.test("a refused upload keeps its windows open, and is stopped when it goes on for too long", () => {
  const world = World.started();
  const { client } = world;
  const unwindowed = (stream: number) =>
    client.control.filter((text) => text === `window_update ${stream}`).length;
  world.fromClient(client.headers(1, post(), false), client.data(1, "held", false));
  world.perform(world.relay.refuse(1, 403, "Blocked\n"));
  assert.deepEqual([unwindowed(1), client.opened], [1, 4]);
  const chunk = client.data(1, "x".repeat(16384), false);
  let sent = 0;
  for (; client.streams.get(1)?.reset === undefined; sent += 16384) world.fromClient(chunk);
  assert.equal(client.streams.get(1)?.reset, 0);
  assert.ok(sent >= 4 << 20 && sent < 5 << 20, `${sent}`);
  assert.equal(client.opened, 4 + sent, "the connection's window is as before");
  world.fromClient(client.data(1, "late", true));
  assert.equal(world.close, undefined);
  assert.deepEqual(world.ended.map((end) => end.outcome), ["refused"]);
});

Deno.test("what lingers of refused requests is lost with its connection, and told only once", () => {
  const world = World.started();
  world.fromClient(world.client.headers(1, post(), false));
  world.perform(world.relay.refuse(1, 403, "Blocked\n"));
  world.fromClient(encodeRstStream(1, 8), world.client.headers(3, post(), false));
  world.perform(world.relay.refuse(3, 403, "Blocked\n"));
  assert.equal(world.relay.streams, 0);
  world.perform(world.relay.lost("client", "closed"));
  assert.deepEqual(world.ended.map((end) => [end.stream, end.outcome]), [
    [1, "refused"],
    [3, "refused"],
  ]);
});

Deno.test("a refused HEAD has no body", () => {
  const world = World.started();
  world.fromClient(world.client.headers(1, [[":method", "HEAD"], ...GET.slice(1)], true));
  world.perform(world.relay.refuse(1, 403, "Blocked\n"));
  const { body, ended, reset } = world.client.streams.get(1)!;
  assert.deepEqual([body, ended, reset], ["", true, undefined]);
});

Deno.test("ids reach upstream in order, whatever the order of the verdicts", () => {
  const world = World.started();
  for (const id of [1, 3, 5, 7]) world.fromClient(world.client.headers(id, GET, true));
  world.perform(world.relay.allow(7));
  world.perform(world.relay.allow(3));
  assert.deepEqual([...world.server.streams.keys()], []);
  world.perform(world.relay.refuse(1, 403, ""));
  assert.deepEqual([...world.server.streams.keys()], [3]);
  world.fromClient(encodeRstStream(5, 8));
  assert.deepEqual([...world.server.streams.keys()], [3], "still judged, so it still counts");
  world.perform(world.relay.allow(5));
  assert.deepEqual([...world.server.streams.keys()], [3, 7]);
});

Deno.test("nothing is sent to the client before upstream's SETTINGS", () => {
  const world = new World();
  world.fromClient(fromLatin1(PREFACE), encodeSettings([]), world.client.headers(1, GET, true));
  world.perform(world.relay.refuse(1, 403, "no\n"));
  world.fromClient(world.client.headers(3, [...GET, ["X", "1"]], true));
  assert.deepEqual([world.client.control, world.client.streams.size], [[], 0]);
  world.fromServer(encodeSettings([]));
  assert.match(world.client.control[0]!, /^settings/);
  assert.equal(world.client.streams.get(1)?.body, "no\n");
  assert.equal(world.client.streams.get(3)?.reset, 1);
});

Deno.test("settings are relayed within the relay's bounds", () => {
  const world = World.started(
    [[Setting.headerTableSize, 1 << 20], [Setting.maxFrameSize, 1 << 20], [99, 1], [
      Setting.initialWindowSize,
      1000,
    ]],
    [[Setting.maxConcurrentStreams, 1000], [Setting.enableConnectProtocol, 1]],
  );
  assert.deepEqual(world.server.control, [
    "settings [[2,0],[6,131072],[1,65536],[4,1000]]",
    "ack",
  ]);
  assert.deepEqual(world.client.control, ["settings [[3,256],[6,65536],[3,256]]", "ack"]);
});

Deno.test("PING and GOAWAY are relayed, PING answers only once", () => {
  const world = World.started();
  const data = new Uint8Array(8).fill(1);
  world.fromClient(encodePing(false, data));
  world.fromServer(encodePing(true, data), encodePing(true, data), encodePing(false, data));
  world.fromServer(encodeGoaway(7, 0, fromLatin1("bye")));
  world.fromClient(encodePing(true, data), encodeGoaway(0, 2, fromLatin1("")));
  assert.deepEqual(world.client.control.slice(2), [
    "ping true 11111111",
    "ping false 11111111",
    "goaway 7 0",
  ]);
  assert.deepEqual(world.server.control.slice(2), [
    "ping false 11111111",
    "ping true 11111111",
    "goaway 0 2",
  ]);
});

Deno.test("RST_STREAM is relayed both ways, and what is under way then is dropped", () => {
  const world = World.started();
  const { client, server } = world;
  world.open(1, post(), false);
  world.open(3, post(), false);
  world.fromClient(encodeRstStream(1, 8));
  world.fromServer(encodeRstStream(3, 7));
  assert.deepEqual([server.streams.get(1)?.reset, client.streams.get(3)?.reset], [8, 7]);
  world.fromServer(server.headers(1, OK, false), server.data(1, "late", true));
  world.fromClient(client.data(3, "late!", true), encodeWindowUpdate(3, 5));
  assert.equal(client.streams.has(1), false);
  assert.deepEqual([server.opened, client.opened], [4, 5]);
  assert.deepEqual(world.ended.map((end) => [end.stream, end.outcome, end.by, end.code]), [
    [1, "reset", "client", 8],
    [3, "reset", "upstream", 7],
  ]);
  world.open(5, GET);
  world.fromServer(server.headers(5, OK, true));
  assert.equal(client.streams.get(5)?.ended, true);
});

Deno.test("an early response that stops the upload is complete", () => {
  const world = World.started();
  world.open(1, post(), false);
  world.fromServer(world.server.headers(1, [[":status", "413"]], true), encodeRstStream(1, 0));
  assert.deepEqual(world.ended.map((end) => [end.outcome, end.status]), [["complete", 413]]);
  assert.deepEqual(world.client.streams.get(1)?.reset, 0);
});

Deno.test("a local answer waits for the client's windows", () => {
  const world = World.started([[Setting.initialWindowSize, 3]]);
  world.fromClient(world.client.headers(1, GET, true));
  world.perform(world.relay.refuse(1, 403, "0123456789"));
  assert.equal(world.client.streams.get(1)?.body, "012");
  world.fromClient(encodeWindowUpdate(1, 2));
  assert.equal(world.client.streams.get(1)?.body, "01234");
  world.fromClient(encodeSettings([[Setting.initialWindowSize, 100]]));
  assert.deepEqual(world.client.streams.get(1)?.body, "0123456789");
  assert.equal(world.client.streams.get(1)?.ended, true);
});

Deno.test("what local answers take of the client's window is kept back from upstream", () => {
  const world = World.started();
  const { client, server } = world;
  world.open(1, GET);
  world.fromClient(client.headers(3, GET, true));
  world.perform(world.relay.refuse(3, 403, "x".repeat(35)));
  world.fromServer(server.headers(1, OK, false));
  for (let i = 0; i < 4; i++) world.fromServer(server.data(1, "y".repeat(16000), false));
  world.fromServer(server.data(1, "z".repeat(1535), false), encodeSettingsAck());
  assert.equal(client.streams.get(1)?.body.length, 64000, "the client has room for 1500 only");
  assert.equal(world.close?.code, 1, "an ACK for nothing ends it");
});

Deno.test("waiting DATA goes out once the debt is paid, in order", () => {
  const world = inDebt();
  const { client, server } = world;
  world.fromServer(server.data(1, "z".repeat(1535), true), server.headers(3, OK, true));
  assert.equal(client.streams.has(3), false);
  world.fromClient(encodeWindowUpdate(0, 30));
  assert.equal(server.opened, 0);
  world.fromClient(encodeWindowUpdate(0, 10));
  assert.equal(server.opened, 5);
  assert.deepEqual([client.streams.get(1)?.body.length, client.streams.get(1)?.ended], [
    65535,
    true,
  ]);
  assert.equal(client.streams.get(3)?.ended, true);
});

Deno.test("the end of a connection reaches the other side and the log", () => {
  const world = World.started();
  world.open(1, post(), false);
  world.perform(world.relay.lost("upstream", "upstream went away"));
  assert.deepEqual(world.client.control.at(-1), "goaway 1 2");
  assert.deepEqual(world.ended.map((end) => [end.stream, end.outcome, end.by]), [
    [1, "lost", "upstream"],
  ]);
  assert.deepEqual(world.close, { by: "upstream", code: 2, message: "upstream went away" });
  world.fromClient(world.client.data(1, "x", true));
  assert.equal(world.relay.over, true);
  assert.equal(world.server.streams.get(1)?.body, "");
});

Deno.test("attack: a credential in a request's trailers goes no further", () => {
  for (const early of [false, true]) {
    const world = World.started();
    const { client, server } = world;
    const trailers = client.headers(1, [["authorization", "token x"], ["x-sum", "7"]], true);
    world.fromClient(
      client.headers(1, post(["te", "trailers"]), false),
      client.data(1, "a", false),
    );
    if (early) world.fromClient(trailers);
    world.perform(world.relay.allow(1));
    if (!early) world.fromClient(trailers);
    const { lists, ended } = server.streams.get(1)!;
    assert.deepEqual([lists[1], ended], [[["x-sum", "7"]], true]);
  }
});
