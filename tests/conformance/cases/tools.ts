import { answered, type Case, refused } from "../case.ts";

function download(
  why: string,
  url: string,
  ecosystem: string,
  name: string,
  version: string,
): Case {
  return answered(why, { op: "purl", url }, { package: { ecosystem, name, version } });
}

function purl(why: string, url: string, text: string): Case {
  return answered(why, { op: "purl", url }, { purl: text });
}

function none(why: string, url: string): Case {
  return answered(why, { op: "purl", url }, { package: null, purl: null });
}

function needs(
  why: string,
  connections: readonly (readonly [string, string, boolean?])[],
  permissions: Record<string, string>,
  unknown: readonly (readonly [string, string])[] = [],
): Case {
  const request = {
    op: "permissions",
    connections: connections.map(([method, path, token = true]) => ({
      url: path.startsWith("/") ? `https://api.github.com${path}` : path,
      method,
      token,
    })),
  };
  return answered(why, request, { permissions, unknown });
}

/** `purl`, `permissions`, and what cannot be served. */
export const tools: readonly Case[] = [
  download("npm", "https://npm.example/left-pad/-/left-pad-1.3.0.tgz", "npm", "left-pad", "1.3.0"),
  purl("npm's purl", "https://npm.example/left-pad/-/left-pad-1.3.0.tgz", "pkg:npm/left-pad@1.3.0"),
  download(
    "a scope is part of the name",
    "https://npm.example/@types/node/-/node-20.1.0.tgz",
    "npm",
    "@types/node",
    "20.1.0",
  ),
  download(
    "an encoded scope",
    "https://npm.example/%40types%2fnode/-/node-20.1.0.tgz",
    "npm",
    "@types/node",
    "20.1.0",
  ),
  download(
    "a mirror's prefix",
    "http://m.example:8080/api/npm/npm-all/left-pad/-/left-pad-1.3.0.tgz?x=y#z",
    "npm",
    "left-pad",
    "1.3.0",
  ),
  download(
    "a prerelease and dashes",
    "https://n.example/a-b-1/-/a-b-1-2.0.0-rc.1.tgz",
    "npm",
    "a-b-1",
    "2.0.0-rc.1",
  ),
  none("the base is the name", "https://n.example/left-pad/-/right-pad-1.3.0.tgz"),
  none("metadata is no download", "https://npm.example/left-pad"),
  none("another ending", "https://npm.example/left-pad/-/left-pad-1.3.0.zip"),
  none("without a version", "https://npm.example/left-pad/-/left-pad-.tgz"),
  none("in the query", "https://npm.example/x?/left-pad/-/left-pad-1.3.0.tgz"),
  none("in the fragment", "https://npm.example/x#/left-pad/-/left-pad-1.3.0.tgz"),
  download(
    "a wheel",
    "https://f.example/packages/ab/cd/ef/requests-2.31.0-py3-none-any.whl",
    "pypi",
    "requests",
    "2.31.0",
  ),
  download(
    "a source archive",
    "https://f.example/packages/ab/requests-2.31.0.tar.gz",
    "pypi",
    "requests",
    "2.31.0",
  ),
  none("a signature is no package", "https://f.example/packages/ab/cd/ef/README.txt"),
  download(
    "crates by API",
    "https://c.example/api/v1/crates/serde/1.0.200/download",
    "cargo",
    "serde",
    "1.0.200",
  ),
  download(
    "crates by download",
    "https://c.example/crates/serde/1.0.200/download",
    "cargo",
    "serde",
    "1.0.200",
  ),
  download(
    "crates by file",
    "https://c.example/crates/serde/serde-1.0.200.crate",
    "cargo",
    "serde",
    "1.0.200",
  ),
  purl(
    "cargo's purl",
    "https://c.example/crates/serde_json/serde_json-1.0.1.crate",
    "pkg:cargo/serde_json@1.0.1",
  ),
  none("another crate's file", "https://c.example/crates/serde/serdex-1.0.200.crate"),
  none("no URL at all", "nonsense"),
  none("an empty URL", ""),
  none("a broken escape", "https://npm.example/%zz/-/%zz-1.0.0.tgz"),
  none("a lone surrogate", "https://npm.example/\ud800"),

  needs("the protocol's example", [["GET", "/repos/octo/cat/environments/prod"]], {
    deployments: "read",
  }),
  needs("write wins over read", [["GET", "/repos/o/r/issues"], ["POST", "/repos/o/r/issues"]], {
    issues: "write",
  }),
  needs("requests without the token need nothing", [["POST", "/repos/o/r/issues", false]], {}),
  needs("other hosts need nothing", [["POST", "https://api.example/repos/o/r/issues"]], {}),
  needs(
    "unknown ones are sorted, each once",
    [["POST", "/zzz/a"], ["GET", "/zzz/b"], ["POST", "/zzz/a"], [
      "GET",
      "/zzz/a",
    ]],
    {},
    [["GET", "/zzz/a"], ["GET", "/zzz/b"], ["POST", "/zzz/a"]],
  ),
  needs("a query is no part of the path", [["GET", "/zzz/a?token=x"]], {}, [["GET", "/zzz/a"]]),

  refused("bad JSON", "{"),
  refused("not an object", "[]"),
  refused("null", "null"),
  refused("a number", "5"),
  refused("no op", "{}"),
  refused("an unknown op", '{"op":"frobnicate"}'),
  refused("an op of Object's", '{"op":"constructor"}'),
  refused("an op of another type", '{"op":["parse"]}'),
  refused("parse without policy", '{"op":"parse"}'),
  refused("policy of another type", '{"op":"parse","policy":["a.example"]}'),
  refused("policy null", '{"op":"validate","policy":null}'),
  refused("check without events", '{"op":"check","policy":""}'),
  refused("events of another type", '{"op":"check","policy":"","events":{}}'),
  refused("audit of another type", '{"op":"check","policy":"","events":[],"audit":"yes"}'),
  refused("dns of another type", '{"op":"check","policy":"","events":[],"dns":{}}'),
  refused("repository of another type", '{"op":"parse","policy":"","repository":5}'),
  refused("defaults of another type", '{"op":"parse","policy":"","defaults":"x"}'),
  refused("a default port of another type", '{"op":"parse","policy":"","defaults":{"port":"x"}}'),
  refused("a default port out of range", '{"op":"parse","policy":"","defaults":{"port":[0]}}'),
  refused(
    "an unknown default protocol",
    '{"op":"parse","policy":"","defaults":{"protocol":"sctp"}}',
  ),
  refused("purl without url", '{"op":"purl"}'),
  refused("url of another type", '{"op":"purl","url":5}'),
  refused("permissions without connections", '{"op":"permissions"}'),
  refused("two values in a line", '{"op":"parse","policy":""}{}'),
  answered("CR before LF is blank to JSON", { op: "parse", policy: "" }, { rules: [] }),
  {
    why: "CRLF requests",
    line: '{"op":"parse","policy":""}\r',
    expect: { kind: "answer", answer: { rules: [] } },
  },
  answered("keys of no meaning are skipped", { op: "parse", policy: "", x: 1 }, { rules: [] }),
  answered("a huge line", { op: "parse", policy: "# x\n".repeat(500_000) }, { rules: [] }),
  answered("no events", { op: "check", policy: "a.example", events: [] }, { verdicts: [] }),
];
