/**
 * The process that is the world: all servers of one instance. It ends with its stdin, so that it never
 * outlives the one that started it.
 *
 * @module
 */

import { TextLineStream } from "../lines.ts";
import type { Service, SiteKind } from "../hosts.ts";
import { serveDns } from "./dns.ts";
import { gitSite } from "./git.ts";
import type { Boot, Report, Sync, WorldMessage } from "./messages.ts";
import { type Endpoint, serveBanner, serveSink, serveUdpEcho } from "./raw.ts";
import { registrySite } from "./registry.ts";
import { echoSite, scriptedSite, serveWeb, type Site } from "./web.ts";

const encoder = new TextEncoder();

function say(message: WorldMessage): void {
  const bytes = encoder.encode(JSON.stringify(message) + "\n");
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

function startAll(boot: Boot, report: Report): void {
  const git = (writable: boolean): Site =>
    boot.repositories === undefined
      ? () => new Response("no repositories\n", { status: 404 })
      : gitSite(boot.repositories, writable);
  const sites: Record<Extract<SiteKind, string>, Site> = {
    echo: echoSite,
    registry: registrySite(boot.packages),
    git: git(false),
    "writable-git": git(true),
  };
  const siteOf = (kind: SiteKind) => typeof kind === "string" ? sites[kind] : scriptedSite(kind);
  const start = (endpoint: Endpoint, service: Service): void => {
    switch (service.type) {
      case "web": {
        const keys = boot.certificates[`${endpoint.host}:${endpoint.port}`];
        if (service.tls && !keys) throw new Error(`no certificate for ${endpoint.host}`);
        return serveWeb(endpoint, siteOf(service.site), report, service.tls && keys);
      }
      case "sink":
        return serveSink(endpoint, report);
      case "banner":
        return serveBanner(endpoint, report);
      case "udp-echo":
        return serveUdpEcho(endpoint, report);
      case "dns":
        return serveDns(endpoint.address, boot.hosts, report);
    }
  };
  for (const { name, address, address6, services } of boot.hosts) {
    for (const service of services) {
      start({ host: name, address, port: service.port }, service);
      if (address6 !== undefined && service.type !== "dns") {
        start({ host: name, address: address6, port: service.port }, service);
      }
    }
  }
}

async function main(): Promise<void> {
  const lines = Deno.stdin.readable
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  let started = false;
  for await (const line of lines) {
    const message: Boot | Sync = JSON.parse(line);
    if ("sync" in message) {
      // Sockets that were readable before this line are handled in the turn between.
      setTimeout(() => say({ synced: message.sync }), 0);
    } else if (!started) {
      started = true;
      startAll(message, (received) => say({ received }));
      say({ ready: true });
    }
  }
  Deno.exit(0);
}

await main();
