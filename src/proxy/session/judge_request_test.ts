import assert from "node:assert/strict";
import type { Verdict } from "../../protocol/mod.ts";
import type { BadPackage } from "../security/package_guard.ts";
import { Asked, type AskingSession } from "./asked.ts";
import { HeldVerdict } from "./held_verdict.ts";
import { judgeRequest } from "./judge_request.ts";

const ALLOW: Verdict = {
  policy: "allow",
  pass: true,
  passthrough: false,
  insecure: false,
  hold: "request",
  destination: "confirmed",
};
const DENY: Verdict = { ...ALLOW, policy: "deny", pass: false, reason: "no_rule" };

/** A request whose verdicts and package check a test makes up. */
function requestWith(
  verdicts: Verdict[],
  refuses: (state: { epoch: number }) => BadPackage | undefined,
): Asked {
  const state = { audit: false, epoch: 0, connections: 0, requests: 0 };
  const connection = {
    proxy: { state, packages: { refuses: () => Promise.resolve(refuses(state)) } },
    flow: { dst_ip: "192.0.2.1", dst_port: 443 },
    judge: () => Promise.resolve(verdicts.shift()),
  };
  const start = { scheme: "https", host: "a.example", address: "192.0.2.1" };
  const session = { connection, start, address: start.address, held: new HeldVerdict(state) };
  const target = { host: "a.example", authority: "a.example", path: "/x/-/x-1.0.0.tgz" };
  const question = { method: "GET", target, headers: [] };
  return new Asked(session as unknown as AskingSession, question);
}

Deno.test("a policy that changes while a package is asked about is asked again", async () => {
  let asked = 0;
  const request = requestWith([ALLOW, DENY], (state) => {
    if (asked++ === 0) state.epoch++;
    return undefined;
  });
  assert.equal((await judgeRequest(request)).verdict.reason, "no_rule");
  assert.equal(asked, 1, "what the policy denies is nobody else's to know");
});

Deno.test("a bad package is refused, where the policy lets it through", async () => {
  const bad = { purl: "pkg:npm/x@1.0.0", reasons: ["malware"] };
  const { verdict, status } = await judgeRequest(requestWith([ALLOW], () => bad));
  assert.deepEqual([verdict.policy, verdict.pass, verdict.reason, status], [
    "deny",
    false,
    "package_security",
    403,
  ]);
  const denied = await judgeRequest(requestWith([DENY], () => bad));
  assert.equal(denied.verdict.reason, "no_rule");
});
