/** The release archive: made twice, and used where nothing else is. */
import assert from "node:assert/strict";

const root = new URL("../..", import.meta.url).pathname;
const text = new TextDecoder();

async function sh(script: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-euc", script, "bash", ...args],
  }).output();
  assert.equal(code, 0, text.decode(stderr));
  return text.decode(stdout);
}

Deno.test("a release: the same bytes each time, and all that it needs within", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const pack = '"$1/setup/package.sh" "$2"';
    const [first] = (await sh(pack, root, `${folder}/a.tar`)).split(" ");
    const [second] = (await sh(pack, root, `${folder}/b.tar`)).split(" ");
    assert.match(first!, /^[0-9a-f]{64}$/);
    assert.equal(second, first);
    await sh('mkdir "$1/r"; tar -xf "$1/a.tar" -C "$1/r" --strip-components=1', folder);
    // Neither a network nor a compiler, npm or Deno to be found, and the sources out of sight.
    const said = await sh(
      'mkdir "$1/bin"; for tool in sh readlink id mkdir tr od sed realpath printf cat env; do ' +
        'ln -s "$(command -v $tool)" "$1/bin/"; done; ' +
        'cd /; PATH="$1/bin" EGRESS_CACHE="$1/cache" "$(command -v unshare)" --net -- "$1/r/egress" --version',
      folder,
    );
    assert.equal(said, `egress ${(await Deno.readTextFile(`${folder}/r/RELEASE`)).trim()}\n`);
    const { components } = JSON.parse(await Deno.readTextFile(`${folder}/r/sbom.cdx.json`));
    assert.ok(components.some(({ name }: { name: string }) => name === "yaml"));
    // Root's run comes from it, gate and all: the one name that it may ask for does not exist.
    const run = await sh(
      'EGRESS_CACHE="$1/cache" "$1/r/egress" run --policy-text site.test --log "$1/log" -- echo from a release',
      folder,
    );
    assert.equal(run, "from a release\n");
    const lines = (await Deno.readTextFile(`${folder}/log`)).trim().split("\n");
    assert.equal(JSON.parse(lines[0]!).type, "start");
    assert.equal(JSON.parse(lines.at(-1)!).type, "stop");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a release: its name must be that of an archive", async () => {
  const { code, stderr } = await new Deno.Command(`${root}setup/package.sh`, { args: ["x.zip"] })
    .output();
  assert.equal(code, 125);
  assert.match(text.decode(stderr), /usage: setup\/package\.sh/);
});
