/**
 * Python distribution files: wheels (PEP 427), sdists (PEP 625 and what came before it), eggs and
 * Windows installers.
 *
 * @module
 */

import { between, isName, isVersion, type Recognised } from "./package.ts";

const SDIST = [".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.z", ".tar"];

/** PEP 440 with its separators and pre-release words, as found in file names. */
const PEP440 =
  /^v?(\d+!)?\d+(\.\d+)*([._-]?(a|b|c|rc|alpha|beta|pre|preview)[._-]?\d*)?(-\d+|[._-]?(post|rev|r)[._-]?\d*)?([._-]?dev[._-]?\d*)?(\+[a-z0-9]+([._-][a-z0-9]+)*)?$/i;

/** A distribution file somewhere below a `packages` folder, as every index serves them. */
export function recognisePypi(segments: readonly string[]): Recognised | null {
  const folder = segments.slice(0, -1).some((s) => s.toLowerCase() === "packages");
  if (!folder) return null;
  const file = segments.at(-1)!;
  return wheel(file) ?? egg(file) ?? installer(file) ?? sdist(file);
}

/** The canonical form of a project name (PEP 503). */
export function normaliseName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

function pypi(name: string, version: string): Recognised | null {
  if (!isName(name) || !isVersion(version)) return null;
  const base = normaliseName(name);
  return { ecosystem: "pypi", name: base, base, version };
}

/** `NAME-VERSION(-BUILD)?-PYTHON-ABI-PLATFORM.whl` */
function wheel(file: string): Recognised | null {
  const parts = between(file, "", ".whl")?.split("-");
  if (parts === undefined || parts.length < 5) return null;
  // Names are escaped in PEP 427; older tools left dashes in, so count from the end too.
  const extra = parts.length - 5;
  if (extra === 0 || (extra === 1 && /^\d/.test(parts[2]!))) return pypi(parts[0]!, parts[1]!);
  const version = parts.findIndex((part, at) => at > 0 && at <= extra + 1 && PEP440.test(part));
  return version < 0 ? null : pypi(parts.slice(0, version).join("-"), parts[version]!);
}

/** `NAME-VERSION(-pyX.Y(-PLATFORM)?)?.egg` */
function egg(file: string): Recognised | null {
  const stem = between(file, "", ".egg");
  return stem === null ? null : splitStem(stem.replace(/-py\d(\.\d+)?(-.*)?$/i, ""));
}

/** `NAME-VERSION.PLATFORM(-pyX.Y)?.exe` or `.msi` */
function installer(file: string): Recognised | null {
  const stem = between(file, "", ".exe") ?? between(file, "", ".msi");
  return stem === null
    ? null
    : splitStem(stem.replace(/[.-](win32|win-amd64|win-arm64)(-py\d(\.\d+)?)?$/i, ""));
}

function sdist(file: string): Recognised | null {
  for (const suffix of SDIST) {
    const stem = between(file, "", suffix);
    if (stem !== null) return splitStem(stem);
  }
  return null;
}

/** Splits `NAME-VERSION` where the longest rest is a PEP 440 version, else at the last `-DIGIT`. */
function splitStem(stem: string): Recognised | null {
  for (let at = stem.indexOf("-"); at >= 0; at = stem.indexOf("-", at + 1)) {
    if (at > 0 && PEP440.test(stem.slice(at + 1))) {
      return pypi(stem.slice(0, at), stem.slice(at + 1));
    }
  }
  const last = /^(.+)-(v?\d[^-]*)$/.exec(stem);
  return last ? pypi(last[1]!, last[2]!) : null;
}
