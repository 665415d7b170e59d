/**
 * Puts the authorization plugin into dockerd and takes it out, without a restart. daemon.json is covered by a
 * mount rather than changed: with the machine's next boot, when the plugin is gone, Docker starts as ever.
 *
 * @module
 */

import { parseLossless } from "../io/json_file.ts";
import { textsOf } from "../json.ts";
import { FILES } from "../settings.ts";
import { InstallError } from "./error.ts";
import { exists, readIfThere, removeAll, writeWhole } from "./files.ts";

const CONFIG = "/etc/docker/daemon.json";
/** Where dockerd looks for plugins (Docker Engine: "Docker plugin API", discovery). */
const SPEC = "/etc/docker/plugins/egress-guard.spec";
const NAME = "egress-guard";
/** ms that the plugin may take to come up. */
const PATIENCE = 10_000;

/** Where Docker listens, and says which process it is. */
export interface DockerPaths {
  socket: string;
  pidFile: string;
}

/** As everywhere. */
export const DOCKER: DockerPaths = { socket: "/run/docker.sock", pidFile: "/run/docker.pid" };

/** What the plugin needs. */
export interface AuthzOptions {
  folder: string;
  deno: string;
  /** Folder with the bundled src/containers/api/main.ts. */
  programs: string;
  docker: DockerPaths;
}

async function run(command: string, args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(command, { args, stdin: "null" }).output();
  if (code !== 0) {
    const why = new TextDecoder().decode(stderr).trim();
    throw new InstallError(`${command} ${args.join(" ")} failed: ${why}`);
  }
}

/**
 * Starts the plugin and has dockerd ask it.
 *
 * @throws {InstallError}
 */
export async function startAuthz(options: AuthzOptions): Promise<void> {
  const { folder, docker } = options;
  await stopProcess(folder);
  writeWhole(
    `${folder}/${FILES.authzProgram}`,
    Deno.readTextFileSync(`${options.programs}/${FILES.authzProgram}`),
  );
  await startProcess(options);
  Deno.mkdirSync("/etc/docker/plugins", { recursive: true });
  writeWhole(SPEC, `unix://${folder}/${FILES.authzSocket}`);
  if (!isCovered(folder)) {
    const before = readIfThere(CONFIG);
    if (before === undefined) writeWhole(CONFIG, "{}\n");
    writeWhole(`${folder}/${FILES.daemonBefore}`, before ?? "");
    writeWhole(`${folder}/${FILES.daemon}`, withPlugin(before ?? "{}"));
    await run("mount", ["--bind", `${folder}/${FILES.daemon}`, CONFIG]);
  }
  await reload(docker.pidFile);
}

/** Takes it out again; it need not be there. @throws {InstallError} */
export async function stopAuthz(folder: string, pidFile: string): Promise<void> {
  if (isCovered(folder)) {
    await run("umount", [CONFIG]);
    if (readIfThere(`${folder}/${FILES.daemonBefore}`) === "") removeAll(CONFIG);
    removeAll(`${folder}/${FILES.daemonBefore}`);
    await reload(pidFile);
  }
  removeAll(SPEC);
  await stopProcess(folder);
}

/** Whether the plugin is in force and answers. */
export async function authzState(folder: string): Promise<"up" | "down" | "none"> {
  if (!isCovered(folder)) return "none";
  return await isUp(`${folder}/${FILES.authzSocket}`) ? "up" : "down";
}

/** Does our file lie over Docker's? */
function isCovered(folder: string): boolean {
  const ours = readIfThere(`${folder}/${FILES.daemon}`);
  return exists(`${folder}/${FILES.daemonBefore}`) && ours !== undefined &&
    readIfThere(CONFIG) === ours;
}

/** daemon.json with the plugin in front of others. @throws {InstallError} if it is no JSON */
export function withPlugin(text: string): string {
  try {
    const config = parseLossless(text.trim() === "" ? "{}" : text);
    const others = textsOf(config["authorization-plugins"]).filter((name) => name !== NAME);
    return JSON.stringify({ ...config, "authorization-plugins": [NAME, ...others] });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InstallError(
      `${CONFIG} is no JSON (${error.message}): Docker would not take it either`,
    );
  }
}

async function reload(pidFile: string): Promise<void> {
  const pid = readIfThere(pidFile)?.trim();
  // No dockerd runs: it reads the file when it starts.
  if (pid === undefined || !/^\d+$/.test(pid)) return;
  await new Deno.Command("kill", { args: ["-HUP", pid], stderr: "null" }).output();
}

async function startProcess({ folder, deno, docker }: AuthzOptions): Promise<void> {
  const socket = `${folder}/${FILES.authzSocket}`;
  removeAll(socket);
  const flags = ["--no-prompt", "--no-config", "--no-remote", "--no-npm", "--no-lock", "--quiet"];
  const grants = [
    `--allow-net=unix:${socket},unix:${docker.socket}`,
    "--allow-read",
    `--allow-write=${folder},${docker.socket}`,
    "--allow-run=cat",
  ];
  // A session of its own: the terminal that install was started from may close.
  new Deno.Command("setsid", {
    args: [
      deno,
      "run",
      ...flags,
      ...grants,
      `${folder}/${FILES.authzProgram}`,
      folder,
      docker.socket,
    ],
    cwd: "/",
    env: { DENO_DIR: `${folder}/deno_dir`, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn().unref();
  const deadline = Date.now() + PATIENCE;
  while (!await isUp(socket)) {
    if (Date.now() > deadline) throw new InstallError("the authorization plugin does not start");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function isUp(socket: string): Promise<boolean> {
  return (await post(socket, "/Plugin.Activate")).includes(`"authz"`);
}

async function stopProcess(folder: string): Promise<void> {
  await post(`${folder}/${FILES.authzSocket}`, "/egress.stop");
}

/** @returns the whole answer; "" if nobody is there */
async function post(socket: string, path: string): Promise<string> {
  try {
    using connection = await Deno.connect({ transport: "unix", path: socket });
    const question =
      `POST ${path} HTTP/1.1\r\nHost: egress\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
    await connection.write(new TextEncoder().encode(question));
    return await new Response(connection.readable).text();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.ConnectionRefused) {
      return "";
    }
    throw error;
  }
}
