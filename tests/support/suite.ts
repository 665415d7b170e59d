/**
 * A file of end-to-end tests: one little internet for all of them, started before the first and removed
 * after the last.
 *
 * @module
 */

import assert from "node:assert/strict";
import { tool } from "../../src/demo/command.ts";
import { Internet, type InternetOptions } from "../../src/demo/internet.ts";
import type { PacketCounts } from "../../src/demo/network.ts";
import type { Received } from "../../src/demo/received.ts";
import { leftoversIn } from "./leftovers.ts";
import { type Finished, run, type Running, type RunOptions, start } from "./run.ts";

/** What a test works with. */
export interface Scene {
  internet: Internet;
  /** An empty folder, open to every user. */
  folder: string;
  run(options: RunOptions): Promise<Finished>;
  start(options: RunOptions): Promise<Running>;
  /** Forgets what has happened so far, as if the test began now. */
  begin(): Promise<void>;
  /** What the servers received since the test began, all of it. */
  received(): Promise<Received[]>;
  /** Fails if any packet has gone to the attacker since the test began, or any question about its names. */
  attackerGotNothing(): Promise<void>;
}

/** Defines tests that share an internet. */
export type Define = (name: string, body: (scene: Scene) => Promise<void>) => void;

/** Longest time of one test, ms: many times what the longest takes on a busy machine. */
const PATIENCE_MS = 300_000;

/** Programs that the end-to-end tests drive, with the packages that bring them. */
const TOOLS: Record<string, string> = {
  curl: "curl",
  dig: "bind9-dnsutils",
  git: "git",
  nc: "netcat-openbsd",
  npm: "npm",
  psql: "postgresql-client",
  "redis-cli": "redis-tools",
  "redis-server": "redis-server",
  ssh: "openssh-client",
  sshd: "openssh-server",
  openssl: "openssl",
  python3: "python3",
  iptables: "iptables",
  ip: "iproute2",
  setpriv: "util-linux",
};

/** Registers the start and the end of an internet for the tests of a file. */
export function suite(options: InternetOptions = {}): Define {
  let internet: Internet | undefined;
  Deno.test.beforeAll(async () => {
    await requireTools();
    internet = await Internet.create(options);
  });
  Deno.test.afterAll(async () => {
    await internet?.close();
  });
  return (name, body) =>
    Deno.test({
      name,
      // The servers' process belongs to all tests of the file.
      sanitizeOps: false,
      sanitizeResources: false,
      fn: async () => {
        if (!internet) throw new Error("there is no internet to test in");
        await inTime(await sceneIn(internet), body);
        assert.deepEqual(await leftoversIn(internet), [], "left behind in the namespace");
      },
    });
}

/**
 * Runs a test, and kills its runs when it takes far too long: what waits for them then fails, so that a test that
 * hangs is one failure with a name rather than the end of all tests.
 */
async function inTime(scene: Scene, body: (scene: Scene) => Promise<void>): Promise<void> {
  const runs = new Set<Running>();
  const start = async (options: RunOptions) => {
    const running = await scene.start(options);
    runs.add(running);
    void running.finished.then(() => runs.delete(running));
    return running;
  };
  const run = async (options: RunOptions) => await (await start(options)).finished;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    for (const running of runs) running.kill("SIGKILL");
  }, PATIENCE_MS);
  try {
    await body({ ...scene, start, run });
  } catch (error) {
    if (!late) throw error;
    throw new Error(`not done within ${PATIENCE_MS / 1000} s, so its runs were killed`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

async function sceneIn(internet: Internet): Promise<Scene> {
  const folder = await Deno.makeTempDir({ dir: internet.folder });
  await Deno.chmod(folder, 0o777);
  let first = 0;
  let before: PacketCounts = { attacker: 0, attacker6: 0, all: 0 };
  const begin = async () => {
    await internet.world.settle();
    first = internet.received.length;
    before = await internet.packets();
  };
  const received = async () => {
    await internet.world.settle();
    return internet.received.slice(first);
  };
  await begin();
  return {
    internet,
    folder,
    run: (options) => run(internet, options),
    start: (options) => start(internet, options),
    begin,
    received,
    async attackerGotNothing() {
      const got = (await received()).filter((item) =>
        item.kind === "dns" ? /(^|\.)evil\.test$/.test(item.name) : item.host === "evil.test"
      );
      assert.deepEqual(got, [], "reached the attacker");
      const { attacker, attacker6 } = await internet.packets();
      assert.deepEqual(
        { attacker: attacker - before.attacker, attacker6: attacker6 - before.attacker6 },
        { attacker: 0, attacker6: 0 },
        "packets to the attacker's network",
      );
    },
  };
}

async function requireTools(): Promise<void> {
  if (Deno.uid() !== 0) throw new Error("the end-to-end tests need root: run them with sudo");
  const script = 'for t; do command -v "$t" >/dev/null || echo "$t"; done';
  const missing = (await tool(["sh", "-c", script, "sh", ...Object.keys(TOOLS)])).split("\n")
    .filter((name) => name !== "");
  if (missing.length > 0) {
    const packages = missing.map((name) => TOOLS[name]).join(" ");
    throw new Error(`missing: ${missing.join(", ")}; to fix it: apt-get install ${packages}`);
  }
}
