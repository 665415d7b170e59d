/*
 * The last gate: whatever leaves the scope and was not decided elsewhere ends here. It reads the
 * packet, because the socket's own addresses are empty for unconnected UDP, and it believes no mark,
 * because root in the scope can set marks.
 */
#pragma once

#include "attribution.h"
#include "report.h"

#define LOOPBACK_IFINDEX 1
#define SOCK_STREAM_K 1
#define SOCK_DGRAM_K 2
#define ENETUNREACH_K 101
#define FRAGMENT_BITS 0x3fff
#define DROP 0
#define PASS 1

struct ipv4_head {
	__u8 version_ihl;
	__u8 tos;
	__u16 length;
	__u16 id;
	__u16 fragment;
	__u8 ttl;
	__u8 proto;
	__u16 checksum;
	__u32 saddr;
	__u32 daddr;
};

struct ipv6_head {
	__u32 flow;
	__u16 length;
	__u8 proto;
	__u8 hops;
	__u8 saddr[16];
	__u8 daddr[16];
};

/* The flow's owner if the hooks saw it, else the running process if the packet is its own. */
static __always_inline void blame(struct __sk_buff *skb, struct flow_key *key, struct report *report)
{
	struct owner *known = 0, now = {};

	if (key->proto == IPPROTO_TCP) {
		known = bpf_map_lookup_elem(&tcp_owner, key);
	} else if (key->proto == IPPROTO_UDP) {
		known = bpf_map_lookup_elem(&udp_owner, key);
		if (!known) {
			struct flow_key unbound = *key;
			unbound.saddr = 0;
			known = bpf_map_lookup_elem(&udp_owner, &unbound);
		}
	}
	if (!known) {
		current_owner(&now);
		if (now.cgroup == bpf_skb_cgroup_id(skb))
			known = &now;
	}
	if (known) {
		report->key.pid = known->pid;
		report->start = known->start;
		report->cgroup = known->cgroup;
	}
}

/* Fills `key` and `report` from the packet. 0: unreadable. */
static __always_inline int read_v4(struct __sk_buff *skb, struct flow_key *key, struct report *report)
{
	struct ipv4_head ip;
	__u16 ports[2] = {};

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
		return 0;
	key->saddr = ip.saddr;
	key->daddr = ip.daddr;
	key->proto = ip.proto;
	map_v4(report->key.daddr, ip.daddr);
	/* A later fragment has no ports; the stack fragments after this hook, so one is forged. */
	if ((ip.proto == IPPROTO_TCP || ip.proto == IPPROTO_UDP) && !(ip.fragment & bpf_htons(FRAGMENT_BITS)))
		bpf_skb_load_bytes(skb, (ip.version_ihl & 15) * 4, ports, sizeof(ports));
	key->sport = ports[0];
	key->dport = ports[1];
	return 1;
}

static __always_inline int read_v6(struct __sk_buff *skb, struct flow_key *key, struct report *report)
{
	struct ipv6_head ip;
	__u16 ports[2] = {};

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
		return 0;
	key->proto = ip.proto;
	__builtin_memcpy(report->key.daddr, ip.daddr, 16);
	if (ip.proto == IPPROTO_TCP || ip.proto == IPPROTO_UDP)
		bpf_skb_load_bytes(skb, sizeof(ip), ports, sizeof(ports));
	key->sport = ports[0];
	key->dport = ports[1];
	return 1;
}

static __always_inline int flow_is_allowed(struct flow_key *key)
{
	__u64 *until;

	if (key->proto != IPPROTO_UDP)
		return 0;
	until = bpf_map_lookup_elem(&allowed_flows, key);
	return until && *until > bpf_ktime_get_boot_ns();
}

/* Of a run they are outside the scope. */
static __always_inline int is_of_roles(struct __sk_buff *skb)
{
	__u32 zero = 0;
	__u64 *id = bpf_map_lookup_elem(&roles_id, &zero);

	return id && *id && *id == bpf_skb_cgroup_id(skb);
}

SEC("cgroup_skb/egress")
int gate(struct __sk_buff *skb)
{
	struct stats *stats = stats_of_cpu();
	struct report report = {};
	struct flow_key key = {};
	__u32 mode = current_mode();
	int v4 = skb->protocol == bpf_htons(0x0800);

	/* By device, not by address: a route can send 127/8 to an uplink. */
	if (skb->ifindex == LOOPBACK_IFINDEX || is_of_roles(skb))
		goto pass;
	report.family = v4 ? AF_INET : AF_INET6;
	if (v4) {
		if (read_v4(skb, &key, &report) && mode != MODE_CLOSED && flow_is_allowed(&key))
			goto pass;
	} else {
		read_v6(skb, &key, &report);
	}
	report.key.proto = key.proto;
	report.key.dport = key.dport;
	report.key.reason = REASON_PACKET;
	report.sport = key.sport;
	report.mode = mode;
	blame(skb, &key, &report);
	send_report(&report);
	if (mode == MODE_AUDIT)
		goto pass;
	if (stats)
		stats->dropped++;
	return DROP;
pass:
	if (stats)
		stats->passed++;
	return PASS;
}

