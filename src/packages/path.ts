/**
 * The readings of a URL's path that some server could take it for.
 *
 * @module
 */

/** How often a path may be decoded: a mirror behind a proxy decodes twice. */
const DECODINGS = 3;

/**
 * All plausible segment lists of an http(s) URL's path, the usual reading first. Query and fragment
 * are cut off; percent-encoding, backslashes, doubled slashes, `;` parameters and dot segments are
 * undone. Never throws.
 *
 * @param url a full URL, or a path that begins with `/`
 * @returns empty if it is neither
 */
export function pathReadings(url: string): string[][] {
  const raw = rawPath(url);
  if (raw === null) return [];
  const readings: string[][] = [];
  let text = raw;
  for (let pass = 0; pass < DECODINGS; pass++) {
    const decoded = percentDecode(text);
    if (pass > 0 && decoded === text) break;
    text = decoded;
    addReadings(readings, text);
  }
  return readings;
}

function addReadings(readings: string[][], path: string) {
  const cut = path.split("\0", 1)[0]!; // C servers end the file name at a NUL
  for (const text of cut === path ? [path] : [path, cut]) {
    const parts = text.replaceAll("\\", "/").split("/").map((part) =>
      part.split(";", 1)[0]!.trim()
    );
    const plain = parts.filter((part) => part !== "" && part !== ".");
    readings.push(resolveDots(plain));
    if (plain.includes("..")) readings.push(plain.filter((part) => part !== ".."));
  }
}

/** The path of a URL as it was written, between authority and query. */
function rawPath(url: string): string | null {
  // Tabs and line ends are removed by every URL parser, so they must not hide anything here.
  const text = url.replace(/[\t\r\n]/g, "").trim();
  const scheme = /^(?:https?:)?[\\/]{2,}[^\\/?#]*/i.exec(text);
  const rest = scheme ? text.slice(scheme[0].length) : text;
  if (!/^[\\/]/.test(rest)) return null;
  return rest.split(/[?#]/, 1)[0]!;
}

function resolveDots(segments: readonly string[]): string[] {
  const out: string[] = [];
  for (const segment of segments) {
    if (segment === "..") out.pop();
    else out.push(segment);
  }
  return out;
}

const utf8 = new TextDecoder();

/** Decodes every valid escape; what is no escape stays as it is. */
function percentDecode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = run.slice(1).split("%").map((hex) => parseInt(hex, 16));
    return utf8.decode(new Uint8Array(bytes));
  });
}
