/**
 * What a guard changes on the machine besides firewall rules: sysctls, the system's CA store, sudo. Everything is
 * noted in an undo folder before it is done.
 *
 * @module
 */

import { EgressError } from "../errors.ts";
import { mustSh, sh } from "../shell.ts";
import { withBlock, withoutBlock } from "./ca_block.ts";
import { CONTAINERS_OFF } from "./containers.ts";
import { CONTROL_SOCKET } from "./places.ts";
import {
  CA_FOLDERS_OFF,
  CA_FOLDERS_ON,
  FINGERPRINT,
  REPLACE_FILE,
  SOCKET_OFF,
  SUDO_LOG_OFF,
  SUDO_LOG_ON,
  SUDO_OFF,
  SUDO_ON,
  SYSCTLS_OFF,
  SYSCTLS_ON,
} from "./scripts.ts";
import { exists, readIfThere } from "../files.ts";

/**
 * Settings that keep unprivileged users from namespaces of their own, in which they would be root, and from the
 * memory of processes that are not their children: the runner's worker has the job's secrets in its.
 */
const SYSCTLS: Record<string, string> = {
  // Debian's and older Ubuntu's switch.
  "/proc/sys/kernel/unprivileged_userns_clone": "0",
  // Ubuntu 24.04's.
  "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1",
  // Yama's, for ptrace, process_vm_readv and /proc/PID/mem alike; what is stricter stays.
  "/proc/sys/kernel/yama/ptrace_scope": "1+",
};

/**
 * Lets redirected packets of containers come to the proxy on 127.0.0.1; what else is sent there from outside the rules drop.
 * For all devices at once: bridges that come later have it when their first packet comes.
 */
const ROUTE_LOCALNET = { "/proc/sys/net/ipv4/conf/all/route_localnet": "1" };

/** Where GitHub's runners give the runner user its sudo. */
export const SUDOERS = "/etc/sudoers.d/runner";

/** Whether the runner user may use sudo; `absent`: it has no file of its own. */
export type SudoState = "allowed" | "disabled" | "absent";

/** Places of one guard. */
export interface ChangePlaces {
  /** 8 hexadecimal digits. */
  id: string;
  /** Root's alone; exists. */
  undoDir: string;
  /** The system's CA bundle, links resolved; absent where there is none. */
  caBundle?: string;
  /** File that holds the guard's CA certificate; everybody may read it. */
  caFile: string;
  sudoLog: string;
}

/** Changes, and takes changes back. */
export class Changes {
  readonly #places: ChangePlaces;
  #before: string[] = [];
  #sudo: SudoState = "absent";

  constructor(places: ChangePlaces) {
    this.#places = places;
  }

  get sudo(): SudoState {
    return this.#sudo;
  }

  /** Takes the fingerprint that {@link differences} compares with. */
  async begin(): Promise<void> {
    this.#before = await fingerprint(this.#places.caBundle);
  }

  /** @throws {EgressError} */
  async hardenKernel(): Promise<void> {
    await this.#setSysctls(SYSCTLS);
  }

  /** Once the rules are in. @throws {EgressError} */
  async redirectContainers(): Promise<void> {
    await this.#setSysctls(ROUTE_LOCALNET);
  }

