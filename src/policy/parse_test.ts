import assert from "node:assert/strict";
import { parsePolicy } from "./parse.ts";
import type { Rule } from "./types.ts";

function only(text: string, options = {}): Rule {
  const { rules, diagnostics } = parsePolicy(text, options);
  assert.deepEqual(diagnostics, [], text);
  assert.equal(rules.length, 1, text);
  return rules[0]!;
}

function codes(text: string, options = {}): string[] {
  return parsePolicy(text, options).diagnostics.map(({ line, code }) => `${line} ${code}`);
}

function assertInvalid(lines: string[]) {
  for (const line of lines) {
    const { rules, diagnostics } = parsePolicy(line);
    assert.equal(rules.length, 0, line);
    assert.equal(diagnostics.length, 1, line);
    assert.equal(diagnostics[0]!.severity, "error", line);
  }
}

Deno.test("kinds of rules", () => {
  const kinds: [string, string, string][] = [
    ["github.com", "host", "github.com"],
    ["GitHub.com.", "host", "GitHub.com."],
    ["_srv.a-b.example", "host", "_srv.a-b.example"],
    ["*.github.com", "wildcard", "*.github.com"],
    ["derp*.example.com", "wildcard", "derp*.example.com"],
    ["*.derp*.example.com", "wildcard", "*.derp*.example.com"],
    ["*.com", "wildcard", "*.com"],
    ["203.0.113.7", "ip", "203.0.113.7"],
    ["10.1.2.3/8:*", "cidr", "10.1.2.3/8"],
    ["0.0.0.0/0", "cidr", "0.0.0.0/0"],
    ["https://h.example/", "url", "https://h.example/"],
    ["http://10.0.0.1:8080|8081/x", "url", "http://10.0.0.1:8080|8081/x"],
    ["dns:example.com", "dns", "example.com"],
    ["dns:*.internal.example", "dns_wildcard", "*.internal.example"],
  ];
  for (const [text, type, target] of kinds) {
    const rule = only(text);
    assert.deepEqual([rule.type, rule.target], [type, target]);
  }
});

Deno.test("ports, protocols and methods", () => {
  assert.deepEqual(only("github.com").port, [443]);
  assert.deepEqual(only("db.example.com:5433|5432").port, [5433, 5432]);
  assert.equal(only("10.0.0.0/8:*").port, "*");
  assert.equal(only("8.8.8.8:53/udp").protocol, "udp");
  assert.deepEqual(only("http://h.example/x").port, [80]);
  assert.deepEqual(only("https://h.example:8443/udp").port, [8443]);
  assert.deepEqual(only("https://h.example/x").methods, ["GET", "HEAD"]);
  assert.deepEqual(only("get|Post https://h.example/x").methods, ["GET", "POST"]);
  assert.deepEqual(only("* https://h.example/x").methods, ["*"]);
  assert.equal(only("github.com").methods, null);
});

Deno.test("lines that are not in the language", () => {
  assertInvalid([
    "*",
    "github.*",
    "api.derp*.example.com",
    "*.*",
    "pre*",
    "localhost",
    "a..example",
    ".example.com",
    "-a.example",
    "a-.example",
    "a.example..",
    "example.123",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/",
    "::1",
    "x.example:0",
    "x.example:65536",
    "x.example:080",
    "x.example:",
    "x.example:80|",
    "x.example:80|*",
    "x.example/udp",
    "x.example:53/sctp",
    "x.example:53/UDP",
    "GET|* https://h.example/x",
    "FETCH https://h.example/x",
    "GET github.com",
    "https://h.example",
    "https://h.example/x?q",
    "https://h.example/x#f",
    "https://h.example/é",
    "https://h.example:0/",
    "https://u@h.example/",
    "https:///x",
    "HTTPS://h.example/x",
    "ftp://h.example/x",
    "https://h.*/x",
    "dns:10.0.0.1",
    "dns:*",
    "a.example b.example",
    "a.example Passthrough",
    "a.example passthrough passthrough",
    "a.example exe=/a passthrough",
    "a.example\u00a0exe=/a",
    "a.example\u2028b.example",
    "a.example\u000b",
    "a.example\u000c",
    "a.example\u0085",
    "a.example\r",
    "a.example\rb.example",
    "\u212a.example",
    "a.example#c",
  ]);
});

