import assert from "node:assert/strict";
import { validatePolicy } from "./validate.ts";

/** `LINE CODE` of every warning with one of these codes. */
function warnings(text: string, codes: string[]): string[] {
  const diagnostics = validatePolicy(text);
  assert.deepEqual(diagnostics.filter((d) => d.severity === "error"), []);
  return diagnostics.filter((d) => codes.includes(d.code)).map((d) => `${d.line} ${d.code}`);
}

const CROSS = ["passthrough-hides-url", "passthrough-hides-insecure", "insecure-partial"];

Deno.test("rules that work against each other", () => {
  const cases: [string, string[]][] = [
    ["a.com passthrough\nhttps://a.com/x", ["2 passthrough-hides-url"]],
    ["*.a.com passthrough\n[https://x.a.com]\n/x", ["3 passthrough-hides-url"]],
    ["*.a.com passthrough\nhttps://a.com/x", []],
    ["a.com passthrough\nb.com insecure", []],
    ["x*.a.com insecure\n*y.a.com passthrough", ["1 passthrough-hides-insecure"]],
    [
      "a.com passthrough\nhttps://a.com/x insecure",
      ["2 passthrough-hides-url", "2 passthrough-hides-insecure"],
    ],
    ["https://a.com/x insecure\nhttps://a.com/y", ["2 insecure-partial"]],
    ["https://10.0.0.1/x insecure\nhttps://10.0.0.1/y", ["2 insecure-partial"]],
    ["https://10.0.0.1/x insecure\nhttps://10.0.0.2/y", []],
    ["https://a.com/x insecure\na.com", []],
    ["https://*.a.com/x insecure\nhttps://b.a.com/y\nhttps://a.com/", ["2 insecure-partial"]],
    ["{owner}.github.io passthrough\nhttps://octo.github.io/x", ["2 passthrough-hides-url"]],
    ["{owner}.github.io passthrough\nhttps://octo.example.io/x", []],
  ];
  for (const [text, expected] of cases) assert.deepEqual(warnings(text, CROSS), expected, text);
});

Deno.test("a rule that another one covers", () => {
  const covered: string[] = [
    "a.com\nA.com.",
    "*.a.com\nb.a.com",
    "*.a.com\n*.b.a.com",
    "*.a.com\nx*.a.com",
    "a.com\na.com exe=/x",
    "a.com:*\na.com:80|443",
    "a.com\nhttps://a.com/x",
    "a.com:80\ndns:a.com",
    "10.0.0.0/8\n10.1.0.0/16",
    "10.0.0.0/8\n10.1.2.3",
    "https://a.com/*\nhttps://a.com/x",
    "* https://a.com/x\nPOST https://a.com/x",
  ];
  for (const text of covered) assert.deepEqual(warnings(text, ["covered"]), ["2 covered"], text);
  for (
    const text of ["a.com exe=/x\na.com", "https://a.com/x\nhttps://a.com/x/*", "dns:a.com\na.com"]
  ) {
    assert.deepEqual(warnings(text, ["covered"]), ["1 covered"], text);
  }
  const different = [
    "a.com\n*.a.com",
    "a.com\na.com:22",
    "a.com exe=/x\na.com exe=/y",
    "a.com\na.com insecure",
    "https://a.com/x\nhttp://a.com/x",
    "https://a.com/x\nPOST https://a.com/x",
    "10.0.0.1\nhttps://10.0.0.1/",
    "x*.a.com\ny*.a.com",
    "10.0.0.0/8\n11.0.0.0/8",
    "10.0.0.1:53\n10.0.0.1:53/udp",
  ];
  for (const text of different) assert.deepEqual(warnings(text, ["covered"]), [], text);
});

Deno.test("what else a linter says", () => {
  const codes = ["wildcard-without-apex", "unverified-name", "doh", "never-matches"];
  const cases: [string, string[]][] = [
    ["*.a.com", ["1 wildcard-without-apex"]],
    ["*.a.com\na.com", []],
    ["*.a.com\nhttps://a.com/x", []],
    ["x*.a.com", []],
    ["*.com", []],
    ["http://a.com/", ["1 unverified-name"]],
    ["a.com:80", ["1 unverified-name"]],
    ["10.0.0.1:80", []],
    ["dns.google", ["1 doh"]],
    ["1.1.1.1", ["1 doh"]],
    ["1.1.1.1:53/udp", []],
    ["dns:dns.google", []],
    ["a.com exe=node", ["1 never-matches"]],
    ["a.com exe=*/node", []],
    ["a.com cgroup=@dockr", ["1 never-matches"]],
    ["a.com cgroup=`@docker`", ["1 never-matches"]],
    ["a.com cgroup=@host", []],
    ["a.com action=checkout", ["1 never-matches"]],
    ['a.com step=""', ["1 never-matches"]],
    ['a.com arg=""', []],
  ];
  for (const [text, expected] of cases) assert.deepEqual(warnings(text, codes), expected, text);
});

Deno.test("placeholders: any name, unless a repository is given", () => {
  const text = "https://h.com/{owner}/{repo}/*";
  assert.deepEqual(validatePolicy(text), []);
  assert.deepEqual(validatePolicy(text, { repository: "o/r" }), []);
  assert.deepEqual(validatePolicy(text, { repository: "none" }).map((d) => d.code), [
    "placeholder",
  ]);
});
