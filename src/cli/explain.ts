/**
 * `egress explain`: which rule allows an event, or why none does.
 *
 * @module
 */

import type { DnsAnswer, PolicyEvent, TokenOwner, Verdict } from "../protocol/event.ts";
import type { LogEvent } from "../protocol/log.ts";
import { compilePolicy, PolicyEngine } from "../policy/mod.ts";
import { Exit, type ParsedArgs, runCommand, UsageError } from "./args.ts";
import { formatDiagnostic, inFile } from "./diagnostics.ts";
import { destinationOf, policyEvent, processOf } from "./events.ts";
import { readTextFile } from "./files.ts";
import { type Io, printable, type Styles, stylesFor } from "./io.ts";
import { closestRules, type RuleView, viewRule } from "./nearest_rules.ts";
import {
  type EffectivePolicy,
  effectivePolicy,
  POLICY_HELP,
  POLICY_OPTIONS,
  type PolicySource,
  readPolicies,
  withRepository,
} from "./policies.ts";

/** What `egress explain --help` says. */
export const help = `egress explain FILE EVENT-JSON

Says which rule of a policy (plain or workflow) allows an event, or what did not fit in the rules that
come nearest. The event is a line of the log, or written by hand (- reads it from standard input):

  egress explain FILE '{"type":"https","host":"a.example","url":"https://a.example/x","method":"POST"}'

A request's "token" is job, foreign or none: whose credential it carries (for rules with token=job).

  --dns JSON          a lookup seen before: {"name":"a.example","ips":["192.0.2.1"],"ttl":300}; may be
                      given several times
  --json              one JSON object instead of text
${POLICY_HELP}
Exit status: 0 allowed, 1 blocked, 2 a file or argument cannot be used.
`;

const OPTIONS = {
  ...POLICY_OPTIONS,
  dns: { type: "string", multiple: true },
  json: { type: "boolean" },
} as const;

type Parsed = ParsedArgs<typeof OPTIONS>;

/** Runs the command. @returns the exit status */
export function main(args: string[], io?: Io): Promise<number> {
  return runCommand({ name: "explain", help, options: OPTIONS, run }, args, io);
}

/** The answer for one policy. */
interface Explanation {
  source: PolicySource;
  event: PolicyEvent;
  verdict: Verdict;
  /** The rule that allowed it, or those that come nearest. */
  rules: RuleView[];
}

async function run({ values, positionals }: Parsed, io: Io): Promise<number> {
  const [file, text, ...more] = positionals;
  if (file === undefined || text === undefined || more.length > 0) {
    throw new UsageError("it takes a FILE and an EVENT-JSON (see egress explain --help)");
  }
  const options = withRepository(values, io.env);
  const event = eventFrom(parseObject(text === "-" ? await readTextFile("-") : text, "EVENT-JSON"));
  const answers = (values.dns ?? []).map((dns) => answerFrom(parseObject(dns, "--dns")));
  const sources = await readPolicies(file);
  if (sources.length === 0) throw new UsageError(`${file} has no step that gives egress a policy`);
  const styles = stylesFor(io);
  const explanations = sources.map((source) => {
    const policy = effectivePolicy(source, options);
    for (const one of inFile(source, policy.diagnostics)) io.err(formatDiagnostic(one, styles));
    return explain(source, policy, event, answers);
  });
  io.out(
    values.json ? toJson(explanations) : explanations.map((e) => toText(e, styles)).join("\n"),
  );
  return explanations.every(({ verdict }) => verdict.policy === "allow") ? Exit.ok : Exit.found;
}

function explain(
  source: PolicySource,
  { own, builtIn }: EffectivePolicy,
  event: PolicyEvent,
  answers: readonly DnsAnswer[],
): Explanation {
  const rules = [...own, ...builtIn];
  const engine = new PolicyEngine(compilePolicy(rules), { audit: false });
  for (const answer of answers) engine.record(answer, 0);
  const verdict = engine.judge(event, 0);
  const names = answers.filter(({ ips }) => ips.includes(event.dst_ip)).map(({ name }) => name);
  const place = (index: number) =>
    index < own.length
      ? `${source.file}:${source.locate({ line: own[index]!.line, column: 1 }).line}`
      : "built in";
  const shown = verdict.rule === undefined
    ? closestRules(rules, event, names, place)
    : [viewRule(rules[verdict.rule]!, event, names, place(verdict.rule))];
  return { source, event, verdict, rules: shown };
}

function toText({ source, event, verdict, rules }: Explanation, styles: Styles): string {
  const what = printable(`${destinationOf(event)} by ${processOf(event)}`);
  const step = source.step === undefined ? "" : styles.dim(` [${printable(source.step)}]`);
  const views = rules.map((rule) => ruleText(rule, styles)).join("");
  if (verdict.policy === "allow") return `${styles.green("allowed")} ${what}${step}\n${views}`;
  const hint = verdict.hint === undefined
    ? ""
    : `  to allow: ${styles.bold(printable(verdict.hint))}\n`;
  const nearest = rules.length === 0 ? "" : "rules that come nearest:\n";
  return `${styles.red("blocked")} ${what}${step}: ${verdict.reason}\n${hint}${nearest}${views}`;
}

function ruleText({ place, text, parts }: RuleView, styles: Styles): string {
  const lines = parts.map(({ part, ok, detail }) => {
    const mark = ok ? styles.green("fits") : styles.red("FAILS");
    return `    ${mark} ${part}: ${printable(detail)}\n`;
  });
  return `  ${printable(place)}: ${styles.bold(printable(text))}\n${lines.join("")}`;
}

function toJson(explanations: readonly Explanation[]): string {
  return JSON.stringify({
    policies: explanations.map(({ source, event, verdict, rules }) => ({
      file: source.file,
      ...(source.step === undefined ? {} : { step: source.step }),
      event,
      verdict,
      rules,
    })),
  }) + "\n";
}

function parseObject(text: string, what: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch (error) {
    throw new UsageError(`${what} is not JSON: ${(error as Error).message}`);
  }
  throw new UsageError(`${what} must be a JSON object`);
}

const TOKENS: readonly TokenOwner[] = ["job", "foreign", "none"];

const PORTS: Record<string, number> = { https: 443, http: 80, dns: 53 };

/** An event with what was left out filled in: the port from the URL or the type. */
function eventFrom(fields: Record<string, unknown>): PolicyEvent {
  const type = fields.type;
  if (typeof type !== "string") {
    throw new UsageError('EVENT-JSON has no "type": https, http, tcp, udp or dns');
  }
  const event = policyEvent(fields as unknown as LogEvent);
  if (typeof fields.intercept === "boolean") event.intercept = fields.intercept;
  if (TOKENS.some((owner) => owner === fields.token)) event.token = fields.token as TokenOwner;
  if (fields.dst_port === undefined) event.dst_port = portOf(fields.url) ?? PORTS[type] ?? 0;
  return event;
}

function portOf(url: unknown): number | undefined {
  const port = typeof url === "string"
    ? /^https?:\/\/[^/?#]*:(\d{1,5})(?:[/?#]|$)/i.exec(url)
    : null;
  return port ? Number(port[1]) : undefined;
}

function answerFrom({ name, ips, ttl }: Record<string, unknown>): DnsAnswer {
  if (typeof name !== "string" || !Array.isArray(ips)) {
    throw new UsageError('--dns needs "name" and "ips"');
  }
  return { name, ips, ttl: typeof ttl === "number" ? ttl : 0 };
}
