import { advance, answer, type Case, judged, request, tcp, tls, udp } from "../case.ts";

const open = { intercept: true };

/** Section 6: handshakes, other connections, lookups seen. */
export const connections: readonly Case[] = [
  judged("without interception url rules do not count", "https://a.example/x\nb.example", [
    [tls("a.example"), "block"],
    [tls("b.example"), "allow 1"],
  ]),
  judged("with it they let the handshake proceed", "https://a.example/x\nhttps://*.w.example/", [
    [tls("a.example", open), "allow 0"],
    [tls("x.w.example", open), "allow 1"],
    [tls("w.example", open), "block"],
    [tls("a.example", { ...open, dst_port: 8443 }), "block"],
    [tls("b.example", open), "block"],
  ]),
  judged("a rule for the whole connection counts first", "https://a.example/x\na.example", [
    [tls("a.example", open), "allow 1"],
    [tls("a.example"), "allow 1"],
    [request("https://a.example/x"), "allow 0"],
    [request("https://a.example/y"), "allow 1"],
  ]),
  judged("http:// rules do not make a handshake proceed", "http://a.example:443/x", [
    [tls("a.example", open), "block"],
  ]),
  judged("attributes of url rules hold at the handshake", "https://a.example/x exe=/x", [
    [tls("a.example", { ...open, exe: "/x" }), "allow 0"],
    [tls("a.example", { ...open, exe: "/y" }), "block"],
  ]),
  judged("a path rule is as a url rule", "[https://a.example:8443/b]\nPOST /x", [
    [tls("a.example", { ...open, dst_port: 8443 }), "allow 0"],
    [tls("a.example", open), "block"],
  ]),
  judged("passthrough is said only where it could be decrypted", "a.example passthrough", [
    [tls("a.example", open), "allow 0 passthrough"],
    [tls("a.example"), "allow 0"],
  ]),
  judged("insecure likewise", "a.example insecure\n192.0.2.1:444 insecure", [
    [tls("a.example", open), "allow 0 insecure"],
    [tls("a.example"), "allow 0"],
    [tls("b.example", { ...open, dst_port: 444 }), "allow 1 insecure"],
  ]),
  judged("passthrough wins over insecure", "a.example insecure\na.example passthrough", [
    [tls("a.example", open), "allow 0 passthrough"],
  ]),
  judged(
    "a later rule's passthrough counts",
    "a.example\n*.b.example passthrough\nhttps://x.b.example/",
    [
      [tls("a.example", open), "allow 0"],
      [tls("x.b.example", open), "allow 1 passthrough"],
    ],
  ),
  judged("a passthrough rule's attributes hold", "a.example\na.example passthrough exe=/x", [
    [tls("a.example", open), "allow 0"],
    [tls("a.example", { ...open, exe: "/x" }), "allow 0 passthrough"],
  ]),
  judged(
    "insecure of a url rule holds for the host",
    "https://a.example/x\nhttps://a.example/y insecure",
    [
      [tls("a.example", open), "allow 0 insecure"],
      [tls("a.example", { ...open, dst_port: 444 }), "block"],
    ],
  ),
  judged("a blocked handshake is neither", "a.example passthrough\nb.example insecure", [
    [tls("c.example", open), "block"],
  ]),
  judged("a passthrough host rule's port", "a.example:8443 passthrough", [
    [tls("a.example", { ...open, dst_port: 8443 }), "allow 0 passthrough"],
    [tls("a.example", open), "block"],
  ]),
  judged("udp rules are of no use to TLS", "a.example:443/udp passthrough", [
    [tls("a.example", open), "block"],
  ]),

  judged(
    "a claimed name whose addresses are others",
    "a.example passthrough\n*.b.example insecure\nc.example",
    [
      [answer("a.example", ["192.0.2.9"]), "-"],
      [answer("x.b.example", ["192.0.2.9"]), "-"],
      [answer("c.example", ["192.0.2.9"]), "-"],
      [tls("a.example", open), "allow 0"],
      [tls("a.example"), "block"],
      [tls("x.b.example", open), "allow 1"],
      [tls("x.b.example"), "block"],
      [tls("c.example", open), "allow 2"],
      [tls("c.example"), "block"],
      [tls("A.EXAMPLE.", { ...open, dst_ip: "192.0.2.9" }), "allow 0 passthrough"],
      [tls("x.b.example", { ...open, dst_ip: "192.0.2.9" }), "allow 1 insecure"],
    ],
  ),
  judged(
    "plain HTTP and undecryptable TLS are blocked then, whatever rule the address has",
    "a.example\n192.0.2.1",
    [
      [answer("a.example", ["192.0.2.9"]), "-"],
      [tls("a.example"), "block"],
      [request("http://a.example/", { dst_port: 443 }), "block"],
      [tls("b.example"), "allow 1"],
      [tls(null), "allow 1"],
      [tls("a.example", { dst_ip: "192.0.2.9" }), "allow 0"],
    ],
  ),
  judged("where no addresses are known the claim counts", "a.example passthrough", [
    [tls("a.example"), "allow 0"],
    [tls("a.example", open), "allow 0 passthrough"],
    [answer("a.example", ["192.0.2.9"], 60), "-"],
    [tls("a.example"), "block"],
    [advance(61), "-"],
    [tls("a.example"), "allow 0"],
  ]),
  judged("special answers make no address known", "a.example", [
    [answer("a.example", ["127.0.0.1", "169.254.0.9", "0.0.0.0", "0.1.2.3", "127.9.9.9"]), "-"],
    [tls("a.example"), "allow 0"],
    [tls(null, { dst_ip: "127.0.0.1" }), "block"],
    [tls(null, { dst_ip: "127.9.9.9" }), "block"],
    [tls(null, { dst_ip: "169.254.0.9" }), "block"],
    [tls(null, { dst_ip: "0.0.0.0" }), "block"],
    [tls(null, { dst_ip: "0.1.2.3" }), "block"],
  ]),
  judged("the neighbours of the special blocks are ordinary", "a.example", [
    [
      answer("a.example", [
        "126.255.255.255",
        "128.0.0.1",
        "169.253.0.1",
        "169.255.0.1",
        "1.0.0.1",
      ]),
      "-",
    ],
    [tls(null, { dst_ip: "128.0.0.1" }), "allow 0"],
    [tls(null, { dst_ip: "169.255.0.1" }), "allow 0"],
    [tls(null, { dst_ip: "1.0.0.1" }), "allow 0"],
    [tls("a.example"), "block"],
  ]),

  judged("without SNI lookups tell the names", "*.a.example passthrough\nb.example insecure", [
    [tls(null, open), "block"],
    [answer("x.a.example", ["192.0.2.1"]), "-"],
    [tls(null, open), "allow 0 passthrough"],
    [tls(null), "allow 0"],
    [tls("", open), "allow 0 passthrough"],
    [tls(null, { ...open, host: null }), "allow 0 passthrough"],
    [answer("b.example", ["192.0.2.2"]), "-"],
    [tls(null, { ...open, dst_ip: "192.0.2.2" }), "allow 1 insecure"],
    [tls("c.example", open), "block"],
  ]),
  judged("without SNI a url rule of a known name is worth decrypting", "https://a.example/x", [
    [tls(null, open), "block"],
    [answer("a.example", ["192.0.2.1"]), "-"],
    [tls(null, open), "allow 0"],
    [tls(null), "block"],
  ]),
  judged("an address belongs to every name that held it", "b.example:22\na.example:23", [
    [answer("a.example", ["192.0.2.1", "192.0.2.2"]), "-"],
    [answer("b.example", ["192.0.2.1"]), "-"],
    [tcp("192.0.2.1", 22), "allow 0"],
    [tcp("192.0.2.1", 23), "allow 1"],
    [tcp("192.0.2.2", 22), "block"],
    [tcp("192.0.2.2", 23), "allow 1"],
    [tcp("192.0.2.3", 23), "block"],
  ]),
  judged("a newer answer leaves the older one its time", "a.example:22", [
    [answer("a.example", ["192.0.2.1"], 100), "-"],
    [answer("a.example", ["192.0.2.2"], 100), "-"],
    [tcp("192.0.2.1", 22), "allow 0"],
    [tcp("192.0.2.2", 22), "allow 0"],
  ]),
  judged("an answer is kept at least 60 seconds", "a.example:22", [
    [answer("a.example", ["192.0.2.1"], 1), "-"],
    [advance(59), "-"],
    [tcp("192.0.2.1", 22), "allow 0"],
    [advance(2), "-"],
    [tcp("192.0.2.1", 22), "block"],
    [answer("a.example", ["192.0.2.1"], -5), "-"],
    [advance(59), "-"],
    [tcp("192.0.2.1", 22), "allow 0"],
    [advance(2), "-"],
    [tcp("192.0.2.1", 22), "block"],
  ]),
  judged("and at most 3600", "a.example:22", [
    [answer("a.example", ["192.0.2.1"], 86400), "-"],
    [advance(3599), "-"],
    [tcp("192.0.2.1", 22), "allow 0"],
    [advance(2), "-"],
    [tcp("192.0.2.1", 22), "block"],
  ]),
  judged("between them for its TTL", "a.example:22", [
    [answer("a.example", ["192.0.2.1"], 300), "-"],
    [advance(299), "-"],
    [tcp("192.0.2.1", 22), "allow 0"],
    [advance(2), "-"],
    [tcp("192.0.2.1", 22), "block"],
  ]),
  judged("a shorter answer takes no time from a longer one", "a.example:22", [
    [answer("a.example", ["192.0.2.1"], 600), "-"],
    [answer("a.example", ["192.0.2.1"], 60), "-"],
    [advance(599), "-"],
    [tcp("192.0.2.1", 22), "allow 0"],
  ]),
  judged("`dns` are lookups before the first event", "a.example:22\n*.b.example:22", [
    [tcp("192.0.2.1", 22), "allow 0"],
    [tcp("192.0.2.2", 22), "allow 1"],
    [tcp("192.0.2.3", 22), "block"],
  ], {
    dns: [
      { name: "A.Example.", ips: ["192.0.2.1"], ttl: 300 },
      { name: "x.b.example", ips: ["192.0.2.2", "2001:db8::1", "junk"], ttl: 0 },
      { name: "c.example", ips: ["192.0.2.3"], ttl: 300 },
    ],
  }),
  judged("names of UDP are those of lookups", "a.example:443/udp", [
    [udp("192.0.2.1", 443), "block"],
    [answer("a.example", ["192.0.2.1"]), "-"],
    [udp("192.0.2.1", 443), "allow 0"],
    [tcp("192.0.2.1", 443), "block"],
  ]),
  judged("a name that the gateway knows", "a.example:22", [
    [tcp("192.0.2.1", 22, { host: "a.example" }), "allow 0"],
    [tcp("192.0.2.1", 22, { host: "b.example" }), "block"],
    [tcp("192.0.2.1", 22), "block"],
  ]),
  judged("any other type matches nothing", "0.0.0.0/0:*\n0.0.0.0/0:*/udp\n*.example", [
    [{ type: "quic", dst_ip: "192.0.2.1", dst_port: 443, host: "a.example" }, "block"],
    [{ type: "HTTPS", dst_ip: "192.0.2.1", dst_port: 443, host: "a.example" }, "block"],
    [{ type: "", dst_ip: "192.0.2.1", dst_port: 443 }, "block"],
    [{ type: "toString", dst_ip: "192.0.2.1", dst_port: 443 }, "block"],
    [{ type: "__proto__", dst_ip: "192.0.2.1", dst_port: 443 }, "block"],
    [{ type: 5, dst_ip: "192.0.2.1", dst_port: 443 }, "block"],
  ]),
  judged("no event, however odd, is an error", "0.0.0.0/0:*", [
    [{}, "block"],
    [{ type: "tcp" }, "block"],
    [{ type: "tcp", dst_ip: null, dst_port: null }, "block"],
    [{ type: "tcp", dst_ip: "192.0.2.1", dst_port: "22" }, "block"],
    [{ type: "tcp", dst_ip: ["192.0.2.1"], dst_port: 22 }, "block"],
    [{ type: "tcp", dst_ip: "192.0.2.1", dst_port: -1 }, "block"],
    [{ type: "http", dst_ip: "192.0.2.1", dst_port: 80 }, "block"],
    [{ type: "dns", dst_ip: "192.0.2.1", dst_port: 53 }, "block"],
    [{ type: "dns_response" }, "-"],
    [{ type: "dns_response", name: 5, ips: "x", ttl: "y" }, "-"],
    [{ type: "advance" }, "-"],
    [{ type: "advance", seconds: "x" }, "-"],
    [tcp("192.0.2.1", 22), "allow 0"],
  ]),
  judged("audit: everything passes, rule only where one matched", "a.example passthrough", [
    [tls("a.example", open), "allow 0 passthrough"],
    [tls("b.example", open), "allow"],
    [udp("192.0.2.1", 53), "allow"],
    [answer("b.example", ["192.0.2.1"]), "-"],
  ], { audit: true }),
];
