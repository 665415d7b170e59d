import assert from "node:assert/strict";
import { main } from "./explain.ts";
import { Files, outcomeOf } from "./test_io.ts";

const POLICY = "*.b.example\n[exe=/bin/x]\nPOST https://a.example/v1/*\ndb.example:5432\n";

Deno.test("explain: the rule that allows, at its line", async () => {
  using files = new Files();
  const event = JSON.stringify({
    type: "https",
    url: "https://a.example/v1/z",
    method: "POST",
    exe: "/bin/x",
  });
  const file = files.write("p", POLICY);
  const { status, out } = await outcomeOf(main, [file, event]);
  assert.equal(status, 0);
  assert.match(out, /^allowed POST https:\/\/a\.example\/v1\/z by \/bin\/x\n/);
  assert.ok(out.includes(`${file}:3: POST https://a.example/v1/*\n`), out);
  assert.doesNotMatch(out, /FAILS/);
});

Deno.test("explain: what did not fit, part by part, the nearest rule first", async () => {
  using files = new Files();
  const event = JSON.stringify({ type: "https", url: "https://a.example/v1/z", exe: "/bin/y" });
  const { status, out } = await outcomeOf(main, [files.write("p", POLICY), event]);
  assert.equal(status, 1);
  const nearest = out.slice(out.indexOf("rules that come nearest:"));
  const first = nearest.split("\n").slice(1, 9).join("\n");
  assert.match(first, /:3: POST https/);
  assert.match(first, /FAILS method: wants POST, is GET/);
  assert.match(first, /FAILS exe: wants \/bin\/x, is \/bin\/y/);
  assert.match(first, /fits path/);
});

Deno.test("explain: lookups given by hand, and a line of a log", async () => {
  using files = new Files();
  const file = files.write("p", POLICY);
  const event =
    '{"type":"tcp","dst_ip":"192.0.2.7","dst_port":5432,"exe":"/bin/x","policy":"deny"}';
  assert.equal((await outcomeOf(main, [file, event])).status, 1);
  const dns = '{"name":"db.example","ips":["192.0.2.7"]}';
  const { status, out } = await outcomeOf(main, [file, event, "--dns", dns, "--json"]);
  assert.equal(status, 0);
  const [{ verdict, rules }] = JSON.parse(out).policies;
  assert.equal(verdict.rule_line, 4);
  assert.equal(rules.length, 1);
});

Deno.test("explain: the port comes from the URL or the type", async () => {
  using files = new Files();
  const file = files.write("p", "https://a.example:8443/\nhttp://a.example/\na.example:22\n");
  for (
    const [event, status] of [
      ['{"type":"https","url":"https://a.example:8443/"}', 0],
      ['{"type":"https","url":"https://a.example/"}', 1],
      ['{"type":"http","url":"http://a.example/"}', 0],
      ['{"type":"tcp","host":"a.example","dst_port":22}', 0],
    ] as const
  ) assert.equal((await outcomeOf(main, [file, event])).status, status, event);
});

Deno.test("explain: what cannot be used is named", async () => {
  using files = new Files();
  const file = files.write("p", POLICY);
  const cases: [string[], RegExp][] = [
    [[file], /FILE and an EVENT-JSON/],
    [[file, "{"], /not JSON/],
    [[file, "[]"], /must be a JSON object/],
    [[file, "{}"], /no "type"/],
    [[file, '{"type":"tcp"}', "--dns", "{}"], /--dns needs/],
  ];
  for (const [args, message] of cases) {
    const { status, err } = await outcomeOf(main, args);
    assert.equal(status, 2);
    assert.match(err, message);
  }
});
