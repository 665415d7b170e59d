import assert from "node:assert/strict";
import fc from "fast-check";
import type { LogEvent } from "../protocol/mod.ts";
import { block, code, label } from "./escape.ts";
import { LogTotals } from "./log_totals.ts";
import { renderPage } from "./summary.ts";

const NASTY = [
  "</code>",
  "<script>alert(1)</script>",
  "![x](https://evil.test/p.png)",
  "| a | b |",
  "```",
  "~~~",
  "`",
  "\n\n# Head",
  "\r\n",
  "@owner",
  "https://evil.test/",
  "www.evil.test",
  '"]; click s0 "javascript:alert(1)"',
  "%%{init: {}}%%",
  "&lt;",
  "#quot;",
  "end",
  "\\",
  "</details>",
  "\u202e",
  "\ud800",
];
const text = fc.array(
  fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: "binary", maxLength: 5 })),
  { maxLength: 8 },
).map((parts) => parts.join(""));

Deno.test("escape: inline code holds character references, letters, digits, blanks, dashes and slashes", () => {
  fc.assert(
    fc.property(text, (text) => {
      assert.match(code(text), /^<code>(?:[\p{L}\p{N} /-]|&#\d+;)*<\/code>$/u);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("escape: what is shown is what was there, up to its length and controls", () => {
  const shown = code("GET https://a.test/x?<b>|`*_@#\n").replace(/<\/?code>/g, "")
    .replace(/&#(\d+);/g, (_, point) => String.fromCodePoint(Number(point)));
  assert.equal(shown, "GET https://a.test/x?<b>|`*_@#\u{fffd}");
  assert.ok(code("x".repeat(10_000)).length < 400);
});

Deno.test("escape: nothing ends a block of code", () => {
  fc.assert(
    fc.property(fc.array(text), (lines) => {
      const [first = "", ...rest] = block(lines).split("\n");
      const fence = /^`{3,}/.exec(first)![0];
      assert.equal(rest.pop(), fence);
      assert.equal(rest.length, Math.max(lines.length, 1));
      for (const line of rest) assert.ok(!line.includes(fence), line);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("escape: a label is one quoted string", () => {
  fc.assert(
    fc.property(text, (text) => assert.match(label(text), /^"(?:[A-Za-z0-9 ./-]|#\d+;|…)*"$/)),
    { numRuns: 3000 },
  );
});

/** A page without what may stand in it: its own words, code, and blocks. */
function bare(page: string): string {
  return page.replace(/^(`{3,})text\n[^]*?\n\1$/gm, "")
    .replace(/^```mermaid\n(?:.*\n)*?```$/gm, (diagram) => {
      const node = /^ {2}[sh]\d+\["(?:[A-Za-z0-9 ./-]|#\d+;)*"\]$/;
      const arrow = /^ {2}s\d+ (?:-- allowed \d+ -->|-\. blocked \d+ \.->) h\d+$/;
      const style = /^ {2}linkStyle \d+ stroke:#cf222e,color:#cf222e$/;
      for (const line of diagram.split("\n").slice(2, -1)) {
        assert.ok([node, arrow, style].some((known) => known.test(line)), line);
      }
      return "";
    })
    .replace(/<code>[^<]*<\/code>/g, "")
    .replace(/<\/?details>(?:<summary>[A-Za-z ,]*<\/summary>)?/g, "");
}

Deno.test("summary: whatever stands in the log, the page has no structure but its own, and is small", () => {
  const event = fc.record({
    ts: fc.constant("2026-01-01T00:00:00.000Z"),
    type: fc.constantFrom<LogEvent["type"]>("http", "https", "tcp", "dns", "gate", "error", "sudo"),
    policy: fc.constantFrom<"allow" | "deny">("allow", "deny"),
    host: text,
    url: text,
    method: text,
    name: text,
    dst_ip: text,
    exe: text,
    step: text,
    hint: text,
    message: text,
    error: text,
  }, { requiredKeys: ["ts", "type"] });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const totals = new LogTotals();
      for (const event of events) totals.add(event);
      const { summary, warnings } = totals;
      const page = bare(renderPage({ summary, audit: false, warnings, artifact: "x" }));
      assert.doesNotMatch(page, /[<>`\\[\]@]|https?:|www\./);
      for (const line of page.split("\n").filter((line) => line.startsWith("|"))) {
        assert.ok([6, 8].includes(line.split("|").length), line);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("summary: a log of any length is a page that GitHub takes", () => {
  const totals = new LogTotals();
  for (let i = 0; i < 5000; i++) {
    const long = `${i}.${"<`|".repeat(500)}`;
    totals.add({
      ts: "",
      type: "https",
      policy: i % 2 ? "allow" : "deny",
      url: `https://${long}`,
      exe: long,
      step: long,
      hint: long,
    });
    totals.add({ ts: "", type: "error", error: long, message: long });
  }
  const { summary, warnings } = totals;
  const page = renderPage({ summary, audit: true, warnings });
  assert.ok(new TextEncoder().encode(page).length < 1024 * 1024);
});
