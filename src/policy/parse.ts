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
  ANY_NAME,
  fillPlaceholders,
  findPlaceholder,
  fittingNames,
  type Names,
  offsetInSource,
  parseRepository,
} from "./placeholders.ts";
import { LineProblem } from "./problem.ts";
import { explainSyntaxError } from "./suggest.ts";
import type { Section } from "./section.ts";
import type { Diagnostic, ParsedPolicy, ParseOptions, Rule } from "./types.ts";

/**
 * Reads a policy. Never throws: a line that is not valid yields one diagnostic and no rule.
 *
 * ```ts
 * import { parsePolicy } from "./parse.ts";
 *
 * const { rules, diagnostics } = parsePolicy("github.com:22 exe=/usr/bin/ssh\ngithub.*\n");
 * if (rules[0]!.port[0] !== 22) throw new Error("not reached");
 * if (diagnostics[0]!.line !== 2) throw new Error("not reached");
 * ```
 *
 * @param text the whole policy; lines end in LF or CRLF, a leading U+FEFF is skipped
 */
export function parsePolicy(text: string, options: ParseOptions = {}): ParsedPolicy {
  const plain = (text.startsWith("\uFEFF") ? text.slice(1) : text).replaceAll("\r\n", "\n");
  const lines = plain.split("\n");
  const reader = new Reader(options);
  for (let at = 0; at < lines.length; at += CHUNK) {
    const chunk = lines.slice(at, at + CHUNK);
    const joined = chunk.join("\n");
    parseText(joined, { startRule: "Policy" })
      .forEach((node, i) => reader.read(node, joined, chunk[i]!, at + i + 1));
  }
  return { rules: reader.rules, diagnostics: reader.diagnostics };
}

/** Lines that are parsed at once: enough to share the parser's set-up, few enough to die young. */
const CHUNK = 64;

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

  /**
   * Takes the next line.
   *
   * @param text what the node's offsets count in
   * @param number of the line, from 1
   */
  read(node: LineNode | InvalidNode, text: string, line: string, number: number) {
    if (node === null) return;
    const plain = node.kind !== "invalid" && !line.includes("{");
    if (plain && this.#fits(() => this.#take(node, sourceOf(node, text), number))) return;
    this.#readAlone(line, number);
  }

  /** Reads a line by itself, where offsets are those in the line, to say what is wrong with it. */
  #readAlone(line: string, number: number) {
    const fillings = findPlaceholder(line) < 0 ? [] : this.#fillings(line);
    for (const names of fillings) {
      if (!inLanguage(fillPlaceholders(line, names))) continue;
      if (this.#fits(() => this.#takeFilled(line, names, number))) return;
    }
    const [names] = fillings;
    try {
      if (names) this.#takeFilled(line, names, number);
      else this.#takeLine(line, number);
    } catch (problem) {
      if (!(problem instanceof LineProblem)) throw problem;
      if (/^[ \t]*\[/.test(line)) this.#section = null;
      const at = names ? offsetInSource(line, names, problem.at) : problem.at;
      this.diagnostics.push(toDiagnostic(problem, number, at));
    }
  }

  /** What the placeholders may stand for; nothing: they stay. */
  #fillings(line: string): Names[] {
    if (this.#names) return [this.#names];
    return this.#anyName ? fittingNames(line) : [];
  }

  #fits(take: () => void): boolean {
    try {
      take();
      return true;
    } catch (problem) {
      if (problem instanceof LineProblem) return false;
      throw problem;
    }
  }

  #takeLine(line: string, number: number) {
    const node = parseLine(line);
    this.#take(node, sourceOf(node, line), number);
  }

  /** The rule's own text stays as it was written. */
  #takeFilled(line: string, names: Names, number: number) {
    const node = parseLine(fillPlaceholders(line, names));
    const source = node === null || node.kind === "header" ? "" : line.slice(
      offsetInSource(line, names, node.start),
      offsetInSource(line, names, node.end),
    );
    this.#take(node, source, number);
  }

  #take(node: LineNode, source: string, number: number) {
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
      this.rules.push(ruleOf(node, this.#section, number, source));
    }
  }
}

/** Has the line the shape of one? Cheap, since nothing is said about why not. */
function inLanguage(line: string): boolean {
  return parseText(line, { startRule: "Policy" })[0]?.kind !== "invalid";
}

/** A rule's own text. */
function sourceOf(node: LineNode, text: string): string {
  return node === null || node.kind === "header" ? "" : text.slice(node.start, node.end);
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

function toDiagnostic(problem: LineProblem, line: number, at: number): Diagnostic {
  return {
    line,
    column: at + 1,
    severity: "error",
    code: problem.code,
    message: problem.message.replaceAll(ANY_NAME, "NAME"),
    ...(problem.suggestion === undefined ? {} : { suggestion: problem.suggestion }),
  };
}
