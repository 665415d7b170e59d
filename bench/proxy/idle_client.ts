/**
 * Opens TLS connections, makes one request on each, and keeps them all open until its stdin ends.
 *
 *     deno run --allow-net --unsafely-ignore-certificate-errors idle_client.ts ADDRESS COUNT
 *
 * Prints a line once all are open, and another when it has made a second request on each: they were held.
 *
 * @module
 */

const [address, count] = [Deno.args[0]!, Number(Deno.args[1])];
const AT_ONCE = 16;
const request = new TextEncoder().encode(`GET /small HTTP/1.1\r\nHost: ${address}\r\n\r\n`);
const buffer = new Uint8Array(4096);
const text = new TextDecoder();

async function ask(conn: Deno.TlsConn): Promise<void> {
  await conn.write(request);
  let answer = "";
  while (!answer.endsWith("xxxx")) {
    const read = await conn.read(buffer);
    if (read === null) throw new Error(`closed after ${JSON.stringify(answer)}`);
    answer += text.decode(buffer.subarray(0, read));
  }
  if (!answer.startsWith("HTTP/1.1 200")) throw new Error(answer);
}

async function inTurn(work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < count) await work(next++);
  }));
}

const conns: Deno.TlsConn[] = [];
await inTurn(async () => {
  const conn = await Deno.connectTls({ hostname: address, port: 443 });
  await ask(conn);
  conns.push(conn);
});
console.log(`open ${conns.length}`);
await Deno.stdin.read(buffer);
await inTurn((at) => ask(conns[at]!));
console.log(`held ${conns.length}`);
