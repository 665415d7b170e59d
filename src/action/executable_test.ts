import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { install } from "./executable.ts";
import { ARCHIVE } from "./manifest.ts";

async function archive(folder: string): Promise<Uint8Array> {
  await Deno.mkdir(`${folder}/egress-0`);
  await Deno.writeTextFile(`${folder}/egress-0/egress`, "#!/bin/sh\necho started\n", {
    mode: 0o755,
  });
  const { stdout } = await new Deno.Command("tar", { args: ["-czC", folder, "egress-0"] }).output();
  return stdout;
}

const sha256 = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");

Deno.test("the launcher of the release's archive is unpacked, also over an older one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const content = await archive(folder);
    const assets = [{ name: ARCHIVE, sha256: sha256(content) }];
    for (let time = 0; time < 2; time++) {
      const path = await install([content], assets, `${folder}/opt`);
      const { stdout } = await new Deno.Command(path).output();
      assert.equal(new TextDecoder().decode(stdout), "started\n");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an archive that is not the pinned one is not unpacked", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const assets = [{ name: ARCHIVE, sha256: "0".repeat(64) }];
    await assert.rejects(
      install([await archive(folder)], assets, `${folder}/opt`),
      /egress-linux-x64\.tar\.gz could not be installed/,
    );
    assert.deepEqual([...Deno.readDirSync(`${folder}/opt`)].map((e) => e.name), [`${ARCHIVE}.new`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
