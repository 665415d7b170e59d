/** Ways around a protocol that is judged: QUIC, DNS over TLS. Their clients must learn at once to use the other. */

import assert from "node:assert/strict";
import { Authority } from "../../src/demo/certificates.ts";
import { Daemon } from "../support/daemon.ts";
import { events, none, one } from "../support/log.ts";
import { suite } from "../support/suite.ts";

const test = suite();

/** Sends the beginning of a QUIC connection (RFC 9000 section 17.2.2), and falls back as browsers do. */
const QUIC = `
import socket, sys, urllib.request
address = socket.gethostbyname("site.test")
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(60)
s.connect((address, 443))
initial = bytes([0xc3, 0, 0, 0, 1, 8]) + bytes(8) + bytes([0, 0, 0x44, 0x96]) + bytes(1182)
s.send(initial)
try: print(s.recv(2000))
except OSError as error: print(type(error).__name__)
print(urllib.request.urlopen("https://site.test/after").read().decode(), end="")
`;

test("quic: refused by ICMP at once, so that its client falls back to TCP", async (scene) => {
  const run = await scene.run({
    policy: "site.test",
    command: ["/usr/bin/python3", "-c", QUIC],
  });
  // Without the refusal the client would wait for a minute.
  assert.equal(run.stdout, "ConnectionRefusedError\nGET /after 0\n", run.stderr);
  const event = one(run.log, { type: "udp", policy: "deny" });
  assert.deepEqual([event.reason, event.dst_port], ["no_rule", 443]);
  assert.match(event.hint ?? "", /^site\.test:443\/udp exe=/);
  assert.equal((await scene.received()).filter((item) => item.kind === "udp").length, 0);
});

/** One query over TLS to the port for it (RFC 7858), length first. */
const DOT = (address: string) => `
import ssl, socket, os
s = socket.create_connection(("${address}", 853), 10)
s = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"]).wrap_socket(s, server_hostname="dot.site.test")
query = b"\\x12\\x34\\x01\\0\\0\\1\\0\\0\\0\\0\\0\\0\\6secret\\4evil\\4test\\0\\0\\1\\0\\1"
s.sendall(len(query).to_bytes(2, "big") + query)
try: print(s.recv(2000))
except OSError as error: print(type(error).__name__)
`;

/** A server for it: says what it got. */
const SERVER = `
import ssl, socket, sys
listener = socket.create_server(("198.51.100.20", 853))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
print("serving", flush=True)
while True:
    try:
        conn = context.wrap_socket(listener.accept()[0], server_side=True)
        got = conn.recv(2000)
        conn.sendall(b"answer to %d bytes" % len(got))
        conn.close()
    except OSError: pass
`;

test("dns over tls: refused unless a rule allows its port", async (scene) => {
  const { cert, key } = await (await Authority.create(scene.folder)).issue(["dot.site.test"]);
  await Deno.writeTextFile(`${scene.folder}/cert.pem`, cert);
  await Deno.writeTextFile(`${scene.folder}/key.pem`, key);
  await using _server = await Daemon.start(scene.internet, [
    ...["/usr/bin/python3", "-c", SERVER, `${scene.folder}/cert.pem`, `${scene.folder}/key.pem`],
  ], /serving/);
  const args = ["--upstream-ca", `${scene.folder}/ca.pem`];
  const command = ["/usr/bin/python3", "-c", DOT("198.51.100.20")];
  const refused = await scene.run({ policy: "dot.site.test\nsite.test", args, command });
  assert.doesNotMatch(refused.stdout, /answer to/, refused.stderr);
  const event = one(refused.log, { type: "https", policy: "deny" });
  assert.deepEqual([event.host, event.dst_port], ["dot.site.test", 853]);
  none(refused.log, { type: "https", policy: "allow" });
  const allowed = await scene.run({ policy: "dot.site.test:853", args, command });

  assert.match(allowed.stdout, /answer to 36 bytes/, allowed.stderr);
  assert.equal(events(allowed.log, { type: "https", policy: "allow" })[0]?.host, "dot.site.test");
});
