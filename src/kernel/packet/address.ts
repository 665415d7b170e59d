/**
 * Addresses as numbers and as text.
 *
 * @module
 */

/**
 * Reads a dotted quad.
 *
 * @returns the address, most significant byte first, 0..2^32-1; undefined if it is none
 */
export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  let value = 0;
  for (let i = 1; i <= 4; i++) {
    const part = Number(match[i]);
    if (part > 255) return undefined;
    value = value * 256 + part;
  }
  return value;
}

/** @param address 0..2^32-1, most significant byte first */
export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Reads 16 bytes as an address; a v4-mapped one becomes a dotted quad. RFC 5952 otherwise. */
export function formatAddress(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const mapped = view.getUint32(0) === 0 && view.getUint32(4) === 0 && view.getUint32(8) === 0xffff;
  if (mapped) return formatIpv4(view.getUint32(12));
  const words = Array.from({ length: 8 }, (_, i) => view.getUint16(i * 2));
  const [from, length] = longestZeros(words);
  if (length < 2) return hex(words);
  return `${hex(words.slice(0, from))}::${hex(words.slice(from + length))}`;
}

function hex(words: number[]): string {
  return words.map((word) => word.toString(16)).join(":");
}

function longestZeros(words: number[]): [number, number] {
  let best: [number, number] = [0, 0];
  for (let i = 0; i < words.length; i++) {
    let end = i;
    while (words[end] === 0) end++;
    if (end - i > best[1]) best = [i, end - i];
  }
  return best;
}
