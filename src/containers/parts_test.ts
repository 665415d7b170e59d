import assert from "node:assert/strict";
import { excepted, ExceptionSyntaxError, familiar, parseExceptions } from "./exceptions.ts";
import { parseLossless } from "./io/json_file.ts";
import { parseMountinfo, placeOf, within } from "./mountinfo.ts";
import { parseRuncArgs } from "./runc_args.ts";
import { resolveIn } from "./rootfs.ts";
import { bind, bundle, host } from "./testing/bundle.ts";
import { bindMounts } from "./check.ts";
import { expectedPlaces, isExchangeable, surprises } from "./verify.ts";
import { realOfWrapper, wrapperScript } from "./wrapper_script.ts";

Deno.test("mountinfo: octal escapes, optional fields, the latest mount of a point counts", () => {
  const mounts = parseMountinfo(
    "1 0 8:1 / / rw shared:1 master:2 - ext4 /dev/a rw\n2 1 0:5 /a\\040b /m\\011n rw - tmpfs t rw\n" +
      "3 1 0:6 / /m\\011n rw - xfs t rw\nnonsense\n\n",
  );
  assert.equal(mounts.length, 3);
  assert.equal(mounts[1]!.root, "/a b");
  assert.deepEqual(placeOf(mounts, "/m\tn/x")?.path, "/x");
  assert.equal(placeOf(mounts, "/m\tn/x")?.device, "0:6");
  assert.equal(placeOf(mounts, "/mm")?.device, "8:1");
  assert.ok(
    within("/a/b", "/a") && within("/a", "/a") && within("/a", "/") && !within("/ab", "/a"),
  );
});

Deno.test("runc's arguments as dockerd, containerd and BuildKit write them", () => {
  const id = "abc";
  assert.deepEqual(
    parseRuncArgs(
      `--root /r --log /l --log-format json --systemd-cgroup create --bundle /b --pid-file /p ${id}`
        .split(" "),
    ),
    { command: "create", root: "/r", log: "/l", bundle: "/b", pidFile: "/p", id },
  );
  assert.deepEqual(parseRuncArgs(["--log=/l", "run", "--bundle=/b", id]), {
    command: "run",
    root: "/run/runc",
    log: "/l",
    bundle: "/b",
    id,
  });
  assert.deepEqual(parseRuncArgs(`exec -p /f --detach --pid-file /p ${id} sh create`.split(" ")), {
    command: "exec",
    root: "/run/runc",
    process: "/f",
    pidFile: "/p",
    id,
  });
  assert.equal(parseRuncArgs(["--version"]).command, "");
  assert.equal(parseRuncArgs(["delete", "create"]).command, "delete");
  assert.equal(parseRuncArgs([]).id, undefined);
});

Deno.test("exceptions: lines, comments, and what is wrong with others", () => {
  assert.deepEqual(
    parseExceptions(
      "\n# all\nallow: privileged image=moby/buildkit:*  # for buildx\nallow: mount=/etc",
    ),
    [
      { privilege: "privileged", image: "moby/buildkit:*" },
      { privilege: "mount", value: "/etc" },
    ],
  );
  for (
    const [text, words] of [
      ["privileged", /line 1: write/],
      ["\nallow: root", /line 2: root is none of/],
      ["allow: device=x", /takes no value/],
      ["allow: device tag=x", /only image=PATTERN/],
      ["allow: device image=a image=b", /twice/],
    ] as const
  ) {
    assert.throws(
      () => parseExceptions(text),
      (e) => e instanceof ExceptionSyntaxError && words.test(e.message),
    );
  }
});

