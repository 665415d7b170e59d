/**
 * Policy text to rules: lines, headers and what a rule takes from them.
 *
 * @module
 */

import { headerSection, startSection } from "./section.ts";
import { ruleOf } from "./classify.ts";
import {
  type HeaderNode,
  type InvalidNode,
  type LineNode,
  parse as parseText,
  type RuleNode,
  SyntaxError,
} from "./grammar.js";
import {
  fillPlaceholders,
  findPlaceholder,
  fittingNames,
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
  const names = parseRepository(options.repository);
  const plain = (text.startsWith("\uFEFF") ? text.slice(1) : text).replaceAll("\r\n", "\n");
  const filled = names ? fillPlaceholders(plain, names) : plain;
  const reader = new Reader(filled.split("\n"), options);
  const nodes = parseText(filled, { startRule: "Policy" });
  for (let i = 0; i < nodes.length; i++) reader.read(nodes[i]!, i);
  return { rules: reader.rules, diagnostics: reader.diagnostics };
}

class Reader {
  readonly rules: Rule[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly #lines: string[];
  readonly #start: Section;
  readonly #anyName: boolean;
  /** null: below a header that is not valid. */
  #section: Section | null;

  constructor(lines: string[], options: ParseOptions) {
    this.#lines = lines;
    this.#start = startSection(options.defaults);
    this.#section = this.#start;
    this.#anyName = options.placeholders === "any";
  }

  read(node: LineNode | InvalidNode, index: number) {
    if (node === null) return;
    const line = this.#lines[index]!;
    try {
      if (node.kind !== "invalid" && !line.includes("{")) return this.#take(node, index);
    } catch (problem) {
      if (!(problem instanceof LineProblem)) throw problem;
    }
    this.#readAlone(line, index);
  }

  /** Reads a line by itself, where offsets are those in the line, to say what is wrong with it. */
  #readAlone(line: string, index: number) {
    try {
      if (this.#anyName && findPlaceholder(line) >= 0) this.#takeFitting(line, index);
      else this.#take(parseLine(line), index);
    } catch (problem) {
      if (!(problem instanceof LineProblem)) throw problem;
      if (/^[ \t]*\[/.test(line)) this.#section = null;
      this.diagnostics.push(toDiagnostic(problem, index + 1));
    }
  }

  /** Tries names until the line is valid; the first problem is the one that is told. */
  #takeFitting(line: string, index: number) {
    let first: LineProblem | undefined;
    for (const names of fittingNames(line)) {
      try {
        return this.#take(parseLine(fillPlaceholders(line, names)), index);
      } catch (problem) {
        if (!(problem instanceof LineProblem)) throw problem;
        first ??= problem;
      }
    }
    if (first) throw first;
  }

  #take(node: LineNode, index: number) {
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
      this.rules.push(ruleOf(node, this.#section, index + 1));
    }
  }
}

/** The grammar's view of a line. */
function parseLine(line: string): LineNode {
  let node;
  try {
    node = parseText(line, { startRule: "Line" });
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
