import { allMistaken, type Case, gives, judged, request } from "../case.ts";

const H = "https://h.example";

/** What each path of h.example comes to under `policy`. */
function paths(why: string, policy: string, table: Readonly<Record<string, string>>): Case {
  const pairs = Object.entries(table).map(([path, verdict]) =>
    [request(`${H}${path}`), verdict] as const
  );
  return judged(why, policy, pairs);
}

/** Section 4: the form of url rules, and paths. */
export const urls: readonly Case[] = [
  gives(
    "the url examples",
    "https://api.github.com/repos/*/releases\nPOST https://h.example.com:8443/x",
    [
      {
        type: "url",
        target: "https://api.github.com/repos/*/releases",
        methods: ["GET", "HEAD"],
        port: [443],
        protocol: "tcp",
      },
      { type: "url", target: "https://h.example.com:8443/x", methods: ["POST"], port: [8443] },
    ],
  ),
  gives(
    "methods have no case and may be all",
    "get|Post https://h.example/\n* https://h.example/",
    [
      { methods: ["GET", "POST"] },
      { methods: ["*"] },
    ],
  ),
  gives(
    "url hosts take wildcards and ports",
    "https://*.h.example:443|8443/\nhttp://h*.example.com:*/x",
    [
      { type: "url", target: "https://*.h.example:443|8443/", port: [443, 8443] },
      { type: "url", target: "http://h*.example.com:*/x", port: "*" },
    ],
  ),
  gives("characters of a path", "https://h.example/aZ09_.~*/%41+-", [
    { target: "https://h.example/aZ09_.~*/%41+-" },
  ]),
  ...allMistaken("not url rules", [
    "https://h.example",
    "https://h.example:443",
    "https:///x",
    "https://h/",
    "https://h.example/?q",
    "https://h.example/x?",
    "https://h.example/x#f",
    "https://h.example/a b",
    "https://h.example/a:b",
    "https://h.example/a@b",
    "https://h.example/a\\b",
    "https://h.example/a;b",
    "https://h.example/\u00e9",
    "https://h.example/[x]",
    "https://u@h.example/",
    "https://h.example:0/",
    "https://h.example:/",
    "https://h.example:443/udp/ passthroug",
    "ftp://h.example/",
    "ws://h.example/",
    "https:/h.example/",
    "https:h.example/",
    "BREW https://h.example/",
    "CONNECT https://h.example/",
    "TRACE https://h.example/",
    "GET| https://h.example/",
    "|GET https://h.example/",
    "GET|* https://h.example/",
    "*|GET https://h.example/",
    "GET POST https://h.example/",
    "GET,POST https://h.example/",
    "GEThttps://h.example/",
    "PO\u017FT https://h.example/",
  ]),
  paths("a path is that path", `${H}/a/b`, {
    "/a/b": "allow 0",
    "/a/b?q=1": "allow 0",
    "/a/b#f": "allow 0",
    "/a/b?/../c": "allow 0",
    "/a/b/": "allow 0",
    "/a/b//": "block",
    "/a": "block",
    "/a/b/c": "block",
    "/a/bc": "block",
    "/A/b": "block",
    "//a/b": "block",
    "/a//b": "block",
    "": "block",
  }),
  paths("the root", `${H}/`, { "": "allow 0", "/": "allow 0", "?x": "allow 0", "/a": "block" }),
  paths("a trailing slash of the rule is ignored", `${H}/a/`, {
    "/a": "allow 0",
    "/a/": "allow 0",
  }),
  paths("* as the last segment is any rest, also none", `${H}/a/*`, {
    "/a": "allow 0",
    "/a/": "allow 0",
    "/a/b": "allow 0",
    "/a/b/c/": "allow 0",
    "/ab": "block",
    "/": "block",
  }),
  paths("* alone is every path", `${H}/*`, { "": "allow 0", "/": "allow 0", "/a/b": "allow 0" }),
  paths("* as another segment is one that is not empty", `${H}/a/*/c`, {
    "/a/b/c": "allow 0",
    "/a//c": "block",
    "/a/c": "block",
    "/a/b/b/c": "block",
  }),
  paths("* inside a segment stays inside", `${H}/a*z/v*`, {
    "/az/v": "allow 0",
    "/abcz/v1.2": "allow 0",
    "/a/z/v": "block",
    "/az/v1/x": "block",
    "/az": "block",
  }),
  paths("encoded unreserved characters are themselves", `${H}/a~b/c`, {
    "/%61%7Eb/%63": "allow 0",
    "/a%7eb/c": "allow 0",
    "/a%7eb/%43": "block",
    "/a%257eb/c": "block",
  }),
  paths("so they are in a rule, and hex has no case", `${H}/%61/%3a/%2D`, {
    "/a/%3A/-": "allow 0",
    "/a/:/-": "block",
  }),
  paths("a plus is no blank", `${H}/a+b`, {
    "/a+b": "allow 0",
    "/a%20b": "block",
    "/a%2Bb": "block",
  }),
  paths("dot segments: both readings", `${H}/a/*`, {
    "/a/b/../c": "allow 0",
    "/a/./b": "allow 0",
    "/a/../b": "block",
    "/a/..": "block",
    "/a/b/../..": "block",
    "/a/%2e%2e/b": "block",
    "/a/%2E./b": "block",
    "/a/.%2e": "block",
    "/b/../a/c": "block",
    "/../a/c": "block",
    "/./a/c": "block",
    "/a/...": "allow 0",
    "/a/.b": "allow 0",
    "/a/..b": "allow 0",
  }),
  paths("dots beside encoded and backward slashes", `${H}/a/*`, {
    "/a/..%2fb": "block",
    "/a/..%2F": "block",
    "/a/%2e%2e%2fb": "block",
    "/a/x%2f..%2f..%2fb": "block",
    "/a/x%2f..%2fb": "allow 0",
    "/a/..\\b": "block",
    "/a/..%5cb": "block",
    "/a/..%5C": "block",
    "/a/x\\..\\..\\b": "block",
    "/a/x%5c%2e%2e%5C..%5cb": "block",
    "/a/x/..%5c../b": "block",
    "/a/%252e%252e/b": "allow 0",
    "/a\\..\\b": "block",
  }),
  paths("a path resolved into a rule is not enough", `${H}/b`, {
    "/a/../b": "block",
    "/./b": "block",
  }),
  paths("an encoded slash: both readings", `${H}/a/*/c`, {
    "/a/x%2Fy/c": "block",
    "/a%2Fx/c": "block",
    "/a/x/c": "allow 0",
  }),
  paths("an encoded slash below a rest", `${H}/a/*`, {
    "/a/x%2fy": "allow 0",
    "/a%2fx": "block",
  }),
  paths("an encoded slash inside a pattern", `${H}/p/v*`, {
    "/p/v1%2fx": "block",
    "/p/v1": "allow 0",
  }),
  paths("an encoded slash is not a slash alone", `${H}/a/b`, { "/a%2fb": "block" }),
  paths("two slashes of one encoded are no folding", `${H}/a/*/b`, { "/a/%2f/b": "block" }),
  judged("a base and a path, doubled slashes folded", `[${H}/base/]\n/x\n//y\n/z/*`, [
    [request(`${H}/base/x`), "allow 0"],
    [request(`${H}/base//x`), "block"],
    [request(`${H}/x`), "block"],
    [request(`${H}/base/y`), "allow 1"],
    [request(`${H}/base/z`), "allow 2"],
    [request(`${H}/base/z/1`), "allow 2"],
  ]),
  judged("a base without path", `[http://*.h.example:8080|8081]\nPOST /x`, [
    [request("http://a.h.example/x", { dst_port: 8081, method: "POST" }), "allow 0"],
    [request("http://a.h.example/x", { dst_port: 8081 }), "block"],
    [request("http://h.example/x", { dst_port: 8081, method: "POST" }), "block"],
    [request("http://a.h.example/x", { method: "POST" }), "block"],
  ]),
];
