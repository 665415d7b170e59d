import assert from "node:assert/strict";
import { parseExceptions } from "./exceptions.ts";
import type { DockerFacts, SourceFacts } from "./facts.ts";
import { judgeContainer, judgeExec, type Judgement } from "./judge.ts";
import type { JsonObject } from "./json.ts";
import type { Settings } from "./settings.ts";
import { bind, bundle, DATA, GUARD, host } from "./testing/bundle.ts";

interface Extras {
  docker?: Partial<DockerFacts>;
  sources?: Record<string, Partial<SourceFacts>>;
  settings?: Partial<Settings>;
  apparmor?: boolean;
  origin?: "engine" | "buildkit";
}

function judge(change: Parameters<typeof bundle>[0], extras: Extras = {}): Judgement {
  const config = bundle(change);
  const facts = { ...host(extras.sources, config), apparmor: extras.apparmor ?? false };
  const docker = { image: "busybox", capAdd: [], ...extras.docker };
  const engine = { origin: extras.origin ?? "engine" as const, data: DATA };
  return judgeContainer({ config, facts, docker, engine }, { ...GUARD, ...extras.settings });
}

function refused(
  change: Parameters<typeof bundle>[0],
  privilege: string,
  words: RegExp,
  extras?: Extras,
) {
  const { refusal, privileges } = judge(change, extras);
  assert.ok(refusal, `not refused: ${words}`);
  assert.match(refusal, words);
  assert.match(refusal, /To allow it: "allow: /);
  assert.ok(privileges.includes(privilege), `${privileges}`);
}

Deno.test("a container as docker run makes it starts, and its config stays the same object", () => {
  const config = bundle();
  const engine = { origin: "engine" as const, data: DATA };
  const judgement = judgeContainer({ config, facts: host(), engine }, GUARD);
  assert.equal(judgement.json, config);
  assert.deepEqual({ ...judgement, json: 0 }, { json: 0, privileges: [], warnings: [] });
});

Deno.test("what makes a container root of the machine is refused, each with its name", () => {
  refused(
    (c) => c.process.capabilities.bounding!.push("CAP_SYS_PTRACE"),
    "capability",
    /capability SYS_PTRACE/,
  );
  refused((c) => c.process.capabilities.ambient = ["CAP_SYS_MODULE"], "capability", /SYS_MODULE/);
  refused(
    (c) => c.linux.namespaces = c.linux.namespaces.filter((n) => n.type !== "pid"),
    "host-namespace",
    /pid namespace/,
  );
  refused(
    (c) => c.linux.namespaces = c.linux.namespaces.filter((n) => n.type !== "ipc"),
    "host-namespace",
    /ipc namespace/,
  );
  refused(
    (c) => c.linux.namespaces = c.linux.namespaces.filter((n) => n.type !== "cgroup"),
    "host-namespace",
    /cgroup namespace/,
  );
  refused((c) => c.linux.namespaces[3]!.path = "/proc/1/ns/pid", "host-namespace", /pid namespace/);
  refused(
    (c) => c.linux.devices.push({ path: "/dev/vda", type: "b", major: 254, minor: 0 }),
    "device",
    /\/dev\/vda/,
  );
  refused(
    (c) => c.linux.resources.devices.push({ allow: true, type: "b", access: "rwm" }),
    "device",
    /devices b \*:\*/,
  );
  refused((c) => c.linux.seccomp = undefined, "unconfined", /seccomp/);
  refused((c) => c.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW" }, "unconfined", /seccomp/);
  refused((c) => c.linux.readonlyPaths = [], "unconfined", /\/proc\/sys.*systempaths/);
  refused((c) => c.linux.maskedPaths = [], "unconfined", /\/proc\/kcore/);
  refused(() => {}, "unconfined", /AppArmor/, { apparmor: true });
  refused((c) => c.mounts[3]!.options = [], "unconfined", /\/sys\/fs\/cgroup can be written/);
  refused(
    (c) => c.linux.cgroupsPath = "/azure.slice/walinuxagent.service/x",
    "cgroup-parent",
    /azure/,
  );
  refused((c) => c.linux.cgroupsPath = "/docker/../azure.slice/x", "cgroup-parent", /azure/);
});

Deno.test("--privileged is named as that, not by its thirty parts", () => {
  const many = Array.from({ length: 20 }, (_, i) => `CAP_X${i}`);
  const { refusal } = judge((c) => c.process.capabilities.bounding!.push("CAP_SYS_ADMIN", ...many));
  assert.match(refusal!, /--privileged/);
  assert.doesNotMatch(refusal!, /X13/);
});

Deno.test("bind mounts of dangerous places are refused: themselves, ancestors, parts, links", () => {
  for (
    const source of [
      "/",
      "/etc",
      "/var",
      "/etc/sudoers.d",
      "/run/docker.sock",
      "/proc",
      DATA,
      "/root/.ssh",
    ]
  ) {
    refused((c) => c.mounts.push(bind(source, "/x")), "mount", new RegExp(`gets ${source} as /x`));
  }
  const link = { "/home/runner/x": { real: "/", fixed: false } };
  refused((c) => c.mounts.push(bind("/home/runner/x", "/x")), "mount", /holds \/etc/, {
    sources: link,
  });
  const gone = { "/home/x": { real: undefined, problem: "no such file", fixed: false } };
  refused((c) => c.mounts.push(bind("/home/x", "/x")), "mount", /cannot be told \(no such file\)/, {
    sources: gone,
  });
  const socket = { "/srv/d.sock": { kind: "socket" as const, uid: 0 } };
  refused((c) => c.mounts.push(bind("/srv/d.sock", "/x")), "socket", /socket of root/, {
    sources: socket,
  });
  const other = { ...socket["/srv/d.sock"], uid: 1000 };
  assert.equal(
    judge((c) => c.mounts.push(bind("/srv/d.sock", "/x")), { sources: { "/srv/d.sock": other } })
      .refusal,
    undefined,
  );
});

Deno.test("what jobs need is not refused", () => {
  for (const source of ["/home/runner/work", "/tmp/x", "/srv", `${DATA}/volumes/mine/_data`]) {
    assert.equal(judge((c) => c.mounts.push(bind(source, "/x"))).refusal, undefined, source);
  }
  const tz = bind("/etc/localtime", "/etc/localtime", "ro");
  assert.equal(judge((c) => c.mounts.push(tz)).refusal, undefined);
  refused((c) => c.mounts.push(bind("/etc/localtime", "/x")), "mount", /lies in \/etc/);
});

Deno.test("volumes whose options mount something of the machine are seen through", () => {
  const volume =
    (name: string) => (c: Parameters<NonNullable<Parameters<typeof bundle>[0]>>[0]) => {
      c.mounts.push(bind(`${DATA}/volumes/${name}/_data`, "/x"));
    };
  refused(volume("bad"), "mount", /holds \/etc/);
  refused(volume("etc"), "mount", /it is \/etc/);
  refused(volume("over"), "mount", /overlay that the machine itself does not have/);
  assert.equal(judge(volume("good")).refusal, undefined);
  assert.equal(judge(volume("ram")).refusal, undefined);
});

Deno.test("in the machine's network NET_RAW is taken away, and refused if it was asked for", () => {
  const shared = (c: Parameters<NonNullable<Parameters<typeof bundle>[0]>>[0]) => {
    c.linux.namespaces[1]!.path = "/run/docker/netns/default";
  };
  const taken = judge(shared);
  assert.equal(taken.refusal, undefined);
  assert.match(taken.warnings[0]!, /NET_RAW/);
  const { capabilities } = taken.json.process as { capabilities: Record<string, string[]> };
  for (const set of Object.values(capabilities)) assert.ok(!set.includes("CAP_NET_RAW"));
  refused(shared, "host-network", /NET_RAW in the network namespace/, {
    docker: { capAdd: ["NET_RAW"] },
  });
  refused(
    (c) => {
      shared(c);
      c.process.capabilities.effective!.push("CAP_NET_ADMIN");
    },
    "host-network",
    /NET_ADMIN in the network namespace/,
  );
  refused(
    (c) => {
      c.linux.namespaces.splice(1, 1);
    },
    "host-network",
    /NET_RAW/,
    { docker: { capAdd: ["ALL"] } },
  );
  const own = judge((c) => c.linux.namespaces[1]!.path = "/run/docker/netns/1234");
  assert.deepEqual(own.warnings, []);
});

Deno.test("the runner's own mount of Docker's socket is left out, so that container actions start", () => {
  const sources = { "/run/docker.sock": { kind: "socket" as const } };
  const change = (c: Parameters<NonNullable<Parameters<typeof bundle>[0]>>[0]) => {
    c.mounts.push(bind("/run/docker.sock", "/var/run/docker.sock"));
  };
  refused(change, "socket", /docker\.sock/, { sources });
  const { refusal, warnings, json } = judge((c) => {
    change(c);
    c.process.env.push("GITHUB_ACTIONS=true");
  }, { sources });
  assert.equal(refusal, undefined);
  assert.match(warnings[0]!, /left out/);
  assert.ok(!JSON.stringify(json).includes("docker.sock"));
});

Deno.test("exceptions allow what they name, for the image they name", () => {
  const settings = (text: string) => ({ settings: { exceptions: parseExceptions(text) } });
  const add = (c: Parameters<NonNullable<Parameters<typeof bundle>[0]>>[0]) => {
    c.process.capabilities.bounding!.push("CAP_SYS_PTRACE");
    c.mounts.push(bind("/etc", "/x"));
  };
  const both = "allow: capability=SYS_PTRACE image=busybox*\nallow: mount=/etc";
  assert.equal(judge(add, settings(both)).refusal, undefined);
  assert.equal(judge(add, settings("allow: privileged image=busybox:*")).refusal, undefined);
  refused(add, "capability", /SYS_PTRACE/, settings("allow: mount=/etc"));
  refused(add, "mount", /\/etc/, settings("allow: capability"));
  refused(add, "mount", /\/etc/, settings("allow: privileged image=other"));
  const nameless = { ...settings("allow: privileged image=*"), docker: { image: undefined } };
  refused(add, "mount", /\/etc/, nameless);
});

Deno.test("deny lets only excepted images start, off refuses nothing", () => {
  const deny = { settings: { mode: "deny" as const } };
  assert.match(judge(() => {}, deny).refusal!, /no container start \(image busybox\)/);
  const but = {
    settings: {
      mode: "deny" as const,
      exceptions: parseExceptions("allow: privileged image=busybox"),
    },
  };
  assert.equal(judge(() => {}, but).refusal, undefined);
  assert.equal(
    judge((c) => c.mounts.push(bind("/", "/x")), { settings: { mode: "off" } }).refusal,
    undefined,
  );
});

Deno.test("exec: capabilities beyond the container's are refused, what was taken stays taken", () => {
  const process = (...names: string[]): JsonObject => ({
    capabilities: { bounding: names, effective: names },
  });
  const plain = new Set(["CHOWN", "NET_RAW"]);
  assert.equal(judgeExec(process("CAP_CHOWN"), plain, GUARD).refusal, undefined);
  assert.match(
    judgeExec(process("CAP_SYS_PTRACE"), plain, GUARD, "busybox").refusal!,
    /this command in a container \(image busybox\)/,
  );
  assert.equal(
    judgeExec(process("CAP_SYS_PTRACE"), new Set(["SYS_PTRACE"]), GUARD).refusal,
    undefined,
  );
  const { json } = judgeExec(process("CAP_CHOWN", "CAP_NET_RAW"), new Set(["CHOWN"]), GUARD);
  assert.deepEqual(json, process("CAP_CHOWN"));
});
