/** HTTP/2 with a real client and server, through the whole of `egress run`. */

import assert from "node:assert/strict";
import { InternetHttp2Server } from "../support/http2_server.ts";
import { one } from "../support/log.ts";
import { suite } from "../support/suite.ts";

const test = suite();

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
