/**
 * PEM (RFC 7468).
 *
 * @module
 */

/** Wraps DER bytes. */
export function toPem(label: string, der: Uint8Array): string {
  const lines = der.toBase64().replace(/(.{64})(?=.)/g, "$1\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

/**
 * Unwraps the first block of a PEM text.
 *
 * @throws {SyntaxError} if the text holds no block with that label
 */
export function fromPem(label: string, pem: string): Uint8Array<ArrayBuffer> {
  const match = new RegExp(`-----BEGIN ${label}-----([^-]+)-----END ${label}-----`).exec(pem);
  if (!match) throw new SyntaxError(`no PEM block "${label}"`);
  return Uint8Array.fromBase64(match[1]!.replace(/\s+/g, ""));
}
