/**
 * Takes secrets out of what is recorded. Every character becomes an `x`, so that lengths and structure stay
 * and a replay still fits. No I/O.
 *
 * @module
 */

/** Fields whose values let someone in. */
const SECRET = /^(cookie|set-cookie)$|auth|token|secret|password|session|signature|key/i;
/** Says how to authenticate, not with what. */
const HARMLESS = /^(www-authenticate|proxy-authenticate|:authority)$/i;
const QUERY_VALUE = /([?&;][^=&;#\s"]{1,256}=)([^&#\s"]+)/g;
const USER = /(:\/\/)([^/@\s"]+)(@)/g;

/** Covers the values of queries and the users in URLs. */
export function redactText(text: string): string {
  return text.replace(QUERY_VALUE, (_, name, value) => name + covered(value))
    .replace(USER, (_, before, user, after) => before + covered(user) + after);
}

/** Covers a field's value if its name says that it is secret. */
export function redactField(name: string, value: string): string {
  return SECRET.test(name) && !HARMLESS.test(name) ? covered(value) : redactText(value);
}

/** Covers what is secret in a message head, HTTP/1 lines with CR LF. */
export function redactHead(head: string): string {
  const [first = "", ...lines] = head.split("\r\n");
  return [redactText(first), ...lines.map(redactLine)].join("\r\n");
}

function redactLine(line: string): string {
  const colon = line.indexOf(":");
  if (colon < 0) return covered(line);
  const blanks = /^[ \t]*/.exec(line.slice(colon + 1))![0].length;
  const start = colon + 1 + blanks;
  return line.slice(0, start) + redactField(line.slice(0, colon).trim(), line.slice(start));
}

function covered(text: string): string {
  return text.replace(/[^\s]/g, "x");
}
