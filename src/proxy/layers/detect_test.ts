import assert from "node:assert/strict";
import { fromLatin1 } from "./bytes.ts";
import { detect } from "./detect.ts";

for (
  const [text, kind] of [
    ["\x16", "more"],
    ["\x16\x03\x01", "tls"],
    ["\x16\x04", "tcp"],
    ["G", "more"],
    ["GET", "more"],
    ["GET ", "more"],
    ["GET /", "http"],
    ["OPTIONS *", "http"],
    ["CONNECT a:443", "http"],
    ["GET http://", "http"],
    ["get /", "tcp"],
    ["SSH-2.0", "tcp"],
    ["EHLO mail", "tcp"],
    ["USER anonymous", "tcp"],
    ["QUIT\r\n", "tcp"],
    ["A".repeat(30), "tcp"],
    ["\0\0\0\x08", "tcp"],
    ["\r\n", "more"],
    ["\r\n\n\rGET /", "http"],
    ["\r\n\r\n\0\r\nQUIT\n", "tcp"],
    ["\n".repeat(1025), "http"],
  ] as const
) {
  Deno.test(`${JSON.stringify(text.slice(0, 40))} is ${kind}`, () => {
    assert.equal(detect(fromLatin1(text)), kind);
  });
}
