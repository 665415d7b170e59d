/**
 * Stands in for the kernel role and the engine: says where a connection goes, and judges with the policy in
 * this process. It knows no processes, so rules with `exe=` and the like do not fit here.
 *
 * @module
 */

import { compilePolicy, parsePolicy, PolicyEngine } from "../policy/mod.ts";
import {
  type DnsAnswer,
  encodeFrame,
  type Frame,
  FrameDecoder,
  FrameKind,
  type ProxyToKernel,
  redactText,
} from "../protocol/mod.ts";
import type { Destinations } from "./destinations.ts";
import type { Playbook } from "./playbook.ts";

/** Answers the proxy. */
export class Judge {
  readonly #listener: Deno.UnixListener;
  readonly #engine: PolicyEngine;
  readonly #began = performance.now();

  /**
   * @param path of the socket to listen on
   * @param playbook gets each question about the policy and its answer
   */
  constructor(
    path: string,
    policy: { text: string; audit: boolean },
    readonly destinations: Destinations,
    readonly playbook: Playbook,
  ) {
    this.#engine = new PolicyEngine(compilePolicy(parsePolicy(policy.text).rules), policy);
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#accept();
  }

  /** Tells the policy of a lookup. */
  lookup(saw: DnsAnswer): void {
    const at = this.#now();
    this.playbook.add({ layer: "lookup", at, saw });
    this.#engine.record(saw, at);
  }

  close(): void {
    this.#listener.close();
  }

  #now(): number {
    return Math.round(performance.now() - this.#began) / 1000;
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) await this.#serve(conn);
  }

  async #serve(conn: Deno.UnixConn): Promise<void> {
    const decoder = new FrameDecoder();
    const writer = conn.writable.getWriter();
    for await (const bytes of conn.readable) {
      for (const frame of decoder.push(bytes)) {
        if (frame.kind !== FrameKind.request) continue;
        await writer.write(encodeFrame(FrameKind.response, frame.id, this.#answer(frame)));
      }
    }
  }

  #answer({ body }: Frame): unknown {
    const message = body as ProxyToKernel;
    switch (message.op) {
      case "flow": {
        const to = this.destinations.get(message.protocol, message.src_port);
        if (!to) return { ok: false, reason: "direct" };
        return { ok: true, flow: 1, dst_ip: to.ip, dst_port: to.port, process: {} };
      }
      case "judge": {
        const at = this.#now();
        // What is recorded must be said again to what is recorded, without the secrets in its URL.
        const { url } = message.event;
        const saw = { ...message.event, ...(url !== undefined && { url: redactText(url) }) };
        this.playbook.add({ layer: "policy", at, saw, said: this.#engine.judge(saw, at) });
        return this.#engine.judge(message.event, at);
      }
      case "lookup":
        this.lookup(message.answer);
        return { ok: true };
      default:
        return { error: "unknown message" };
    }
  }
}
