import { type Case, judged, lookup, tcp, udp } from "../case.ts";

const RESOLVER = "192.0.2.53:53/udp";

/** Section 6: lookups need an allowed resolver and an allowed name. */
export const lookups: readonly Case[] = [
  judged("both halves", `${RESOLVER}\ndns:a.example`, [
    [lookup("a.example"), "allow 1"],
    [lookup("A.EXAMPLE."), "allow 1"],
    [lookup("b.example"), "block"],
    [lookup("x.a.example"), "block"],
    [lookup("a.example", { dst_ip: "192.0.2.54" }), "block"],
    [lookup("a.example", { dst_port: 5353 }), "block"],
  ]),
  judged("the resolver alone", RESOLVER, [[lookup("a.example"), "block"]]),
  judged("the name alone", "dns:a.example\na.example", [[lookup("a.example"), "block"]]),
  judged("a resolver's rule is of udp", "192.0.2.53:53\ndns:a.example", [
    [lookup("a.example"), "block"],
  ]),
  judged("a block will do", "192.0.2.0/24:*/udp\ndns:a.example", [[
    lookup("a.example"),
    "allow 1",
  ]]),
  judged("a host rule does not allow a resolver", "ns.example:53/udp\ndns:a.example", [
    [lookup("a.example"), "block"],
  ], { dns: [{ name: "ns.example", ips: ["192.0.2.53"], ttl: 300 }] }),
  judged(
    "names of every kind of rule, ports and methods apart",
    `${RESOLVER}\nh.example:22\n*.w.example:1/udp\nPOST https://u.example:8443/x\n[http://p*.b.example]\n/x\n[]\ndns:*.d.example`,
    [
      [lookup("h.example"), "allow 1"],
      [lookup("x.w.example"), "allow 2"],
      [lookup("w.example"), "block"],
      [lookup("u.example"), "allow 3"],
      [lookup("p1.b.example"), "allow 4"],
      [lookup("q.b.example"), "block"],
      [lookup("x.y.d.example"), "allow 5"],
      [lookup("d.example"), "block"],
    ],
  ),
  judged("the first rule with the name", `dns:a.example\na.example\n${RESOLVER}`, [
    [lookup("a.example"), "allow 0"],
  ]),
  judged(
    "passthrough and insecure rules admit their names",
    `${RESOLVER}\na.example passthrough\nb.example insecure`,
    [
      [lookup("a.example"), "allow 1"],
      [lookup("b.example"), "allow 2"],
    ],
  ),
  judged("attributes of the name's rule", `${RESOLVER}\ndns:a.example exe=/x\nb.example exe=/x`, [
    [lookup("a.example", { exe: "/x" }), "allow 1"],
    [lookup("a.example", { exe: "/y" }), "block"],
    [lookup("a.example"), "block"],
    [lookup("b.example", { exe: "/x" }), "allow 2"],
    [lookup("b.example"), "block"],
  ]),
  judged("attributes of the resolver's rule", `${RESOLVER} exe=/x\ndns:a.example`, [
    [lookup("a.example", { exe: "/x" }), "allow 1"],
    [lookup("a.example", { exe: "/y" }), "block"],
    [lookup("a.example"), "block"],
  ]),
  judged("a dns rule never allows a connection", "dns:a.example\ndns:*.a.example", [
    [tcp("192.0.2.1", 443), "block"],
    [{ type: "https", dst_ip: "192.0.2.1", dst_port: 443, host: "a.example" }, "block"],
    [
      { type: "https", dst_ip: "192.0.2.1", dst_port: 443, host: "x.a.example", intercept: true },
      "block",
    ],
    [{ type: "http", dst_ip: "192.0.2.1", dst_port: 443, url: "https://a.example/" }, "block"],
  ], { dns: [{ name: "a.example", ips: ["192.0.2.1"], ttl: 300 }] }),
  judged("an ip rule admits no name", `${RESOLVER}\n192.0.2.1`, [[lookup("192.0.2.1"), "block"]]),
  judged("a datagram to the resolver is no lookup", `${RESOLVER}\ndns:a.example`, [
    [udp("192.0.2.53", 53), "allow 0"],
    [tcp("192.0.2.53", 53), "block"],
  ]),
  judged("a name of another form is none", `${RESOLVER}\n*.a.example`, [
    [lookup("x.a.example"), "allow 1"],
    [lookup("x..a.example"), "block"],
    [lookup("x y.a.example"), "block"],
    [lookup("\u212A.a.example"), "block"],
    [lookup(""), "block"],
    [lookup("."), "block"],
    [lookup(`${"a".repeat(64)}.a.example`), "block"],
    [lookup("_dmarc.a.example"), "allow 1"],
  ]),
  judged("audit", "dns:a.example", [[lookup("b.example"), "allow"]], { audit: true }),
];
