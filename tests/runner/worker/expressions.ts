/**
 * GitHub's expressions, as far as workflows of the tests and this action use them.
 *
 * @module
 */

import type { Context, Value } from "./job.ts";

/** What cannot be understood. */
export class ExpressionError extends Error {
  override name = "ExpressionError";
  constructor(readonly source: string, why: string) {
    super(`${source}: ${why}`);
  }
}

/** How the job stands, for `success()` and its like. */
export interface Standing {
  failed: boolean;
  cancelled: boolean;
}

const TOKEN =
  /\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w-]*)|(==|!=|&&|\|\||[!()[\],.]))/y;

/** Replaces every `${{ ... }}` of a text. */
export function expand(text: string, context: Context, standing: Standing): string {
  return text.replace(
    /\$\{\{(.*?)\}\}/gs,
    (_, source: string) => textOf(evaluate(source, context, standing)),
  );
}

/** Whether a step's `if` lets it run; without a status function it stands for `success() && (...)`. */
export function holds(
  condition: string | boolean | undefined,
  context: Context,
  standing: Standing,
): boolean {
  const source = String(condition ?? "success()").replace(/^\s*\$\{\{(.*)\}\}\s*$/s, "$1");
  const asks = /\b(always|success|failure|cancelled)\s*\(/.test(source);
  return truthy(evaluate(asks ? source : `success() && (${source})`, context, standing));
}

/** @throws {ExpressionError} */
export function evaluate(source: string, context: Context, standing: Standing): Value {
  const parser = new Parser(source, context, standing);
  return parser.whole();
}

function truthy(value: Value): boolean {
  return value !== null && value !== false && value !== "" && value !== 0;
}

function textOf(value: Value): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function same(a: Value, b: Value): boolean {
  if (typeof a === "string" && typeof b === "string") return a.toLowerCase() === b.toLowerCase();
  return typeof a === typeof b ? a === b : Number(a ?? 0) === Number(b ?? 0);
}

class Parser {
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(
    readonly source: string,
    readonly context: Context,
    readonly standing: Standing,
  ) {
    TOKEN.lastIndex = 0;
    while (source.slice(TOKEN.lastIndex).trim() !== "") {
      const match = TOKEN.exec(source);
      if (!match) throw new ExpressionError(source, "not understood");
      this.#tokens.push(match[0].trim());
    }
  }

  whole(): Value {
    const value = this.#or();
    if (this.#at < this.#tokens.length) {
      throw new ExpressionError(this.source, "has more behind it");
    }
    return value;
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #need(token: string): void {
    if (!this.#take(token)) throw new ExpressionError(this.source, `lacks a ${token}`);
  }

  #or(): Value {
    let left = this.#and();
    while (this.#take("||")) {
      const right = this.#and();
      left = truthy(left) ? left : right;
    }
    return left;
  }

  #and(): Value {
    let left = this.#equal();
    while (this.#take("&&")) {
      const right = this.#equal();
      left = truthy(left) ? right : left;
    }
    return left;
  }

  #equal(): Value {
    const left = this.#unary();
    if (this.#take("==")) return same(left, this.#unary());
    if (this.#take("!=")) return !same(left, this.#unary());
    return left;
  }

  #unary(): Value {
    return this.#take("!") ? !truthy(this.#unary()) : this.#primary();
  }

  #primary(): Value {
    if (this.#take("(")) {
      const value = this.#or();
      this.#need(")");
      return value;
    }
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new ExpressionError(this.source, "ends too early");
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
    if (/^-?\d/.test(token)) return Number(token);
    if (token === "true" || token === "false") return token === "true";
    if (token === "null") return null;
    if (this.#take("(")) return this.#call(token, this.#list(")"));
    return this.#members(this.context[token] ?? null);
  }

  #list(end: string): Value[] {
    const values: Value[] = [];
    if (this.#take(end)) return values;
    do values.push(this.#or()); while (this.#take(","));
    this.#need(end);
    return values;
  }

  #members(value: Value): Value {
    for (;;) {
      let name: string;
      if (this.#take(".")) name = this.#tokens[this.#at++] ?? "";
      else if (this.#take("[")) name = textOf(this.#list("]")[0] ?? null);
      else return value;
      const inner: Context = value !== null && typeof value === "object" && !Array.isArray(value)
        ? value
        : {};
      value = inner[name] ?? null;
    }
  }

  #call(name: string, args: Value[]): Value {
    const [first = null, second = null] = args;
    const { failed, cancelled } = this.standing;
    switch (name) {
      case "always":
        return true;
      case "success":
        return !failed && !cancelled;
      case "failure":
        return failed && !cancelled;
      case "cancelled":
        return cancelled;
      case "contains":
        return Array.isArray(first)
          ? first.some((item) => same(item, second))
          : textOf(first).toLowerCase().includes(textOf(second).toLowerCase());
      case "startsWith":
        return textOf(first).toLowerCase().startsWith(textOf(second).toLowerCase());
      case "toJSON":
        return JSON.stringify(first, null, 2);
      case "fromJSON":
        return JSON.parse(textOf(first));
      default:
        throw new ExpressionError(this.source, `there is no ${name}() here`);
    }
  }
}
