/**
 * What `egress run -- true` costs over `true`, with the share of each step.
 *
 *     sudo deno run -A bench/start.ts
 *
 * @module
 */

const root = new URL("..", import.meta.url).pathname;
const RUNS = 7;

async function time(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ ms: number; err: string }> {
  const begin = performance.now();
  const out = await new Deno.Command(args[0]!, { args: args.slice(1), env }).output();
  const ms = performance.now() - begin;
  const err = new TextDecoder().decode(out.stderr);
  if (out.code !== 0) throw new Error(`${args.join(" ")}: ${out.code}: ${err}`);
  return { ms, err };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

const run = [`${root}egress`, "run", "--policy-text", "example.test", "--", "true"];
await time(run); // brings what is missing
const plain: number[] = [];
const filtered: number[] = [];
let steps = "";
for (let i = 0; i < RUNS; i++) {
  plain.push((await time(["true"])).ms);
  const { ms, err } = await time(run, { EGRESS_TIMING: "1" });
  filtered.push(ms);
  steps = err.split("\n").find((line) => line.startsWith("egress: start")) ?? "";
}
const helps: number[] = [];
for (let i = 0; i < RUNS; i++) helps.push((await time([`${root}egress`, "--help"])).ms);
console.log(`true                    ${median(plain).toFixed(1)} ms`);
console.log(`egress run -- true      ${median(filtered).toFixed(0)} ms, start to end`);
console.log(`                        ${steps}`);
console.log(`egress --help           ${median(helps).toFixed(0)} ms`);
