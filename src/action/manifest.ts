/**
 * setup/deps.sha256: what the hooks fetch from the release of their own version, with its SHA-256. Pure.
 *
 * @module
 */

/** One file of the release. */
export interface Asset {
  name: string;
  /** 64 hexadecimal digits. */
  sha256: string;
}

/** The archive that setup/package.sh makes; its launcher is executed in place of the checkout's. */
export const ARCHIVE = "egress-linux-x64.tar.gz";

/**
 * Reads a manifest: lines as sha256sum writes them, `#` begins a comment.
 *
 * @returns empty: nothing is fetched, the launcher of the checkout is used
 * @throws {Error} naming the line that is none; nothing of a damaged manifest is used
 */
export function parseManifest(text: string): Asset[] {
  const assets: Asset[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const match = /^([0-9a-f]{64}) [ *]([A-Za-z0-9][A-Za-z0-9._-]{0,99})$/.exec(line);
    if (!match) throw new Error(`setup/deps.sha256, line ${index + 1}, is not "SHA256  NAME"`);
    const [, sha256 = "", name = ""] = match;
    if (assets.some((asset) => asset.name === name)) {
      throw new Error(`setup/deps.sha256, line ${index + 1}: ${name} is there twice`);
    }
    assets.push({ name, sha256 });
  }
  if (assets.length > 0 && !assets.some((asset) => asset.name === ARCHIVE)) {
    throw new Error(`setup/deps.sha256 names files, but not ${ARCHIVE}`);
  }
  return assets;
}
