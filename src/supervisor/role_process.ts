/**
 * Starts a role with exactly the permissions of its row and speaks frames with it over its stdin and stdout.
 *
 * @module
 */

import {
  encodeFrame,
  FrameDecoder,
  FrameKind,
  type Role,
  type RoleContext,
  ROLES,
} from "../protocol/mod.ts";
import { ROLE, ROLE_ON_FIFOS } from "./scripts.ts";

/** How roles are started: from source, or from bundled files. */
export interface RoleLauncher {
  /** The Deno executable. */
  deno: string;
  /** Turns a role into its entry module's path. */
  entry(role: Role): string;
  context: RoleContext;
  /** cgroup folder for the roles. */
  cgroupDir: string;
  env: Record<string, string>;
}

/** A running role. */
export interface RoleProcess {
  readonly role: Role;
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** The last lines that it wrote to stderr. */
  lastWords(): string;
  /** Ends it at once. */
  kill(): void;
}

const STDERR_LINES = 30;

function argv(launcher: RoleLauncher, role: Role): string[] {
  const row = ROLES[role];
  return [
    launcher.deno,
    "run",
    "--no-prompt",
    "--no-config",
    "--no-remote",
    "--quiet",
    ...row.flags,
    ...row.allow(launcher.context),
    launcher.entry(role),
  ];
}

function watch(role: Role, child: Deno.ChildProcess): RoleProcess {
  const lines: string[] = [];
  collectLines(child.stderr, lines);
  return {
    role,
    pid: child.pid,
    ended: child.status,
    lastWords: () => lines.join("\n"),
    kill() {
      try {
        child.kill("SIGKILL");
      } catch (error) {
        // It ended between the check and the signal: what was wanted.
        if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
      }
    },
  };
}

async function collectLines(stream: ReadableStream<Uint8Array>, lines: string[]) {
  let rest = "";
  for await (
    const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
  ) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!.slice(-2000);
    for (const line of parts) {
      lines.push(line);
      if (lines.length > STDERR_LINES) lines.shift();
    }
  }
  if (rest) lines.push(rest);
}

/** The engine: its fd 0 and 1 are FIFOs that the kernel role opens. */
export function startEngine(
  launcher: RoleLauncher,
  fifos: { requests: string; responses: string },
): RoleProcess {
  const child = new Deno.Command("/bin/sh", {
    args: [
      "-c",
      ROLE_ON_FIFOS,
      "egress",
      launcher.cgroupDir,
      fifos.requests,
      fifos.responses,
      ...argv(launcher, "engine"),
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    env: { ...launcher.env, ...ROLES.engine.env },
    clearEnv: true,
  }).spawn();
  return watch("engine", child);
}

/** A role whose stdin and stdout carry frames. */
export interface PipedRole extends RoleProcess {
  /** Sends an event. */
  send(body: unknown): Promise<void>;
  /** Sends a request and waits for its answer. @throws when the role ends first, or answers an error */
  request(body: unknown): Promise<unknown>;
}

/**
 * Starts a role, sends its boot frame, and hands on the events that it writes.
 *
 * @param onEvent called for each event frame
 */
export function startPiped(
  launcher: RoleLauncher,
  role: "kernel" | "proxy" | "relay",
  boot: unknown,
  onEvent: (body: unknown) => void,
): PipedRole {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", ROLE, "egress", launcher.cgroupDir, ...argv(launcher, role)],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { ...launcher.env, ...ROLES[role].env },
    clearEnv: true,
  }).spawn();
  const writer = child.stdin.getWriter();
  const waiting = new Map<number, { resolve(v: unknown): void; reject(e: Error): void }>();
  let nextId = 1;
  const write = (kind: FrameKind, id: number, body: unknown) =>
    writer.write(encodeFrame(kind, id, body));
  const gone = (why: string) => {
    for (const { reject } of waiting.values()) reject(new Error(`the ${role} role ${why}`));
    waiting.clear();
  };
  readFrames(child.stdout, (frame) => {
    if (frame.kind === FrameKind.event) return onEvent(frame.body);
    const entry = waiting.get(frame.id);
    waiting.delete(frame.id);
    const failed = (frame.body as { error?: unknown } | null)?.error;
    if (typeof failed === "string") entry?.reject(new Error(failed));
    else entry?.resolve(frame.body);
  }).then(() => gone("has ended"), (error) => gone(`sent no frames: ${error}`));
  // A role that died leaves a broken pipe: its end is noticed through `ended`.
  const send = async (body: unknown) => {
    await write(FrameKind.event, 0, body).catch(() => gone("has ended"));
  };
  send(boot);
  return {
    ...watch(role, child),
    send,
    request(body) {
      const id = nextId++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        write(FrameKind.request, id, body).catch(() => gone("has ended"));
      });
    },
  };
}

async function readFrames(
  stream: ReadableStream<Uint8Array>,
  onFrame: (frame: ReturnType<FrameDecoder["push"]>[number]) => void,
) {
  const decoder = new FrameDecoder();
  for await (const bytes of stream) {
    for (const frame of decoder.push(bytes)) onFrame(frame);
  }
}
