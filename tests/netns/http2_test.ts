/** HTTP/2 with a real client and server, through the whole of `egress run`. */

import assert from "node:assert/strict";
import { InternetHttp2Server } from "../support/http2_server.ts";
import { events, one, some } from "../support/log.ts";
import { suite } from "../support/suite.ts";

const test = suite({ git: true });

test("http2: curl's requests over one connection are judged one by one", async (scene) => {
  await using server = await InternetHttp2Server.start(scene.internet, scene.folder);
  const { origin } = server;
  const report = ["-w", "\n%{http_version} %{http_code} %{num_connects}\n"];
  const run = await scene.run({
    policy: `GET|POST ${origin}/yes/*`,
    args: ["--upstream-ca", `${scene.folder}/ca.pem`],
    command: [
      ...["curl", "-sS", "--http2", ...report, `${origin}/yes/1`],
      ...["--next", "-sS", "--http2", ...report, "-d", "x", `${origin}/no`],
      ...["--next", "-sS", "--http2", ...report, "-d", "hello", `${origin}/yes/2`],
    ],
  });
  assert.equal(run.status, 0, run.stderr);
  assert.equal(
    run.stdout,
    "GET /yes/1 0\n2 200 1\n" +
      `Blocked by egress: POST ${origin}/no by /usr/bin/curl. ` +
      `To allow: POST ${origin}/no exe=/usr/bin/curl\n\n2 403 0\n` +
      "POST /yes/2 5\n2 200 0\n",
    run.stderr,
  );
  const got = one(run.log, { type: "https", url: `${origin}/yes/1` });
  const { policy, method, status, alpn, exe, host, dst_ip } = got;
  assert.deepEqual({ policy, method, status, alpn, exe, host, dst_ip }, {
    policy: "allow",
    method: "GET",
    status: 200,
    alpn: "h2",
    exe: "/usr/bin/curl",
    host: "site.test",
    dst_ip: "198.51.100.20",
  });
  const denied = one(run.log, { type: "https", policy: "deny" });
  assert.deepEqual([denied.url, denied.status, denied.reason], [`${origin}/no`, 403, "no_rule"]);
  const posted = one(run.log, { type: "https", url: `${origin}/yes/2` });
  assert.deepEqual([posted.bytes_up, posted.bytes_down], [5, 13]);
});

test("http2: a git clone goes through url rules for the repository", async (scene) => {
  await using server = await InternetHttp2Server.start(scene.internet, scene.folder);
  const { origin } = server;
  const run = await scene.run({
    policy: `GET|POST ${origin}/project.git/*`,
    args: ["--upstream-ca", `${scene.folder}/ca.pem`],
    command: ["git", "clone", "-q", `${origin}/project.git`, `${scene.folder}/clone`],
  });
  assert.equal(run.status, 0, run.stderr);
  assert.equal(await Deno.readTextFile(`${scene.folder}/clone/README`), "a project\n");
  const requests = events(run.log, { type: "https", policy: "allow" });
  assert.deepEqual(new Set(requests.map((event) => event.alpn)), new Set(["h2"]));
  assert.ok(requests.some((event) => event.method === "POST"), "git-upload-pack requests");
});

test("http2: python's httpx keeps one connection for requests at once, one of them refused", async (scene) => {
  await using server = await InternetHttp2Server.start(scene.internet, scene.folder);
  const { origin } = server;
  const program = `import asyncio, httpx, os, ssl
async def main():
    trust = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    async with httpx.AsyncClient(http2=True, verify=trust) as client:
        first = await client.get("${origin}/yes/0")
        print(first.http_version, first.status_code, first.text)
        got = await asyncio.gather(*[
            client.post("${origin}/" + ("no" if i == 7 else f"yes/{i}"), content=b"x" * i)
            for i in range(1, 20)])
        for r in got: print(r.http_version, r.status_code, r.text.splitlines()[0])
asyncio.run(main())`;
  const run = await scene.run({
    policy: `GET|POST ${origin}/yes/*`,
    args: ["--upstream-ca", `${scene.folder}/ca.pem`],
    command: ["/usr/bin/python3", "-c", program],
  });
  assert.equal(run.status, 0, run.stderr);
  const lines = run.stdout.trimEnd().split("\n");
  assert.equal(lines[0], "HTTP/2 200 GET /yes/0 0");
  for (let i = 1; i < 20; i++) {
    if (i === 7) assert.match(lines[i]!, /^HTTP\/2 403 Blocked by egress: POST .*\/no by /);
    else assert.equal(lines[i], `HTTP/2 200 POST /yes/${i} ${i}`);
  }
  const conns = new Set(events(run.log, { type: "https" }).map((event) => event.conn));
  assert.equal(conns.size, 1);
  assert.equal(some(run.log, { policy: "deny", type: "https" }).status, 403);
});
