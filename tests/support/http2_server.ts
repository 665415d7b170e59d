/**
 * Node's HTTP/2 server among the servers of a little internet.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { Authority } from "../../src/demo/certificates.ts";
import type { Internet } from "../../src/demo/internet.ts";

const SERVER = fileURLToPath(new URL("../proxy/http2_server.cjs", import.meta.url));
const ADDRESS = "198.51.100.20";

/** An HTTP/2 server that is `site.test`, on a port of its own. */
export class InternetHttp2Server implements AsyncDisposable {
  private constructor(readonly child: Deno.ChildProcess, readonly origin: string) {}

  /**
   * Starts it with a certificate of a new authority, whose PEM file is `${folder}/ca.pem`. It serves the
   * internet's git repository too, if there is one.
   */
  static async start(internet: Internet, folder: string): Promise<InternetHttp2Server> {
    const { cert, key } = await (await Authority.create(folder)).issue(["site.test"]);
    await Deno.writeTextFile(`${folder}/cert.pem`, cert);
    await Deno.writeTextFile(`${folder}/key.pem`, key);
    const child = new Deno.Command("nsenter", {
      args: [
        ...[`--net=/run/netns/${internet.servers}`, "node", SERVER],
        ...[`${folder}/cert.pem`, `${folder}/key.pem`, "0", ADDRESS, `${internet.folder}/git`],
      ],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    const port = new TextDecoder().decode(value).trim();
    return new InternetHttp2Server(child, `https://site.test:${port}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.status;
  }
}
