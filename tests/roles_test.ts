/** Each role runs with the permissions of its row and can do no more. */
import assert from "node:assert/strict";
import { type Role, ROLES } from "../src/protocol/mod.ts";

/** One attempt a kind of permission, tried inside a process with a role's very flags. */
const ATTEMPTS = `
const tries = {
  read: () => Deno.readTextFileSync("/etc/passwd"),
  write: () => Deno.writeTextFileSync("/tmp/egress-role-must-not-write", ""),
  run: () => new Deno.Command("/bin/true").outputSync(),
  env: () => Deno.env.toObject(),
  net: () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
  ffi: () => Deno.dlopen("libc.so.6", { getpid: { parameters: [], result: "i32" } }).close(),
  sys: () => Deno.hostname(),
};
const can = [];
for (const [name, attempt] of Object.entries(tries)) {
  try { attempt(); can.push(name); } catch (error) { if (!(error instanceof Deno.errors.NotCapable)) throw error; }
}
console.log(JSON.stringify(can));
`;

const EXPECTED: Record<Role, string[]> = {
  kernel: ["ffi"],
  engine: [],
  proxy: ["net"],
  relay: ["net"],
};

for (const role of Object.keys(ROLES) as Role[]) {
  Deno.test(`the ${role} role can do what its row grants and nothing else`, async () => {
    const row = ROLES[role];
    const file = await Deno.makeTempFile({ suffix: ".js" });
    try {
      await Deno.writeTextFile(file, ATTEMPTS);
      const context = {
        kernelSocket: "/nonexistent/k.sock",
        supervisorSocket: "/nonexistent/s.sock",
        insecureSocket: "/nonexistent/i.sock",
      };
      const out = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--no-prompt",
          "--no-config",
          "--quiet",
          ...row.flags,
          ...row.allow(context),
          file,
        ],
      }).output();
      assert.equal(out.code, 0, new TextDecoder().decode(out.stderr));
      assert.deepEqual(JSON.parse(new TextDecoder().decode(out.stdout)), EXPECTED[role]);
    } finally {
      await Deno.remove(file);
    }
  });
}
