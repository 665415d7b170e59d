/**
 * Waiting for values that something else produces.
 *
 * @module
 */

/** Longest wait for a value where nothing else is said, ms: what has not come by then on a busy machine never comes. */
const PATIENCE_MS = 30_000;

/** Values in the order in which they came; each is taken once. */
export class Inbox<T> {
  readonly #patience: number;
  readonly #values: T[] = [];
  readonly #waiting: (() => void)[] = [];
  #ended = false;

  /** @param patience longest wait for a value, ms */
  constructor(patience = PATIENCE_MS) {
    this.#patience = patience;
  }

  put(value: T): void {
    this.#values.push(value);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Nothing comes any more. */
  end(): void {
    this.#ended = true;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Everything that came and was not taken. */
  get left(): readonly T[] {
    return this.#values;
  }

  /** Takes the first value that fits, now or when it comes. @throws {Error} if none can come, or none comes */
  async take(fits: (value: T) => boolean = () => true): Promise<T> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      for (const wake of this.#waiting.splice(0)) wake();
    }, this.#patience);
    try {
      while (true) {
        const index = this.#values.findIndex(fits);
        if (index >= 0) return this.#values.splice(index, 1)[0]!;
        if (this.#ended || late) {
          const why = late ? `nothing fits after ${this.#patience} ms` : "ended";
          throw new Error(`${why}; left: ${JSON.stringify(this.#values)}`);
        }
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Puts each line of a stream, parsed as JSON, into an inbox. */
export async function readJsonLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  inbox: Inbox<Record<string, unknown>>,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) inbox.put(JSON.parse(line));
  }
  inbox.end();
}
