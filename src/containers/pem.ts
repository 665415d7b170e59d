/**
 * PEM certificates (RFC 7468) out of text that may hold anything else, and joined into one bundle.
 *
 * @module
 */

const BEGIN = /-----BEGIN (TRUSTED )?CERTIFICATE-----/g;
/** Base64 of a certificate: nothing else of a text may come out of it. */
const BODY = /^[A-Za-z0-9+/=\s]+$/;
const LONGEST = 16384;

/** The certificates in a text, each as its PEM block. Nothing else of the text is returned. */
export function certificatesIn(text: string): string[] {
  const found: string[] = [];
  for (const { 0: begin, 1: trusted = "", index } of text.matchAll(BEGIN)) {
    const line = `-----END ${trusted}CERTIFICATE-----`;
    const start = index + begin.length;
    const after = text.slice(start, start + LONGEST);
    const size = after.indexOf(line);
    if (size < 0 || !BODY.test(after.slice(0, size))) continue;
    found.push(text.slice(index, start + size + line.length));
  }
  return found;
}

/**
 * One bundle: the run's CA first, since some clients stop reading at a size; each certificate once.
 */
export function joinBundle(own: string, others: readonly string[]): string {
  const seen = new Set<string>();
  for (const text of [own, ...others]) {
    for (const block of certificatesIn(text)) seen.add(block);
  }
  return [...seen].map((block) => `${block}\n`).join("");
}

/** The certificates of a text in DER. A block that is no base64 is left out. */
export function derOf(text: string): Uint8Array<ArrayBuffer>[] {
  return certificatesIn(text).flatMap((block) => {
    try {
      return [Uint8Array.fromBase64(block.replace(/-----[^-]+-----|\s/g, ""))];
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  });
}
