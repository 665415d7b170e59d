/**
 * `egress conformance`: drives the policy engine from JSON lines (conformance-protocol.md).
 *
 * @module
 */

import { check } from "./conformance_check.ts";
import {
  defaultsOf,
  fail,
  isObject,
  listOf,
  optionalString,
  RequestError,
  stringOf,
} from "./conformance_fields.ts";
import { processIo } from "./io.ts";
import { permissionsFor } from "../github/permissions.ts";
import { recognisePackage } from "../packages/mod.ts";
import { parsePolicy } from "../policy/parse.ts";
import type { Diagnostic, ParseOptions, Rule } from "../policy/types.ts";
import { validatePolicy } from "../policy/validate.ts";

type Request = Record<string, unknown>;

const OPERATIONS: Record<string, (request: Request) => unknown> = {
  parse(request) {
    const { rules, diagnostics } = parsePolicy(stringOf(request, "policy"), optionsOf(request));
    return { rules: rules.map(shownRule), diagnostics: diagnostics.map(shown) };
  },
  validate(request) {
    const diagnostics = validatePolicy(stringOf(request, "policy"), optionsOf(request));
    return { diagnostics: diagnostics.map(shown) };
  },
  check(request) {
    return check(request, optionsOf(request));
  },
  purl(request) {
    return recognisePackage(stringOf(request, "url")) ?? { package: null, purl: null };
  },
  permissions(request) {
    return permissionsFor(listOf(request, "connections").map(connectionOf));
  },
};

function optionsOf(request: Request): ParseOptions {
  return {
    defaults: defaultsOf(request),
    repository: optionalString(request, "repository"),
  };
}

function connectionOf(value: unknown) {
  if (!isObject(value)) throw fail("connections", "objects");
  const method = optionalString(value, "method");
  return { url: stringOf(value, "url"), method: method || "GET", token: value.token === true };
}

/** Attributes have two keys in the protocol, so that they can be compared as wholes. */
function shownRule(rule: Rule) {
  const attrs = Object.entries(rule.attrs).map(([name, { text, literal }]) =>
    [name, { text, literal }] as const
  );
  return { ...rule, attrs: Object.fromEntries(attrs) };
}

function shown({ line, column, severity, code, message, suggestion }: Diagnostic) {
  return { line, severity, code, message, column, suggestion };
}

/**
 * Answers one request.
 *
 * @param line JSON text
 * @returns JSON text; `{"error": ...}` for a request that cannot be served
 */
export function answer(line: string): string {
  return answerOf(() => serve(line));
}

/**
 * What comes of serving one request. A fault of the engine's own costs that request alone: it is told
 * on standard error, and the requests after it are still answered.
 *
 * @returns JSON text
 */
export function answerOf(serving: () => unknown): string {
  try {
    return JSON.stringify(serving());
  } catch (error) {
    if (error instanceof RequestError) return JSON.stringify({ error: error.message });
    console.error("egress conformance:", error);
    return JSON.stringify({ error: `internal fault: ${error}` });
  }
}

function serve(line: string): unknown {
  const request = parseJson(line);
  if (!isObject(request)) throw new RequestError("a request is a JSON object");
  const op = stringOf(request, "op");
  if (!Object.hasOwn(OPERATIONS, op)) throw new RequestError(`unknown op ${JSON.stringify(op)}`);
  return OPERATIONS[op]!(request);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new RequestError(`bad JSON: ${(error as Error).message}`);
  }
}

/**
 * Answers requests until the input ends, one line each, in order.
 *
 * @param input UTF-8 lines
 * @param write gets each answer with its line end
 */
export async function conformance(
  input: ReadableStream<Uint8Array>,
  write: (line: string) => void,
): Promise<void> {
  let rest: string[] = [];
  const decoder = new TextDecoder();
  const take = (text: string) => {
    const lines = text.split("\n");
    rest.push(lines[0]!);
    for (const next of lines.slice(1)) {
      respond(rest.join(""), write);
      rest = [next];
    }
  };
  for await (const chunk of input) take(decoder.decode(chunk, { stream: true }));
  take(decoder.decode());
  respond(rest.join(""), write);
}

function respond(line: string, write: (line: string) => void) {
  if (line.trim() !== "") write(answer(line) + "\n");
}

/** Shown by `egress conformance --help`. */
export const help = `egress conformance: drive the policy engine without the network

  egress conformance < REQUESTS > ANSWERS

One JSON object a line in, one answer a line out, in order. Operations: parse, validate, check, purl,
permissions. Exit status: 0 at the end of input.
`;

/** Runs the command on standard input and output. */
export async function main(args: string[]): Promise<number> {
  if (args.length === 1 && (args[0] === "--help" || args[0] === "-h")) {
    console.log(help.trimEnd());
    return 0;
  }
  if (args.length > 0) {
    console.error("egress conformance takes no arguments; requests come on standard input");
    return 2;
  }
  await conformance(Deno.stdin.readable, processIo().out);
  return 0;
}
