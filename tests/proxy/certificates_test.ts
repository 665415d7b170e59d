/** Certificates that must not count: those of upstream, and the run's own with clients that do not know it. */

import assert from "node:assert/strict";
import { createPrivateKey, type KeyObject } from "node:crypto";
import { loadCa, makeCa } from "../../src/proxy/certs/ca.ts";
import { toPem } from "../../src/proxy/certs/pem.ts";
import {
  caExtensions,
  commonName,
  EMPTY_NAME,
  issue,
  keyIdOf,
  leafExtensions,
  type Template,
} from "../../src/proxy/certs/x509.ts";
import { curl, type Output, run } from "./clients.ts";
import { ALLOW, Role } from "./harness.ts";
import { authority, Upstream, UPSTREAM_CA } from "./upstream.ts";

const HOST = "a.example";
const DAY_MS = 24 * 60 * 60 * 1000;

const pair = await crypto.subtle.generateKey(
  { name: "ECDSA", namedCurve: "P-256" },
  true,
  ["sign", "verify"],
);
const publicKey = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
const keyPem = toPem(
  "PRIVATE KEY",
  new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey)),
);
const ownKey = createPrivateKey(keyPem);
const keyId = await keyIdOf(publicKey);
const ownName = commonName("self");

/** A good leaf of the trusted authority, but for what is said otherwise. */
function leaf(
  other: Partial<Template> = {},
  signer: KeyObject = authority.key,
): { cert: string; key: string } {
  const template: Template = {
    subject: EMPTY_NAME,
    issuer: authority.subject,
    publicKey,
    lifetimeMs: DAY_MS,
    extensions: leafExtensions(HOST, undefined, keyId, authority.keyId),
    ...other,
  };
  return { cert: issue(template, signer), key: keyPem };
}

/** Certificates to refuse, and what is said of each. */
const BAD: [what: string, made: ReturnType<typeof leaf>, message: RegExp][] = [
  ["that has expired", leaf({ lifetimeMs: -1000 }), /[Ee]xpired/],
  [
    "that signed itself",
    leaf({ subject: ownName, issuer: ownName }, ownKey),
    /UnknownIssuer/,
  ],
  [
    "of another host",
    leaf({ extensions: leafExtensions("b.example", undefined, keyId, authority.keyId) }),
    /not valid for name/,
  ],
  ["of an unknown authority", await signedByAnother(), /UnknownIssuer/],
  [
    "whose authority has the right name and another key, as after a revocation",
    leaf({}, ownKey),
    /BadSignature|UnknownIssuer/,
  ],
  [
    "that is an authority's own",
    leaf({ subject: ownName, extensions: caExtensions(keyId) }),
    /CaUsedAsEndEntity|not valid for name/,
  ],
];

async function signedByAnother() {
  const other = await loadCa(await makeCa());
  return leaf({ issuer: other.subject }, other.key);
}

async function before(
  made: { cert: string; key: string },
  test: (role: Role, origin: string, requests: string[]) => Promise<void>,
): Promise<void> {
  const requests: string[] = [];
  using upstream = Upstream.tlsWith(made, async (peer) => {
    requests.push(await peer.until("\r\n\r\n"));
    await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    await peer.until("never");
  });
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: upstream.port },
    judge: () => ALLOW,
    boot: { upstreamCas: [UPSTREAM_CA] },
  });
  await test(role, `https://${HOST}:${upstream.port}`, requests);
}

for (const [what, made, message] of BAD) {
  Deno.test(`an upstream certificate ${what} gives a 502 that says so, and a line`, async () => {
    await before(made, async (role, origin, requests) => {
      const got = await curl(role, "-d", "secret", `${origin}/x`);
      assert.equal(got.status, 502, got.error);
      assert.match(
        got.body,
        /^egress: no TLS connection to a\.example .*certificate.*\(upstream_cert\)\n$/,
      );
      assert.match(got.body, message);
      const line = await role.log((event) => event.type === "https");
      assert.deepEqual([line.error, line.status, line.url, line.policy], [
        "upstream_cert",
        502,
        `${origin}/x`,
        "allow",
      ]);
      assert.match(line.message ?? "", message);
      assert.deepEqual(requests, []);
    });
  });
}

Deno.test("a good certificate made in the same way is accepted", async () => {
  await before(await leaf(), async (role, origin) => {
    assert.equal((await curl(role, `${origin}/x`)).body, "ok");
  });
});

/** Clients that know nothing of the run's CA. */
const STRANGERS: Record<string, (role: Role) => Promise<Output>> = {
  curl: (role) =>
    run("curl", ["-sS", "--connect-to", `::127.0.0.1:${role.frontPort}`, `https://${HOST}/`]),
  node: (role) =>
    run("node", [
      "-e",
      `require("https").get({ host: "127.0.0.1", port: ${role.frontPort}, servername: "${HOST}" })
        .on("error", (error) => { console.error(error.code); process.exit(1); })`,
    ]),
  python: (role) =>
    run("python3", [
      "-c",
      `import ssl, socket
s = socket.create_connection(("127.0.0.1", ${role.frontPort}))
ssl.create_default_context().wrap_socket(s, server_hostname="${HOST}")`,
    ]),
  openssl: (role) =>
    run("openssl", [
      ...["s_client", "-connect", `127.0.0.1:${role.frontPort}`, "-servername", HOST],
      ...["-verify_return_error", "-verify", "1"],
    ]),
};

for (const [name, connect] of Object.entries(STRANGERS)) {
  Deno.test(`${name} does not trust the run's CA: logged with the way out`, async () => {
    await before(await leaf(), async (role, origin, requests) => {
      const { code, out, error } = await connect(role);
      assert.notEqual(code, 0, out + error);
      const line = await role.log((event) => event.type === "https");
      const { host, exe, hint } = line;
      assert.equal(line.error, "tls_client_rejected_ca");
      assert.deepEqual({ host, exe, hint }, {
        host: HOST,
        exe: "/usr/bin/client",
        hint: `${HOST}:${new URL(origin).port} passthrough`,
      });
      assert.match(line.message ?? "", /does not seem to trust the run's CA/);
      assert.deepEqual(requests, []);
    });
  });
}
