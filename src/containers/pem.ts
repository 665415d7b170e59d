/**
 * PEM certificates (RFC 7468) out of text that may hold anything else, and joined into one bundle.
 *
 * @module
 */

const BLOCK =
  /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[A-Za-z0-9+/=\s]{1,32768}?-----END (?:TRUSTED )?CERTIFICATE-----/g;

/** The certificates in a text, each as its PEM block. Nothing else of the text is returned. */
export function certificatesIn(text: string): string[] {
  return text.match(BLOCK) ?? [];
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
