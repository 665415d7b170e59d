/**
 * Feeds log lines to a policy draft.
 *
 * @module
 */

import type { Draft, PolicyDraft } from "../policy/derive/mod.ts";
import type { LogEvent } from "../protocol/log.ts";
import { meaningOf, startOf } from "./events.ts";

/** A draft that takes log lines. Pure. */
export class LogDraft {
  #now = 0;

  constructor(readonly draft: PolicyDraft) {}

  /** Another log begins. */
  begin(): void {
    this.draft.begin();
  }

  /** Takes the next line. What was refused for other reasons than the policy asks for no rule. */
  event(line: LogEvent): void {
    const meaning = meaningOf(line);
    this.#now = startOf(line) ?? this.#now;
    if (meaning.kind === "event") this.draft.add(meaning.event, this.#now);
    else if (meaning.kind === "lookup") this.draft.record(meaning.answer, this.#now);
  }

  /** The policy so far. */
  derive(): Draft {
    return this.draft.derive();
  }
}
