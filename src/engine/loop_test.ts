import assert from "node:assert/strict";
import type { Verdict } from "../protocol/event.ts";
import { encodeFrame, FrameDecoder, FrameError, FrameKind } from "../protocol/frame.ts";
import { EngineLoop } from "./loop.ts";

/** Sends requests in one piece and returns the bodies of the answers, in order. */
function ask(loop: EngineLoop, ...bodies: unknown[]): unknown[] {
  const decoder = new FrameDecoder();
  return bodies.flatMap((body, id) => loop.push(encodeFrame(FrameKind.request, id, body)))
    .flatMap((bytes) => decoder.push(bytes))
    .map((frame, id) => {
      assert.deepEqual([frame.id, frame.kind], [id, FrameKind.response]);
      return frame.body;
    });
}

const policy = { text: "a.com\n\nb.com:22", audit: false, prelude: "127.0.0.53:53/udp\n" };
const handshake = { type: "https", dst_ip: "192.0.2.1", dst_port: 443, host: "a.com" };

Deno.test("nothing is allowed before a policy is loaded", () => {
  const [verdict, lookup] = ask(
    new EngineLoop(),
    { op: "judge", event: handshake, now: 0 },
    { op: "lookup", answer: { name: "a.com", ips: [], ttl: 1 }, now: 0 },
  );
  const { policy, pass, reason } = verdict as Verdict;
  assert.deepEqual([policy, pass, reason], ["deny", false, "unavailable"]);
  assert.deepEqual(lookup, { error: "no policy has been loaded" });
});

Deno.test("rules of the prelude come first and stand in no line of the user's text", () => {
  const dns = { type: "dns", dst_ip: "127.0.0.53", dst_port: 53, name: "b.com" };
  const answers = ask(
    new EngineLoop(),
    { op: "load", policy },
    { op: "judge", event: handshake, now: 0 },
    { op: "judge", event: dns, now: 0 },
    { op: "lookup", answer: { name: "b.com", ips: ["192.0.2.1"], ttl: 60 }, now: 0 },
    { op: "judge", event: { ...handshake, type: "tcp", host: undefined, dst_port: 22 }, now: 1 },
    { op: "judge", event: { type: "udp", dst_ip: "127.0.0.53", dst_port: 53 }, now: 1 },
    { op: "ping" },
  );
  const seen = answers.map((answer) => {
    const { rule, rule_text, rule_line } = answer as Verdict;
    return [rule, rule_text, rule_line];
  });
  assert.deepEqual(seen, [
    [undefined, undefined, undefined],
    [1, "a.com", 1],
    [2, "b.com:22", 3],
    [undefined, undefined, undefined],
    [2, "b.com:22", 3],
    [0, "127.0.0.53:53/udp", undefined],
    [undefined, undefined, undefined],
  ]);
  assert.deepEqual(answers[6], { ok: true });
});

Deno.test("a policy with errors is refused, the one before stays; audit takes it", () => {
  const loop = new EngineLoop();
  const bad = { ...policy, text: "a.com\ngithub.*\n" };
  const [, refused, verdict, audit, after] = ask(
    loop,
    { op: "load", policy },
    { op: "load", policy: bad },
    { op: "judge", event: handshake, now: 0 },
    { op: "load", policy: { ...bad, audit: true } },
    { op: "judge", event: { ...handshake, host: "x.com" }, now: 0 },
  );
  assert.match((refused as { error: string }).error, /2:1: .*wildcard/);
  assert.equal((verdict as Verdict).pass, true);
  assert.deepEqual(audit, { ok: true });
  assert.deepEqual([(after as Verdict).policy, (after as Verdict).pass], ["deny", true]);
});

Deno.test("default attributes and placeholders", () => {
  const defaultAttrs = { cgroup: { text: "/runner", literal: false } };
  const text = "https://h.com/{owner}\nb.com:22 cgroup=@host";
  const request = { type: "http", dst_ip: "192.0.2.1", dst_port: 443, url: "https://h.com/octo" };
  const [, other, own] = ask(
    new EngineLoop(),
    { op: "load", policy: { ...policy, text, repository: "octo/cat", defaultAttrs } },
    { op: "judge", event: request, now: 0 },
    { op: "judge", event: { ...request, cgroup: "/runner" }, now: 0 },
  );
  assert.equal((other as Verdict).pass, false);
  assert.equal((own as Verdict).pass, true);
});

Deno.test("requests that cannot be served are answered", () => {
  const requests = [
    null,
    7,
    [],
    {},
    { op: "nope" },
    { op: "judge", event: handshake },
    { op: "judge", event: handshake, now: "x" },
    { op: "load" },
    { op: "load", policy: { ...policy, text: 7 } },
    { op: "load", policy: { ...policy, audit: 0 } },
    { op: "load", policy: { ...policy, prelude: null } },
    { op: "load", policy: { ...policy, repository: 7 } },
    { op: "load", policy: { ...policy, defaultAttrs: { exe: "x" } } },
  ];
  const loop = new EngineLoop();
  const [loaded, ...answers] = ask(loop, { op: "load", policy }, ...requests);
  assert.deepEqual(loaded, { ok: true });
  for (const answer of answers) assert.ok((answer as { error?: string }).error);
  const [odd] = ask(loop, { op: "judge", event: null, now: 0 });
  assert.equal((odd as Verdict).reason, "malformed");
});

Deno.test("events are no requests, and bytes that are no frames are an error", () => {
  const loop = new EngineLoop();
  assert.deepEqual(loop.push(encodeFrame(FrameKind.event, 1, { op: "ping" })), []);
  assert.throws(() => loop.push(new Uint8Array([0, 0, 0, 1, 0])), FrameError);
});
