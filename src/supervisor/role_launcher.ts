/**
 * Where the roles' programs are, and what of the environment they get.
 *
 * @module
 */

import { type Role, ROLES } from "../protocol/mod.ts";
import type { RoleLauncher } from "./role_process.ts";

/** Where the roles' modules are. */
export interface RoleHome {
  /** The source tree. */
  root: string;
  /** Folder of bundled `ROLE.js` files, preferred. */
  bundle?: string;
  /** The BPF object file. */
  object: string;
}

/**
 * Prepares the start of roles.
 *
 * @param privateDir folder for their sockets; root's alone
 * @param cgroupDir cgroup folder for the roles
 * @param env the caller's environment
 */
export function makeLauncher(
  home: RoleHome,
  privateDir: string,
  cgroupDir: string,
  env: Record<string, string>,
): RoleLauncher {
  return {
    deno: Deno.execPath(),
    entry: (role) => entryOf(role, home),
    context: {
      kernelSocket: `${privateDir}/kernel.sock`,
      supervisorSocket: `${privateDir}/supervisor.sock`,
      insecureSocket: `${privateDir}/insecure.sock`,
    },
    cgroupDir,
    env: roleEnv(env),
  };
}

/** `src/ROLE/main.ts` is bundled as `ROLE.js`. */
function entryOf(role: Role, home: RoleHome): string {
  const { entry } = ROLES[role];
  return home.bundle === undefined
    ? `${home.root}/${entry}`
    : `${home.bundle}/${entry.split("/")[1]}.js`;
}

/** What the roles need of the environment: nothing that a user set for COMMAND, but where CAs are. */
function roleEnv(env: Record<string, string>): Record<string, string> {
  const out: Record<string, string> = {
    NO_COLOR: "1",
    DENO_NO_UPDATE_CHECK: "1",
  };
  for (const name of ["SSL_CERT_FILE", "DENO_DIR"]) {
    if (env[name] !== undefined) out[name] = env[name];
  }
  return out;
}
