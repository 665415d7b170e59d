/**
 * Deadlines for many connections with one timer: a timer per read or write costs more than the read.
 *
 * @module
 */

/** Something that ends when its time is over. */
export interface Watched {
  /** Milliseconds since the epoch; Infinity: not now. */
  deadline: number;
  /** Called once the deadline has passed; it is set to Infinity before. */
  expire(): void;
  /** Called at every scan, for what takes notice of time without ending. */
  tick?(now: number): void;
}

/** Scans what it watches once a second. */
export class Watchdog {
  readonly #watched = new Set<Watched>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor() {
    this.#timer = setInterval(() => this.scan(Date.now()), 1000);
  }

  /** Begins to watch. */
  add(watched: Watched): void {
    this.#watched.add(watched);
  }

  /** Ends it. */
  delete(watched: Watched): void {
    this.#watched.delete(watched);
  }

  /** Ends everything that is overdue at `now`. */
  scan(now: number): void {
    for (const watched of this.#watched) {
      watched.tick?.(now);
      if (now < watched.deadline) continue;
      watched.deadline = Infinity;
      watched.expire();
    }
  }

  /** Stops the timer. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
