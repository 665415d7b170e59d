/**
 * What the servers of the demo's internet received, as they report it.
 *
 * @module
 */

/** A question that reached the name server. */
export interface ReceivedQuestion {
  kind: "dns";
  transport: "udp" | "tcp";
  /** Lower case, no dot at the end. */
  name: string;
  /** `A`, `AAAA`, `HTTPS`, ..., or `TYPE` and its number. */
  type: string;
}

/** A TCP connection that a server accepted, whatever came of it. */
export interface ReceivedConnection {
  kind: "connection";
  /** Name of the host in the host table. */
  host: string;
  port: number;
}

/** An HTTP request. */
export interface ReceivedRequest {
  kind: "request";
  host: string;
  port: number;
  scheme: "http" | "https";
  method: string;
  /** As the server reads it: scheme, Host header, path, query. */
  url: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** Byte for byte, as Latin-1. */
  body: string;
}

/** Bytes of a raw TCP connection, in the pieces in which they came. */
export interface ReceivedBytes {
  kind: "tcp";
  host: string;
  port: number;
  /** Byte for byte, as Latin-1. */
  data: string;
}

/** A UDP datagram. */
export interface ReceivedDatagram {
  kind: "udp";
  host: string;
  port: number;
  /** Byte for byte, as Latin-1. */
  data: string;
}

/** Anything that reached a server. */
export type Received =
  | ReceivedQuestion
  | ReceivedConnection
  | ReceivedRequest
  | ReceivedBytes
  | ReceivedDatagram;

/** Bytes as a text in which every character is one byte. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
