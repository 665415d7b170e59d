import assert from "node:assert/strict";
import type { ControlAuthority } from "../../protocol/mod.ts";
import { type Caller, refusal } from "./authority.ts";

const ACTION: ControlAuthority = {
  by: "action",
  repository: "owner/egress",
  worker: { pid: 7, startTicks: 1 },
};
const step = (action?: string): Caller => ({
  uid: 1001,
  onHost: true,
  step: action === undefined ? {} : { step: "__x", action },
});

Deno.test("a step of the action may, whatever its user", () => {
  assert.equal(refusal(step("owner/egress"), ACTION), undefined);
  assert.equal(refusal({ ...step("owner/egress"), uid: 0 }, ACTION), undefined);
});

Deno.test("no other step may, and no process without one, root included", () => {
  for (const action of ["evil/egress", "owner/egress2", "Owner/egress", "owner/egress/sub"]) {
    assert.match(refusal(step(action), ACTION)!, /only owner\/egress may/);
  }
  assert.match(refusal(step(), ACTION)!, /not an action/);
  assert.match(refusal({ uid: 0, onHost: true, step: undefined }, ACTION)!, /no step|from a step/);
});

Deno.test("an empty repository is nobody's", () => {
  const empty: ControlAuthority = { ...ACTION, repository: "" } as ControlAuthority;
  for (const caller of [step(), step(""), { ...step(), uid: 0, step: undefined }]) {
    assert.match(refusal(caller, empty)!, /nobody may/);
  }
});

Deno.test("outside Actions root of the host may, and nobody else", () => {
  const root: ControlAuthority = { by: "root" };
  assert.equal(refusal({ uid: 0, onHost: true, step: undefined }, root), undefined);
  assert.match(refusal({ uid: 0, onHost: false, step: undefined }, root)!, /namespaces/);
  assert.match(refusal(step("owner/egress"), root)!, /only root may/);
});
