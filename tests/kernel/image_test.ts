import assert from "node:assert/strict";
import {
  connectProxy,
  DNS,
  FakeEngine,
  FRONT,
  KernelRole,
  putRules,
} from "../support/kernel_role.ts";
import { sh, World } from "../support/kernel_world.ts";
import type { FlowAnswer } from "../../src/protocol/mod.ts";

const ID = "0b79edef096f86a10c33d5a31eda0c94db616a083120862cbaf2ee8ddcd3fb88";

/** Answers as Docker does. @returns its path */
function fakeDocker(world: World): string {
  const path = `${world.folder}/docker.sock`;
  const listener = Deno.listen({ transport: "unix", path });
  const serve = async (connection: Deno.Conn) => {
    await connection.read(new Uint8Array(4096));
    const body = JSON.stringify([{ Id: ID, Image: "alpine:3.20" }]);
    await connection.write(new TextEncoder().encode(`HTTP/1.0 200 OK\r\n\r\n${body}`));
    connection.close();
  };
  const accept = async () => {
    for await (const connection of listener) await serve(connection);
  };
  const done = accept();
  world.onEnd(() => {
    listener.close();
    return done;
  });
  return path;
}

Deno.test("a connection of a container is told with its image", async () => {
  await using world = await World.create();
  const dockerSocket = fakeDocker(world);
  const engine = await FakeEngine.at(world.folder);
  world.onEnd(() => engine.end());
  const role = await KernelRole.start(world, engine, { dockerSocket });
  await role.ready();
  await putRules(world);
  const front = await world.listener("near", "127.0.0.1", FRONT, DNS);
  const proxy = await connectProxy(world, role);
  const cgroup = `${world.scopeDir}/docker-${ID}.scope`;
  await sh(`mkdir ${cgroup}`);
  world.onEnd(() => sh(`rmdir ${cgroup}`));

  // The name is asked for with the container's first process; the wait is for a loaded machine's sake.
  const script = `echo $$ >${cgroup}/cgroup.procs; /bin/true
    for i in 1 2 3 4 5 6 7 8 9 10; do (exec 3<>/dev/tcp/192.0.2.9/4000); sleep 0.1; done`;
  const child = world.spawn("bash", "-c", script);
  const images: (string | undefined)[] = [];
  for (let i = 0; i < 10; i++) {
    const { src_ip, src_port, local_ip, local_port } = await front.take();
    const question = { op: "flow", protocol: "tcp", src_ip, src_port, local_ip, local_port };
    const flow = await proxy.request<FlowAnswer>(question);
    assert.ok(flow.ok);
    assert.equal(flow.process.cgroup, `${world.scopePath}/docker-${ID}.scope`);
    images.push(flow.process.image);
  }
  assert.equal(images.at(-1), "alpine:3.20");
  await child.stdin.close();
  await child.output();
});
