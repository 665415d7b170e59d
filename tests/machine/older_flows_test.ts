/** UDP sockets that were in use when the guard started. */

import assert from "node:assert/strict";
import { Inbox, readJsonLines } from "../support/kernel_lines.ts";
import { readLog } from "../support/run.ts";
import { logOf, machineSuite } from "../support/machine_suite.ts";

const test = machineSuite();

/** Asks for each name that it is told, always from the same socket. */
const RESOLVER = `
import json, socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
for line in sys.stdin:
    name = b"".join(bytes([len(part)]) + part.encode() for part in line.strip().split(".")) + b"\\0"
    answer = b""
    try:
        query = struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + name + struct.pack("!2H", 1, 1)
        s.sendto(query, ("198.51.100.53", 53))
        answer = s.recv(512)
    except OSError: pass
    code = answer[3] & 15 if answer else None
    print(json.dumps({"code": code, "address": socket.inet_ntoa(answer[-4:]) if code == 0 else None}), flush=True)
`;

test("lookups from a socket that was in use at the start are judged, too", async (s) => {
  // Docker's rules make a machine track its connections before egress does.
  await s.machine.sh(
    `iptables -t nat -A POSTROUTING -d 192.0.2.99 -j MASQUERADE
     echo 600 | tee /proc/sys/net/netfilter/nf_conntrack_udp_timeout{,_stream}`,
  );
  const child = s.machine.spawn(["/usr/bin/python3", "-c", RESOLVER], "piped");
  const lines = new Inbox<Record<string, unknown>>();
  const read = readJsonLines(child.stdout, lines);
  const input = child.stdin.getWriter();
  const ask = async (name: string) => {
    await input.write(new TextEncoder().encode(`${name}\n`));
    return await lines.take();
  };
  const found = { code: 0, address: "198.51.100.20" };
  assert.deepEqual(await ask("site.test"), found);
  await s.guard("site.test\n");
  await s.begin();
  assert.notEqual((await ask("secret.evil.test")).code, 0);
  assert.deepEqual(await ask("site.test"), found, "an allowed name is found");
  await s.attackerGotNothing();
  await s.machine.sh("iptables -t nat -D POSTROUTING -d 192.0.2.99 -j MASQUERADE");
  await input.close();
  await Promise.all([child.status, read, child.stderr.cancel()]);
  const log = await readLog(logOf(s));
  const judged = log.filter((e) => e.type === "dns").map((e) => [e.name, e.policy]);
  assert.deepEqual(judged, [["secret.evil.test", "deny"], ["site.test", "allow"]]);
});
