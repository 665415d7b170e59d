/*
 * Sockets of the roles.
 *
 * The proxy ends clients' TLS on sockets for which its runtime has no switch for
 * TCP_NODELAY; the last frame of an HTTP/2 window would wait there for a delayed acknowledgement (40 ms).
 */
#pragma once

#include "refuse.h"

#define TCP_NODELAY_K 1
#define SOL_SOCKET_K 1
#define SO_REUSEPORT_K 15
#define LOOPBACK_ADDRESS 0x7f000001

SEC("sockops")
int no_delay(struct bpf_sock_ops *ctx)
{
	int on = 1;

	/* A kernel that refuses the option here leaves the socket as it was: slower, nothing else. */
	if (ctx->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB || ctx->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		bpf_setsockopt(ctx, IPPROTO_TCP, TCP_NODELAY_K, &on, sizeof(on));
	return 1;
}

/*
 * Proxies share the UDP port of lookups, as they share those for TCP, for which their runtime has a switch.
 * Sockets for one lookup are bound to no address: their random ports stay their own.
 */
SEC("cgroup/bind4")
int share_udp_port(struct bpf_sock_addr *ctx)
{
	int on = 1;

	/* If the kernel refuses the option, the second proxy's bind fails and says so. */
	if (ctx->type == SOCK_DGRAM_K && ctx->user_ip4 == bpf_htonl(LOOPBACK_ADDRESS))
		bpf_setsockopt(ctx, SOL_SOCKET_K, SO_REUSEPORT_K, &on, sizeof(on));
	return 1;
}
