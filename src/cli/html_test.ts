import assert from "node:assert/strict";
import fc from "fast-check";
import { escapeHtml, Html, html } from "./html.ts";

Deno.test("html: texts are escaped, HTML and what is nothing are not", () => {
  const evil = `<b title="x" id='y'>&`;
  const safe = "&lt;b title=&quot;x&quot; id=&#39;y&#39;&gt;&amp;";
  assert.equal(html`<p>${evil}</p>`.text, `<p>${safe}</p>`);
  const rows = ["<", html`<i>${"<"}</i>`, [1, new Html("<hr>")]];
  assert.equal(html`${rows}${undefined}${false}${0}`.text, "&lt;<i>&lt;</i>1<hr>0");
});

Deno.test("html: what cannot be seen, or turns the direction of writing, is shown", () => {
  assert.equal(escapeHtml("a\u202eb\x00\n\u2066"), "a\\u202eb\\u0000\\u000a\\u2066");
  assert.equal(escapeHtml("ü 🙂 日本"), "ü 🙂 日本");
  assert.equal(escapeHtml("\ud800"), "\\ud800");
});

Deno.test("html: no text can end where it stands", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.doesNotMatch(escapeHtml(text), /[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
  }));
});
