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

const HTTPS = 443;

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

  /**
   * May a connection that is neither TLS nor HTTP not go to that host, whatever the rules say? On the port
   * for HTTPS GitHub takes ssh, too, and a key shows whose it is as little as a token would.
   *
   * @param host the name that allowed it, if it was a name
   */
  refusesRaw(host: string | undefined, port: number): boolean {
    return this.boot.denyForeign && port === HTTPS && host !== undefined && isGithubHost(host);
  }
}
