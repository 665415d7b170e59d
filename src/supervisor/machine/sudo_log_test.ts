import assert from "node:assert/strict";
import { sudoEvent, SudoLog } from "./sudo_log.ts";

const NOW = new Date("2026-03-01T00:00:00Z");
const read = (text: string) => {
  const log = new SudoLog();
  return [...log.push(text), ...log.flush()].map((entry) => sudoEvent(entry, NOW));
};

Deno.test("an entry of a runner is read", () => {
  const [event] = read(
    "Feb 18 10:30:45 : runner : TTY=pts/0 ; PWD=/home/runner ; USER=root ; " +
      "COMMAND=/usr/bin/apt-get install -y curl\n",
  );
  assert.deepEqual(event, {
    ts: "2026-02-18T10:30:45.000Z",
    type: "sudo",
    policy: "allow",
    exe: "/usr/bin/apt-get",
    cmdline: ["/usr/bin/apt-get", "install", "-y", "curl"],
    pwd: "/home/runner",
    target_user: "root",
    message: "by runner",
  });
});

// As sudo 1.9.13 wrote them.
const WRAPPED = `Feb 24 12:44:05 : root : PWD=/tmp/w ; USER=nobody ; COMMAND=/bin/echo a b 'c d'
    tab#011x new#012line ünï
    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    end
Feb 24 12:44:05 : nobody : a password is required ; PWD=/tmp/w ; USER=root ;
    COMMAND=/bin/ls
Feb 24 12:44:06 : root : PWD=/tmp/w/di r ; USER=root ; GROUP=daemon ; ENV=FOO=1
    ; COMMAND=/bin/echo x
`;

Deno.test("wrapped lines are one entry", () => {
  const [echo, refused, group] = read(WRAPPED);
  assert.deepEqual(echo?.cmdline?.slice(0, 6), [
    "/bin/echo",
    "a",
    "b",
    "c d",
    "tab#011x",
    "new#012line",
  ]);
  assert.equal(echo?.cmdline?.at(-1), "end");
  assert.equal(echo?.cmdline?.length, 9);
  assert.equal(refused?.policy, "deny");
  assert.equal(refused?.message, "by nobody; refused: a password is required");
  assert.deepEqual(refused?.cmdline, ["/bin/ls"]);
  assert.equal(group?.pwd, "/tmp/w/di r");
  assert.deepEqual(group?.cmdline, ["/bin/echo", "x"]);
});

Deno.test("masked fields are left out, masked arguments stay", () => {
  const [event] = read(
    "Feb 18 10:30:45 : runner : TTY=*** ; PWD=*** ; USER=*** ; COMMAND=/usr/bin/curl *** x\n",
  );
  assert.equal(event?.pwd, undefined);
  assert.equal(event?.target_user, undefined);
  assert.deepEqual(event?.cmdline, ["/usr/bin/curl", "***", "x"]);
});

Deno.test("the year is this one, or the last one for a date to come", () => {
  const [last, own] = read(
    "Dec 31 23:59:59 : r : USER=root ; COMMAND=/bin/a\nDec 31 23:59:59 2019 : r : USER=root ; COMMAND=/bin/a\n",
  );
  assert.equal(last?.ts, "2025-12-31T23:59:59.000Z");
  assert.equal(own?.ts, "2019-12-31T23:59:59.000Z");
});

Deno.test("a folder that pretends to be fields does not hide what was run", () => {
  const [event] = read(
    "Feb 18 10:30:45 : r : PWD=/tmp/x ; USER=nobody ; COMMAND=/bin/true ; USER=root ; COMMAND=/bin/sh\n",
  );
  assert.match(event!.message!, /more than one reading: .*COMMAND=\/bin\/sh$/);
});

Deno.test("an entry is complete when the next one begins, or nothing follows", () => {
  const log = new SudoLog();
  assert.deepEqual(log.push("Feb 18 10:30:45 : r : USER=root ;"), []);
  assert.deepEqual(log.push(" COMMAND=/bin/a\n    b"), []);
  assert.deepEqual(log.push("\n"), []);
  assert.deepEqual(log.flush(), ["Feb 18 10:30:45 : r : USER=root ; COMMAND=/bin/a b"]);
  assert.deepEqual(log.flush(), []);
});
