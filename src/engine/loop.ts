/**
 * The engine's answers to frames; sans-I/O.
 *
 * @module
 */

import { compilePolicy } from "../policy/compile.ts";
import { PolicyEngine } from "../policy/engine.ts";
import { parsePolicy } from "../policy/parse.ts";
import type { Defaults, Diagnostic, Rule } from "../policy/types.ts";
import type { DnsAnswer, PolicyEvent, Verdict } from "../protocol/event.ts";
import { encodeFrame, type Frame, FrameDecoder, FrameKind } from "../protocol/frame.ts";
import type { PolicyLoad } from "../protocol/messages.ts";

/** What a judgement is before a policy has been loaded. */
const UNAVAILABLE: Verdict = {
  policy: "deny",
  pass: false,
  reason: "unavailable",
  passthrough: false,
  insecure: false,
  hold: "request",
  destination: "none",
};

/** A request that cannot be served; the answer is `{error}`. */
class BadRequest extends Error {
  override name = "BadRequest";
}

type Message = Record<string, unknown>;

/** Turns bytes from the kernel role into bytes for it. One instance a process. */
export class EngineLoop {
  readonly #decoder = new FrameDecoder();
  #engine: PolicyEngine | undefined;

  /**
   * Takes the next bytes and returns one answer per request that they complete, in order.
   *
   * @throws {FrameError} if the bytes are no frames; the link is then beyond repair
   */
  push(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
    return this.#decoder.push(bytes)
      .filter((frame) => frame.kind === FrameKind.request)
      .map((frame) => encodeFrame(FrameKind.response, frame.id, this.#answer(frame)));
  }

  #answer(frame: Frame): unknown {
    try {
      return this.#serve(asObject(frame.body, "a request"));
    } catch (error) {
      if (error instanceof BadRequest) return { error: error.message };
      throw error;
    }
  }

  #serve(message: Message): unknown {
    switch (message.op) {
      case "judge":
        return this.#engine?.judge(message.event as PolicyEvent, clockOf(message)) ?? UNAVAILABLE;
      case "lookup":
        this.#loaded().record(message.answer as DnsAnswer, clockOf(message));
        return { ok: true };
      case "load":
        this.#load(policyOf(message));
        return { ok: true };
      case "ping":
        return { ok: true };
      default:
        throw new BadRequest(`unknown op ${JSON.stringify(message.op)}`);
    }
  }

  #loaded(): PolicyEngine {
    if (!this.#engine) throw new BadRequest("no policy has been loaded");
    return this.#engine;
  }

  /** Puts a policy in force; a refused one leaves the one before in force. */
  #load(policy: PolicyLoad) {
    const compiled = compilePolicy(rulesOf(policy));
    if (this.#engine) this.#engine.replace(compiled, policy);
    else this.#engine = new PolicyEngine(compiled, policy);
  }
}

/** The prelude's rules, which stand in no line of the user's text, and then the user's. */
function rulesOf({ text, prelude, audit, repository, defaultAttrs }: PolicyLoad): Rule[] {
  const defaults: Defaults = defaultAttrs ? { attrs: defaultAttrs } : {};
  const before = parsePolicy(prelude, { defaults, repository });
  const user = parsePolicy(text, { defaults, repository });
  const [problem] = [...before.diagnostics, ...user.diagnostics];
  if (problem && !audit) throw refused(problem);
  return [...before.rules.map((rule) => ({ ...rule, line: 0 })), ...user.rules];
}

function refused({ line, column, message }: Diagnostic): BadRequest {
  return new BadRequest(`the policy is not valid: ${line}:${column}: ${message}`);
}

function clockOf({ now }: Message): number {
  if (typeof now === "number" && Number.isFinite(now)) return now;
  throw new BadRequest("now: expected seconds");
}

function policyOf(message: Message): PolicyLoad {
  const policy = asObject(message.policy, "policy");
  const { text, audit, prelude, repository, defaultAttrs } = policy;
  if (typeof text !== "string") throw new BadRequest("policy.text: expected a string");
  if (typeof prelude !== "string") throw new BadRequest("policy.prelude: expected a string");
  if (typeof audit !== "boolean") throw new BadRequest("policy.audit: expected true or false");
  if (repository !== undefined && typeof repository !== "string") {
    throw new BadRequest("policy.repository: expected a string");
  }
  return {
    text,
    audit,
    prelude,
    ...(repository === undefined ? {} : { repository }),
    ...(defaultAttrs === undefined ? {} : { defaultAttrs: attrsOf(defaultAttrs) }),
  };
}

function attrsOf(value: unknown): NonNullable<PolicyLoad["defaultAttrs"]> {
  const attrs: NonNullable<PolicyLoad["defaultAttrs"]> = {};
  for (const [name, attr] of Object.entries(asObject(value, "policy.defaultAttrs"))) {
    const { text, literal } = asObject(attr, name);
    if (typeof text !== "string" || typeof literal !== "boolean") {
      throw new BadRequest(`policy.defaultAttrs.${name}: expected text and literal`);
    }
    attrs[name] = { text, literal };
  }
  return attrs;
}

function asObject(value: unknown, what: string): Message {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Message;
  throw new BadRequest(`${what}: expected an object`);
}
