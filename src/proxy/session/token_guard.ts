/**
 * Looks at the credentials of requests, for rules that ask for the job's own token and for
 * `--foreign-tokens deny`.
 *
 * @module
 */

import { credentialsOf } from "../../github/credentials.ts";
import { isGithubHost, JobTokens } from "../../github/tokens.ts";
import type { TokenBoot, TokenOwner } from "../../protocol/mod.ts";
import type { Question } from "./asked.ts";

/** One for the process; it exists only where somebody asks for what it knows. */
export class TokenGuard {
  readonly #own: JobTokens;

  constructor(readonly boot: TokenBoot) {
    this.#own = new JobTokens(boot);
  }

  /** Whose credentials a request carries; undefined: it is none of GitHub's and no rule may ask. */
  ownerOf({ headers, target }: Question): TokenOwner | undefined {
    const { host, path } = target;
    const { everywhere, oidcHost } = this.boot;
    if (!everywhere && host !== oidcHost && !isGithubHost(host)) return undefined;
    return this.#own.ownerOf(credentialsOf(headers, path));
  }

  /** May a request with such credentials not go to that host, whatever the rules say? */
  refuses(host: string, owner: TokenOwner | undefined): boolean {
    if (!this.boot.denyForeign || owner !== "foreign") return false;
    return isGithubHost(host) || host === this.boot.oidcHost;
  }
}
