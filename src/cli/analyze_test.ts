import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { main } from "./analyze.ts";
import { Files, outcomeOf } from "./test_io.ts";

const TS = "2026-01-01T00:00:00.000Z";
const LINES = [
  { ts: TS, type: "start" },
  { ts: TS, type: "dns", policy: "allow", dst_ip: "8.8.8.8", dst_port: 53, name: "a.example" },
  { ts: TS, type: "dns_response", name: "a.example", answers: ["192.0.2.1"], ttl: 60 },
  { ts: TS, type: "https", dst_ip: "192.0.2.1", dst_port: 443, url: "https://a.example/x" },
  { ts: TS, type: "tcp", dst_ip: "192.0.2.1", dst_port: 22, exe: "/usr/bin/ssh", step: "push" },
  { ts: TS, type: "tcp", dst_ip: "192.0.2.1", dst_port: 22, exe: "/usr/bin/ssh", step: "push" },
  {
    ts: TS,
    type: "https",
    policy: "deny",
    reason: "malformed",
    dst_ip: "192.0.2.1",
    dst_port: 443,
  },
];

function text(lines: readonly object[]): string {
  return lines.map((line) => JSON.stringify(line) + "\n").join("");
}

Deno.test("analyze: blocked pairs first, with the rule that would allow them", async () => {
  using files = new Files();
  const log = files.write("log", text(LINES));
  const policy = files.write("p", "8.8.8.8:53/udp\n\na.example\n*.unused.example # never\n");
  const { status, out, err } = await outcomeOf(main, [policy, "--log", log, "-v"]);
  assert.equal(status, 1);
  assert.equal(err, "");
  assert.deepEqual(out.trimEnd().split("\n"), [
    "blocked 2x tcp 192.0.2.1:22 by /usr/bin/ssh (step push): no_rule",
    "  to allow: a.example:22 exe=/usr/bin/ssh",
    "allowed lookup of a.example at 8.8.8.8:53 by an unknown process (a.example)",
    "allowed GET https://a.example/x by an unknown process (a.example)",
    `unused  ${policy}:4: *.unused.example`,
    "1 refused for another reason than a missing rule: malformed",
    "3 pairs of process and destination: 2 allowed (2 events), 1 blocked (2 events); 1 unused rules",
  ]);
});

Deno.test("analyze: a rule with token=job allows what carried the job's token", async () => {
  using files = new Files();
  const request = { ts: TS, type: "https", dst_ip: "192.0.2.1", dst_port: 443 };
  const log = files.write(
    "log",
    text([
      { ...request, url: "https://a.example/own", github_token: true },
      { ...request, url: "https://a.example/own" },
      { ...request, url: "https://a.example/x", policy: "deny", reason: "foreign_token" },
      { ...request, url: "https://a.example/p", policy: "deny", reason: "package_security" },
    ]),
  );
  const policy = files.write("p", "a.example token=job\n");
  const { status, out } = await outcomeOf(main, [policy, "--log", log, "-v"]);
  assert.equal(status, 1);
  assert.match(
    out,
    /^blocked GET https:\/\/a.example\/own by an unknown process: token_required$/m,
  );
  assert.match(out, /^allowed GET https:\/\/a.example\/own/m);
  assert.doesNotMatch(out, /to allow|a.example\/[xp]/);
});

Deno.test("analyze: all allowed is 0, unless unused rules are to fail", async () => {
  using files = new Files();
  const log = files.write("log", text(LINES));
  const policy = files.write("p", "8.8.8.8:53/udp\na.example:443|22\nb.example\n");
  assert.equal((await outcomeOf(main, [policy, "--log", log])).status, 0);
  assert.equal((await outcomeOf(main, [policy, "--log", log, "--fail-unused"])).status, 1);
});

Deno.test("analyze: many logs, gzip with several members, a torn last line", async () => {
  using files = new Files();
  const packed = [LINES.slice(0, 4), LINES.slice(4)].map((lines) => gzipSync(text(lines)));
  const logs = [
    files.write("1.gz", new Uint8Array(packed.flatMap((part) => [...part]))),
    files.write("2", text(LINES) + '{"ts":"2026'),
    files.write("3", ""),
  ];
  const policy = files.write("p", "8.8.8.8:53/udp\na.example:443|22\n");
  const { status, out, err } = await outcomeOf(main, [policy, ...logs, "--json"]);
  assert.equal(status, 0);
  assert.match(err, /skipped .*\/2:8: no JSON event/);
  const report = JSON.parse(out);
  assert.deepEqual(report.policies[0].events, { allowed: 8, blocked: 0 });
  assert.deepEqual(report.policies[0].beyond, { malformed: 2 });
});

