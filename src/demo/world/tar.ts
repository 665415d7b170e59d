/**
 * Writing a gzipped tar archive of text files (POSIX.1-1988 ustar).
 *
 * @module
 */

const BLOCK = 512;

/**
 * Packs files below `package/`, as npm tarballs have them. Equal files give equal bytes.
 *
 * @param files Text by path; a path of more than 90 bytes does not fit the header.
 * @throws {RangeError} For such a path.
 */
export async function tarball(files: Record<string, string>): Promise<Uint8Array<ArrayBuffer>> {
  const blocks: BlobPart[] = [];
  for (const [path, text] of Object.entries(files)) {
    const content = new TextEncoder().encode(text);
    blocks.push(header(`package/${path}`, content.length), content);
    blocks.push(new Uint8Array((BLOCK - content.length % BLOCK) % BLOCK));
  }
  blocks.push(new Uint8Array(2 * BLOCK));
  const packed = new Blob(blocks).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function header(path: string, size: number): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const put = (offset: number, text: string) => block.set(new TextEncoder().encode(text), offset);
  if (new TextEncoder().encode(path).length > 99) throw new RangeError(`too long a path: ${path}`);
  put(0, path);
  put(100, octal(0o755, 7)); // mode
  put(108, octal(0, 7)); // owner
  put(116, octal(0, 7)); // group
  put(124, octal(size, 11));
  put(136, octal(0, 11)); // modification time
  put(148, "        "); // the checksum counts itself as blanks
  put(156, "0"); // a regular file
  put(257, "ustar\x0000");
  put(148, `${octal(block.reduce((sum, byte) => sum + byte, 0), 6)}\0 `);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
