/**
 * Runs the proxy role as it is run in earnest, between a kernel role and a supervisor that a test plays.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type CaMaterial,
  type DnsAnswer,
  encodeFrame,
  type FlowAnswer,
  FrameDecoder,
  FrameKind,
  type LogEvent,
  type ProxyBoot,
  type ProxyStatus,
  ROLES,
  type TrafficEvent,
  type Verdict,
} from "../../src/protocol/mod.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** An allowing verdict for all requests of a connection. */
export const ALLOW: Verdict = {
  policy: "allow",
  pass: true,
  rule: 0,
  rule_text: "test",
  rule_line: 1,
  passthrough: false,
  insecure: false,
  hold: "connection",
  destination: "confirmed",
};

/** An allowing verdict of a URL rule. */
export const ALLOW_ONCE: Verdict = { ...ALLOW, hold: "request" };

/** A denying verdict. */
export const DENY: Verdict = {
  policy: "deny",
  pass: false,
  reason: "no_rule",
  hint: "the hint",
  passthrough: false,
  insecure: false,
  hold: "request",
  destination: "confirmed",
};

/** What a test decides for the roles around the proxy. */
export interface World {
  /** Where clients were going before they were redirected. */
  destination: { ip: string; port: number };
  judge(event: TrafficEvent): Verdict;
  flow?(): FlowAnswer;
  boot?: Partial<ProxyBoot>;
  /** Environment of the role, besides its row's. */
  env?: Record<string, string>;
  /** Also start the relay for insecure connections. */
  relay?: boolean;
}

/** A connection that carries frames to the role. */
type Peer = Deno.UnixConn;

/** The running role and what it has said. */
export class Role implements AsyncDisposable {
  readonly logs: LogEvent[] = [];
  readonly opened: LogEvent[] = [];
  readonly judged: TrafficEvent[] = [];
  readonly lookups: DnsAnswer[] = [];
  frontPort = 0;
  dnsPort = 0;
  ca: CaMaterial = { certPem: "", keyPem: "", leafKeyPem: "" };
  #waiters = new Set<() => void>();
  #child: Deno.ChildProcess | undefined;
  #relay: Deno.ChildProcess | undefined;
  #listeners: Deno.UnixListener[] = [];
  #kernelLink: Peer | undefined;
  #kernelBack = Promise.withResolvers<void>();
  #supervisor: Peer | undefined;
  #answers = new Map<number, (body: unknown) => void>();
  #nextId = 1;
  #ready = Promise.withResolvers<void>();
  readonly folder = mkdtempSync(join(tmpdir(), "egress-proxy-"));

  constructor(readonly world: World) {}

  /** Starts the role and waits until it serves. */
  static async start(world: World): Promise<Role> {
    const role = new Role(world);
    try {
      await role.#launch();
    } catch (error) {
      await role[Symbol.asyncDispose]();
      throw error;
    }
    return role;
  }

  /** File with the run's CA. */
  get caFile(): string {
    const path = join(this.folder, "ca.pem");
    Deno.writeTextFileSync(path, this.ca.certPem);
    return path;
  }

  /** Waits for a log line. */
  log(fits: (event: LogEvent) => boolean): Promise<LogEvent> {
    return this.#find(this.logs, fits);
  }

  /** Waits for something announced as under way. */
  open(fits: (event: LogEvent) => boolean): Promise<LogEvent> {
    return this.#find(this.opened, fits);
  }

