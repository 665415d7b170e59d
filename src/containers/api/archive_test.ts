import assert from "node:assert/strict";
import fc from "fast-check";
import { parseExceptions } from "../exceptions.ts";
import type { SourceFacts } from "../facts.ts";
import { withPlugin } from "../install/authz.ts";
import { InstallError } from "../install/error.ts";
import type { JsonObject } from "../json.ts";
import { GUARD, host } from "../testing/bundle.ts";
import { copiedContainer, refuseCopy, sourcesOf, volumesOf } from "./archive.ts";

Deno.test("requests that copy are told by their path, however it is written", () => {
  for (
    const uri of [
      "/v1.41/containers/abc/archive?path=%2Fx",
      "/containers/abc/archive",
      "/v1.20/containers/abc/copy",
      "//v1.41//containers/abc/archive/",
      "/v1.41/containers/abc/%61rchive?x=/containers/def/json",
    ]
  ) {
    assert.equal(copiedContainer(uri), "abc", uri);
  }
  for (const uri of ["/containers/abc/json", "/images/archive", "/v1.41/containers/json", ""]) {
    assert.equal(copiedContainer(uri), undefined, uri);
  }
  assert.equal(copiedContainer("/containers/%zz/archive"), "");
  fc.assert(fc.property(fc.string(), (uri) => void copiedContainer(uri)));
});

function judge(
  mounts: JsonObject[],
  facts: Partial<SourceFacts> = {},
  allow = "",
  volumes: Record<string, JsonObject> = {},
): string | undefined {
  const container = { Config: { Image: "busybox" }, Mounts: mounts };
  const sources = Object.fromEntries(
    sourcesOf(container).map((source): [string, SourceFacts] => [
      source,
      { real: source, kind: "folder", uid: 0, fixed: true, ...facts },
    ]),
  );
  const settings = { ...GUARD, exceptions: parseExceptions(allow) };
  return refuseCopy({ container, volumes }, { ...host(), sources }, settings);
}

const bindOf = (Source: string) => ({ Type: "bind", Source, Destination: "/x", RW: true });

Deno.test("docker cp: not where dockerd would copy into the machine, or could be made to", () => {
  assert.match(judge([bindOf("/etc")])!, /docker cp .* it has \/etc as \/x, and it is \/etc/);
  assert.match(judge([bindOf("/home/u")], { real: "/", fixed: false })!, /holds \/etc/);
  assert.match(judge([bindOf("/home/u")], { fixed: false })!, /others than root can exchange/);
  assert.equal(judge([bindOf("/srv/x")]), undefined);
  assert.equal(judge([bindOf("/etc")], {}, "allow: mount=/etc image=busybox"), undefined);
  assert.equal(judge([{ Type: "tmpfs" }]), undefined);
});

Deno.test("docker cp: a volume is what its options say", () => {
  const mount = { Type: "volume", Name: "v", Source: "/var/lib/docker/volumes/v/_data" };
  const volume = (Options: JsonObject | null) => judge([mount], {}, "", { v: { Options } });
  assert.deepEqual(volumesOf({ Mounts: [mount] }), ["v"]);
  assert.equal(volume(null), undefined);
  assert.equal(volume({ type: "tmpfs", device: "tmpfs" }), undefined);
  assert.match(volume({ type: "none", o: "bind", device: "/etc" })!, /a volume of \/etc/);
  assert.match(volume({ device: "/dev/vda1" })!, /a volume of \/dev\/vda1/);
});

Deno.test("docker cp: odd answers of Docker never throw", () => {
  fc.assert(fc.property(fc.jsonValue(), (mounts) => {
    const container = { Mounts: mounts } as JsonObject;
    sourcesOf(container);
    volumesOf(container);
    refuseCopy({ container, volumes: {} }, host(), GUARD);
  }));
});

Deno.test("daemon.json keeps everything else, and other plugins stay behind ours", () => {
  assert.equal(withPlugin("{}"), `{"authorization-plugins":["egress-guard"]}`);
  assert.equal(withPlugin(""), `{"authorization-plugins":["egress-guard"]}`);
  const text = `{"authorization-plugins":["other"],"cgroup-parent":"/actions_job"}`;
  assert.equal(
    withPlugin(text),
    `{"authorization-plugins":["egress-guard","other"],"cgroup-parent":"/actions_job"}`,
  );
  assert.throws(() => withPlugin("{"), InstallError);
});
