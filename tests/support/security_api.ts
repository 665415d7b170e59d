/**
 * Socket's firewall API for the tests' internet: what it knows about some packages.
 *
 * @module
 */

import type { Host, Script, ScriptedAnswer } from "../../src/demo/hosts.ts";
import type { Scene } from "./suite.ts";

const NAME = "firewall-api.socket.dev";

/** An answer of the API. */
export function known(...alerts: { type: string; action: string }[]): ScriptedAnswer {
  return { body: JSON.stringify({ id: "1", name: "x", version: "1", score: {}, alerts }) + "\n" };
}

/** An answer that makes a package bad. */
export const MALWARE = known(
  { type: "malware", action: "error" },
  { type: "installScripts", action: "warn" },
);

/** The host, with answers by PURL; it knows no other package. */
export function securityApi(answers: Record<string, ScriptedAnswer>): Host {
  const site: Script = {};
  for (const [purl, answer] of Object.entries(answers)) {
    site[`/purl/${encodeURIComponent(purl)}`] = answer;
  }
  const services = [{ type: "web", port: 443, tls: "good", site } as const];
  return { name: NAME, address: "198.51.100.90", services };
}

/** The packages that it was asked about since the test began. */
export async function askedAbout(scene: Scene): Promise<string[]> {
  return (await scene.received()).flatMap((item) =>
    item.kind === "request" && item.host === NAME
      ? [decodeURIComponent(new URL(item.url).pathname.slice("/purl/".length))]
      : []
  );
}
