import assert from "node:assert/strict";
import {
  connectProxy,
  DNS,
  FakeEngine,
  FRONT,
  KernelRole,
  putRules,
  verdict,
} from "../support/kernel_role.ts";
import { INSIDE, World } from "../support/kernel_world.ts";
import type { FlowAnswer, Verdict } from "../../src/protocol/mod.ts";

Deno.test("a redirected TCP connection is told with its process and original destination", async () => {
  await using world = await World.create();
  const engine = await FakeEngine.at(world.folder);
  world.onEnd(() => engine.end());
  const role = await KernelRole.start(world, engine);
  await role.ready();
  await putRules(world);
  const front = await world.listener("near", "127.0.0.1", FRONT, DNS);
  const proxy = await connectProxy(world, role);

  const child = world.spawn("curl", "-s", "http://192.0.2.7:8080/x");
  const { src_ip, src_port, local_ip, local_port } = await front.take();
  const ends = { src_ip, src_port, local_ip, local_port };
  const flow = await proxy.request<FlowAnswer>({ op: "flow", protocol: "tcp", ...ends });
  assert.ok(flow.ok);
  assert.equal(flow.dst_ip, "192.0.2.7");
  assert.equal(flow.dst_port, 8080);
  assert.equal(flow.process.pid, child.pid);
  assert.equal(flow.process.exe, "/usr/bin/curl");
  assert.deepEqual(flow.process.cmdline, ["curl", "-s", "http://192.0.2.7:8080/x"]);
  assert.equal(flow.process.cgroup, world.scopePath);

  engine.judge = (event) => verdict(event.exe === "/usr/bin/curl" ? "allow" : "deny");
  const event = {
    type: "http",
    dst_ip: "192.0.2.7",
    dst_port: 8080,
    url: "http://192.0.2.7:8080/x",
  };
  const answer = await proxy.request<Verdict>({ op: "judge", flow: flow.flow, event });
  assert.equal(answer.policy, "allow");
  const asked = await engine.messages.take((m) => m.op === "judge");
  assert.equal((asked.event as { pid: number }).pid, child.pid);
  assert.equal(src_ip, INSIDE);
  child.kill();
  await child.output();
});
