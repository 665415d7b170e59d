/**
 * What is appended to a text file that somebody else writes.
 *
 * @module
 */

const CHUNK = 65536;

/** A file, read on from where the last look ended. */
export class AppendedText {
  readonly #path: string;
  readonly #decoder = new TextDecoder();
  #at = 0;

  /** @param path need not be there */
  constructor(path: string) {
    this.#path = path;
  }

  /** What came since the last look, at most 64 KiB of it. */
  next(): string {
    try {
      using file = Deno.openSync(this.#path);
      // Emptied by somebody: what is there now is new.
      if (file.statSync().size < this.#at) this.#at = 0;
      file.seekSync(this.#at, Deno.SeekMode.Start);
      const bytes = new Uint8Array(CHUNK);
      const size = file.readSync(bytes) ?? 0;
      this.#at += size;
      return this.#decoder.decode(bytes.subarray(0, size), { stream: true });
    } catch (error) {
      // Whoever writes it is not on this machine, or it was removed: nothing to tell.
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }
}
