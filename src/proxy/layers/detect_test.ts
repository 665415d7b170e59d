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
    ["get /", "http"],
    ["GET evil HTTP/1.1\r\n", "http"],
    ["GET\t/ HTTP/1.1\r\n", "http"],
    ["GET  / HTTP/1.1\r\n", "http"],
    ["GET\r/ HTTP/1.1\r\n", "http"],
    ["  GET / HTTP/1.1\r\n", "http"],
    ["X-Y.Z/ /", "tcp"],
    ["x-y.z / HTTP/1.1\r\n", "http"],
    ["x-y.z /", "more"],
    [`${"M".repeat(100)} / HTTP/1.1\r\n`, "http"],
    [`GET ${"x".repeat(9000)}`, "http"],
    ["get", "more"],
    ["0032git-upload-pack /project.git\0host=a.example\0", "tcp"],
    ["get key\r\n", "tcp"],
    ["*1\r\n$4\r\nPING\r\n", "tcp"],
    ["AMQP\0\0\x09\x01", "tcp"],
    ["0\x0c\x02\x01\x01`\x07", "tcp"],
    ["NICK hugo\r\n", "tcp"],
    ["HELO host.example HTTP\r\n", "tcp"],
    ["SSH-2.0-x Debian-2\r\n", "tcp"],
    ["EHLO mail\r\n", "tcp"],
    ["USER anonymous\r\n", "tcp"],
    ["QUIT\r\n", "tcp"],
    ["A".repeat(30), "more"],
    ["A".repeat(9000), "http"],
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
