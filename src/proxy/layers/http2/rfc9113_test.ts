/**
 * What RFC 9113 asks of a server, section by section, in the manner of h2spec: frames of a client, and what
 * they must lead to. Unlike h2spec it also sees what reaches upstream, which is nothing of a bad request.
 */

import assert from "node:assert/strict";
import { concat, EMPTY, fromLatin1 } from "../bytes.ts";
import { ErrorCode } from "./errors.ts";
import {
  encodeFrame,
  encodeGoaway,
  encodePing,
  encodeRstStream,
  encodeSettings,
  encodeSettingsAck,
  encodeWindowUpdate,
  Flag,
  FrameType,
  MAX_WINDOW,
  PREFACE,
  Setting,
} from "./frame.ts";
import type { TestPeer } from "./testing/peer.ts";
import { GET, OK, post, World } from "./testing/world.ts";

/** `connection CODE`, `stream CODE` (of stream 1), or `goes on`. */
type Outcome = `${"connection" | "stream"} ${keyof typeof ErrorCode}` | "goes on";

/** How stream 1 stands when the frames come. */
type State = "idle" | "open" | "half-closed" | "closed" | "reset by the client";

interface Case {
  section: string;
  what: string;
  state?: State;
  frames(client: TestPeer): Uint8Array[];
  outcome: Outcome;
}

const { data, headers, priority, rstStream, settings, pushPromise, ping, goaway, windowUpdate } =
  FrameType;
const bytes = (...list: number[]) => new Uint8Array(list);
const eight = new Uint8Array(8);
const weight = bytes(0, 0, 0, 0, 1);
/** `:method GET, :scheme https, :path /` and `:authority a.example`, without a table. */
const BLOCK = concat(bytes(0x82, 0x87, 0x84, 0x01, 9), fromLatin1("a.example"));
const head = (flags: number, stream: number, block: Uint8Array = BLOCK) =>
  encodeFrame(headers, flags, stream, block);
const reserved = (frame: Uint8Array) => {
  frame[5]! |= 0x80;
  return frame;
};