Deno.test("attributes and their quotings", () => {
  const value = (text: string) => Object.values(only(`a.example ${text}`).attrs)[0];
  assert.deepEqual(value("exe=/usr/*/node"), { text: "/usr/*/node", literal: false });
  assert.deepEqual(value('exe="/a *]#b"'), { text: "/a *]#b", literal: true });
  assert.deepEqual(value("exe=`/a *]#b`"), { text: "/a *]#b", literal: false, quoted: true });
  assert.deepEqual(value('exe=/a"b`'), { text: '/a"b`', literal: false });
  assert.deepEqual(value("arg[12]=x"), { text: "x", literal: false });
  assert.deepEqual(value('arg=""'), { text: "", literal: true });
  assert.deepEqual(value("exe=a=b"), { text: "a=b", literal: false });
  assert.deepEqual(value("exe=a\u2028b"), { text: "a\u2028b", literal: false });
  assertInvalid([
    "a.example exe=",
    'a.example exe="a',
    'a.example exe="a"b',
    'a.example exe="a"b"',
    "a.example exe=`a",
    "a.example exe=a]",
    "a.example exe=a#b",
    "a.example exe=/a exe=/b",
    "a.example Exe=/a",
    "a.example user=x",
    "a.example arg[]=x",
    "a.example arg[-1]=x",
    "a.example arg[01]=x",
    "a.example exe = /a",
    'a.example exe="a"step=b',
    "exe=/a",
  ]);
});

Deno.test("comments, blanks, line ends and the byte order mark", () => {
  const text = "\uFEFF# c\r\n\t \n  a.example \t# c {owner}\r\n\n#\nb.example exe=`x # y`\t#z";
  const { rules, diagnostics } = parsePolicy(text);
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(rules.map(({ line, text }) => [line, text]), [
    [3, "a.example"],
    [6, "b.example exe=`x # y`"],
  ]);
  assert.equal(codes("\uFEFF\uFEFFa.example").length, 1);
});

Deno.test("headers set the context; each starts from the defaults", () => {
  const { rules, diagnostics } = parsePolicy(
    [
      "[:53/udp exe=/a]",
      "8.8.8.8",
      "8.8.4.4:5353 exe=/b step=s",
      "[http://h.example:8080/base/ step=x]",
      "//x/y",
      "POST /z",
      "other.example",
      "https://u.example/",
      "[POST|put]",
      "https://u.example/",
      "GET https://u.example/",
      "[ passthrough cgroup=@docker ]",
      "p.example",
      "[insecure]",
      "i.example",
      "[]",
      "plain.example",
      "[*]\t# all",
      "https://u.example/",
    ].join("\n"),
  );
  assert.deepEqual(diagnostics, []);
  const seen = rules.map((r) => [r.target, r.port, r.protocol, r.methods, Object.keys(r.attrs)]);
  assert.deepEqual(seen, [
    ["8.8.8.8", [53], "udp", null, ["exe"]],
    ["8.8.4.4", [5353], "udp", null, ["exe", "step"]],
    ["//x/y", [8080], "tcp", ["GET", "HEAD"], ["step"]],
    ["/z", [8080], "tcp", ["POST"], ["step"]],
    ["other.example", [8080], "tcp", null, ["step"]],
    ["https://u.example/", [443], "tcp", ["GET", "HEAD"], ["step"]],
    ["https://u.example/", [443], "tcp", ["POST", "PUT"], []],
    ["https://u.example/", [443], "tcp", ["GET"], []],
    ["p.example", [443], "tcp", null, ["cgroup"]],
    ["i.example", [443], "tcp", null, []],
    ["plain.example", [443], "tcp", null, []],
    ["https://u.example/", [443], "tcp", ["*"], []],
  ]);
  assert.equal(rules[1]!.attrs.exe!.text, "/b");
  assert.equal(rules[2]!.urlBase, "http://h.example:8080/base/");
  assert.deepEqual(rules.map((r) => r.passthrough).indexOf(true), 8);
  assert.deepEqual(rules.map((r) => r.insecure).indexOf(true), 9);
});

Deno.test("below a broken header no rule takes effect", () => {
  const headers = ["[x", "[passthrough insecure]", "[exe=a exe=b]", "[:99999]", "[GET POST]"];
  for (const header of [...headers, "[https://h.example/?x]", "[exe={owner}]", "[] x", "[]#c"]) {
    const text = `a.example\n${header}\n/p\n# c\nb.example\nbad..host\n[]\nc.example`;
    const { rules, diagnostics } = parsePolicy(text);
    assert.deepEqual(rules.map((rule) => rule.target), ["a.example", "c.example"], header);
    assert.deepEqual(diagnostics.map((d) => d.line), [2, 3, 5, 6], header);
  }
});

