import assert from "node:assert/strict";
import { toLatin1 } from "./bytes.ts";
import { blockText, encodePage } from "./pages.ts";

Deno.test("a block says what, who and how to allow it", () => {
  const base = {
    method: "POST",
    url: "https://h/p",
    process: { exe: "/usr/bin/node", step: "build" },
  };
  assert.equal(
    blockText(base),
    "Blocked by egress: POST https://h/p by /usr/bin/node (step build). " +
      "To allow: POST https://h/p exe=/usr/bin/node\n",
  );
  assert.match(blockText({ ...base, hint: "h" }), /To allow: h\n$/);
  assert.match(blockText({ ...base, process: {} }), /by an unknown process\. To allow/);
});

Deno.test("a page is one write, without a body for HEAD", () => {
  const page = { status: 403, text: "é\n", close: true };
  assert.match(toLatin1(encodePage(page)), /^HTTP\/1.1 403 Forbidden\r\n.*Content-Length: 3\r\n/s);
  assert.match(toLatin1(encodePage({ ...page, head: true })), /Length: 3\r\n.*\r\n\r\n$/s);
});
