/**
 * The software bill of materials of a release, from the lock file, as CycloneDX 1.5 JSON.
 *
 *     deno run --allow-read setup/sbom.ts > sbom.cdx.json
 *
 * @module
 */

/** What this reads of deno.lock. */
interface Lock {
  npm?: Record<string, { integrity?: string; dependencies?: string[] }>;
}

interface Component {
  type: "library" | "application";
  name: string;
  version: string;
  purl: string;
  hashes?: { alg: "SHA-512"; content: string }[];
}

/** `@scope/name@version`, and the peers it was resolved with behind `_`. */
const ENTRY = /^((?:@[^/@]+\/)?[^/@]+)@([^_]+)/;

/**
 * Describes a release.
 *
 * @param lock the text of deno.lock
 * @param version of egress
 * @param deno version and SHA-512 (hexadecimal) of the Deno package that runs it
 * @returns the same text for the same input: no time, no serial number
 * @throws {SyntaxError} if the lock is no JSON
 * @throws {TypeError} if it names a package that cannot be read
 */
export function sbom(
  lock: string,
  version: string,
  deno: { version: string; sha512: string },
): string {
  const { npm = {} }: Lock = JSON.parse(lock);
  const components: Component[] = [
    npmComponent("@deno/linux-x64-glibc", deno.version, "application", deno.sha512),
    ...Object.entries(npm).map(([key, { integrity }]) => {
      const [, name, release] = ENTRY.exec(key) ?? [];
      if (name === undefined || release === undefined) throw new TypeError(`deno.lock: ${key}`);
      return npmComponent(name, release, "library", integrity && hexadecimal(integrity));
    }),
  ];
  const egress = { type: "application", name: "egress", version, "bom-ref": "egress" };
  return JSON.stringify(
    {
      bomFormat: "CycloneDX",
      specVersion: "1.5",
      version: 1,
      metadata: { component: egress },
      components,
    },
    undefined,
    2,
  );
}

function npmComponent(
  name: string,
  version: string,
  type: Component["type"],
  sha512?: string,
): Component {
  return {
    type,
    name,
    version,
    // The scope's @ is encoded (PURL specification, type npm).
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    ...(sha512 !== undefined && { hashes: [{ alg: "SHA-512", content: sha512 }] }),
  };
}

/** From the form of subresource integrity, `sha512-BASE64`. */
function hexadecimal(integrity: string): string {
  const bytes = atob(integrity.replace(/^sha512-/, ""));
  return Array.from(bytes, (char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** The value of a shell variable that setup/lib.sh pins. */
function pinned(script: string, name: string): string {
  const value = new RegExp(`^${name}=(\\S+)$`, "m").exec(script)?.[1];
  if (value === undefined) throw new TypeError(`setup/lib.sh sets no ${name}`);
  return value;
}

if (import.meta.main) {
  const read = (path: string) => Deno.readTextFileSync(new URL(`../${path}`, import.meta.url));
  const { version }: { version: string } = JSON.parse(read("deno.json"));
  const script = read("setup/lib.sh");
  const deno = {
    version: pinned(script, "deno_version"),
    sha512: pinned(script, "deno_sha512"),
  };
  console.log(sbom(read("deno.lock"), version, deno));
}
