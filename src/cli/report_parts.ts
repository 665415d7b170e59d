/**
 * Parts of the report's page: tables, times, amounts. Pure.
 *
 * @module
 */

import { type Html, html, type Part } from "./html.ts";

/** A column's heading, and what it holds: numbers, code, times, or text. */
export type Column = readonly [title: string, kind?: "n" | "code" | "t"];

/** A table of rows, each with one cell a column. */
export function table(columns: readonly Column[], rows: readonly (readonly Part[])[]): Html {
  return html`
    <div class="scroll">
      <table>
        <thead>
          <tr>${columns.map(([title, kind = ""]) => html`<th class="${kind}">${title}</th>`)}</tr>
        </thead>
        <tbody>
          ${rows.map((cells) =>
            html`<tr>${
              cells.map((cell, i) => html`<td class="${columns[i]?.[1] ?? ""}">${cell}</td>`)
            }</tr>`
          )}
        </tbody>
      </table>
    </div>
  `;
}

/** A time as the log has it, to the second. */
export function time(ts: string): Html {
  return html`<time datetime="${ts}">${ts.replace("T", " ").replace(/\.\d+Z$/, "Z")}</time>`;
}

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** An amount of data. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${UNITS[unit]}`;
}
