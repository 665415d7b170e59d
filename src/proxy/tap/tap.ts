/**
 * Listens in on the layers for a playbook. Only the recorder asks for it; secrets are covered and bodies
 * left out before anything leaves this process.
 *
 * @module
 */

import { type LayerEntry, redactField, redactHead, redactText } from "../../protocol/mod.ts";
import { toLatin1 } from "../layers/bytes.ts";
import type { HelloResult } from "../layers/client_hello.ts";
import { detect, type Detected } from "../layers/detect.ts";
import type { Answer, AnswerError } from "../layers/dns_answer.ts";
import type { Query, QueryError } from "../layers/dns_query.ts";
import type { Question } from "../layers/http2/mod.ts";
import type { HeadError, ResponseHead } from "../layers/http1_head.ts";
import type { RequestParts } from "../session/request_head.ts";
import {
  saidOfAnswer,
  saidOfHello,
  saidOfHttp2Request,
  saidOfQuery,
  saidOfRequest,
  saidOfResponse,
} from "./said.ts";

/** Notes what layers saw and said. */
export class Tap {
  /** @param tell gets each entry, with the id of its connection */
  constructor(readonly tell: (conn: string, entry: LayerEntry) => void) {}

  /** What a client's first bytes were taken for: no more of them than it took to tell. */
  detected(conn: string, bytes: Uint8Array, kind: Detected): void {
    let length = 0;
    while (length < bytes.length && (length === 0 || detect(bytes.subarray(0, length)) !== kind)) {
      length++;
    }
    this.tell(conn, { layer: "detect", saw: bytes.subarray(0, length).toHex(), said: kind });
  }

  hello(conn: string, bytes: Uint8Array, result: HelloResult): void {
    this.tell(conn, { layer: "client_hello", saw: bytes.toHex(), said: saidOfHello(result) });
  }

  request(
    conn: string,
    scheme: "http" | "https",
    bytes: Uint8Array,
    result: RequestParts | HeadError,
  ): void {
    const said = saidOfRequest(result);
    this.tell(conn, {
      layer: "request",
      scheme,
      saw: redactHead(toLatin1(bytes)),
      said: typeof said === "string" ? redactHead(said) : said,
    });
  }

  response(conn: string, method: string, bytes: Uint8Array, head: ResponseHead | HeadError): void {
    const said = saidOfResponse(head, method);
    this.tell(conn, { layer: "response", method, saw: redactHead(toLatin1(bytes)), said });
  }

  http2Request(conn: string, question: Question): void {
    const { method, scheme, authority, path, headers } = question;
    const pseudo = [[":method", method], [":scheme", scheme], [":authority", authority], [
      ":path",
      path,
    ]] as const;
    const said = saidOfHttp2Request(question);
    this.tell(conn, {
      layer: "http2_request",
      scheme: scheme === "http" ? "http" : "https",
      saw: [...pseudo, ...headers.map(({ name, value }) => [name, value] as const)]
        .map(([name, value]) => [name, redactField(name, value)]),
      said: { ...said, path: redactText(said.path) },
    });
  }

  query(conn: string, bytes: Uint8Array, query: Query | QueryError): void {
    this.tell(conn, { layer: "dns_query", saw: bytes.toHex(), said: saidOfQuery(query) });
  }

  answer(
    conn: string,
    asked: { id: number; name: string; question: Uint8Array },
    bytes: Uint8Array,
    answer: Answer | AnswerError,
  ): void {
    const { id, name } = asked;
    const question = asked.question.toHex();
    const said = saidOfAnswer(answer);
    this.tell(conn, { layer: "dns_answer", id, name, question, saw: bytes.toHex(), said });
  }
}
