/**
 * An action that guards the job with `egress start` and `egress stop` alone, for tests of what these do in a job.
 *
 * @module
 */

import { EGRESS } from "../support/run.ts";
import { LOG, type RunnerScene } from "./suite.ts";

/** Offers it as `owner/guard`; its input is the policy. */
export async function guardAction(s: RunnerScene, ...options: string[]): Promise<void> {
  const given = ["--upstream-ca", s.machine.internet.caFile, "--log", LOG, ...options];
  await s.action("owner/guard", {
    "action.yml": `
name: Guard
inputs: { policy: { required: true } }
runs: { using: node24, pre: pre.js, main: main.js, post: post.js }
`,
    "pre.js": `
const { execFileSync } = require("child_process");
execFileSync("sudo", [
  ${JSON.stringify(EGRESS)}, "start", "--policy-text", process.env.INPUT_POLICY,
  "--github-env", process.env.GITHUB_ENV, ...${JSON.stringify(given)},
], { stdio: "inherit" });
`,
    "main.js": `console.log("guarded");`,
    // Without root: the control socket knows the action. The guard's folder goes last.
    "post.js": `
const { existsSync, readdirSync } = require("fs");
const socket = require("net").connect("/run/egress/control.sock", () => socket.write('{"op":"shutdown"}\\n'));
let answer = "";
socket.on("data", (part) => answer += part).on("end", function wait() {
  const { ok, id } = JSON.parse(answer);
  if (!ok) throw new Error(answer);
  if (existsSync("/run/egress/" + id)) setTimeout(wait, 50);
  else console.log("guard ended");
});
`,
  });
}

/** A workflow whose job is guarded. */
export function guarded(policy: string, steps: string): string {
  const lines = policy.split("\n").map((line) => `            ${line}`).join("\n");
  return `
jobs:
  test:
    steps:
      - uses: owner/guard@v1
        with:
          policy: |
${lines}
${steps}`;
}
