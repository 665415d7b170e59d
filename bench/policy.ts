/**
 * How fast policies are read and decided: parse time, and decisions per second for a hit on the last
 * rule and for a miss, at 10 to 10,000 rules.
 *
 *     deno run bench/policy.ts
 *
 * @module
 */

import type { PolicyEvent } from "../src/protocol/event.ts";
import { compilePolicy } from "../src/policy/compile.ts";
import { PolicyEngine } from "../src/policy/engine.ts";
import { parsePolicy } from "../src/policy/parse.ts";

const SIZES = [10, 100, 1000, 10000];

/** A mix like that of real policies: mostly hosts, a fifth URL rules, a tenth each of the rest. */
function policyOf(size: number): string {
  const lines = Array.from({ length: size - 1 }, (_, i) => {
    switch (i % 10) {
      case 0:
        return `*.zone${i}.example.com`;
      case 1:
        return `10.${i >> 8}.${i & 255}.0/24:443|8443 exe=/usr/bin/node`;
      case 2:
      case 3:
        return `GET|POST https://api${i}.example.com/repos/*/v${i}/*`;
      default:
        return `host${i}.example.com:443 exe=/usr/bin/curl  # number ${i}`;
    }
  });
  return [...lines, "last.example.net"].join("\n");
}

/** Milliseconds that one run takes. */
function time(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/** Nanoseconds that one decision takes, the median of several rounds. */
function decision(engine: PolicyEngine, event: PolicyEvent): number {
  const rounds = Array.from({ length: 9 }, () => {
    const many = 20000;
    const ms = time(() => {
      for (let i = 0; i < many; i++) engine.judge(event, 0);
    });
    return ms * 1e6 / many;
  });
  return rounds.sort((a, b) => a - b)[4]!;
}

const place = { dst_ip: "192.0.2.1", dst_port: 443, exe: "/usr/bin/curl" } as const;
const hit: PolicyEvent = { type: "https", host: "last.example.net", ...place };
const miss: PolicyEvent = { type: "https", host: "none.example.com", ...place };
const request: PolicyEvent = {
  type: "http",
  url: "https://last.example.net/a/b?c=d",
  method: "GET",
  ...place,
};

/** One row of the table. */
function measure(size: number) {
  const text = policyOf(size);
  let rules = parsePolicy("").rules;
  const parse = time(() => rules = parsePolicy(text).rules);
  let compiled = compilePolicy([]);
  const compile = time(() => compiled = compilePolicy(rules));
  const engine = new PolicyEngine(compiled, { audit: false });
  return { size, parse, compile, decisions: [hit, miss, request].map((e) => decision(engine, e)) };
}

console.log(
  "  rules   parse ms   compile ms   host hit/s   (ns)   host miss/s   (ns)   request/s   (ns)",
);
for (const { size, parse, compile, decisions } of SIZES.map(measure)) {
  const cells = decisions.map((ns) =>
    `${Math.round(1e9 / ns)}`.padStart(12) + `${Math.round(ns)}`.padStart(7)
  );
  const columns = [
    `${size}`.padStart(7),
    parse.toFixed(1).padStart(10),
    compile.toFixed(1).padStart(12),
  ];
  console.log([...columns, ...cells].join(" "));
}
