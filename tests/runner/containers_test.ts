/** Containers of a guarded job: what it runs, and `docker://` steps. */

import assert from "node:assert/strict";
import { outcomeOf, RESULTS, runnerSuite } from "./suite.ts";

const test = runnerSuite({ hosts: [RESULTS] });

test("docker run and docker:// steps are refused what the policy does not name", async (s) => {
  await s.machine.busybox();
  const before = await s.machine.internet.packets();
  const job = await s.job(`
jobs:
  test:
    steps:
      - uses: owner/egress@v1
        with:
          policy: |
            site.test
            GET http://site.test/*
      - id: run
        run: docker run --rm busybox wget -T 5 -O - http://203.0.113.66/run || echo run refused
      - id: image
        uses: docker://busybox
        with: { args: "wget -T 5 -O - http://203.0.113.66/step" }
        continue-on-error: true
      - id: privileged
        run: docker run --rm -v /:/host busybox true || echo mount refused
`);
  assert.equal(outcomeOf(job, "image"), "failure", job.text);
  assert.match(job.text, /Z run refused/);
  assert.match(job.text, /Z mount refused/);
  assert.equal((await s.machine.internet.packets()).attacker, before.attacker);
});