Deno.test("fixed codes", () => {
  assert.deepEqual(codes("/x"), ["1 path-without-base"]);
  assert.deepEqual(codes("[https://h.example]\n/x\n[]\n/x"), ["4 path-without-base"]);
  for (const target of ["10.0.0.1", "10.0.0.0/8", "https://h.example/", "dns:a.example"]) {
    assert.deepEqual(codes(`${target} passthrough`), ["1 passthrough-target"], target);
    assert.deepEqual(codes(`[passthrough]\n${target}`), ["2 passthrough-target"], target);
  }
  assert.deepEqual(codes("dns:a.example insecure"), ["1 insecure-target"]);
  assert.deepEqual(codes("[insecure]\ndns:*.a.example"), ["2 insecure-target"]);
  assert.deepEqual(codes("a.example passthrough insecure"), ["1 passthrough-insecure"]);
  assert.deepEqual(codes("[insecure]\na.example passthrough"), ["2 passthrough-insecure"]);
  assert.deepEqual(codes("[passthrough]\na.example insecure"), ["2 passthrough-insecure"]);
});

Deno.test("placeholders are filled, or make their line invalid", () => {
  const repository = "octo/cat.js";
  const rule = only("https://h.example/{owner}/{repo}/* exe=`/x/{repo}`", { repository });
  assert.equal(rule.target, "https://h.example/octo/cat.js/*");
  assert.equal(rule.attrs.exe!.text, "/x/cat.js");
  assert.equal(rule.text, "https://h.example/{owner}/{repo}/* exe=`/x/{repo}`");
  const [found] = parsePolicy("  {owner}.-h.{repo}", { repository }).diagnostics;
  assert.deepEqual([found!.code, found!.column], ["host-name", 3]);
  const [later] = parsePolicy("a.{owner}.example:99999", { repository }).diagnostics;
  assert.equal(later!.column, 19);
  const text = "https://h.example/{owner}\na.example step=`{repo}`\nb.example # {owner}";
  for (
    const bad of [
      undefined,
      "",
      "a",
      "a/b/c",
      "a/",
      "a b/c",
      "a/b\n",
      "*/b",
      `a/${"x".repeat(101)}`,
    ]
  ) {
    const parsed = parsePolicy(text, { repository: bad });
    assert.deepEqual(parsed.diagnostics.map((d) => d.line), [1, 2], bad);
    assert.equal(parsed.rules.length, 1);
  }
  assert.deepEqual(codes("a.example exe={Owner}"), []);
});

Deno.test("placeholders may stand for any name that fits", () => {
  const options = { placeholders: "any" } as const;
  const text = "{owner}.github.io\nhttps://{owner}/{repo}\n[exe={repo}]\n10.0.0.{repo}\n{owner}";
  assert.deepEqual(codes(text, options), []);
  assert.deepEqual(codes("https://h.example/{owner}?q\n{owner}.*", options).length, 2);
});

Deno.test("defaults reach what says nothing itself", () => {
  const attrs = { cgroup: { text: "/x", literal: false } };
  const defaults = { port: [8443], protocol: "udp" as const, methods: ["POST"], attrs };
  const text = "a.example\n[step=s]\nb.example:1/tcp cgroup=@host\n[]\nhttps://u.example/";
  const { rules } = parsePolicy(text, { defaults });
  assert.deepEqual(rules.map((r) => [r.port, r.protocol, r.methods, r.attrs.cgroup!.text]), [
    [[8443], "udp", null, "/x"],
    [[1], "tcp", null, "@host"],
    [[443], "tcp", ["POST"], "/x"],
  ]);
});

Deno.test("messages say what was meant", () => {
  const suggestion = (text: string) => parsePolicy(text).diagnostics[0]!.suggestion;
  assert.equal(suggestion("github.*"), "did you mean `*.github.com`?");
  assert.equal(suggestion("8.8.8.8/udp"), "/udp needs a port: use :53/udp");
  assert.equal(
    suggestion("https://h.example/x?q=1"),
    "remove ?q=1: queries are not compared",
  );
  assert.equal(suggestion("a.example exee=/x"), "did you mean `exe=`?");
  assert.equal(suggestion("[exe=/x"), "add `]`");
  const { line, column } = parsePolicy("\n  a.example:99999").diagnostics[0]!;
  assert.deepEqual([line, column], [2, 13]);
});
