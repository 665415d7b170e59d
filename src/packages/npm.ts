/**
 * npm registry tarballs (npm CLI documentation, `registry`, `dist.tarball`).
 *
 * @module
 */

import { between, isVersion, type Recognised } from "./package.ts";

const NAME = /^[A-Za-z0-9._~!'()*-]+$/;

/**
 * `[@SCOPE/]NAME/-/NAME-VERSION.tgz` at the end of a path; some registries repeat the scope before
 * the file. Also GitHub's `/download/@SCOPE/NAME/VERSION/HASH`.
 */
export function recogniseNpm(segments: readonly string[]): Recognised | null {
  return tarball(segments) ?? githubDownload(segments);
}

function tarball(segments: readonly string[]): Recognised | null {
  const file = segments.at(-1)!;
  const repeated = segments.at(-2)?.startsWith("@") ? 1 : 0;
  const dash = segments.length - 2 - repeated;
  if (segments[dash] !== "-") return null;
  const name = segments[dash - 1];
  if (name === undefined || !NAME.test(name)) return null;
  const version = between(file, `${name}-`, ".tgz") ?? between(file, `${name}-`, ".tar.gz");
  if (version === null || !isVersion(version)) return null;
  return npm(segments[dash - 2], name, version);
}

function githubDownload(segments: readonly string[]): Recognised | null {
  const [word, scope, name, version, hash] = segments.slice(-5);
  if (hash === undefined || word!.toLowerCase() !== "download" || !scope!.startsWith("@")) {
    return null;
  }
  if (!/^[0-9a-f]{32,}$/i.test(hash) || !NAME.test(name!) || !isVersion(version!)) return null;
  return npm(scope, name!, version!);
}

function npm(scope: string | undefined, base: string, version: string): Recognised {
  if (scope === undefined || !scope.startsWith("@") || !NAME.test(scope.slice(1))) {
    return { ecosystem: "npm", name: base, base, version };
  }
  return { ecosystem: "npm", name: `${scope}/${base}`, namespace: scope, base, version };
}
