/**
 * A certificate authority for one instance, and certificates for its hosts, made by openssl.
 *
 * @module
 */

import { tool } from "./command.ts";

/** A certificate chain and its key, both PEM. */
export interface KeyPair {
  cert: string;
  key: string;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** The authority; its files lie in a folder of the instance. */
export class Authority {
  /** @param folder Where `ca.pem`, its key and the hosts' certificates are. */
  private constructor(private readonly folder: string) {}

  /** The authority's certificate, a PEM file. */
  get file(): string {
    return `${this.folder}/ca.pem`;
  }

  /**
   * Makes an authority.
   *
   * @param folder An existing folder.
   * @throws {ToolError} When openssl fails.
   */
  static async create(folder: string): Promise<Authority> {
    // The system's openssl.cnf adds extensions of its own, which clash with -addext.
    const config = "[req]\ndistinguished_name = name\n[name]\n";
    await Deno.writeTextFile(`${folder}/openssl.cnf`, config);
    const authority = new Authority(folder);
    await authority.request("ca", "Authority of the demo", [
      "basicConstraints=critical,CA:TRUE",
      "keyUsage=critical,keyCertSign,cRLSign",
    ], []);
    return authority;
  }

  /**
   * Issues a certificate for some DNS names or IPv4 addresses.
   *
   * @param signed False: the certificate signs itself, so that nobody has a reason to trust it.
   * @throws {ToolError} When openssl fails.
   */
  async issue(names: [string, ...string[]], signed = true): Promise<KeyPair> {
    const stem = crypto.randomUUID();
    const extensions = [
      "basicConstraints=critical,CA:FALSE",
      "keyUsage=critical,digitalSignature",
      "extendedKeyUsage=serverAuth",
      `subjectAltName=${names.map(alternativeName).join(",")}`,
    ];
    const signer = ["-CA", this.file, "-CAkey", `${this.folder}/ca.key`];
    if (signed) extensions.push("authorityKeyIdentifier=keyid");
    await this.request(stem, names[0], extensions, signed ? signer : []);
    const [cert, key] = await Promise.all([
      Deno.readTextFile(`${this.folder}/${stem}.pem`),
      Deno.readTextFile(`${this.folder}/${stem}.key`),
    ]);
    return { cert, key };
  }

  private async request(
    stem: string,
    commonName: string,
    extensions: string[],
    signer: string[],
  ): Promise<void> {
    await tool([
      ...["openssl", "req", "-x509", "-config", `${this.folder}/openssl.cnf`, ...NEW_KEY],
      ...["-days", "2", "-subj", `/CN=${commonName}`, ...signer],
      ...["subjectKeyIdentifier=hash", ...extensions].flatMap((text) => ["-addext", text]),
      ...["-keyout", `${this.folder}/${stem}.key`, "-out", `${this.folder}/${stem}.pem`],
    ]);
  }
}

function alternativeName(name: string): string {
  return `${/^[\d.]+$/.test(name) ? "IP" : "DNS"}:${name}`;
}
