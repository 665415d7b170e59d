/**
 * Whether this machine is one that egress is made for. Pure.
 *
 * @module
 */

/** What is looked at. */
export interface Platform {
  /** As Node says: `linux`. */
  os: string;
  /** As Node says: `x64`. */
  arch: string;
  env: Record<string, string | undefined>;
}

/**
 * @returns what is not as on a GitHub-hosted Ubuntu 24.04 x64 runner, each as half a sentence
 */
export function unsupported({ os, arch, env }: Platform): string[] {
  const wrong: string[] = [];
  if (os !== "linux") wrong.push(`the operating system is ${os}, not linux`);
  if (arch !== "x64") wrong.push(`the processor is ${arch}, not x64`);
  const runner = env["RUNNER_ENVIRONMENT"] || "unknown";
  if (runner !== "github-hosted") wrong.push(`the runner is ${runner}, not github-hosted`);
  const image = env["ImageOS"] || "unknown";
  if (image !== "ubuntu24") wrong.push(`the image is ${image}, not ubuntu24`);
  return wrong;
}
