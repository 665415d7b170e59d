/**
 * The client's connection window, which upstream's DATA and local answers share.
 *
 * @module
 */

import { ConnectionError, ErrorCode } from "./errors.ts";
import { DEFAULT_WINDOW, MAX_WINDOW } from "./frame.ts";

/**
 * Upstream counts on the whole window, while local answers use some of it. What they used is a debt: it
 * is kept back from the client's next WINDOW_UPDATEs, and until it is paid, DATA of upstream may have
 * to wait here, at most as much as the debt.
 */
export class ClientWindow {
  #open = DEFAULT_WINDOW;
  #upstream = DEFAULT_WINDOW;
  #debt = 0;

  /** Bytes that the client takes now. */
  get open(): number {
    return this.#open;
  }

  /**
   * The client opened its window.
   *
   * @returns by how much upstream's view of it grows, 0 if not at all
   * @throws {ConnectionError} if the window gets too large (RFC 9113 section 6.9.1)
   */
  update(increment: number): number {
    this.#open += increment;
    if (this.#open > MAX_WINDOW) {
      throw new ConnectionError(ErrorCode.flowControl, "the connection window is too large");
    }
    const paid = Math.min(this.#debt, increment);
    this.#debt -= paid;
    this.#upstream += increment - paid;
    return increment - paid;
  }

  /**
   * DATA came from upstream.
   *
   * @throws {ConnectionError} if it is more than upstream may send
   */
  received(flow: number): void {
    this.#upstream -= flow;
    if (this.#upstream < 0) {
      throw new ConnectionError(ErrorCode.flowControl, "more DATA than the window lets through");
    }
  }

  /** DATA of upstream was dropped, and its bytes are given back. */
  returned(flow: number): void {
    this.#upstream += flow;
  }

  /** DATA of upstream goes to the client. */
  spend(flow: number): void {
    this.#open -= flow;
  }

  /** DATA of a local answer goes to the client. */
  borrow(flow: number): void {
    this.#open -= flow;
    this.#debt += flow;
  }
}
