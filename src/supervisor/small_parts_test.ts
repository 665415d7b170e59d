import assert from "node:assert/strict";
import { CA_VARIABLES } from "../protocol/mod.ts";
import { mergeBundles, withCaVariables } from "./ca_bundle.ts";
import { CrashBudget } from "./crash_budget.ts";
import { EgressError } from "./errors.ts";
import { LeafStore } from "./leaf_store.ts";
import { findAccount } from "./passwd.ts";
import { proxyCount } from "./proxy_group.ts";
import { loopbackStubs, nameservers } from "./resolv_conf.ts";
import { drawIdentity } from "./run_spec.ts";

Deno.test("the merged bundle has the run's CA first and no text twice", () => {
  assert.equal(mergeBundles("OWN", ["SYSTEM\n", "", "SYSTEM\n"]), "OWN\nSYSTEM\n");
});

Deno.test("every CA variable points to the bundle, other variables stay", () => {
  const env = withCaVariables({ PATH: "/bin", SSL_CERT_FILE: "/other" }, "/b");
  assert.equal(env["PATH"], "/bin");
  for (const name of CA_VARIABLES) assert.equal(env[name], "/b");
});

Deno.test("an account is found by name and by number, and its absence is told", () => {
  const passwd = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:100:Ann:/home/ann:/bin/zsh\nbroken\n";
  const ann = { name: "ann", uid: 1000, gid: 100, home: "/home/ann", shell: "/bin/zsh" };
  assert.deepEqual(findAccount(passwd, "ann"), ann);
  assert.deepEqual(findAccount(passwd, "1000"), ann);
  assert.throws(() => findAccount(passwd, "bob"), EgressError);
});

Deno.test("nameservers are IPv4 addresses only; loopback ones and resolved's stubs are egress", () => {
  const servers = nameservers(
    "# nameserver 9.9.9.9\nnameserver 192.0.2.53\n nameserver\t127.0.0.1 \nnameserver ::1\nnameserver 1.2.3\nnameserver 192.0.2.53\n",
  );
  assert.deepEqual(servers, ["192.0.2.53", "127.0.0.1"]);
  assert.deepEqual(loopbackStubs(servers), ["127.0.0.53", "127.0.0.54", "127.0.0.1"]);
});

Deno.test("a run's cgroup lies below its caller's, and its marks differ and are never 0", () => {
  for (let i = 0; i < 200; i++) {
    const identity = drawIdentity("00000001", "/a/b");
    assert.equal(identity.cgroup, "/a/b/egress-00000001");
    assert.equal(new Set([0, ...Object.values(identity.marks)]).size, 6);
    assert.ok(identity.queue > 0 && identity.queue < 65536);
  }
  assert.equal(drawIdentity("00000001", "/").cgroup, "/egress-00000001");
});

Deno.test("a role that crashes over and over is given up, old crashes are forgotten", () => {
  const budget = new CrashBudget();
  const pauses = Array.from({ length: 8 }, (_, i) => budget.spend(1000 + i));
  assert.deepEqual(pauses, [0, 25, 50, 100, 200, 400, 800, 1600]);
  assert.equal(budget.spend(2000), undefined);
  assert.equal(budget.spend(70_000), 0);
});

Deno.test("one to a core, but no fewer than two proxies and no more than four", () => {
  assert.deepEqual([1, 2, 3, 4, 64].map(proxyCount), [2, 2, 3, 4, 4]);
});

Deno.test("of two leaves for a host the first counts, until it is due; the oldest is forgotten", () => {
  const store = new LeafStore(2);
  const first = { host: "a.example", cert: "1", from: 1, until: 10 };
  const second = { ...first, cert: "2", until: 20 };
  assert.equal(store.settle(first, 1), first);
  assert.equal(store.settle(second, 9), first);
  assert.equal(store.settle(second, 10), second);
  // The clock was set back: a leaf of later than now is shown by nobody.
  assert.equal(store.settle(first, 0), first);
  store.settle({ ...first, host: "b.example" }, 0);
  store.settle({ ...first, host: "c.example" }, 0);
  assert.deepEqual([...store.values()].map(({ host }) => host), ["b.example", "c.example"]);
});
