/**
 * Which package a download URL fetches, told by the shape of its path alone: mirrors and company
 * registries count as much as the public ones.
 *
 * @module
 */

import { PackageURL } from "packageurl-js";
import { recogniseCrate } from "./crates.ts";
import { recogniseMaven } from "./jvm.ts";
import { recogniseNpm } from "./npm.ts";
import { recogniseGem, recogniseGo, recogniseNuget } from "./others.ts";
import type { Package, Recognised, Recogniser } from "./package.ts";
import { pathReadings } from "./path.ts";
import { recognisePypi } from "./pypi.ts";

export type { Package };

/** A package and its PURL (https://github.com/package-url/purl-spec). */
export interface PackageDownload {
  package: Package;
  purl: string;
}

/** No file system takes a longer name; it bounds what hostile text can cost the expressions below. */
const MAX_SEGMENT = 1024;

/** In this order: a path that fits two shapes is what the narrower shape says. */
const RECOGNISERS: readonly Recogniser[] = [
  recogniseNpm,
  recogniseCrate,
  recognisePypi,
  recogniseGem,
  recogniseNuget,
  recogniseGo,
  recogniseMaven,
];

/**
 * Recognises a package download. Pure; never throws, whatever the text.
 *
 * @param url a full http(s) URL, or its path alone
 * @returns null if it is no package download
 */
export function recognisePackage(url: string): PackageDownload | null {
  for (const segments of pathReadings(url)) {
    if (segments.length === 0 || segments.slice(-4).some((s) => s.length > MAX_SEGMENT)) continue;
    for (const recognise of RECOGNISERS) {
      const found = recognise(segments);
      if (found) return describe(found);
    }
  }
  return null;
}

function describe(found: Recognised): PackageDownload {
  const { ecosystem, name, version, namespace, base, qualifiers } = found;
  const purl = new PackageURL(ecosystem, namespace, base, version, qualifiers, undefined);
  return { package: { ecosystem, name, version }, purl: purl.toString() };
}
