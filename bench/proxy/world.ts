/**
 * Two namespaces joined by a veth pair: the client's, where every middlebox runs, and the server's, where nginx
 * serves the same files at one address a middlebox.
 *
 * @module
 */

import { Authority } from "../../src/demo/certificates.ts";
import { closed, sh, spawn } from "./processes.ts";

/** Address of the client's end. */
export const CLIENT = "198.51.100.1";
/** Size of the large file, MB. */
export const BIG_MB = 512;

/** The group that load generators run in: their connections are redirected, the middleboxes' own are not. */
export const CLIENT_GID = 64242;

/** The namespaces and the files, all of them gone with {@link World.close}. */
export class World {
  readonly client: string;
  readonly server: string;
  readonly #children: Deno.ChildProcess[] = [];

  private constructor(readonly folder: string) {
    const id = crypto.randomUUID().slice(0, 6);
    this.client = `bench-c-${id}`;
    this.server = `bench-s-${id}`;
  }

  /** Certificate of the authority that signed the server's, a PEM file. */
  get authority(): string {
    return `${this.folder}/ca.pem`;
  }

  /**
   * Makes the namespaces and starts nginx.
   *
   * @param addresses where nginx listens, at port 443
   */
  static async make(addresses: [string, ...string[]]): Promise<World> {
    const world = new World(await Deno.makeTempDir({ prefix: "egress-bench-" }));
    try {
      await world.#network(addresses);
      await world.#nginx(addresses);
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  /** Starts a program in the client's namespace; it ends with the world. */
  inside(args: string[], options: Partial<Deno.CommandOptions> = {}): Deno.ChildProcess {
    const child = spawn(["nsenter", `--net=/run/netns/${this.client}`, ...args], options);
    this.#children.push(child);
    return child;
  }

  /** Runs a script in the client's namespace and returns what it printed. */
  script(text: string): Promise<string> {
    return sh(`exec nsenter --net=/run/netns/${this.client} /bin/bash -ec ${quoted(text)}`);
  }

  /** Ends what was started here and takes everything away. */
  async close(): Promise<void> {
    for (const child of this.#children.toReversed()) await closed(child);
    await sh(`ip netns del ${this.client} || true; ip netns del ${this.server} || true`);
    await Deno.remove(this.folder, { recursive: true });
  }

  async #network(addresses: string[]): Promise<void> {
    const own = addresses.map((address) => `ip -n ${this.server} addr add ${address}/24 dev eth0`)
      .join("\n");
    await sh(`
      ip netns add ${this.client}; ip netns add ${this.server}
      ip -n ${this.client} link add eth0 type veth peer name eth0 netns ${this.server}
      for ns in ${this.client} ${this.server}; do
        ip -n $ns link set lo up; ip -n $ns link set eth0 up
        ip netns exec $ns sysctl -q net.ipv4.ip_local_port_range="2000 65000" net.ipv4.tcp_tw_reuse=1
        ip netns exec $ns sysctl -q net.ipv4.tcp_max_syn_backlog=8192 net.core.somaxconn=8192
      done
      ip -n ${this.client} addr add ${CLIENT}/24 dev eth0
      ${own}`);
  }

  async #nginx(addresses: [string, ...string[]]): Promise<void> {
    const { folder } = this;
    const authority = await Authority.create(folder);
    const pair = await authority.issue(addresses);
    await Deno.writeTextFile(`${folder}/server.pem`, pair.cert);
    await Deno.writeTextFile(`${folder}/server.key`, pair.key);
    await Deno.writeTextFile(`${folder}/small`, "x".repeat(200));
    await Deno.writeTextFile(`${folder}/big`, "");
    await Deno.truncate(`${folder}/big`, BIG_MB << 20);
    await Deno.chmod(folder, 0o755);
    const listen = addresses.map((address) => `listen ${address}:443 ssl http2 backlog=8192;`);
    await Deno.writeTextFile(
      `${folder}/nginx.conf`,
      `daemon off; worker_processes 1; pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log; events { worker_connections 19000; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 600; http2_max_concurrent_streams 256;
sendfile on; root ${folder};
server { ${
        listen.join(" ")
      } ssl_certificate ${folder}/server.pem; ssl_certificate_key ${folder}/server.key; } }`,
    );
    this.#children.push(
      spawn(["nsenter", `--net=/run/netns/${this.server}`, "nginx", "-c", `${folder}/nginx.conf`]),
    );
    for (const address of addresses) await this.listening(address, 443);
  }

  /** Waits until something accepts connections of the client's namespace. */
  async listening(address: string, port: number): Promise<void> {
    await this.script(
      `for i in $(seq 300); do nc -z ${address} ${port} && exit 0; sleep 0.1; done; exit 1`,
    );
  }
}

/** A text as one word of a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
