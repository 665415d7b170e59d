/**
 * Nameservers of /etc/resolv.conf.
 *
 * @module
 */

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** IPv4 nameservers in order (resolv.conf(5)); IPv6 ones cannot be used by the scope and are left out. */
export function nameservers(resolvConf: string): string[] {
  const out: string[] = [];
  for (const line of resolvConf.split("\n")) {
    const [keyword, address] = line.trim().split(/[ \t]+/);
    if (keyword === "nameserver" && address && IPV4.test(address) && !out.includes(address)) {
      out.push(address);
    }
  }
  return out;
}

/** Loopback addresses that stand for the outside: systemd-resolved's stubs, and nameservers on loopback. */
export function loopbackStubs(servers: string[]): string[] {
  return [
    ...new Set(["127.0.0.53", "127.0.0.54", ...servers.filter((ip) => ip.startsWith("127."))]),
  ];
}
