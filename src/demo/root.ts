/**
 * Files of the source tree that are needed as files.
 *
 * @module
 */

/**
 * Absolute path of a file of the source tree. The launcher says where the tree is, since the modules
 * themselves may have been bundled elsewhere.
 *
 * @param path From the tree's root.
 */
export function sourcePath(path: string): string {
  const root = Deno.env.get("EGRESS_ROOT") ?? new URL("../..", import.meta.url).pathname;
  return `${root.replace(/\/$/, "")}/${path}`;
}
