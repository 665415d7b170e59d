/*
 * The last gate: whatever leaves the scope and was not decided elsewhere ends here. One decision for both
 * hooks: at the scope's cgroup (here) and at the uplinks (uplink.h). It reads the packet, because the socket's
 * own addresses are empty for unconnected UDP, and it believes no mark, because root in the scope can set
 * marks.
 */
#pragma once

#include "attribution.h"
#include "report.h"

#define LOOPBACK_IFINDEX 1
#define ETH_P_IP_K 0x0800
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

static __always_inline void blame_owner(const struct owner *owner, struct report *report)
{
	report->key.pid = owner->pid;
	report->start = owner->start;
	report->cgroup = owner->cgroup;
}

/* The running process, if the packet is of its cgroup. */
static __always_inline void blame_current(struct __sk_buff *skb, struct report *report)
{
	struct owner now = {};

	current_owner(&now);
	if (now.cgroup == bpf_skb_cgroup_id(skb))
		blame_owner(&now, report);
}

/* The flow's owner if the hooks saw it, else the running process if the packet is its own. */
static __always_inline void blame(struct __sk_buff *skb, struct flow_key *key, struct report *report)
{
	struct owner *known = 0;

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
	if (known)
		blame_owner(known, report);
	else
		blame_current(skb, report);
}

/* Fills `key` and `report` from the packet. 0: unreadable. */
static __always_inline int read_v4(struct __sk_buff *skb, struct flow_key *key, struct report *report)
{
	struct ipv4_head ip;
	__u16 ports[2] = {};

	if (bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip), BPF_HDR_START_NET))
		return 0;
	key->saddr = ip.saddr;
	key->daddr = ip.daddr;
	key->proto = ip.proto;
	map_v4(report->key.daddr, ip.daddr);
	/* A later fragment has no ports; the stack fragments after this hook, so one is forged. */
	if ((ip.proto == IPPROTO_TCP || ip.proto == IPPROTO_UDP) && !(ip.fragment & bpf_htons(FRAGMENT_BITS)))
		bpf_skb_load_bytes_relative(skb, (ip.version_ihl & 15) * 4, ports, sizeof(ports),
					    BPF_HDR_START_NET);
	key->sport = ports[0];
	key->dport = ports[1];
	return 1;
}

static __always_inline int read_v6(struct __sk_buff *skb, struct flow_key *key, struct report *report)
{
	struct ipv6_head ip;
	__u16 ports[2] = {};

	if (bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip), BPF_HDR_START_NET))
		return 0;
	key->proto = ip.proto;
	__builtin_memcpy(report->key.daddr, ip.daddr, 16);
	if (ip.proto == IPPROTO_TCP || ip.proto == IPPROTO_UDP)
		bpf_skb_load_bytes_relative(skb, sizeof(ip), ports, sizeof(ports), BPF_HDR_START_NET);
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

/* Whole machine: by the socket's own storage. A cgroup would be no proof, since root can enter it. */
static __always_inline int is_of_roles(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk || !is_machine())
		return 0;
	sk = bpf_sk_fullsock(sk);
	return sk && bpf_sk_storage_get(&role_sockets, sk, 0, 0);
}

/* PASS or DROP for a packet of the scope, counted, and reported if it was not allowed. */
static __always_inline int decide(struct __sk_buff *skb, __u8 reason)
{
	struct stats *stats = stats_of_cpu();
	struct report report = {};
	struct flow_key key = {};
	__u32 mode = current_mode();
	int v4 = skb->protocol == bpf_htons(ETH_P_IP_K);

	report.family = v4 ? AF_INET : AF_INET6;
	if (v4) {
		/* A container's packet that cannot be judged is of nobody's flow, whatever it says. */
		if (read_v4(skb, &key, &report) && mode != MODE_CLOSED && reason != REASON_CONTAINER &&
		    flow_is_allowed(&key))
			goto pass;
	} else {
		read_v6(skb, &key, &report);
	}
	report.key.proto = key.proto;
	report.key.dport = key.dport;
	report.key.reason = reason;
	report.sport = key.sport;
	report.mode = mode;
	if (reason == REASON_PACKET)
		blame(skb, &key, &report);
	else if (reason == REASON_CONTAINER)
		blame_current(skb, &report);
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

/* Whether it stays on the machine for now. */
static __always_inline int goes_inside(struct __sk_buff *skb)
{
	__u32 device = skb->ifindex;
	struct bpf_sock *sk = skb->sk;

	/* By device, not by address: a route can send 127/8 to an uplink. */
	if (device == LOOPBACK_IFINDEX || bpf_map_lookup_elem(&inner_devices, &device))
		return 1;
	if (!sk || !is_machine())
		return 0;
	sk = bpf_sk_fullsock(sk);
	return sk && bpf_sk_storage_get(&inner_sockets, sk, 0, 0);
}

SEC("cgroup_skb/egress")
int gate(struct __sk_buff *skb)
{
	struct stats *stats = stats_of_cpu();

	if (goes_inside(skb) || is_of_roles(skb)) {
		if (stats)
			stats->passed++;
		return PASS;
	}
	return decide(skb, REASON_PACKET);
}
