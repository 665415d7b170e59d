/**
 * Writes a playbook.
 *
 * @module
 */

import {
  type LayerEntry,
  type LogEvent,
  type PlaybookEntry,
  type PlaybookHead,
  redactText,
} from "../protocol/mod.ts";

/** Fields that differ from one recording to the next and say nothing about a layer. */
const FLEETING: ReadonlySet<string> = new Set(["ts", "conn", "src_port", "duration_ms"]);

/** Puts entries in lines, and connections in order: the first that shows up is "1". */
export class Playbook {
  readonly #write: (line: string) => void;
  readonly #numbers = new Map<string, string>();

  /** @param write takes one line with its end */
  constructor(write: (line: string) => void, head: PlaybookHead) {
    this.#write = write;
    this.#line(head);
  }

  /** What a layer of the proxy saw and said. */
  layer(conn: string, entry: LayerEntry): void {
    this.add({ conn: this.#number(conn), ...entry });
  }

  /** A line of the connection log. */
  log(event: LogEvent): void {
    const kept = Object.entries(event).filter(([key]) => !FLEETING.has(key))
      .map(([key, value]) => [key, typeof value === "string" ? redactText(value) : value]);
    const { conn } = event;
    this.add({
      ...(conn !== undefined && { conn: this.#number(conn) }),
      layer: "log",
      said: Object.fromEntries(kept),
    });
  }

  /** Any entry. */
  add(entry: PlaybookEntry): void {
    this.#line(entry);
  }

  #line(body: PlaybookHead | PlaybookEntry): void {
    this.#write(JSON.stringify(body) + "\n");
  }

  #number(conn: string): string {
    const known = this.#numbers.get(conn);
    if (known !== undefined) return known;
    const number = String(this.#numbers.size + 1);
    this.#numbers.set(conn, number);
    return number;
  }
}
