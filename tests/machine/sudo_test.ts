/** sudo under guard, with the real sudo: taken away, given back, logged, and put back to the byte. */

import assert from "node:assert/strict";
import { readLog } from "../support/run.ts";
import { logOf, type MachineScene, machineSuite } from "../support/machine_suite.ts";

const test = machineSuite();
const POLICY = "site.test\n";

/** A runner user as GitHub's machines have it. */
async function addRunner(s: MachineScene): Promise<void> {
  const { code, stderr } = await s.machine.sh(`
    set -e
    echo 'runner:x:1001:1001::/home/runner:/bin/bash' >> /etc/passwd
    echo 'runner:x:1001:' >> /etc/group
    echo 'runner:*:19000:0:99999:7:::' >> /etc/shadow
    mkdir -p /home/runner
    printf 'runner ALL=(ALL) NOPASSWD: ALL\\n# mine\\n' > /etc/sudoers.d/runner
    # Not as visudo would have it, and yet valid; other files may be as they like.
    chmod 644 /etc/sudoers.d/runner
    echo nonsense > /etc/sudoers.d/broken`);
  assert.equal(code, 0, stderr);
}

const asRunner = (s: MachineScene, command: string) =>
  s.machine.sh(
    `cd /home/runner; exec setpriv --reuid 1001 --regid 1001 --clear-groups -- ${command}`,
  );

/** Asks the control socket as root. */
async function order(s: MachineScene, op: string): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await s.machine.run(
    "/usr/bin/python3",
    "-c",
    `import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("/run/egress/control.sock")
s.sendall(b'{"op":"%s"}\\n' % sys.argv[1].encode())
print(s.makefile().readline())`,
    op,
  );
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

test("sudo is taken from the runner user, given and taken on order, and put back", async (s) => {
  await addRunner(s);
  const before = await s.state();
  assert.equal((await asRunner(s, "sudo -n id -u")).stdout, "0\n");
  const started = await s.guard(POLICY);
  assert.match(started.stdout, /sudo disabled/);
  const refused = await asRunner(s, "sudo -n id -u");
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /password is required|not allowed|may not run/);
  // Nobody else reads what it was.
  assert.notEqual((await asRunner(s, "cat /run/egress/*/undo/sudoers")).code, 0);

  assert.equal((await order(s, "enable-sudo")).sudo, "allowed");
  assert.equal((await asRunner(s, "sudo -n id -u")).stdout, "0\n");
  assert.equal((await order(s, "disable-sudo")).sudo, "disabled");
  assert.notEqual((await asRunner(s, "sudo -n id -u")).code, 0);

  const stopped = await s.machine.egress("stop");
  assert.equal(stopped.code, 0, stopped.stderr);
  assert.equal(await s.state(), before);
  assert.equal((await asRunner(s, "sudo -n id -u")).stdout, "0\n");
  const log = await readLog(logOf(s));
  const sudo = log.filter((e) => e.type === "sudo");
  assert.deepEqual(sudo.map((e) => [e.policy, e.cmdline?.slice(1)]), [
    ["deny", ["-u"]],
    ["allow", ["-u"]],
    ["deny", ["-u"]],
  ]);
  assert.ok(log.some((e) => e.type === "control" && /^enable-sudo by/.test(e.message ?? "")));
});

test("allowed sudo is logged: who, where, what", async (s) => {
  await addRunner(s);
  await s.guard(POLICY, "--allow-sudo");
  const long = "x".repeat(60);
  await asRunner(s, `sudo -n -u nobody /bin/echo 'two words' ${long} ${long} end`);
  assert.equal((await s.machine.egress("stop")).code, 0);
  const event = (await readLog(logOf(s))).find((e) => e.type === "sudo");
  assert.equal(event?.policy, "allow");
  assert.deepEqual(event?.cmdline, ["/bin/echo", "two words", long, long, "end"]);
  assert.equal(event?.exe, "/bin/echo");
  assert.equal(event?.pwd, "/home/runner");
  assert.equal(event?.target_user, "nobody");
  assert.equal(event?.message, "by runner");
});
