import assert from "node:assert/strict";
import { credentialsOf } from "./credentials.ts";

const fields = (...values: string[]) => values.map((value) => ({ lower: "authorization", value }));
const of = (value: string) => credentialsOf(fields(value), "/");
const basic = (pair: string) => `Basic ${btoa(pair)}`;

Deno.test("a bare token, whatever the case of its scheme", () => {
  for (const scheme of ["token", "Token", "bearer", "Bearer", "BEARER", "toKEN  "]) {
    assert.deepEqual(of(`${scheme} ghs_abc.def-_~+/==`), ["ghs_abc.def-_~+/=="], scheme);
  }
});

Deno.test("basic: the password is the token, whatever the user", () => {
  assert.deepEqual(of(basic("x-access-token:ghs_1")), ["ghs_1"]);
  assert.deepEqual(of(basic("anyone:ghs_1")), ["ghs_1"]);
  assert.deepEqual(of(basic(":ghs_1")), ["ghs_1"]);
  assert.deepEqual(of(basic("u:a:b")), ["a:b"]);
  assert.deepEqual(of("basic " + btoa("u:ghs_1").replace(/=+$/, "")), ["ghs_1"], "unpadded");
});

Deno.test("basic: a user name that is taken for the token counts, too", () => {
  assert.deepEqual(of(basic("ghs_1:")), ["ghs_1"]);
  assert.deepEqual(of(basic("ghs_1:x-oauth-basic")), ["ghs_1"]);
  assert.deepEqual(of(basic("ghp_evil:ghs_1")), ["ghp_evil", "ghs_1"]);
  assert.deepEqual(of(basic("github_pat_evil:ghs_1")), ["github_pat_evil", "ghs_1"]);
  assert.deepEqual(of(basic(`${"0123456789".repeat(4)}:ghs_1`)).length, 2);
});

Deno.test("what has no single reading is no token", () => {
  const odd = [
    ...["", "ghs_1", "token", "token a b", "token a, token b", "bearer a,b", "token:ghs_1"],
    ...["Negotiate abc", "Digest username=x", "RemoteAuth abc", "token\tghs_1", "token gh\xe9"],
    ...["basic", "basic !!!", "basic YQ", "basic dTpn-_", "basic dTpnaHM= dTpnaHM=", "basic A"],
  ];
  for (const value of odd) assert.deepEqual(of(value), [null], value);
});

Deno.test("several Authorization fields are never one token, equal ones neither", () => {
  assert.ok(credentialsOf(fields("token a", "token a"), "/").includes(null));
  assert.ok(credentialsOf(fields("token a", basic("u:b")), "/").includes(null));
});

Deno.test("the query parameter of old API versions, also in disguise", () => {
  assert.deepEqual(credentialsOf([], "/user?access_token=ghp_1"), ["ghp_1"]);
  assert.deepEqual(credentialsOf([], "/user?a=1&access%5Ftoken=gh%70_1"), ["ghp_1"]);
  assert.deepEqual(credentialsOf([], "/user?Access_Token="), [""]);
  assert.deepEqual(credentialsOf(fields("token a"), "/u?access_token=b"), ["a", "b"]);
  assert.deepEqual(credentialsOf([], "/access_token=ghp_1?x=1"), []);
});

Deno.test("a web session's cookie is a credential, others are not", () => {
  const cookie = (value: string) => credentialsOf([{ lower: "cookie", value }], "/");
  assert.deepEqual(cookie("user_session=abc"), [null]);
  assert.deepEqual(cookie("_octo=1; __Host-user_session_same_site=abc"), [null]);
  assert.deepEqual(cookie("logged_in=no; _octo=GH1; theme=user_session"), []);
});

Deno.test("nothing: no credential", () => {
  assert.deepEqual(credentialsOf([{ lower: "accept", value: "token x" }], "/"), []);
});
