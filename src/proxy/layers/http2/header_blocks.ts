/**
 * Joins HEADERS and CONTINUATION frames to header blocks (RFC 9113 sections 4.3 and 6.10).
 *
 * @module
 */

import { concat } from "../bytes.ts";
import { ConnectionError, ErrorCode } from "./errors.ts";
import type { Frame } from "./frame.ts";

/** A whole header block, still compressed. */
export interface HeaderBlock {
  stream: number;
  block: Uint8Array;
  endStream: boolean;
}

type Part = Extract<Frame, { type: "headers" | "continuation" }>;

/** CONTINUATION frames that a block may have: empty ones would add nothing to its size. */
const MAX_CONTINUATIONS = 64;

/** The block of one peer that is under way. */
export class HeaderBlocks {
  #open: HeaderBlock | undefined;
  #parts: Uint8Array[] = [];
  #size = 0;

  /** @param limit largest compressed block, in bytes */
  constructor(readonly limit: number) {}

  /**
   * Takes the next part.
   *
   * @returns the block, once it is whole
   * @throws {ConnectionError} if the part is not the one that must follow, or the block gets too large
   */
  add(part: Part): HeaderBlock | undefined {
    if (part.type === "headers") {
      this.expectNone();
      this.#open = { stream: part.stream, block: part.block, endStream: part.endStream };
      this.#parts = [];
      this.#size = 0;
    }
    const open = this.#open;
    if (!open || open.stream !== part.stream) {
      throw new ConnectionError(ErrorCode.protocol, "a CONTINUATION that continues nothing");
    }
    this.#size += part.block.length;
    if (this.#size > this.limit || this.#parts.length > MAX_CONTINUATIONS) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, "a header block that is too large");
    }
    if (!part.endHeaders) {
      // Copied: the part is a view that does not outlive the bytes that it came with.
      this.#parts.push(part.block.slice());
      return undefined;
    }
    this.#open = undefined;
    if (this.#parts.length > 0) open.block = concat(...this.#parts, part.block);
    return open;
  }

  /**
   * Nothing but its CONTINUATION may follow a block that is not whole.
   *
   * @throws {ConnectionError} if one is under way
   */
  expectNone(): void {
    if (this.#open) {
      throw new ConnectionError(ErrorCode.protocol, "a frame inside a header block");
    }
  }
}
