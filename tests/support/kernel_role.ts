/**
 * Starts the kernel role in a test's world and plays the other roles: supervisor, engine, proxy.
 *
 * @module
 */

import type { KernelBoot, Marks, PolicyEvent, Verdict } from "../../src/protocol/mod.ts";
import { rulesOn } from "../../src/supervisor/netfilter.ts";
import { FrameClient } from "./kernel_frames.ts";
import { Inbox } from "./kernel_lines.ts";
import { INSIDE, sh, type World } from "./kernel_world.ts";

const MAIN = new URL("../../src/kernel/main.ts", import.meta.url).pathname;
const BUILD = new URL("../../setup/build_bpf.sh", import.meta.url).pathname;
/** Ports of the fake proxy; free in a namespace of its own. */
export const FRONT = 15001;
export const DNS = 15053;

export const MARKS: Marks = { allow: 0x11e9a1, deny: 0x22d3b7, dns: 0x33c5f1 };

/** A verdict as the engine gives it. */
export function verdict(policy: "allow" | "deny", more: Partial<Verdict> = {}): Verdict {
  return {
    policy,
    pass: policy === "allow",
    ...(policy === "allow"
      ? { rule: 0, rule_text: "a rule", rule_line: 1 }
      : { reason: "no_rule" }),
    passthrough: false,
    insecure: false,
    hold: "request",
    destination: "unknown",
    ...more,
  };
}

/** Plays the engine at a pair of FIFOs. */
export class FakeEngine {
  /** Every message that came. */
  readonly messages = new Inbox<Record<string, unknown>>();
  judge: (event: PolicyEvent) => Verdict | undefined = () => verdict("deny");
  #files: Deno.FsFile[] = [];
  #done: Promise<void> = Promise.resolve();

  private constructor(readonly fifos: KernelBoot["engine"]) {}

  static async at(folder: string): Promise<FakeEngine> {
    const id = crypto.randomUUID().slice(0, 8);
    const fifos = { requests: `${folder}/${id}.in`, responses: `${folder}/${id}.out` };
    await sh(`mkfifo ${fifos.requests} ${fifos.responses}`);
    const engine = new FakeEngine(fifos);
    engine.#done = engine.#serve();
    return engine;
  }

  async #serve(): Promise<void> {
    const input = await Deno.open(this.fifos.requests, { read: true });
    const output = await Deno.open(this.fifos.responses, { write: true });
    this.#files = [input, output];
    const client = new FrameClient({
      read: (into) => input.read(into),
      write: (bytes) => output.write(bytes),
    });
    while (true) {
      const frame = await client.requests.take().catch(() => undefined);
      if (!frame) return;
      const body = frame.body as Record<string, unknown>;
      this.messages.put(body);
      const answer = body.op === "judge" ? this.judge(body.event as PolicyEvent) : { ok: true };
      if (answer) await client.respond(frame.id, answer).catch(() => {});
    }
  }

  /** Ends as a crashed engine does: its end of the responses closes. */
  async end(): Promise<void> {
    // Opens what still waits for its other end, so that no open call is left behind.
    const [a, b] = await Promise.all([this.fifos.requests, this.fifos.responses].map((path) => {
      return Deno.open(path, { read: true, write: true });
    }));
    for (let i = 0; i < 100 && this.#files.length === 0; i++) await Promise.resolve();
    for (const file of this.#files.splice(0).reverse()) file.close();
    a!.close();
    b!.close();
    await this.#done;
  }
}

/** A running kernel role. */
export class KernelRole {
  readonly supervisor: FrameClient;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  private constructor(readonly boot: KernelBoot, child: Deno.ChildProcess) {
    this.#child = child;
    const reader = child.stdout.getReader({ mode: "byob" });
    this.#writer = child.stdin.getWriter();
    this.supervisor = new FrameClient({
      read: async (into) => {
        const { value } = await reader.read(new Uint8Array(into.length));
        if (value) into.set(value);
        return value?.length ?? null;
      },
      write: async (bytes) => {
        await this.#writer.write(bytes as Uint8Array<ArrayBuffer>);
        return bytes.length;
      },
    });
  }

  /** Starts it; `ready` says when it works. */
  static async start(
    world: World,
    engine: FakeEngine,
    more: Partial<KernelBoot> = {},
  ): Promise<KernelRole> {
    const boot: KernelBoot = {
      role: "kernel",
      object: (await sh(BUILD)).trim(),
      scopeCgroupDir: world.scopeDir,
      cgroupRoot: world.root,
      pinDir: world.pinDir,
      socketPath: `${world.folder}/kernel.sock`,
      queue: 4711,
      marks: MARKS,
      audit: false,
      secret: `secret-${world.id}`,
      policy: { text: "a.example\n", audit: false, prelude: "" },
      engine: engine.fifos,
      ...more,
    };
    const args = [
      `--net=/run/netns/${world.netns}`,
      "deno",
      "run",
      "--no-prompt",
      "--allow-ffi",
      MAIN,
    ];
    const child = new Deno.Command("nsenter", {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const role = new KernelRole(boot, child);
    world.onEnd(() => role.kill());
    await role.supervisor.event(boot);
    return role;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get ended(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  /** Waits until it is ready. @throws {Error} with its `fatal` */
  async ready(): Promise<void> {
    const event = await this.supervisor.events.take((e) => e.op === "ready" || e.op === "fatal");
    if (event.op === "fatal") throw new Error(`${event.error} (${event.hint})`);
  }

  /** Waits for a log line. */
  async log(fits: (event: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    const isLog = (e: Record<string, unknown>) =>
      e.op === "log" && fits(e.event as Record<string, unknown>);
    return (await this.supervisor.events.take(isLog)).event as Record<string, unknown>;
  }

  /** Closes its stdin, as the death of the supervisor does. */
  async abandon(): Promise<void> {
    await this.#writer.close();
    await this.supervisor.ended;
    await this.#child.status;
  }

  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it ended before
    }
    await this.#child.status;
    await this.supervisor.ended;
    await this.#writer.close().catch(() => {});
  }
}

/** Connects as a proxy does. */
export async function connectProxy(
  world: World,
  role: KernelRole,
  secret = role.boot.secret,
): Promise<FrameClient> {
  const socket = await Deno.connect({ transport: "unix", path: role.boot.socketPath });
  const client = new FrameClient(socket);
  world.onEnd(async () => {
    socket.close();
    await client.ended;
  });
  await client.event({ op: "hello", role: "proxy", index: 0, secret });
  return client;
}

/** Puts the run's iptables rules into the world's namespace. */
export async function putRules(world: World, audit = false): Promise<void> {
  const rules = rulesOn({
    id: world.id,
    cgroupPath: world.scopePath.slice(1),
    queue: 4711,
    marks: MARKS,
    frontPort: FRONT,
    dnsPort: DNS,
    stubs: [],
    audit,
  });
  await Deno.writeTextFile(`${world.folder}/rules`, rules);
  await world.near(`iptables-restore --noflush < ${world.folder}/rules`);
}

export { INSIDE };
