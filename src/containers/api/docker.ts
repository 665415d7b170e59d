/**
 * Asking Docker's API.
 *
 * @module
 */

import { isObject, type JsonObject } from "../json.ts";

/** ms; Docker answers these from memory. */
const PATIENCE = 5000;

/**
 * One GET.
 *
 * @param socket path of Docker's socket
 * @returns undefined if there is no such thing
 * @throws {Deno.errors} if Docker cannot be reached; {TypeError} on an answer that is none
 */
export async function getFromDocker(socket: string, path: string): Promise<JsonObject | undefined> {
  using connection = await Deno.connect({ transport: "unix", path: socket });
  const timer = setTimeout(() => connection.close(), PATIENCE);
  try {
    const question = `GET ${path} HTTP/1.0\r\nHost: docker\r\n\r\n`;
    await connection.write(new TextEncoder().encode(question));
    const answer = await new Response(connection.readable).text();
    const end = answer.indexOf("\r\n\r\n");
    if (/^HTTP\/1\.[01] 404 /.test(answer)) return undefined;
    const body: unknown = /^HTTP\/1\.[01] 200 /.test(answer) && end > 0
      ? JSON.parse(answer.slice(end + 4))
      : undefined;
    if (!isObject(body)) {
      throw new TypeError(`Docker's answer makes no sense: ${answer.slice(0, 80)}`);
    }
    return body;
  } finally {
    clearTimeout(timer);
  }
}
