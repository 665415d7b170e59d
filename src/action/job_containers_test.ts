import assert from "node:assert/strict";
import { endContainers } from "./job_containers.ts";

const ID = "ab".repeat(32);

/** A dockerd of few words. @returns the paths that it was asked for */
async function withDocker(
  answer: (path: string) => Response,
  body: (socket: string) => Promise<void>,
): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  const asked: string[] = [];
  const path = `${folder}/docker.sock`;
  const server = Deno.serve({ path, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    asked.push(`${request.method} ${pathname}`);
    return answer(pathname);
  });
  try {
    await body(path);
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
  return asked;
}

Deno.test("containers: every running one is killed; one that has ended meanwhile is no failure", async () => {
  const asked = await withDocker(
    (path) =>
      path.endsWith("/json") ? Response.json([{ Id: ID }]) : new Response("", { status: 409 }),
    async (socket) => assert.equal(await endContainers(socket), 1),
  );
  assert.deepEqual(asked, ["GET /v1.24/containers/json", `POST /v1.24/containers/${ID}/kill`]);
});

Deno.test("containers: where no dockerd is there are none", async () => {
  assert.equal(await endContainers("/nonexistent/docker.sock"), 0);
});

Deno.test("containers: a dockerd that does not do it keeps the guard", async () => {
  for (
    const answer of [
      () => new Response("no", { status: 500 }),
      () => Response.json([{ Id: "../x" }]),
      () => Response.json({}),
      (path: string) =>
        path.endsWith("/json") ? Response.json([{ Id: ID }]) : new Response("x", { status: 500 }),
    ]
  ) {
    await withDocker(answer, async (socket) => {
      await assert.rejects(endContainers(socket), /stays guarded/);
    });
  }
});
