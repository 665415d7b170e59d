import assert from "node:assert/strict";
import { compilePath, joinPaths, pathMatches, pathReadings } from "./path.ts";

function fits(rule: string, path: string): boolean {
  const readings = pathReadings(path);
  return readings !== null && readings.every((reading) => pathMatches(compilePath(rule), reading));
}

Deno.test("paths, segment by segment", () => {
  const cases: [string, string[], string[]][] = [
    ["/", ["", "/"], ["//", "/a"]],
    ["/a/b", ["/a/b", "/a/b/", "/%61/b", "/a/%62"], ["/a/B", "/a/b/c", "/a//b", "/a/b//"]],
    ["/a/b/", ["/a/b", "/a/b/"], ["/a"]],
    ["/a/*", ["/a", "/a/", "/a/b", "/a/b/c", "/a//b"], ["/", "/ab", "/A/b"]],
    ["/*", ["", "/", "/a/b"], []],
    ["/a/*/c", ["/a/b/c"], ["/a//c", "/a/b/b/c", "/a/c"]],
    ["/a/v*", ["/a/v", "/a/v1"], ["/a/v/1", "/a/x"]],
    ["/a/*.tgz", ["/a/x.tgz", "/a/.tgz"], ["/a/x/y.tgz"]],
    ["/a/**", ["/a/b"], ["/a", "/a/b/c"]],
    ["/a%2fb", [], ["/a%2Fb", "/a/b"]],
    ["/%7Ea", ["/~a", "/%7ea"], []],
    ["/a%40b", ["/a%40b"], ["/a@b"]],
    ["/a?b", [], ["/axb"]],
  ];
  for (const [rule, fitting, others] of cases) {
    for (const path of fitting) assert.ok(fits(rule, path), `${rule} ${path}`);
    for (const path of others) assert.ok(!fits(rule, path), `${rule} ${path}`);
  }
});

Deno.test("what resolves out of a rule's path is not allowed by it", () => {
  const ways = [
    "/a/../b",
    "/a/./../b",
    "/a/%2e%2e/b",
    "/a/.%2E/b",
    "/a/..%2Fb",
    "/a/..%2fb",
    "/a/%2e%2e%5cb",
    "/a/..\\b",
    "/a\\..\\b",
    "/a%2F..%2Fb",
    "/a/x/../../b",
    "/a/..",
    "/a/%252e/%%32%65%%32%65/%2e%2e/../b",
  ];
  for (const path of ways) assert.ok(!fits("/a/*", path), path);
  assert.ok(fits("/*", "/a/../b"));
  assert.ok(fits("/a/*", "/a/x/../b"));
  assert.ok(!fits("/b", "/a/../b"), "the plain reading counts, too");
});

Deno.test("an encoded slash is a slash and is part of its segment", () => {
  assert.ok(fits("/a/*", "/a/b%2Fc"));
  assert.ok(!fits("/a/*/c", "/a/x%2Fy/c"));
  assert.ok(!fits("/a/b/c", "/a/b%2Fc"));
});

Deno.test("what a second decoder would read anew matches nothing", () => {
  assert.equal(pathReadings("/%%32%65"), null);
  assert.deepEqual(pathReadings("/100%"), [["100%"]]);
  assert.deepEqual(pathReadings("/%252e"), [["%252e"]]);
});

Deno.test("paths below a base", () => {
  assert.equal(joinPaths("/api/", "//x//y"), "/api/x/y");
  assert.equal(joinPaths("", "/x"), "/x");
});
