import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { LogEvent } from "../protocol/log.ts";
import { main } from "./report.ts";
import { MAX_ROWS, ReportBuilder } from "./report_data.ts";
import { renderReport } from "./report_page.ts";
import { Files, outcomeOf } from "./test_io.ts";

const TS = "2026-01-01T00:00:00.000Z";

const EVENTS: LogEvent[] = [
  { ts: TS, type: "start", run: "1a2b3c4d", version: "0.1.0", mode: "audit", policy_sha256: "ab" },
  {
    ...{ ts: TS, type: "https", policy: "deny", reason: "no_rule", method: "POST" },
    ...{ url: "https://evil.example/x", exe: "/usr/bin/node", step: "build" },
    hint: "POST https://evil.example/x exe=/usr/bin/node",
  } as LogEvent,
  {
    ...{ ts: TS, type: "https", policy: "allow", host: "a.example", exe: "/usr/bin/curl" },
    ...{ rule: "a.example", bytes_up: 1500, bytes_down: 7_000_000 },
  } as LogEvent,
  { ts: TS, type: "dns_response", policy: "allow", name: "a.example" },
  { ts: TS, type: "gate", policy: "deny", reason: "gate", dst_ip: "192.0.2.1", count: 3 },
  { ts: TS, type: "error", error: "proxy_ended", message: "the proxy role ended" },
];

function page(events: readonly unknown[], file = "log.jsonl"): string {
  const builder = new ReportBuilder();
  for (const event of events) builder.event(event as LogEvent);
  return renderReport(builder.build(), [file]);
}

/** The page's tags by name, with the names of their attributes. */
function tagsOf(page: string): Set<string> {
  const text = page.replace(
    /<style>[^]*?<\/style>|<script>[^]*?<\/script>/g,
    (all) => all.startsWith("<script>") ? "<script>" : "",
  );
  const tags = new Set<string>();
  for (const [, name, rest] of text.matchAll(/<([A-Za-z]+)((?:\s+[^<>"]*(?:"[^"]*")?)*)\s*\/?>/g)) {
    const attributes = [...rest!.matchAll(/([\w-]+)="[^"]*"|\s([\w-]+)(?=[\s/]|$)/g)]
      .map((match) => match[1] ?? match[2]);
    for (const attribute of attributes.length > 0 ? attributes : [""]) {
      tags.add(`${name} ${attribute}`.trim());
    }
  }
  return tags;
}

Deno.test("report: what was denied and allowed, by whom, and which rule to add", async () => {
  using files = new Files();
  const log = files.write("log", EVENTS.map((event) => JSON.stringify(event)).join("\n") + "\n");
  const output = `${files.path}/report.html`;
  const { status, err } = await outcomeOf(main, [log, "-o", output]);
  assert.equal(status, 0, err);
  const text = Deno.readTextFileSync(output);
  for (
    const wanted of [
      '<b class="denied">4</b>',
      '<b class="allowed">1</b>',
      '<td class="code">POST https://evil.example/x</td>',
      '<td class="code">POST https://evil.example/x exe=/usr/bin/node</td>',
      '<td class="code">/usr/bin/node</td><td class="">build</td>',
      '<td class="code">https://a.example</td>',
      '<td class="n">1.5 KB</td><td class="n">7.0 MB</td>',
      '<td class="code">192.0.2.1 (gate)</td>',
      "the proxy role ended",
      "no stop line",
      "In audit mode what is denied passed all the same.",
    ]
  ) assert.ok(text.includes(wanted), wanted);
  const piped = await outcomeOf(main, [log, "-o", "-"]);
  assert.equal(piped.out, text);
});

Deno.test("report: the page loads nothing, and names its own style and script by hash", () => {
  const text = page(EVENTS);
  assert.doesNotMatch(
    text,
    /\b(?:src|href|action|srcset|@import)\s*=?\s*["(]|url\(|https?:\/\/(?!evil\.example|a\.example)/,
  );
  const policy = /Content-Security-Policy"\s+content="([^"]*)"/.exec(text)![1]!.replaceAll(
    "&#39;",
    "'",
  );
  assert.match(policy, /^default-src 'none'; /);
  for (const [kind, element] of [["style", "style"], ["script", "script"]] as const) {
    const body = new RegExp(`<${element}>([^]*?)</${element}>`).exec(text)![1]!;
    const sha = createHash("sha256").update(body).digest("base64");
    assert.ok(policy.includes(`${kind}-src 'sha256-${sha}'`), policy);
  }
});

const PAYLOADS = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  "</td></table></pre></script></style><svg/onload=alert(1)>",
  "<!--",
  "]]>",
  "javascript:alert(1)",
  "{{7*7}}${7*7}",
];

Deno.test("report: nothing of a log becomes a tag, an attribute or a script, whatever field it is in", () => {
  const plain = tagsOf(page(EVENTS));
  assert.ok(plain.has("td class") && plain.has("script"), [...plain].join());
  for (const payload of PAYLOADS) {
    const poisoned = EVENTS.map((event) =>
      Object.fromEntries(
        Object.entries(event).map(([key, value]) => [
          key,
          typeof value === "string" && key !== "type" && key !== "policy" ? value + payload : value,
        ]),
      )
    );
    const text = page(poisoned, `log${payload}.jsonl`);
    const more = [...tagsOf(text)].filter((tag) => !plain.has(tag));
    assert.deepEqual(more, [], payload);
    assert.equal(text.split("<script>").length, 2);
    assert.equal(text.split("<!--").length, 1);
  }
});

Deno.test("report: a line may hold anything", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...Object.keys(EVENTS[1]!)), fc.jsonValue()),
      (fields) => {
        const text = page([{ ...fields, type: "https", policy: "deny" }, {
          ...fields,
          type: "stop",
        }]);
        assert.equal(text.split("<script>").length, 2);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("report: a log of any length is a page of bounded size", () => {
  const builder = new ReportBuilder();
  const count = MAX_ROWS * 20;
  for (let n = 0; n < count; n++) {
    const url = `https://h${n}.example/${"x".repeat(3000)}`;
    builder.event({ ts: TS, type: "https", policy: "deny", method: "GET", url, exe: `/bin/${n}` });
    builder.event({ ts: TS, type: "start", run: String(n) });
    builder.event({ ts: TS, type: "error", message: String(n) });
  }
  const data = builder.build();
  assert.equal(data.denied, count);
  assert.equal(data.deniedRows.length, MAX_ROWS + 1);
  assert.equal(data.deniedRows.reduce((sum, row) => sum + row.count, 0), count);
  assert.equal(data.byProcess.reduce((sum, { denied }) => sum + denied, 0), count);
  assert.ok(renderReport(data, ["log"]).length < 6_000_000);
});

Deno.test("report: what cannot be used is status 2", async () => {
  using files = new Files();
  const log = files.write("log", JSON.stringify(EVENTS[0]) + "\n");
  for (
    const [args, said] of [
      [[], /which LOG/],
      [[log], /-o FILE\.html/],
      [[`${files.path}/none`, "-o", "-"], /no such file/],
      [[log, "-o", `${files.path}/no/such/folder`], /cannot write/],
      [[files.write("no", "no log\n"), "-o", "-"], /no connection log/],
    ] as const
  ) {
    const { status, err } = await outcomeOf(main, [...args]);
    assert.equal(status, 2);
    assert.match(err, said);
  }
});
