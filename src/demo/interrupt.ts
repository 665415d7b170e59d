/**
 * What an interrupted command still has to do.
 *
 * @module
 */

/**
 * Calls `close` when the process is told to end, and ends it then with 130.
 *
 * @returns Dispose of it when there is nothing to close any more.
 */
export function onInterrupt(close: () => Promise<void>): Disposable {
  const signals: Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  const handler = () => void close().finally(() => Deno.exit(130));
  for (const signal of signals) Deno.addSignalListener(signal, handler);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, handler);
    },
  };
}
