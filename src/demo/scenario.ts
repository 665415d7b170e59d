/**
 * The demo's story: `npm install` of a package whose install script steals a token.
 *
 * @module
 */

import type { Internet } from "./internet.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { sourcePath } from "./root.ts";
import type { Package } from "./world/messages.ts";

/** What is stolen. In lower case, since it travels in host names too. */
export const SECRET = "npm_7h1s1s4s3cr3t0fth3d3m0";

/** What the policy of the enforced run allows. */
export const POLICY = "GET https://registry.test/*";

const NAME = "paint-it";

/** One run of the story, as its command line ended. */
export interface Run extends Outcome {
  /** Exit status of `egress run`. */
  status: number;
  /** What egress said on stderr. */
  said: string;
  /** Whether the package lies where `npm install` should put it. */
  installed: boolean;
}

/**
 * The package with the install script.
 *
 * @throws {Deno.errors.NotFound} When the source tree is incomplete.
 */
export async function stealingPackage(): Promise<Package> {
  const manifest = {
    name: NAME,
    version: "1.0.0",
    main: "index.js",
    scripts: { postinstall: "node postinstall.cjs" },
  };
  return {
    name: NAME,
    version: manifest.version,
    files: {
      "package.json": JSON.stringify(manifest),
      "index.js": "module.exports = (text) => `\\x1b[35m${text}\\x1b[0m`;\n",
      "postinstall.cjs": await Deno.readTextFile(sourcePath("src/demo/package/postinstall.cjs")),
    },
  };
}

/**
 * Installs the package as a client of the internet, under `egress run`.
 *
 * @param mode Options that tell the runs apart, as on the command line.
 */
export async function install(internet: Internet, mode: string[]): Promise<Run> {
  const folder = await Deno.makeTempDir({ dir: internet.folder, prefix: "project-" });
  // The command runs as whoever called sudo.
  await Deno.chmod(folder, 0o777);
  const before = { received: internet.received.length, packets: await internet.packets() };
  const [file = "", ...args] = internet.command([
    ...[sourcePath("egress"), "run", ...mode, "--upstream-ca", internet.caFile, "--"],
    // What npm prints is not what egress says.
    ...["sh", "-c", 'cd "$0" && exec "$@" >npm.log 2>&1', folder],
    ...["npm", "install", NAME],
  ]);
  const output = await new Deno.Command(file, {
    args,
    env: { NPM_TOKEN: SECRET, ...npmEnvironment(folder) },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  await internet.world.settle();
  const packets = await internet.packets();
  return {
    status: output.code,
    said: new TextDecoder().decode(output.stderr),
    installed: await exists(`${folder}/node_modules/${NAME}/index.js`),
    ...outcomeOf(internet.received.slice(before.received), SECRET),
    packets: packets.attacker + packets.attacker6 -
      before.packets.attacker - before.packets.attacker6,
  };
}

/** npm with this registry and with nothing of the machine's own configuration. */
function npmEnvironment(folder: string): Record<string, string> {
  return {
    npm_config_registry: "https://registry.test/",
    npm_config_cache: `${folder}/cache`,
    npm_config_userconfig: `${folder}/npmrc`,
    npm_config_globalconfig: `${folder}/global-npmrc`,
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
    npm_config_fetch_retries: "0",
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
