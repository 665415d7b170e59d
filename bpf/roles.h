/*
 * Sockets of the roles. The proxy ends clients' TLS on sockets for which its runtime has no switch for
 * TCP_NODELAY; the last frame of an HTTP/2 window would wait there for a delayed acknowledgement (40 ms).
 */
#pragma once

#define TCP_NODELAY_K 1

SEC("sockops")
int no_delay(struct bpf_sock_ops *ctx)
{
	int on = 1;

	/* A kernel that refuses the option here leaves the socket as it was: slower, nothing else. */
	if (ctx->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB || ctx->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		bpf_setsockopt(ctx, IPPROTO_TCP, TCP_NODELAY_K, &on, sizeof(on));
	return 1;
}
