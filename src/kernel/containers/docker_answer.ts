/**
 * One question to Docker's API and its answer (Docker Engine API, ContainerList). No I/O.
 *
 * @module
 */

/** Answers are a few kilobytes; more is none. */
export const ANSWER_LIMIT = 1024 * 1024;

/**
 * The question for a container. A list rather than an inspection: that waits while the container is being
 * started, which is when its image is wanted. HTTP/1.0, so that the end of the answer is the end of the stream.
 *
 * @param id hexadecimal
 */
export function questionFor(id: string): Uint8Array<ArrayBuffer> {
  const filters = encodeURIComponent(JSON.stringify({ id: [id] }));
  return new TextEncoder().encode(
    `GET /containers/json?all=1&filters=${filters} HTTP/1.0\r\nHost: docker\r\n\r\n`,
  );
}

/**
 * The image's name out of a whole answer.
 *
 * @returns undefined if it says nothing of this container, or is no answer
 */
export function imageIn(answer: Uint8Array, id: string): string | undefined {
  const text = new TextDecoder().decode(answer);
  const end = text.indexOf("\r\n\r\n");
  if (end < 0 || !/^HTTP\/1\.[01] 200 /.test(text)) return undefined;
  return entryOf(text.slice(end + 4), "Id", id, "Image");
}

/**
 * The text of `field` in that object of a JSON array whose `key` is `id`.
 *
 * @returns undefined if there is none, or the text is no such JSON
 */
export function entryOf(
  json: string,
  key: string,
  id: string,
  field: string,
): string | undefined {
  const list = parseOr(json);
  if (!Array.isArray(list)) return undefined;
  return textIn(list.find((member) => member?.[key] === id), field);
}

/** The text of `field` in a JSON object, unless it is empty. */
export function textIn(value: unknown, field: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const text = (value as Record<string, unknown>)[field];
  return typeof text === "string" && text !== "" ? text : undefined;
}

/** What a JSON text says; undefined if it is none. */
export function parseOr(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
