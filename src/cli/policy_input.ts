/**
 * The policy and the certificates that a command line names.
 *
 * @module
 */

import { validatePolicy } from "../policy/mod.ts";
import { EgressError } from "../supervisor/errors.ts";

/**
 * Reads a policy's text.
 *
 * @param file a path, or `-` for standard input
 * @throws {EgressError}
 */
export async function readPolicy(file: string): Promise<string> {
  try {
    if (file === "-") return await new Response(Deno.stdin.readable).text();
    return await Deno.readTextFile(file);
  } catch (error) {
    throw new EgressError(
      `cannot read the policy ${file}: ${error instanceof Error ? error.message : error}`,
      "name a readable file with --policy",
      { cause: error },
    );
  }
}

/** The policy has errors, which were said. */
export class InvalidPolicy extends EgressError {
  override name = "InvalidPolicy";
}

/**
 * Says what is wrong with a policy.
 *
 * @param name where it came from, for the messages
 * @param audit errors are warnings then
 * @throws {InvalidPolicy}
 */
export function checkPolicy(
  text: string,
  name: string,
  audit: boolean,
  repository: string | undefined,
  say: (line: string) => void,
) {
  const diagnostics = validatePolicy(
    text,
    repository === undefined ? { placeholders: "keep" } : { repository },
  );
  const errors = diagnostics.filter((d) => d.severity === "error");
  for (const d of diagnostics) {
    if (d.severity !== "error") continue;
    const severity = audit ? "warning" : "error";
    say(`${name}:${d.line}:${d.column}: ${severity}[${d.code}]: ${d.message}`);
  }
  if (errors.length > 0 && !audit) {
    throw new InvalidPolicy(
      `the policy ${name} has ${errors.length} error${
        errors.length === 1 ? "" : "s"
      }; nothing was started`,
      "egress validate tells more",
    );
  }
}

/**
 * Reads a CA certificate, PEM.
 *
 * @throws {EgressError}
 */
export function readCa(file: string): string {
  try {
    const pem = Deno.readTextFileSync(file);
    if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
      throw new Error("it holds no PEM certificate");
    }
    return pem;
  } catch (error) {
    throw new EgressError(
      `cannot use --upstream-ca ${file}: ${error instanceof Error ? error.message : error}`,
      "name a file with a PEM certificate",
      { cause: error },
    );
  }
}
