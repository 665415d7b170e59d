/**
 * GitHub for the tests' internet, and the credentials that go there.
 *
 * @module
 */

import type { Host } from "../../src/demo/hosts.ts";

/** Hosts under GitHub's names: the API says what it was asked, github.com takes pushes from anybody. */
export const GITHUB: readonly Host[] = [
  {
    name: "api.github.com",
    address: "198.51.100.40",
    services: [{ type: "web", port: 443, tls: "good", site: "echo" }],
  },
  {
    name: "github.com",
    address: "198.51.100.41",
    services: [{ type: "web", port: 443, tls: "good", site: "writable-git" }],
  },
];

/** The job's own token, and one that an attacker brought. */
export const JOB = "ghs_thejobsowntoken0123456789";
export const EVIL = "ghp_attackerstoken0123456789a";

/** curl's options for a header field that carries a token. */
export function bearing(token: string): string[] {
  return ["-H", `Authorization: token ${token}`];
}

/** git with a credential for github.com, set as checkout sets it: sent unasked with every request. */
export function gitWith(token: string): string[] {
  const field = `AUTHORIZATION: basic ${btoa(`x-access-token:${token}`)}`;
  return ["git", "-c", `http.https://github.com/.extraheader=${field}`];
}
