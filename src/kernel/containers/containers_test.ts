import assert from "node:assert/strict";
import fc from "fast-check";
import { bootMillis } from "../sys/clock.ts";
import { Epoll } from "../sys/epoll.ts";
import { type ContainerId, containerOf } from "./container_id.ts";
import { imageIn, questionFor } from "./docker_answer.ts";
import { DockerClient } from "./docker_client.ts";
import { ContainerImages } from "./images.ts";
import { criImage, podmanImage } from "./other_engines.ts";

const ID = "0b79edef096f86a10c33d5a31eda0c94db616a083120862cbaf2ee8ddcd3fb88";
const OTHER = ID.replaceAll("0", "a");

Deno.test("a cgroup's path tells its container", () => {
  for (
    const [path, engine] of [
      [`/docker/${ID}`, "docker"],
      [`/system.slice/docker-${ID}.scope`, "docker"],
      [`/system.slice/docker-${ID}.scope/init.scope`, "docker"],
      [`/docker/${ID}/docker/${OTHER}`, "docker"],
      [`/machine.slice/libpod-${ID}.scope/container`, "podman"],
      [`/kubepods.slice/kubepods-pod1.slice/cri-containerd-${ID}.scope`, "containerd"],
    ] as const
  ) {
    assert.deepEqual(containerOf(path), { engine, id: ID }, path);
  }
  for (const path of ["/", `/docker/${ID}x`, "/docker/abc", `/xdocker-${ID}.scope`, `/${ID}`]) {
    assert.equal(containerOf(path), undefined, path);
  }
});

const answer = (body: string, head = "HTTP/1.0 200 OK\r\nContent-Type: application/json") =>
  new TextEncoder().encode(`${head}\r\n\r\n${body}`);

Deno.test("the image is read from Docker's answer, and from nothing else", () => {
  assert.match(new TextDecoder().decode(questionFor(ID)), /^GET \S+%22id%22\S+ HTTP\/1\.0\r\n/);
  const entry = { Id: ID, Image: "alpine:3", Names: ["/x"] };
  assert.equal(imageIn(answer(JSON.stringify([{ Id: OTHER, Image: "b" }, entry])), ID), "alpine:3");
  for (const body of ["[]", "{}", "null", "[null, 7]", "[", JSON.stringify([{ Id: ID }])]) {
    assert.equal(imageIn(answer(body), ID), undefined, body);
  }
  assert.equal(imageIn(answer(JSON.stringify([entry]), "HTTP/1.0 404 Not"), ID), undefined);
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void imageIn(bytes, ID)));
  fc.assert(fc.property(fc.json(), (json) => void imageIn(answer(json), ID)));
  fc.assert(fc.property(fc.json(), (json) => void [podmanImage(json, ID), criImage(json)]));
});

Deno.test("podman and containerd: names from their files", () => {
  const list = [{ id: ID, image: "1f2e", metadata: '{"image-name":"docker.io/library/a:1"}' }];
  assert.equal(podmanImage(JSON.stringify(list), ID), "docker.io/library/a:1");
  assert.equal(podmanImage(JSON.stringify(list), OTHER), undefined);
  const config = { annotations: { "io.kubernetes.cri.image-name": "r.example/b:2" } };
  assert.equal(criImage(JSON.stringify(config)), "r.example/b:2");
  assert.equal(criImage("{}"), undefined);
});

Deno.test("a container is asked for once, remembered, and asked for again when there was no answer", () => {
  let now = 0;
  const asked: [ContainerId, (image: string | undefined) => void][] = [];
  const images = new ContainerImages((container, done) => asked.push([container, done]), () => now);
  const path = `/docker/${ID}`;
  assert.equal(images.imageOf("/user.slice"), undefined);
  assert.equal(asked.length, 0);
  assert.equal(images.imageOf(path), undefined);
  assert.equal(images.imageOf(path), undefined);
  assert.equal(asked.length, 1);
  asked[0]![1](undefined);
  assert.equal(images.imageOf(path), undefined);
  assert.equal(asked.length, 1);
  now = 1000;
  images.imageOf(path);
  asked[1]![1]("a:1");
  now = 1e9;
  assert.equal(images.imageOf(path), "a:1");
  assert.equal(asked.length, 2);
});

/** Runs the loop until there is an answer. */
function ask(path: string, now: () => number = bootMillis): string | undefined | "none" {
  using epoll = new Epoll();
  const client = new DockerClient(epoll, path);
  let image: string | undefined | "none" = "none";
  client.ask({ engine: "docker", id: ID }, (found) => image = found);
  while (client.waiting) {
    epoll.wait(10);
    client.expire(now());
  }
  return image;
}

Deno.test("a Docker that is not there, or never answers, has no name and blocks nobody", async () => {
  assert.equal(ask("/run/egress-test-nothing.sock"), undefined);
  const folder = await Deno.makeTempDir();
  const path = `${folder}/d.sock`;
  const listener = Deno.listen({ transport: "unix", path });
  assert.equal(ask(path, () => bootMillis() + 1000), undefined);
  listener.close();
  await Deno.remove(folder, { recursive: true });
});
