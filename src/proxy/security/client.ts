/**
 * Asks about packages over HTTPS. The connections are egress's own: resolved with the machine's nameservers,
 * verified like every other, not judged by the policy.
 *
 * @module
 */

import type { PackageAnswer } from "../../protocol/mod.ts";
import type { Resolver } from "../dns/resolver.ts";
import { isConnectionError } from "../io/stream.ts";
import { TooSlow, within } from "../io/time_limit.ts";
import { StreamWriter } from "../io/writer.ts";
import { concat, EMPTY } from "../layers/bytes.ts";
import { keepsAlive, responseFraming } from "../layers/http1_framing.ts";
import { HeadError, parseResponseHead, type ResponseHead } from "../layers/http1_head.ts";
import { BodyError, copyBody } from "../session/copy_body.ts";
import { readHead } from "../session/read_head.ts";
import { dialTls, UpstreamError } from "../upstream/dial.ts";
import { HTTP1, type Upstream, type UpstreamPool } from "../upstream/pool.ts";
import { MAX_ANSWER, questionHead, readAnswer, SECURITY_HOST } from "./protocol.ts";
import { Slots } from "./slots.ts";

/** How long a question may take with all that it needs, in milliseconds. */
export const ASK_MS = 2000;
const PORT = 443;
/** Questions under way at a time; further ones wait, which counts towards {@link ASK_MS}. */
const MAX_QUESTIONS = 32;
const POOL_KEY = "package security";

/** What the client works with. */
export interface ClientParts {
  resolver: Pick<Resolver, "resolve">;
  pool: UpstreamPool;
  /** PEM texts trusted besides the system's store. */
  upstreamCas: string[];
  /** Version of egress. */
  version: string;
}

/** One question on its way. */
class Attempt {
  upstream: Upstream | undefined;
  cancelled = false;
}

/** Asks, with connections that are kept for the next questions. */
export class SecurityClient {
  readonly #slots = new Slots(MAX_QUESTIONS);

  constructor(readonly parts: ClientParts) {}

  /** Asks about a package. Never fails: what went wrong is an answer, too. */
  async ask(purl: string): Promise<PackageAnswer> {
    const attempt = new Attempt();
    try {
      return await within(this.#slots.run(() => this.#ask(purl, attempt)), ASK_MS);
    } catch (error) {
      attempt.cancelled = true;
      if (attempt.upstream) this.parts.pool.discard(attempt.upstream);
      return { kind: "failure", why: reasonFor(error) };
    }
  }

  async #ask(purl: string, attempt: Attempt): Promise<PackageAnswer> {
    const kept = this.parts.pool.take(POOL_KEY);
    if (kept) {
      const answer = await this.#exchange(purl, attempt, kept).catch(ifStale);
      if (answer) return answer;
      this.parts.pool.discard(kept);
    }
    return await this.#exchange(purl, attempt, await this.#connect(attempt));
  }

  async #connect(attempt: Attempt): Promise<Upstream> {
    const { resolver, pool, upstreamCas } = this.parts;
    const { ips } = await resolver.resolve(SECURITY_HOST);
    const [address] = ips;
    if (address === undefined) {
      throw new UpstreamError("upstream_unreachable", `no address is known for ${SECURITY_HOST}`);
    }
    if (attempt.cancelled) throw new TooSlow("given up");
    const { stream } = await dialTls(address, PORT, SECURITY_HOST, upstreamCas, [HTTP1]);
    return pool.adopt(stream, POOL_KEY, address);
  }

  async #exchange(purl: string, attempt: Attempt, upstream: Upstream): Promise<PackageAnswer> {
    const { pool, version } = this.parts;
    if (attempt.cancelled) {
      pool.discard(upstream);
      throw new TooSlow("given up");
    }
    attempt.upstream = upstream;
    await upstream.writer.write(questionHead(purl, version));
    const head = await finalHead(upstream);
    const framing = responseFraming(head, "GET");
    if (framing instanceof HeadError) throw framing;
    const body = new Collector();
    await copyBody(upstream.reader, body.writer, framing, {
      head: EMPTY,
      gather: false,
      unchunk: true,
    });
    attempt.upstream = undefined;
    const reusable = framing.kind !== "close" && keepsAlive(head.minor, head.headers);
    if (reusable) pool.release(upstream);
    else pool.discard(upstream);
    return readAnswer(head.status, body.bytes());
  }
}

/** A connection that its server has closed meanwhile is no answer: another one is made. */
function ifStale(error: unknown): undefined {
  if (!isConnectionError(error) && !(error instanceof UpstreamError)) throw error;
  return undefined;
}

async function finalHead(upstream: Upstream): Promise<ResponseHead> {
  for (;;) {
    const bytes = await readHead(upstream.reader);
    if (bytes === undefined) throw new UpstreamError("upstream_closed", "closed without an answer");
    const head = bytes instanceof HeadError ? bytes : parseResponseHead(bytes);
    if (head instanceof HeadError) throw head;
    if (head.status >= 200) return head;
  }
}

/** Keeps a body in memory, up to {@link MAX_ANSWER}. */
class Collector {
  readonly #pieces: Uint8Array[] = [];
  #size = 0;
  readonly writer = new StreamWriter({ write: (bytes) => this.#take(bytes) }, () => {});

  bytes(): Uint8Array {
    return concat(...this.#pieces);
  }

  #take(bytes: Uint8Array): Promise<number> {
    this.#size += bytes.length;
    if (this.#size > MAX_ANSWER) throw new BodyError("an answer that is too large");
    this.#pieces.push(bytes.slice());
    return Promise.resolve(bytes.length);
  }
}

/** In words. What neither the network nor the server can cause is a mistake of this program. */
function reasonFor(error: unknown): string {
  if (error instanceof TooSlow) return `no answer within ${ASK_MS / 1000} s`;
  const expected = error instanceof UpstreamError || error instanceof HeadError ||
    error instanceof BodyError || isConnectionError(error);
  if (!expected) throw error;
  return (error as Error).message;
}
