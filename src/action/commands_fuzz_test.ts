import assert from "node:assert/strict";
import fc from "fast-check";
import { type Annotation, formatAnnotation, plainLine } from "./commands.ts";

const text = fc.array(
  fc.oneof(
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.constantFrom(
      "::",
      "##[",
      "\n",
      "\r",
      "%0A",
      "\x1b[31m",
      "::add-mask::x",
      "::stop-commands::t",
      "\u202e",
    ),
  ),
  { maxLength: 12 },
).map((parts) => parts.join(""));

/** As the runner reads a line: `::name properties::data` at its beginning, or `##[name]data` anywhere. */
function commandOf(line: string): string | undefined {
  const second = /^::([^\s:]+)[^]*?::/.exec(line.trimStart());
  if (second) return second[1];
  return /##\[([^\]]*)\]/.exec(line)?.[1];
}

const unescapeData = (data: string) =>
  data.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");

Deno.test("commands: text from strangers is no command", () => {
  fc.assert(
    fc.property(text, (text) => {
      const line = plainLine(text);
      assert.equal(commandOf(line), undefined);
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f]/);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("commands: an annotation is one command, and its message comes out again", () => {
  const annotation = fc.record({
    level: fc.constantFrom<Annotation["level"]>("error", "warning", "notice"),
    message: text,
    title: text,
    file: text,
    line: fc.nat(),
  });
  fc.assert(
    fc.property(annotation, (annotation) => {
      const line = formatAnnotation(annotation);
      assert.doesNotMatch(line, /[\r\n]|##\[/);
      const match = /^::(\w+) title=([^,]*),file=([^,]*),line=(\d+)::([^]*)$/.exec(line);
      assert.ok(match, line);
      assert.equal(match[1], annotation.level);
      // A title with `::` would end the properties.
      assert.ok(!match[2]!.includes(":") && !match[3]!.includes(":"));
      assert.equal(match[4], String(annotation.line));
      assert.equal(unescapeData(match[5]!), annotation.message.replaceAll("##[", "## ["));
    }),
    { numRuns: 3000 },
  );
});
