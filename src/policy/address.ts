/**
 * IPv4 addresses and blocks as texts of policies and events.
 *
 * @module
 */

const OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const IPV4 = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`);
const MASK = /^(?:3[0-2]|[12]?[0-9])$/;

/** An address block: `network` has no host bits. */
export interface Block {
  network: number;
  /** 0..32 */
  bits: number;
}

/**
 * Reads four decimals 0..255 without leading zeros; nothing else is an address.
 *
 * @returns the address as an unsigned 32-bit number, or null
 */
export function parseIpv4(text: unknown): number | null {
  if (typeof text !== "string" || text.length > 15) return null;
  const match = IPV4.exec(text);
  if (!match) return null;
  return ((Number(match[1]) << 24) | (Number(match[2]) << 16) | (Number(match[3]) << 8) |
    Number(match[4])) >>> 0;
}

/** Reads `ADDRESS/MASK`; host bits are dropped. */
export function parseBlock(text: string): Block | null {
  const slash = text.indexOf("/");
  const address = parseIpv4(text.slice(0, slash));
  const mask = text.slice(slash + 1);
  if (slash < 0 || address === null || !MASK.test(mask)) return null;
  const bits = Number(mask);
  return { network: maskTo(address, bits), bits };
}

/** Keeps the first `bits` (0..32) bits of an address. */
export function maskTo(address: number, bits: number): number {
  return bits === 0 ? 0 : (address & (-1 << (32 - bits))) >>> 0;
}
