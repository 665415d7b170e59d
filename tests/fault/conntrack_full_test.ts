/** The table of connections is full: new ones fail, and nothing passes past it. */

import { tool } from "../../src/demo/command.ts";
import { endWell, fails, POLICY, stillArmed, tryForbidden, works } from "../support/fault.ts";
import { Shell } from "../support/shell.ts";
import { type Scene, suite } from "../support/suite.ts";

const test = suite();

/**
 * Fills a namespace's table by CTNETLINK with assured entries, which are not evicted early. The limit is the
 * machine's, each namespace counts for itself.
 */
const FILL = `
import socket, struct
NETFILTER, NEW = 12, 1 << 8 | 0
def attr(kind, data):
    size = 4 + len(data)
    return struct.pack("=HH", size, kind) + data + b"\\0" * (-size % 4)
def nested(kind, *attrs):
    return attr(kind | 0x8000, b"".join(attrs))
def ends(src, sport, dst, dport):
    return (nested(1, attr(1, socket.inet_aton(src)), attr(2, socket.inet_aton(dst))),
            nested(2, attr(1, b"\\x11"), attr(2, struct.pack(">H", sport)), attr(3, struct.pack(">H", dport))))
def message(seq, sport, dport):
    a, b = "10.1.2.3", "10.3.2.1"
    body = (struct.pack("=BBH", socket.AF_INET, 0, 0)
        + nested(1, *ends(a, sport, b, dport)) + nested(2, *ends(b, dport, a, sport))
        + attr(3, struct.pack(">I", 0x2 | 0x4 | 0x8)) + attr(7, struct.pack(">I", 3600)))
    # NLM_F_REQUEST | NLM_F_CREATE, without an acknowledgement
    return struct.pack("=IHHII", 16 + len(body), NEW, 0x1 | 0x400, seq, 0) + body
limit = int(open("/proc/sys/net/netfilter/nf_conntrack_max").read())
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER)
s.setsockopt(socket.SOL_SOCKET, 32, 1 << 22)  # SO_SNDBUFFORCE
s.setblocking(True)
batch = []
for i in range(limit + 1000):
    batch.append(message(i, 1 + i % 60000, 1 + i // 60000))
    if len(batch) == 500:
        s.send(b"".join(batch))
        batch = []
s.send(b"".join(batch))
print(open("/proc/sys/net/netfilter/nf_conntrack_count").read().strip(), limit)
`;

async function inside(scene: Scene, ...command: string[]): Promise<string> {
  return await tool(scene.internet.command(command));
}

test("conntrack full: new connections fail, and pass again when there is room", async (scene) => {
  await using shell = await Shell.start(scene, { policy: POLICY });
  await works(shell);
  await inside(scene, "python3", "-c", FILL);
  await fails(shell);
  await tryForbidden(scene, shell);
  await stillArmed(scene, shell);
  await inside(scene, "conntrack", "-F");
  await works(shell);
  await endWell(scene, shell);
});
