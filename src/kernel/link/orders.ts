/**
 * Narrows what the supervisor sends. No I/O.
 *
 * @module
 */

import {
  type ControlBoot,
  type EngineFifos,
  type KernelBoot,
  type KernelRelease,
  MARK_NAMES,
  type PolicyLoad,
  type SupervisorToKernel,
} from "../../protocol/mod.ts";

type Fields = Record<string, unknown>;

const TEXTS = ["object", "scopeCgroupDir", "cgroupRoot", "pinDir", "socketPath", "secret"] as const;
const MODES = new Set(["enforce", "audit", "closed"]);

/** @returns the name of the first field that is missing or wrong, or the boot message */
export function parseBoot(body: unknown): KernelBoot | { missing: string } {
  if (!isRecord(body) || body.role !== "kernel") return { missing: "role" };
  const text = TEXTS.find((name) => typeof body[name] !== "string");
  if (text) return { missing: text };
  const roles = body.rolesCgroupDir;
  if (roles !== undefined && typeof roles !== "string") return { missing: "rolesCgroupDir" };
  if (!isUnsigned(body.queue, 0xffff)) return { missing: "queue" };
  if (!isRecord(body.marks) || !MARK_NAMES.every(isMarkOf(body.marks))) {
    return { missing: "marks" };
  }
  const flag = ["audit", "uplinks", "machine"].find((name) =>
    !isFlag(body[name], name !== "audit")
  );
  if (flag) return { missing: flag };
  if (!isPolicy(body.policy)) return { missing: "policy" };
  if (!isFifos(body.engine)) return { missing: "engine" };
  if (body.control !== undefined && !isControl(body.control)) return { missing: "control" };
  return body as unknown as KernelBoot;
}

/** @returns undefined if it is no request to release */
export function parseRelease(body: unknown): KernelRelease | undefined {
  if (!isRecord(body) || body.role !== "kernel" || body.release !== true) return undefined;
  const texts = ["object", "scopeCgroupDir", "cgroupRoot", "pinDir"];
  if (!texts.every((name) => typeof body[name] === "string")) return undefined;
  return body as unknown as KernelRelease;
}

/** @returns undefined if it is no known message, or one that lacks something */
export function parseOrder(body: unknown): SupervisorToKernel | undefined {
  if (!isRecord(body)) return undefined;
  switch (body.op) {
    case "load":
      return isPolicy(body.policy) ? { op: "load", policy: body.policy } : undefined;
    case "mode":
      return typeof body.mode === "string" && MODES.has(body.mode)
        ? body as Extract<SupervisorToKernel, { op: "mode" }>
        : undefined;
    case "engine":
      return isFifos(body.fifos) ? { op: "engine", fifos: body.fifos } : undefined;
    case "control-answer":
      return typeof body.id === "number"
        ? { op: "control-answer", id: body.id, answer: body.answer }
        : undefined;
    case "roles":
      return isPids(body.pids) ? { op: "roles", pids: body.pids } : undefined;
    case "forget-udp":
    case "status":
    case "stop":
      return { op: body.op };
    default:
      return undefined;
  }
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isUnsigned(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

function isFlag(value: unknown, optional: boolean): boolean {
  return typeof value === "boolean" || (optional && value === undefined);
}

function isPids(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((pid) => isUnsigned(pid, 0x7fff_ffff) && pid > 0);
}

function isMarkOf(marks: Fields): (name: string) => boolean {
  // 0 is what every packet has.
  return (name) => isUnsigned(marks[name], 0xffff_ffff) && marks[name] !== 0;
}

function isPolicy(value: unknown): value is PolicyLoad {
  return isRecord(value) && typeof value.text === "string" && typeof value.audit === "boolean";
}

function isFifos(value: unknown): value is EngineFifos {
  return isRecord(value) && typeof value.requests === "string" &&
    typeof value.responses === "string";
}

function isControl(value: unknown): value is ControlBoot {
  return isRecord(value) && typeof value.socketPath === "string" &&
    isUnsigned(value.starter, 0x7fff_ffff) && isRecord(value.runner) &&
    typeof value.runner.exe === "string" && typeof value.runner.cgroup === "string";
}
