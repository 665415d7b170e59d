/**
 * A file of tests on one runner machine: jobs are given to its runner, and what they left is looked at.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Host } from "../../src/demo/hosts.ts";
import { Internet, type InternetOptions } from "../../src/demo/internet.ts";
import type { LogEvent } from "../../src/protocol/log.ts";
import { EGRESS, readLog } from "../support/run.ts";
import type { JobMessage, JobResult, Outcome } from "./worker/job.ts";
import { RunnerMachine } from "./runner_machine.ts";

/** What came of a job. */
export interface Job extends JobResult {
  /** The job's log, secrets hidden. */
  text: string;
  /** The log of egress, if it kept one. */
  log: LogEvent[];
}

/** How a job is given. */
export interface JobOptions {
  /** Of the `github` context. */
  github?: Record<string, string>;
  secrets?: Record<string, string>;
  /** Files of the workspace, which `actions/checkout` brings. */
  files?: Record<string, string>;
  /** Called once a step has written this line into the job's log. */
  during?: { line: RegExp; then: () => Promise<unknown> };
}

const ARTIFACTS = "/twirp/github.actions.results.api.v1.ArtifactService";

/** GitHub's service for artifacts, as far as one upload goes. */
export const RESULTS: Host = {
  name: "results-receiver.actions.githubusercontent.com",
  address: "198.51.100.90",
  services: [{
    type: "web",
    port: 443,
    tls: "good",
    site: {
      [`${ARTIFACTS}/CreateArtifact`]: {
        body: JSON.stringify({
          ok: true,
          signed_upload_url: "https://results-receiver.actions.githubusercontent.com/upload?sig=x",
        }),
      },
      "/upload?sig=x": { status: 201, body: "" },
      [`${ARTIFACTS}/FinalizeArtifact`]: { body: '{"ok":true,"artifact_id":"7"}' },
    },
  }],
};

/** What a test works with. */
export interface RunnerScene {
  machine: RunnerMachine;
  /** Offers an action: its files. */
  action(repository: string, files: Record<string, string>): Promise<void>;
  /** Does the job `test` of a workflow. */
  job(workflow: string, options?: JobOptions): Promise<Job>;
}

/** Where the log of egress is kept on the machine. */
export const LOG = "/srv/job/egress.jsonl";

/** Registers the start and the end of a machine for the tests of a file. */
export function runnerSuite(
  options: InternetOptions = {},
): (name: string, body: (s: RunnerScene) => Promise<void>) => void {
  let internet: Internet | undefined;
  let machine: RunnerMachine | undefined;
  Deno.test.beforeAll(async () => {
    internet = await Internet.create(options);
    machine = await RunnerMachine.boot(internet);
  });
  Deno.test.afterAll(async () => {
    await machine?.[Symbol.asyncDispose]();
    await internet?.close();
  });
  return (name, body) =>
    Deno.test({
      name,
      // The servers' process and the machine belong to all tests of the file.
      sanitizeOps: false,
      sanitizeResources: false,
      fn: async () => {
        if (!machine) throw new Error("there is no machine to test on");
        const runner = machine;
        try {
          await body({
            machine: runner,
            action: (repository, files) => writeFiles(`${runner.srv}/actions/${repository}`, files),
            job: (workflow, job = {}) => doJob(runner, workflow, job),
          });
        } finally {
          // One test's guard must not be the next one's.
          const left = await runner.sh(
            `[ -z "$(ls -A /run/egress 2>/dev/null | grep -v stopped.json)" ] || "$1" stop`,
            EGRESS,
          );
          if (left.code !== 0) console.error(left.stderr);
        }
      },
    });
}

async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = `${folder}/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
}

/** GitHub's own, in small: what the repository has goes into the workspace. */
const CHECKOUT = {
  "action.yml": "name: Checkout\nruns: { using: node24, main: main.js }\n",
  "main.js":
    `require("fs").cpSync("/srv/checkout", process.env.GITHUB_WORKSPACE, { recursive: true });\n`,
};

async function doJob(machine: RunnerMachine, workflow: string, options: JobOptions): Promise<Job> {
  const { srv } = machine;
  await Deno.remove(`${srv}/checkout`, { recursive: true });
  for (const file of Deno.readDirSync(`${srv}/job`)) await Deno.remove(`${srv}/job/${file.name}`);
  const files = { ...options.files, ".github/workflows/test.yml": workflow };
  await writeFiles(`${srv}/checkout`, files);
  await writeFiles(`${srv}/actions/actions/checkout`, CHECKOUT);
  const message: JobMessage = {
    workflow: "/srv/checkout/.github/workflows/test.yml",
    job: "test",
    github: {
      repository: "acme/project",
      repository_owner: "acme",
      workflow: "test",
      workflow_ref: "acme/project/.github/workflows/test.yml@refs/heads/main",
      workflow_sha: "0".repeat(40),
      ref: "refs/heads/main",
      sha: "0".repeat(40),
      event_name: "push",
      actor: "octocat",
      run_id: "1",
      run_number: "1",
      run_attempt: "1",
      server_url: "https://github.com",
      api_url: "https://api.github.com",
      token: "ghs_jobtoken0123456789",
      ...options.github,
    },
    secrets: options.secrets ?? {},
    runtime: {
      ACTIONS_RUNTIME_TOKEN: runtimeToken(),
      ACTIONS_RESULTS_URL: "https://results-receiver.actions.githubusercontent.com/",
    },
    actions: "/srv/actions",
    output: "/srv/job",
  };
  await Deno.writeTextFile(`${srv}/job/message.json`, JSON.stringify(message));
  // A job starts on a fresh machine.
  await machine.sh("rm -rf /home/runner/work; install -d -o runner -g runner /home/runner/work");
  const done = machine.run("systemctl", "start", "hosted-compute-agent.service");
  if (options.during) {
    await saidInTime(machine, options.during.line, done);
    await options.during.then();
  }
  const { code, stderr } = await done;
  const text = await Deno.readTextFile(`${srv}/job/log.txt`).catch(() => "");
  assert.equal(
    code,
    0,
    `${stderr}${text}${
      (await machine.sh("journalctl -u hosted-compute-agent --no-pager | tail -n 20")).stdout
    }`,
  );
  const result = JSON.parse(await Deno.readTextFile(`${srv}/job/result.json`)) as JobResult;
  return { ...result, text, log: await readLog(`${srv}/job/egress.jsonl`) };
}

/** Waits until the job's log has a line; it may end before. */
async function saidInTime(
  machine: RunnerMachine,
  line: RegExp,
  done: Promise<unknown>,
): Promise<void> {
  let ended = false;
  void done.finally(() => ended = true);
  while (!ended) {
    const text = await Deno.readTextFile(`${machine.srv}/job/log.txt`).catch(() => "");
    if (line.test(text)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the job ended before it said ${line}`);
}

/** As the artifacts' client reads it: who may upload for which run. */
function runtimeToken(): string {
  const part = (value: unknown) =>
    btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return [{ alg: "none" }, { scp: "Actions.Results:run-1:job-1", exp: 4102444800 }, "x"].map(part)
    .join(".");
}

/** How the main stage of a step ended. */
export function outcomeOf(job: Job, step: string): Outcome | undefined {
  return job.steps.find((s) => s.step === step && s.stage === "main")?.outcome;
}
