/**
 * The post hook: ends the guard, and tells what it saw.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import { env } from "node:process";
import { blockAnnotations } from "./annotations.ts";
import { CONTROL_SOCKET } from "./control.ts";
import { HookError, reasonOf } from "./errors.ts";
import { annotate, fail, runHook, say } from "./hook.ts";
import { type Inputs, parseInputs } from "./inputs.ts";
import { readLog, requireRootOwned } from "./log_file.ts";
import type { LogTotals } from "./log_totals.ts";
import { tellSummary } from "./runner_files.ts";
import { stopGuard } from "./stop.ts";
import { renderPage } from "./summary.ts";
import { uploadLog } from "./upload.ts";
import { workflowLines } from "./workflow_lines.ts";

await runHook(async () => {
  if (!env["STATE_started"] && !existsSync(CONTROL_SOCKET)) {
    return say("egress: the guard was not started, so there is nothing to end");
  }
  const end = await stopGuard();
  for (const leftover of end.leftovers) {
    fail({ level: "error", title: "egress: not as before the start", message: leftover });
  }
  const parsed = parseInputs(env);
  if ("problems" in parsed) throw new HookError("the inputs are not what they were at the start");
  // What the guard itself says counts; state is what earlier hooks wrote where the job's user can write too.
  const log = end.status?.log ?? env["STATE_log"];
  if (log === undefined) throw new HookError("the guard kept no log");
  requireRootOwned(log);
  await tellOf(await readLog(log), log, parsed.inputs);
});

async function tellOf(totals: LogTotals, log: string, inputs: Inputs): Promise<void> {
  const { summary, warnings } = totals;
  const { audit, failOnBlock } = inputs;
  const blocked = summary.blockedCount > 0;
  const upload = inputs.uploadLog === "always" ||
    inputs.uploadLog === "auto" && (audit || blocked || totals.failed);
  const artifact = upload ? await tryUpload(log) : undefined;
  if (inputs.summary) {
    tellSummary(renderPage({ summary, audit, warnings, ...(artifact && { artifact }) }));
  }
  if (blocked) {
    const workflow = await workflowLines(env, inputs.githubToken);
    const options = { audit, failOnBlock, ...(workflow && { workflow }) };
    annotate(blockAnnotations(summary.blocked, options));
  }
  annotate(warnings.map(({ code, message }) => ({
    level: "warning",
    title: `egress: ${code}`,
    message,
  })));
  say(
    `egress ended: ${summary.allowedCount} allowed, ${summary.blockedCount} blocked; log in ${log}`,
  );
  if (failOnBlock && blocked) {
    const message = `${summary.blockedCount} ${audit ? "would have been" : "were"} blocked`;
    fail({ level: "error", title: "egress: fail-on-block", message });
  }
}

/** The job does not fail for want of an artifact: the log is told of in the summary too. */
async function tryUpload(log: string): Promise<string | undefined> {
  try {
    return await uploadLog(readFileSync(log), env);
  } catch (error) {
    const message = `the log could not be uploaded: ${reasonOf(error)}`;
    annotate([{ level: "warning", title: "egress", message }]);
    return undefined;
  }
}
