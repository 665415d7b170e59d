/**
 * A peer for tests: sends frames with a compression that uses its dynamic table, keeps what it gets.
 *
 * @module
 */

import { concat, fromLatin1, toLatin1 } from "../../bytes.ts";
import { encodeFrame, encodeHeaders, Flag, FrameType, PREFACE } from "../frame.ts";
import { FrameReader } from "../frame_reader.ts";
import { HeaderBlocks } from "../header_blocks.ts";
import { HpackDecoder } from "../hpack/decoder.ts";
import { DynamicTable } from "../hpack/dynamic_table.ts";
import { BlockWriter } from "../hpack/primitives.ts";
import { STATIC_TABLE } from "../hpack/static_table.ts";

/** A header list, `[name, value]` each. */
export type List = [name: string, value: string][];

/** What a peer got on one stream. */
export interface Received {
  lists: List[];
  body: string;
  ended: boolean;
  reset?: number;
}

/** An encoder that puts every field into the dynamic table. */
export class IndexingEncoder {
  #table = new DynamicTable(4096);
  #writer = new BlockWriter(true);

  /** Encodes a header list. */
  encode(list: List): Uint8Array<ArrayBuffer> {
    for (const [name, value] of list) {
      const index = this.#indexOf(name, value);
      if (index !== undefined) this.#writer.integer(7, 0x80, index);
      else {
        this.#writer.integer(6, 0x40, 0);
        this.#writer.string(name);
        this.#writer.string(value);
        this.#table.add({ name, value, sensitive: false });
      }
    }
    return this.#writer.take();
  }

  #indexOf(name: string, value: string): number | undefined {
    for (let i = 0; i < this.#table.length; i++) {
      const field = this.#table.get(i)!;
      if (field.name === name && field.value === value) return STATIC_TABLE.length + 1 + i;
    }
    return undefined;
  }
}

/** One end of a conversation. */
export class TestPeer {
  readonly streams = new Map<number, Received>();
  /** Types of the frames that came on stream 0, with what tells them apart. */
  readonly control: string[] = [];
  /** Sum of WINDOW_UPDATE increments on stream 0. */
  opened = 0;
  readonly #reader = new FrameReader();
  readonly #blocks = new HeaderBlocks(1 << 20);
  readonly #decoder = new HpackDecoder({ bytes: 1 << 20, fields: 1000 });
  readonly #encoder = new IndexingEncoder();
  #prefaceLeft: number;

  /** @param server whether a client's preface is expected first */
  constructor(server: boolean) {
    this.#prefaceLeft = server ? PREFACE.length : 0;
  }

  /** Encodes HEADERS. */
  headers(stream: number, list: List, endStream: boolean): Uint8Array {
    return encodeHeaders(stream, this.#encoder.encode(list), endStream);
  }

  /** Encodes DATA. */
  data(stream: number, text: string, endStream: boolean, padding = 0): Uint8Array {
    const flags = (endStream ? Flag.endStream : 0) | (padding > 0 ? Flag.padded : 0);
    const parts = [fromLatin1(text)];
    if (padding > 0) parts.unshift(Uint8Array.of(padding - 1));
    if (padding > 1) parts.push(new Uint8Array(padding - 1));
    return encodeFrame(FrameType.data, flags, stream, concat(...parts));
  }

  /** Takes what the peer gets. */
  receive(bytes: Uint8Array | undefined): void {
    if (!bytes) return;
    const skip = Math.min(this.#prefaceLeft, bytes.length);
    this.#prefaceLeft -= skip;
    this.#reader.push(bytes.subarray(skip));
    for (let frame = this.#reader.next(); frame; frame = this.#reader.next()) {
      if (frame instanceof Error) throw frame;
      if (frame.type === "headers" || frame.type === "continuation") {
        const block = this.#blocks.add(frame);
        if (block) this.#list(block.stream, block.block, block.endStream);
      } else if (frame.type === "data") {
        const stream = this.#stream(frame.stream);
        const start = frame.flow === frame.size ? 9 : 10;
        stream.body += toLatin1(frame.raw.subarray(start, start + frame.size));
        stream.ended ||= frame.endStream;
      } else if (frame.type === "rst_stream") this.#stream(frame.stream).reset = frame.code;
      else if (frame.type === "settings") {
        this.control.push(frame.ack ? "ack" : `settings ${JSON.stringify(frame.entries)}`);
      } else if (frame.type === "goaway") {
        this.control.push(`goaway ${frame.lastStream} ${frame.code}`);
      } else if (frame.type === "window_update" && frame.stream === 0) {
        this.opened += frame.increment;
      } else if (frame.type === "ping") {
        this.control.push(`ping ${frame.ack} ${frame.data.join("")}`);
      } else this.control.push(`${frame.type} ${"stream" in frame ? frame.stream : ""}`);
    }
  }

  #list(id: number, block: Uint8Array, endStream: boolean): void {
    const decoded = this.#decoder.decode(block);
    if (decoded instanceof Error) throw decoded;
    const stream = this.#stream(id);
    stream.lists.push(decoded.fields.map(({ name, value }) => [name, value]));
    stream.ended ||= endStream;
  }

  #stream(id: number): Received {
    let stream = this.streams.get(id);
    if (!stream) this.streams.set(id, stream = { lists: [], body: "", ended: false });
    return stream;
  }
}
