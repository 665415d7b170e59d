/* Which process made a flow. */
#pragma once

#include "task.h"

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define SOCKFS_MAGIC 0x534F434B

/* The connection's key, or 0 when it is not IPv4 (in either socket family). */
static __always_inline int tcp_key(struct bpf_sock_ops *ops, struct flow_key *key)
{
	if (ops->family == AF_INET6) {
		if (ops->remote_ip6[0] || ops->remote_ip6[1] || ops->remote_ip6[2] != bpf_htonl(0xffff))
			return 0;
	} else if (ops->family != AF_INET) {
		return 0;
	}
	key->saddr = ops->local_ip4;
	key->daddr = ops->remote_ip4;
	key->sport = bpf_htons(ops->local_port);
	key->dport = ops->remote_port >> 16;
	key->proto = IPPROTO_TCP;
	return 1;
}

SEC("sockops")
int tcp_attribution(struct bpf_sock_ops *ops)
{
	struct flow_key key = {};
	struct owner owner = {}, *known;

	if (ops->op == BPF_SOCK_OPS_TCP_CONNECT_CB) {
		if (!tcp_key(ops, &key))
			return 1;
		current_owner(&owner);
		if (bpf_map_update_elem(&tcp_owner, &key, &owner, BPF_ANY) == 0)
			bpf_sock_ops_cb_flags_set(ops, BPF_SOCK_OPS_STATE_CB_FLAG);
	} else if (ops->op == BPF_SOCK_OPS_STATE_CB && ops->args[1] == BPF_TCP_CLOSE) {
		if (!tcp_key(ops, &key))
			return 1;
		known = bpf_map_lookup_elem(&tcp_owner, &key);
		if (!known)
			return 1;
		owner = *known;
		bpf_map_update_elem(&tcp_closed, &key, &owner, BPF_ANY);
		bpf_map_delete_elem(&tcp_owner, &key);
	}
	return 1;
}

/* Unconnected UDP, also from an IPv6 socket to a v4-mapped address: that path ends here too. */
SEC("cgroup/sendmsg4")
int udp_attribution(struct bpf_sock_addr *ctx)
{
	struct flow_key key = {};
	struct owner owner = {}, *sender;
	struct bpf_sock *sk = ctx->sk;

	if (!sk)
		return 1;
	/* Several containers may send from the same port: whose packet it is shows where it enters the machine. */
	sender = bpf_sk_storage_get(&inner_sockets, sk, 0, 0);
	if (sender) {
		current_owner(sender);
		return 1;
	}
	key.daddr = ctx->user_ip4;
	key.dport = ctx->user_port;
	key.sport = bpf_htons(sk->src_port);
	key.saddr = ctx->msg_src_ip4;
	key.proto = IPPROTO_UDP;
	current_owner(&owner);
	bpf_map_update_elem(&udp_owner, &key, &owner, BPF_ANY);
	return 1;
}

static __always_inline struct file *file_of_fd(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **slot, *file = 0;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return 0;
	slot = BPF_CORE_READ(table, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), slot + fd))
		return 0;
	return file;
}

static __always_inline struct sock *sock_of_fd(__u32 fd)
{
	struct file *file = file_of_fd(fd);
	struct socket *socket;

	/* Only files of sockfs carry a struct socket. */
	if (!file || BPF_CORE_READ(file, f_inode, i_sb, s_magic) != SOCKFS_MAGIC)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

static __always_inline int is_v4_mapped(struct sock *sk)
{
	__u32 words[4] = {};

	BPF_CORE_READ_INTO(&words, sk, __sk_common.skc_v6_daddr);
	return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

/* Connected UDP: cgroup/connect4 runs before the port is bound, and sendmsg4 never runs. */
static __always_inline void attribute_connected_udp(struct sock *sk)
{
	struct flow_key key = {};
	struct owner owner = {};
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_UDP)
		return;
	if (family != AF_INET && !(family == AF_INET6 && is_v4_mapped(sk)))
		return;
	key.saddr = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	key.daddr = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	key.sport = bpf_htons(BPF_CORE_READ(sk, __sk_common.skc_num));
	key.dport = BPF_CORE_READ(sk, __sk_common.skc_dport);
	key.proto = IPPROTO_UDP;
	current_owner(&owner);
	bpf_map_update_elem(&udp_owner, &key, &owner, BPF_ANY);
}
