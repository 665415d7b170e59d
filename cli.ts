/**
 * The `egress` command: picks the subcommand and loads only that one.
 *
 * @module
 */

import { nearest } from "./src/cli/nearest.ts";
import { VERSION } from "./src/protocol/version.ts";

interface Command {
  summary: string;
  load(): Promise<{ main(args: string[]): Promise<number> }>;
}

const COMMANDS: Record<string, Command> = {
  run: {
    summary: "run a command that reaches only what a policy names",
    load: () => import("./src/cli/run.ts"),
  },
  start: {
    summary: "guard the whole machine",
    load: () => import("./src/cli/start.ts"),
  },
  stop: {
    summary: "end the guard, and put everything back",
    load: () => import("./src/cli/stop.ts"),
  },
  status: {
    summary: "is this machine guarded, and how",
    load: () => import("./src/cli/status.ts"),
  },
  reload: {
    summary: "swap the policy of a guarded machine",
    load: () => import("./src/cli/reload.ts"),
  },
  demo: {
    summary: "watch a secret being stolen, then not",
    load: () => import("./src/cli/demo.ts"),
  },
  containers: {
    summary: "guard containers, and give them the CA",
    load: () => import("./src/cli/containers.ts"),
  },
  doctor: {
    summary: "can this machine run egress? does it hold against attacks?",
    load: () => import("./src/cli/doctor.ts"),
  },
  validate: {
    summary: "check policies and workflow files",
    load: () => import("./src/cli/validate.ts"),
  },
  analyze: {
    summary: "would this policy allow what the log saw?",
    load: () => import("./src/cli/analyze.ts"),
  },
  suggest: { summary: "a minimal policy from logs", load: () => import("./src/cli/suggest.ts") },
  explain: {
    summary: "which rule allows an event, or why none",
    load: () => import("./src/cli/explain.ts"),
  },
  permissions: {
    summary: "GitHub token permissions that a log's requests need",
    load: () => import("./src/cli/permissions.ts"),
  },
  report: {
    summary: "one page to read, from a log",
    load: () => import("./src/cli/report.ts"),
  },
  "verify-log": {
    summary: "has a log been changed, cut or reordered?",
    load: () => import("./src/cli/verify_log.ts"),
  },
  conformance: {
    summary: "drive the policy engine over stdin and stdout",
    load: () => import("./src/cli/conformance.ts"),
  },
};

function help(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, c]) =>
    `  ${name.padEnd(width)}  ${c.summary}`
  );
  return `egress ${VERSION}: an egress firewall for CI jobs and for any Linux command

  egress COMMAND [ARG...]

${lines.join("\n")}

egress COMMAND --help tells more.`;
}

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(help());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version") {
    console.log(`egress ${VERSION}`);
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    const close = nearest(name, Object.keys(COMMANDS));
    console.error(
      `egress: unknown command ${name}` + (close === undefined ? "" : `: did you mean ${close}?`),
    );
    console.error("See egress --help.");
    return 2;
  }
  return await (await command.load()).main(rest);
}

Deno.exit(await main(Deno.args));
