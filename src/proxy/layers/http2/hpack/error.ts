/**
 * Why a header block is not HPACK.
 *
 * @module
 */

/**
 * A header block that cannot be decoded. The compression state is lost with it, so that the whole
 * connection ends with COMPRESSION_ERROR (RFC 9113 section 4.3).
 */
export class HpackError extends Error {
  override name = "HpackError";
}
