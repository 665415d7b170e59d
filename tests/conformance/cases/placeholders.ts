import { answered, type Case, gives, judged, mistaken, request } from "../case.ts";

const filled = { repository: "octo-org/cat.js" };

/** Section 2: placeholders. */
export const placeholders: readonly Case[] = [
  gives("they are filled from the repository", "https://api.example/repos/{owner}/{repo}/*", [
    { type: "url", target: "https://api.example/repos/octo-org/cat.js/*" },
  ], filled),
  gives(
    "anywhere in a line",
    '[https://{owner}.h.example/{repo}]\n/{repo} exe="/w/{repo}"\n[step={owner}]\na.example',
    [
      {
        type: "path",
        target: "/cat.js",
        urlBase: "https://octo-org.h.example/cat.js",
        attrs: { exe: { text: "/w/cat.js", literal: true } },
      },
      { attrs: { step: { text: "octo-org", literal: false } } },
    ],
    filled,
  ),
  judged("the filled rule decides", "https://api.example/{owner}/{repo}", [
    [request("https://api.example/octo-org/cat.js"), "allow 0"],
    [request("https://api.example/octo-org/catxjs"), "block"],
    [request("https://api.example/{owner}/{repo}"), "block"],
  ], filled),
  mistaken(
    "unfilled, the line is not valid",
    'https://api.example/{owner}\n{repo}.a.example\na.example exe="{owner}"\na.example step=`{repo}`\na.example step={repo}',
    {
      1: "syntax",
      2: "syntax",
      3: "syntax",
      4: "syntax",
      5: "syntax",
    },
  ),
  gives("in a comment they are nothing", "# {owner}\na.example # {repo}\n[] # {owner}\n\t#{repo}", [
    { target: "a.example" },
  ]),
  mistaken(
    "a # in quotes begins no comment",
    'a.example exe="/x # {owner}"\na.example exe=`/x # {repo}`',
    {
      1: "syntax",
      2: "syntax",
    },
  ),
  mistaken(
    "an unfilled header silences its rules",
    "[https://{owner}.example]\n/x\na.example\n[]\nb.example",
    {
      1: "syntax",
      2: "syntax",
      3: "syntax",
    },
  ),
  mistaken(
    "another word in braces is not one of them",
    "https://a.example/{other}\nhttps://a.example/{Owner}",
    {
      1: "syntax",
      2: "syntax",
    },
    filled,
  ),
  ...[
    "",
    "/",
    "octo",
    "octo/",
    "/cat",
    "a/b/c",
    "a b/c",
    "a/b c",
    "a/b\nevil.example",
    "a/b#",
    "a/*",
    "*/b",
    "a/b\u212A",
    "a/b\u2028",
    "a/{owner}",
    "{repo}/b",
    'a/b"',
    "a/b exe=",
    `${"a".repeat(101)}/b`,
    "a/b\n",
  ].map((repository) =>
    mistaken(
      `with the odd value ${JSON.stringify(repository)} nothing is filled in`,
      'https://api.example/{owner}\nb.example exe="/{repo}"\nc.example # {repo}',
      { 1: "syntax", 2: "syntax" },
      { repository },
    )
  ),
  gives("parts of 100 characters", "a.example step={owner}", [
    { attrs: { step: { text: "a".repeat(100), literal: false } } },
  ], { repository: `${"a".repeat(100)}/b` }),
  judged("dots as a name open nothing", "https://api.example/{owner}/{repo}/x/*", [
    [request("https://api.example/x/y"), "block"],
    [request("https://api.example/secret"), "block"],
    [request("https://api.example/a/../x/y"), "block"],
  ], { repository: "a/.." }),
  answered("validate takes them as filled in", {
    op: "validate",
    policy: "https://{owner}.example/{repo}/*\n[https://h.example/{repo}]\n/x step={owner}\n",
  }, { diagnostics: [] }),
];
