/**
 * `egress demo`: a theft on a little internet of its own, first watched, then stopped.
 *
 * @module
 */

import { ToolError } from "../demo/command.ts";
import { Internet } from "../demo/internet.ts";
import { onInterrupt } from "../demo/interrupt.ts";
import { disappointments, painter, renderTable } from "../demo/render.ts";
import { install, POLICY, type Run, SECRET, stealingPackage } from "../demo/scenario.ts";
import { WorldLostError } from "../demo/world_process.ts";

/** Shown by `egress demo --help`. */
export const help = `egress demo: watch a secret being stolen, then not

  sudo egress demo [--json]

Builds a little internet in two network namespaces (name server, package registry, an attacker),
installs a package with npm whose install script steals a token from the environment, first under
egress run --audit, then under a policy, and shows what the attacker's servers received in each.
Nothing leaves the machine; nothing stays on it.

  --json   print the result as one JSON line

Exit status: 0 if everything was stolen in audit, nothing when enforced, and the install worked in
both; 1 if not; 2 for wrong arguments; 125 if the demo could not be built.
`;

const EXIT = { fine: 0, disappointed: 1, usage: 2, failed: 125 } as const;

/**
 * Runs the demo.
 *
 * @param args What follows `egress demo`.
 * @returns The exit status.
 */
export async function main(args: string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(help.trimEnd());
    return EXIT.fine;
  }
  const unknown = args.find((arg) => arg !== "--json");
  if (unknown !== undefined) {
    console.error(`egress demo: unknown argument ${unknown}\nSee egress demo --help.`);
    return EXIT.usage;
  }
  if (Deno.uid() !== 0) {
    console.error("egress demo needs root, to make network namespaces: run it with sudo");
    return EXIT.failed;
  }
  try {
    return await demonstrate(args.includes("--json"));
  } catch (error) {
    if (!(error instanceof ToolError || error instanceof WorldLostError)) throw error;
    console.error(`egress demo: the little internet could not be built: ${error.message}`);
    return EXIT.failed;
  }
}

async function demonstrate(json: boolean): Promise<number> {
  const colours = !json && Deno.stdout.isTerminal() && Deno.env.get("NO_COLOR") === undefined;
  const paint = painter(colours);
  const say = (text: string) => json || console.log(text);
  say(paint("bold", "A package that steals NPM_TOKEN while npm installs it\n"));
  say("  building a little internet: name server, registry.test, and the attacker, evil.test");
  await using internet = await Internet.create({ packages: [await stealingPackage()] });
  // An interrupted demo must not leave namespaces behind.
  using _interrupts = onInterrupt(() => internet.close());
  say("  egress run --audit -- npm install paint-it");
  const audit = await install(internet, ["--audit"]);
  say(`  egress run --policy-text '${POLICY}' -- npm install paint-it\n`);
  const enforced = await install(internet, ["--policy-text", POLICY]);
  const wrong = disappointments(audit, enforced);
  if (json) console.log(JSON.stringify({ ok: wrong.length === 0, wrong, audit, enforced }));
  else report(audit, enforced);
  for (const what of wrong) console.error(`egress demo: ${what}`);
  return wrong.length === 0 ? EXIT.fine : EXIT.disappointed;

  function report(audit: Run, enforced: Run): void {
    console.log(renderTable(audit, enforced, SECRET, paint));
    console.log(paint("bold", "\n  what egress said of the enforced run"));
    console.log(enforced.said.trimEnd().replace(/^/gm, "  "));
    if (wrong.length === 0) {
      console.log(paint("green", "\n  Everything was stolen before, nothing after."));
    } else if (audit.status !== 0) {
      console.log(paint("dim", `\n  egress said of the audit run:\n${audit.said}`));
    }
  }
}
