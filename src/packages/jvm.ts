/**
 * Maven repositories (https://maven.apache.org/repository/layout.html).
 *
 * @module
 */

import { between, isName, isVersion, type Recognised } from "./package.ts";

const FILES = [".jar", ".war", ".ear", ".aar", ".rar", ".pom", ".klib", ".nar"];

/** What repository managers put before the layout: this word, and how many segments follow it. */
const ROOTS: readonly [word: string, after: number][] = [
  ["maven2", 0],
  ["m2", 0],
  ["repository", 1],
  ["artifactory", 1],
  ["repositories", 1],
  ["groups", 1],
  ["maven", 0],
];

/** `GROUP/.../ARTIFACT/VERSION/ARTIFACT-VERSION[-CLASSIFIER].EXT` at the end of a path. */
export function recogniseMaven(segments: readonly string[]): Recognised | null {
  if (segments.length < 4) return null;
  const [artifact, version, file] = segments.slice(-3) as [string, string, string];
  if (!isName(artifact) || !isVersion(version) || !fits(artifact, version, file)) return null;
  const group = groupOf(segments.slice(0, -3));
  if (group === "") return null;
  const name = `${group}:${artifact}`;
  return { ecosystem: "maven", name, namespace: group, base: artifact, version };
}

function fits(artifact: string, version: string, file: string): boolean {
  // A snapshot's files carry the time of the build where its folder says SNAPSHOT.
  const stable = version.replace(/-SNAPSHOT$/i, "");
  return FILES.some((suffix) => {
    const rest = between(file, `${artifact}-${stable}`, suffix);
    return rest !== null && (rest === "" || rest.startsWith("-"));
  });
}

function groupOf(folders: readonly string[]): string {
  let start = 0;
  for (const [word, after] of ROOTS) {
    const at = folders.findIndex((folder) => folder.toLowerCase() === word);
    if (at >= 0 && at + after + 1 < folders.length) start = Math.max(start, at + after + 1);
  }
  const group = folders.slice(start);
  return group.every(isName) ? group.join(".") : "";
}
