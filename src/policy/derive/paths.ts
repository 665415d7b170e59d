/**
 * Turns the segments in which paths differ into `*`.
 *
 * @module
 */

/** So many different values make a segment vary; of values that look like ids, two do. */
const VARIES = 3;
/** The same where nothing of the path would be left. */
const ALL_VARIES = 6;

const ID = /^(?:\d+|[0-9a-f]{7,}|[0-9a-f-]{32,}|v?\d+(?:\.\d+)+.*)$/i;

/**
 * Generalises paths of one host and method.
 *
 * @param paths segments, as they would stand in a rule
 * @returns fewer paths that together fit all of them
 */
export function generalisePaths(paths: readonly string[][]): string[][] {
  let current = distinct(paths);
  const longest = Math.max(0, ...current.map((path) => path.length));
  for (let position = longest - 1; position >= 0; position--) {
    current = distinct(foldAt(current, position));
  }
  return current;
}

function foldAt(paths: readonly string[][], position: number): string[][] {
  const groups = new Map<string, string[][]>();
  for (const path of paths) {
    const rest = path.map((segment, at) => at === position ? "" : segment).join("/");
    const key = `${path.length}/${rest}`;
    const group = groups.get(key);
    if (group) group.push(path);
    else groups.set(key, [path]);
  }
  return [...groups.values()].flatMap((group) => foldGroup(group, position));
}

function foldGroup(group: string[][], position: number): string[][] {
  const first = group[0]!;
  if (position >= first.length) return group;
  const values = group.map((path) => path[position]!);
  if (!varies(first, position, values)) return group;
  const folded = foldValues(values);
  return [first.map((segment, at) => at === position ? folded : segment)];
}

function varies(path: readonly string[], position: number, values: readonly string[]): boolean {
  if (values.length >= 2 && values.every((value) => ID.test(value))) return true;
  const others = path.some((segment, at) => at !== position && !/^\**$/.test(segment));
  return values.length >= (others ? VARIES : ALL_VARIES);
}

/** One text with a `*` that fits all values: what they begin and end with is kept. */
export function foldValues(values: readonly string[]): string {
  const shortest = Math.min(...values.map((value) => value.length));
  const [first] = values as [string];
  let head = 0;
  while (head < shortest && values.every((value) => value[head] === first[head])) head++;
  let tail = 0;
  while (
    tail < shortest - head && values.every((value) => value.at(-1 - tail) === first.at(-1 - tail))
  ) tail++;
  // A percent-encoded character must stay whole.
  const start = first.slice(0, head).replace(/%[0-9A-Fa-f]?$/, "");
  const end = first.slice(first.length - tail);
  const cut = /%[0-9A-Fa-f]?$/.test(first.slice(0, first.length - tail)) ? end.slice(2) : end;
  return `${start}*${cut}`.replace(/\*{2,}/g, "*");
}

function distinct(paths: readonly string[][]): string[][] {
  return [...new Map(paths.map((path) => [path.join("/"), path])).values()];
}
