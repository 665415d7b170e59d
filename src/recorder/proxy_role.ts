/**
 * Starts the proxy role with the permissions of its row, told to record.
 *
 * @module
 */

import { encodeFrame, FrameKind, type ProxyBoot, ROLES } from "../protocol/mod.ts";

/** Root of the source tree. */
const ROOT = new URL("../..", import.meta.url).pathname;

/** What differs from one recorder to the next. */
export interface RecordedRole {
  /** Folder with the sockets. */
  folder: string;
  secret: string;
  resolver: string;
  /** PEM texts. */
  upstreamCas: string[];
  audit: boolean;
}

/** Paths of the sockets in a folder. */
export function socketsIn(folder: string) {
  return {
    kernelSocket: `${folder}/kernel.sock`,
    supervisorSocket: `${folder}/supervisor.sock`,
    insecureSocket: `${folder}/insecure.sock`,
  };
}

/** Starts the role. It says that it is ready on the supervisor's socket, and ends with that. */
export async function startProxyRole(options: RecordedRole): Promise<Deno.ChildProcess> {
  const { folder, secret, resolver, upstreamCas, audit } = options;
  const row = ROLES.proxy;
  const sockets = socketsIn(folder);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", ...row.flags, ...row.allow(sockets), ROOT + row.entry],
    ...(row.env && { env: row.env }),
    stdin: "piped",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const { kernelSocket, supervisorSocket } = sockets;
  const boot: ProxyBoot = {
    role: "proxy",
    index: 0,
    kernelSocket,
    supervisorSocket,
    secret,
    frontPort: 0,
    dnsPort: 0,
    reusePort: false,
    nameservers: [resolver],
    upstreamCas,
    logQueries: false,
    audit,
    silentMs: 300,
    record: true,
  };
  const writer = child.stdin.getWriter();
  await writer.write(encodeFrame(FrameKind.event, 0, boot));
  return child;
}
