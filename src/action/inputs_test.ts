import assert from "node:assert/strict";
import { parse } from "yaml";
import { INPUT_DEFAULTS, type Inputs, parseInputs } from "./inputs.ts";

function valid(env: Record<string, string>): Inputs {
  const parsed = parseInputs(env);
  assert.ok("inputs" in parsed, JSON.stringify(parsed));
  return parsed.inputs;
}

function mistakes(env: Record<string, string>): string[] {
  const parsed = parseInputs(env);
  assert.ok("problems" in parsed);
  return parsed.problems.map(({ input }) => input);
}

Deno.test("inputs: action.yml has the same names and defaults", async () => {
  const text = await Deno.readTextFile(new URL("../../action.yml", import.meta.url));
  const { inputs } = parse(text) as { inputs: Record<string, { default: string }> };
  const defaults = Object.fromEntries(Object.entries(inputs).map(([n, i]) => [n, i.default]));
  assert.deepEqual(defaults, { ...INPUT_DEFAULTS });
});

Deno.test("inputs: a policy alone, everything else by default", () => {
  assert.deepEqual(valid({ INPUT_POLICY: "site.test\n" }), {
    policy: { from: "text", text: "site.test\n" },
    audit: false,
    allowSudo: false,
    socketSecurity: "off",
    containerCerts: true,
    containerAllow: [],
    githubToken: "",
    foreignTokens: "allow",
    uploadLog: "auto",
    failOnBlock: false,
    summary: true,
    selfTest: false,
    allowUnsupported: false,
  });
});

Deno.test("inputs: everything said", () => {
  const inputs = valid({
    "INPUT_POLICY-FILE": " .github/egress policy.txt ",
    INPUT_AUDIT: "True",
    "INPUT_ALLOW-SUDO": "true",
    "INPUT_SOCKET-SECURITY": "strict",
    "INPUT_CONTAINER-CERTS": "FALSE",
    INPUT_CONTAINERS: "deny\n  allow: privileged image=a/b:*\n\nallow: socket",
    "INPUT_GITHUB-TOKEN": "ghs_0123456789",
    "INPUT_FOREIGN-TOKENS": "deny",
    "INPUT_UPLOAD-LOG": "false",
    "INPUT_FAIL-ON-BLOCK": "true",
    INPUT_SUMMARY: "false",
    "INPUT_SELF-TEST": "true",
    "INPUT_ALLOW-UNSUPPORTED": "true",
  });
  assert.deepEqual(inputs.policy, { from: "file", path: ".github/egress policy.txt" });
  assert.equal(inputs.containers, "deny");
  assert.deepEqual(inputs.containerAllow, ["allow: privileged image=a/b:*", "allow: socket"]);
  assert.equal(inputs.socketSecurity, "strict");
  assert.equal(inputs.uploadLog, "never");
  assert.equal(inputs.foreignTokens, "deny");
});

Deno.test("inputs: no policy only when auditing", () => {
  assert.deepEqual(mistakes({ INPUT_POLICY: "  \n" }), ["policy"]);
  assert.deepEqual(valid({ INPUT_AUDIT: "true" }).policy, { from: "none" });
});

Deno.test("inputs: each mistake is told once, all of them at a time", () => {
  assert.deepEqual(
    mistakes({
      INPUT_POLICY: "site.test",
      "INPUT_POLICY-FILE": "a",
      INPUT_AUDIT: "yes",
      "INPUT_SOCKET-SECURITY": "on",
      INPUT_CONTAINERS: "guard\nprivileged",
      "INPUT_GITHUB-TOKEN": "two words",
      "INPUT_UPLOAD-LOG": "",
      "INPUT_SELF-TEST": "toString",
    }),
    ["audit", "policy-file", "socket-security", "containers", "github-token", "self-test"],
  );
});

Deno.test("inputs: a policy-file leads nowhere but into the repository", () => {
  for (const path of ["/etc/passwd", "../x", "a/../x", "a//b", "./a", "a\\b", "a\nb", "a/"]) {
    assert.deepEqual(mistakes({ "INPUT_POLICY-FILE": path }), ["policy-file"], path);
  }
});

Deno.test("inputs: a token that is none is not shown", () => {
  const parsed = parseInputs({ INPUT_POLICY: "x", "INPUT_GITHUB-TOKEN": "secret secret" });
  assert.doesNotMatch(JSON.stringify(parsed), /secret/);
});
