/**
 * A git repository to clone.
 *
 * @module
 */

import { tool } from "./command.ts";

/** Only what is given here: neither the system's nor the user's configuration. */
const ENV = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "demo",
  GIT_AUTHOR_EMAIL: "demo@git.test",
  GIT_COMMITTER_NAME: "demo",
  GIT_COMMITTER_EMAIL: "demo@git.test",
};

/**
 * Makes `project.git` in a folder, with one commit on `main` that holds `README`.
 *
 * @throws {ToolError} When git is missing or fails.
 */
export async function createRepository(folder: string): Promise<void> {
  const bare = `${folder}/project.git`;
  const work = `${folder}/work`;
  await Deno.mkdir(work, { recursive: true });
  await Deno.writeTextFile(`${work}/README`, "a project\n");
  const git = (...args: string[]) => tool(["git", "-C", work, ...args], { env: ENV });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "README");
  await git("commit", "--quiet", "--message=First");
  await git("clone", "--quiet", "--bare", work, bare);
}
