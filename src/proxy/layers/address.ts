/**
 * IPv4 addresses as text.
 *
 * @module
 */

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** The four bytes of a dotted address without leading zeros, or undefined if the text is none. */
export function parseIpv4(text: string): Uint8Array<ArrayBuffer> | undefined {
  const match = IPV4.exec(text);
  if (!match) return undefined;
  const out = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const part = match[i + 1]!;
    if (Number(part) > 255 || (part.length > 1 && part[0] === "0")) return undefined;
    out[i] = Number(part);
  }
  return out;
}