const CASES: Case[] = [
  ...cases("4.1", "goes on", {
    "an unknown frame type is ignored": () => [encodeFrame(0xf0, 0xff, 0, eight)],
    "undefined flags are ignored": () => [encodeFrame(ping, 0xfe, 0, eight)],
    "the reserved bit is ignored": () => [reserved(encodePing(false, eight))],
  }),
  ...cases("4.2", "connection frameSize", {
    "DATA above SETTINGS_MAX_FRAME_SIZE": () => [
      encodeFrame(data, 0, 1, new Uint8Array(16385)),
    ],
    "HEADERS above SETTINGS_MAX_FRAME_SIZE": () => [head(4, 1, new Uint8Array(16385))],
  }),
  ...cases("4.3", "connection compression", {
    "a header block that is no HPACK": () => [head(4, 1, bytes(0x40))],
    "a table size above the setting": () => [head(5, 1, concat(bytes(0x3f, 0xe2, 0x1f), BLOCK))],
  }),
  ...cases("4.3", "connection protocol", {
    "PRIORITY inside a header block": () => [head(1, 1), encodeFrame(priority, 0, 1, weight)],
    "HEADERS of another stream inside a header block": () => [head(1, 1), head(5, 3)],
    "an extension frame inside a header block": () => [head(1, 1), encodeFrame(0xf0, 0, 0, eight)],
  }),
  ...cases("5.1", "connection protocol", {
    "DATA on an idle stream": (client) => [client.data(1, "x", true)],
    "RST_STREAM on an idle stream": () => [encodeRstStream(1, 8)],
    "WINDOW_UPDATE on an idle stream": () => [encodeWindowUpdate(1, 100)],
    "CONTINUATION on an idle stream": () => [encodeFrame(FrameType.continuation, 4, 1, BLOCK)],
  }),
  ...cases("5.1", "goes on", { "PRIORITY on an idle stream": () => [prioritised(1)] }),
  ...cases("5.1", "stream streamClosed", {
    "DATA on a half-closed stream": (client) => [client.data(1, "x", true)],
    "HEADERS on a half-closed stream": (client) => [client.headers(1, GET, true)],
  }, "half-closed"),
  ...cases("5.1", "goes on", {
    "WINDOW_UPDATE and RST_STREAM on a half-closed stream": () => [
      encodeWindowUpdate(1, 100),
      prioritised(1),
      encodeRstStream(1, 8),
    ],
  }, "half-closed"),
  ...cases("5.1", "connection streamClosed", {
    "DATA on a closed stream": (client) => [client.data(1, "x", true)],
    "HEADERS on a closed stream": (client) => [client.headers(1, GET, true)],
  }, "closed"),
  ...cases("5.1", "goes on", {
    "WINDOW_UPDATE, PRIORITY and RST_STREAM on a closed stream": () => [
      encodeWindowUpdate(1, 100),
      prioritised(1),
      encodeRstStream(1, 8),
    ],
  }, "closed"),
  ...cases("5.1", "goes on", {
    "what was under way when the stream was reset": (client) => [client.data(1, "x", true)],
  }, "reset by the client"),
  ...cases("5.1.1", "connection protocol", {
    "a stream with an even id": (client) => [client.headers(2, GET, true)],
  }),
  // A new stream closes all idle ones below it.
  ...cases("5.1.1", "connection streamClosed", {
    "a stream with a lower id": (client) => [
      client.headers(5, GET, true),
      client.headers(3, GET, true),
    ],
  }),
  ...cases("5.5", "goes on", {
    "an extension frame on a stream": () => [encodeFrame(0xf1, 0, 1, eight)],
  }, "open"),
  ...cases("6.1", "connection protocol", {
    "DATA on stream 0": () => [encodeFrame(data, 0, 0, bytes(1))],
    "DATA with more padding than payload": () => [encodeFrame(data, Flag.padded, 1, bytes(9, 0))],
  }, "open"),
  ...cases("6.2", "connection protocol", {
    "HEADERS on stream 0": () => [head(5, 0)],
    "HEADERS with more padding than payload": () => [head(5 | Flag.padded, 1, bytes(9, 0x82))],
  }),
  ...cases("6.3", "connection protocol", {
    "PRIORITY on stream 0": () => [encodeFrame(priority, 0, 0, weight)],
  }),
  ...cases("6.3", "stream frameSize", {
    "PRIORITY of another length than 5": () => [encodeFrame(priority, 0, 1, bytes(0, 0, 0, 0))],
  }, "open"),
  ...cases("6.4", "connection protocol", {
    "RST_STREAM on stream 0": () => [encodeRstStream(0, 8)],
  }),
  ...cases("6.4", "connection frameSize", {
    "RST_STREAM of another length than 4": () => [encodeFrame(rstStream, 0, 1, bytes(0, 0, 8))],
  }, "open"),
  ...cases("6.5", "connection frameSize", {
    "a SETTINGS acknowledgement with a payload": () => [
      encodeFrame(settings, Flag.ack, 0, new Uint8Array(6)),
    ],
    "SETTINGS of a length that is no multiple of 6": () => [
      encodeFrame(settings, 0, 0, bytes(0, 3, 0)),
    ],
  }),
  ...cases("6.5", "connection protocol", {
    "SETTINGS on a stream": () => [encodeFrame(settings, 0, 1, EMPTY)],
    "a SETTINGS acknowledgement of nothing": () => [encodeSettingsAck()],
  }),
  ...cases("6.5.2", "connection protocol", {
    "SETTINGS_ENABLE_PUSH of 2": () => [encodeSettings([[Setting.enablePush, 2]])],
    "SETTINGS_MAX_FRAME_SIZE of 16383": () => [encodeSettings([[Setting.maxFrameSize, 16383]])],
    "SETTINGS_MAX_FRAME_SIZE of 2^24": () => [encodeSettings([[Setting.maxFrameSize, 2 ** 24]])],
  }),
  ...cases("6.5.2", "connection flowControl", {
    "SETTINGS_INITIAL_WINDOW_SIZE of 2^31": () => [
      encodeSettings([[Setting.initialWindowSize, 2 ** 31]]),
    ],
  }),
  ...cases("6.5.2", "goes on", {
    "an unknown setting": () => [encodeSettings([[0xff, 1]])],
    "the last of two values": () => [
      encodeSettings([[Setting.initialWindowSize, 1], [Setting.initialWindowSize, 9]]),
    ],
  }),
  ...cases("6.6", "connection protocol", {
    "PUSH_PROMISE from a client": () => [encodeFrame(pushPromise, 4, 1, bytes(0, 0, 0, 2))],
  }, "open"),
  ...cases("6.7", "connection protocol", {
    "PING on a stream": () => [encodeFrame(ping, 0, 1, eight)],
  }),
  ...cases("6.7", "connection frameSize", {
    "PING of another length than 8": () => [encodeFrame(ping, 0, 0, bytes(1))],
  }),
  ...cases("6.7", "goes on", { "a PING answer to nothing": () => [encodePing(true, eight)] }),
  ...cases("6.8", "connection protocol", {
    "GOAWAY on a stream": () => [encodeFrame(goaway, 0, 1, eight)],
  }),
  ...cases("6.9", "connection protocol", {
    "WINDOW_UPDATE of 0 on the connection": () => [encodeWindowUpdate(0, 0)],
  }),
  ...cases("6.9", "stream protocol", {
    "WINDOW_UPDATE of 0 on a stream": () => [encodeWindowUpdate(1, 0)],
  }, "open"),
  ...cases("6.9", "connection frameSize", {
    "WINDOW_UPDATE of another length than 4": () => [encodeFrame(windowUpdate, 0, 0, bytes(1))],
  }),
  ...cases("6.9.1", "connection flowControl", {
    "a connection window above 2^31-1": () => [encodeWindowUpdate(0, MAX_WINDOW)],
  }),
  ...cases("6.10", "connection protocol", {
    "CONTINUATION after HEADERS that were whole": () => [
      head(5, 1),
      encodeFrame(FrameType.continuation, 4, 1, BLOCK),
    ],
    "CONTINUATION on stream 0":
      () => [head(1, 1), encodeFrame(FrameType.continuation, 4, 0, BLOCK)],
    "CONTINUATION of another stream": () => [
      head(1, 1),
      encodeFrame(FrameType.continuation, 4, 3, BLOCK),
    ],
    "DATA instead of CONTINUATION": (client) => [head(0, 1), client.data(1, "x", true)],
  }),
  ...cases("7", "goes on", {
    "an unknown code in RST_STREAM and GOAWAY": () => [
      encodeRstStream(1, 0xff),
      encodeGoaway(0, 0xff, EMPTY),
    ],
  }, "open"),
  ...cases("8.1", "stream protocol", {
    "trailers that do not end the stream": (client) => [client.headers(1, [["x", "1"]], false)],
    "a pseudo-header field in trailers": (client) => [client.headers(1, [[":path", "/"]], true)],
  }, "open"),
];

