/**
 * Catches what libbpf would print on stderr: its warnings name the program that the kernel refused.
 *
 * @module
 */

import type { Libbpf } from "../ffi/libbpf.ts";
import { libc } from "../ffi/libc.ts";

const WARN = 0;
const LINE = 2048;
const KEPT = 40;

/** libbpf's last warnings. */
export class PrintCapture implements Disposable {
  readonly lines: string[] = [];
  readonly #libbpf: Libbpf;
  readonly #callback;
  readonly #buffer = new Uint8Array(LINE);

  constructor(libbpf: Libbpf) {
    this.#libbpf = libbpf;
    this.#callback = new Deno.UnsafeCallback(
      { parameters: ["i32", "pointer", "pointer"], result: "i32" },
      (level, format, args) => this.#print(level, format, args),
    );
    libbpf.libbpf_set_print(this.#callback.pointer);
  }

  /** Name of the program that failed to load, if libbpf said it. */
  get failedProgram(): string | undefined {
    const line = this.lines.find((l) => l.includes("failed to load"));
    return line && /prog '([^']+)'/.exec(line)?.[1];
  }

  #print(level: number, format: Deno.PointerValue, args: Deno.PointerValue): number {
    if (level !== WARN) return 0;
    // A va_list parameter is a pointer in the x86-64 and arm64 ABIs, so it can be passed on.
    const size = Math.min(libc.vsnprintf(this.#buffer, BigInt(LINE), format, args), LINE - 1);
    this.lines.push(
      new TextDecoder().decode(this.#buffer.subarray(0, Math.max(size, 0))).trimEnd(),
    );
    if (this.lines.length > KEPT) this.lines.shift();
    return 0;
  }

  [Symbol.dispose](): void {
    this.#libbpf.libbpf_set_print(null);
    this.#callback.close();
  }
}
