/**
 * A diagram of which step reached, or wanted to reach, which host. Pure.
 *
 * @module
 */

import type { Summary, SummaryEntry } from "../protocol/mod.ts";
import { label } from "./escape.ts";

/** Arrows that can still be read. */
const MAX_ARROWS = 40;

interface Arrow {
  step: string;
  host: string;
  blocked: boolean;
  count: number;
}

/** Renders the diagram as a fenced block; empty if there is nothing to show. */
export function diagram(summary: Summary): string {
  const arrows = merge(summary);
  if (arrows.length === 0) return "";
  const shown = arrows.slice(0, MAX_ARROWS);
  const steps = new Names("s", shown.map((arrow) => arrow.step));
  const hosts = new Names("h", shown.map((arrow) => arrow.host));
  const lines = [
    "```mermaid",
    "flowchart LR",
    ...steps.nodes(),
    ...hosts.nodes(),
    ...shown.map(({ step, host, blocked, count }) =>
      `  ${steps.of(step)} ${blocked ? "-. blocked" : "-- allowed"} ${count} ${
        blocked ? ".->" : "-->"
      } ${hosts.of(host)}`
    ),
    ...shown.flatMap((arrow, index) =>
      arrow.blocked ? [`  linkStyle ${index} stroke:#cf222e,color:#cf222e`] : []
    ),
    "```",
  ];
  const more = arrows.length - shown.length;
  if (more > 0) lines.push("", `The diagram leaves ${more} further pairs out.`);
  return lines.join("\n");
}

/** What is blocked comes first; lookups that were allowed are no destination of their own. */
function merge(summary: Summary): Arrow[] {
  const arrows = new Map<string, Arrow>();
  const add = (entry: SummaryEntry, blocked: boolean) => {
    const step = entry.step ?? "no step";
    const host = hostOf(entry.destination);
    const key = JSON.stringify([step, host, blocked]);
    const known = arrows.get(key);
    if (known) known.count += entry.count;
    else arrows.set(key, { step, host, blocked, count: entry.count });
  };
  for (const entry of summary.blocked) add(entry, true);
  for (const entry of summary.allowed) {
    if (!entry.destination.endsWith(" (dns)")) add(entry, false);
  }
  return [...arrows.values()];
}

/** A destination without method and path. */
function hostOf(destination: string): string {
  return /^(?:\S+ )?https?:\/\/([^/?#\s]+)/.exec(destination)?.[1] ?? destination;
}

/** Short names for nodes: what strangers call them stands in labels alone. */
class Names {
  readonly #names = new Map<string, string>();

  constructor(prefix: string, texts: string[]) {
    for (const text of texts) {
      if (!this.#names.has(text)) this.#names.set(text, `${prefix}${this.#names.size}`);
    }
  }

  of(text: string): string {
    return this.#names.get(text)!;
  }

  nodes(): string[] {
    return [...this.#names].map(([text, name]) => `  ${name}[${label(text)}]`);
  }
}
