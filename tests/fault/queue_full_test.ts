/** More packets come than the queue to the kernel role holds, while that role hangs. */

import assert from "node:assert/strict";
import { tool } from "../../src/demo/command.ts";
import { endWell, POLICY, tryForbidden, works } from "../support/fault.ts";
import { rolesOf } from "../support/leftovers.ts";
import { Shell } from "../support/shell.ts";
import { type Scene, suite } from "../support/suite.ts";

const test = suite();

/**
 * 5,000 datagrams to an allowed server and as many to the attacker, each from a port of its own that no earlier
 * flow had: those are judged already.
 */
const FLOOD = `
import socket
for i in range(5000):
    for host in ("198.51.100.80", "203.0.113.66"):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("", 10000 + i))
        try:
            s.sendto(b"flood", (host, 9000))
        except OSError:
            pass
        s.close()
`;

test("queue full: what does not fit is dropped, nothing passes unjudged", async (scene) => {
  const file = `${scene.folder}/flood.py`;
  await Deno.writeTextFile(file, FLOOD);
  await using shell = await Shell.start(scene, { policy: POLICY });
  await works(shell);
  const [kernel] = (await rolesOf(shell.run)).get("kernel") ?? [];
  await scene.begin();
  Deno.kill(kernel!, "SIGSTOP");
  try {
    await shell.do(`python3 ${file}`);
    assert.ok(await droppedBy(scene) > 0, "the queue did not fill up");
    await tryForbidden(scene, shell);
    assert.deepEqual(await scene.received(), []);
  } finally {
    Deno.kill(kernel!, "SIGCONT");
  }
  await works(shell);
  await endWell(scene, shell);
});

/** Packets that found a queue of the client's namespace full; nfnetlink_queue's sixth column. */
async function droppedBy(scene: Scene): Promise<number> {
  const [file = "", ...args] = scene.internet.command([
    ...["cat", "/proc/self/net/netfilter/nfnetlink_queue"],
  ]);
  const queues = (await tool([file, ...args])).trim().split("\n");
  return queues.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[5]), 0);
}
