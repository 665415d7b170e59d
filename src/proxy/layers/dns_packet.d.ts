/** The part of dns-packet that is used; the package ships no types. */
import type { Buffer } from "node:buffer";

declare namespace packet {
  interface Record {
    name: string;
    type: string;
    ttl?: number;
    data?: unknown;
  }
  interface Packet {
    answers?: Record[];
    authorities?: Record[];
    additionals?: Record[];
  }
  function decode(bytes: Buffer): Packet;
  function encode(message: Packet): Buffer;
}
export default packet;
