/**
 * What the wrapper says: to whoever called runc, and to egress.
 *
 * @module
 */

import type { RuncCall } from "../runc_args.ts";
import { FILES } from "../settings.ts";

/** One line of `events.jsonl`. */
export interface ContainerEvent {
  ts: string;
  type: "container";
  policy: "allow" | "deny";
  container?: string;
  image?: string;
  /** What was refused, in the words of exceptions. */
  privileges?: string[];
  message: string;
}

/** Appends to the wrapper's events. One write a line, so that lines of two containers do not mix. */
export function noteEvent(folder: string, event: ContainerEvent): void {
  const line = `${JSON.stringify(event)}\n`;
  Deno.writeTextFileSync(`${folder}/${FILES.events}`, line, { append: true, mode: 0o600 });
}

/** Says it where runc would: dockerd shows the log's last error, BuildKit the standard error. */
export function say(call: RuncCall, level: "error" | "warning", message: string): void {
  const line = JSON.stringify({ level, msg: message, time: new Date().toISOString() });
  if (call.log !== undefined) Deno.writeTextFileSync(call.log, `${line}\n`, { append: true });
  // A warning does not belong among what the container itself prints.
  if (level === "error") console.error(message);
}
