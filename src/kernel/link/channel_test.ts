import assert from "node:assert/strict";
import { FrameDecoder } from "../../protocol/mod.ts";
import { Epoll } from "../sys/epoll.ts";
import { type Fd, Open, open, read } from "../sys/fd.ts";
import { FrameChannel } from "./channel.ts";

/** Runs a test on two FIFOs: what comes in, and what goes out. */
async function between(test: (epoll: Epoll, input: Fd, output: Fd) => void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "egress-channel-" });
  const fifos = ["in", "out"].map((name) => `${folder}/${name}`);
  await new Deno.Command("mkfifo", { args: fifos }).output();
  const [input, output] = fifos.map((path) => open(path, Open.RDWR | Open.NONBLOCK));
  using epoll = new Epoll();
  try {
    test(epoll, input!, output!);
  } finally {
    input!.close();
    output!.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Bodies of the frames that one read gives. */
function bodies(fd: Fd): unknown[] {
  const chunk = new Uint8Array(65536);
  const size = read(fd.number, chunk) ?? 0;
  return new FrameDecoder().push(chunk.subarray(0, size)).map((frame) => frame.body);
}

const NOTHING = { frame() {}, closed() {} };

Deno.test("frames of one round leave in one write, at its end", async () => {
  await between((epoll, input, output) => {
    const channel = new FrameChannel(epoll, input.number, output.number, 1 << 20, NOTHING, true);
    channel.request(1, "a");
    channel.request(2, "b");
    assert.deepEqual(bodies(output), []);
    epoll.wait(0);
    assert.deepEqual(bodies(output), ["a", "b"]);
    epoll.wait(0);
    assert.deepEqual(bodies(output), []);
  });
});

Deno.test("more than a write takes follows when the peer has read, in order and whole", async () => {
  await between((epoll, input, output) => {
    const channel = new FrameChannel(epoll, input.number, output.number, 1 << 20, NOTHING, true);
    const sent = Array.from({ length: 40 }, (_, at) => `${at}`.padEnd(10_000));
    for (const body of sent) channel.event(body);
    const decoder = new FrameDecoder();
    const got: unknown[] = [];
    const chunk = new Uint8Array(65536);
    for (let round = 0; round < 100 && got.length < sent.length; round++) {
      epoll.wait(0);
      const size = read(output.number, chunk) ?? 0;
      got.push(...decoder.push(chunk.subarray(0, size)).map((frame) => frame.body));
    }
    assert.deepEqual(got, sent);
    assert.equal(channel.backlog, 0);
  });
});

Deno.test("who does not read is given up, and nothing is written after that", async () => {
  await between((epoll, input, output) => {
    const reasons: string[] = [];
    const channel = new FrameChannel(epoll, input.number, output.number, 100, {
      frame() {},
      closed: (reason) => reasons.push(reason),
    }, true);
    channel.event("x".repeat(60));
    channel.event("y".repeat(60));
    epoll.wait(0);
    assert.deepEqual(reasons, ["the peer does not read"]);
    assert.deepEqual(bodies(output), []);
  });
});

Deno.test("a channel that does not gather writes at once", async () => {
  await between((epoll, input, output) => {
    const channel = new FrameChannel(epoll, input.number, output.number, 1 << 20, NOTHING);
    channel.event("now");
    assert.deepEqual(bodies(output), ["now"]);
  });
});
