/*
 * The gate at the uplinks, for what no cgroup hook sees: frames of packet sockets and taps, and packets that
 * have no socket at all because they were forwarded.
 */
#pragma once

#include "gate.h"

/* Verdicts of tc and tcx: on to the next program, or gone. */
#define TC_NEXT -1
#define TC_SHOT 2
#define ETH_P_ARP_K 0x0806
#define ETH_P_IPV6_K 0x86dd
#define SOCK_RAW_K 3

/*
 * TCP segments without data that the kernel sends for nobody's socket: from TIME_WAIT, resets, and the
 * handshake of a listener. They carry nothing that a process wrote.
 */
static __always_inline int is_bare_tcp(struct __sk_buff *skb)
{
	struct ipv4_head ip;
	__u8 offset = 0;
	__u32 head;

	if (skb->protocol != bpf_htons(ETH_P_IP_K) ||
	    bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip), BPF_HDR_START_NET) ||
	    ip.proto != IPPROTO_TCP)
		return 0;
	head = (ip.version_ihl & 15) * 4;
	if (bpf_skb_load_bytes_relative(skb, head + 12, &offset, 1, BPF_HDR_START_NET))
		return 0;
	return bpf_ntohs(ip.length) == head + (offset >> 4) * 4;
}

/* The kernel's own neighbour and group messages: nothing here carries IPv6, and nobody needs to be told. */
static __always_inline int is_kernel_v6(struct __sk_buff *skb, struct bpf_sock *sk)
{
	struct bpf_sock *full = bpf_sk_fullsock(sk);

	return skb->protocol == bpf_htons(ETH_P_IPV6_K) && full && full->type == SOCK_RAW_K;
}

/* Whole machine: every socket is in the scope but those that registered roles made. */
static __always_inline int machine_passes(struct __sk_buff *skb, struct bpf_sock *sk)
{
	struct bpf_sock *full = bpf_sk_fullsock(sk);

	if (!full)
		return is_bare_tcp(skb);
	if (is_of_roles(skb))
		return 1;
	return full->type == SOCK_RAW_K && full->protocol == IPPROTO_TCP && is_bare_tcp(skb);
}

/*
 * Without a socket: forwarded. A run must leave others' forwarded packets alone, so what counts is where they
 * came in: nobody forwards from loopback but to get past the gate, and devices that the scope brought up are
 * the scope's.
 */
static __always_inline int forwarded_is_of_scope(struct __sk_buff *skb)
{
	__u32 came_in = skb->ingress_ifindex;

	return came_in == LOOPBACK_IFINDEX || bpf_map_lookup_elem(&scope_devices, &came_in) != 0;
}

extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym __weak;

/* The low bits of `_nfct` say which direction and state a packet is of. */
#define NFCT_POINTER_BITS (~7UL)

/*
 * A container's UDP packet whose flow has a verdict. Masquerading has changed its source by now: the verdict is
 * about what the container sent, as its conntrack entry says. Where somebody sends it elsewhere, it is another flow.
 */
static __always_inline int forwarded_is_allowed(struct __sk_buff *skb)
{
	struct sk_buff *packet = bpf_cast_to_kern_ctx(skb);
	struct report report = {};
	struct flow_key sent = {}, now = {};
	struct stats *stats;
	struct nf_conn *entry;

	if (skb->sk || skb->protocol != bpf_htons(ETH_P_IP_K) || current_mode() == MODE_CLOSED)
		return 0;
	entry = (void *)(BPF_CORE_READ(packet, _nfct) & NFCT_POINTER_BITS);
	if (!entry || !read_v4(skb, &now, &report))
		return 0;
	sent.saddr = BPF_CORE_READ(entry, tuplehash[0].tuple.src.u3.ip);
	sent.daddr = BPF_CORE_READ(entry, tuplehash[0].tuple.dst.u3.ip);
	sent.sport = BPF_CORE_READ(entry, tuplehash[0].tuple.src.u.all);
	sent.dport = BPF_CORE_READ(entry, tuplehash[0].tuple.dst.u.all);
	sent.proto = BPF_CORE_READ(entry, tuplehash[0].tuple.dst.protonum);
	if (sent.proto != now.proto || sent.daddr != now.daddr || sent.dport != now.dport ||
	    !flow_is_allowed(&sent))
		return 0;
	stats = stats_of_cpu();
	if (stats)
		stats->passed++;
	return 1;
}

/* From the top: inside a cgroup namespace nobody can tell how deep the scope is. */
static __always_inline int sent_by_scope(struct __sk_buff *skb, __u64 scope_id)
{
	__u64 ancestor = 1;
	int level;

	for (level = 1; ancestor && level < MAX_CGROUP_DEPTH; level++) {
		ancestor = bpf_skb_ancestor_cgroup_id(skb, level);
		if (ancestor == scope_id)
			return 1;
	}
	return 0;
}

static __always_inline int at_uplink(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct settings *settings = bpf_map_lookup_elem(&settings_of_run, &zero);
	struct bpf_sock *sk = skb->sk;

	if (!settings)
		return TC_SHOT;
	if (!sk) {
		if (skb->protocol == bpf_htons(ETH_P_ARP_K))
			return TC_NEXT;
		if (!settings->machine && !forwarded_is_of_scope(skb))
			return TC_NEXT;
		return decide(skb, REASON_FORWARDED) == PASS ? TC_NEXT : TC_SHOT;
	}
	if (settings->machine) {
		if (machine_passes(skb, sk))
			return TC_NEXT;
		if (is_kernel_v6(skb, sk))
			return TC_SHOT;
	} else if (!sent_by_scope(skb, settings->scope_id)) {
		return TC_NEXT;
	}
	return decide(skb, REASON_PACKET) == PASS ? TC_NEXT : TC_SHOT;
}

SEC("tc")
int uplink(struct __sk_buff *skb)
{
	return at_uplink(skb);
}

/* Whole machine; only loaded there, since kernels before 6.2 lack what it calls. */
SEC("?tc")
int machine_uplink(struct __sk_buff *skb)
{
	return forwarded_is_allowed(skb) ? TC_NEXT : at_uplink(skb);
}

/* The first time that a device comes up: whose is it? */
SEC("tp_btf/qdisc_create")
int BPF_PROG(device_up, struct Qdisc_ops *ops, struct net_device *dev)
{
	__u32 zero = 0, index = BPF_CORE_READ(dev, ifindex);
	struct settings *settings = bpf_map_lookup_elem(&settings_of_run, &zero);
	__u8 yes = 1;

	if (!settings || BPF_CORE_READ(dev, nd_net.net, ns.inum) != settings->netns)
		return 0;
	if (in_scope() || is_member((void *)bpf_get_current_task()))
		bpf_map_update_elem(&scope_devices, &index, &yes, BPF_ANY);
	return 0;
}

/* Whole machine, at the root of all cgroups: sockets of the registered roles, and of other network namespaces. */
SEC("cgroup/sock_create")
int role_socket(struct bpf_sock *sk)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 pid = pid_of(task);
	__u64 *ticks = bpf_map_lookup_elem(&role_pids, &pid);

	if (ticks && *ticks == BPF_CORE_READ(task, group_leader, start_boottime) / NS_PER_TICK)
		bpf_sk_storage_get(&role_sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (is_in_other_net(task))
		bpf_sk_storage_get(&inner_sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	return PASS;
}
