import assert from "node:assert/strict";
import { EMPTY, fromLatin1 } from "../bytes.ts";
import {
  encodeFrame,
  encodeRstStream,
  encodeWindowUpdate,
  Flag,
  FrameType,
  PREFACE,
} from "./frame.ts";
import { ErrorCode } from "./errors.ts";
import type { List } from "./testing/peer.ts";
import { closedBy, GET, OK, post, World } from "./testing/world.ts";

/** What becomes of one request. */
function outcomeOf(list: List, endStream = true) {
  const world = World.started();
  world.fromClient(world.client.headers(1, list, endStream));
  const [question] = world.questions;
  if (question) return question.problem?.reason ?? "asked";
  assert.equal(world.ended[0]?.outcome, "malformed");
  assert.equal(world.client.streams.get(1)?.reset, ErrorCode.protocol);
  assert.equal(world.close, undefined, "only the stream ends");
  return world.ended[0]?.message;
}

const without = (name: string): List => GET.filter(([key]) => key !== name);
const withValue = (name: string, value: string): List =>
  GET.map(([key, old]) => [key, key === name ? value : old]);

Deno.test("malformed requests are reset, and never asked about", () => {
  const cases: [List, RegExp][] = [
    [[...GET, [":path", "/y"]], /:path twice/],
    [[["x", "1"], ...GET], /after other fields/],
    [[...GET, [":other", "1"]], /no field of a request/],
    [[...GET, ["Upper", "1"]], /field name "Upper"/],
    [[...GET, ["", "1"]], /field name ""/],
    [[...GET, ["x", "a\r\nb"]], /value of x/],
    [[...GET, ["x", "a\0"]], /value of x/],
    [[...GET, ["x", " a"]], /value of x/],
    [[...GET, ["connection", "close"]], /no place/],
    [[...GET, ["transfer-encoding", "chunked"]], /no place/],
    [[...GET, ["upgrade", "h2c"]], /no place/],
    [[...GET, ["te", "gzip"]], /trailers/],
    [[...GET, ["host", "b.example"]], /host differs/],
    [[...GET, ["host", "a.example"], ["host", "a.example"]], /twice/],
    [without(":authority"), /neither :authority nor host/],
    [without(":method"), /:method/],
    [without(":path"), /:path/],
    [without(":scheme"), /:scheme/],
    [withValue(":scheme", "http"), /:scheme is not https/],
    [withValue(":path", ""), /:path/],
    [withValue(":path", "x"), /:path/],
    [withValue(":path", "/a b"), /:path/],
    [withValue(":path", "/a#b"), /:path/],
    [withValue(":path", "*"), /:path/],
    [withValue(":authority", "user@a.example"), /:authority/],
    [withValue(":authority", "a.example:0"), /port/],
    [withValue(":method", "G T"), /:method/],
    [[...GET, [":protocol", "websocket"]], /without CONNECT/],
    [[...GET, ["content-length", "3"]], /without a body/],
    [[...GET, ["content-length", "3"], ["content-length", "3"]], /twice/],
    [[...GET, ["content-length", "+3"]], /no number/],
    [[[":method", "CONNECT"], [":authority", "a.example"], [":path", "/"]], /CONNECT with/],
  ];
  for (const [list, message] of cases) assert.match(String(outcomeOf(list)), message);
});

Deno.test("requests for another host, and CONNECT of both kinds, are asked about with a problem", () => {
  assert.equal(outcomeOf(withValue(":authority", "b.example")), "host_mismatch");
  assert.equal(outcomeOf(withValue(":authority", "a.example:8443")), "host_mismatch");
  assert.equal(outcomeOf(withValue(":authority", "A.Example.:443")), "asked");
  assert.equal(outcomeOf([...without(":authority"), ["host", "a.example"]]), "asked");
  assert.equal(outcomeOf([[":method", "CONNECT"], [":authority", "a.example"]], false), "method");
  const extended: List = [[":protocol", "websocket"], ...withValue(":method", "CONNECT")];
  assert.equal(outcomeOf(extended, false), "method");
});

Deno.test("CONNECT is not relayed even if it is allowed", () => {
  const world = World.started();
  world.open(1, [[":method", "CONNECT"], [":authority", "a.example"]], false);
  assert.equal(world.server.streams.size, 0);
  assert.deepEqual(world.client.streams.get(1)?.lists[0]?.[0], [":status", "501"]);
});

Deno.test("upstream gets the authority once, as :authority", () => {
  const world = World.started();
  world.open(1, [...without(":authority"), ["host", "a.example"]]);
  assert.deepEqual(new Map(world.server.streams.get(1)?.lists[0]), new Map(GET));
});

