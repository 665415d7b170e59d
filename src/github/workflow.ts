/**
 * Policies inside GitHub workflow files, with the way back from a place in the policy to the file.
 *
 * @module
 */

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
} from "yaml";
import { withoutEnv } from "./no_env.ts";
import { locateScalar, type ScalarToken } from "./scalar.ts";

/** A place in a text; line and column count from 1, columns in UTF-16 units. */
export interface Place {
  line: number;
  column: number;
}

/** One `with.policy` of a step that uses egress. */
export interface WorkflowPolicy {
  text: string;
  /** The step's `name`, `id` or what it uses: for messages. */
  step: string;
  /** Where the policy's value begins in the file. */
  start: Place;
  /** From a place in the policy's text to the place in the file. */
  locate(place: Place): Place;
}

/** The file cannot be used at all. Says where and why. */
export class WorkflowError extends Error {
  override name = "WorkflowError";
  /** @param place where in the file */
  constructor(message: string, readonly place: Place) {
    super(message);
  }
}

/** GitHub takes no workflow as large as this; it bounds what odd YAML can cost. In UTF-16 units. */
export const MAX_WORKFLOW = 1024 * 1024;

const USES = /^[^/\s]+\/egress(?:\/[^@\s]*)?@\S+$/i;

/**
 * Finds every policy of a workflow or composite action: each step whose `uses` is
 * `OWNER/egress[/PATH]@REF` and which has `with.policy`. A policy shared through an alias is
 * found once.
 *
 * @param text the file's content
 * @throws {WorkflowError} if it is no YAML, is too large, or an alias contains itself
 */
export function findPolicies(text: string): WorkflowPolicy[] {
  if (text.length > MAX_WORKFLOW) {
    throw new WorkflowError(
      `the file has ${text.length} characters; a workflow has at most ${MAX_WORKFLOW}`,
      { line: 1, column: 1 },
    );
  }
  const file = new File(text);
  const found: WorkflowPolicy[] = [];
  const seen = new Set<Node>();
  for (const step of file.steps()) {
    const settings = file.get(step, "with");
    const policy = isMap(settings) ? file.get(settings, "policy") : undefined;
    if (policy === undefined || seen.has(policy)) continue;
    seen.add(policy);
    found.push(file.policy(step, policy));
  }
  return found;
}

/** A parsed file with its anchors resolved in one pass. */
class File {
  readonly #lines = new LineCounter();
  readonly #doc: Document.Parsed;
  readonly #targets = new Map<Alias, Node>();

  constructor(readonly text: string) {
    const options = {
      keepSourceTokens: true,
      lineCounter: this.#lines,
      prettyErrors: false,
      uniqueKeys: false, // the check is quadratic; `get` does it where it matters
      logLevel: "silent",
    } as const;
    this.#doc = withoutEnv(() => parseDocument(text, options));
    const error = this.#doc.errors[0];
    if (error) throw this.#error(error.message.split("\n", 1)[0]!, error.pos[0]);
    this.#resolveAliases();
  }

  /** Maps that use egress, in the order of the file. */
  steps(): YAMLMap[] {
    const steps: YAMLMap[] = [];
    visit(this.#doc, {
      Map: (_, map) => {
        const uses = this.get(map, "uses");
        if (isScalar(uses) && typeof uses.value === "string" && USES.test(uses.value)) {
          steps.push(map);
        }
      },
    });
    return steps;
  }

  /**
   * The value of a key, through an alias.
   *
   * @throws {WorkflowError} if the map has the key twice
   */
  get(map: YAMLMap, key: string): Node | undefined {
    const pairs = map.items.filter((pair) => isScalar(pair.key) && pair.key.value === key);
    if (pairs.length > 1) {
      throw this.#error(`the key \`${key}\` is here twice`, rangeStart(pairs[1]!.key as Node));
    }
    const value = pairs[0]?.value as Node | null | undefined;
    if (value === null || value === undefined) return undefined;
    return isAlias(value) ? this.#targets.get(value) : value;
  }

  policy(step: YAMLMap, node: Node): WorkflowPolicy {
    if (!isScalar(node) || (typeof node.value !== "string" && node.value !== null)) {
      throw this.#error("`policy` must be text", rangeStart(node));
    }
    const text = node.value === null ? "" : String(node.value);
    const locate = locateScalar(tokenOf(node), text);
    const starts = lineStarts(text);
    return {
      text,
      step: this.#nameOf(step),
      start: this.#place(rangeStart(node)),
      locate: ({ line, column }) => {
        const start = starts[Math.min(Math.max(line, 1), starts.length) - 1]!;
        return this.#place(locate(start + Math.max(column, 1) - 1));
      },
    };
  }

  #nameOf(step: YAMLMap): string {
    for (const key of ["name", "id", "uses"]) {
      const value = this.get(step, key);
      if (isScalar(value) && typeof value.value === "string") return value.value;
    }
    return "";
  }

  /** An alias names the last anchor before it; one inside its own anchor's node is a cycle. */
  #resolveAliases() {
    const anchors = new Map<string, Node>();
    visit(this.#doc, {
      Collection: (_, node) => void (node.anchor && anchors.set(node.anchor, node)),
      Scalar: (_, node) => void (node.anchor && anchors.set(node.anchor, node)),
      Alias: (_, alias, path) => {
        const target = anchors.get(alias.source);
        if (!target) throw this.#error(`no anchor &${alias.source} before it`, rangeStart(alias));
        if (path.includes(target)) {
          throw this.#error(`*${alias.source} stands inside &${alias.source}`, rangeStart(alias));
        }
        this.#targets.set(alias, target);
      },
    });
  }

  #place(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #error(message: string, offset: number): WorkflowError {
    return new WorkflowError(message, this.#place(offset));
  }
}

function tokenOf(node: Scalar): ScalarToken {
  const token = node.srcToken;
  if (token && "source" in token) return token as ScalarToken;
  return { type: "scalar", offset: rangeStart(node), source: "" };
}

function rangeStart(node: Node): number {
  return node.range?.[0] ?? 0;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
