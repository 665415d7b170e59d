/**
 * Paths in a container's root file system: its symbolic links lead where they lead inside of it, never to
 * the machine's files.
 *
 * @module
 */

/** What is needed of the file system. `readLink` answers undefined for what is no link, or not there. */
export interface LinkReader {
  readLink(path: string): string | undefined;
}

const LINKS = 40;

/**
 * The path on the machine that a container's path leads to.
 *
 * @param root the root file system's folder
 * @param path as the container names it, absolute
 * @returns undefined if its links go in circles
 */
export function resolveIn(root: string, path: string, fs: LinkReader): string | undefined {
  const base = root.replace(/\/+$/, "");
  let left = path.split("/");
  const done: string[] = [];
  for (let links = 0; left.length > 0;) {
    const name = left.shift()!;
    if (name === "" || name === ".") continue;
    if (name === "..") {
      done.pop();
      continue;
    }
    const target = fs.readLink(`${base}/${[...done, name].join("/")}`);
    if (target === undefined) {
      done.push(name);
      continue;
    }
    if (++links > LINKS) return undefined;
    if (target.startsWith("/")) done.length = 0;
    left = [...target.split("/"), ...left];
  }
  return `${base}/${done.join("/")}`;
}
