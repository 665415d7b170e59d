/**
 * The guard's part for containers: `egress containers install` and `remove`, and what the wrapper notes goes
 * into the log.
 *
 * @module
 */

import type { LogEvent } from "../../protocol/mod.ts";
import { mustSh } from "../shell.ts";
import { AppendedText } from "./appended.ts";
import type { ContainerSpec } from "./guard_spec.ts";

/** The wrapper's folder (src/containers, FOLDER). */
const EVENTS = "/run/egress/containers/events.jsonl";
/** ms between looks. */
const PERIOD = 250;

/**
 * Puts the wrapper in, where there is a runc. Noted first, so that a killed guard's can be taken out.
 * $1 undo folder, $2 launcher, then arguments of \`egress containers install\`
 */
const CONTAINERS_ON = `
undo=$1 launcher=$2; shift 2
command -v runc >/dev/null 2>&1 || exit 0
printf %s "$launcher" >"$undo/containers"
"$launcher" containers install "$@" >/dev/null
`;

/** Takes it out. $1 undo folder */
export const CONTAINERS_OFF = `
[ -e "$1/containers" ] || exit 0
"$(cat "$1/containers")" containers remove >/dev/null && rm -f "$1/containers"
`;

/**
 * Guards containers and gives them the CA.
 *
 * @param root the source tree, which has the launcher
 * @throws {EgressError}
 */
export async function guardContainers(
  spec: ContainerSpec,
  root: string,
  undoDir: string,
  caFile: string,
): Promise<void> {
  const certs = spec.certs ? ["--ca", caFile] : ["--no-container-certs"];
  const places = spec.places.flatMap((place) => ["--place", place]);
  const readable = spec.readable.flatMap((folder) => ["--readable", folder]);
  const allow = spec.allow.flatMap((text) => ["--allow", text]);
  await mustSh("guarding containers", CONTAINERS_ON, {
    args: [
      ...[undoDir, `${root}/egress`, "--containers", spec.mode],
      ...[...certs, ...places, ...readable, ...allow],
    ],
  });
}

/** Follows the wrapper's events. */
export class ContainerWatch {
  readonly #write: (event: LogEvent) => void;
  readonly #file = new AppendedText(EVENTS);
  readonly #timer: ReturnType<typeof setInterval>;
  #rest = "";

  constructor(write: (event: LogEvent) => void) {
    this.#write = write;
    this.#timer = setInterval(() => this.#look(), PERIOD);
  }

  /** Looks for the last time; to be called before the wrapper is taken out. */
  close(): void {
    clearInterval(this.#timer);
    this.#look();
  }

  #look(): void {
    const lines = (this.#rest + this.#file.next()).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const event = containerEvent(line);
      if (event) this.#write(event);
    }
  }
}

/** A line of the wrapper's events as one of the log; undefined if it is none. Pure. */
export function containerEvent(line: string): LogEvent | undefined {
  let value: Record<string, unknown>;
  try {
    value = Object(JSON.parse(line));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const { ts, image, message } = value;
  if (typeof ts !== "string" || typeof message !== "string") return undefined;
  return {
    ts,
    type: "container",
    ...(value.policy === "deny" && { policy: "deny", reason: "container" }),
    ...(typeof image === "string" && { image }),
    message,
  };
}
