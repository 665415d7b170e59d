/**
 * Reading JSON whose shape nobody vouches for: each function answers with something usable, none throws.
 *
 * @module
 */

/** A JSON object. */
export type JsonObject = Record<string, unknown>;

/** The value if it is an object, else an empty one. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** Is it an object, and neither null nor an array? */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value if it is an array, else an empty one. */
export function arrayOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The text, or an empty one. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Those members of an array that are text. */
export function textsOf(value: unknown): string[] {
  return arrayOf(value).filter((member) => typeof member === "string");
}

/** The objects in an array. */
export function objectsOf(value: unknown): JsonObject[] {
  return arrayOf(value).filter(isObject);
}
