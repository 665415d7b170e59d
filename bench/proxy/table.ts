/**
 * Figures as a table with ratios.
 *
 * @module
 */

/** Figures by the name of what was measured. */
export type Rows = Record<string, number[]>;

/** What egress' figures are set against. */
const RIVALS = ["mitmdump", "squid"];
const NAME_WIDTH = 20;
const WIDTH = 11;

/** The middle one, the upper of the two where there are two. */
export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/**
 * Prints the figures of one load, with the first column's ratio to each rival's.
 *
 * @param digits decimals
 */
export function printTable(
  load: string,
  columns: readonly string[],
  rows: Rows,
  digits: number,
): void {
  const rivals = RIVALS.filter((name) => name in rows);
  const titles = [...columns, ...rivals.map((name) => `/ ${name}`)];
  console.log(
    `\n${load.padEnd(NAME_WIDTH)}${titles.map((title) => title.padStart(WIDTH)).join("")}`,
  );
  for (const [name, figures] of Object.entries(rows)) {
    const ratios = rivals.map((rival) => `x${(figures[0]! / rows[rival]![0]!).toFixed(2)}`);
    const cells = [
      ...figures.map((figure) => Number.isNaN(figure) ? "" : figure.toFixed(digits)),
      ...ratios,
    ];
    console.log(
      `${name.padEnd(NAME_WIDTH)}${cells.map((cell) => cell.padStart(WIDTH)).join("")}`,
    );
  }
}
