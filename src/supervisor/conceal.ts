/**
 * Keeps the job's tokens out of the log: users write them on command lines, which are logged.
 *
 * @module
 */

import type { LogEvent } from "../protocol/mod.ts";

/** What stands in the log in a token's place. */
export const CONCEALED = "***";

/**
 * Takes secrets out of events, plain and as git's credential for them.
 *
 * @param secrets printable ASCII, none of them short
 * @returns a function that gives back an event without them; the very same one if it held none
 */
export function concealer(secrets: readonly string[]): (event: LogEvent) => LogEvent {
  if (secrets.length === 0) return (event) => event;
  const forms = secrets.flatMap((secret) => [
    secret,
    btoa(`x-access-token:${secret}`).replace(/=+$/, ""),
  ]);
  const clean = (text: string) =>
    forms.reduce(
      (rest, form) => rest.includes(form) ? rest.replaceAll(form, CONCEALED) : rest,
      text,
    );
  return (event) => {
    const found: Record<string, string | string[]> = {};
    for (const [key, value] of Object.entries(event)) {
      if (typeof value === "string") {
        const text = clean(value);
        if (text !== value) found[key] = text;
      } else if (Array.isArray(value)) {
        const list = value.map(clean);
        if (list.some((text, at) => text !== value[at])) found[key] = list;
      }
    }
    return Object.keys(found).length === 0 ? event : { ...event, ...found };
  };
}