static __always_inline int v6_goes_on(__u32 a, __u32 b, __u32 c, __u32 d)
{
	int mapped = !a && !b && c == bpf_htonl(0xffff);
	int loopback = !a && !b && !c && d == bpf_htonl(1);
	/* The unspecified address means loopback to connect and send. */
	int unspecified = !a && !b && !c && !d;
	return mapped || loopback || unspecified;
}

static __always_inline void report_v6(struct bpf_sock_addr *ctx, __u32 *address)
{
	struct report report = {};
	struct owner owner = {};

	current_owner(&owner);
	__builtin_memcpy(report.key.daddr, address, 16);
	report.key.pid = owner.pid;
	report.key.dport = ctx->user_port;
	report.key.proto = ctx->protocol;
	report.key.reason = REASON_IPV6;
	report.start = owner.start;
	report.cgroup = owner.cgroup;
	report.family = AF_INET6;
	report.mode = MODE_ENFORCE;
	send_report(&report);
}

/*
 * Nothing here carries IPv6: fail at once, so that clients fall back to IPv4. Resolvers connect a UDP
 * socket to each address only to sort them and send nothing; those are refused without a report.
 */
static __always_inline int refuse_v6(struct bpf_sock_addr *ctx, int sends)
{
	__u32 address[4] = {
		ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3],
	};

	if (v6_goes_on(address[0], address[1], address[2], address[3]) || current_mode() == MODE_AUDIT)
		return PASS;
	if (sends)
		report_v6(ctx, address);
	bpf_set_retval(-ENETUNREACH_K);
	return DROP;
}

SEC("cgroup/connect6")
int refuse_connect6(struct bpf_sock_addr *ctx)
{
	return refuse_v6(ctx, ctx->type != SOCK_DGRAM_K);
}

SEC("cgroup/sendmsg6")
int refuse_sendmsg6(struct bpf_sock_addr *ctx)
{
	return refuse_v6(ctx, 1);
}

static __always_inline void report_socket(struct bpf_sock *sk, __u8 reason, __u32 mode)
{
	struct report report = {};
	struct owner owner = {};

	current_owner(&owner);
	report.key.pid = owner.pid;
	report.key.proto = sk->protocol;
	report.key.reason = reason;
	report.start = owner.start;
	report.cgroup = owner.cgroup;
	report.family = sk->family;
	report.mode = mode;
	send_report(&report);
}

static __always_inline void report_call(__u8 call, __u32 mode)
{
	struct report report = {};
	struct owner owner = {};

	current_owner(&owner);
	report.key.pid = owner.pid;
	report.key.proto = call;
	report.key.reason = REASON_CALL;
	report.start = owner.start;
	report.cgroup = owner.cgroup;
	report.mode = mode;
	send_report(&report);
}

#define SOL_PACKET_K 263
#define SOL_XDP_K 283
#define PAGE_SIZE_K 4096

/*
 * However a packet socket came to be, it does not get PACKET_QDISC_BYPASS or a ring, and an XDP socket no
 * memory: what they then send passes the uplink's hook.
 */
SEC("cgroup/setsockopt")
int refuse_options(struct bpf_sockopt *ctx)
{
	__u32 mode = current_mode();

	/* Longer values than the kernel copies: 0 means, take the caller's. */
	if (ctx->optlen > PAGE_SIZE_K)
		ctx->optlen = 0;
	if ((ctx->level != SOL_PACKET_K && ctx->level != SOL_XDP_K) || mode == MODE_AUDIT)
		return PASS;
	report_call(CALL_OPTION, mode);
	return DROP;
}

/* Raw sockets forge any packet. Ping sockets may exist; what they send ends at the gate. */
SEC("cgroup/sock_create")
int refuse_sockets(struct bpf_sock *sk)
{
	__u32 mode = current_mode();

	if (sk->type == SOCK_STREAM_K || sk->type == SOCK_DGRAM_K || mode == MODE_AUDIT)
		return PASS;
	report_socket(sk, REASON_SOCKET, mode);
	return DROP;
}

/*
 * At the root of all cgroups: root can move a process out of the scope, where no other program sees it.
 * Sockets it made before still belong to the scope; it gets no new ones.
 */
SEC("cgroup/sock_create")
int refuse_left(struct bpf_sock *sk)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 mode = current_mode();

	if (!is_member(task) || walks_to_scope(task))
		return PASS;
	report_socket(sk, REASON_LEFT, mode);
	return mode == MODE_AUDIT ? PASS : DROP;
}
