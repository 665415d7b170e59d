import { answered, type Case, warned } from "../case.ts";

/** Section 7: the three warnings with a fixed meaning. */
export const warnings: readonly Case[] = [
  warned("passthrough over a url rule's host", "a.example passthrough\nhttps://a.example/x", [
    "passthrough-hides-url",
  ]),
  warned("in either order", "https://a.example/x\na.example passthrough", [
    "passthrough-hides-url",
  ]),
  warned("without regard to case", "A.Example. passthrough\nhttps://a.example/x", [
    "passthrough-hides-url",
  ]),
  warned("over a path rule", "*.example passthrough\n[https://a.example]\n/x", [
    "passthrough-hides-url",
  ]),
  warned("from a header", "[passthrough]\na.example\n[]\nhttps://a.example/x", [
    "passthrough-hides-url",
  ]),
  warned("wildcards that meet", "*.a.example passthrough\nhttps://x*.a.example/", [
    "passthrough-hides-url",
  ]),
  warned("two patterns that meet", "api*.a.example passthrough\nhttps://*v1.a.example/", [
    "passthrough-hides-url",
  ]),
  warned(
    "a deep wildcard meets a shallow one",
    "*.a.example passthrough\nhttps://*.x*.a.example/",
    [
      "passthrough-hides-url",
    ],
  ),
  warned("patterns that do not meet", "ap*.a.example passthrough\nhttps://b*.a.example/", []),
  warned("one label against two", "x*.a.example passthrough\nhttps://*.x1.a.example/", []),
  warned("the apex is not below itself", "*.a.example passthrough\nhttps://a.example/", []),
  warned("other hosts", "a.example passthrough\nhttps://b.example/x", []),
  warned("no passthrough", "a.example\nhttps://a.example/x", []),
  warned("passthrough over an insecure host", "*.example passthrough\na.example insecure", [
    "passthrough-hides-insecure",
  ]),
  warned("and over an insecure url rule", "a.example passthrough\nhttps://a.example/ insecure", [
    "passthrough-hides-url",
    "passthrough-hides-insecure",
  ]),
  warned("insecure of another host", "a.example passthrough\nb.example insecure", []),
  warned(
    "some url rules insecure and some not",
    "https://a.example/x insecure\nhttps://a.example/y",
    [
      "insecure-partial",
    ],
  ),
  warned("path rules too", "[https://a.example]\n/x insecure\n/y", ["insecure-partial"]),
  warned("all of them insecure", "https://a.example/x insecure\nhttps://a.example/y insecure", []),
  warned("of two hosts", "https://a.example/x insecure\nhttps://b.example/y", []),
  warned("host rules do not count for it", "https://a.example/x insecure\na.example", []),
  warned(
    "a wildcard host of a url rule meets a name",
    "https://*.a.example/x insecure\nhttps://b.a.example/y",
    [
      "insecure-partial",
    ],
  ),
  warned("rules in error do not count", "a.example passthrough insecure\nhttps://a.example/x", []),
  answered("nothing to say", { op: "validate", policy: "a.example\n" }, { diagnostics: [] }),
  answered("an empty policy", { op: "validate", policy: "" }, { diagnostics: [] }),
];
