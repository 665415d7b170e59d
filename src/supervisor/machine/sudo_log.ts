/**
 * Reads sudo's log file (sudoers(5), `logfile`). Pure.
 *
 *     Feb 18 10:30:45 : runner : TTY=pts/0 ; PWD=/home/runner ; USER=root ; COMMAND=/usr/bin/apt-get install -y
 *         curl
 *
 * Lines that begin with blanks go on where the one before ended. The year is missing unless `log_year` is set; times
 * are UTC. A field that reads `***` was masked: it is left out. What was refused says why in front of its fields.
 *
 * @module
 */

import type { LogEvent } from "../../protocol/mod.ts";

const ENTRY =
  /^([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?: (\d{4}))? : ([^ ]+) : (?:HOST=[^ ]+ : )?(.*)$/s;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const COMMAND = "COMMAND=";
const MASKED = "***";
/** Longest entry that is put together, in UTF-16 units; sudo's own are shorter than a command line may be. */
const LIMIT = 256 * 1024;

/** Puts wrapped lines together as the file grows. */
export class SudoLog {
  #rest = "";
  #entry = "";

  /** @param text what was appended @returns entries that are complete, each on one line */
  push(text: string): string[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!.slice(0, LIMIT);
    return lines.flatMap((line) => this.#line(line));
  }

  /** To be called when nothing was appended for a while. @returns the entry that had no successor, if any */
  flush(): string[] {
    const entry = this.#entry;
    this.#entry = "";
    return entry === "" ? [] : [entry];
  }

  #line(line: string): string[] {
    const goesOn = /^[ \t]/.test(line);
    if (goesOn && this.#entry !== "") {
      this.#entry = `${this.#entry} ${line.trim()}`.slice(0, LIMIT);
      return [];
    }
    const before = this.flush();
    this.#entry = line.trim();
    return before;
  }
}

/**
 * Turns an entry into a log event.
 *
 * @param now gives the year: an entry is never of the future
 * @returns undefined if it is no entry of sudo's
 */
export function sudoEvent(entry: string, now: Date): LogEvent | undefined {
  const match = ENTRY.exec(entry);
  if (!match) return undefined;
  const [, month, day, hour, minute, second, year, user, rest] = match;
  const at = MONTHS.indexOf(month!);
  if (at < 0) return undefined;
  const time = [Number(day), Number(hour), Number(minute), Number(second)] as const;
  const ts = timestamp(year === undefined ? undefined : Number(year), at, time, now);
  if (ts === undefined) return undefined;
  const { why, fields, command, ambiguous } = splitFields(rest!);
  const cmdline = command === undefined ? undefined : splitCommand(command);
  const notes = [
    `by ${user}`,
    ...(why === "" ? [] : [`refused: ${why}`]),
    // A folder's name or an argument may itself look like fields: then nobody can tell them apart.
    ...(ambiguous ? [`more than one reading: ${rest}`] : []),
  ];
  return {
    ts,
    type: "sudo",
    policy: why === "" ? "allow" : "deny",
    ...(cmdline?.[0] !== undefined && { exe: cmdline[0], cmdline }),
    ...known("pwd", fields.get("PWD")),
    ...known("target_user", fields.get("USER")),
    message: notes.join("; "),
  };
}

function known(key: "pwd" | "target_user", value: string | undefined): Partial<LogEvent> {
  return value === undefined || value === MASKED ? {} : { [key]: value };
}

function timestamp(
  year: number | undefined,
  month: number,
  [day, hour, minute, second]: readonly [number, number, number, number],
  now: Date,
): string | undefined {
  const of = (y: number) => new Date(Date.UTC(y, month, day, hour, minute, second));
  // Clocks of two programs may differ by a little; a day is no difference, but last year.
  const tomorrow = now.getTime() + 24 * 3600 * 1000;
  let date = of(year ?? now.getUTCFullYear());
  if (year === undefined && date.getTime() > tomorrow) date = of(now.getUTCFullYear() - 1);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

interface Split {
  why: string;
  fields: Map<string, string>;
  command: string | undefined;
  ambiguous: boolean;
}

/** `[WHY ; ] NAME=VALUE ; ... ; COMMAND=...`: the command is last and goes to the end. */
function splitFields(text: string): Split {
  const at = text.startsWith(COMMAND) ? 0 : text.indexOf(` ; ${COMMAND}`);
  const head = at < 0 ? text : text.slice(0, at);
  const command = at < 0 ? undefined : text.slice(at).replace(/^ ; /, "").slice(COMMAND.length);
  const fields = new Map<string, string>();
  const why: string[] = [];
  for (const part of head === "" ? [] : head.split(" ; ")) {
    const field = /^([A-Z]+)=(.*)$/s.exec(part);
    if (field && !fields.has(field[1]!)) fields.set(field[1]!, field[2]!);
    else if (fields.size === 0) why.push(part);
  }
  const ambiguous = command?.includes(` ; ${COMMAND}`) === true;
  return { why: why.join(" ; "), fields, command, ambiguous };
}

/** sudo quotes an argument that holds blanks. */
function splitCommand(command: string): string[] {
  const list: string[] = [];
  for (const match of command.matchAll(/'([^']*)'(?= |$)|(\S+)/gs)) {
    list.push(match[1] ?? match[2]!);
  }
  return list;
}
