/** Every example of docs/policy.md and every file of examples/ does what the text says. */
import assert from "node:assert/strict";
import { compile, evaluate, parse, type PolicyEvent, type Rule, validate } from "../../mod.ts";

const root = new URL("../..", import.meta.url).pathname;

interface Block {
  kind: string;
  /** What stands behind the kind. */
  info: string;
  lines: string[];
  /** Line of the first line, from 1. */
  start: number;
}

function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  markdown.split("\n").forEach((line, index) => {
    const fence = /^```(\w*) ?(.*)$/.exec(line);
    if (!fence) open?.lines.push(line);
    else if (open) open = null;
    else blocks.push(open = { kind: fence[1]!, info: fence[2]!, lines: [], start: index + 2 });
  });
  return blocks;
}

/** `exe=/x cmdline=a,b step="c d"` */
function processOf(text: string): Partial<PolicyEvent> {
  const fields: Record<string, unknown> = {};
  for (const [, key, quoted, bare] of text.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)) {
    fields[key!] = key === "cmdline" ? bare!.split(",") : quoted ?? bare;
  }
  return fields;
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

const ELSEWHERE = "198.51.100.99";

/** An event as the page writes it, without its verdict. */
function eventOf(text: string): PolicyEvent {
  const process = processOf(text);
  const request = /^([A-Z]+) (https?:\S+)/.exec(text);
  if (request) {
    const [, method, url] = request;
    const type = url!.startsWith("https") ? "https" : "http";
    return {
      type,
      method: method!,
      url: url!,
      dst_ip: ELSEWHERE,
      dst_port: portOf(url!),
      ...process,
    };
  }
  const lookup = /^lookup (\S+) at (\S+)/.exec(text);
  if (lookup) {
    return { type: "dns", name: lookup[1]!, dst_ip: lookup[2]!, dst_port: 53, ...process };
  }
  const tls = /^(tls|tunnel) (\S+)/.exec(text);
  if (tls) {
    const intercept = tls[1] === "tls";
    return {
      type: "https",
      host: tls[2]!,
      intercept,
      dst_ip: ELSEWHERE,
      dst_port: 443,
      ...process,
    };
  }
  const raw = /^(tcp|udp) ([^\s:]+):(\d+)/.exec(text);
  assert.ok(raw, `no event: ${text}`);
  const [, type, host, port] = raw as unknown as [string, "tcp" | "udp", string, string];
  const named = /[a-z]/.test(host) ? { host, dst_ip: ELSEWHERE } : { dst_ip: host };
  return { type, dst_port: Number(port), ...named, ...process };
}

const blocks = blocksOf(Deno.readTextFileSync(`${root}docs/policy.md`));

let rules: Rule[] = [];
for (const block of blocks) {
  const place = `docs/policy.md:${block.start}`;
  if (block.kind === "policy") {
    const repository = /repo=(\S+)/.exec(block.info)?.[1];
    const parsed = parse(block.lines.join("\n"), repository ? { repository } : {});
    rules = parsed.rules;
    Deno.test(`${place}: the policy is valid`, () => assert.deepEqual(parsed.diagnostics, []));
  } else if (block.kind === "events") {
    const policy = compile(rules);
    block.lines.forEach((line, index) => {
      const text = line.replace(/\s+#.*$/, "");
      const [, verdict, event] = /^(allow|block)\s+(.*)$/.exec(text) ?? [];
      Deno.test(`docs/policy.md:${block.start + index}: ${text}`, () => {
        const [judged] = evaluate(policy, [eventOf(event!)]);
        assert.equal(judged?.policy, verdict === "allow" ? "allow" : "deny");
      });
    });
  } else if (block.kind === "mistakes") {
    block.lines.forEach((line, index) => {
      const [wrong, advice] = line.split(/\s{2,}/) as [string, string];
      Deno.test(`docs/policy.md:${block.start + index}: ${wrong} is told what to do`, () => {
        const said = validate(wrong).filter(({ severity }) => severity === "error")
          .map(({ message, suggestion }) => `${message} ${suggestion ?? ""}`);
        assert.ok(said.some((text) => text.includes(advice)), said.join("\n"));
      });
    });
  }
}

Deno.test("docs/policy.md: there are examples of every kind", () => {
  const kinds = new Set(blocks.map(({ kind }) => kind));
  assert.deepEqual([...kinds].sort(), ["events", "mistakes", "policy"]);
  assert.ok(blocks.length > 40);
});

for (const { name } of Deno.readDirSync(`${root}examples`)) {
  Deno.test(`examples/${name} is valid`, () => {
    assert.deepEqual(validate(Deno.readTextFileSync(`${root}examples/${name}`)), []);
  });
}
