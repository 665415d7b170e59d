/**
 * Reads requests off header lists (RFC 9113 section 8.3.1).
 *
 * @module
 */

import { checkField, FieldError, fieldError } from "./fields.ts";
import { type Field } from "./hpack/static_table.ts";

/** A request that has been checked. */
export interface Request {
  method: string;
  scheme: string;
  /** As the client wrote it. */
  authority: string;
  /** Of the authority: lower case, without a trailing dot. */
  host: string;
  /** The port in the authority, if it names one; 1..65535. */
  port: number | undefined;
  /** Origin form, `*` for OPTIONS, empty for CONNECT. */
  path: string;
  /** The fields that are no pseudo-header fields, without Host, as they came. */
  headers: Field[];
  /** The value of Content-Length. */
  contentLength: number | undefined;
  /** CONNECT, extended (RFC 8441) or not: it asks for a tunnel, which is never relayed. */
  connect: boolean;
}

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;
const PATH = /^\/[\x21\x22\x24-\x7e]*$/;
const AUTHORITY = /^([A-Za-z0-9_.-]{1,253}?)\.?(?::(\d{1,5}))?$/;
const PSEUDO: ReadonlySet<string> = new Set([
  ":method",
  ":scheme",
  ":authority",
  ":path",
  ":protocol",
]);

/**
 * Reads a request.
 *
 * @param scheme of the connection: no other may be asked for
 * @returns the request, or why it is malformed
 */
export function readRequest(fields: readonly Field[], scheme: string): Request | FieldError {
  const out: Request[] = [];
  const error = fieldError(() => out.push(parse(fields, scheme)));
  return error ?? out[0]!;
}

/** Stands for a request whose header list was not read to its end. It can only be refused. */
export function unreadable(beginning: readonly Field[]): Request {
  const method = beginning.find(({ name }) => name === ":method")?.value ?? "";
  const nothing = { scheme: "", authority: "", host: "", path: "", headers: [] };
  return { ...nothing, method, port: undefined, contentLength: undefined, connect: false };
}

/** The header list that upstream gets: rebuilt from what was parsed, the authority in one place. */
export function forwardedFields(request: Request): Field[] {
  const pseudo = (name: string, value: string) => ({ name, value, sensitive: false });
  return [
    pseudo(":method", request.method),
    pseudo(":scheme", request.scheme),
    pseudo(":authority", request.authority),
    pseudo(":path", request.path),
    ...request.headers,
  ];
}

function parse(fields: readonly Field[], scheme: string): Request {
  const pseudo = new Map<string, string>();
  const headers: Field[] = [];
  const hosts: string[] = [];
  let contentLength: number | undefined;
  for (const field of fields) {
    if (field.name.startsWith(":")) {
      addPseudo(pseudo, field, headers.length + hosts.length > 0);
      continue;
    }
    checkField(field);
    if (field.name === "host") hosts.push(field.value);
    else headers.push(field);
    if (field.name === "content-length") contentLength = readLength(field.value, contentLength);
  }
  const authority = readAuthority(pseudo.get(":authority"), hosts);
  return { ...readTarget(pseudo, scheme), ...authority, headers, contentLength };
}

function addPseudo(pseudo: Map<string, string>, { name, value }: Field, late: boolean): void {
  if (!PSEUDO.has(name)) throw new FieldError(`${name} is no field of a request`);
  if (late) throw new FieldError(`${name} after other fields`);
  if (pseudo.has(name)) throw new FieldError(`${name} twice`);
  pseudo.set(name, value);
}

function readLength(value: string, before: number | undefined): number {
  if (before !== undefined) throw new FieldError("content-length twice");
  if (!/^\d{1,15}$/.test(value)) throw new FieldError("content-length is no number");
  return Number(value);
}

function readTarget(pseudo: ReadonlyMap<string, string>, scheme: string) {
  const method = pseudo.get(":method") ?? "";
  if (!METHOD.test(method)) throw new FieldError(":method is missing or malformed");
  const connect = method === "CONNECT";
  if (pseudo.has(":protocol") && !connect) throw new FieldError(":protocol without CONNECT");
  if (connect && !pseudo.has(":protocol")) {
    // RFC 9113 section 8.5: neither may be there.
    if (pseudo.has(":scheme") || pseudo.has(":path")) {
      throw new FieldError("CONNECT with a scheme or path");
    }
    return { method, scheme, path: "", connect };
  }
  if (pseudo.get(":scheme") !== scheme) throw new FieldError(`:scheme is not ${scheme}`);
  const path = pseudo.get(":path") ?? "";
  if (!PATH.test(path) && !(path === "*" && method === "OPTIONS")) {
    throw new FieldError(":path is missing or malformed");
  }
  return { method, scheme, path, connect };
}

/** Servers differ in which of the two they read, so both must say the same. */
function readAuthority(named: string | undefined, hosts: readonly string[]) {
  const authority = named ?? hosts[0];
  if (authority === undefined) throw new FieldError("neither :authority nor host");
  const same = (host: string) => host.toLowerCase() === authority.toLowerCase();
  if (hosts.length > 1 || !hosts.every(same)) {
    throw new FieldError("host differs from :authority, or comes twice");
  }
  const match = AUTHORITY.exec(authority);
  if (!match) throw new FieldError(":authority is malformed");
  const port = match[2] === undefined ? undefined : Number(match[2]);
  if (port !== undefined && (port < 1 || port > 65535)) {
    throw new FieldError(":authority has a port out of range");
  }
  return { authority, host: match[1]!.toLowerCase(), port };
}
