/**
 * Clients whose traffic is handed to the front as if it had been redirected there.
 *
 * @module
 */

import { type Peer, peerOf } from "./upstream.ts";
import { readAll, type Role, writeAll } from "./harness.ts";

/** What a command printed. */
export interface Output {
  code: number;
  out: string;
  error: string;
}

/** Runs a command to its end. */
export async function run(command: string, args: string[], input?: string): Promise<Output> {
  const child = new Deno.Command(command, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdin = child.stdin.getWriter();
  if (input !== undefined) await stdin.write(new TextEncoder().encode(input)).catch(() => {});
  await stdin.close().catch(() => {}); // a command that has ended reads no input
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), error: text.decode(stderr) };
}

/** Runs curl against the front as if its traffic had been redirected there. */
export async function curl(role: Role, ...options: string[]) {
  const args = [
    ...["-sS", "--max-time", "10", "--cacert", role.caFile, "-w", "\n%{http_code}"],
    ...["--connect-to", `::127.0.0.1:${role.frontPort}`, ...options],
  ];
  const { out, error, code } = await run("curl", args);
  const at = out.lastIndexOf("\n");
  return { body: out.slice(0, at), status: Number(out.slice(at + 1)), error, code };
}

/** A raw TCP connection to the front. */
export async function rawTcp(role: Role): Promise<Peer> {
  return peerOf(await Deno.connect({ hostname: "127.0.0.1", port: role.frontPort }));
}

/** A TLS connection to the front that trusts the run's CA. */
export async function rawTls(role: Role, host: string): Promise<Peer> {
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port: role.frontPort });
  const tls = await Deno.startTls(tcp, { hostname: host, caCerts: [role.ca.certPem] });
  await tls.handshake();
  return peerOf(tls);
}

/** Sends text to the front, ends the sending side, and gives all that comes back. */
export async function exchangeText(role: Role, text: string): Promise<string> {
  const { conn } = await rawTcp(role);
  try {
    await writeAll(conn, Uint8Array.from(text, (c) => c.charCodeAt(0)));
    return await readAll(conn);
  } finally {
    conn.close();
  }
}
