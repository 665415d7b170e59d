/**
 * Crate downloads (https://doc.rust-lang.org/cargo/reference/registry-index.html, `dl`).
 *
 * @module
 */

import { between, isVersion, type Recognised, sameText } from "./package.ts";

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]*$/;

/**
 * `[/api/v1]/crates/NAME/VERSION/download` and `/crates/NAME/NAME-VERSION.crate` at the end of a
 * path.
 */
export function recogniseCrate(segments: readonly string[]): Recognised | null {
  const [a, b, c, d] = segments.slice(-4);
  if (d !== undefined && sameText(a!, "crates") && sameText(d, "download")) return crate(b!, c!);
  const [folder, name, file] = segments.slice(-3);
  if (file === undefined || !sameText(folder!, "crates")) return null;
  const version = between(file, `${name}-`, ".crate");
  return version === null ? null : crate(name!, version);
}

function crate(name: string, version: string): Recognised | null {
  if (!NAME.test(name) || !isVersion(version)) return null;
  return { ecosystem: "cargo", name, base: name, version };
}
