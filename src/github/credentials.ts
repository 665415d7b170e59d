/**
 * The credentials that an HTTP request brings for GitHub. Pure.
 *
 * @module
 */

/** A header field; `lower` is its name in lower case. */
interface Field {
  lower: string;
  value: string;
}

/**
 * One credential: a token, or something that is none or cannot be told for certain (`null`), such as a
 * user's password, a web session, or a field that servers may read in two ways.
 */
export type Credential = string | null;

/** Schemes that carry a bare token: `token`, as GitHub's own, and `Bearer` (RFC 6750 section 2.1). */
const TOKEN_FIELD = /^(?:token|bearer) +([\x21-\x2b\x2d-\x7e]+)$/i;
/** RFC 7617 section 2; the padding may be missing. */
const BASIC_FIELD = /^basic +([A-Za-z0-9+/]+)(={0,2})$/i;
/** Passwords beside which GitHub takes the user name for the token. */
const NO_PASSWORD = new Set(["", "x-oauth-basic"]);
/** What GitHub's tokens look like: with a prefix, or 40 hexadecimal digits. */
const LOOKS_LIKE_TOKEN = /^(?:gh[a-z]_|github_pat_)|^[0-9a-f]{40}$/i;
/** Names of cookies that log a browser in: `user_session`, `__Host-user_session_same_site` and the like. */
const SESSION_COOKIE = /(?:^|;)\s*[^=;]*user_session[^=;]*=/i;

/**
 * All credentials of a request, wherever GitHub takes them from: Authorization, the query parameter of
 * old API versions, and session cookies.
 *
 * @param headers values as Latin-1 text
 * @param path with its query
 */
export function credentialsOf(headers: readonly Field[], path: string): Credential[] {
  const found: Credential[] = [];
  let fields = 0;
  for (const { lower, value } of headers) {
    if (lower === "authorization") {
      found.push(...authorization(value));
      fields++;
    } else if (lower === "cookie" && SESSION_COOKIE.test(value)) found.push(null);
  }
  // Of several fields a server may take any.
  if (fields > 1) found.push(null);
  if (path.includes("?")) found.push(...queryTokens(path.slice(path.indexOf("?"))));
  return found;
}

/** The credentials in one Authorization field: one, or two where user name and password may both count. */
function authorization(value: string): Credential[] {
  const token = TOKEN_FIELD.exec(value)?.[1];
  if (token !== undefined) return [token];
  const basic = BASIC_FIELD.exec(value);
  const pair = basic ? decodeBase64(basic[1]!) : undefined;
  const colon = pair?.indexOf(":") ?? -1;
  if (pair === undefined || colon < 0) return [null];
  const user = pair.slice(0, colon);
  const password = pair.slice(colon + 1);
  if (NO_PASSWORD.has(password)) return [user];
  return LOOKS_LIKE_TOKEN.test(user) ? [user, password] : [password];
}

/** Strict: what a lenient decoder would skip is no base64 (RFC 4648 section 3.3). */
function decodeBase64(text: string): string | undefined {
  try {
    return atob(text.padEnd(Math.ceil(text.length / 4) * 4, "="));
  } catch {
    return undefined; // a length that no text encodes to
  }
}

function queryTokens(query: string): string[] {
  return [...new URLSearchParams(query)]
    .filter(([name]) => name.toLowerCase() === "access_token")
    .map(([, value]) => value);
}
