/**
 * The report's style and its one script, as they stand in the page. The page works without the script.
 *
 * @module
 */

/** Colours follow the reader's choice of light or dark. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --page: #fff; --card: #f6f8fa; --line: #d1d9e0;
  --denied: #c62f35; --allowed: #2a7d46; --warn: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --page: #0d1117; --card: #161b22;
  --line: #30363d; --denied: #ff7b72; --allowed: #56d364; --warn: #d29922; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 20px 60px; max-width: 1280px; background: var(--page); color: var(--ink);
  font: 14px/1.45 system-ui, sans-serif; }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 32px 0 8px; }
p, footer { color: var(--soft); margin: 4px 0; }
code, pre, td.code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 12.5px; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px; overflow: auto;
  max-height: 320px; margin: 8px 0; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 18px 0; }
.tile { flex: 1 1 140px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
.tile b { display: block; font-size: 26px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.denied { color: var(--denied); } .allowed { color: var(--allowed); } .warn { color: var(--warn); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 6px 10px; border-top: 1px solid var(--line); }
th { background: var(--card); border-top: 0; white-space: nowrap; font-weight: 600; }
td { overflow-wrap: break-word; min-width: 90px; } td.code { overflow-wrap: anywhere; min-width: 130px; } td.n, td.t { min-width: 0; } td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.t { white-space: nowrap; color: var(--soft); }
svg { display: block; width: 100%; height: 90px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
rect.a { fill: var(--allowed); } rect.d { fill: var(--denied); }
.axis { display: flex; justify-content: space-between; font-size: 12px; color: var(--soft); }
.filter { position: sticky; top: 0; padding: 8px 0; background: var(--page); }
.filter input { width: 100%; max-width: 420px; font: inherit; padding: 6px 10px; border: 1px solid var(--line);
  border-radius: 6px; background: var(--card); color: var(--ink); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 0 24px; }
`;

/** Shows the filter's box, which is of no use without it, and hides rows that do not fit. */
export const SCRIPT = `
"use strict";
const box = document.getElementById("filter");
box.parentElement.hidden = false;
box.addEventListener("input", () => {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const row of document.querySelectorAll("tbody tr")) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
});
`;
