/**
 * The account that COMMAND runs as.
 *
 * @module
 */

import { EgressError } from "./errors.ts";

/** One line of /etc/passwd. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
}

/**
 * Finds an account by name or number in the text of /etc/passwd (passwd(5)).
 *
 * @throws {EgressError} when there is none
 */
export function findAccount(passwd: string, who: string): Account {
  for (const line of passwd.split("\n")) {
    const [name, , uid, gid, , home, shell] = line.split(":");
    if (shell === undefined || (name !== who && uid !== who)) continue;
    return { name: name!, uid: Number(uid), gid: Number(gid), home: home!, shell };
  }
  throw new EgressError(`there is no user ${who}`, "name one of /etc/passwd with --user");
}
