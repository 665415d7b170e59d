/* What the scope may not have at all: IPv6 peers, raw sockets, sockets outside, options of packet sockets. */
#pragma once

#include "gate.h"

#define SOCK_STREAM_K 1
#define SOCK_DGRAM_K 2
#define ENETUNREACH_K 101

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
#define PACKET_QDISC_BYPASS_K 20
#define SOL_XDP_K 283
#define PAGE_SIZE_K 4096

#define SOL_IP_K 0
#define IP_TRANSPARENT_K 19
#define SOL_IPV6_K 41
#define IPV6_TRANSPARENT_K 75

/* A container's socket with these sends from any address, that of another container too. */
static __always_inline int lends_address(struct bpf_sockopt *ctx)
{
	if ((ctx->level != SOL_IP_K || ctx->optname != IP_TRANSPARENT_K) &&
	    (ctx->level != SOL_IPV6_K || ctx->optname != IPV6_TRANSPARENT_K))
		return 0;
	return is_machine() && ctx->sk && bpf_sk_storage_get(&inner_sockets, ctx->sk, 0, 0);
}

/*
 * However a packet socket came to be, its frames do not go past the uplinks' hook, and an XDP socket gets no
 * memory for any.
 */
SEC("cgroup/setsockopt")
int refuse_options(struct bpf_sockopt *ctx)
{
	__u32 mode = current_mode();

	/* Longer values than the kernel copies: 0 means, take the caller's. */
	if (ctx->optlen > PAGE_SIZE_K)
		ctx->optlen = 0;
	if (ctx->level != SOL_XDP_K && !lends_address(ctx) &&
	    (ctx->level != SOL_PACKET_K || ctx->optname != PACKET_QDISC_BYPASS_K))
		return PASS;
	if (mode == MODE_AUDIT)
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
