/**
 * Gives a container the run's CA: a folder mounted read-only at /dev/egress, and the variables that point
 * clients to it. /dev is a file system of the container's own, so no layer of an image ever sees any of it,
 * and `update-ca-certificates` goes on working, which a mount over the system's bundle would break.
 *
 * @module
 */

import { CA_VARIABLES } from "../protocol/ca_variables.ts";
import { type JsonObject, objectOf, objectsOf, textOf, textsOf } from "./json.ts";
import { derOf, joinBundle } from "./pem.ts";
import { certificatesOf, PASSWORD, writeJks } from "./truststore.ts";

/** Where the folder is mounted. */
export const MOUNT = "/dev/egress";

/** Bundles by distribution, in a container's root file system. */
export const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Alpine, Arch, distroless
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // RHEL, Fedora, Amazon Linux
  "/etc/ssl/ca-bundle.pem", // SUSE
  "/etc/ssl/cert.pem", // Alpine without the package
  "/var/lib/ca-certificates/ca-bundle.pem", // SUSE
] as const;

/** Java's truststores; a `*` stands for one folder's name. `$JAVA_HOME` of the image is tried first. */
export const CACERTS = [
  "/etc/ssl/certs/java/cacerts",
  "/etc/pki/java/cacerts",
  "/etc/pki/ca-trust/extracted/java/cacerts",
  "/opt/java/openjdk/lib/security/cacerts",
  "/opt/*/lib/security/cacerts",
  "/usr/lib/jvm/*/lib/security/cacerts",
  "/usr/lib/jvm/*/jre/lib/security/cacerts",
  "/usr/local/openjdk-*/lib/security/cacerts",
  "/usr/java/*/lib/security/cacerts",
] as const;

/** What was found for the container. */
export interface TrustFacts {
  /** The run's CA, PEM. */
  ca: string;
  /** Texts of the {@link BUNDLES} that its root file system has. */
  bundles: readonly string[];
  /** The machine's own bundle, for images that have none. */
  hostBundle: string;
  /** The first of the {@link CACERTS} that is there. */
  cacerts?: Uint8Array<ArrayBuffer>;
  /** The image has apt, which knows no variable for a bundle but one for a configuration file. */
  apt: boolean;
}

/** What is to be written and changed. */
export interface Trust {
  json: JsonObject;
  /** By name below the folder that is mounted. */
  files: Map<string, string | Uint8Array<ArrayBuffer>>;
  /** What `exec` has to add later. */
  variables: Record<string, string>;
  warnings: string[];
}

/**
 * @param folder of the machine, which will hold the files
 * @returns the JSON unchanged, and a warning, where there is no place for the mount
 */
export async function addTrust(
  config: JsonObject,
  facts: TrustFacts,
  folder: string,
): Promise<Trust> {
  const nothing = { json: config, files: new Map<string, string>(), variables: {} };
  const dev = objectsOf(config.mounts).findLast((mount) => textOf(mount.destination) === "/dev");
  if (dev?.type !== "tmpfs") {
    return { ...nothing, warnings: ["its /dev is not its own: it does not get the CA"] };
  }
  const files: Trust["files"] = new Map();
  const warnings: string[] = [];
  const bundles = facts.bundles.some((text) => text !== "") ? facts.bundles : [facts.hostBundle];
  const bundle = joinBundle(facts.ca, bundles);
  files.set("ca.crt", bundle);
  const variables: Record<string, string> = {};
  for (const name of CA_VARIABLES) variables[name] = `${MOUNT}/ca.crt`;
  if (facts.apt) {
    files.set("apt.conf", `Acquire::https::CAInfo "${MOUNT}/ca.crt";\n`);
    variables.APT_CONFIG = `${MOUNT}/apt.conf`;
  }
  if (facts.cacerts) {
    const theirs = certificatesOf(facts.cacerts);
    if (!theirs) {
      warnings.push("its Java truststore could not be read: the system's bundle is used");
    }
    files.set("truststore.jks", await writeJks([...derOf(facts.ca), ...(theirs ?? derOf(bundle))]));
    variables.JAVA_TOOL_OPTIONS = `-Djavax.net.ssl.trustStore=${MOUNT}/truststore.jks ` +
      `-Djavax.net.ssl.trustStoreType=JKS -Djavax.net.ssl.trustStorePassword=${PASSWORD}`;
  }
  const changed = addVariables(objectOf(config.process), variables);
  const mount = {
    destination: MOUNT,
    type: "bind",
    source: folder,
    options: ["bind", "ro", "nosuid", "nodev", "noexec", "rprivate"],
  };
  const mounts = Array.isArray(config.mounts) ? [...config.mounts, mount] : [mount];
  const json = { ...config, mounts, process: changed.json };
  return { json, files, variables, warnings: [...warnings, ...changed.warnings] };
}

/**
 * Adds variables to a process (of a config.json, or of `exec`). What is set already stays and is
 * reported; to JAVA_TOOL_OPTIONS, which is a list of options, ours are appended.
 */
export function addVariables(
  process: JsonObject,
  variables: Readonly<Record<string, string>>,
): { json: JsonObject; warnings: string[] } {
  const warnings: string[] = [];
  const env: unknown[] = Array.isArray(process.env) ? [...process.env] : [];
  for (const [name, value] of Object.entries(variables)) {
    const at = env.findLastIndex((entry) => textOf(entry).startsWith(`${name}=`));
    const present = at < 0 ? undefined : textOf(env[at]).slice(name.length + 1);
    if (present === undefined) env.push(`${name}=${value}`);
    else if (name === "JAVA_TOOL_OPTIONS" && !present.includes("trustStore")) {
      env[at] = `${name}=${present} ${value}`.replace("= ", "=");
    } else if (present !== value) warnings.push(`it sets ${name} itself, which stays: ${present}`);
  }
  return { json: { ...process, env }, warnings };
}

/** The value of a variable in a process, if it is set. */
export function variableOf(process: JsonObject, name: string): string | undefined {
  return textsOf(process.env).findLast((entry) => entry.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}