  /** Sends an order that wants no answer. */
  async order(body: unknown): Promise<void> {
    await writeAll(this.#supervisor!, encodeFrame(FrameKind.event, 0, body));
  }

  /** Asks the role, as the supervisor. */
  async ask(body: unknown): Promise<unknown> {
    const id = this.#nextId++;
    const answer = new Promise<unknown>((resolve) => this.#answers.set(id, resolve));
    await writeAll(this.#supervisor!, encodeFrame(FrameKind.request, id, body));
    return await answer;
  }

  /** The role's own counts. */
  async status(): Promise<ProxyStatus> {
    return await this.ask({ op: "status" }) as ProxyStatus;
  }

  /** Ends the supervisor's side, which ends the role. */
  async exit(): Promise<number> {
    this.#supervisor?.close();
    return (await this.#child!.status).code;
  }

  /** Plays a kernel role that has died. */
  stopKernel(): void {
    this.#listeners[0]!.close();
    Deno.removeSync(join(this.folder, "kernel.sock"));
    this.#kernelLink!.close();
  }

  /** Plays a new kernel role; resolves once the proxy has found it. */
  async startKernel(): Promise<void> {
    this.#kernelBack = Promise.withResolvers<void>();
    this.#listeners.shift();
    this.#listen(join(this.folder, "kernel.sock"), (body) => this.#kernel(body));
    await this.#kernelBack.promise;
  }

  /** Ends the role and removes what it left. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [this.#child, this.#relay]) {
      try {
        child?.kill("SIGKILL");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // it has ended already
      }
      await child?.status;
    }
    for (const listener of this.#listeners) listener.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #launch(): Promise<void> {
    const kernelSocket = join(this.folder, "kernel.sock");
    const supervisorSocket = join(this.folder, "supervisor.sock");
    this.#listen(kernelSocket, (body) => this.#kernel(body));
    this.#listen(supervisorSocket, (body) => this.#event(body));
    const row = ROLES.proxy;
    const insecureSocket = join(this.folder, "relay.sock");
    if (this.world.relay) await this.#startRelay(insecureSocket);
    const context = { kernelSocket, supervisorSocket, insecureSocket };
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", ...row.allow(context), ...row.flags, join(ROOT, row.entry)],
      env: { ...row.env, ...this.world.env },
      stdin: "piped",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn();
    const boot: ProxyBoot = {
      role: "proxy",
      index: 0,
      kernelSocket,
      supervisorSocket,
      ...(this.world.relay && { insecureSocket }),
      secret: "secret",
      frontPort: 0,
      dnsPort: 0,
      reusePort: false,
      nameservers: [],
      upstreamCas: [],
      logQueries: false,
      silentMs: 300,
      ...this.world.boot,
    };
    const stdin = this.#child.stdin.getWriter();
    await stdin.write(encodeFrame(FrameKind.event, 0, boot));
    const died = this.#child.status.then(({ code }) => {
      throw new Error(`the role ended with ${code} before it was ready`);
    });
    await Promise.race([this.#ready.promise, died]);
    died.catch(() => {});
    await stdin.close();
  }

  async #startRelay(insecureSocket: string): Promise<void> {
    const context = { kernelSocket: "", supervisorSocket: "", insecureSocket };
    this.#relay = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--quiet", ...ROLES.relay.allow(context), ...ROLES.relay.flags],
        join(ROOT, ROLES.relay.entry),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null", // Deno warns of the flag
    }).spawn();
    const boot = { role: "relay", socketPath: insecureSocket };
    await writeAllTo(this.#relay.stdin, encodeFrame(FrameKind.event, 0, boot));
    for await (const _ of this.#relay.stdout) break; // it says that it is ready
  }

  #listen(path: string, answer: (body: Message) => unknown): void {
    const listener = Deno.listen({ transport: "unix", path });
    this.#listeners.push(listener);
    (async () => {
      for await (const conn of listener) {
        if (path.endsWith("supervisor.sock")) this.#supervisor = conn;
        else this.#kernelLink = conn;
        this.#kernelBack.resolve();
        this.#serve(conn, answer);
      }
    })();
  }

  async #serve(conn: Peer, answer: (body: Message) => unknown): Promise<void> {
    const decoder = new FrameDecoder();
    const buffer = new Uint8Array(65536);
    for (;;) {
      const count = await conn.read(buffer).catch(() => null);
      if (count === null) return;
      const out: Uint8Array[] = [];
      for (const frame of decoder.push(buffer.subarray(0, count))) {
        if (frame.kind === FrameKind.response) {
          this.#answers.get(frame.id)?.(frame.body);
          continue;
        }
        const body = answer(frame.body as Message);
        if (frame.kind === FrameKind.request) {
          out.push(encodeFrame(FrameKind.response, frame.id, body));
        }
      }
      for (const bytes of out) await writeAll(conn, bytes).catch(() => {});
    }
  }

  #kernel(body: Message): unknown {
    if (body.op === "judge") {
      this.judged.push(body.event as TrafficEvent);
      return this.world.judge(body.event as TrafficEvent);
    }
    if (body.op === "lookup") {
      this.lookups.push(body.answer as DnsAnswer);
      return { ok: true };
    }
    if (body.op !== "flow") return undefined;
    if (this.world.flow) return this.world.flow();
    const { ip: dst_ip, port: dst_port } = this.world.destination;
    const process = { pid: 4321, exe: "/usr/bin/client", step: "build" };
    return { ok: true, flow: 7, dst_ip, dst_port, process };
  }

  #event(body: Message): unknown {
    if (body.op === "ready") {
      this.frontPort = body.frontPort as number;
      this.dnsPort = body.dnsPort as number;
      if (body.ca) this.ca = body.ca as CaMaterial;
      this.#ready.resolve();
    } else if (body.op === "fatal") this.#ready.reject(new Error(body.error as string));
    else if (body.op === "log") this.logs.push(body.event as LogEvent);
    else if (body.op === "open") this.opened.push(body.event as LogEvent);
    for (const wake of this.#waiters) wake();
    return undefined;
  }

  async #find(list: LogEvent[], fits: (event: LogEvent) => boolean): Promise<LogEvent> {
    for (;;) {
      const found = list.find(fits);
      if (found) return found;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiters.delete(wake);
          resolve();
        };
        this.#waiters.add(wake);
      });
    }
  }
}

interface Message {
  op: string;
  [key: string]: unknown;
}

async function writeAllTo(stream: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = stream.getWriter();
  await writer.write(bytes);
  writer.releaseLock();
}

/** Writes all of `bytes`. */
export async function writeAll(
  conn: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

/** Reads a connection to its end, as Latin-1 text. */
export async function readAll(conn: {
  read(into: Uint8Array): Promise<number | null>;
}): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(65536);
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) return text;
    text += new TextDecoder("latin1").decode(buffer.subarray(0, count));
  }
}