function cases(
  section: string,
  outcome: Outcome,
  list: Record<string, Case["frames"]>,
  state: State = "idle",
): Case[] {
  return Object.entries(list).map(([what, frames]) => ({ section, what, state, frames, outcome }));
}

function prioritised(stream: number): Uint8Array {
  return encodeFrame(priority, 0, stream, weight);
}

function worldIn(state: State | undefined): World {
  const world = World.started();
  if (state === undefined || state === "idle") return world;
  world.open(1, state === "half-closed" || state === "closed" ? GET : post(), state !== "open");
  if (state === "closed") world.fromServer(world.server.headers(1, OK, true));
  if (state === "reset by the client") world.fromClient(encodeRstStream(1, ErrorCode.cancel));
  return world;
}

function outcomeIn(world: World): string {
  const name = (code: number | undefined) =>
    Object.entries(ErrorCode).find((entry) => entry[1] === code)?.[0];
  if (world.close) return `connection ${name(world.close.code)}`;
  const reset = world.client.streams.get(1)?.reset;
  return reset === undefined ? "goes on" : `stream ${name(reset)}`;
}

for (const { section, what, state, frames, outcome } of CASES) {
  Deno.test(`RFC 9113 ${section}: ${what}`, () => {
    const world = worldIn(state);
    world.fromClient(...frames(world.client));
    assert.equal(outcomeIn(world), outcome);
    if (outcome.startsWith("connection")) return;
    // What goes on serves the next request.
    world.fromClient(encodeWindowUpdate(0, 1000));
    world.open(101, GET);
    world.fromServer(world.server.headers(101, OK, true));
    assert.equal(world.client.streams.get(101)?.ended, true);
  });
}

Deno.test("RFC 9113 3.4: what is no preface, and a first frame that is not SETTINGS", () => {
  for (const text of ["GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"]) {
    const world = new World();
    world.fromClient(fromLatin1(text));
    assert.equal(outcomeIn(world), "connection protocol");
    assert.deepEqual([...world.server.control, ...world.server.streams.keys()], []);
  }
  const world = new World();
  world.fromClient(fromLatin1(PREFACE), encodePing(false, eight));
  assert.equal(outcomeIn(world), "connection protocol");
});

Deno.test("RFC 9113 6.9.1: a stream's window above 2^31-1 is upstream's to refuse, which it may", () => {
  const world = worldIn("open");
  world.fromClient(encodeWindowUpdate(1, MAX_WINDOW));
  world.fromServer(encodeRstStream(1, ErrorCode.flowControl));
  assert.equal(outcomeIn(world), "stream flowControl");
});

Deno.test("RFC 9113 6.9.2: a smaller initial window makes windows negative, and they open again", () => {
  const world = World.started();
  world.fromClient(world.client.headers(1, GET, true), encodeSettings([[4, 2]]));
  world.perform(world.relay.refuse(1, 403, "0123"));
  const body = () => world.client.streams.get(1)?.body;
  assert.equal(body(), "01");
  world.fromClient(encodeSettings([[4, 0]]), encodeWindowUpdate(1, 3));
  assert.equal(body(), "012", "2 of 3 bytes pay what the setting took");
  world.fromClient(encodeWindowUpdate(1, 1));
  assert.equal(body(), "0123");
});