Deno.test("exceptions fit images as Docker names them", () => {
  assert.equal(familiar("docker.io/library/busybox"), "busybox:latest");
  assert.equal(familiar("localhost:5000/a/b"), "localhost:5000/a/b:latest");
  assert.equal(familiar("a@sha256:1"), "a@sha256:1");
  const list = parseExceptions("allow: privileged image=moby/buildkit:*");
  const fits = (image: string) => excepted(list, { privilege: "device" }, image);
  for (const image of ["moby/buildkit", "moby/buildkit:x", "docker.io/moby/buildkit:y"]) {
    assert.ok(fits(image), image);
  }
  for (const image of ["evil/moby/buildkit:x", "moby/buildkitx:1", "moby/buildkit.evil"]) {
    assert.ok(!fits(image), image);
  }
});

Deno.test("links of a root file system stay inside of it", () => {
  const links: Record<string, string> = {
    "/r/etc": "/usr/etc",
    "/r/usr/etc/up": "../../../../../secret",
    "/r/round": "/round",
  };
  const fs = { readLink: (path: string) => links[path] };
  assert.equal(resolveIn("/r/", "/etc/ssl", fs), "/r/usr/etc/ssl");
  assert.equal(resolveIn("/r", "/etc/up/x", fs), "/r/secret/x");
  assert.equal(resolveIn("/r", "/../../x", fs), "/r/x");
  assert.equal(resolveIn("/r", "/round/x", fs), undefined);
});

Deno.test("numbers longer than a double holds survive reading and writing", () => {
  const text = `{"a":18446744073709551615,"b":[9223372036854771712,1,1.5,-3],"c":1e3}`;
  assert.equal(JSON.stringify(parseLossless(text)), text.replace("1e3", "1e3"));
  assert.throws(() => parseLossless("[1]"), SyntaxError);
});

Deno.test("a folder exchanged for a link between look and mount is seen in the container", () => {
  const config = bundle((c) => c.mounts.push(bind("/home/runner/x", "/x")));
  const facts = host({ "/home/runner/x": { fixed: false } }, config);
  const binds = bindMounts(config);
  assert.ok(isExchangeable(binds, facts));
  const expected = expectedPlaces(binds, facts);
  const inside = (root: string, point = "/x", rest = "ext4 /dev/vda rw") =>
    parseMountinfo(`40 1 0:70 / / rw - overlay overlay rw
41 40 0:71 / /proc rw - proc proc rw
42 41 0:71 /sys /proc/sys ro - proc proc rw
43 40 254:0 /var/lib/docker/containers/${"0b79edef096f86a10c33d5a31eda0c94db616a083120862cbaf2ee8ddcd3fb88"}/hosts /etc/hosts rw - ext4 /dev/vda rw
44 40 ${rest.startsWith("proc") ? "0:20" : "254:0"} ${root} ${point} rw - ${rest}`);
  assert.deepEqual(surprises(inside("/home/runner/x"), expected, facts), []);
  assert.match(surprises(inside("/"), expected, facts)[0]!, /^\/x, and it holds \/etc/);
  assert.match(surprises(inside("/etc/sudoers.d"), expected, facts)[0]!, /lies in \/etc/);
  // The image has a link at the destination, so it is mounted elsewhere; or over what runc mounts.
  assert.match(
    surprises(inside("/root", "/elsewhere"), expected, facts)[0]!,
    /^\/elsewhere, and it is \/root/,
  );
  assert.match(
    surprises(inside("/", "/proc", "proc proc rw"), expected, facts)[0]!,
    /the kernel's/,
  );
});

Deno.test("the wrapper tells where runc is, and quotes every path", () => {
  const script = wrapperScript({
    real: "/a'b/runc.x",
    folder: "/f",
    deno: "/d",
    mode: "guard",
    boot: "1",
  });
  assert.equal(realOfWrapper(script), "/a'b/runc.x");
  assert.ok(script.includes(`real='/a'\\''b/runc.x'`));
  assert.equal(realOfWrapper("\x7fELF"), undefined);
  assert.throws(
    () => wrapperScript({ real: "/a\nb", folder: "", deno: "", mode: "off", boot: "" }),
    RangeError,
  );
});
