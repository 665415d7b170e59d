import assert from "node:assert/strict";
import type { Verdict } from "../../protocol/mod.ts";
import { Connection, type Flow, refusal } from "./connection.ts";
import type { Proxy } from "./proxy.ts";

Deno.test("a verdict that was under way while the policy changed is asked for again", async () => {
  const state = { epoch: 0 };
  const asked: number[] = [];
  const kernel = {
    judge: (): Promise<Verdict> => {
      asked.push(state.epoch);
      // The old policy's answer arrives after the order to forget it.
      if (state.epoch === 0) state.epoch++;
      return Promise.resolve(refusal("no_rule", asked.length === 1));
    },
  };
  const flow: Flow = { ok: true, flow: 1, dst_ip: "192.0.2.1", dst_port: 443, process: {} };
  const proxy = { state, kernel } as unknown as Proxy;
  const connection = new Connection(proxy, flow, undefined as unknown as Deno.TcpConn, 1);
  assert.equal((await connection.judge({ type: "tcp" })).pass, false);
  assert.deepEqual(asked, [0, 1]);
});