Deno.test("analyze: lookups of one log say nothing about another", async () => {
  using files = new Files();
  const policy = files.write("p", "a.example:22\n");
  const [answer, connection] = [LINES[2]!, LINES[4]!];
  const together = files.write("1", text([answer, connection]));
  assert.equal((await outcomeOf(main, [policy, "--log", together])).status, 0);
  const apart = [files.write("2", text([answer])), files.write("3", text([connection]))];
  assert.equal((await outcomeOf(main, [policy, ...apart])).status, 1);
});

Deno.test("analyze: a connection counts from its beginning", async () => {
  using files = new Files();
  const policy = files.write("p", "a.example:22\n");
  const late = { ...LINES[4]!, ts: "2026-01-01T02:00:00.000Z", duration_ms: 7_199_000 };
  const log = files.write("log", text([LINES[2]!, late]));
  assert.equal((await outcomeOf(main, [policy, "--log", log])).status, 0);
});

Deno.test("analyze: each policy of a workflow is held against the log", async () => {
  using files = new Files();
  const step = (policy: string) => `      - {uses: o/egress@v1, with: {policy: "${policy}"}}\n`;
  const head = "jobs:\n  a:\n    steps:\n";
  const workflow = files.write("w.yml", head + step("a.example:22") + step("b.example"));
  const log = files.write("log", text([LINES[2]!, LINES[4]!]));
  const args = [workflow, "--log", log, "--json", "--no-runner-cgroup"];
  const { status, out } = await outcomeOf(main, args);
  assert.equal(status, 1);
  const { policies } = JSON.parse(out);
  assert.deepEqual(policies.map((p: { events: unknown }) => p.events), [
    { allowed: 1, blocked: 0 },
    { allowed: 0, blocked: 1 },
  ]);
});

Deno.test("analyze: hostile lines are judged or skipped, never fatal", async () => {
  using files = new Files();
  const policy = files.write("p", "a.example\n");
  const odd = [
    { type: "tcp", dst_ip: 7, dst_port: "x", cmdline: 3, exe: {}, ts: [], duration_ms: "1" },
    { type: "https", url: {}, method: 1, host: [] },
    { type: "dns_response", name: "a.example", answers: [1, null], ttl: "x" },
    { type: "dns", name: null },
    { type: "zzz" },
  ];
  const noise = "[]\nnull\n\u0000\n\x1b[31m\n";
  const log = files.write("log", text(odd) + noise);
  const { status, out } = await outcomeOf(main, [policy, "--log", log]);
  assert.equal(status, 1);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(out, /[\x00-\x09\x0b-\x1f]/);
});

Deno.test("analyze: an invalid policy is told, and nothing is analysed", async () => {
  using files = new Files();
  const { status, out, err } = await outcomeOf(main, [
    files.write("p", "nope\n"),
    "--log",
    files.write("log", text(LINES)),
  ]);
  assert.deepEqual([status, out], [1, ""]);
  assert.match(err, /p:1:1: error/);
});

Deno.test("analyze: what cannot be used is named", async () => {
  using files = new Files();
  const policy = files.write("p", "a.example\n");
  const cases: [string[], RegExp][] = [
    [[], /which FILE/],
    [[policy], /which logs/],
    [[policy, "--log", `${files.path}/none`], /no such file/],
    [[policy, "--log", files.path], /is a folder/],
    [[policy, "--log", files.write("x", "hello\nworld\n")], /no connection log/],
    [[policy, "--log", files.write("y", "x".repeat(5_000_000))], /no line ends/],
    [[policy, "--log", files.write("z.gz", gzipSync(text(LINES)).subarray(0, 60))], /unpack/],
    [[files.write("w.yml", "on: push\n"), "--log", policy], /no step/],
  ];
  for (const [args, message] of cases) {
    const { status, err } = await outcomeOf(main, args);
    assert.equal(status, 2, err);
    assert.match(err, message);
  }
});

Deno.test("analyze: progress goes to a terminal only, and is wiped", async () => {
  using files = new Files();
  const log = files.write("log", text(LINES));
  const policy = files.write("p", "*.example:*\n8.8.8.8:53/udp\n");
  const { err } = await outcomeOf(main, [policy, "--log", log], { progress: true });
  assert.ok(err === "" || err.endsWith("\r\x1b[K"));
});
