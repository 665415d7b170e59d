/**
 * The CA bundle that COMMAND sees, and the environment that points to it.
 *
 * @module
 */

/** Variables that clients read a bundle's path from. */
export const CA_VARIABLES = [
  "SSL_CERT_FILE", // OpenSSL, Go, rustls-native-certs
  "CURL_CA_BUNDLE",
  "REQUESTS_CA_BUNDLE",
  "PIP_CERT",
  "NODE_EXTRA_CA_CERTS",
  "GIT_SSL_CAINFO",
  "AWS_CA_BUNDLE",
  "CARGO_HTTP_CAINFO",
  "DENO_CERT",
  "HEX_CACERTS_PATH",
  "NIX_SSL_CERT_FILE",
  "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
  "HTTPLIB2_CA_CERTS",
  "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
  "BUNDLE_SSL_CA_CERT",
  "COMPOSER_CAFILE",
] as const;

/**
 * Joins PEM texts into one bundle, the run's own CA first (some clients stop reading at a size).
 *
 * @param own the run's CA
 * @param others the system's bundle and what the caller's environment pointed to
 */
export function mergeBundles(own: string, others: string[]): string {
  const seen = new Set<string>();
  const parts: string[] = [];
  for (const text of [own, ...others]) {
    if (seen.has(text)) continue;
    seen.add(text);
    parts.push(text.endsWith("\n") || text === "" ? text : text + "\n");
  }
  return parts.join("");
}

/** The caller's environment with every CA variable set to `bundle`. */
export function withCaVariables(
  env: Record<string, string>,
  bundle: string,
): Record<string, string> {
  const out = { ...env };
  for (const name of CA_VARIABLES) out[name] = bundle;
  return out;
}
