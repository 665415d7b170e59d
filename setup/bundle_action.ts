/**
 * Bundles the hooks of the GitHub Action into setup/dist, which is committed: a runner executes what it finds there.
 *
 *     deno task bundle:action
 *
 * The same sources and Deno give the same bytes, in any folder; tests/action/bundle_test.ts compares.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The bundles: file in setup/dist, entry point. */
export const HOOKS = {
  "pre.js": "src/action/pre.ts",
  "main.js": "src/action/main.ts",
  "post.js": "src/action/post.ts",
  "disable-sudo.js": "src/action/disable_sudo.ts",
  "enable-sudo.js": "src/action/enable_sudo.ts",
} as const;

/** Where npm's packages lie, in comments and names of modules: the folder and the registry are this machine's. */
const PACKAGES = /(?<=\/\/ |")[^"\s]*\/npm\/[^/"\s]+\//g;

/**
 * Bundles one hook.
 *
 * @returns the file's text
 * @throws {Error} if it cannot be bundled
 */
export async function bundleHook(entry: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--frozen-lockfile", "--platform", "deno", entry],
    cwd: ROOT,
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${entry} cannot be bundled: ${text.decode(stderr)}`);
  return `// Made by \`deno task bundle:action\` from ${entry}.\n` +
    text.decode(stdout).replaceAll(PACKAGES, "npm/");
}

if (import.meta.main) {
  const folder = new URL("dist/", import.meta.url);
  for (const [file, entry] of Object.entries(HOOKS)) {
    await Deno.writeTextFile(new URL(file, folder), await bundleHook(entry));
  }
}
