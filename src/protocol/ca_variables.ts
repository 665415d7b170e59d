/**
 * Where clients look for the path of a CA bundle.
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
