/**
 * The socket that proxies connect to.
 *
 * @module
 */

import {
  type DenyReason,
  type FlowAnswer,
  type FlowQuestion,
  type Frame,
  FrameKind,
  type JudgeQuestion,
  type ProxyToKernel,
} from "../../protocol/mod.ts";
import { type FlowTuple, Protocol } from "../bpf/layout.ts";
import { FrameChannel } from "../link/channel.ts";
import type { Engine } from "../link/engine.ts";
import { denied } from "../link/verdict.ts";
import { decodeOriginal, encodeGetByReply } from "../netlink/conntrack.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { formatIpv4, parseIpv4 } from "../packet/address.ts";
import type { Attribution } from "../process/attribution.ts";
import { SyscallError } from "../sys/call.ts";
import { type Epoll, Ready } from "../sys/epoll.ts";
import type { Fd } from "../sys/fd.ts";
import { accept, listenUnix, peerUid } from "../sys/unix.ts";
import { Flows } from "./flows.ts";
import { parseQuestion } from "./questions.ts";

/** Bytes of answers that a proxy may leave unread. */
const BACKLOG = 4 * 1024 * 1024;

/** What the server works with. */
export interface ServerParts {
  epoll: Epoll;
  engine: Engine;
  attribution: Attribution;
  conntrack: NetlinkSocket;
  secret: string;
}

/** Answers proxies. */
export class ProxyServer {
  /** While set, everything is denied with this reason. */
  closed: DenyReason | undefined = "unavailable";
  /** Nothing is blocked: a connection without a known process is judged all the same. */
  audit = false;
  readonly #parts: ServerParts;
  readonly #listener: Fd;
  #seq = 1;

  /** @throws {SyscallError} if the socket cannot be made */
  constructor(path: string, parts: ServerParts) {
    this.#parts = parts;
    this.#listener = listenUnix(path);
    parts.epoll.add(this.#listener.number, Ready.IN, () => this.#accept());
  }

  close(): void {
    this.#parts.epoll.remove(this.#listener.number);
    this.#listener.close();
  }

  #accept(): void {
    for (let fd = accept(this.#listener.number); fd; fd = accept(this.#listener.number)) {
      if (peerUid(fd.number) === 0) this.#serve(fd);
      else fd.close();
    }
  }

  #serve(fd: Fd): void {
    let greeted = false;
    // Each proxy's own: none can name, or push out, another's.
    const flows = new Flows();
    const channel = new FrameChannel(this.#parts.epoll, fd.number, fd.number, BACKLOG, {
      frame: (frame) => {
        const message = parseQuestion(frame.body);
        if (greeted) return this.#message(channel, flows, frame, message);
        greeted = message?.op === "hello" && sameText(message.secret, this.#parts.secret);
        if (!greeted) channel.close("no valid hello");
      },
      closed: () => fd.close(),
    }, true);
  }

  #message(
    channel: FrameChannel,
    flows: Flows,
    frame: Frame,
    message: ProxyToKernel | undefined,
  ): void {
    if (frame.kind !== FrameKind.request) return channel.close("not a request");
    switch (message?.op) {
      case "flow":
        return channel.respond(frame.id, this.#answerFlow(flows, message));
      case "judge":
        return this.#judge(channel, flows, frame.id, message);
      case "lookup":
        return this.#parts.engine.lookup(message.answer, (error) => {
          channel.respond(frame.id, error === undefined ? { ok: true } : { error });
        });
      default:
        return channel.respond(frame.id, { error: "unknown or incomplete message" });
    }
  }

  #answerFlow(flows: Flows, question: FlowQuestion): FlowAnswer {
    if (this.closed) return { ok: false, reason: "unavailable" };
    try {
      return this.#flow(flows, question);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      return { ok: false, reason: "unavailable" };
    }
  }

  #flow(flows: Flows, question: FlowQuestion): FlowAnswer {
    const src = parseIpv4(question.src_ip);
    const local = parseIpv4(question.local_ip);
    // Only IPv4 is ever redirected.
    if (src === undefined || local === undefined) return { ok: false, reason: "direct" };
    const original = this.#original({
      protocol: question.protocol === "tcp" ? Protocol.TCP : Protocol.UDP,
      src: local,
      srcPort: question.local_port,
      dst: src,
      dstPort: question.src_port,
    });
    if (!original || (original.dst === local && original.dstPort === question.local_port)) {
      return { ok: false, reason: "direct" };
    }
    this.#parts.attribution.drain();
    const owner = this.#parts.attribution.owner(original);
    if (!owner && !this.audit) return { ok: false, reason: "unattributed" };
    const process = owner ? this.#parts.attribution.describe(owner) : {};
    return {
      ok: true,
      flow: flows.add(process),
      dst_ip: formatIpv4(original.dst),
      dst_port: original.dstPort,
      process,
    };
  }

  #original(reply: FlowTuple): FlowTuple | undefined {
    const seq = ++this.#seq;
    const answer = this.#parts.conntrack.ask(encodeGetByReply(seq, reply), seq);
    return "code" in answer ? undefined : decodeOriginal(answer);
  }

  #judge(channel: FrameChannel, flows: Flows, id: number, question: JudgeQuestion): void {
    if (this.closed) return channel.respond(id, denied(this.closed));
    const process = flows.get(question.flow);
    if (!process) return channel.respond(id, denied("unattributed"));
    this.#parts.engine.judge({ ...question.event, ...process }, (verdict) => {
      channel.respond(id, verdict);
    });
  }
}

/** Compares without telling by its duration where the first difference is. */
function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
