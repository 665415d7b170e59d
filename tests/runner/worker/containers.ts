/**
 * Containers of a job: services, and steps that are `docker://`.
 *
 * @module
 */

import type { ServiceSpec } from "./job.ts";
import { runProgram } from "./process.ts";
import type { JobState } from "./state.ts";

/** @throws {Error} if docker says no */
async function docker(job: JobState, ...args: string[]): Promise<string> {
  const lines: string[] = [];
  job.log.line(`##[command]/usr/bin/docker ${args.join(" ")}`);
  const env = { ...job.base(""), PATH: job.searchPath() };
  const program = { file: "/usr/bin/docker", args, cwd: job.workspace, env };
  const code = await runProgram(program, (line) => lines.push(line), job.cancelled);
  lines.forEach((line) => job.log.line(line));
  if (code !== 0) throw new Error(`docker ${args[0]} ended with ${code}: ${lines.join("; ")}`);
  return lines.at(-1) ?? "";
}

/** A job's services. */
export class Services {
  readonly #ids: string[] = [];
  readonly #network: string;

  constructor(readonly job: JobState) {
    this.#network = `github_network_${job.tracking.slice(-12)}`;
  }

  async start(services: Record<string, ServiceSpec>): Promise<void> {
    await docker(this.job, "network", "create", this.#network);
    for (const [alias, service] of Object.entries(services)) {
      const env = Object.entries(service.env ?? {}).flatMap(([k, v]) => ["-e", `${k}=${v}`]);
      const ports = (service.ports ?? []).flatMap((port) => ["-p", String(port)]);
      const id = await docker(
        this.job,
        ...["create", "--name", `${this.#network}_${alias}`, "--network", this.#network],
        ...[
          "--network-alias",
          alias,
          ...ports,
          ...(service.options ?? "").split(/\s+/).filter(Boolean),
        ],
        ...[...env, "-e", "GITHUB_ACTIONS=true", "-e", "CI=true", service.image],
      );
      this.#ids.push(id);
      await docker(this.job, "start", id);
    }
  }

  async stop(): Promise<void> {
    for (const id of this.#ids) await docker(this.job, "rm", "--force", id);
    await docker(this.job, "network", "rm", this.#network);
  }
}

/**
 * The command line of a `docker://` step.
 *
 * @param names variables that the container gets, by name: their values are the docker client's own
 */
export function containerCommand(
  job: JobState,
  image: string,
  names: string[],
  inputs: Record<string, string>,
): string[] {
  const { entrypoint, args } = inputs;
  return [
    ...["run", "--rm", "--label", "runner", "--workdir", "/github/workspace"],
    ...(entrypoint === undefined ? [] : ["--entrypoint", entrypoint]),
    ...names.flatMap((name) => ["-e", name]),
    ...["-v", "/var/run/docker.sock:/var/run/docker.sock"],
    ...["-v", `${job.temp}/_runner_file_commands:/github/file_commands`],
    ...["-v", `${job.workspace}:/github/workspace`],
    ...[image, ...(args ?? "").split(/\s+/).filter(Boolean)],
  ];
}
