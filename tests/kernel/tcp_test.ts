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
import { PYTHON, World } from "../support/kernel_world.ts";
import type { FlowAnswer, Verdict } from "../../src/protocol/mod.ts";

async function start(world: World) {
  const engine = await FakeEngine.at(world.folder);
  world.onEnd(() => engine.end());
  const role = await KernelRole.start(world, engine);
  await role.ready();
  await putRules(world);
  const front = await world.listener("near", "127.0.0.1", FRONT, DNS);
  const proxy = await connectProxy(world, role);
  const askFlow = async () => {
    const { src_ip, src_port, local_ip, local_port } = await front.take();
    const ends = { src_ip, src_port, local_ip, local_port };
    return await proxy.request<FlowAnswer>({ op: "flow", protocol: "tcp", ...ends });
  };
  return { engine, proxy, askFlow };
}

Deno.test("a redirected TCP connection is told with its process and original destination", async () => {
  await using world = await World.create();
  const { engine, proxy, askFlow } = await start(world);
  const child = world.spawn("curl", "-s", "http://192.0.2.7:8080/x");
  const flow = await askFlow();
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
  child.kill();
  await child.stdin.close();
  await child.output();
});

Deno.test("a process that ended before its connection was asked about is still known", async () => {
  await using world = await World.create();
  const { askFlow } = await start(world);
  const child = world.spawn("bash", "-c", "exec 3<>/dev/tcp/192.0.2.9/4000; exit 7");
  await child.stdin.close();
  assert.equal((await child.output()).code, 7);
  const flow = await askFlow();
  assert.ok(flow.ok);
  assert.equal(flow.dst_ip, "192.0.2.9");
  assert.equal(flow.process.pid, child.pid);
  assert.deepEqual(flow.process.cmdline?.slice(0, 2), ["bash", "-c"]);
});

Deno.test("a child is told with its ancestors, and as what it ran when it connected", async () => {
  await using world = await World.create();
  const { askFlow } = await start(world);
  const script = "(exec 3<>/dev/tcp/192.0.2.9/4000; exec /bin/sleep 0); true";
  const ended = await world.run("bash", "-c", script);
  assert.equal(ended.code, 0);
  const flow = await askFlow();
  assert.ok(flow.ok);
  assert.match(flow.process.exe!, /\/bash$/);
  assert.match(flow.process.ancestry![0]!, /\/bash$/);
});

Deno.test("a v4-mapped connection is attributed too", async () => {
  await using world = await World.create();
  const { askFlow } = await start(world);
  const program =
    `import socket; socket.socket(socket.AF_INET6).connect(("::ffff:192.0.2.9", 4000))`;
  const ended = await world.run(PYTHON, "-c", program);
  assert.equal(ended.stderr, "");
  const flow = await askFlow();
  assert.ok(flow.ok);
  assert.equal(flow.dst_ip, "192.0.2.9");
  assert.deepEqual(flow.process.cmdline, [PYTHON, "-c", program]);
});

Deno.test("a connection to the proxy's own port is told as direct", async () => {
  await using world = await World.create();
  const { askFlow } = await start(world);
  await world.run("bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${FRONT}`);
  assert.deepEqual(await askFlow(), { ok: false, reason: "direct" });
});

Deno.test("judging a flow that was never given is a denial", async () => {
  await using world = await World.create();
  const { proxy } = await start(world);
  const event = { type: "tcp", dst_ip: "192.0.2.9", dst_port: 1 };
  const answer = await proxy.request<Verdict>({ op: "judge", flow: 12345, event });
  assert.equal(answer.pass, false);
  assert.equal(answer.reason, "unattributed");
});
