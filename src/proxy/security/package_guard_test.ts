import assert from "node:assert/strict";
import type { LogEvent } from "../../protocol/mod.ts";
import { Watchdog } from "../io/watchdog.ts";
import { UpstreamPool } from "../upstream/pool.ts";
import { PackageGuard } from "./package_guard.ts";

const TARBALL = "https://a.example/x/-/x-1.0.0.tgz";

/** A guard that can ask nobody. */
function guard(strict: boolean) {
  const lines: LogEvent[] = [];
  const parts = {
    resolver: { resolve: () => Promise.resolve({ ips: [], ttl: 0 }) },
    pool: new UpstreamPool(new Watchdog()),
    upstreamCas: [],
    version: "1",
  };
  const supervisor = { log: (event: LogEvent) => void lines.push(event) };
  return { lines, guard: new PackageGuard(parts, supervisor, strict) };
}

Deno.test("every method that may download is asked about, in whatever case", async () => {
  const { guard: strict, lines } = guard(true);
  for (const method of ["GET", "HEAD", "get", "PROPFIND"]) {
    const bad = await strict.refuses(method, TARBALL);
    assert.equal(bad?.purl, "pkg:npm/x@1.0.0", method);
    assert.match(bad?.reasons.join() ?? "", /^not checked: no address is known/);
  }
  for (const method of ["PUT", "POST", "PATCH", "DELETE", "OPTIONS"]) {
    assert.equal(await strict.refuses(method, TARBALL), undefined, method);
  }
  assert.equal(await strict.refuses("GET", "https://a.example/x"), undefined);
  assert.deepEqual(lines, []);
});

Deno.test("what could not be checked passes with one warning, unless strict", async () => {
  const { guard: lenient, lines } = guard(false);
  assert.equal(await lenient.refuses("GET", TARBALL), undefined);
  assert.equal(await lenient.refuses("HEAD", TARBALL), undefined);
  assert.equal(lines.length, 1);
  const [{ type, error, purl, policy }] = lines as [LogEvent];
  assert.deepEqual([type, error, purl, policy], [
    "error",
    "package_security",
    "pkg:npm/x@1.0.0",
    undefined,
  ]);
});
