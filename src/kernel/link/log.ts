/**
 * Log lines for repeated events: the first at once, the rest of a second as one line with a count.
 * No I/O.
 *
 * @module
 */

import type { LogEvent } from "../../protocol/mod.ts";

const WINDOW_MS = 1000;

interface Window {
  event: LogEvent;
  ends: number;
  /** Repetitions since the first. */
  count: number;
}

/** Counts repetitions. */
export class Repetitions {
  readonly #write: (event: LogEvent) => void;
  readonly #limit: number;
  readonly #windows = new Map<string, Window>();
  #unlisted = 0;

  /** @param limit different keys per second; what comes beyond is counted in one line */
  constructor(write: (event: LogEvent) => void, limit = 1024) {
    this.#write = write;
    this.#limit = limit;
  }

  /** Whether `tick` has something to do later. */
  get waiting(): boolean {
    return this.#windows.size > 0 || this.#unlisted > 0;
  }

  /**
   * @param key what makes two events the same
   * @param now ms since boot
   */
  add(key: string, event: LogEvent, now: number): void {
    const window = this.#windows.get(key);
    if (window && window.ends > now) {
      window.count++;
      return;
    }
    if (window) this.#end(key, window);
    if (this.#windows.size >= this.#limit) {
      this.#unlisted++;
      return;
    }
    this.#windows.set(key, { event, ends: now + WINDOW_MS, count: 0 });
    this.#write(event);
  }

  /** Writes the counts of windows that ended by `now`. */
  tick(now: number): void {
    for (const [key, window] of this.#windows) {
      if (window.ends <= now) this.#end(key, window);
    }
    if (this.#unlisted > 0) {
      const message = "more events than the log lists each second";
      this.#write({
        ts: new Date().toISOString(),
        type: "error",
        policy: "deny",
        count: this.#unlisted,
        message,
      });
      this.#unlisted = 0;
    }
  }

  #end(key: string, window: Window): void {
    this.#windows.delete(key);
    if (window.count === 0) return;
    this.#write({ ...window.event, ts: new Date().toISOString(), count: window.count });
  }
}

/** The log fields of a process. */
export function processFields(info: {
  pid?: number;
  exe?: string;
  cmdline?: string[];
  cgroup?: string;
  step?: string;
  action?: string;
  image?: string;
  ancestry?: string[];
}): Partial<LogEvent> {
  const { pid, exe, cmdline, cgroup, step, action, image, ancestry } = info;
  return { pid, exe, cmdline, cgroup, step, action, image, ancestry };
}
