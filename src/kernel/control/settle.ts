/**
 * Settles at the start who may use the control socket.
 *
 * @module
 */

import type { ControlAuthority, ControlBoot } from "../../protocol/mod.ts";
import type { Attribution } from "../process/attribution.ts";
import { PROC } from "../process/procfs.ts";
import { findOrigin } from "../process/worker.ts";

/**
 * Finds the runner's worker above the process that asked for the start, and makes its children known as steps.
 *
 * @returns the authority: the action whose step asked, or root if no worker is above
 */
export function settleAuthority(boot: ControlBoot, attribution: Attribution): ControlAuthority {
  if (boot.authority) {
    const { authority } = boot;
    if (authority.by === "action") {
      const { pid, startTicks } = authority.worker;
      attribution.resumeWorker({ pid, startTicks: BigInt(startTicks) }, boot.runner.exe);
    }
    return authority;
  }
  const origin = findOrigin(boot.starter, boot.runner, PROC);
  if (!origin) return { by: "root" };
  attribution.addWorker(origin.worker, boot.runner.exe);
  return {
    by: "action",
    repository: origin.step.action ?? "",
    worker: { pid: origin.worker.pid, startTicks: Number(origin.worker.startTicks) },
  };
}
