/**
 * Image names of containers: asked for when a container is first seen, known when it connects. No I/O.
 *
 * @module
 */

import { type ContainerId, containerOf } from "./container_id.ts";

/** Asks for a name; `done` is called once, possibly at once, with undefined if there is none. */
export type AskImage = (container: ContainerId, done: (image: string | undefined) => void) => void;

/** ms until a container without an answer is asked for again. */
const RETRY_MS = 1000;
const LIMIT = 4096;

interface Known {
  image?: string;
  /** When the latest question was asked, ms. */
  asked: number;
  waiting: boolean;
}

/** Remembers names. A container's image never changes, so a name holds for good. */
export class ContainerImages {
  readonly #ask: AskImage;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  /** @param now ms, monotonic */
  constructor(ask: AskImage, now: () => number) {
    this.#ask = ask;
    this.#now = now;
  }

  /**
   * The image of the container that a cgroup is of. Never waits: what is not known yet is asked for.
   *
   * @param cgroup cgroup v2 path
   */
  imageOf(cgroup: string): string | undefined {
    const container = containerOf(cgroup);
    if (!container) return undefined;
    const known = this.#known.get(container.id) ?? this.#remember(container.id);
    if (known.image !== undefined || known.waiting || this.#now() < known.asked + RETRY_MS) {
      return known.image;
    }
    known.waiting = true;
    known.asked = this.#now();
    this.#ask(container, (image) => {
      known.waiting = false;
      if (image !== undefined) known.image = image;
    });
    return known.image;
  }

  #remember(id: string): Known {
    if (this.#known.size >= LIMIT) this.#known.delete(this.#known.keys().next().value!);
    const known: Known = { asked: -Infinity, waiting: false };
    this.#known.set(id, known);
    return known;
  }
}
