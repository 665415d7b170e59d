import assert from "node:assert/strict";
import fc from "fast-check";
import { recognisePackage } from "./mod.ts";

/** The PURL of a path on some mirror. */
function purl(path: string): string | null {
  return recognisePackage(`https://mirror.example${path}`)?.purl ?? null;
}

const KNOWN: readonly [path: string, purl: string | null][] = [
  ["/left-pad/-/left-pad-1.3.0.tgz", "pkg:npm/left-pad@1.3.0"],
  [
    "/artifactory/api/npm/all/@babel/core/-/core-7.0.0-rc.1.tgz",
    "pkg:npm/%40babel/core@7.0.0-rc.1",
  ],
  ["/@babel%2fcore/-/core-7.0.0.tgz", "pkg:npm/%40babel/core@7.0.0"],
  ["/%40babel%2Fcore/-/@babel/core-7.0.0.tgz", "pkg:npm/%40babel/core@7.0.0"],
  [`/download/@octo/cat/1.0.0/${"a".repeat(40)}`, "pkg:npm/%40octo/cat@1.0.0"],
  ["/left-pad/-/right-pad-1.3.0.tgz", null],
  ["/left-pad/-/left-pad-latest.tgz", null],
  ["/left-pad", null],
  ["/packages/ab/cd/ef/Foo.Bar-2.31.0-py3-none-any.whl", "pkg:pypi/foo-bar@2.31.0"],
  ["/packages/ab/cd/ef/foo_bar-1.0-1-cp311-cp311-linux_x86_64.whl", "pkg:pypi/foo-bar@1.0"],
  ["/packages/source/f/foo/foo-bar-1.0rc1.tar.gz", "pkg:pypi/foo-bar@1.0rc1"],
  ["/repository/pypi/packages/foo/1.0/foo-1.0.zip", "pkg:pypi/foo@1.0"],
  ["/packages/x/foo-1.0-1.tar.gz", "pkg:pypi/foo@1.0-1"],
  ["/packages/x/foo-1.0-py2.7.egg", "pkg:pypi/foo@1.0"],
  ["/packages/x/foo-1.0.win32-py2.7.exe", "pkg:pypi/foo@1.0"],
  ["/packages/x/foo-1.0.tar.gz.asc", null],
  ["/packages/x/readme.txt", null],
  ["/api/v1/crates/serde/1.0.200/download", "pkg:cargo/serde@1.0.200"],
  ["/crates/serde_json/1.0.0/download", "pkg:cargo/serde_json@1.0.0"],
  ["/crates/serde/serde-1.0.200.crate", "pkg:cargo/serde@1.0.200"],
  ["/crates/serde/serde_json-1.0.200.crate", null],
  ["/gems/rails-7.1.0.gem", "pkg:gem/rails@7.1.0"],
  ["/gems/nokogiri-1.16.0-x86_64-linux.gem", "pkg:gem/nokogiri@1.16.0?platform=x86_64-linux"],
  ["/maven2/org/apache/commons/lang/3.1/lang-3.1.jar", "pkg:maven/org.apache.commons/lang@3.1"],
  [
    "/repository/snap/org/x/y/1.0-SNAPSHOT/y-1.0-20240101.120000-1.jar",
    "pkg:maven/org.x/y@1.0-SNAPSHOT",
  ],
  ["/gnu/bash/5.1/bash-5.1.tar.gz", null],
  ["/v3-flatcontainer/json.net/13.0.1/json.net.13.0.1.nupkg", "pkg:nuget/json.net@13.0.1"],
  ["/api/v2/package/Json.Net/13.0.1", "pkg:nuget/Json.Net@13.0.1"],
  ["/git.example/!azure/sdk/@v/v1.2.3.zip", "pkg:golang/git.example/Azure/sdk@v1.2.3"],
  ["/git.example/x/@v/list", null],
];

for (const [path, expected] of KNOWN) {
  Deno.test(`packages: ${path}`, () => {
    assert.equal(purl(path), expected);
  });
}

Deno.test("packages: the name keeps its scope, the ecosystem is the PURL type", () => {
  assert.deepEqual(recognisePackage("https://r.example/@a/b/-/b-1.0.0.tgz")?.package, {
    ecosystem: "npm",
    name: "@a/b",
    version: "1.0.0",
  });
});

Deno.test("packages: known ways to write the same URL", () => {
  for (
    const url of [
      "HTTPS://USER:PW@R.EXAMPLE:8443/left-pad/-/left-pad-1.3.0.TGZ",
      "https://r.example//left-pad/./-/x/..//left-pad-1.3.0.tgz",
      "https://r.example/left-pad/-/x/%2e%2E/left-pad-1.3.0.tgz",
      "https://r.example/left-pad/-/left-pad-1.3.0.tgz;v=1?x=/y#z",
      "https://r.example/left%2Dpad%2F-%2Fleft-pad-1.3.0%2Etgz",
      "https://r.example/left%252Dpad/-/left-pad-1.3.0.tgz",
      "https://r.example\\left-pad\\-\\left-pad-1.3.0.tgz",
      "https://r.example/left-pad/-/left-\tpad-1.3.0.tgz\n",
      "https://r.example/left-pad/-/left-pad-1.3.0.tgz%00.html",
      "https://r.example/left-pad/-/left-pad-1.3.0.tgz/",
      "/left-pad/-/left-pad-1.3.0.tgz",
    ]
  ) assert.equal(recognisePackage(url)?.purl, "pkg:npm/left-pad@1.3.0", url);
});

Deno.test("packages: a package inside the query or host is none", () => {
  assert.equal(recognisePackage("https://r.example/?u=/left-pad/-/left-pad-1.3.0.tgz"), null);
  assert.equal(recognisePackage("ftp://r.example/left-pad/-/left-pad-1.3.0.tgz"), null);
  assert.equal(recognisePackage(""), null);
});

/** Writes a path so that a URL parser still reads the same. */
const disguised = fc.tuple(
  fc.constantFrom(...KNOWN.filter(([, expected]) => expected !== null).map(([path]) => path)),
  fc.array(fc.nat(5), { minLength: 1, maxLength: 40 }),
  fc.constantFrom("", "?a=b", "?x=/y/../z", "#f", "?%00"),
  fc.constantFrom("https://r.example", "HTTP://R.EXAMPLE:8080", "https://u:p@[::1]:444"),
).map(([path, choices, tail, origin]) => {
  let at = 0;
  const written = [...decodeURIComponent(path)].map((c) => {
    const choice = choices[at++ % choices.length]!;
    if (choice === 0) return "%" + c.charCodeAt(0).toString(16).padStart(2, "0");
    if (choice === 1 && c === "/") return "//";
    if (choice === 2 && c === "/") return "/./";
    if (choice === 3 && c === "/") return "/q%2F..%2f";
    return c;
  });
  return { path, url: origin + "/" + written.slice(1).join("") + tail };
});

Deno.test("packages: no way of writing hides a package", () => {
  fc.assert(
    fc.property(disguised, ({ path, url }) => {
      assert.equal(recognisePackage(url)?.purl, purl(path), url);
    }),
    { numRuns: 2000, seed: 1 },
  );
});

Deno.test("packages: any text gives an answer", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.constantFrom(...KNOWN), (text, [path]) => {
      recognisePackage(text);
      recognisePackage(`https://r.example/${text}`);
      recognisePackage(`https://r.example${path.replace("/", text)}${text}`);
    }),
    { numRuns: 2000, seed: 2 },
  );
});
