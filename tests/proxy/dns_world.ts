/**
 * dig and a scripted resolver, and the role between them.
 *
 * @module
 */

import { Buffer } from "node:buffer";
// @ts-types="../../src/proxy/layers/dns_packet.d.ts"
import packet from "dns-packet";
import { run } from "./clients.ts";
import { ALLOW, Role, type World, writeAll } from "./harness.ts";

/** The name that is asked for. */
export const NAME = "a.example";

/** A query as it comes to the resolver. */
export interface Query extends packet.Packet {
  id: number;
  questions: { name: string; type: string }[];
  additionals?: (packet.Record & { udpPayloadSize?: number; options?: unknown[] })[];
}

/** What a resolver answers to a query: nothing, or messages in order. */
export type Script = (query: Query, transport: "udp" | "tcp") => object[];

/** A CNAME and two addresses for whatever is asked. */
export const chain: Script = (query) => {
  const a = { type: "A", name: "cdn.example", ttl: 30 };
  const { name } = query.questions[0]!;
  return [response(query, {
    answers: [
      { type: "CNAME", name, ttl: 60, data: "cdn.example" },
      { ...a, data: "192.0.2.1" },
      { ...a, data: "192.0.2.2" },
    ],
  })];
};

/** A response to a query, with `more` in it. */
export function response(query: Query, more: object): object {
  return { type: "response", flags: 0x8180, id: query.id, questions: query.questions, ...more };
}

/** A resolver by UDP and TCP on one port. */
export function resolver(script: Script) {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const asked: string[] = [];
  const queries: Query[] = [];
  const answers = (bytes: Uint8Array, transport: "udp" | "tcp") => {
    const query = packet.decode(Buffer.from(bytes)) as Query;
    queries.push(query);
    asked.push(`${query.questions[0]!.name} ${query.questions[0]!.type}`);
    return script(query, transport).map((message) =>
      new Uint8Array(packet.encode(message as packet.Packet))
    );
  };
  (async () => {
    for await (const [bytes, from] of socket) {
      for (const answer of answers(bytes, "udp")) await socket.send(answer, from);
    }
  })();
  (async () => {
    for await (const conn of listener) {
      const buffer = new Uint8Array(4096);
      await conn.read(buffer);
      for (const answer of answers(buffer.subarray(2), "tcp")) {
        await writeAll(conn, Uint8Array.of(answer.length >> 8, answer.length & 255, ...answer));
      }
      conn.close();
    }
  })();
  return {
    /** Names and types that were asked for. */
    asked,
    queries,
    port,
    [Symbol.dispose]() {
      socket.close();
      listener.close();
    },
  };
}

/** Runs a test between dig and a scripted resolver. */
export async function between(
  script: Script,
  test: (role: Role, server: ReturnType<typeof resolver>) => Promise<void>,
  world: Partial<World> = {},
): Promise<void> {
  using server = resolver(script);
  await using role = await Role.start({
    destination: { ip: "127.0.0.1", port: server.port },
    judge: () => ALLOW,
    ...world,
  });
  await test(role, server);
}

/** Asks the role with dig; its whole output. */
export async function dig(role: Role, ...args: string[]): Promise<string> {
  const base = ["@127.0.0.1", "-p", String(role.dnsPort), "+tries=1", "+time=10"];
  return (await run("dig", [...base, ...args])).out;
}
