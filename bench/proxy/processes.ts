/**
 * Programs that the benchmark starts, ends and weighs. Deno opens nothing below /proc and sends signals only to
 * its own children, hence the shell.
 *
 * @module
 */

const text = new TextDecoder();

/**
 * Runs a script and returns what it printed.
 *
 * @throws {Error} with what it complained of, if it fails
 */
export async function sh(script: string): Promise<string> {
  const out = await new Deno.Command("/bin/bash", { args: ["-ec", script] }).output();
  if (out.code !== 0) throw new Error(`${script}\n${text.decode(out.stderr)}`);
  return text.decode(out.stdout);
}

/** Starts a program, silent unless `options` say otherwise. */
export function spawn(
  args: string[],
  options: Partial<Deno.CommandOptions> = {},
): Deno.ChildProcess {
  return new Deno.Command(args[0]!, {
    args: args.slice(1),
    stdin: "null",
    stdout: "null",
    stderr: "null",
    ...options,
  }).spawn();
}

/** Ends a program and waits for it. */
export async function closed(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGINT");
  } catch (error) {
    // It has ended already.
    if (!(error instanceof TypeError)) throw error;
  }
  await child.status;
}

/** What a process and its descendants have used and hold. */
export interface Weight {
  /** CPU time of all of them, s. */
  cpu: number;
  /** Resident memory of all of them, KB. */
  rss: number;
  /** Largest resident memory so far, the sum of each one's peak, KB. */
  peak: number;
}

/**
 * Weighs a process and its descendants.
 *
 * @param pattern only those whose command line matches this extended regular expression
 */
export async function weigh(pid: number, pattern = "."): Promise<Weight> {
  const rows = await sh(`
    all() { echo $1; for c in $(pgrep -P $1 || true); do all $c; done; }
    for p in $(all ${pid}); do
      tr '\\0' ' ' < /proc/$p/cmdline 2>/dev/null | grep -Eq ${`'${pattern}'`} || continue
      awk '{printf "%s ", $14 + $15}' /proc/$p/stat
      awk '/^VmRSS/ {r = $2} /^VmHWM/ {h = $2} END {print r, h}' /proc/$p/status
    done`);
  const sum: Weight = { cpu: 0, rss: 0, peak: 0 };
  for (const row of rows.trim().split("\n")) {
    const [ticks, rss, peak] = row.split(" ").map(Number);
    sum.cpu += (ticks ?? 0) / 100;
    sum.rss += rss ?? 0;
    sum.peak += peak ?? 0;
  }
  return sum;
}
