/**
 * Policy text to rules: lines, headers and what a rule takes from them.
 *
 * @module
 */

import { headerSection, startSection } from "./section.ts";
import { ruleOf } from "./classify.ts";
import { type HeaderNode, parse as parseLine, type RuleNode, SyntaxError } from "./grammar.js";
import {
  fillPlaceholders,
  findPlaceholder,
  FITTING,
  type Names,
  parseRepository,
} from "./placeholders.ts";
import { LineProblem } from "./problem.ts";
import { explainSyntaxError } from "./suggest.ts";
import type { Section } from "./section.ts";
import type { Diagnostic, ParsedPolicy, ParseOptions, Rule } from "./types.ts";

/**
 * Reads a policy. Never throws: a line that is not valid yields one diagnostic and no rule.
 *
 * @param text the whole policy; lines end in LF or CRLF, a leading U+FEFF is skipped
 */
export function parsePolicy(text: string, options: ParseOptions = {}): ParsedPolicy {
  const reader = new Reader(options);
  const lines = splitLines(text);
  for (let i = 0; i < lines.length; i++) reader.read(lines[i]!, i + 1);
  return { rules: reader.rules, diagnostics: reader.diagnostics };
}

/** Lines without their ends. A CR that no LF follows stays: it makes its line invalid. */
function splitLines(text: string): string[] {
  const lines = (text.startsWith("\uFEFF") ? text.slice(1) : text).split("\n");
  for (let i = 0; i < lines.length - 1; i++) {
    if (lines[i]!.endsWith("\r")) lines[i] = lines[i]!.slice(0, -1);
  }
  return lines;
}

class Reader {
  readonly rules: Rule[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly #start: Section;
  readonly #names: Names | null;
  readonly #anyName: boolean;
  /** null: below a header that is not valid. */
  #section: Section | null;

  constructor(options: ParseOptions) {
    this.#start = startSection(options.defaults);
    this.#section = this.#start;
    this.#names = parseRepository(options.repository);
    this.#anyName = options.placeholders === "any";
  }

  read(line: string, number: number) {
    try {
      this.#fillAndTake(line, number);
    } catch (problem) {
      if (!(problem instanceof LineProblem)) throw problem;
      if (isHeaderLine(line)) this.#section = null;
      this.diagnostics.push(toDiagnostic(problem, number));
    }
  }

  #fillAndTake(line: string, number: number) {
    if (!line.includes("{")) return this.#take(line, number);
    if (this.#names) return this.#take(fillPlaceholders(line, this.#names), number);
    if (!this.#anyName || findPlaceholder(line) < 0) return this.#take(line, number);
    this.#takeFitting(line, number);
  }

  /** Tries names until the line is valid; the first problem is the one that is told. */
  #takeFitting(line: string, number: number) {
    let first: LineProblem | undefined;
    for (const owner of FITTING) {
      for (const repo of line.includes("{repo}") ? FITTING : [""]) {
        try {
          return this.#take(fillPlaceholders(line, { owner, repo }), number);
        } catch (problem) {
          if (!(problem instanceof LineProblem)) throw problem;
          first ??= problem;
        }
      }
      if (!line.includes("{owner}")) break;
    }
    if (first) throw first;
  }

  #take(line: string, number: number) {
    const node = parseNode(line);
    if (node === null) return;
    if (node.kind === "header") {
      this.#section = headerSection(node, this.#start);
    } else if (this.#section === null) {
      throw new LineProblem(
        "broken-header",
        0,
        "the header above is not valid, so this rule takes no effect: mend the header",
      );
    } else {
      this.rules.push(ruleOf(node, this.#section, number));
    }
  }
}

function isHeaderLine(line: string): boolean {
  return /^[ \t]*\[/.test(line);
}

/** The grammar's view of a line. */
function parseNode(line: string): HeaderNode | RuleNode | null {
  let node;
  try {
    node = parseLine(line);
  } catch (error) {
    if (error instanceof SyntaxError) throw explainSyntaxError(line, error);
    throw error;
  }
  if (node && line.includes("{")) rejectPlaceholder(node, line);
  return node;
}

/** Outside comments, only values of attributes can hold a placeholder that the grammar lets pass. */
function rejectPlaceholder(node: HeaderNode | RuleNode, line: string) {
  for (const attr of node.attrs) {
    if (findPlaceholder(attr.text) >= 0) {
      throw new LineProblem(
        "placeholder",
        Math.max(findPlaceholder(line), 0),
        "nothing is known to fill this placeholder with",
        "set GITHUB_REPOSITORY or pass --repo OWNER/REPO",
      );
    }
  }
}

function toDiagnostic(problem: LineProblem, line: number): Diagnostic {
  return {
    line,
    column: problem.at + 1,
    severity: "error",
    code: problem.code,
    message: problem.message,
    ...(problem.suggestion === undefined ? {} : { suggestion: problem.suggestion }),
  };
}
