/** The launcher, as a user meets it. */
import assert from "node:assert/strict";

const root = new URL("../..", import.meta.url).pathname;
const text = new TextDecoder();

async function launch(path: string, args: string[], cwd: string, env: Record<string, string> = {}) {
  const out = await new Deno.Command(path, { args, cwd, env }).output();
  return { code: out.code, stdout: text.decode(out.stdout), stderr: text.decode(out.stderr) };
}

Deno.test("the launcher works from any folder and through a link", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.symlink(`${root}egress`, `${folder}/e`);
    const direct = await launch(`${root}egress`, ["--version"], "/");
    const linked = await launch("./e", ["--version"], folder);
    assert.match(direct.stdout, /^egress \d+\.\d+\.\d+\n$/);
    assert.equal(linked.stdout, direct.stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an unknown command is named, with the one that was meant", async () => {
  const out = await launch(`${root}egress`, ["validat"], root);
  assert.equal(out.code, 2);
  assert.match(out.stderr, /unknown command validat: did you mean validate\?/);
});

Deno.test("every command has help, and help needs no root and no network", async () => {
  const { stdout } = await launch(`${root}egress`, ["--help"], root);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map((match) => match[1]!);
  assert.ok(commands.includes("run") && commands.includes("validate"));
  for (const command of commands) {
    const out = await new Deno.Command("unshare", {
      args: ["--net", `${root}egress`, command, "--help"],
    }).output();
    assert.equal(out.code, 0, `${command}: ${text.decode(out.stderr)}`);
    assert.match(text.decode(out.stdout), new RegExp(`egress ${command}`));
  }
});

Deno.test("a Deno whose checksum is not the pinned one is not used", async () => {
  const folder = await Deno.makeTempDir();
  try {
    // An npm that hands out another file.
    await Deno.writeTextFile(`${folder}/npm`, "#!/bin/sh\necho forged > forged.tgz\n", {
      mode: 0o755,
    });
    const out = await launch(`${root}egress`, ["--help"], root, {
      PATH: `${folder}:${Deno.env.get("PATH")}`,
      EGRESS_CACHE: `${folder}/cache`,
    });
    assert.equal(out.code, 125);
    assert.match(out.stderr, /checksum .* not used/);
    assert.deepEqual([...Deno.readDirSync(`${folder}/cache`)].map((e) => e.name).sort(), [
      "lock",
      out.stderr &&
      [...Deno.readDirSync(`${folder}/cache`)].find((e) => e.name.startsWith("tree"))!.name,
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
