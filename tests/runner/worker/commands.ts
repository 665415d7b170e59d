/**
 * What steps tell the runner: lines `::name key=value::text` in their output, and the files of GITHUB_ENV and its like.
 *
 * @module
 */

/** A line that is a command. */
export interface Command {
  name: string;
  properties: Record<string, string>;
  text: string;
}

const unescapeText = (text: string) =>
  text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");

const unescapeProperty = (text: string) =>
  unescapeText(text.replaceAll("%3A", ":").replaceAll("%2C", ","));

/** The command of a line; nothing if it is none. */
export function commandOf(line: string): Command | undefined {
  const match = /^\s*::([\w-]+)(?: (.*?))?::(.*)$/.exec(line);
  if (!match) return undefined;
  const properties: Record<string, string> = {};
  for (const pair of (match[2] ?? "").split(",")) {
    const equals = pair.indexOf("=");
    if (equals > 0) {
      properties[pair.slice(0, equals).trim()] = unescapeProperty(pair.slice(equals + 1));
    }
  }
  return { name: match[1]!, properties, text: unescapeText(match[3]!) };
}

/**
 * Pairs of a file as GITHUB_OUTPUT: `name=value` and `name<<END`.
 *
 * @throws {Error} for anything else, as the runner does
 */
export function pairsOf(file: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  const lines = file.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!.replace(/\r$/, "");
    if (line === "") continue;
    const heredoc = /^([^=]+?)<<(.+)$/.exec(line);
    if (heredoc) {
      const end = lines.indexOf(heredoc[2]!, at + 1);
      if (end < 0) throw new Error(`no ${heredoc[2]} ends ${heredoc[1]}`);
      pairs[heredoc[1]!] = lines.slice(at + 1, end).join("\n");
      at = end;
      continue;
    }
    const equals = line.indexOf("=");
    if (equals < 1) throw new Error(`invalid format '${line}'`);
    pairs[line.slice(0, equals)] = line.slice(equals + 1);
  }
  return pairs;
}
