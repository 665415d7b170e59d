/** gRPC by grpc-js, client and server, with the role between them. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { run } from "./clients.ts";
import { ALLOW_ONCE, DENY, Role } from "./harness.ts";
import { HOST, Http2Server } from "./http2_world.ts";
import { UPSTREAM_CA } from "./upstream.ts";

const SOURCES = fileURLToPath(new URL("./grpc", import.meta.url));

/** grpc-js and the one package that it needs here, with the SHA-512 of their tarballs. */
const PACKAGES = {
  "@grpc/grpc-js@1.14.7":
    "W4W/fcBMGRVtG6dW2c7cw2mnpS3hvbBd+oQXjh2iYFTZDk1JJmcNqkM5KSaPubQpamlUUurrlb7G1s9NJeERmQ==",
  "@js-sdsl/ordered-map@4.4.2":
    "iUKgm52T8HOE/makSxjqoWhe95ZJA1/G1sYsGev2JDKUSS14KAgg1LHb+Ba+IPow0xflbnSkOsZcO08C7w1gYw==",
};

/** Fetches the packages from the registry that this machine's npm is set up with. */
async function install(folder: string): Promise<void> {
  const script =
    'cp "$1"/*.cjs "$2" && cd "$2" && shift 2 && npm pack --silent --prefer-offline "$@"';
  const args = ["-c", script, "sh", SOURCES, folder, ...Object.keys(PACKAGES)];
  const { code, out, error } = await run("sh", args);
  assert.equal(code, 0, `npm could not fetch grpc-js: ${out}${error}`);
  for (const [name, sha512] of Object.entries(PACKAGES)) {
    const [, scope, bare, version] = /^@(.*)\/(.*)@(.*)$/.exec(name)!;
    const file = `${folder}/${scope}-${bare}-${version}.tgz`;
    const digest = await crypto.subtle.digest("SHA-512", await Deno.readFile(file));
    assert.equal(Buffer.from(digest).toString("base64"), sha512, `${name} is not the pinned one`);
    const target = `${folder}/node_modules/@${scope}/${bare}`;
    await Deno.mkdir(target, { recursive: true });
    await run("tar", ["-xzf", file, "-C", target, "--strip-components=1"]);
  }
}

Deno.test("gRPC: unary and streaming calls both ways, errors and cancellations pass", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await install(folder);
    await using server = await Http2Server.start(`${folder}/server.cjs`);
    await using role = await Role.start({
      destination: { ip: "127.0.0.1", port: server.port },
      judge: (event) => event.url?.endsWith("/Denied") ? DENY : ALLOW_ONCE,
      boot: { upstreamCas: [UPSTREAM_CA] },
    });
    const authority = `${HOST}:${server.port}`;
    const args = [`${folder}/client.cjs`, String(role.frontPort), authority, role.caFile];
    const { out, error } = await run("node", args);
    assert.notEqual(out, "", error);
    const { unary, empty, large, denied, ...rest } = JSON.parse(out);
    const call = { error: null, same: true, status: 0 };
    assert.deepEqual(unary, { ...call, size: 5, metadata: ["text", "00ff"], trailer: "5" });
    assert.deepEqual([empty.same, empty.trailer], [true, "0"]);
    assert.deepEqual([large.same, large.size], [true, 8 << 20]);
    assert.equal(denied.code, 7, "PERMISSION_DENIED is what gRPC makes of 403");
    assert.deepEqual(rest, {
      down: { count: 1000, last: "message 999" },
      up: "1000000",
      both: Array.from({ length: 20 }, (_, i) => `re: turn ${i}`),
      atOnce: Array.from({ length: 100 }, (_, i) => i),
      failed: { code: 5, details: "no such thing" },
      cancelled: 1,
      after: true,
    });
    const line = await role.log((event) => event.url?.endsWith("/Both") ?? false);
    assert.deepEqual([line.method, line.status, line.alpn], ["POST", 200, "h2"]);
    assert.equal((await role.log((event) => event.policy === "deny")).status, 403);
    const { connections } = await role.status();
    assert.ok(connections <= 1, "all over one connection");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
