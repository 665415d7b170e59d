/**
 * Writes setup/deps.sha256: what the Action's pre hook fetches from the release of its own version, with SHA-256.
 *
 *     deno run --allow-read --allow-write=setup/deps.sha256 setup/generate_deps.ts [FOLDER]
 *
 * FOLDER holds the release's files, `egress-linux-x64.tar.gz` among them. Without it the list is empty, and the hook starts
 * the launcher of the action's checkout.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { parseManifest } from "../src/action/manifest.ts";

const HEAD = `# What the Action's pre hook fetches from the release of its own version: SHA256  NAME
# Made by setup/generate_deps.ts from the release's files. Where the list is empty, the launcher of the checkout is
# started. A GitHub-hosted Ubuntu 24.04 runner needs nothing else: iptables, iproute2 (and with it libbpf.so.1), sudo,
# systemd-run, perl and Node are there.
`;

/** The manifest of release files. @param files names with their contents */
export function manifestOf(files: Iterable<[name: string, content: Uint8Array]>): string {
  const lines = [...files].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([name, content]) => `${createHash("sha256").update(content).digest("hex")}  ${name}\n`);
  const text = HEAD + lines.join("");
  // What the hook would refuse is not written.
  parseManifest(text);
  return text;
}

if (import.meta.main) {
  const [folder] = Deno.args;
  const files: [string, Uint8Array][] = [];
  for (const { name, isFile } of folder === undefined ? [] : Deno.readDirSync(folder)) {
    if (isFile) files.push([name, Deno.readFileSync(`${folder}/${name}`)]);
  }
  await Deno.writeTextFile(new URL("deps.sha256", import.meta.url), manifestOf(files));
}
