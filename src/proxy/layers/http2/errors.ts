/**
 * How HTTP/2 peers fail each other (RFC 9113 sections 5.4 and 7).
 *
 * @module
 */

/** Error codes of RST_STREAM and GOAWAY (RFC 9113 section 7). */
export const ErrorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  connect: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const;
export type ErrorCode = typeof ErrorCode[keyof typeof ErrorCode];

/** What ends a whole connection: GOAWAY with `code`, then close. */
export class ConnectionError extends Error {
  override name = "ConnectionError";
  constructor(readonly code: ErrorCode, message: string) {
    super(message);
  }
}

/** What ends one stream: RST_STREAM with `code`. The connection goes on. */
export class StreamError extends Error {
  override name = "StreamError";
  constructor(readonly stream: number, readonly code: ErrorCode, message: string) {
    super(message);
  }
}
