import assert from "node:assert/strict";
import { encodeFrame, FrameDecoder, FrameKind } from "../protocol/frame.ts";
import { ROLES } from "../protocol/roles.ts";

const root = new URL("../../", import.meta.url);
const context = { kernelSocket: "/nowhere", supervisorSocket: "/nowhere", insecureSocket: "" };

/** Starts a module as the engine role is started. */
function start(entry: string, stdin: "piped" | "null"): Deno.ChildProcess {
  const flags = [...ROLES.engine.allow(context), ...ROLES.engine.flags];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...flags, entry],
    cwd: root,
    stdin,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("the engine role answers over its stdin and stdout", async () => {
  const child = start(ROLES.engine.entry, "piped");
  const policy = { text: "a.com", audit: false, prelude: "" };
  const event = { type: "https", dst_ip: "192.0.2.1", dst_port: 443, host: "a.com" };
  const writer = child.stdin.getWriter();
  for (const [id, body] of [{ op: "load", policy }, { op: "judge", event, now: 1 }].entries()) {
    await writer.write(encodeFrame(FrameKind.request, id, body));
  }
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const bodies = new FrameDecoder().push(stdout).map((frame) => frame.body);
  assert.deepEqual(bodies[0], { ok: true });
  assert.equal((bodies[1] as { rule_text: string }).rule_text, "a.com");
  assert.equal(code, 0, new TextDecoder().decode(stderr));
});

Deno.test("the engine role ends with a reason when its input is no frames", async () => {
  const child = start(ROLES.engine.entry, "piped");
  const writer = child.stdin.getWriter();
  await writer.write(new Uint8Array(8));
  await writer.close();
  const { code, stderr } = await child.output();
  assert.equal(code, 1);
  assert.match(new TextDecoder().decode(stderr), /fd 0 carries no frames/);
});

Deno.test("what the engine role runs with grants nothing", async () => {
  const { code, stdout, stderr } = await start("src/engine/testing/grabber.ts", "null").output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const attempts: Record<string, string> = JSON.parse(new TextDecoder().decode(stdout));
  assert.deepEqual(attempts, {
    read: "NotCapable",
    write: "NotCapable",
    net: "NotCapable",
    listen: "NotCapable",
    run: "NotCapable",
    env: "NotCapable",
    ffi: "NotCapable",
    sys: "NotCapable",
  });
});
