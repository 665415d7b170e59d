import assert from "node:assert/strict";
import { EgressError } from "./errors.ts";
import { type Machine, parseProbe, requireMachine } from "./machine.ts";

const OUTPUT = `uid 0
cgroup /user.slice/a b
mount 40 30 0:37 /sub /other rw,relatime - cgroup2 cgroup2 rw
mount 40 30 0:37 / /sys/fs/with\\040blank rw,relatime shared:9 - cgroup2 cgroup2 rw
netns 4026531840
lo-up
bundle /etc/ssl/certs/ca-certificates.crt
`;

Deno.test("the probe's lines become facts; a cgroup2 mount that shows only a part does not count", () => {
  assert.deepEqual(parseProbe(OUTPUT), {
    uid: 0,
    cgroup: "/user.slice/a b",
    cgroupRoot: "/sys/fs/with blank",
    netns: "4026531840",
    caBundle: "/etc/ssl/certs/ca-certificates.crt",
    missingTools: [],
    btf: true,
    loopbackUp: true,
  });
});

Deno.test("a machine that cannot run egress is refused with the missing thing named", () => {
  const refused = (change: Partial<Machine>, message: RegExp) =>
    assert.throws(
      () => requireMachine({ ...parseProbe(OUTPUT), ...change }),
      (error: unknown) =>
        error instanceof EgressError && message.test(error.message) && !!error.hint,
    );
  requireMachine(parseProbe(OUTPUT));
  refused({ uid: 1000 }, /needs root/);
  refused({ missingTools: ["iptables-restore"] }, /iptables-restore/);
  refused({ btf: false }, /BTF/);
  refused({ loopbackUp: false }, /loopback interface is down/);
  refused({ cgroup: "" }, /cgroup v2/);
  refused({ cgroup: "/../x" }, /cgroup namespace/);
});
