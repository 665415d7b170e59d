/**
 * Typed fields out of conformance requests.
 *
 * @module
 */

import { isAttribute } from "../policy/parts.ts";
import type { AttrValue, Defaults } from "../policy/types.ts";

/** A request that cannot be served; its message is the answer's `error`. */
export class RequestError extends Error {
  override name = "RequestError";
}

/** Is it a JSON object? */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The error for a field that is missing or has another type. */
export function fail(field: string, wanted: string): RequestError {
  return new RequestError(`field ${field}: expected ${wanted}`);
}

/** A required text. @throws {RequestError} */
export function stringOf(object: Record<string, unknown>, field: string): string {
  const value = object[field];
  if (typeof value !== "string") throw fail(field, "a string");
  return value;
}

/** A text that may be absent or null. @throws {RequestError} */
export function optionalString(object: Record<string, unknown>, field: string): string | undefined {
  return isAbsent(object[field]) ? undefined : stringOf(object, field);
}

/** A required list. @throws {RequestError} */
export function listOf(object: Record<string, unknown>, field: string): unknown[] {
  const value = object[field];
  if (!Array.isArray(value)) throw fail(field, "a list");
  return value;
}

/** Absent or null. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** The field `defaults`. @throws {RequestError} */
export function defaultsOf(request: Record<string, unknown>): Defaults | undefined {
  const value = request.defaults;
  if (isAbsent(value)) return undefined;
  if (!isObject(value)) throw fail("defaults", "an object");
  const defaults: Defaults = {};
  if (!isAbsent(value.port)) defaults.port = ports(value.port);
  if (!isAbsent(value.protocol)) defaults.protocol = protocol(value.protocol);
  if (!isAbsent(value.methods)) defaults.methods = methods(value.methods);
  if (!isAbsent(value.attrs)) defaults.attrs = attrs(value.attrs);
  return defaults;
}

function ports(value: unknown): number[] | "*" {
  if (value === "*") return "*";
  const wanted = "a list of ports, or *";
  if (!Array.isArray(value) || value.length === 0) throw fail("defaults.port", wanted);
  for (const port of value) {
    if (!Number.isInteger(port) || port < 1 || port > 65535) throw fail("defaults.port", wanted);
  }
  return value as number[];
}

function protocol(value: unknown): "tcp" | "udp" {
  if (value === "tcp" || value === "udp") return value;
  throw fail("defaults.protocol", "tcp or udp");
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

function methods(value: unknown): string[] {
  const wanted = 'a list of methods, or ["*"]';
  if (!Array.isArray(value) || value.length === 0) throw fail("defaults.methods", wanted);
  const upper = value.map((method) => typeof method === "string" ? method.toUpperCase() : "");
  const all = upper.length === 1 && upper[0] === "*";
  if (!all && !upper.every((m) => METHODS.includes(m))) throw fail("defaults.methods", wanted);
  return upper;
}

function attrs(value: unknown): Record<string, AttrValue> {
  if (!isObject(value)) throw fail("defaults.attrs", "an object");
  const result: Record<string, AttrValue> = {};
  for (const [name, attr] of Object.entries(value)) {
    if (!isAttribute(name)) throw fail(`defaults.attrs.${name}`, "the name of an attribute");
    result[name] = attrValue(name, attr);
  }
  return result;
}

function attrValue(name: string, value: unknown): AttrValue {
  if (!isObject(value) || typeof value.text !== "string") {
    throw fail(`defaults.attrs.${name}`, "an object with text and literal");
  }
  return { text: value.text, literal: value.literal === true };
}
