/**
 * The one table of what each role may do. Launch flags (from source) and revocations (compiled) both
 * come from here; `tests/roles_test.ts` shows that what a row does not grant fails.
 *
 * @module
 */

export type Role = "kernel" | "engine" | "proxy" | "relay";

/** Paths that a row's grants name; known only at start. */
export interface RoleContext {
  kernelSocket: string;
  supervisorSocket: string;
  /** Where the relay for `insecure` connections listens, if it runs. */
  insecureSocket: string;
}

interface Row {
  /** Entry module, from the repository's root. */
  entry: string;
  /** `--allow-*` flags. */
  allow(context: RoleContext): string[];
  /** Other flags. */
  flags: string[];
  /** Environment variables that the process needs; it gets no others. */
  env?: Record<string, string>;
}

/** Permissions and entry module by role. */
export const ROLES: Record<Role, Row> = {
  kernel: { entry: "src/kernel/main.ts", allow: () => ["--allow-ffi"], flags: [] },
  engine: { entry: "src/engine/main.ts", allow: () => [], flags: [] },
  proxy: {
    entry: "src/proxy/main.ts",
    allow: (c) => {
      const paths = [c.kernelSocket, c.supervisorSocket, c.insecureSocket].join(",");
      return ["--allow-net", `--allow-read=${paths}`, `--allow-write=${paths}`];
    },
    // A small young generation: its garbage is short-lived, and three spaces of 16 MB are memory.
    flags: ["--unstable-net", "--v8-flags=--max-semi-space-size=4"],
    // Upstream certificates are verified against the machine's store, not a bundled one.
    env: { DENO_TLS_CA_STORE: "system" },
  },
  // The proxy's program again, in a process of its own: Deno can be told not to verify certificates for a
  // whole process only. It dials what the proxy says and decides nothing.
  relay: {
    entry: "src/proxy/main.ts",
    allow: (
      c,
    ) => ["--allow-net", `--allow-read=${c.insecureSocket}`, `--allow-write=${c.insecureSocket}`],
    flags: ["--unsafely-ignore-certificate-errors", "--v8-flags=--max-semi-space-size=4"],
  },
};
