/**
 * Assertions on a connection log.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { LogEvent } from "../../src/protocol/log.ts";

/** Events whose fields equal those given. */
export function events(log: LogEvent[], fields: Partial<LogEvent>): LogEvent[] {
  return log.filter((event) =>
    Object.entries(fields).every(([key, value]) =>
      JSON.stringify(event[key as keyof LogEvent]) === JSON.stringify(value)
    )
  );
}

/**
 * The one event whose fields equal those given.
 *
 * @throws {assert.AssertionError} With the log, when there is none or more than one.
 */
export function one(log: LogEvent[], fields: Partial<LogEvent>): LogEvent {
  const found = events(log, fields);
  const [event] = found;
  if (event === undefined || found.length > 1) {
    assert.fail(`${found.length} events with ${JSON.stringify(fields)} in:\n${show(log)}`);
  }
  return event;
}

/** Fails with the log when an event fits. */
export function none(log: LogEvent[], fields: Partial<LogEvent>): void {
  const found = events(log, fields);
  if (found.length > 0) {
    assert.fail(`${found.length} events with ${JSON.stringify(fields)} in:\n${show(log)}`);
  }
}

/** Fails with the log unless some event fits. */
export function some(log: LogEvent[], fields: Partial<LogEvent>): LogEvent {
  const [event] = events(log, fields);
  if (event === undefined) assert.fail(`no event with ${JSON.stringify(fields)} in:\n${show(log)}`);
  return event;
}

/** The log as text. */
export function show(log: LogEvent[]): string {
  return log.map((event) => "  " + JSON.stringify(event)).join("\n");
}
