import assert from "node:assert/strict";
import fc from "fast-check";
import { fromLatin1, toLatin1 } from "./bytes.ts";
import { parseClientHello } from "./client_hello.ts";
import { detect } from "./detect.ts";
import { readAnswer } from "./dns_answer.ts";
import { encodeQuery, parseQuery, QueryError } from "./dns_query.ts";
import { ChunkedDecoder } from "./http1_chunked.ts";
import { requestFraming, responseFraming } from "./http1_framing.ts";
import { findHeadEnd, HeadError, parseRequestHead, parseResponseHead } from "./http1_head.ts";
import { buildRequestHead } from "./http1_rebuild.ts";
import { readTarget } from "./request_target.ts";

const RUNS = { numRuns: 2000, seed: 7 };
const bytes = fc.uint8Array({ maxLength: 300 });

/** Heads that are nearly right: pieces that smugglers use, in any order. */
const nearHead = fc.array(
  fc.constantFrom(
    ..."GET / HTTP/1.1|\r\n|\n|\r|Host: a.example|Host:b|Content-Length: 5|Content-Length: 0".split(
      "|",
    ),
    ...[
      "Transfer-Encoding: chunked",
      "Transfer-Encoding : chunked",
      " ",
      "\t",
      "\0",
      ":",
      "X: \xff",
    ],
    ...[
      "POST http://a.example/ HTTP/1.0",
      "HTTP/1.1 200 OK",
      "5\r\nhello\r\n",
      "0\r\n\r\n",
      "\r\n\r\n",
    ],
  ),
  { maxLength: 12 },
).map((pieces) => fromLatin1(pieces.join("")));

Deno.test("no decoder throws, whatever it is given", () => {
  fc.assert(
    fc.property(fc.oneof(bytes, nearHead), (input) => {
      if (input.length > 0) detect(input);
      parseClientHello(input);
      parseQuery(input);
      readAnswer(input, input.subarray(12, 30), input[0] ?? 0, "a.example");
      new ChunkedDecoder().push(input);
      findHeadEnd(input);
      const request = parseRequestHead(input);
      if (!(request instanceof HeadError)) {
        requestFraming(request);
        readTarget(request, "http");
      }
      const response = parseResponseHead(input);
      if (!(response instanceof HeadError)) responseFraming(response, "GET");
    }),
    RUNS,
  );
});

Deno.test("a ClientHello with flipped bytes does not throw", () => {
  const prefix = [
    22,
    3,
    1,
    0,
    80,
    1,
    0,
    0,
    76,
    3,
    3,
    ...new Array(32).fill(1),
    0,
    0,
    2,
    19,
    1,
    1,
    0,
  ];
  fc.assert(
    fc.property(bytes, (tail) => void parseClientHello(Uint8Array.from([...prefix, ...tail]))),
    RUNS,
  );
});

Deno.test("an accepted head, rebuilt, is read as the same head", () => {
  const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/).map((name) => `X-${name}`);
  const value = fc.stringMatching(/^[!-~\x80-\xff]([ -~\x80-\xff]{0,20}[!-~\x80-\xff])?$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(token, value), { maxLength: 8 }), (fields) => {
      const lines = fields.map(([name, text]) => `${name}: ${text}\r\n`).join("");
      const head = parseRequestHead(fromLatin1(`GET /p HTTP/1.1\r\nHost: a\r\n${lines}\r\n`));
      assert.ok(!(head instanceof HeadError));
      const shape = { path: "/p", host: "a", framing: { kind: "none" } } as const;
      const built = buildRequestHead(head, shape);
      assert.equal(findHeadEnd(built), built.length);
      assert.deepEqual(parseRequestHead(built), head, toLatin1(built));
    }),
    { numRuns: 500, seed: 7 },
  );
});

Deno.test("an accepted query, written anew, is the same query", () => {
  const header = [0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (tail) => {
      const query = parseQuery(Uint8Array.from([...header, ...tail]));
      if (query instanceof QueryError) return;
      assert.deepEqual(parseQuery(encodeQuery(query, query.id)), query);
    }),
    RUNS,
  );
});
