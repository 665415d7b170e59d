/**
 * Which step and action a connection is put down to: what the worker's own child was started with, whatever becomes
 * of the processes below it and whatever they say of themselves.
 */

import assert from "node:assert/strict";
import type { LogEvent } from "../../src/protocol/log.ts";
import { guardAction, guarded } from "./guard_action.ts";
import { runnerSuite } from "./suite.ts";

const test = runnerSuite();

/** The step and action of the requests for a path; all of them must agree. */
function doneBy(log: LogEvent[], path: string): [string | undefined, string | undefined] {
  const events = log.filter((e) => e.type === "http" && e.url?.endsWith(path));
  assert.ok(events.length > 0, `nothing in the log asked for ${path}`);
  const [first] = events;
  for (const event of events) {
    assert.deepEqual([event.step, event.action], [first!.step, first!.action], path);
  }
  return [first!.step, first!.action];
}

test("a process keeps its step whatever becomes of its parents", async (s) => {
  await guardAction(s);
  const detached = (path: string, how: string) =>
    `      - id: ${path}
        run: |
          cat > "$RUNNER_TEMP/${path}.sh" <<'END'
          parent=$1
          while [ "$(ps -o ppid= -p $$ | tr -d ' ')" = "$parent" ]; do sleep 0.02; done
          curl -sS -m 20 -o /dev/null http://site.test/${path}
          touch "$RUNNER_TEMP/${path}"
          END
          ${how}
`;
  const script = (path: string) => `bash "$RUNNER_TEMP/${path}.sh"`;
  const job = await s.job(guarded(
    "site.test\nhttp://site.test/*",
    [
      detached("background", `${script("background")} $$ >/dev/null 2>&1 &`),
      detached("nohup", `nohup ${script("nohup")} $$ >/dev/null 2>&1 &`),
      detached("setsid", `setsid ${script("setsid")} $$ >/dev/null 2>&1 &`),
      detached(
        "double",
        `(setsid bash -c 'bash "$RUNNER_TEMP/double.sh" $$ >/dev/null 2>&1 & sleep 0.1' >/dev/null 2>&1 &)`,
      ),
      detached(
        "daemon",
        `python3 -c 'import os, sys
          if os.fork(): os._exit(0)
          os.setsid()
          if os.fork(): os._exit(0)
          os.execvp("bash", ["bash", sys.argv[1], "0"])' "$RUNNER_TEMP/daemon.sh" >/dev/null 2>&1`,
      ),
      `      - id: waiting
        run: |
          for path in background nohup setsid double daemon; do
            until [ -e "$RUNNER_TEMP/$path" ]; do sleep 0.05; done
          done
`,
    ].join(""),
  ));
  assert.equal(job.conclusion, "success", job.text);
  for (const path of ["background", "nohup", "setsid", "double", "daemon"]) {
    assert.deepEqual(doneBy(job.log, `/${path}`), [path, undefined]);
  }
});

test("a process's own claims change neither its step nor its action", async (s) => {
  await guardAction(s);
  await s.action("acme/fetch", {
    "action.yml": "name: Fetch\nruns: { using: node24, main: main.js }\n",
    "main.js": `
const { execFileSync } = require("child_process");
const env = { ...process.env, GITHUB_ACTION: "build", GITHUB_ACTION_REPOSITORY: "owner/guard" };
execFileSync("curl", ["-sS", "-m", "20", "-o", "/dev/null", "http://site.test/action"], { env });
process.env.GITHUB_ACTION = "build";
process.title = "Runner.Worker";
execFileSync("curl", ["-sS", "-m", "20", "-o", "/dev/null", "http://site.test/title"]);
`,
  });
  const job = await s.job(guarded(
    "site.test\nhttp://site.test/*",
    `
      - id: claims
        env: { GITHUB_ACTION: build }
        run: |
          GITHUB_ACTION=build curl -sS -m 20 -o /dev/null http://site.test/claims
          cp "$(readlink -f /usr/bin/bash)" "$RUNNER_TEMP/Runner.Worker"
          GITHUB_ACTION=build "$RUNNER_TEMP/Runner.Worker" -c 'curl -sS -m 20 -o /dev/null http://site.test/worker; true'
          # A child of the true program in the worker's place, started by the step.
          GITHUB_ACTION=build /home/runner/actions-runner/cached/bin/Runner.Worker -e '
            require("child_process").execFileSync("curl", ["-sS", "-m", "20", "-o", "/dev/null", "http://site.test/second"])'
      - uses: acme/fetch@v1
      - id: build
        run: curl -sS -m 20 -o /dev/null http://site.test/build
`,
  ));
  assert.equal(job.conclusion, "success", job.text);
  for (const path of ["/claims", "/worker", "/second"]) {
    assert.deepEqual(doneBy(job.log, path), ["claims", undefined]);
  }
  for (const path of ["/action", "/title"]) {
    assert.deepEqual(doneBy(job.log, path), ["__acme_fetch", "acme/fetch"]);
  }
  assert.deepEqual(doneBy(job.log, "/build"), ["build", undefined]);
});

test("what systemd starts for a step is nobody's, and no step's rule lets it pass", async (s) => {
  await guardAction(s, "--allow-sudo");
  const job = await s.job(guarded(
    "dns:site.test\nhttp://site.test/own step=own\nhttp://site.test/unit step=own",
    `
      - id: own
        run: |
          curl -sS -m 20 -o /dev/null -w 'own %{http_code}\\n' http://site.test/own
          sudo systemd-run --quiet --pipe --wait -E GITHUB_ACTION=own curl -sS -m 20 -o /dev/null \\
            -w 'unit %{http_code}\\n' http://site.test/unit || echo unit $?
`,
  ));
  assert.match(job.text, /own 200/);
  assert.doesNotMatch(job.text, /unit 200/);
  const unit = job.log.filter((e) => e.cgroup?.includes("/run-") && e.exe === "/usr/bin/curl");
  assert.ok(unit.length > 0, JSON.stringify(job.log.slice(-5)));
  for (const event of unit) {
    assert.equal(event.step, undefined);
    assert.equal(event.policy, "deny");
  }
});

test("composite actions are put down to the step that uses them", async (s) => {
  await guardAction(s);
  await s.action("acme/inner", {
    "action.yml": "name: Inner\nruns: { using: node24, main: main.js }\n",
    "main.js":
      `require("child_process").execFileSync("curl", ["-sS", "-o", "/dev/null", "http://site.test/inner"]);`,
  });
  await s.action("acme/outer", {
    "action.yml": `
name: Outer
runs:
  using: composite
  steps:
    - shell: bash
      run: curl -sS -m 20 -o /dev/null http://site.test/script
    - uses: acme/inner@v1
`,
  });
  const job = await s.job(guarded(
    "site.test\nhttp://site.test/*",
    `
      - id: outer
        uses: acme/outer@v1
      - uses: acme/outer@v1
`,
  ));
  assert.equal(job.conclusion, "success", job.text);
  const steps = (path: string) =>
    job.log.filter((e) => e.type === "http" && e.url?.endsWith(path)).map((
      e,
    ) => [e.step, e.action]);
  assert.deepEqual(steps("/script"), [["outer", undefined], ["__acme_outer", undefined]]);
  assert.deepEqual(steps("/inner"), [["outer", "acme/inner"], ["__acme_outer", "acme/inner"]]);
});
