/**
 * A report as one page that needs nothing else: no request leaves it, and it works without scripts. Pure.
 *
 * @module
 */

import { hash } from "node:crypto";
import { VERSION } from "../protocol/version.ts";
import { Html, html, type Part } from "./html.ts";
import { SCRIPT, STYLE } from "./report_assets.ts";
import type { ReportData, Row, Tally } from "./report_data.ts";
import { bytes, type Column, table, time } from "./report_parts.ts";
import { MAX_STEPS } from "./timeline.ts";

/** Renders the page. @param files names of the logs */
export function renderReport(data: ReportData, files: readonly string[]): string {
  // Even if a text of the log became a script, a browser would not run it, nor load anything.
  const policy = `default-src 'none'; style-src ${allow(STYLE)}; script-src ${allow(SCRIPT)}`;
  const page = html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${policy}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>egress report: ${files.join(", ")}</title>
        <style>${new Html(STYLE)}</style>
      </head>
      <body>
    <h1>egress report</h1>
    <p>${files.join(", ")}: ${time(data.from)} to ${time(data.to)}</p>
    ${tiles(data)}
    ${data.audit && html`<p class="warn">In audit mode what is denied passed all the same.</p>`}
    ${timeline(data)}
    ${gaps(data)}
    <div class="filter" hidden><input id="filter" type="search" placeholder="Filter the tables: host, process, step ..."
    aria-label="Filter the tables"></div>
    ${deniedTable(data.deniedRows)}
    ${allowedTable(data.allowedRows)}
    <div class="columns">
    ${tallyTable("By process", "Process", data.byProcess)}
    ${tallyTable("By step", "Step", data.byStep)}
    </div>
    ${runs(data)}
    <footer>Made by egress ${VERSION}. Whether the log is as egress wrote it tells <code>egress verify-log</code>.</footer>
    <script>${new Html(SCRIPT)}</script>
      </body>
    </html>
  `;
  return page.text;
}

function allow(source: string): string {
  return `'sha256-${hash("sha256", source, "base64")}'`;
}

function tiles(data: ReportData): Html {
  const hosts = new Set(data.allowedRows.map(({ destination }) => destination));
  return html`
    <div class="tiles">
      <div class="tile"><b class="denied">${data.denied}</b>denied</div>
      <div class="tile"><b class="allowed">${data.allowed}</b>allowed</div>
      <div class="tile"><b>${data.deniedRows.length}</b>denied destinations by process</div>
      <div class="tile"><b>${hosts.size}</b>allowed destinations</div>
      <div class="tile">
        <b${data.gaps.length > 0 && html`
          class="warn"
        `}>${data.gaps.length}</b>gaps</div>
    </div>
  `;
}

function timeline({ timeline: { origin, width, steps }, to }: ReportData): Html | undefined {
  if (steps.length === 0) return undefined;
  const highest = Math.max(1, ...steps.map(({ allowed, denied }) => allowed + denied));
  const bars = steps.map(({ allowed, denied }, index) => {
    const tall = (count: number) => (count / highest) * 96;
    const bar = (kind: string, count: number, below: number) =>
      count > 0 &&
      html`
        <rect class="${kind}" x="${index}" y="${(100 - tall(below) - tall(count)).toFixed(
          2,
        )}" width="0.8" height="${tall(count).toFixed(2)}" />
      `;
    return [bar("d", denied, 0), bar("a", allowed, denied)];
  });
  const seconds = width / 1000;
  const across = Math.max(20, Math.min(MAX_STEPS, steps.length));
  return html`
    <h2>Over time</h2>
    <svg viewBox="0 0 ${across} 100" preserveAspectRatio="none" role="img"
      aria-label="Events in steps of ${seconds} s, at most ${highest} in one">${bars}</svg>
    <div
      class="axis"><span>${time(
        new Date(origin).toISOString(),
      )}</span><span>${seconds} s a bar</span><span>${time(to)}</span></div>
  `;
}

function gaps({ gaps }: ReportData): Html | undefined {
  if (gaps.length === 0) return undefined;
  return html`
    <h2 class="warn">Gaps</h2>
    <p>What egress says of itself: roles that crashed, times in which the scope was closed.</p>
    ${table([["Time", "t"], ["What"]], gaps.map(({ ts, text }) => [time(ts), text]))}
  `;
}

function deniedTable(rows: readonly Row[]): Html {
  if (rows.length === 0) {
    return html`
      <h2>Denied</h2>
      <p>Nothing was denied.</p>
    `;
  }
  const hints = [...new Set(rows.map(({ hint }) => hint).filter((hint) => hint !== ""))];
  return html`
    <h2 class="denied">Denied</h2>
    ${table(
      [...ROW_COLUMNS, ["Reason"], ["Rule to add", "code"], ["First", "t"], ["Last", "t"]],
      rows.map((row) => [...cellsOf(row), row.why, row.hint, time(row.first), time(row.last)]),
    )} ${hints.length > 0 && html`
      <h2>Rules that would allow all of it</h2>
      <p>Review before use: rules from an attack allow the attack.</p>
      <pre>${hints.map((hint) => [hint, new Html("\n")])}</pre>
    `}
  `;
}

function allowedTable(rows: readonly Row[]): Html {
  if (rows.length === 0) {
    return html`
      <h2>Allowed</h2>
      <p>Nothing was allowed.</p>
    `;
  }
  const columns: Column[] = [
    ...ROW_COLUMNS,
    ...[["Rule", "code"], ["Sent", "n"], ["Received", "n"], ["First", "t"], ["Last", "t"]] as const,
  ];
  return html`
    <h2 class="allowed">Allowed</h2>
    ${table(
      columns,
      rows.map((row) => [
        ...[...cellsOf(row), row.why, bytes(row.bytesUp), bytes(row.bytesDown)],
        ...[time(row.first), time(row.last)],
      ]),
    )}
  `;
}

const ROW_COLUMNS: readonly Column[] = [
  ["Count", "n"],
  ["Destination", "code"],
  ["Process", "code"],
  ["Step"],
];

function cellsOf({ count, destination, exe, where }: Row): Part[] {
  return [count, destination, exe, where];
}

function tallyTable(title: string, name: string, tallies: readonly Tally[]): Html | undefined {
  if (tallies.length === 0) return undefined;
  const columns: Column[] = [[name, "code"], ["Denied", "n"], ["Allowed", "n"]];
  return html`
    <section>
      <h2>${title}</h2>
      ${table(columns, tallies.map(({ name, denied, allowed }) => [name, denied, allowed]))}
    </section>
  `;
}

function runs({ runs }: ReportData): Html | undefined {
  if (runs.length === 0) return undefined;
  const missing = html`
    <span class="warn">no stop line</span>
  `;
  const columns: Column[] = [
    ...[["Run", "code"], ["From", "t"], ["To", "t"], ["Mode"], ["egress"]] as const,
    ["SHA-256 of the policy", "code"],
  ];
  return html`
    <h2>Runs</h2>
    ${table(
      columns,
      runs.map(({ run, from, to, mode, version, policy }) => [
        ...[run, time(from), to === "" ? missing : time(to), mode, version, policy],
      ]),
    )}
  `;
}
