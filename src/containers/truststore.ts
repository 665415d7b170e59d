/**
 * Java truststores: certificates out of JKS and PKCS #12 files, and into a JKS file.
 *
 * @module
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** sun.security.provider.JavaKeyStore: MAGIC, VERSION_2, and the tag of a trusted certificate. */
const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED = 2;
const WHITENER = "Mighty Aphrodite";
/** What `cacerts` is protected with everywhere; the digest is no secret. */
export const PASSWORD = "changeit";
const CERTIFICATES = 2000;

/**
 * The certificates of a truststore, JKS or PKCS #12 without encryption (as JDK 18 and newer ship it).
 *
 * @returns undefined if the file is neither, or encrypted
 */
export function certificatesOf(file: Bytes): Bytes[] | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length > 12 && view.getUint32(0) === MAGIC) return readJks(file, view);
  if (file[0] !== 0x30) return undefined;
  const found = certBags(file);
  return found.length > 0 ? found : undefined;
}

function readJks(file: Bytes, view: DataView): Bytes[] | undefined {
  const found: Bytes[] = [];
  let at = 12;
  const skipText = () => at += 2 + view.getUint16(at);
  try {
    if (view.getUint32(4) !== VERSION) return undefined;
    for (let left = Math.min(view.getUint32(8), CERTIFICATES); left > 0; left--) {
      // A key has a place in no truststore, and what follows it cannot be found without parsing it.
      if (view.getUint32(at) !== TRUSTED) break;
      at += 4;
      skipText();
      at += 8;
      skipText();
      const size = view.getUint32(at);
      at += 4;
      if (at + size > file.length) return undefined;
      found.push(file.slice(at, at + size));
      at += size;
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return found;
}

/** 1.2.840.113549.1.9.22.1, x509Certificate, as in a CertBag (RFC 7292, 4.2.3), with its tag. */
const X509 = [0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x16, 0x01];

/**
 * CertBag ::= SEQUENCE { certId OID, certValue [0] EXPLICIT OCTET STRING }. Looked for by its OID: what
 * lies around it does not matter for certificates that are trusted or not by being there.
 */
function certBags(file: Bytes): Bytes[] {
  const found: Bytes[] = [];
  for (let at = file.indexOf(X509[0]!); at >= 0 && found.length < CERTIFICATES;) {
    const bag = X509.every((byte, i) => file[at + i] === byte)
      ? octetsAt(file, at + X509.length)
      : undefined;
    if (bag) found.push(bag.value);
    at = file.indexOf(X509[0]!, bag?.end ?? at + 1);
  }
  return found;
}

function octetsAt(file: Bytes, at: number): { value: Bytes; end: number } | undefined {
  if (file[at] !== 0xa0) return undefined;
  const outer = lengthAt(file, at + 1);
  if (!outer || file[outer.start] !== 0x04) return undefined;
  const inner = lengthAt(file, outer.start + 1);
  if (!inner) return undefined;
  const end = inner.start + inner.length;
  return { value: file.slice(inner.start, end), end };
}

/** A DER length (X.690, 8.1.3) of at most three octets that fits into the file. */
function lengthAt(file: Bytes, at: number): { length: number; start: number } | undefined {
  const first = file[at] ?? 0x80;
  const octets = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || octets > 3) return undefined;
  let length = first < 0x80 ? first : 0;
  for (let i = 1; i <= octets; i++) length = length * 256 + (file[at + i] ?? 0);
  const start = at + 1 + octets;
  return start + length <= file.length ? { length, start } : undefined;
}

/** A JKS truststore of these certificates (DER). */
export async function writeJks(certificates: readonly Bytes[]): Promise<Bytes> {
  const parts = [numbers(MAGIC, VERSION, certificates.length)];
  certificates.forEach((certificate, index) => {
    parts.push(numbers(TRUSTED), text(`egress-${index}`), new Uint8Array(8), text("X.509"));
    parts.push(numbers(certificate.length), certificate);
  });
  const body = concat(parts);
  const keyed = concat([utf16(PASSWORD), new TextEncoder().encode(WHITENER), body]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", keyed));
  return concat([body, digest]);
}

function numbers(...values: number[]): Bytes {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint32(4 * index, value));
  return bytes;
}

/** Two octets of length, then ASCII. */
function text(value: string): Bytes {
  const bytes = new TextEncoder().encode(value);
  return concat([new Uint8Array([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function utf16(value: string): Bytes {
  const bytes = new Uint8Array(2 * value.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < value.length; i++) view.setUint16(2 * i, value.charCodeAt(i));
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
