/**
 * Carries out a set of attacks, and collects what arrives.
 *
 * @module
 */

import { feed } from "../../demo/command.ts";
import type { Received } from "../../demo/received.ts";
import { sourcePath } from "../../demo/root.ts";
import type { Attack } from "./attacks.ts";
import type { Arrivals } from "./judge.ts";
import { type Aimed, type Ground, orderFor } from "./order.ts";
import { readSink, targetOf } from "./sink.ts";

/** Where it happens. */
export interface Field {
  ground: Ground;
  /** Network namespace of the sink, by name. */
  sink: string;
  /** The command line that runs a command as the attacker. */
  enter(command: string[]): string[];
  /** Everything that servers have received so far. */
  received(): Promise<readonly Received[]>;
}

/** How it is done. */
export interface AssaultOptions {
  /** Command line that the attacks run under. */
  around?: string[];
  /** There is egress around them whose own processes may be attacked. */
  underEgress?: boolean;
  /** Word of a request to an allowed host. */
  allowed?: string;
}

/** A set of attacks that has been carried out. */
export interface Assault {
  aimed: Aimed[];
  arrivals: Arrivals;
  /** What was said on stderr. */
  said: string;
}

/** Gives each attack its address, and a word that nobody else has. */
export function aim(attacks: readonly Attack[]): Aimed[] {
  return attacks.map((attack, index) => ({ attack, target: targetOf(index), word: newWord() }));
}

/** A word that is a label of a name, too, and that nobody else has. */
export function newWord(): string {
  return `w${crypto.randomUUID().replaceAll("-", "")}`;
}

/** Carries them out. */
export async function assault(
  field: Field,
  attacks: readonly Attack[],
  { around = [], ...order }: AssaultOptions = {},
): Promise<Assault> {
  const aimed = aim(attacks);
  const before = await readSink(field.sink);
  const first = (await field.received()).length;
  const driver = ["/usr/bin/python3", "-I", "-S", sourcePath("src/doctor/attack/driver.py")];
  const [file = "", ...args] = field.enter([...around, ...driver]);
  const child = new Deno.Command(file, {
    args,
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NO_COLOR: "1" },
    clearEnv: true,
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const fed = feed(child.stdin.getWriter(), orderFor(aimed, field.ground, order));
  const output = await child.output();
  await fed;
  const received = (await field.received()).slice(first);
  const arrivals = { received, before, after: await readSink(field.sink) };
  return { aimed, arrivals, said: new TextDecoder().decode(output.stderr).trim() };
}
