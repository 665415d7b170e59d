import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { inflateRawSync } from "node:zlib";
import { blockAnnotations } from "./annotations.ts";
import { parseInputs } from "./inputs.ts";
import { LogTotals } from "./log_totals.ts";
import { parseManifest } from "./manifest.ts";
import { unsupported } from "./platform.ts";
import { policyProblems } from "./policy_problems.ts";
import { formatEntry } from "./runner_files.ts";
import { backendIds } from "./runtime_token.ts";
import { jobTokens, startArguments } from "./start_arguments.ts";
import { zipOne } from "./zip.ts";

const HASH = "0123456789abcdef".repeat(4);

Deno.test("manifest: an empty one means the checkout; anything odd is refused whole", () => {
  assert.deepEqual(parseManifest("# comment\n\n"), []);
  assert.deepEqual(parseManifest(`${HASH}  egress-linux-x64.tar.gz\n`), [
    { name: "egress-linux-x64.tar.gz", sha256: HASH },
  ]);
  for (
    const text of [
      `${HASH}  other\n`,
      `${HASH}  egress-linux-x64.tar.gz\n${HASH}  egress-linux-x64.tar.gz\n`,
      `${HASH}  ../egress-linux-x64.tar.gz\n`,
      `${HASH.slice(1)}  egress-linux-x64.tar.gz\n`,
      `${HASH.toUpperCase()}  egress-linux-x64.tar.gz\n`,
      ` ${HASH}  egress-linux-x64.tar.gz\n`,
      `${HASH}  egress-linux-x64.tar.gz\r\n`,
    ]
  ) assert.throws(() => parseManifest(text), /deps\.sha256/, text);
});

Deno.test("platform: what differs from a hosted runner is named", () => {
  const env = { RUNNER_ENVIRONMENT: "github-hosted", ImageOS: "ubuntu24" };
  assert.deepEqual(unsupported({ os: "linux", arch: "x64", env }), []);
  assert.equal(unsupported({ os: "darwin", arch: "arm64", env: {} }).length, 4);
});

Deno.test("runtime token: the run's and the job's names, or an error without the token", () => {
  const token = (claims: unknown) =>
    `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;
  assert.deepEqual(backendIds(token({ scp: "Actions.X Actions.Results:a-1:b-2" })), {
    workflow_run_backend_id: "a-1",
    workflow_job_run_backend_id: "b-2",
  });
  for (const wrong of ["", "secret", token({}), token(null), token({ scp: "Actions.Results:a" })]) {
    assert.throws(
      () => backendIds(wrong),
      (error: Error) => wrong === "" || !error.message.includes(wrong),
    );
  }
});

Deno.test("zip: the file comes out again", () => {
  const content = Buffer.from("a line\n".repeat(1000));
  const zip = Buffer.from(zipOne("log.jsonl", content));
  assert.equal(zip.readUInt32LE(0), 0x04034b50);
  const packed = zip.readUInt32LE(18);
  assert.equal(zip.subarray(30, 39).toString(), "log.jsonl");
  assert.deepEqual(inflateRawSync(zip.subarray(39, 39 + packed)), content);
  const end = zip.length - 22;
  assert.equal(zip.readUInt32LE(end), 0x06054b50);
  assert.equal(zip.readUInt32LE(zip.readUInt32LE(end + 16)), 0x02014b50);
});

Deno.test("policy problems: lines of the policy, or of its file", () => {
  const lines = ["egress: bundling", "-:3:7: error[host-name]: `*.a.*`: no", "-:x:7: error[a]: b"];
  assert.deepEqual(policyProblems(lines, { from: "text", text: "" }), [{
    level: "error",
    title: "egress policy: host-name",
    message: "line 3 of the policy, column 7: `*.a.*`: no",
  }]);
  const [inFile] = policyProblems(lines, { from: "file", path: ".github/p" });
  assert.deepEqual([inFile?.file, inFile?.line, inFile?.col], [".github/p", 3, 7]);
});

Deno.test("start arguments: one for one", () => {
  const parsed = parseInputs({
    INPUT_AUDIT: "true",
    "INPUT_ALLOW-SUDO": "true",
    "INPUT_SOCKET-SECURITY": "true",
    "INPUT_CONTAINER-CERTS": "false",
    INPUT_CONTAINERS: "guard\nallow: socket",
    "INPUT_FOREIGN-TOKENS": "deny",
    "INPUT_GITHUB-TOKEN": "ghs_12345678",
  });
  assert.ok("inputs" in parsed);
  assert.deepEqual(startArguments(parsed.inputs, "a/b"), [
    ...["--json", "--repo", "a/b", "--audit", "--allow-sudo", "--package-security"],
    ...["--no-container-certs", "--containers", "guard", "--container-allow", "allow: socket"],
    ...["--foreign-tokens", "deny"],
  ]);
  const env = {
    ACTIONS_RUNTIME_TOKEN: "two\nlines-of-it",
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "e30.e30.x",
  };
  assert.deepEqual(jobTokens(parsed.inputs, env), ["ghs_12345678", "e30.e30.x"]);
});

Deno.test("runner files: a value cannot end its own entry", () => {
  assert.equal(formatEntry("a", "x\ny", "D"), "a<<D\nx\ny\nD\n");
  assert.throws(() => formatEntry("a", "x\nD\nb=c", "D"));
});

Deno.test("annotations: one a destination, on the step's line, ten at most", () => {
  const entry = {
    destination: "https://evil.test",
    count: 2,
    exe: "/bin/x",
    step: "__run_2",
    hint: "evil.test",
  };
  const workflow = { file: "ci.yml", lines: new Map([["__run_2", 9]]) };
  const options = { audit: false, failOnBlock: true, workflow };
  assert.deepEqual(blockAnnotations([entry], options), [{
    level: "error",
    title: "egress blocked",
    message: "https://evil.test (2 times) by /bin/x in step __run_2\nTo allow: evil.test",
    file: "ci.yml",
    line: 9,
  }]);
  const many = blockAnnotations(new Array(30).fill({ ...entry, step: "__run_9" }), options);
  assert.equal(many.length, 10);
  assert.equal(many[0]?.file, undefined);
  assert.match(many[9]!.message, /21 more/);
});

Deno.test("log totals: gaps, refusals and a missing end are warnings", () => {
  const totals = new LogTotals();
  const ts = "2026-01-01T00:00:00.000Z";
  totals.add({ ts, type: "start" });
  totals.add({ ts, type: "tcp", policy: "deny", dst_ip: "192.0.2.1", dst_port: 1, count: 3 });
  totals.add({ ts, type: "error", error: "control_refused", message: "m" });
  totals.add({ ts, type: "error", error: "control_refused", message: "m" });
  assert.deepEqual(totals.warnings.map(({ code, count }) => [code, count]), [
    ["control_refused", 2],
    ["no_stop", 1],
  ]);
  totals.add({ ts, type: "stop", error: "failed", message: "why" });
  assert.deepEqual(totals.warnings.map(({ code }) => code), ["control_refused", "failed"]);
  assert.equal(totals.summary.blockedCount, 3);
  assert.equal(totals.failed, true);
});
