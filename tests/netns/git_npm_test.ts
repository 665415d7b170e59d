/** git and npm, with what they really send. */

import assert from "node:assert/strict";
import { events, some } from "../support/log.ts";
import { suite } from "../support/suite.ts";

const test = suite({
  git: true,
  packages: [{
    name: "left-pad",
    version: "1.3.0",
    files: { "index.js": "module.exports = 1;\n" },
  }],
});

/** npm with nothing of the machine's own configuration. */
function npmEnv(folder: string): Record<string, string> {
  return {
    npm_config_registry: "https://registry.test/",
    npm_config_cache: `${folder}/cache`,
    npm_config_userconfig: `${folder}/npmrc`,
    npm_config_globalconfig: `${folder}/global-npmrc`,
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
    npm_config_fetch_retries: "0",
    npm_config_prefer_online: "true",
  };
}

test("git: a clone over https goes through url rules for the repository", async (scene) => {
  const run = await scene.run({
    policy: "GET|POST https://git.test/project.git/*",
    command: ["git", "clone", "-q", "https://git.test/project.git", `${scene.folder}/clone`],
  });
  assert.equal(run.status, 0, run.stderr);
  assert.equal(await Deno.readTextFile(`${scene.folder}/clone/README`), "a project\n");
  const uploads = events(run.log, { type: "https", method: "POST", policy: "allow" });
  assert.ok(uploads.length >= 1, "git-upload-pack requests are logged");
  for (const event of uploads) {
    assert.equal(event.url, "https://git.test/project.git/git-upload-pack");
    assert.match(event.exe ?? "", /\/git-remote-http$/);
    assert.equal(event.rule, "GET|POST https://git.test/project.git/*");
  }
});

test("git: another repository of the same host is refused", async (scene) => {
  const run = await scene.run({
    policy: "GET|POST https://git.test/other.git/*",
    command: ["git", "clone", "-q", "https://git.test/project.git", `${scene.folder}/clone`],
  });
  assert.equal(run.status, 128);
  assert.match(run.stderr, /403/);
  const event = some(run.log, { type: "https", policy: "deny" });
  assert.equal(event.url, "https://git.test/project.git/info/refs");
  assert.equal(event.reason, "no_rule");
  const requests = (await scene.received()).filter((item) => item.kind === "request");
  assert.deepEqual(requests, []);
});

test("npm: view reads the registry's metadata", async (scene) => {
  const run = await scene.run({
    policy: "registry.test",
    command: ["npm", "view", "left-pad", "version"],
    env: npmEnv(scene.folder),
  });
  assert.equal(run.status, 0, run.stderr);
  assert.equal(run.stdout.trim(), "1.3.0");
  const event = some(run.log, { type: "https", url: "https://registry.test/left-pad" });
  assert.match(event.exe ?? "", /\/node$/);
  assert.equal(event.cmdline?.slice(-3).join(" "), "view left-pad version");
});

test("npm: install fetches and unpacks a package", async (scene) => {
  const run = await scene.run({
    policy: "GET https://registry.test/*",
    command: ["npm", "--prefix", scene.folder, "install", "left-pad"],
    env: npmEnv(scene.folder),
  });
  assert.equal(run.status, 0, run.stderr);
  const file = `${scene.folder}/node_modules/left-pad/index.js`;
  assert.equal(await Deno.readTextFile(file), "module.exports = 1;\n");
  some(run.log, { type: "https", url: "https://registry.test/left-pad/-/left-pad-1.3.0.tgz" });
});

test("npm: publishing to a registry that may only be read from is refused", async (scene) => {
  const manifest = JSON.stringify({ name: "left-pad", version: "9.9.9" });
  await Deno.writeTextFile(`${scene.folder}/package.json`, manifest);
  await Deno.writeTextFile(`${scene.folder}/npmrc`, "//registry.test/:_authToken=t\n");
  const run = await scene.run({
    policy: "GET https://registry.test/*",
    command: ["npm", "--prefix", scene.folder, "publish", scene.folder],
    env: npmEnv(scene.folder),
  });
  assert.notEqual(run.status, 0);
  assert.match(run.stderr, /403/);
  const event = some(run.log, { type: "https", policy: "deny", method: "PUT" });
  assert.equal(event.url, "https://registry.test/left-pad");
  const puts = (await scene.received()).filter((i) => i.kind === "request" && i.method !== "GET");
  assert.deepEqual(puts, []);
});
