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

SEC("tc")
int uplink(struct __sk_buff *skb)
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
	__u32 zero = 0;
	struct settings *settings = bpf_map_lookup_elem(&settings_of_run, &zero);

	if (ticks && *ticks == BPF_CORE_READ(task, group_leader, start_boottime) / NS_PER_TICK)
		bpf_sk_storage_get(&role_sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (settings && BPF_CORE_READ(task, nsproxy, net_ns, ns.inum) != settings->netns)
		bpf_sk_storage_get(&inner_sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	return PASS;
}
