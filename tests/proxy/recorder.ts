/**
 * Runs the recorder as its task does, next to a server and a resolver that no other process sees.
 *
 * @module
 */

import assert from "node:assert/strict";
import { run } from "./clients.ts";
import type { RecorderWorld } from "./recorder_world.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const WORLD = new URL("recorder_world.ts", import.meta.url).pathname;

/** A running recorder. */
export class Recorder implements AsyncDisposable {
  #port = 0;
  #dnsPort = 0;
  #child: Deno.ChildProcess | undefined;

  private constructor(
    readonly folder: string,
    readonly world: RecorderWorld,
    readonly worldProcess: Deno.ChildProcess,
  ) {}

  /** Starts it, as a root without any capability: it needs none. */
  static async start(policy: (world: RecorderWorld) => string): Promise<Recorder> {
    const folder = await Deno.makeTempDir({ prefix: "egress-recorder-" });
    const script = 'ip link set lo up; ip addr add 198.51.100.7/32 dev lo; exec "$@"';
    const child = new Deno.Command("unshare", {
      args: [...["--net", "sh", "-c", script, "sh", Deno.execPath(), "run", "-A", WORLD]],
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const world: RecorderWorld = JSON.parse(await readUntil(child.stdout, "\n"));
    const recorder = new Recorder(folder, world, child);
    try {
      await Deno.writeTextFile(`${folder}/upstream.pem`, world.ca);
      await recorder.#launch(policy(world));
    } catch (error) {
      await recorder[Symbol.asyncDispose]();
      throw error;
    }
    return recorder;
  }

  async #launch(policy: string): Promise<void> {
    const { tasks } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
    const [, ...task] = tasks.record.split(" ");
    const [file, ...args] = this.#inside(
      ...["setpriv", "--bounding-set=-all", "--inh-caps=-all", Deno.execPath(), ...task],
      ...["--enforce", "--policy-text", policy, "--port", "0", "--dns-port", "0"],
      ...["--resolver", this.world.resolver, "--upstream-ca", `${this.folder}/upstream.pem`],
      `${this.folder}/playbook`,
    );
    this.#child = new Deno.Command(file!, { args, cwd: ROOT, stdout: "piped", stderr: "inherit" })
      .spawn();
    const said = await readUntil(this.#child.stdout, "recording");
    const ports = [...said.matchAll(/ 127\.0\.0\.1:(\d+)(?:,|\n)/g)].map(([, port]) =>
      Number(port)
    );
    [this.#port, this.#dnsPort] = [ports[0] ?? 0, ports[1] ?? 0];
    assert.ok(this.#port && this.#dnsPort, said);
  }

  /** @returns what curl printed */
  async curl(...more: string[]): Promise<string> {
    const [file, ...args] = this.#inside(
      ...["curl", "-sS", "-x", `http://127.0.0.1:${this.#port}`],
      ...["--cacert", `${this.folder}/playbook.ca.pem`, ...more],
    );
    const { out, error } = await run(file!, args);
    return out + error;
  }

  /** @returns what dig printed */
  async dig(...more: string[]): Promise<string> {
    const port = String(this.#dnsPort);
    const [file, ...args] = this.#inside("dig", "-p", port, "@127.0.0.1", "+tries=1", ...more);
    return (await run(file!, args)).out;
  }

  /** Interrupts it and reads the playbook. */
  async end(): Promise<string> {
    this.#child!.kill("SIGINT");
    assert.equal((await this.#child!.status).code, 0);
    return await Deno.readTextFile(`${this.folder}/playbook`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child?.kill("SIGINT");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
    await this.#child?.status;
    await this.worldProcess.stdin.close();
    await this.worldProcess.status;
    await Deno.remove(this.folder, { recursive: true });
  }

  #inside(...command: string[]): string[] {
    return ["nsenter", `--net=/proc/${this.worldProcess.pid}/ns/net`, ...command];
  }
}

async function readUntil(stream: ReadableStream<Uint8Array>, end: string): Promise<string> {
  let said = "";
  const text = new TextDecoder();
  for await (const bytes of stream) {
    said += text.decode(bytes, { stream: true });
    if (said.includes(end)) break;
  }
  return said;
}
