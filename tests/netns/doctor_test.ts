/** `egress doctor`: what it says of a machine on which everything else here is tested, and that it can fail. */

import assert from "node:assert/strict";
import { targetOf } from "../../src/doctor/attack/sink.ts";
import { EGRESS } from "../support/run.ts";

function doctor(...args: string[]) {
  return command(EGRESS, "doctor", ...args);
}

async function command(file: string, ...args: string[]) {
  const child = new Deno.Command(file, {
    args,
    stdout: "piped",
    stderr: "piped",
  })
    .spawn();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { pid: child.pid, code, out: text(stdout), err: text(stderr) };
}

Deno.test("doctor: this machine can run egress, and the table says what it saw", async () => {
  const { code, out, err } = await doctor("--json");
  assert.equal(code, 0, out + err);
  const { ok, checks } = JSON.parse(out);
  assert.ok(ok);
  const trial = checks.find(({ name }: { name: string }) => name === "egress run");
  assert.match(trial.found, /^starts and ends in \d+ ms$/);
});

Deno.test("doctor --attack: nothing gets through; with a hole in the policy one does, and doctor fails", async () => {
  const name = "UDP to an address";
  const [whole, holed] = await Promise.all([
    doctor("--attack", "--json"),
    // The address of the second attack of the list.
    doctor("--attack", "--json", "--hole", `${targetOf(1).v4}:9000/udp`),
  ]);
  const passed = (out: string) =>
    JSON.parse(out).attacks.filter(({ result }: { result: string }) => result !== "blocked");
  assert.deepEqual(passed(whole.out), [], whole.err);
  assert.equal(whole.code, 0);
  assert.deepEqual(passed(holed.out), [{ name, result: "passed", root: false }], holed.err);
  assert.equal(holed.code, 1);
  const namespaces = [...Deno.readDirSync("/run/netns")].map((entry) => entry.name);
  for (const { pid } of [whole, holed]) {
    assert.deepEqual(namespaces.filter((one) => one.startsWith(`egdemo-${pid}-`)), []);
  }
});

Deno.test("doctor --attack --machine: where nothing guards the machine every attack gets through", async () => {
  const script = 'ip link set lo up && "$0" doctor --attack --machine --json; ip -o link; ip route';
  const { out, err } = await command("unshare", "--net", "sh", "-c", script, EGRESS);
  const [report, ...left] = out.split("\n");
  const { ok, attacks } = JSON.parse(report!);
  assert.equal(ok, false, err);
  assert.ok(attacks.length > 20);
  const held = attacks.filter(({ result }: { result: string }) => result !== "passed");
  assert.deepEqual(held, [], err);
  assert.equal(left.filter((line) => !line.includes(": lo:")).join(""), "", "left behind");
});

Deno.test("doctor: wrong arguments are told", async () => {
  for (
    const [args, said] of [
      [["--hole", "a.test"], /--hole goes with --attack/],
      [["--attack", "--hole", "*:99999"], /--hole is no rule/],
      [["--machine"], /--machine goes with --attack/],
      [["--attack", "--machine", "--hole", "a.test"], /--hole is for egress run/],
      [["--atack"], /did you mean --attack/],
      [["x"], /unexpected argument x/],
    ] as const
  ) {
    const { code, err } = await doctor(...args);
    assert.equal(code, 2, err);
    assert.match(err, said);
  }
});
