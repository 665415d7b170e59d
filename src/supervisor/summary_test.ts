import assert from "node:assert/strict";
import { renderSummary } from "./render_summary.ts";
import { SummaryBuilder } from "../protocol/summary.ts";

const TS = "2026-01-01T00:00:00.000Z";

function example() {
  const builder = new SummaryBuilder();
  for (let i = 0; i < 3; i++) {
    builder.add({
      ts: TS,
      type: "https",
      policy: "allow",
      url: "https://ok.test/a",
      method: "GET",
      exe: "/usr/bin/curl",
    });
  }
  builder.add({
    ts: TS,
    type: "https",
    policy: "deny",
    reason: "no_rule",
    url: "https://evil.test/x",
    method: "POST",
    hint: "POST https://evil.test/x exe=/usr/bin/node",
    exe: "/usr/bin/node",
  });
  builder.add({
    ts: TS,
    type: "gate",
    policy: "deny",
    reason: "gate",
    dst_ip: "192.0.2.1",
    dst_port: 0,
    count: 5,
  });
  builder.add({ ts: TS, type: "dns_response", policy: "allow", name: "ok.test" });
  builder.add({ ts: TS, type: "error", error: "proxy_ended" });
  return builder;
}

Deno.test("a summary adds up by destination and process, answers and errors apart", () => {
  const summary = example().build();
  assert.equal(summary.allowedCount, 3);
  assert.equal(summary.blockedCount, 6);
  assert.deepEqual(summary.allowed, [
    { destination: "https://ok.test", count: 3, exe: "/usr/bin/curl" },
  ]);
  assert.deepEqual(summary.blocked.map((e) => [e.destination, e.count]), [
    ["192.0.2.1:0 (gate)", 5],
    ["POST https://evil.test/x", 1],
  ]);
});

Deno.test("the summary says what, who, and which rule would allow it", () => {
  const text = renderSummary(example().build(), { colour: false, audit: false, log: "/tmp/l" });
  assert.equal(
    text,
    `egress: 3 allowed, 6 blocked, log in /tmp/l
  x 5 x 192.0.2.1:0 (gate)
      reason: gate
  x 1 x POST https://evil.test/x by /usr/bin/node
      to allow: POST https://evil.test/x exe=/usr/bin/node
  + 3 x https://ok.test by /usr/bin/curl
`,
  );
});

Deno.test("no escape sequence from a name reaches the terminal", () => {
  const builder = new SummaryBuilder();
  builder.add({
    ts: TS,
    type: "dns",
    policy: "deny",
    name: "a\x1b]0;owned\x07.test",
    hint: "\x1b[2J",
  });
  const text = renderSummary(builder.build(), { colour: false, audit: false });
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f]/);
});

Deno.test("many destinations stay bounded in memory and in lines", () => {
  const builder = new SummaryBuilder();
  for (let i = 0; i < 5000; i++) {
    builder.add({ ts: TS, type: "dns", policy: "deny", name: `n${i}.test` });
  }
  const summary = builder.build();
  assert.equal(summary.blockedCount, 5000);
  assert.ok(summary.blocked.length <= 2001);
  assert.ok(renderSummary(summary, { colour: true, audit: true }).split("\n").length < 50);
});

Deno.test("a use of sudo is told by its program: its arguments may hold secrets", () => {
  const builder = new SummaryBuilder();
  const cmdline = ["/bin/x", "secret"];
  builder.add({
    ts: TS,
    type: "sudo",
    policy: "deny",
    exe: "/bin/x",
    cmdline,
    message: "by runner",
  });
  assert.equal(builder.build().blocked[0]?.destination, "sudo /bin/x");
});