Deno.test("bodies that differ from their content-length, and bad trailers, reset their stream", () => {
  const cases: ((world: World) => Uint8Array)[] = [
    ({ client }) => client.data(1, "1234", false),
    ({ client }) => client.data(1, "12", true),
    ({ client }) => client.headers(1, [["x", "1"]], true),
    ({ client }) => client.headers(1, [["x", "1"]], false),
    ({ client }) => client.headers(1, [[":path", "/"]], true),
    () => encodeWindowUpdate(1, 0),
  ];
  for (const frame of cases) {
    const world = World.started();
    world.open(1, post(["content-length", "3"]), false);
    world.fromClient(frame(world));
    assert.equal(world.server.streams.get(1)?.reset, ErrorCode.cancel);
    assert.equal(world.client.streams.get(1)?.reset, ErrorCode.protocol);
    assert.equal(world.close, undefined);
  }
});

Deno.test("malformed responses reset their stream on both sides", () => {
  const lists: List[] = [
    [["x", "1"]],
    [[":status", "20"]],
    [[":status", "101"]],
    [...OK, ["connection", "close"]],
    [...OK, ["x", "a\nb"]],
    [...OK, [":status", "200"]],
  ];
  for (const list of lists) {
    const world = World.started();
    world.open(1, GET);
    world.fromServer(world.server.headers(1, list, true));
    assert.equal(world.client.streams.get(1)?.reset, ErrorCode.protocol);
    assert.equal(world.server.streams.get(1)?.reset, ErrorCode.protocol);
    assert.deepEqual(world.client.streams.get(1)?.lists, []);
  }
});

Deno.test("a client that breaks the protocol loses its connection", () => {
  const { protocol, streamClosed, compression } = ErrorCode;
  assert.equal(closedBy(() => [fromLatin1("GET / HTTP/1.1\r\n")], new World()), protocol);
  const early = (world: World) => [fromLatin1(PREFACE), world.client.headers(1, GET, true)];
  assert.equal(closedBy(early, new World()), protocol);
  assert.equal(closedBy(({ client }) => [client.headers(2, GET, true)]), protocol);
  assert.equal(closedBy(({ client }) => [client.data(1, "x", true)]), protocol);
  assert.equal(closedBy(() => [encodeRstStream(1, 8)]), protocol);
  assert.equal(closedBy(() => [encodeWindowUpdate(1, 8)]), protocol);
  assert.equal(closedBy(() => [encodeFrame(FrameType.pushPromise, 4, 1, EMPTY)]), protocol);
  assert.equal(closedBy(() => [encodeFrame(FrameType.continuation, 4, 1, EMPTY)]), protocol);
  const open = encodeFrame(FrameType.headers, 0, 1, EMPTY);
  assert.equal(closedBy(({ client }) => [open, client.data(1, "x", true)]), protocol);
  assert.equal(closedBy(() => [open, encodeFrame(FrameType.continuation, 4, 3, EMPTY)]), protocol);
  assert.equal(closedBy(() => [open, open]), protocol);
  const bad = encodeFrame(FrameType.headers, Flag.endHeaders, 1, Uint8Array.of(0x80));
  assert.equal(closedBy(() => [bad]), compression);
  const done = World.started();
  done.open(1, GET);
  done.fromServer(done.server.headers(1, OK, true));
  assert.equal(closedBy(({ client }) => [client.headers(1, GET, true)], done), streamClosed);
  const overflow = [encodeWindowUpdate(0, 2 ** 31 - 1)];
  assert.equal(closedBy(() => overflow), ErrorCode.flowControl);
});

Deno.test("an upstream that breaks the protocol loses its connection", () => {
  const cases: [ErrorCode, (world: World) => Uint8Array][] = [
    [ErrorCode.protocol, () => encodeFrame(FrameType.pushPromise, 4, 1, EMPTY)],
    [ErrorCode.protocol, ({ server }) => server.headers(3, OK, true)],
    [ErrorCode.protocol, ({ server }) => server.headers(2, OK, true)],
    [ErrorCode.compression, () => encodeFrame(FrameType.headers, 4, 1, Uint8Array.of(0xff))],
  ];
  for (const [code, frame] of cases) {
    const world = World.started();
    world.open(1, GET);
    world.fromServer(frame(world));
    assert.deepEqual([world.close?.by, world.close?.code], ["upstream", code]);
    assert.equal(world.client.control.at(-1), `goaway 1 ${ErrorCode.internal}`);
  }
  const world = World.started();
  world.open(1, GET);
  world.fromServer(world.server.headers(1, OK, false));
  for (let i = 0; i < 5; i++) world.fromServer(world.server.data(1, "x".repeat(16384), false));
  assert.equal(world.close?.code, ErrorCode.flowControl);
});
