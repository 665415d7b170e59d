import { allMistaken, type Case, gives, judged, mistaken, tls } from "../case.ts";

const EXE = { exe: { text: "/x", literal: false } };

/** Section 2: headers, and the protocol's `defaults`. */
export const headers: readonly Case[] = [
  gives("a header is the context up to the next", "[:8443/udp exe=/x]\na.example\n[]\nb.example", [
    { target: "a.example", port: [8443], protocol: "udp", attrs: EXE },
    { target: "b.example", port: [443], protocol: "tcp", attrs: {} },
  ]),
  gives("every header starts from the defaults", "[exe=/x]\na.example\n[:22]\nb.example", [
    { attrs: EXE },
    { port: [22], attrs: {} },
  ]),
  gives(
    "ports of a header",
    "[:80|443]\na.example\n[:*]\nb.example\n[:53/udp]\nc.example:54\nd.example:55/tcp",
    [
      { port: [80, 443] },
      { port: "*" },
      { port: [54] },
      { port: [55], protocol: "tcp" },
    ],
  ),
  gives(
    "a base URL sets the port",
    "[https://h.example]\na.example\n[http://h.example]\nb.example\n[http://h.example:8080/p]\nc.example",
    [
      { port: [443] },
      { port: [80] },
      { port: [8080] },
    ],
  ),
  gives("a path rule has its base as written", "[https://H.example:8443/base/]\nPOST /x\n/y*\n", [
    { type: "path", target: "/x", methods: ["POST"], port: [8443], protocol: "tcp" },
    { type: "path", target: "/y*", methods: ["GET", "HEAD"] },
  ]),
  gives(
    "base URLs take ports and wildcards",
    "[https://*.h.example:1|2/b]\n/x\n[http://h.example:*]\n/y",
    [
      { urlBase: "https://*.h.example:1|2/b", port: [1, 2] },
      { urlBase: "http://h.example:*", port: "*" },
    ],
  ),
  gives(
    "methods of a header",
    "[POST|put]\nhttps://h.example/x\nGET https://h.example/y\na.example\n[*]\nhttps://h.example/z",
    [
      { methods: ["POST", "PUT"] },
      { methods: ["GET"] },
      { methods: null },
      { methods: ["*"] },
    ],
  ),
  gives(
    "a url rule's port is its own",
    "[:8080/udp]\nhttps://h.example/\nhttp://h.example/\nhttps://h.example:1/",
    [
      { port: [443], protocol: "tcp" },
      { port: [80], protocol: "tcp" },
      { port: [1], protocol: "tcp" },
    ],
  ),
  gives("a url rule below a base URL keeps its own", "[http://b.example:81]\nhttps://h.example/", [
    { type: "url", target: "https://h.example/", port: [443], urlBase: null },
  ]),
  gives("a rule replaces attributes one by one", '[exe=/x step=s]\na.example exe="/y"', [
    { attrs: { exe: { text: "/y", literal: true }, step: { text: "s", literal: false } } },
  ]),
  gives("arg and arg[0] are two attributes", "[arg=a arg[0]=b]\na.example arg[0]=c arg[1]=d", [
    {
      attrs: {
        arg: { text: "a", literal: false },
        "arg[0]": { text: "c", literal: false },
        "arg[1]": { text: "d", literal: false },
      },
    },
  ]),
  gives(
    "passthrough and insecure of a header",
    "[passthrough]\na.example\n[insecure exe=/x]\nb.example",
    [
      { passthrough: true, insecure: false },
      { passthrough: false, insecure: true, attrs: EXE },
    ],
  ),
  gives(
    "blanks and a comment around a header",
    "\t[ :22 \t exe=/x ]  # c\na.example\n[ ]\nb.example",
    [
      { port: [22], attrs: EXE },
      { port: [443], attrs: {} },
    ],
  ),
  gives("brackets in quotes close nothing", '[exe="/a]b"]\na.example\n[exe=`/a ]*`]\nb.example', [
    { attrs: { exe: { text: "/a]b", literal: true } } },
    { attrs: { exe: { text: "/a ]*", literal: false } } },
  ]),
  gives("a header may index arguments", "[arg[1]=push]\na.example", [
    { attrs: { "arg[1]": { text: "push", literal: false } } },
  ]),
  mistaken(
    "a header's words hold for each rule below",
    "[passthrough]\nhttps://h.example/\n1.2.3.4\na.example insecure\ndns:a.example\n[insecure]\na.example passthrough\ndns:a.example",
    {
      2: "passthrough-target",
      3: "passthrough-target",
      4: "passthrough-insecure",
      5: "passthrough-target",
      7: "passthrough-insecure",
      8: "insecure-target",
    },
  ),
  mistaken("[] clears the base URL", "[https://h.example]\n/x\n[]\n/y\n[exe=/x]\n/z", {
    4: "path-without-base",
    6: "path-without-base",
  }),
  ...allMistaken("not headers", [
    "[",
    "]",
    "[[]]",
    "[]]",
    "[] a.example",
    "[]x",
    "[foo]",
    "[a.example]",
    "[443]",
    "[:0]",
    "[:]",
    "[:443|*]",
    "[/udp]",
    "[:53/]",
    "[:53 passthrough]",
    "[GET :443]",
    "[GET /x]",
    "[/x]",
    "[https://]",
    "[https:///x]",
    "[https://h.example/x?y]",
    "[https://h.example/x#y]",
    "[https://1/]",
    "[ftp://h.example]",
    "[https://h.example https://i.example]",
    "[GET https://h.example]",
    "[exe=/x :443]",
    "[exe=/x exe=/y]",
    "[arg[0]=a arg[0]=b]",
    "[exe=]",
    "[exe=/x",
    '[exe="/x]',
    "[exe=/x#]",
    "[exe=/x # c]",
    "[passthrough",
    "[BREW]",
  ]),
  mistaken(
    "a broken header silences the rules below it",
    "[exe=\na.example\n# c\n\nbad\n[]\nb.example",
    {
      1: "syntax",
      2: "syntax",
      5: "syntax",
    },
  ),
  mistaken(
    "it does so up to a valid header",
    "[exe=\na.example\n[foo]\nb.example\n[:22]\nc.example",
    {
      1: "syntax",
      2: "syntax",
      3: "syntax",
      4: "syntax",
    },
  ),
  judged("rules below a broken header allow nothing", "[exe=/x exe=/y]\na.example\n[]\nb.example", [
    [tls("a.example", { exe: "/x" }), "block"],
    [tls("b.example"), "allow 0"],
  ]),
  judged("the context before a broken header is gone", "[exe=/x]\na.example\n[exe=\nb.example", [
    [tls("a.example", { exe: "/x" }), "allow 0"],
    [tls("b.example", { exe: "/x" }), "block"],
  ]),

  gives(
    "defaults are what neither rule nor header says",
    "a.example\nb.example:1/tcp\n[:2]\nc.example\n[]\nd.example",
    [
      { port: [8], protocol: "udp" },
      { port: [1], protocol: "tcp" },
      { port: [2] },
      { port: [8], protocol: "udp" },
    ],
    { defaults: { port: [8], protocol: "udp" } },
  ),
  gives("default port * and methods *", "a.example\nhttps://h.example/", [
    { port: "*" },
    { port: [443], protocol: "tcp", methods: ["*"] },
  ], { defaults: { port: "*", protocol: "udp", methods: ["*"] } }),
  gives(
    "default methods below a header with and without",
    "https://h.example/\n[PUT]\nhttps://h.example/\n[]\nhttps://h.example/",
    [
      { methods: ["POST", "DELETE"] },
      { methods: ["PUT"] },
      { methods: ["POST", "DELETE"] },
    ],
    { defaults: { methods: ["POST", "DELETE"] } },
  ),
  gives(
    "default attributes, replaced one by one",
    "a.example exe=/y\n[exe=/z]\nb.example\n[]\nc.example",
    [
      { attrs: { exe: { text: "/y", literal: false }, step: { text: "s*", literal: true } } },
      { attrs: { exe: { text: "/z", literal: false }, step: { text: "s*", literal: true } } },
      { attrs: { exe: { text: "/x", literal: false }, step: { text: "s*", literal: true } } },
    ],
    {
      defaults: {
        attrs: { exe: { text: "/x", literal: false }, step: { text: "s*", literal: true } },
      },
    },
  ),
  gives("default ports do not reach path rules", "[https://h.example]\n/x", [
    { type: "path", port: [443], protocol: "tcp", methods: ["GET", "HEAD"] },
  ], { defaults: { port: [1], protocol: "udp" } }),
  judged("defaults decide in check too", "a.example", [
    [tls("a.example"), "block"],
    [tls("a.example", { dst_port: 8443 }), "block"],
    [tls("a.example", { dst_port: 8443, exe: "/x*" }), "allow 0"],
    [tls("a.example", { dst_port: 8443, exe: "/xy" }), "block"],
  ], { defaults: { port: [8443], attrs: { exe: { text: "/x*", literal: true } } } }),
];
