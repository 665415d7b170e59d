/**
 * RubyGems, NuGet and Go module proxies.
 *
 * @module
 */

import { between, isName, isVersion, type Recognised, sameText } from "./package.ts";

/** `/gems/NAME-VERSION[-PLATFORM].gem`, also below `/downloads/` (RubyGems guides). */
export function recogniseGem(segments: readonly string[]): Recognised | null {
  const folder = segments.at(-2)?.toLowerCase();
  if (folder !== "gems" && folder !== "downloads") return null;
  const stem = between(segments.at(-1)!, "", ".gem");
  const parts = stem && /^(.+?)-(\d+(?:\.[0-9A-Za-z]+)*)(?:-([0-9A-Za-z_.-]+))?$/.exec(stem);
  if (!parts || !isName(parts[1]!)) return null;
  const gem = { ecosystem: "gem", name: parts[1]!, base: parts[1]!, version: parts[2]! };
  return parts[3] ? { ...gem, qualifiers: { platform: parts[3] } } : gem;
}

/**
 * `ID/VERSION/ID.VERSION.nupkg` (v3 flat container) and `/package/ID/VERSION` below `/api/v2`
 * (https://learn.microsoft.com/nuget/api/package-base-address-resource).
 */
export function recogniseNuget(segments: readonly string[]): Recognised | null {
  const [id, version, file] = segments.slice(-3);
  if (file === undefined) return null;
  if (between(file, `${id}.${version}`, ".nupkg") === "") return nuget(id!, version!);
  const api = segments.slice(-5, -3).map((s) => s.toLowerCase()).join("/") === "api/v2";
  return api && sameText(id!, "package") ? nuget(version!, file) : null;
}

function nuget(id: string, version: string): Recognised | null {
  if (!isName(id) || !isVersion(version)) return null;
  return { ecosystem: "nuget", name: id, base: id, version };
}

/** `MODULE/@v/VERSION.zip`, upper case escaped as `!x` (https://go.dev/ref/mod#goproxy-protocol). */
export function recogniseGo(segments: readonly string[]): Recognised | null {
  if (segments.length < 3 || !sameText(segments.at(-2)!, "@v")) return null;
  const version = between(segments.at(-1)!, "", ".zip");
  if (version === null || !/^v[0-9]/i.test(version)) return null;
  // A module path begins with a host name; what stands before it belongs to the proxy.
  const folders = segments.slice(0, -2);
  const host = Math.max(0, folders.findIndex((folder) => folder.includes(".")));
  const path = folders.slice(host).map(unescapeCase);
  if (!path.every((part) => /^[A-Za-z0-9._~-]+$/.test(part))) return null;
  return {
    ecosystem: "golang",
    name: path.join("/"),
    namespace: path.slice(0, -1).join("/") || undefined,
    base: path.at(-1)!,
    version: unescapeCase(version),
  };
}

function unescapeCase(text: string): string {
  return text.replace(/!([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
