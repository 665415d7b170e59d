import assert from "node:assert/strict";
import fc from "fast-check";
import { credentialsOf } from "./credentials.ts";
import { digestTokens, JobTokens } from "./tokens.ts";

const JOB = "ghs_0123456789abcdef";
const own = new JobTokens(digestTokens([JOB]));
const latin1 = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((c) => String.fromCharCode(c)),
});
const scheme = fc.constantFrom("token ", "Bearer ", "basic ", "", "Basic", "token token ");
const secret = fc.oneof(
  fc.constant(JOB),
  fc.constantFrom("ghp_evil", "x-oauth-basic", "x-access-token", "a".repeat(40)),
  latin1,
);
const pair = fc.tuple(secret, fc.constantFrom(":", "", "::"), secret)
  .map((parts) => btoa(parts.join("")));
const value = fc.tuple(scheme, fc.oneof(secret, pair, latin1)).map((parts) => parts.join(""));
const header = fc.record({ lower: fc.constantFrom("authorization", "cookie", "x-other"), value });
const path = fc.oneof(fc.constant("/"), latin1.map((text) => `/?access_token=${text}`));

Deno.test("any fields give credentials, and Authorization never none", () => {
  fc.assert(
    fc.property(fc.array(header, { maxLength: 4 }), path, (headers, path) => {
      const found = credentialsOf(headers, path);
      if (headers.some(({ lower }) => lower === "authorization")) assert.ok(found.length > 0);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("what counts as the job's says the job's token and no other", () => {
  const spelled = [
    new RegExp(`^(token|bearer) +${JOB}$`, "i"),
    /^basic +[A-Za-z0-9+/]+={0,2}$/i,
  ];
  fc.assert(
    fc.property(fc.array(header, { maxLength: 3 }), (headers) => {
      if (own.ownerOf(credentialsOf(headers, "/")) !== "job") return;
      const sent = headers.filter(({ lower }) => lower === "authorization");
      assert.equal(sent.length, 1);
      const value = sent[0]!.value;
      assert.ok(spelled.some((form) => form.test(value)), value);
      const said = /^basic/i.test(value) ? atob(value.slice(5).trim()) : value;
      assert.ok(said.includes(JOB), value);
      assert.ok(!said.includes("ghp_evil"), value);
    }),
    { numRuns: 3000 },
  );
});
