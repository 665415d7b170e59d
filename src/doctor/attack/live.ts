/**
 * `egress doctor --attack` where egress guards the machine: the attacks that harm nothing run on the machine itself,
 * towards a sink behind a network link of its own.
 *
 * Without egress nothing can be tried here. Instead the link, and the routes that lead over it, are looked at: what
 * is sent to the sink's addresses would arrive there. That the attacks are attacks is shown by the other mode.
 *
 * @module
 */

import { tool } from "../../demo/command.ts";
import { networkNames, removeNetwork, sweepNetworks } from "../../demo/network.ts";
import { assault, type Field } from "./assault.ts";
import { ATTACKS } from "./attacks.ts";
import { holds, judgeReachable } from "./judge.ts";
import type { Ground } from "./order.ts";
import type { AttackReport } from "./report.ts";
import { openSink, SINK_RANGES, targetOf } from "./sink.ts";

/** From the range that RFC 2544 keeps for tests of networks, and from that for documentation (RFC 3849). */
const NEAR = "198.18.255.2";
const FAR = "198.18.255.1";
const NEAR6 = "2001:db8:255::2";
const FAR6 = "2001:db8:255::1";

/** What harms nothing, and shows at an address: words in names would go to the machine's own resolver. */
const HARMLESS = ATTACKS.filter(({ alone, shows }) => !alone && shows === "address");

/** A sink beside the machine. Dispose of it to remove everything. */
export class LiveSink implements AsyncDisposable {
  readonly #names = networkNames();
  /** As long as the names of links may be (IFNAMSIZ of linux/if.h is 16). */
  readonly #uplink = `egs${Deno.pid}`;

  private constructor() {}

  /** @throws {ToolError} when `ip` or `iptables` refuses; then nothing is left */
  static async create(): Promise<LiveSink> {
    await sweepNetworks();
    const sink = new LiveSink();
    try {
      await sink.#build();
    } catch (error) {
      await sink.close();
      throw error;
    }
    return sink;
  }

  async #build(): Promise<void> {
    const { world } = this.#names;
    await tool(["ip", "netns", "add", world]);
    await tool([
      ...["ip", "link", "add", this.#uplink, "type", "veth"],
      ...["peer", "name", "downlink", "netns", world],
    ]);
    await tool(["ip", "-netns", world, "-batch", "-"], {
      input: [
        "link set lo up",
        "link set downlink up",
        `addr add ${FAR}/29 dev downlink`,
        `addr add ${FAR6}/64 dev downlink nodad`,
        "",
      ].join("\n"),
    });
    await tool(["ip", "-batch", "-"], {
      input: [
        `link set ${this.#uplink} up`,
        `addr add ${NEAR}/29 dev ${this.#uplink}`,
        `addr add ${NEAR6}/64 dev ${this.#uplink} nodad`,
        `route add ${SINK_RANGES.v4} via ${FAR}`,
        `route add ${SINK_RANGES.v6} via ${FAR6}`,
        "",
      ].join("\n"),
    });
    await openSink(world, HARMLESS.map((_, index) => targetOf(index)));
  }

  /** Where the attacks happen. */
  get field(): Field {
    const ground: Ground = {
      uplink: this.#uplink,
      client: NEAR,
      gateway: FAR,
      other: "198.18.255.3",
      nameserver: FAR,
    };
    return {
      ground,
      sink: this.#names.world,
      enter: (command) => command,
      received: () => Promise.resolve([]),
    };
  }

  /** Whether what the machine sends to the sink's addresses takes the link, and the link has another end that is up. */
  async reachable(): Promise<boolean> {
    const { v4 } = targetOf(0);
    const route = await tool(["ip", "route", "get", v4]);
    const link = await tool(["ip", "-o", "link", "show", this.#uplink]);
    return route.includes(` dev ${this.#uplink} `) && link.includes("LOWER_UP");
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Removes the sink, its link and with it the routes. Idempotent. */
  async close(): Promise<void> {
    // The namespace's end would take the link along, but some time later.
    await tool([
      "sh",
      "-c",
      '! ip -o link show "$1" 2>/dev/null || ip link del "$1"',
      "sh",
      this.#uplink,
    ]);
    await removeNetwork(this.#names);
  }
}

/** Attacks the egress that guards this machine. */
export async function attackMachine(sink: LiveSink): Promise<AttackReport> {
  const begin = performance.now();
  const reachable = await sink.reachable();
  const trial = await assault(sink.field, HARMLESS);
  const attacks = judgeReachable(trial, reachable);
  return {
    target: "machine",
    ok: holds(attacks),
    attacks,
    said: trial.said,
    seconds: (performance.now() - begin) / 1000,
  };
}
