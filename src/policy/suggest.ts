/**
 * Turns "expected this or that" of the grammar into what the author may have meant.
 *
 * @module
 */

import type { SyntaxError } from "./grammar.js";
import { findPlaceholder } from "./placeholders.ts";
import { LineProblem } from "./problem.ts";

interface Hint {
  pattern: RegExp;
  code?: string;
  message: string;
  suggestion?: (match: RegExpExecArray) => string;
}

/** Known mistakes, the most specific first. The match's start is where the diagnostic points. */
const HINTS: Hint[] = [
  {
    pattern: /[^\x20-\x7e\t]/,
    message: "this character has no place in a rule outside quotes",
    suggestion: (m) =>
      `remove U+${m[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`,
  },
  {
    pattern: /(?<=^[ \t]*\[[^\]]*)$/,
    message: "the header has no closing `]`",
    suggestion: () => "add `]`",
  },
  {
    pattern: /\?[^ \t#\]]*(?<=(?:^|[ \t|a-z\[:/])(?:https?:\/\/|\/)[^ \t]*)/,
    message: "queries are not compared",
    suggestion: (m) => `remove ${m[0]}: queries are not compared`,
  },
  {
    pattern: /(?<=(?:https?:\/\/|(?:^|[ \t])\/)[^ \t]*)#[^ \t]*/,
    message: "fragments are never sent, so they cannot be compared",
    suggestion: (m) => `remove ${m[0]}, or put a blank before a comment`,
  },
  {
    pattern: /(?<=^[ \t]*[^ \t:=\[]+)\/(udp|tcp)(?=[ \t]|$)/,
    message: "a protocol stands only after a port",
    suggestion: (m) => `/${m[1]} needs a port: use :${m[1] === "udp" ? 53 : 443}/${m[1]}`,
  },
  {
    pattern: /(?<=^[ \t]*)[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?=[/ \t]|$)/,
    message: "IPv6 is not supported; it is always blocked",
  },
  {
    pattern: /(?<=^[ \t]*)(?:ftp|ssh|git|wss?|tcp|udp):\/\//i,
    message: "a URL rule begins with `https://` or `http://`",
    suggestion: () => "for other protocols write HOST:PORT",
  },
  {
    pattern: /(?<=^[ \t]*(?:\[[ \t]*)?)HTTPS?:\/\//i,
    message: "the scheme of a URL is written in small letters",
    suggestion: (m) => `write \`${m[0].toLowerCase()}\``,
  },
  {
    pattern: /(?<=^[ \t]*[A-Za-z0-9.*-]+\.[A-Za-z]+)\/[^ \t]*/,
    message: "a path stands only in a URL",
    suggestion: (m) => `write \`https://${m.input.slice(0, m.index).trim()}${m[0]}\``,
  },
  {
    pattern: /(?<==)["`]/,
    message: "a value that begins with a quote must end with it, and a blank must follow",
  },
  {
    pattern: /(?<=[A-Za-z\]]=)(?=[ \t\]#]|$)/,
    message: "the attribute has no value",
    suggestion: () => 'write NAME=VALUE, or NAME="VALUE" if it holds blanks',
  },
  {
    pattern: /(?<=[^ \t])#/,
    message: "`#` begins a comment only after a blank",
    suggestion: () => "put a blank before `#`",
  },
  {
    pattern: /(?<=[ \t])[A-Za-z]+[ \t]*$/,
    message: "expected passthrough, insecure or an attribute",
    suggestion: () => "attributes are NAME=VALUE; one rule a line",
  },
];

/** Characters of a line in which mistakes are looked for; looking behind costs their square. */
const LOOKED_AT = 400;

/**
 * The problem that a syntax error stands for.
 *
 * @param line without its line end
 */
export function explainSyntaxError(line: string, error: SyntaxError): LineProblem {
  const placeholder = findPlaceholder(line);
  if (placeholder >= 0) {
    return new LineProblem(
      "placeholder",
      placeholder,
      "this line is not valid with its placeholder",
      "placeholders are filled from GITHUB_REPOSITORY or --repo OWNER/REPO",
    );
  }
  const text = line.slice(0, LOOKED_AT);
  for (const { pattern, message, suggestion } of HINTS) {
    const match = pattern.exec(text);
    if (match) return new LineProblem("syntax", match.index, message, suggestion?.(match));
  }
  return new LineProblem("syntax", error.location.start.offset, error.message);
}
