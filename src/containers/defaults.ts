/**
 * What Docker and BuildKit give every container. Beyond it the guard asks for an exception.
 *
 * @module
 */

/** moby/profiles or oci/caps/defaults.go: DefaultCapabilities. */
export const DEFAULT_CAPABILITIES: ReadonlySet<string> = new Set([
  "CHOWN",
  "DAC_OVERRIDE",
  "FSETID",
  "FOWNER",
  "MKNOD",
  "NET_RAW",
  "SETGID",
  "SETUID",
  "SETFCAP",
  "SETPCAP",
  "NET_BIND_SERVICE",
  "SYS_CHROOT",
  "KILL",
  "AUDIT_WRITE",
]);

/** oci/defaults.go: what must be hidden or read-only, or uid 0 writes the kernel's settings. */
export const MASKED = ["/proc/kcore", "/proc/keys", "/sys/firmware"] as const;
export const READ_ONLY = ["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus"] as const;

/** Character devices (major:minor) that oci/defaults.go allows, and `/dev/pts/*`, `/dev/tty`, `/dev/console`. */
export const DEFAULT_DEVICES: ReadonlySet<string> = new Set([
  "1:3", // null
  "1:5", // zero
  "1:7", // full
  "1:8", // random
  "1:9", // urandom
  "5:0", // tty
  "5:1", // console
  "5:2", // ptmx
  "136:*", // pts
]);
