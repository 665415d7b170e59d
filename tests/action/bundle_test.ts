/** What a runner executes is what the sources say, and nothing that a runner lacks. */

import assert from "node:assert/strict";
import { parse } from "yaml";
import { bundleHook, HOOKS } from "../../setup/bundle_action.ts";
import { manifestOf } from "../../setup/generate_deps.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));

for (const [file, entry] of Object.entries(HOOKS)) {
  Deno.test(`setup/dist/${file} is made from ${entry}`, async () => {
    const text = await read(`setup/dist/${file}`);
    assert.ok(text === await bundleHook(entry), "run: deno task bundle:action");
    // Neither this machine's folders nor where packages come from.
    assert.doesNotMatch(text, /npmjs|\/root\/|\/home\/[a-z]+\/\.cache|file:\/\//);
  });
}

Deno.test("the hooks use Node alone: no Deno, no global that Node 20 lacks", async () => {
  const folder = new URL("src/action/", root);
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith("_test.ts")) continue;
    assert.doesNotMatch(
      await Deno.readTextFile(new URL(name, folder)),
      /\bDeno\.|withResolvers/,
      name,
    );
  }
});

Deno.test("action.yml and its sub-actions name hooks that are there", async () => {
  for (const path of ["action.yml", "disable-sudo/action.yml", "enable-sudo/action.yml"]) {
    const { runs } = parse(await read(path)) as { runs: Record<string, string> };
    assert.equal(runs["using"], "node24");
    for (const stage of ["pre", "main", "post"]) {
      const hook = runs[stage];
      if (hook === undefined) continue;
      const { pathname } = new URL(hook, new URL(path, root));
      assert.ok(pathname.slice(root.pathname.length + "setup/dist/".length) in HOOKS, hook);
    }
  }
});

Deno.test("setup/deps.sha256: its head is the generator's", async () => {
  const text = await read("setup/deps.sha256");
  assert.ok(text.startsWith(manifestOf([])), "run: setup/generate_deps.ts");
  assert.match(
    manifestOf([["egress-linux-x64.tar.gz", new Uint8Array(0)]]),
    /\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 {2}egress-linux-x64\.tar\.gz\n$/,
  );
});
