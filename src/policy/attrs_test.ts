import assert from "node:assert/strict";
import type { ProcessInfo } from "../protocol/event.ts";
import { compileAttrs } from "./attrs.ts";
import { parsePolicy } from "./parse.ts";

function fits(attr: string, process: ProcessInfo): boolean {
  const { rules } = parsePolicy(`a.example ${attr}`);
  assert.equal(rules.length, 1, attr);
  return compileAttrs(rules[0]!.attrs).every((test) => test.matches(process));
}

Deno.test("values: stars, literals and everything else as it stands", () => {
  assert.ok(fits("exe=/usr/*/node", { exe: "/usr/local/lib/\n/node" }));
  assert.ok(!fits('exe="/usr/*/node"', { exe: "/usr/x/node" }));
  assert.ok(fits('exe="/usr/*/node"', { exe: "/usr/*/node" }));
  assert.ok(fits("exe=`/a b/*`", { exe: "/a b/" }));
  assert.ok(!fits("exe=/a?[b", { exe: "/axb" }));
  assert.ok(fits("exe=/a?[b", { exe: "/a?[b" }));
  assert.ok(!fits("exe=/A", { exe: "/a" }));
  assert.ok(!fits("exe=*a*ab", { exe: "ab" }));
  assert.ok(fits("exe=*a*ab", { exe: "aab" }));
  assert.ok(!fits("exe=/a", { exe: "/ab" }));
});

Deno.test("arguments", () => {
  const cmdline = ["node", "", "--x=1"];
  assert.ok(fits("arg=--x=*", { cmdline }));
  assert.ok(fits("arg[0]=node arg[2]=*", { cmdline }));
  assert.ok(fits('arg[1]=""', { cmdline }));
  assert.ok(!fits("arg[3]=*", { cmdline }));
  assert.ok(!fits("arg[1]=node", { cmdline }));
  assert.ok(!fits("arg=*", { cmdline: [] }));
});

Deno.test("what is not known matches nothing", () => {
  for (const attr of ["exe=*", "step=*", "action=*", "cgroup=*", "cgroup=@host", "image=*"]) {
    const odd = { exe: null, step: 7, action: "", cgroup: undefined, image: {} };
    assert.ok(!fits(attr, odd as unknown as ProcessInfo), attr);
  }
  assert.ok(!compileAttrs({ user: { text: "*", literal: false } })[0]!.matches({}));
});

Deno.test("cgroup keywords", () => {
  const id = "0123456789abcdef";
  const docker = [`/docker/${id}`, `/docker/${id}/init`, `/system.slice/docker-${id}.scope`];
  const runtime = [
    ...docker,
    "/docker/buildkit/xyz",
    `/kubepods.slice/kubepods-pod1.slice/cri-containerd-${id}.scope`,
    `/kubepods/burstable/pod1/${id}`,
    `/machine.slice/libpod-${id}.scope`,
    "/system.slice/containerd.service",
    `/system.slice/crio-${id}.scope`,
  ];
  const host = ["/", "/system.slice/hosted-compute-agent.service", "/user.slice/mydockers.service"];
  const near = [
    `/docker/xyz`,
    "/docker/",
    `/a/docker/${id}`,
    `/docker-${id}.scopes`,
    "/docker-.scope",
  ];
  for (const cgroup of docker) assert.ok(fits("cgroup=@docker", { cgroup }), cgroup);
  for (const cgroup of [...host, ...near]) assert.ok(!fits("cgroup=@docker", { cgroup }), cgroup);
  for (const cgroup of runtime) assert.ok(!fits("cgroup=@host", { cgroup }), cgroup);
  for (const cgroup of host) assert.ok(fits("cgroup=@host", { cgroup }), cgroup);
  for (const quoted of ['"@docker"', "`@docker`"]) {
    assert.ok(!fits(`cgroup=${quoted}`, { cgroup: docker[0]! }));
    assert.ok(fits(`cgroup=${quoted}`, { cgroup: "@docker" }));
  }
});
