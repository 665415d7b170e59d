/**
 * A relay between two test peers.
 *
 * @module
 */

import { concat, fromLatin1 } from "../../bytes.ts";
import { encodeSettings, encodeSettingsAck, PREFACE, type SettingEntry } from "../frame.ts";
import type { Question, RelayClose, RelayOutput, StreamEnd } from "../output.ts";
import { Relay } from "../relay.ts";
import { type List, TestPeer } from "./peer.ts";

/** A plain GET. */
export const GET: List = [
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", "a.example"],
  [":path", "/x"],
];

/** The head of a plain response. */
export const OK: List = [[":status", "200"]];

/** A POST with further fields. */
export function post(...more: List): List {
  return [[":method", "POST"], ...GET.slice(1), ...more];
}

/** Feeds a relay and hands its output on at once. */
export class World {
  readonly relay = new Relay({ scheme: "https", host: "a.example", port: 443 });
  readonly client = new TestPeer(false);
  readonly server = new TestPeer(true);
  readonly questions: Question[] = [];
  readonly ended: StreamEnd[] = [];
  close: RelayClose | undefined;

  /** Both connections begun, settings exchanged and acknowledged. */
  static started(client: SettingEntry[] = [], server: SettingEntry[] = []): World {
    const world = new World();
    world.fromClient(fromLatin1(PREFACE), encodeSettings(client));
    world.fromServer(encodeSettings(server), encodeSettingsAck());
    world.fromClient(encodeSettingsAck());
    return world;
  }

  /** The client sends. */
  fromClient(...parts: Uint8Array[]): void {
    this.perform(this.relay.fromClient(joined(parts)));
  }

  /** The server sends. */
  fromServer(...parts: Uint8Array[]): void {
    this.perform(this.relay.fromUpstream(joined(parts)));
  }

  /** The client opens a stream, which is allowed at once. */
  open(stream: number, list: List, endStream = true): void {
    this.fromClient(this.client.headers(stream, list, endStream));
    this.perform(this.relay.allow(stream));
  }

  /** Does what the relay wants done. */
  perform(output: RelayOutput): void {
    this.client.receive(output.toClient);
    this.server.receive(output.toUpstream);
    this.questions.push(...output.questions);
    this.ended.push(...output.ended);
    this.close ??= output.close;
  }
}

/**
 * The code of the connection error that a client's frames lead to; undefined: the connection goes on.
 *
 * @param frames made with the world's peers; each is sent by itself
 */
export function closedBy(
  frames: (world: World) => Uint8Array[],
  world = World.started(),
): number | undefined {
  for (const frame of frames(world)) world.fromClient(frame);
  return world.close?.code;
}

/**
 * A world in which the client's connection window has 1500 bytes left and upstream counts on 1535: stream 5 was
 * refused with 35 bytes, 64000 bytes of stream 1 have come, and stream 3 is open.
 */
export function inDebt(): World {
  const world = World.started();
  const { client, server } = world;
  world.open(1, GET);
  world.open(3, GET);
  world.fromClient(client.headers(5, GET, true));
  world.perform(world.relay.refuse(5, 403, "x".repeat(35)));
  world.fromServer(server.headers(1, OK, false));
  for (let i = 0; i < 4; i++) world.fromServer(server.data(1, "y".repeat(16000), false));
  return world;
}

/** One part is passed as it is, so that a test sees whether it is kept. */
function joined(parts: Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : concat(...parts);
}
