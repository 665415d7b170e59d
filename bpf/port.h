/*
 * Whole machine: what containers send, where it enters the machine. Here a packet still has the socket that sent it:
 * only what a TCP or UDP socket sent is marked to be judged, so that nobody is taken for another container.
 */
#pragma once

#include "refuse.h"
#include "uplink.h"

#define SYN_K 0x02
#define FRAGMENT_OFFSET 0x1fff

/* Whether it would leave the machine, by the machine's routes. Local, broadcast and multicast addresses do not. */
static __always_inline int leaves_machine(struct __sk_buff *skb, struct ipv4_head *ip, __u32 bridge)
{
	struct bpf_fib_lookup route = {
		.family = AF_INET,
		.ifindex = bridge,
		.ipv4_src = ip->saddr,
		.ipv4_dst = ip->daddr,
	};
	long result = bpf_fib_lookup(skb, &route, sizeof(route), 0);
	__u32 device = route.ifindex;

	if (result == BPF_FIB_LKUP_RET_NOT_FWDED)
		return 0;
	if (result != BPF_FIB_LKUP_RET_SUCCESS && result != BPF_FIB_LKUP_RET_NO_NEIGH)
		return 1;
	return bpf_map_lookup_elem(&inner_devices, &device) == 0;
}

/* A segment without data that begins no connection: what the kernel sends for sockets that are gone. */
static __always_inline int is_bare_end(struct __sk_buff *skb, __u32 head)
{
	__u8 flags = 0;

	return is_bare_tcp(skb) && !bpf_skb_load_bytes_relative(skb, head + 13, &flags, 1, BPF_HDR_START_NET) &&
	       !(flags & SYN_K);
}

/* An unconnected UDP socket's sender, noted under the addresses that its packet bears. 0: nobody is known. */
static __always_inline int note_udp_sender(struct bpf_sock *sk, struct flow_key *key)
{
	struct owner *sender = bpf_sk_storage_get(&inner_sockets, sk, 0, 0);

	if (sender && sender->pid)
		return bpf_map_update_elem(&udp_owner, key, sender, BPF_ANY) == 0;
	return bpf_map_lookup_elem(&udp_owner, key) != 0;
}

/*
 * Whether the kernel wrote its head for a TCP or UDP socket, which is where its addresses then are. What raw and packet
 * sockets send bears whatever their owner wants.
 */
static __always_inline int is_of_its_socket(struct __sk_buff *skb, struct ipv4_head *ip)
{
	struct bpf_sock *sk = skb->sk;
	__u32 head = (ip->version_ihl & 15) * 4;
	struct flow_key key = { .saddr = ip->saddr, .daddr = ip->daddr, .proto = ip->proto };
	__u16 ports[2];

	if (sk)
		sk = bpf_sk_fullsock(sk);
	if (!sk || (sk->type == SOCK_RAW_K && sk->protocol == IPPROTO_TCP))
		return ip->proto == IPPROTO_TCP && is_bare_end(skb, head);
	/* Packet sockets have types and protocols, too. */
	if ((sk->family != AF_INET && sk->family != AF_INET6) || sk->protocol != ip->proto)
		return 0;
	if (sk->type != (ip->proto == IPPROTO_TCP ? SOCK_STREAM_K : SOCK_DGRAM_K))
		return 0;
	/* The first part of a datagram has the ports, and without it the others come to nothing. */
	if (ip->proto == IPPROTO_TCP || (ip->fragment & bpf_htons(FRAGMENT_OFFSET)))
		return 1;
	if (bpf_skb_load_bytes_relative(skb, head, ports, sizeof(ports), BPF_HDR_START_NET))
		return 0;
	key.sport = ports[0];
	key.dport = ports[1];
	return note_udp_sender(sk, &key);
}

SEC("?tc")
int container_port(struct __sk_buff *skb)
{
	__u32 zero = 0, device = skb->ifindex;
	struct settings *settings = bpf_map_lookup_elem(&settings_of_run, &zero);
	__u32 *bridge = bpf_map_lookup_elem(&inner_ports, &device);
	struct ipv4_head ip;

	/* Without IPv4 nothing is judged: what leaves so ends at the uplinks. */
	if (skb->protocol != bpf_htons(ETH_P_IP_K))
		return TC_NEXT;
	if (!settings || !bridge || bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip), BPF_HDR_START_NET))
		return TC_SHOT;
	if (!leaves_machine(skb, &ip, *bridge)) {
		skb->mark = settings->inside_mark;
		return TC_NEXT;
	}
	if ((ip.proto == IPPROTO_TCP || ip.proto == IPPROTO_UDP) && is_of_its_socket(skb, &ip)) {
		skb->mark = settings->container_mark;
		return TC_NEXT;
	}
	return decide(skb, REASON_CONTAINER) == PASS ? TC_NEXT : TC_SHOT;
}
