/**
 * /proc/PID/mountinfo (proc(5), section "/proc/pid/mountinfo"), and where on which file system a path lies.
 *
 * @module
 */

/** One line of it. */
export interface Mount {
  /** `major:minor` of the file system. */
  device: string;
  /** The folder of the file system that is mounted; `net:[4026531840]` and the like for a namespace. */
  root: string;
  /** Where it is mounted. */
  point: string;
  /** `ext4`, `tmpfs`, `nsfs`, ... */
  type: string;
  /** Options of the file system: `rw,lowerdir=...`. */
  options: string;
}

/** A place told without regard to what is mounted where: two names of one folder have the same. */
export interface Place {
  device: string;
  /** Path within the file system. */
  path: string;
  /** The mount it is seen through. */
  mount: Mount;
}

/** Parses the file; a line that is none is left out. */
export function parseMountinfo(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split("\n")) {
    const fields = line.split(" ");
    const dash = fields.indexOf("-");
    if (dash < 6 || fields.length < dash + 3) continue;
    mounts.push({
      device: fields[2]!,
      root: unescape(fields[3]!),
      point: unescape(fields[4]!),
      type: fields[dash + 1]!,
      options: fields[dash + 3] ?? "",
    });
  }
  return mounts;
}

/** Blanks, tabs, line ends and backslashes are written in octal. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}

/** Is `path` the folder itself or below it? */
export function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/**
 * Where a path lies.
 *
 * @param path absolute, without symbolic links
 * @returns undefined if no mount holds it, which means that the list is not this path's
 */
export function placeOf(mounts: readonly Mount[], path: string): Place | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    // A later mount at the same point covers the earlier one.
    if (within(path, mount.point) && (!best || mount.point.length >= best.point.length)) {
      best = mount;
    }
  }
  return best &&
    { device: best.device, path: join(best.root, rest(path, best.point)), mount: best };
}

function rest(path: string, point: string): string {
  return path.slice(point === "/" ? 1 : point.length + 1);
}

/** Joins an absolute folder and what lies below it. */
export function join(folder: string, below: string): string {
  if (below === "") return folder;
  return folder.endsWith("/") ? folder + below : `${folder}/${below}`;
}
