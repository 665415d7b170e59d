/**
 * The supervisor's socket: proxies connect to it, say hello, and send what they log.
 *
 * @module
 */

import {
  encodeFrame,
  type Frame,
  FrameDecoder,
  FrameKind,
  type LayerEntry,
  type LogEvent,
  type ProxyToSupervisor,
  type SharedLeaf,
  type SupervisorToProxy,
} from "../protocol/mod.ts";

/** What a proxy says is handed on to. */
export interface ProxyLinkHandler {
  /** A proxy has said who it is: what it must know before it serves can be sent to it. */
  onHello(send: (message: SupervisorToProxy) => void): void;
  onReady(index: number, message: Extract<ProxyToSupervisor, { op: "ready" }>): void;
  onFatal(index: number, error: string, hint?: string): void;
  onLeaf(index: number, leaf: SharedLeaf): void;
  /** Something passes through a proxy, or was refused there. */
  onTraffic(): void;
  /** Runs `work`, which hands on what came in one piece; it is run as it is if absent. */
  together?(work: () => void): void;
  onLog(event: LogEvent): void;
  /** Something is wrong on this side, and is tried again. */
  onTrouble(message: string): void;
  /** Only a proxy that was told to record says it. */
  onRecord?(conn: string, entry: LayerEntry): void;
}

interface Peer {
  index: number;
  writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Connections under way, by id: logged if the proxy is lost before they end. */
  open: Map<string, LogEvent>;
  waiting: Map<number, (body: unknown) => void>;
}

/** Bytes read at once: some hundred lines. */
const BUFFER = 64 * 1024;
/** Pause after a connection that could not be accepted, in ms. */
const PAUSE_MS = 100;
/** Longest wait for a proxy's answer, in ms. */
const ANSWER_MS = 3000;

/** Accepts proxies; only those that know the run's secret are listened to. */
export class ProxyLink {
  #listener: Deno.UnixListener;
  #secret: string;
  #handler: ProxyLinkHandler;
  #peers = new Map<number, Peer>();
  #nextId = 1;
  #closed = false;

  /** @param path of the socket; its folder is root's alone */
  constructor(path: string, secret: string, handler: ProxyLinkHandler) {
    this.#secret = secret;
    this.#handler = handler;
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#accept();
  }

  /** Sends an event to every proxy, but for the one with the index `except`. */
  broadcast(message: SupervisorToProxy, except?: number): void {
    for (const index of this.#peers.keys()) if (index !== except) this.send(index, message);
  }

  /** Sends an event to one proxy, if it is there. */
  send(index: number, message: SupervisorToProxy): void {
    const peer = this.#peers.get(index);
    if (peer) this.#write(peer, FrameKind.event, 0, message);
  }

  /** Asks every proxy and waits for all answers, or {@link ANSWER_MS}. */
  async ask(message: SupervisorToProxy): Promise<unknown[]> {
    return await Promise.all([...this.#peers.values()].map((peer) => this.#ask(peer, message)));
  }

  #ask(peer: Peer, message: SupervisorToProxy): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), ANSWER_MS);
      peer.waiting.set(id, (body) => {
        clearTimeout(timer);
        resolve(body);
      });
      this.#write(peer, FrameKind.request, id, message);
    });
  }

  /** Stops listening. */
  close(): void {
    this.#closed = true;
    this.#listener.close();
    for (const peer of this.#peers.values()) peer.writer.abort().catch(ignoreClosed);
  }

  #write(peer: Peer, kind: FrameKind, id: number, body: unknown) {
    // A proxy that is gone is dropped where its reads end.
    peer.writer.write(encodeFrame(kind, id, body)).catch(ignoreClosed);
  }

  async #accept() {
    let told = false;
    while (!this.#closed) {
      try {
        this.#keep(await this.#listener.accept());
        told = false;
      } catch (error) {
        if (this.#closed) return;
        // Out of file descriptors, say: the proxy waits, and so does this.
        if (!told) this.#handler.onTrouble(`a proxy could not be let in: ${error}`);
        told = true;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  #keep(connection: Deno.UnixConn) {
    this.#serve(connection).catch(ignoreClosed).finally(() => {
      try {
        connection.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    });
  }

  async #serve(connection: Deno.UnixConn) {
    const decoder = new FrameDecoder();
    const buffer = new Uint8Array(BUFFER);
    let peer: Peer | undefined;
    try {
      for (;;) {
        const count = await connection.read(buffer);
        if (count === null) return;
        const frames = decoder.push(buffer.subarray(0, count));
        if (frames.length === 0) continue;
        peer ??= this.#hello(frames[0]!.body, connection);
        if (!peer) return;
        const from = peer;
        const work = () => {
          for (const frame of frames) this.#take(from, frame);
        };
        if (this.#handler.together) this.#handler.together(work);
        else work();
      }
    } finally {
      if (peer) this.#lost(peer);
    }
  }

  #take(peer: Peer, frame: Frame) {
    if (frame.kind === FrameKind.response) return this.#onAnswer(peer, frame.id, frame.body);
    const message = frame.body as ProxyToSupervisor;
    if (message.op === "package") this.#onQuestion(peer, frame.id, message);
    else this.#onEvent(peer, message);
  }

  #hello(body: unknown, connection: Deno.UnixConn): Peer | undefined {
    const hello = body as Partial<Extract<ProxyToSupervisor, { op: "hello" }>> | null;
    if (hello?.op !== "hello" || hello.secret !== this.#secret) return undefined;
    const peer: Peer = {
      index: Number(hello.index),
      writer: connection.writable.getWriter(),
      open: new Map(),
      waiting: new Map(),
    };
    this.#peers.set(peer.index, peer);
    this.#handler.onHello((message) => this.send(peer.index, message));
    return peer;
  }

  #onAnswer(peer: Peer, id: number, body: unknown) {
    peer.waiting.get(id)?.(body);
    peer.waiting.delete(id);
  }

  /** The first proxy answers for all, so that the same is asked about once. */
  async #onQuestion(peer: Peer, id: number, question: SupervisorToProxy) {
    const first = this.#peers.get(0);
    const answer = first && await this.#ask(first, question);
    this.#write(peer, FrameKind.response, id, answer ?? { error: "the first proxy is away" });
  }

  #onEvent(peer: Peer, message: Exclude<ProxyToSupervisor, { op: "package" }>) {
    switch (message.op) {
      case "hello":
        return;
      case "ready":
        return this.#handler.onReady(peer.index, message);
      case "fatal":
        return this.#handler.onFatal(peer.index, message.error, message.hint);
      case "leaf":
        return this.#handler.onLeaf(peer.index, message.leaf);
      case "record":
        return this.#handler.onRecord?.(message.conn, message.entry);
      case "open":
        this.#handler.onTraffic();
        peer.open.set(message.conn, message.event);
        return;
      case "log":
        this.#handler.onTraffic();
        if (message.conn !== undefined) peer.open.delete(message.conn);
        return this.#handler.onLog(message.event);
    }
  }

  #lost(peer: Peer) {
    if (this.#peers.get(peer.index) === peer) this.#peers.delete(peer.index);
    for (const answer of peer.waiting.values()) answer(undefined);
    for (const event of peer.open.values()) {
      this.#handler.onLog({ ...event, error: "interrupted" });
    }
  }
}

/** Broken pipes and closed sockets are how a peer's end shows; all else is a defect. */
function ignoreClosed(error: unknown) {
  if (
    error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof TypeError || (error instanceof Error && error.name === "FrameError")
  ) return;
  throw error;
}