  async #setSysctls(sysctls: Record<string, string>): Promise<void> {
    const pairs = Object.entries(sysctls).flat();
    await mustSh("setting sysctls", SYSCTLS_ON, { args: [this.#places.undoDir, ...pairs] });
  }

  /** Makes the guard's CA known to every program of the machine. @throws {EgressError} */
  async trustCa(certPem: string): Promise<void> {
    const { id, caBundle, caFile, undoDir } = this.#places;
    Deno.writeTextFileSync(caFile, certPem, { mode: 0o644 });
    Deno.writeTextFileSync(`${undoDir}/ca.json`, JSON.stringify({ id, certPem, caBundle }));
    if (caBundle !== undefined) {
      const stdin = withBlock(readBundle(caBundle) ?? "", id, certPem);
      await mustSh("extending the CA bundle", REPLACE_FILE, { args: [caBundle], stdin });
    }
    await mustSh("adding the CA to the system's folders", CA_FOLDERS_ON, { args: [id, caFile] });
  }

  /** Has sudo log, and notes whether the runner user has it. @throws {EgressError} */
  async watchSudo(): Promise<void> {
    const { undoDir, sudoLog } = this.#places;
    const folder = SUDOERS.slice(0, SUDOERS.lastIndexOf("/"));
    await mustSh("having sudo log", SUDO_LOG_ON, { args: [folder, undoDir, sudoLog] });
    this.#sudo = exists(SUDOERS) ? "allowed" : "absent";
  }

  /** Takes sudo away from the runner user. @throws {EgressError} if that is not possible */
  async disableSudo(): Promise<void> {
    const out = await mustSh("taking sudo away", SUDO_OFF, {
      args: [SUDOERS, this.#places.undoDir],
    });
    this.#sudo = out.trim() === "absent" ? "absent" : "disabled";
  }

  /** Gives it back. @throws {EgressError} */
  async enableSudo(): Promise<void> {
    await mustSh("giving sudo back", SUDO_ON, { args: [this.#places.undoDir] });
    if (this.#sudo === "disabled") this.#sudo = "allowed";
  }

  /** @returns how the machine differs from what it was at {@link begin} */
  async differences(): Promise<string[]> {
    return compareFingerprints(this.#before, await fingerprint(this.#places.caBundle));
  }
}

/**
 * Takes back whatever a guard changed, its own or that of one that was killed.
 *
 * @returns what could not be done, in words
 */
export async function takeBack(undoDir: string): Promise<string[]> {
  const problems: string[] = [];
  const scripts = {
    containers: CONTAINERS_OFF,
    sudo: SUDO_ON,
    "sudo's log": SUDO_LOG_OFF,
    sysctls: SYSCTLS_OFF,
    "the control socket": SOCKET_OFF,
  };
  for (const [what, script] of Object.entries(scripts)) {
    const { code, stderr } = await sh(script, { args: [undoDir, CONTROL_SOCKET] });
    if (code !== 0) problems.push(`${what}: ${stderr.trim() || code}`);
  }
  try {
    await distrustCa(undoDir);
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    problems.push(error.message);
  }
  return problems;
}

async function distrustCa(undoDir: string): Promise<void> {
  const noted = readIfThere(`${undoDir}/ca.json`);
  if (noted === undefined) return;
  const { id, certPem, caBundle }: { id: string; certPem: string; caBundle?: string } = JSON.parse(
    noted,
  );
  const text = caBundle === undefined ? undefined : readBundle(caBundle);
  if (caBundle !== undefined && text !== undefined) {
    const stdin = withoutBlock(text, id, certPem);
    if (stdin !== text) {
      await mustSh("putting the CA bundle back", REPLACE_FILE, { args: [caBundle], stdin });
    }
  }
  await mustSh("taking the CA from the system's folders", CA_FOLDERS_OFF, { args: [id] });
}

async function fingerprint(caBundle: string | undefined): Promise<string[]> {
  const args = [caBundle ?? "", SUDOERS, ...Object.keys({ ...SYSCTLS, ...ROUTE_LOCALNET })];
  return (await mustSh("looking at the machine", FINGERPRINT, { args })).trimEnd().split("\n");
}

/** @returns lines that are in one only, `-` before and `+` after. Exported for its test. */
export function compareFingerprints(before: string[], after: string[]): string[] {
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
}

/** @throws {EgressError} if it holds bytes that would not come out as they went in */
function readBundle(path: string): string | undefined {
  if (!exists(path)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(Deno.readFileSync(path));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new EgressError(
      `the CA bundle ${path} is not UTF-8 text`,
      "make it anew with update-ca-certificates",
      { cause: error },
    );
  }
}
