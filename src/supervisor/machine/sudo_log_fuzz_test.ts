import assert from "node:assert/strict";
import fc from "fast-check";
import { sudoEvent, SudoLog } from "./sudo_log.ts";

const NOW = new Date("2026-03-01T00:00:00Z");

Deno.test("any text is read without throwing, and entries have no line ends", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom("\n", "\n    ", " : ", " ; ", "COMMAND=", "USER=", "***", "'"),
    fc.constant("Feb 18 10:30:45 : runner : "),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const log = new SudoLog();
      const entries = [...pieces.flatMap((p) => log.push(p)), ...log.push("\n"), ...log.flush()];
      for (const entry of entries) {
        assert.ok(!entry.includes("\n"));
        sudoEvent(entry, NOW);
      }
    }),
    { numRuns: 1000, seed: 1 },
  );
});

Deno.test("wrapping changes nothing", () => {
  const word = fc.stringMatching(/^[a-z/-]{1,12}$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), fc.nat(80), (words, width) => {
      const line = `Feb 18 10:30:45 : r : PWD=/x ; USER=root ; COMMAND=${words.join(" ")}`;
      const wrapped = line.replaceAll(new RegExp(`(.{${width + 20}}) `, "g"), "$1\n    ") + "\n";
      const log = new SudoLog();
      const [entry] = [...log.push(wrapped), ...log.flush()];
      assert.deepEqual(sudoEvent(entry!, NOW)?.cmdline, words);
    }),
    { numRuns: 500, seed: 1 },
  );
});
