/**
 * Where clients meant to go: what conntrack tells the kernel role, the recorder's fronts tell here.
 *
 * @module
 */

/** An address and port. */
export interface Destination {
  ip: string;
  port: number;
}

/** Destinations by the port that a front uses towards the proxy. */
export class Destinations {
  readonly #known = new Map<string, Destination>();

  /** @param port of the front's own socket on 127.0.0.1 */
  set(protocol: "tcp" | "udp", port: number, to: Destination): void {
    this.#known.set(`${protocol} ${port}`, to);
  }

  get(protocol: "tcp" | "udp", port: number): Destination | undefined {
    return this.#known.get(`${protocol} ${port}`);
  }

  delete(protocol: "tcp" | "udp", port: number): void {
    this.#known.delete(`${protocol} ${port}`);
  }
}
