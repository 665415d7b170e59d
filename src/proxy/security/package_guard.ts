/**
 * Refuses downloads of packages that are known to be bad.
 *
 * @module
 */

import { recognisePackage } from "../../packages/mod.ts";
import type { SupervisorLink } from "../links/supervisor.ts";
import { PackageChecks } from "./checks.ts";
import { SecurityClient } from "./client.ts";
import type { ClientParts } from "./client.ts";
import type { PackageAnswer } from "../../protocol/mod.ts";

/** Why a download is refused. */
export interface BadPackage {
  purl: string;
  reasons: string[];
}

/** Methods that bring nothing. Any other may be taken for GET by some server, in whatever case. */
const UPLOADS = new Set(["PUT", "POST", "PATCH", "DELETE", "OPTIONS"]);

/** One for the process; it exists only with `--package-security`. */
export class PackageGuard {
  readonly #checks: PackageChecks;

  /**
   * @param strict refuse, too, what could not be checked
   * @param sibling asks the process that asks for all, so that a package is asked about once; absent in that one
   */
  constructor(
    parts: ClientParts,
    readonly supervisor: Pick<SupervisorLink, "log">,
    readonly strict: boolean,
    sibling?: (purl: string) => Promise<PackageAnswer | undefined>,
  ) {
    const client = new SecurityClient(parts);
    this.#checks = new PackageChecks(async (purl) => {
      const known = await sibling?.(purl);
      if (known) return known;
      const answer = await client.ask(purl);
      if (answer.kind === "failure" && !strict) this.#warn(purl, answer.why);
      return answer;
    });
  }

  /** What is known about a package, or can be learned. */
  check(purl: string): Promise<PackageAnswer> {
    return this.#checks.check(purl);
  }

  /** Whether a request downloads a package that it must not have; undefined: it may pass. */
  async refuses(method: string, url: string): Promise<BadPackage | undefined> {
    const purl = UPLOADS.has(method) ? undefined : recognisePackage(url)?.purl;
    if (purl === undefined) return undefined;
    const reasons = this.#against(await this.#checks.check(purl));
    return reasons && { purl, reasons };
  }

  #against(answer: PackageAnswer): string[] | undefined {
    if (answer.kind === "bad") return answer.reasons;
    if (answer.kind === "failure" && this.strict) return [`not checked: ${answer.why}`];
    return undefined;
  }

  #warn(purl: string, why: string): void {
    this.supervisor.log({
      ts: new Date().toISOString(),
      type: "error",
      error: "package_security",
      purl,
      message: `the package could not be checked and was let through: ${why}`,
    });
  }
}
