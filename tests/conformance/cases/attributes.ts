import { allMistaken, type Case, type Event, gives, judged, tls } from "../case.ts";

/** What a handshake to a.example by each of these processes comes to under the rule `a.example RULE`. */
function by(why: string, rule: string, ...pairs: readonly (readonly [Event, string])[]): Case {
  return judged(
    why,
    `a.example ${rule}`,
    pairs.map(([process, verdict]) => [tls("a.example", process), verdict]),
  );
}

const YES = "allow 0";
const NO = "block";
const HEX = "0123456789abcdef".repeat(4);

/** As `by`, for attributes of one process field given by its values. */
function values(
  why: string,
  rule: string,
  field: string,
  table: Readonly<Record<string, string>>,
): Case {
  return by(
    why,
    rule,
    ...Object.entries(table).map(([value, verdict]) => [{ [field]: value }, verdict] as const),
  );
}

/** Section 5: attributes. */
export const attributes: readonly Case[] = [
  gives("the three quotings", 'a.example exe=/b* step=`s *` image="i *"', [
    {
      attrs: {
        exe: { text: "/b*", literal: false },
        step: { text: "s *", literal: false },
        image: { text: "i *", literal: true },
      },
    },
  ]),
  gives(
    "every attribute there is",
    "a.example exe=a arg=b arg[12]=c step=d action=e cgroup=f image=g",
    [
      {
        attrs: Object.fromEntries(
          [["exe", "a"], ["arg", "b"], ["arg[12]", "c"], ["step", "d"], ["action", "e"], [
            "cgroup",
            "f",
          ], ["image", "g"]].map(([name, text]) => [name, { text, literal: false }]),
        ),
      },
    ],
  ),
  gives("quotes hold blanks, # and brackets", 'a.example exe="/a # b]" step=`"x" # [`', [
    {
      attrs: { exe: { text: "/a # b]", literal: true }, step: { text: '"x" # [', literal: false } },
    },
  ]),
  gives("a backtick stands in double quotes", 'a.example exe="a`b"', [
    { attrs: { exe: { text: "a`b", literal: true } } },
  ]),
  gives(
    "attributes of every kind of rule",
    "1.2.3.4 exe=/x\n1.0.0.0/8 exe=/x\n*.a.example exe=/x\nhttps://a.example/ exe=/x\ndns:a.example exe=/x",
    [
      { attrs: { exe: { text: "/x", literal: false } } },
      { attrs: { exe: { text: "/x", literal: false } } },
      { attrs: { exe: { text: "/x", literal: false } } },
      { attrs: { exe: { text: "/x", literal: false } } },
      { attrs: { exe: { text: "/x", literal: false } } },
    ],
  ),
  gives("a value may hold =", "a.example arg=--a=b", [
    { attrs: { arg: { text: "--a=b", literal: false } } },
  ]),
  ...allMistaken("not attributes", [
    "a.example exe",
    "a.example exe=",
    "a.example exe= /x",
    "a.example exe =/x",
    "a.example user=root",
    "a.example exe=/x exe=/x",
    "a.example arg=a arg=b",
    "a.example arg[0]=a arg[0]=b",
    "a.example arg[]=a",
    "a.example arg[-1]=a",
    "a.example arg[x]=a",
    "a.example arg[0=a",
    "a.example exe[0]=a",
    "a.example exe=/x#c",
    "a.example exe=/x]",
    'a.example exe="/x',
    'a.example exe="/x"y',
    'a.example exe="',
    "a.example exe=`/x",
    "a.example exe=`/x`y",
    'a.example exe=`/x"',
    'a.example exe="a"step=b',
    'a.example exe="a"#c',
    "a.exampleexe=/x",
    "a.example,exe=/x",
  ]),
  values("exe is the whole path, with regard to case", "exe=/usr/bin/curl", "exe", {
    "/usr/bin/curl": YES,
    "/usr/bin/curl2": NO,
    "/x/usr/bin/curl": NO,
    "/usr/bin/Curl": NO,
    "curl": NO,
  }),
  values("an active * goes across / and line ends", "exe=/opt/*/x*", "exe", {
    "/opt/a/x": YES,
    "/opt/a/b/x1/2": YES,
    "/opt//x": YES,
    "/opt/a\nb/x\n": YES,
    "/opt/a\u2028/x\r": YES,
    "/opt/x": NO,
    "/Opt/a/x": NO,
  }),
  by("? and [ stand for themselves", "exe=`/a?[b].+`", [{ exe: "/a?[b].+" }, YES], [
    { exe: "/axb.+" },
    NO,
  ], [{ exe: "/a?bx+" }, NO]),
  values("in double quotes * is a star", 'exe="/a*"', "exe", { "/a*": YES, "/ab": NO, "/a": NO }),
  values("for every attribute", 'image="a*"', "image", { "a*": YES, "ab": NO }),
  values("in back ticks it is active", "step=`a *`", "step", { "a b": YES, "a ": YES, "a": NO }),
  values("a leading and a trailing star", "exe=*/bin/*", "exe", {
    "/bin/": YES,
    "/usr/bin/x": YES,
    "/usr/binx": NO,
  }),
  by("many stars end soon", `exe=${"*a".repeat(30)}*b`, [{ exe: "a".repeat(5000) }, NO], [
    { exe: `${"a".repeat(5000)}b` },
    YES,
  ]),
  by(
    "arg is any one argument",
    "arg=push",
    [{ cmdline: ["git", "push"] }, YES],
    [
      { cmdline: ["git", "push origin"] },
      NO,
    ],
    [{ cmdline: ["git push"] }, NO],
    [{ cmdline: [] }, NO],
    [{}, NO],
  ),
  by("arg[N] is argument N from 0", "arg[1]=push", [{ cmdline: ["git", "push"] }, YES], [
    { cmdline: ["push", "git"] },
    NO,
  ], [{ cmdline: ["git"] }, NO]),
  by(
    "arg[0] and arg together",
    "arg[0]=git arg=push*",
    [{ cmdline: ["git", "-v", "pushx"] }, YES],
    [
      { cmdline: ["hg", "push"] },
      NO,
    ],
    [{ cmdline: ["git", "pull"] }, NO],
  ),
  by("all attributes hold", "exe=/x step=s", [{ exe: "/x", step: "s" }, YES], [{ exe: "/x" }, NO], [
    { step: "s" },
    NO,
  ]),
  by(
    "what is not known matches no attribute",
    "exe=*",
    [{ exe: "/x" }, YES],
    [{}, NO],
    [
      { exe: null },
      NO,
    ],
    [{ exe: "" }, NO],
    [{ exe: 5 }, NO],
    [{ exe: [] }, NO],
  ),
  by(
    "nor do an empty or odd command line",
    "arg=*",
    [{ cmdline: ["x"] }, YES],
    [{ cmdline: [] }, NO],
    [
      { cmdline: null },
      NO,
    ],
    [{ cmdline: "x" }, NO],
    [{ cmdline: {} }, NO],
  ),
  by("step, action, image", "step=s action=actions/checkout image=node:*", [
    { step: "s", action: "actions/checkout", image: "node:20" },
    YES,
  ], [{ step: "s", action: "actions/cache", image: "node:20" }, NO]),
  values("@docker unquoted is a keyword", "cgroup=@docker", "cgroup", {
    [`/docker/${HEX}`]: YES,
    [`/docker/${HEX}/sub`]: YES,
    [`/system.slice/docker-${HEX}.scope`]: YES,
    "/docker/xyz": NO,
    "/docker/": NO,
    "/docker": NO,
    [`/docker/${HEX}x`]: NO,
    [`/docker/${HEX}.evil`]: NO,
    [`/dockerx/${HEX}`]: NO,
    "/system.slice/docker-.scope": NO,
    "/system.slice/docker-xyz.scope": NO,
    "/system.slice/docker.service": NO,
    [`/system.slice/mydocker-${HEX}.scope`]: NO,
    "@docker": NO,
    "/": NO,
  }),
  values("@host is no container runtime's cgroup", "cgroup=@host", "cgroup", {
    "/system.slice/ssh.service": YES,
    "/user.slice/user-1000.slice": YES,
    "/": YES,
    [`/docker/${HEX}`]: NO,
    [`/system.slice/docker-${HEX}.scope`]: NO,
    [`/kubepods/besteffort/pod1/${HEX}`]: NO,
    [`/kubepods.slice/kubepods-pod1.slice/cri-containerd-${HEX}.scope`]: NO,
    [`/machine.slice/libpod-${HEX}.scope`]: NO,
    "": NO,
  }),
  values("in double quotes a keyword is text", 'cgroup="@docker"', "cgroup", {
    "@docker": YES,
    [`/docker/${HEX}`]: NO,
  }),
  values("in back ticks too", "cgroup=`@host`", "cgroup", { "@host": YES, "/": NO }),
  values("keywords are cgroup's alone", "exe=@host", "exe", { "@host": YES, "/x": NO }),
  values("another cgroup is a pattern", "cgroup=/system.slice/*", "cgroup", {
    "/system.slice/a.service": YES,
    "/user.slice/a": NO,
  }),
];
