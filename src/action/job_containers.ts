/**
 * Ends the containers that a job left running, through Docker's API (v1.24 and later), for the reason that its
 * processes are ended.
 *
 * @module
 */

import { request } from "node:http";
import { HookError, reasonOf } from "./errors.ts";

/** Where dockerd listens; no variable of a step leads elsewhere. */
const DOCKER = "/var/run/docker.sock";
/** Longest wait for an answer, ms. */
const PATIENCE = 30_000;
const API = "/v1.24/containers";

/** Nobody listens, or the job's user may not ask: then it has no containers there. */
const NO_DOCKER = ["ENOENT", "ECONNREFUSED", "EACCES"];

/**
 * Kills every running container. They stay to be looked at, and their restart policy does not count any more.
 *
 * @returns how many
 * @throws {HookError} if dockerd does not do it: the guard must then stay
 */
export async function endContainers(socket = DOCKER): Promise<number> {
  try {
    const running = parseIds((await call(socket, "GET", `${API}/json`)).text);
    for (const id of running) {
      const { status, text } = await call(socket, "POST", `${API}/${id}/kill`);
      // 404, 409: it has ended by itself.
      if (![204, 404, 409].includes(status)) throw new Error(`${status} ${text.slice(0, 200)}`);
    }
    return running.length;
  } catch (error) {
    if (NO_DOCKER.includes((error as NodeJS.ErrnoException).code ?? "")) return 0;
    throw new HookError(
      `the containers that the job left cannot be ended (${
        reasonOf(error)
      }): the machine stays guarded`,
      undefined,
      { cause: error },
    );
  }
}

function parseIds(text: string): string[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new Error("dockerd's list of containers is none");
  return list.map((item: { Id?: unknown }) => {
    if (typeof item.Id === "string" && /^[0-9a-f]{64}$/.test(item.Id)) return item.Id;
    throw new Error("dockerd's list of containers cannot be understood");
  });
}

function call(
  socketPath: string,
  method: string,
  path: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, timeout: PATIENCE }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error("dockerd does not answer")));
    sent.on("error", reject);
    sent.end();
  });
}
