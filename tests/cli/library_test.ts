/** The library in other runtimes: nothing of Deno in it, and usable from Node with its types. */
import assert from "node:assert/strict";
import { Files } from "../../src/cli/test_io.ts";

const root = new URL("../..", import.meta.url).pathname;

async function run(command: string, args: string[], cwd: string) {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd }).output();
  const text = new TextDecoder();
  return { success, out: text.decode(stdout), err: text.decode(stderr) };
}

Deno.test("library: no module of it names Deno or a module of Node", async () => {
  const { out } = await run(Deno.execPath(), ["info", "--json", "mod.ts"], root);
  const modules: { local: string }[] = JSON.parse(out).modules;
  assert.ok(modules.length > 20);
  for (const { local } of modules) {
    const code = Deno.readTextFileSync(local).replace(/\/\*[\s\S]*?\*\//g, "");
    assert.doesNotMatch(code, /\bDeno\.|from "node:/, local);
  }
});

const USE = `
import { compile, evaluate, parse, suggest, validate, type Verdict } from "@egress/cli";
const event = { type: "https", dst_ip: "192.0.2.1", dst_port: 443, host: "a.example.com" } as const;
const verdicts: Verdict[] = evaluate(compile(parse("*.example.com").rules), [event]);
const problems: number = validate("nope").length;
// @ts-expect-error the types are really there
const wrong: string = problems;
const log = [{ ts: "", type: "tcp" as const, host: "a.example", dst_ip: "192.0.2.1", dst_port: 22 }];
console.log(verdicts[0]?.policy, problems, suggest([log]).text.includes("a.example:22"));
`;

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    module: "nodenext",
    target: "es2022",
    lib: ["es2023", "dom"],
    types: [],
    noEmitOnError: true,
    outDir: "out",
  },
  files: ["use.ts"],
};

// The tarball's dependencies and the TypeScript compiler come from the registry: without it this fails and says so.
Deno.test("library: the npm tarball works in Node, types included", async () => {
  using files = new Files();
  const tarball = `${files.path}/egress.tgz`;
  const packed = await run(Deno.execPath(), ["pack", "--allow-dirty", "-o", tarball], root);
  assert.ok(packed.success, packed.err);
  files.write("package.json", '{"type":"module","private":true}');
  files.write("use.ts", USE);
  files.write("tsconfig.json", JSON.stringify(TSCONFIG));
  const flags = ["--no-audit", "--no-fund", "--prefer-offline"];
  const installed = await run("npm", ["install", ...flags, tarball, "typescript@5"], files.path);
  assert.ok(installed.success, installed.err);
  const compiled = await run("node_modules/.bin/tsc", [], files.path);
  assert.equal(compiled.out, "");
  const { out, err } = await run("node", ["out/use.js"], files.path);
  assert.equal(out, "allow 1 true\n", err);
});
