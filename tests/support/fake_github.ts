/**
 * Stands for what a job's hooks ask of GitHub, strictly: the results service and blob store for artifacts, as
 * @actions/artifact 6 and Azure's clients speak to them, and the API's contents of a commit.
 *
 *     deno run -A tests/support/fake_github.ts FOLDER TOKEN
 *
 * Files of the commit SHA are in FOLDER/SHA; artifacts come to FOLDER/artifacts/NAME.zip. Prints its port.
 *
 * @module
 */

import { createHash } from "node:crypto";

const [folder = "", token = ""] = Deno.args;
const TWIRP = "/twirp/github.actions.results.api.v1.ArtifactService/";
const artifacts = `${folder}/artifacts`;
const created = new Set<string>();
const blocks = new Map<string, Uint8Array>();

Deno.mkdirSync(artifacts, { recursive: true });
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(port),
}, async (request) => {
  try {
    return await answer(request);
  } catch (error) {
    console.error(error);
    return Response.json({ code: "invalid_argument", msg: String(error) }, { status: 400 });
  }
});

async function answer(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname.startsWith("/blob/")) return await store(request, url);
  if (url.pathname.startsWith("/repos/")) return contents(url);
  if (request.headers.get("authorization") !== `Bearer ${token}`) {
    return Response.json({ code: "unauthenticated", msg: "wrong token" }, { status: 401 });
  }
  if (request.method !== "POST" || !url.pathname.startsWith(TWIRP)) {
    return new Response("not found", { status: 404 });
  }
  const message = await request.json();
  for (const id of ["workflow_run_backend_id", "workflow_job_run_backend_id", "name"]) {
    if (typeof message[id] !== "string") throw new Error(`${id} is missing`);
  }
  const { name } = message;
  if (!/^[^":<>|*?\r\n\\/]+$/.test(name)) throw new Error(`${name} is no artifact's name`);
  if (url.pathname === `${TWIRP}CreateArtifact`) return create(url, message);
  if (url.pathname === `${TWIRP}FinalizeArtifact`) return finalize(message);
  return new Response("not found", { status: 404 });
}

function create(url: URL, message: { name: string; version: number }): Response {
  if (message.version < 4) throw new Error("the version is too old");
  if (created.has(message.name)) {
    return Response.json({ code: "already_exists", msg: "an artifact with this name exists" }, {
      status: 409,
    });
  }
  created.add(message.name);
  const signed_upload_url = `${url.origin}/blob/${message.name}?sig=secret`;
  return Response.json({ ok: true, signed_upload_url });
}

/** Put Blob, or Put Block and Put Block List. */
async function store(request: Request, url: URL): Promise<Response> {
  const name = url.pathname.slice("/blob/".length);
  if (request.method !== "PUT" || url.searchParams.get("sig") !== "secret" || !created.has(name)) {
    return new Response("forbidden", { status: 403 });
  }
  const bytes = new Uint8Array(await request.arrayBuffer());
  const part = url.searchParams.get("comp");
  if (part === "block") blocks.set(url.searchParams.get("blockid")!, bytes);
  else if (part === "blocklist") {
    const list = [...new TextDecoder().decode(bytes).matchAll(/<Latest>([^<]*)</g)];
    const joined = await new Blob(list.map(([, id]) => blocks.get(id!) as BlobPart)).bytes();
    Deno.writeFileSync(`${artifacts}/${name}.zip`, joined);
  } else {
    if (request.headers.get("x-ms-blob-type") !== "BlockBlob") throw new Error("no block blob");
    Deno.writeFileSync(`${artifacts}/${name}.zip`, bytes);
  }
  return new Response(null, { status: 201 });
}

function finalize(message: { name: string; size: string; hash: string }): Response {
  const bytes = Deno.readFileSync(`${artifacts}/${message.name}.zip`);
  const hash = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (message.size !== String(bytes.length)) throw new Error("the size is not that of the content");
  if (message.hash !== hash) throw new Error("the hash is not that of the content");
  return Response.json({ ok: true, artifact_id: "7" });
}

function contents(url: URL): Response {
  const [, path] = /^\/repos\/[^/]+\/[^/]+\/contents\/(.*)$/.exec(url.pathname) ?? [];
  try {
    const text = Deno.readTextFileSync(`${folder}/${url.searchParams.get("ref")}/${path}`);
    return new Response(text, { headers: { "content-type": "application/vnd.github.raw+json" } });
  } catch {
    return Response.json({ message: "Not Found" }, { status: 404 });
  }
}
