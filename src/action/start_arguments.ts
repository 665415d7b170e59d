/**
 * The inputs as the command line of `egress start`. Pure.
 *
 * @module
 */

import type { Inputs } from "./inputs.ts";

/** Arguments that the inputs stand for; policy, tokens and files are the caller's. */
export function startArguments(inputs: Inputs, repository: string): string[] {
  const { socketSecurity: security, containers } = inputs;
  return [
    ...["--json", "--repo", repository],
    ...(inputs.audit ? ["--audit"] : []),
    ...(inputs.allowSudo ? ["--allow-sudo"] : []),
    ...(security === "lenient" ? ["--package-security"] : []),
    ...(security === "strict" ? ["--package-security=strict"] : []),
    ...(inputs.containerCerts ? [] : ["--no-container-certs"]),
    ...(containers === undefined ? [] : ["--containers", containers]),
    ...inputs.containerAllow.flatMap((line) => ["--container-allow", line]),
    ...(inputs.foreignTokens === "deny" ? ["--foreign-tokens", "deny"] : []),
  ];
}

/**
 * Tokens of the job, by which requests that carry them are told from others.
 *
 * @param env the hook's environment
 * @returns without what could not stand on a line
 */
export function jobTokens(inputs: Inputs, env: Record<string, string | undefined>): string[] {
  const found = [
    inputs.githubToken,
    env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? "",
    env["ACTIONS_RUNTIME_TOKEN"] ?? "",
  ];
  return [...new Set(found)].filter((token) => /^[\x21-\x7e]{8,}$/.test(token));
}
