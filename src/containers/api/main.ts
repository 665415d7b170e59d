/**
 * The authorization plugin's process (Docker Engine: "Access authorization plugin"). dockerd asks it before
 * and after each request of its API; while it is not there, dockerd refuses all of them.
 *
 *     deno run ... authz.js FOLDER DOCKER-SOCKET
 *
 * @module
 */

import { gatherHost } from "../io/gather.ts";
import { noteEvent } from "../io/notes.ts";
import { isObject, type JsonObject, objectOf, textOf } from "../json.ts";
import { parseMountinfo } from "../mountinfo.ts";
import { FILES, type Settings } from "../settings.ts";
import { copiedContainer, refuseCopy, sourcesOf, volumesOf } from "./archive.ts";
import { getFromDocker } from "./docker.ts";

const [folder, docker] = Deno.args;
if (folder === undefined || docker === undefined) {
  throw new TypeError("usage: FOLDER DOCKER-SOCKET");
}

/** The machine as it is now; Deno itself opens nothing below /proc. */
async function factsFor(sources: string[], settings: Settings) {
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/self/mountinfo"] }).output();
  const mounts = parseMountinfo(new TextDecoder().decode(stdout));
  return gatherHost({ mounts, netns: "", apparmor: false }, sources, settings, [folder!]);
}

async function refusalOf(request: JsonObject): Promise<string | undefined> {
  const name = copiedContainer(textOf(request.RequestUri));
  if (name === undefined) return undefined;
  const settings = JSON.parse(Deno.readTextFileSync(`${folder}/${FILES.settings}`)) as Settings;
  if (settings.mode === "off") return undefined;
  const container = await getFromDocker(docker!, `/containers/${encodeURIComponent(name)}/json`);
  // Docker itself says that there is none.
  if (!container) return undefined;
  const volumes: Record<string, JsonObject> = {};
  for (const volume of volumesOf(container)) {
    volumes[volume] = await getFromDocker(docker!, `/volumes/${encodeURIComponent(volume)}`) ?? {};
  }
  const facts = await factsFor(sourcesOf(container), settings);
  const refusal = refuseCopy({ container, volumes }, facts, settings);
  if (refusal !== undefined) note(container, refusal);
  return refusal;
}

function note(container: JsonObject, message: string): void {
  noteEvent(folder!, {
    ts: new Date().toISOString(),
    type: "container",
    policy: "deny",
    container: textOf(container.Id),
    image: textOf(objectOf(container.Config).Image),
    privileges: ["mount"],
    message,
  });
}

async function answer(request: Request): Promise<Response> {
  switch (new URL(request.url).pathname) {
    case "/Plugin.Activate":
      return Response.json({ Implements: ["authz"] });
    case "/AuthZPlugin.AuthZReq": {
      const body: unknown = await request.json();
      const refusal = isObject(body) ? await refusalOf(body) : "egress got no request to judge";
      return Response.json(
        refusal === undefined ? { Allow: true } : { Allow: false, Msg: refusal },
      );
    }
    case "/AuthZPlugin.AuthZRes":
      await request.body?.cancel();
      return Response.json({ Allow: true });
    case "/egress.stop":
      setTimeout(() => server.shutdown(), 0);
      return new Response("stopping");
  }
  return new Response("no such method", { status: 404 });
}

const path = `${folder}/${FILES.authzSocket}`;
const server = Deno.serve({
  path,
  onListen: () => Deno.chmodSync(path, 0o600),
  // dockerd takes a failed answer for a refusal, and shows the text.
  onError: (error) => {
    const why = error instanceof Error ? error.message : String(error);
    return Response.json({ Allow: false, Err: `egress could not judge this: ${why}` });
  },
}, answer);
await server.finished;
