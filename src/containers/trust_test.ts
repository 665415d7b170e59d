import assert from "node:assert/strict";
import { certificatesIn, derOf, joinBundle } from "./pem.ts";
import type { JsonObject } from "./json.ts";
import { bundle } from "./testing/bundle.ts";
import { addTrust, addVariables, type TrustFacts } from "./trust.ts";
import { certificatesOf, writeJks } from "./truststore.ts";

const pem = (text: string) =>
  `-----BEGIN CERTIFICATE-----\n${btoa(text)}\n-----END CERTIFICATE-----\n`;
const facts: TrustFacts = { ca: pem("own"), bundles: [], hostBundle: pem("host"), apt: false };

Deno.test("only certificates of a text come out of it, each once, the run's own first", () => {
  const text = `root:x:0:0\n${
    pem("a")
  }-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n${pem("b")}`;
  assert.deepEqual(certificatesIn(text).length, 2);
  assert.equal(joinBundle(pem("own"), [text, pem("a")]), pem("own") + pem("a") + pem("b"));
  assert.deepEqual(derOf(pem("a")).map((der) => new TextDecoder().decode(der)), ["a"]);
  assert.deepEqual(derOf("-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----"), []);
});

Deno.test("the container gets the folder read-only, the variables, and a merged bundle", async () => {
  const config = bundle();
  const before = JSON.stringify(config);
  const trust = await addTrust(
    config,
    { ...facts, bundles: [pem("image")], apt: true },
    "/b/egress",
  );
  assert.equal(JSON.stringify(config), before);
  assert.equal(trust.files.get("ca.crt"), pem("own") + pem("image"));
  assert.match(String(trust.files.get("apt.conf")), /CAInfo "\/dev\/egress\/ca.crt"/);
  const mount = (trust.json.mounts as JsonObject[]).at(-1)!;
  assert.equal(mount.destination, "/dev/egress");
  assert.ok((mount.options as string[]).includes("ro"));
  const { env } = trust.json.process as { env: string[] };
  for (
    const entry of [
      "SSL_CERT_FILE",
      "CURL_CA_BUNDLE",
      "REQUESTS_CA_BUNDLE",
      "NODE_EXTRA_CA_CERTS",
      "AWS_CA_BUNDLE",
      "HEX_CACERTS_PATH",
      "DENO_CERT",
    ]
  ) {
    assert.ok(env.includes(`${entry}=/dev/egress/ca.crt`), entry);
  }
  assert.deepEqual(trust.warnings, []);
});

Deno.test("an image without any bundle gets the machine's", async () => {
  const trust = await addTrust(bundle(), facts, "/b");
  assert.equal(trust.files.get("ca.crt"), pem("own") + pem("host"));
});

Deno.test("what the image sets stays and is reported; Java's options are appended to", () => {
  const process = { env: ["SSL_CERT_FILE=/mine", "JAVA_TOOL_OPTIONS=-Xmx1g"] };
  const { json, warnings } = addVariables(process, {
    SSL_CERT_FILE: "/b",
    PIP_CERT: "/b",
    JAVA_TOOL_OPTIONS: "-Dx",
  });
  assert.deepEqual(json.env, [
    "SSL_CERT_FILE=/mine",
    "JAVA_TOOL_OPTIONS=-Xmx1g -Dx",
    "PIP_CERT=/b",
  ]);
  assert.deepEqual(warnings, ["it sets SSL_CERT_FILE itself, which stays: /mine"]);
  const own = { env: ["JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=/t"] };
  assert.deepEqual(addVariables(own, { JAVA_TOOL_OPTIONS: "-Dx" }).json.env, own.env);
});

Deno.test("a container whose /dev is not its own is left alone", async () => {
  const config = bundle((c) => c.mounts[1] = { destination: "/dev", type: "bind", source: "/dev" });
  const trust = await addTrust(config, facts, "/b");
  assert.equal(trust.json, config);
  assert.match(trust.warnings[0]!, /does not get the CA/);
});

Deno.test("Java's truststores: JKS written is JKS read, and merged with the image's", async () => {
  const jks = await writeJks(derOf(pem("java")));
  assert.deepEqual(certificatesOf(jks), derOf(pem("java")));
  const trust = await addTrust(bundle(), { ...facts, cacerts: jks }, "/b");
  const store = trust.files.get("truststore.jks") as Uint8Array<ArrayBuffer>;
  assert.deepEqual(certificatesOf(store), derOf(pem("own") + pem("java")));
  const { env } = trust.json.process as { env: string[] };
  assert.ok(
    env.some((e) =>
      e.startsWith("JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=/dev/egress/truststore.jks ")
    ),
  );
});

Deno.test("a truststore that cannot be read is replaced by the bundle, and that is said", async () => {
  const trust = await addTrust(bundle(), {
    ...facts,
    cacerts: new Uint8Array([0x30, 0x03, 1, 2, 3]),
  }, "/b");
  assert.match(trust.warnings[0]!, /Java truststore could not be read/);
  const store = trust.files.get("truststore.jks") as Uint8Array<ArrayBuffer>;
  assert.equal(certificatesOf(store)?.length, 3);
});
