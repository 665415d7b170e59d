/**
 * A package registry with the parts of the npm registry's interface that `npm view` and `npm install` use.
 * Tarballs are made on the fly.
 *
 * @module
 */

import type { Package } from "./messages.ts";
import { tarball } from "./tar.ts";
import type { Site } from "./web.ts";

/** A registry that offers some packages, under whatever name it is reached. */
export function registrySite(packages: Package[]): Site {
  const byName = new Map(packages.map((entry) => [entry.name, entry]));
  return async (request) => {
    const { origin, pathname } = new URL(request.url);
    if (request.method !== "GET") return Response.json({}, { status: 201 });
    const [name = "", kind] = decodeURIComponent(pathname.slice(1)).split("/");
    const entry = byName.get(name);
    if (!entry) return Response.json({ error: "Not found" }, { status: 404 });
    const bytes = await tarball(withManifest(entry));
    if (kind === "-") return new Response(bytes);
    return Response.json(await packument(entry, bytes, origin));
  };
}

function withManifest(entry: Package): Record<string, string> {
  const { name, version } = entry;
  return { "package.json": JSON.stringify({ name, version }), ...entry.files };
}

async function packument(entry: Package, bytes: Uint8Array<ArrayBuffer>, origin: string) {
  const { name, version } = entry;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", bytes));
  const manifest: unknown = JSON.parse(withManifest(entry)["package.json"] ?? "{}");
  const dist = {
    integrity: `sha512-${digest.toBase64()}`,
    tarball: `${origin}/${name}/-/${name}-${version}.tgz`,
  };
  return {
    _id: name,
    name,
    "dist-tags": { latest: version },
    versions: { [version]: Object.assign({ _id: `${name}@${version}` }, manifest, { dist }) },
  };
}
