/**
 * Files that may not be there.
 *
 * @module
 */

/** Whether something of this name is there; links are followed. */
export function exists(path: string): boolean {
  return ifThere(() => Deno.statSync(path)) !== undefined;
}

/** Text of a file; undefined if there is none. */
export function readIfThere(path: string): string | undefined {
  return ifThere(() => Deno.readTextFileSync(path));
}

function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}
