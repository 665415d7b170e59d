/**
 * HTML from templates in which everything is escaped that is not HTML already. Pure.
 *
 * @module
 */

/** A piece of HTML: made by {@link html} alone, so that no text becomes one by accident. */
export class Html {
  /** @param text HTML that is right as it stands */
  constructor(readonly text: string) {}
}

/** What a template takes: texts and numbers are escaped, lists joined; undefined and false are nothing. */
export type Part = Html | string | number | undefined | false | readonly Part[];

/**
 * Tag of templates: `html\`<td title="${text}">${rows}</td>\``. Values belong between tags or within quoted values of
 * attributes that hold text; never into URLs, scripts or styles.
 */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(
    strings.reduce((text, string, index) => text + render(parts[index - 1]) + string),
  );
}

function render(part: Part): string {
  if (part instanceof Html) return part.text;
  if (part === undefined || part === false) return "";
  return typeof part === "object" ? part.map(render).join("") : escapeHtml(String(part));
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * A text as HTML. Control characters, and those that turn the direction of writing and so could make a page say
 * something else than its text does, are shown as `\u202e`.
 */
export function escapeHtml(text: string): string {
  return text.replace(UNSEEN, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, "0")}`)
    .replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

const UNSEEN =
  // deno-lint-ignore no-control-regex
  /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu;
