/**
 * The byte streams that sessions work on: what TCP, TLS and Unix connections have in common.
 *
 * @module
 */

/** A connected stream. Deno's connections fit as they are. */
export interface Stream {
  /** @returns the number of bytes read, or null at the end */
  read(into: Uint8Array): Promise<number | null>;
  /** @returns the number of bytes written, which may be fewer than given */
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
}

/** What has been closed here: closing it again would throw, and an error with its stack costs 20 us. */
const closed = new WeakSet<object>();

/** Closes a stream that may be closed already: the one error that this can meet means just that. */
export function closeQuietly(stream: { close(): void } | undefined): void {
  if (stream === undefined || closed.has(stream)) return;
  closed.add(stream);
  try {
    stream.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Ends the sending side. The peer may be gone, which its reader then notices. */
export async function endQuietly(stream: Stream): Promise<void> {
  try {
    await stream.closeWrite();
  } catch (error) {
    if (!isConnectionError(error)) throw error;
  }
}

/**
 * Whether an error is one that a peer or the network can cause at any time. Everything else is a
 * mistake in this program and must not be taken for the end of a connection.
 */
export function isConnectionError(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.UnexpectedEof || error instanceof Deno.errors.InvalidData ||
    error instanceof Deno.errors.TimedOut || error instanceof Deno.errors.ConnectionRefused ||
    error instanceof Deno.errors.WriteZero || error instanceof Deno.errors.Http ||
    error instanceof Deno.errors.AddrNotAvailable || isOsError(error);
}

/** Deno reports what it has no class for (EHOSTUNREACH, ENETUNREACH) as an Error with a code. */
function isOsError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
