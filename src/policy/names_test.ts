import assert from "node:assert/strict";
import { eventName, hostMatches, isHostProblem, parseHostPattern } from "./names.ts";

function pattern(text: string) {
  const parsed = parseHostPattern(text);
  assert.ok(!isHostProblem(parsed), text);
  return parsed;
}

Deno.test("which names fit", () => {
  const cases: [string, string[], string[]][] = [
    ["github.com", ["github.com", "GITHUB.COM", "github.com."], ["a.github.com", "xgithub.com"]],
    ["*.e.com", ["a.e.com", "a.b.e.com", "_x.e.com"], ["e.com", "xe.com", ".e.com", "-.e.com"]],
    ["d*p.e.com", ["dp.e.com", "derp.e.com"], ["d.p.e.com", "a.dp.e.com", "d.e.com"]],
    ["*.d*.e.com", ["x.d.e.com", "y.x.d1.e.com"], ["d.e.com", "x.y.e.com", "d.x.e.com"]],
    ["*.*.e.com", ["a.b.e.com", "a.b.c.e.com"], ["a.e.com"]],
    ["**.e.com", ["a.e.com"], ["a.b.e.com", "e.com"]],
    ["*.com", ["e.com", "a.e.com"], ["com"]],
  ];
  for (const [text, fitting, others] of cases) {
    const fits = (name: string) => {
      const event = eventName(name);
      return event !== null && hostMatches(pattern(text), event);
    };
    for (const name of fitting) assert.ok(fits(name), `${text} ${name}`);
    for (const name of others) assert.ok(!fits(name), `${text} ${name}`);
  }
});

Deno.test("names of events that have not the form of a host name", () => {
  const long = "a".repeat(63);
  assert.equal(eventName(`${long}.com`), `${long}.com`);
  const odd = [null, 7, "", ".", "com", "a..com", "a b.com", "a.com..", "10.0.0.1", "[::1]"];
  const others = [
    "\u212a.com",
    "a\u3002com",
    "é.com",
    `a${long}.com`,
    "a-.com",
    "*.com",
    "a.com\n",
  ];
  for (const name of [...odd, ...others, `${"a.".repeat(126)}comx`]) {
    assert.equal(eventName(name), null, String(name));
  }
});
