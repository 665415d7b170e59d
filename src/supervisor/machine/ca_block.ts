/**
 * A certificate put into a CA bundle so that it can be taken out again to the byte, whatever others changed in the
 * bundle meanwhile. Pure.
 *
 * @module
 */

function block(id: string, certPem: string): string {
  // The line end in front keeps it apart from a last line that has none.
  return `\n# egress ${id}\n${certPem.trimEnd()}\n# end of egress ${id}\n`;
}

/** The bundle with the certificate at its end. @param id of the guard */
export function withBlock(bundle: string, id: string, certPem: string): string {
  return bundle + block(id, certPem);
}

/** The bundle without it; also without a bare copy that update-ca-certificates wrote. */
export function withoutBlock(bundle: string, id: string, certPem: string): string {
  return bundle.replaceAll(block(id, certPem), "").replaceAll(`${certPem.trimEnd()}\n`, "");
}
