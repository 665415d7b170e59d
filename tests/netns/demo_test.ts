/** `egress demo` as a user runs it. */

import assert from "node:assert/strict";
import { EGRESS } from "../support/run.ts";

async function demo(...args: string[]) {
  const output = await new Deno.Command(EGRESS, { args: ["demo", ...args] }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: output.code, stdout: text(output.stdout), stderr: text(output.stderr) };
}

Deno.test("demo: everything is stolen in audit, nothing when enforced, and the install works in both", async () => {
  const { status, stdout, stderr } = await demo("--json");
  const result = JSON.parse(stdout);
  assert.deepEqual(result.wrong, [], stderr);
  assert.equal(status, 0);
  for (const channel of ["https", "http", "dns", "udp", "tcp"]) {
    assert.ok(result.audit.stolen[channel] > 0, `${channel} in audit`);
    assert.equal(result.enforced.stolen[channel], 0, `${channel} when enforced`);
  }
  assert.equal(result.enforced.contacts, 0);
  assert.equal(result.enforced.packets, 0);
  assert.ok(result.audit.packets > 0);
  assert.ok(result.audit.installed && result.enforced.installed);
  assert.ok(result.audit.served > 0 && result.enforced.served > 0);
});

Deno.test("demo: as text it shows both runs and what egress said, without colours off a terminal", async () => {
  const { status, stdout, stderr } = await demo();
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /over HTTPS +npm_\S+ +nothing/);
  assert.match(stdout, /over raw TCP +npm_\S+ +nothing/);
  assert.match(stdout, /egress: \d+ allowed, \d+ blocked/);
  assert.ok(!stdout.includes("\x1b"), "no escape sequences");
});

Deno.test("demo: an unknown argument is named", async () => {
  const { status, stderr } = await demo("--jsn");
  assert.equal(status, 2);
  assert.match(stderr, /--jsn/);
});
