import assert from "node:assert/strict";
import { type NetfilterSpec, rulesOn } from "./netfilter.ts";
import { RULES_OUT } from "./scripts.ts";

/** Drawn anew, so that two test runs do not meet in the cgroup tree. */
const ID = crypto.randomUUID().slice(0, 8);

const SPEC: NetfilterSpec = {
  id: ID,
  scope: { cgroup: `egress-${ID}/scope` },
  queue: 4242,
  marks: { allow: 101, deny: 102, dns: 103, container: 104, inside: 105 },
  frontPort: 40001,
  dnsPort: 40002,
  stubs: ["127.0.0.53"],
};

/**
 * Puts the rules into a fresh network namespace with the scope's cgroup there, prints the tables, takes the
 * rules out as a run does, and prints the tables again.
 */
async function inAndOut(backend: "nft" | "legacy", spec = SPEC): Promise<string[]> {
  const script = `
    set -e
    root=$(sed -n 's/^[^ ]* [^ ]* [^ ]* \\/ \\([^ ]*\\) .* - cgroup2 .*/\\1/p' /proc/self/mountinfo | head -n 1)
    cg=$root/egress-${ID}
    bin=$(mktemp -d)
    mkdir -p "$cg/scope"
    trap 'rmdir "$cg/scope" "$cg"; rm -r "$bin"' EXIT
    for tool in iptables iptables-save iptables-restore; do
      ln -s "$(command -v iptables-${backend}\${tool#iptables})" "$bin/$tool"
    done
    export PATH=$bin:$PATH
    iptables -A OUTPUT -d 192.0.2.1 -j ACCEPT
    printf %s "$1" | iptables-restore -w 5 --noflush
    iptables-save
    echo ==
    /bin/sh -c "$2" egress ${ID}
    iptables-save
  `;
  const out = await new Deno.Command("unshare", {
    args: ["--net", "/bin/bash", "-c", script, "test", rulesOn(spec), RULES_OUT],
  }).output();
  const text = new TextDecoder();
  assert.equal(out.code, 0, text.decode(out.stderr));
  return text.decode(out.stdout).split("==\n");
}

Deno.test("the rules go in and out, leave others' rules, with both backends", async () => {
  for (const backend of ["nft", "legacy"] as const) {
    const [on, off] = await inAndOut(backend);
    assert.ok(on!.includes(`-A EGRESS-${ID}-N -p tcp -j REDIRECT --to-ports 40001`));
    assert.ok(on!.includes(`-A EGRESS-${ID}-M -p udp -j NFQUEUE --queue-num 4242\n`));
    assert.doesNotMatch(on!, /bypass/, "a queue that nobody reads must not be open");
    assert.match(
      on!,
      new RegExp(`-A OUTPUT -m cgroup --path "?egress-${ID}/scope"? -j EGRESS-${ID}-N`),
    );
    assert.doesNotMatch(off!, /EGRESS/);
    assert.match(off!, /-A OUTPUT -d 192\.0\.2\.1\/32 -j ACCEPT/);
  }
});

Deno.test("a whole machine's rules go in and out, with both backends, and cover every process", async () => {
  const spec: NetfilterSpec = {
    ...SPEC,
    scope: { allBut: `egress-${ID}/scope`, bridges: ["docker+", "br-+"] },
  };
  for (const backend of ["nft", "legacy"] as const) {
    const [on, off] = await inAndOut(backend, spec);
    for (const chain of ["M", "N", "F"]) {
      assert.ok(on!.includes(`-A OUTPUT -j EGRESS-${ID}-${chain}\n`), chain);
      // The first rule of each: the roles are left alone.
      const first = on!.split("\n").find((line) => line.startsWith(`-A EGRESS-${ID}-${chain} `));
      assert.match(first!, new RegExp(`-m cgroup --path "?egress-${ID}/scope"? -j RETURN`));
    }
    assert.ok(on!.includes(`-A FORWARD -j EGRESS-${ID}-C\n`));
    assert.equal(on!.split(`-A PREROUTING -j EGRESS-${ID}-C\n`).length, 3);
    assert.match(on!, new RegExp(`-A EGRESS-${ID}-C -d 127\\.0\\.0\\.0/8 -j DROP`));
    assert.doesNotMatch(off!, /EGRESS/);
    assert.match(off!, /-A OUTPUT -d 192\.0\.2\.1\/32 -j ACCEPT/);
  }
});

Deno.test("no rule drops what the gate would report", () => {
  assert.doesNotMatch(rulesOn(SPEC), /-j DROP(?!\n-A)|icmp-admin-prohibited/);
  assert.match(rulesOn(SPEC), /! --syn -j REJECT/);
});

Deno.test("the jump is each table's last command: no packet meets a chain that is half made", () => {
  const machine: NetfilterSpec = { ...SPEC, scope: { allBut: "roles", bridges: [] } };
  for (
    const part of (rulesOn(SPEC) + rulesOn(machine)).split("COMMIT").filter((p) => p.includes("*"))
  ) {
    const commands = part.trim().split("\n");
    assert.match(commands.at(-1)!, /^-I (OUTPUT|FORWARD|PREROUTING) 1 /);
  }
});
