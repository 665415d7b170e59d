/**
 * Starts the kernel role in a test's world and plays the other roles: supervisor, engine, proxy.
 *
 * @module
 */

import type { KernelBoot, Marks, PolicyEvent, Verdict } from "../../src/protocol/mod.ts";
import { FrameClient } from "./kernel_frames.ts";
import { Inbox } from "./kernel_lines.ts";
import { rules } from "./kernel_rules.ts";
import { sh, type World } from "./kernel_world.ts";

const MAIN = new URL("../../src/kernel/main.ts", import.meta.url).pathname;
const BUILD = new URL("../../setup/build_bpf.sh", import.meta.url).pathname;
/** Ports of the fake proxy; free in a namespace of its own. */
export const FRONT = 15001;
export const DNS = 15053;

export const MARKS: Marks = {
  allow: 0x11e9a1,
  deny: 0x22d3b7,
  dns: 0x33c5f1,
  container: 0x44d704,
  inside: 0x55e805,
};

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
  readonly #children: Deno.ChildProcess[];
  readonly #client: FrameClient;
  readonly #done: Promise<void>;

  private constructor(readonly fifos: KernelBoot["engine"]) {
    // A read of a FIFO in this process could not be cancelled; a child's can.
    const cat = (redirect: string, path: string) =>
      new Deno.Command("sh", {
        args: ["-c", `exec cat ${redirect} "$1"`, "sh", path],
        stdin: "piped",
        stdout: "piped",
      }).spawn();
    const input = cat("<", fifos.requests);
    const output = cat(">", fifos.responses);
    this.#children = [output, input];
    this.#client = clientOf(input.stdout, output.stdin);
    this.#done = this.#serve();
  }

  static async at(folder: string): Promise<FakeEngine> {
    const id = crypto.randomUUID().slice(0, 8);
    const fifos = { requests: `${folder}/${id}.in`, responses: `${folder}/${id}.out` };
    await sh(`mkfifo ${fifos.requests} ${fifos.responses}`);
    return new FakeEngine(fifos);
  }

  async #serve(): Promise<void> {
    while (true) {
      const frame = await this.#client.requests.take().catch(() => undefined);
      if (!frame) return;
      const body = frame.body as Record<string, unknown>;
      this.messages.put(body);
      const answer = body.op === "judge" ? this.judge(body.event as PolicyEvent) : { ok: true };
      if (answer) await this.#client.respond(frame.id, answer).catch(() => {});
    }
  }

  /** Ends as a crashed engine does: its end of the responses closes. */
  async end(): Promise<void> {
    for (const child of this.#children.splice(0)) {
      killChild(child);
      await child.status;
      if (!child.stdin.locked) await child.stdin.close().catch(() => {});
      if (!child.stdout.locked) await child.stdout.cancel();
    }
    await this.#done;
    await this.#client.close().catch(() => {});
  }
}

function killChild(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it ended before
  }
}

/** Frames over a child's streams. */
function clientOf(
  input: ReadableStream<Uint8Array<ArrayBuffer>>,
  output: WritableStream<Uint8Array<ArrayBuffer>>,
): FrameClient {
  const reader = input.getReader();
  const writer = output.getWriter();
  return new FrameClient({
    chunk: async () => (await reader.read()).value,
    write: (bytes) => writer.write(bytes),
    close: () => writer.close(),
  });
}

/** A running kernel role. */
export class KernelRole {
  readonly supervisor: FrameClient;
  readonly #child: Deno.ChildProcess;

  private constructor(readonly boot: KernelBoot, child: Deno.ChildProcess) {
    this.#child = child;
    this.supervisor = clientOf(child.stdout, child.stdin);
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

  /** Waits until it is ready. @returns what it said then @throws {Error} with its `fatal` */
  async ready(): Promise<Record<string, unknown>> {
    const event = await this.supervisor.events.take((e) => e.op === "ready" || e.op === "fatal");
    if (event.op === "fatal") throw new Error(`${event.error} (${event.hint})`);
    return event;
  }

  /** Waits for a log line. */
  async log(fits: (event: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    const isLog = (e: Record<string, unknown>) =>
      e.op === "log" && fits(e.event as Record<string, unknown>);
    return (await this.supervisor.events.take(isLog)).event as Record<string, unknown>;
  }

  /** Closes its stdin, as the death of the supervisor does. */
  async abandon(): Promise<void> {
    await this.supervisor.close();
    await this.supervisor.ended;
    await this.#child.status;
  }

  async kill(): Promise<void> {
    killChild(this.#child);
    await this.#child.status;
    await this.supervisor.ended;
    await this.supervisor.close().catch(() => {});
  }
}

/** Connects as a proxy does. */
export async function connectProxy(
  world: World,
  role: KernelRole,
  secret = role.boot.secret,
): Promise<FrameClient> {
  const socket = await Deno.connect({ transport: "unix", path: role.boot.socketPath });
  const client = clientOf(socket.readable, socket.writable);
  world.onEnd(async () => {
    await client.close();
    await client.ended;
  });
  await client.event({ op: "hello", role: "proxy", index: 0, secret });
  return client;
}

/** Puts iptables rules into the world's namespace. */
export async function putRules(world: World): Promise<void> {
  const spec = {
    cgroup: world.scopePath,
    queue: 4711,
    marks: MARKS,
    frontPort: FRONT,
    dnsPort: DNS,
  };
  await Deno.writeTextFile(`${world.folder}/rules`, rules(spec));
  await world.near(`iptables-restore --noflush < ${world.folder}/rules`);
}
