/**
 * What the relay keeps for each of its two connections.
 *
 * @module
 */

import { ConnectionError, ErrorCode } from "./errors.ts";
import { FrameReader } from "./frame_reader.ts";
import { HeaderBlocks } from "./header_blocks.ts";
import { type DecodedBlock, HpackDecoder } from "./hpack/decoder.ts";
import { HpackEncoder } from "./hpack/encoder.ts";

/** SETTINGS or PINGs that the other side may leave unanswered before more of them are a flood. */
const MAX_UNANSWERED = 32;
/** Fields of a header list. */
const MAX_FIELDS = 256;

/** Limits that hold for one peer. */
export interface PeerLimits {
  /** Largest header list that it may send, in bytes. */
  list: number;
  /** Whether header blocks to it are Huffman-coded. */
  huffman: boolean;
}

/** One connection of the relay: decodes what its peer sends, encodes what its peer gets. */
export class Peer {
  readonly reader = new FrameReader();
  readonly blocks: HeaderBlocks;
  readonly encoder: HpackEncoder;
  /** Whether its first SETTINGS have come. */
  started = false;
  readonly #decoder: HpackDecoder;
  /** Table sizes in SETTINGS sent to it that it has not acknowledged; undefined: none in those. */
  #settings: (number | undefined)[] = [];
  #pings = 0;

  constructor(limits: PeerLimits) {
    // What is somewhat too large costs its stream and has a reason; what is far beyond, the connection.
    this.blocks = new HeaderBlocks(2 * limits.list);
    this.#decoder = new HpackDecoder({ bytes: limits.list, fields: MAX_FIELDS });
    this.encoder = new HpackEncoder({ huffman: limits.huffman });
  }

  /**
   * Decodes a header block of the peer. Every block comes here, also those of streams that are gone.
   *
   * @returns the list, or its beginning if it is larger than allowed
   * @throws {ConnectionError} if it is no HPACK
   */
  decode(block: Uint8Array): DecodedBlock {
    const decoded = this.#decoder.decode(block);
    if (decoded instanceof Error) {
      throw new ConnectionError(ErrorCode.compression, decoded.message);
    }
    return decoded;
  }

  /**
   * Settings are on their way to the peer.
   *
   * @param tableSize the SETTINGS_HEADER_TABLE_SIZE among them
   * @throws {ConnectionError} about the sender, if too many are unacknowledged
   */
  settingsSent(tableSize: number | undefined): void {
    if (this.#settings.push(tableSize) > MAX_UNANSWERED) throw flood("SETTINGS");
  }

  /**
   * The peer acknowledged settings.
   *
   * @returns whether they held a table size
   * @throws {ConnectionError} if there was nothing to acknowledge
   */
  settingsAcknowledged(): boolean {
    if (this.#settings.length === 0) {
      throw new ConnectionError(ErrorCode.protocol, "SETTINGS ACK for nothing");
    }
    const tableSize = this.#settings.shift();
    if (tableSize !== undefined) this.#decoder.setTableLimit(tableSize);
    return tableSize !== undefined;
  }

  /**
   * A PING is on its way to the peer.
   *
   * @throws {ConnectionError} about the sender, if too many are unanswered
   */
  pingSent(): void {
    if (++this.#pings > MAX_UNANSWERED) throw flood("PING");
  }

  /** The peer answered a PING; false if there was none. */
  pingAnswered(): boolean {
    if (this.#pings === 0) return false;
    this.#pings--;
    return true;
  }
}

function flood(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.enhanceYourCalm, `a flood of ${what}`);
}
