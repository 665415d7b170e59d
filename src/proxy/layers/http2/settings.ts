/**
 * SETTINGS on their way through the relay (RFC 9113 section 6.5). They stay end to end, so that their
 * effects and acknowledgements do too, but for what the relay itself must bound or cannot relay.
 *
 * @module
 */

import { Setting, type SettingEntry } from "./frame.ts";

/** Largest HPACK table that a peer may ask the other for, in bytes: the relay keeps one too. */
export const MAX_TABLE_SIZE = 65536;
/** Streams that a client may have under way. */
export const MAX_STREAMS = 256;
/** Largest header list of a request and of a response, in bytes as RFC 9113 section 6.5.2 counts. */
export const MAX_REQUEST_LIST = 65536;
export const MAX_RESPONSE_LIST = 131072;

/** Upper bounds by setting. What is missing is not relayed: extensions hold hop by hop. */
type Bounds = ReadonlyMap<number, number>;

const FROM_CLIENT: Bounds = new Map([
  [Setting.headerTableSize, MAX_TABLE_SIZE],
  [Setting.initialWindowSize, Infinity],
  [Setting.maxHeaderListSize, MAX_RESPONSE_LIST],
]);

const FROM_UPSTREAM: Bounds = new Map([
  [Setting.headerTableSize, MAX_TABLE_SIZE],
  [Setting.maxConcurrentStreams, MAX_STREAMS],
  [Setting.initialWindowSize, Infinity],
  [Setting.maxHeaderListSize, MAX_REQUEST_LIST],
]);

/**
 * What upstream gets of the client's settings.
 *
 * @param first whether they are the client's first
 */
export function settingsForUpstream(
  entries: readonly SettingEntry[],
  first: boolean,
): SettingEntry[] {
  const own: SettingEntry[] = [
    [Setting.enablePush, 0],
    [Setting.maxHeaderListSize, MAX_RESPONSE_LIST],
  ];
  return bounded(entries, FROM_CLIENT, first ? own : []);
}

/**
 * What the client gets of upstream's settings.
 *
 * @param first whether they are upstream's first
 */
export function settingsForClient(
  entries: readonly SettingEntry[],
  first: boolean,
): SettingEntry[] {
  const own: SettingEntry[] = [
    [Setting.maxConcurrentStreams, MAX_STREAMS],
    [Setting.maxHeaderListSize, MAX_REQUEST_LIST],
  ];
  return bounded(entries, FROM_UPSTREAM, first ? own : []);
}

/** The last value of a setting, if it is there. */
export function settingValue(entries: readonly SettingEntry[], id: number): number | undefined {
  return entries.findLast((entry) => entry[0] === id)?.[1];
}

/** `own` come first, so that a peer's smaller values win over them. */
function bounded(
  entries: readonly SettingEntry[],
  bounds: Bounds,
  own: readonly SettingEntry[],
): SettingEntry[] {
  const out = [...own];
  for (const [id, value] of entries) {
    const most = bounds.get(id);
    if (most !== undefined) out.push([id, Math.min(value, most)]);
  }
  return out;
}
