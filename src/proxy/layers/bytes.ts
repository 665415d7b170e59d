/**
 * Byte and text helpers that the decoders share.
 *
 * @module
 */

const utf8 = new TextEncoder();
const ascii = new TextDecoder();

/** An empty byte string. */
export const EMPTY: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** Encodes text as UTF-8. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return utf8.encode(text);
}

/** Joins byte strings into one new one. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * Bytes to text, one character a byte, so that {@link fromLatin1} gives the very bytes back
 * (TextDecoder's "latin1" is windows-1252 and does not).
 */
export function toLatin1(bytes: Uint8Array): string {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i]! > 0x7f) return slowLatin1(bytes);
  }
  return ascii.decode(bytes);
}

function slowLatin1(bytes: Uint8Array): string {
  let out = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    out += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return out;
}

/** The reverse of {@link toLatin1}; every character must be below U+0100. */
export function fromLatin1(text: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}
