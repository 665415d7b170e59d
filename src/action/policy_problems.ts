/**
 * What `egress start` says of a policy, as annotations. Pure.
 *
 * @module
 */

import type { Annotation } from "./commands.ts";
import type { PolicySource } from "./inputs.ts";

/** `-:3:14: error[host-name]: ...`; the policy came by standard input. */
const LINE = /^-:(\d+):(\d+): (error|warning)\[([a-z0-9-]+)\]: (.*)$/;

/**
 * Finds diagnostics in lines of standard error.
 *
 * @param source a policy of the repository has its own lines annotated
 */
export function policyProblems(lines: Iterable<string>, source: PolicySource): Annotation[] {
  const found: Annotation[] = [];
  for (const text of lines) {
    const match = LINE.exec(text);
    if (!match) continue;
    const [, line, col, level, code, message] = match;
    const inFile = source.from === "file";
    found.push({
      level: level === "warning" ? "warning" : "error",
      title: `egress policy: ${code}`,
      message: inFile ? message! : `line ${line} of the policy, column ${col}: ${message}`,
      ...(inFile && { file: source.path, line: Number(line), col: Number(col) }),
    });
  }
  return found;
}
