/**
 * Packets for tests.
 *
 * @module
 */

/** An IPv4 packet with a UDP datagram from 10.0.0.2:5000 to 192.0.2.1:53. */
export function packetOf(data: Uint8Array): Uint8Array {
  const length = 8 + data.length;
  const total = 20 + length;
  return new Uint8Array([
    ...[0x45, 0, total >> 8, total, 0, 0, 0, 0, 64, 17, 0, 0],
    ...[10, 0, 0, 2, 192, 0, 2, 1],
    ...[0x13, 0x88, 0, 53, length >> 8, length, 0, 0],
    ...data,
  ]);
}
