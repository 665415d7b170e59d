import assert from "node:assert/strict";
import { type NetfilterSpec, rulesOff, rulesOff6, rulesOn, rulesOn6 } from "./netfilter.ts";

/** Drawn anew, so that two test runs do not meet in the cgroup tree. */
const ID = crypto.randomUUID().slice(0, 8);

const SPEC: NetfilterSpec = {
  id: ID,
  cgroupPath: `egress-${ID}/scope`,
  queue: 4242,
  marks: { allow: 101, deny: 102, dns: 103 },
  frontPort: 40001,
  dnsPort: 40002,
  stubs: ["127.0.0.53"],
  audit: false,
};

/** Applies rule texts in a fresh network namespace, with the scope's cgroup there, and prints what results. */
async function inNamespace(backend: "nft" | "legacy", texts: { v4: string; v6: string }[]) {
  const script = `
    set -e
    root=$(sed -n 's/^[^ ]* [^ ]* [^ ]* \\/ \\([^ ]*\\) .* - cgroup2 .*/\\1/p' /proc/self/mountinfo | head -n 1)
    cg=$root/${SPEC.cgroupPath.split("/")[0]}
    mkdir -p "$cg/scope"
    trap 'rmdir "$cg/scope" "$cg"' EXIT
    cp4() { iptables-${backend}-save | grep -v '^#' | sed 's/\\[.*\\]//' ; ip6tables-${backend}-save | grep -v '^#' | sed 's/\\[.*\\]//'; }
    iptables-${backend} -A OUTPUT -d 192.0.2.1 -j ACCEPT
    ${
    texts.map(({ v4, v6 }) => `
      iptables-${backend}-restore -w 5 --noflush <<'EOF'
${v4}EOF
      ip6tables-${backend}-restore -w 5 --noflush <<'EOF'
${v6}EOF
      echo ==; cp4`).join("\n")
  }
  `;
  const out = await new Deno.Command("unshare", {
    args: ["--net", "/bin/bash", "-c", script],
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  assert.equal(out.code, 0, text.decode(out.stderr));
  return text.decode(out.stdout).split("==\n").slice(1);
}

Deno.test("the rules go in and out in one transaction each, leave others' rules, with both backends", async () => {
  for (const backend of ["nft", "legacy"] as const) {
    const [on, off] = await inNamespace(backend, [
      { v4: rulesOn(SPEC), v6: rulesOn6(SPEC) },
      { v4: rulesOff(SPEC), v6: rulesOff6(SPEC) },
    ]);
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

Deno.test("audit mode rejects nothing but what was judged and denied", () => {
  const audit = rulesOn({ ...SPEC, audit: true });
  assert.doesNotMatch(audit, /icmp-admin-prohibited/);
  assert.match(rulesOn(SPEC), /icmp-admin-prohibited/);
});

Deno.test("the jump is each table's last command: no packet meets a chain that is half made", () => {
  for (const part of rulesOn(SPEC).split("COMMIT").filter((p) => p.includes("*"))) {
    const commands = part.trim().split("\n");
    assert.match(commands.at(-1)!, /^-I OUTPUT 1 /);
  }
});
