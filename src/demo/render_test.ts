import assert from "node:assert/strict";
import { disappointments, painter, renderTable } from "./render.ts";
import type { Run } from "./scenario.ts";

const audit: Run = {
  status: 0,
  said: "",
  installed: true,
  stolen: { https: 1, http: 1, dns: 2, udp: 1, tcp: 1 },
  contacts: 3,
  packets: 22,
  served: 2,
};
const enforced: Run = {
  ...audit,
  stolen: { https: 0, http: 0, dns: 0, udp: 0, tcp: 0 },
  contacts: 0,
  packets: 0,
};

Deno.test("the table shows the secret before and nothing after", () => {
  const table = renderTable(audit, enforced, "npm_0123456789", painter(false));
  assert.match(table, /over HTTPS +npm_01234567\.\.\. +nothing$/m);
  assert.match(table, /packets to its network +22 +0$/m);
  assert.match(table, /requests served by the registry +2 +2$/m);
  assert.ok(!table.includes("\x1b"));
});

Deno.test("all is well only if everything was stolen before and nothing after", () => {
  assert.deepEqual(disappointments(audit, enforced), []);
  const kept = { ...audit, stolen: { ...audit.stolen, udp: 0 } };
  assert.deepEqual(disappointments(kept, enforced), ["in audit nothing got out over UDP"]);
  assert.equal(disappointments(audit, audit).length, 7);
  assert.equal(disappointments(audit, { ...enforced, installed: false }).length, 1);
  assert.equal(disappointments(audit, { ...enforced, status: 125 }).length, 1);
});
