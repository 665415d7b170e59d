/**
 * A little internet on one machine: a client's network namespace, and behind it name server, web sites, a
 * package registry, a git host, raw TCP and UDP servers, and an attacker. Everything that reaches a server is
 * recorded, and every packet to the attacker counted.
 *
 * Needs root, iproute2, iptables, util-linux and openssl (git with the `git` option).
 *
 * @module
 */

import { Authority, type KeyPair } from "./certificates.ts";
import { type Host, HOSTS } from "./hosts.ts";
import {
  createNetwork,
  type NetworkNames,
  networkNames,
  type PacketCounts,
  readCounters,
  removeNetwork,
  sweepNetworks,
} from "./network.ts";
import { createRepository } from "./repository.ts";
import type { Received } from "./received.ts";
import type { Package } from "./world/messages.ts";
import { WorldProcess } from "./world_process.ts";

/** What an instance offers beyond the host table. */
export interface InternetOptions {
  /** Packages of `registry.test`. */
  packages?: Package[];
  /** Make `https://git.test/project.git`, with one commit that holds `README`. */
  git?: boolean;
  /** Hosts beside those of the table. */
  hosts?: readonly Host[];
}

/** One instance. Any number can exist at once; dispose of it to remove everything it made. */
export class Internet implements AsyncDisposable {
  #world?: WorldProcess;
  #closed = false;

  private constructor(
    private readonly names: NetworkNames,
    /** Folder of this instance, readable by everyone; removed at the end. */
    readonly folder: string,
  ) {}

  /**
   * Builds an instance.
   *
   * @throws {ToolError} When a tool is missing or refuses; nothing stays behind.
   * @throws {WorldLostError} When the servers cannot start; nothing stays behind.
   */
  static async create(options: InternetOptions = {}): Promise<Internet> {
    await sweepNetworks();
    const folder = await Deno.makeTempDir({ prefix: "egress-demo-" });
    const internet = new Internet(networkNames(), folder);
    try {
      await Deno.chmod(folder, 0o755);
      await internet.#build(options);
    } catch (error) {
      await internet.close();
      throw error;
    }
    return internet;
  }

  async #build(options: InternetOptions): Promise<void> {
    const repositories = options.git ? `${this.folder}/git` : undefined;
    const hosts = [...HOSTS, ...options.hosts ?? []];
    const parts = [
      issueCertificates(this.folder, hosts),
      createNetwork(this.names, hosts),
      repositories && createRepository(repositories),
    ] as const;
    // When one fails, the others must have come to their end before what they made is removed.
    await Promise.allSettled(parts);
    const [certificates] = await Promise.all(parts);
    this.#world = await WorldProcess.start(this.names.world, {
      certificates,
      packages: options.packages ?? [],
      hosts,
      ...(repositories !== undefined && { repositories }),
    });
  }

  /** The certificate of the authority that signed the hosts' certificates; a PEM file. */
  get caFile(): string {
    return `${this.folder}/ca.pem`;
  }

  /** Network namespace of the client, by name. */
  get client(): string {
    return this.names.client;
  }

  /** Network namespace of the servers, by name. */
  get servers(): string {
    return this.names.world;
  }

  /**
   * The command line that runs a command as a client: in the client's network namespace and with its
   * resolver, but, other than with `ip netns exec`, with the machine's own view of cgroups. The process keeps
   * its id all the way to the command.
   */
  command(command: string[]): string[] {
    return [
      ...["nsenter", `--net=/run/netns/${this.names.client}`],
      ...["unshare", "--mount", "--propagation", "private"],
      ...["sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"'],
      ...[`/etc/netns/${this.names.client}/resolv.conf`, ...command],
    ];
  }

  /** Everything that the servers have received so far, in order. Call `settle` first for all of it. */
  get received(): readonly Received[] {
    return this.world.received;
  }

  /** The process of the servers: waiting for what they receive. */
  get world(): WorldProcess {
    if (!this.#world) throw new Error("this internet has been closed");
    return this.#world;
  }

  /** Packets that left the client so far. */
  packets(): Promise<PacketCounts> {
    return readCounters(this.names.world);
  }

  /** Removes everything, in any state. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#world?.stop();
    await removeNetwork(this.names);
    await Deno.remove(this.folder, { recursive: true });
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function issueCertificates(
  folder: string,
  hosts: readonly Host[],
): Promise<Record<string, KeyPair>> {
  const authority = await Authority.create(folder);
  const issued = hosts.flatMap((host) =>
    host.services.map(async (service): Promise<[string, KeyPair][]> => {
      if (service.type !== "web" || !service.tls) return [];
      const names: [string, ...string[]] = service.tls === "other-name"
        ? ["elsewhere.test"]
        : [host.name, ...host.aliases ?? []];
      const pair = await authority.issue(names, service.tls !== "self-signed");
      return [[`${host.name}:${service.port}`, pair]];
    })
  );
  return Object.fromEntries((await Promise.all(issued)).flat());
}
