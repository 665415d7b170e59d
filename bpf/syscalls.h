/*
 * What only the end of a system call shows: the port of a connected UDP socket, and sockets of families
 * that cgroup/sock_create does not run for.
 */
#pragma once

#include "refuse.h"

#define AF_PACKET 17
#define AF_XDP 44

#if defined(__TARGET_ARCH_x86)
#define NR_SOCKET 41
#define NR_CONNECT 42
#define NR_BPF 321
#define NR_COMPAT_SOCKETCALL 102
#define NR_COMPAT_BPF 357
#define NR_COMPAT_SOCKET 359
#define NR_COMPAT_CONNECT 362
#define USER32_CS 0x23
#elif defined(__TARGET_ARCH_arm64)
#define NR_SOCKET 198
#define NR_CONNECT 203
#define NR_BPF 280
#endif
#define NR_PIDFD_GETFD 438
#define EPERM_K 1

/* As in src/supervisor/seccomp.ts, which refuses them. */
#define BPF_COMMANDS                                                                              \
	(1ULL << BPF_PROG_DETACH | 1ULL << BPF_PROG_GET_FD_BY_ID | 1ULL << BPF_MAP_GET_FD_BY_ID | \
	 1ULL << BPF_LINK_UPDATE | 1ULL << BPF_LINK_GET_FD_BY_ID | 1ULL << BPF_LINK_DETACH)

/* The descriptor that a successful connect was about, or -1. */
static __always_inline long connected_fd(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	unsigned long nr = BPF_CORE_READ(regs, orig_ax);

	if (BPF_CORE_READ(regs, cs) == USER32_CS)
		return nr == NR_COMPAT_CONNECT ? (long)(__u32)BPF_CORE_READ(regs, bx) : -1;
	return nr == NR_CONNECT ? (long)(__u32)BPF_CORE_READ(regs, di) : -1;
#elif defined(__TARGET_ARCH_arm64)
	return BPF_CORE_READ(regs, syscallno) == NR_CONNECT ? (long)(__u32)BPF_CORE_READ(regs, orig_x0) : -1;
#endif
}

/* Whether this call may have returned a new socket. */
static __always_inline int makes_socket(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	unsigned long nr = BPF_CORE_READ(regs, orig_ax);

	if (BPF_CORE_READ(regs, cs) == USER32_CS)
		return nr == NR_COMPAT_SOCKET || nr == NR_COMPAT_SOCKETCALL;
	return nr == NR_SOCKET;
#elif defined(__TARGET_ARCH_arm64)
	return BPF_CORE_READ(regs, syscallno) == NR_SOCKET;
#endif
}

/*
 * Frames of these sockets pass no cgroup hook, and no hook can refuse the sockets: their maker is ended
 * before it can use one. Not on a whole machine, whose DHCP client needs one: there the uplinks' hook
 * judges the frames.
 */
static __always_inline void refuse_frame_socket(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	struct report report = {};
	struct owner owner = {};

	if ((family != AF_PACKET && family != AF_XDP) || is_machine())
		return;
	current_owner(&owner);
	report.key.pid = owner.pid;
	report.key.reason = REASON_FRAMES;
	report.start = owner.start;
	report.cgroup = owner.cgroup;
	report.family = family;
	report.mode = current_mode();
	send_report(&report);
	if (report.mode != MODE_AUDIT)
		bpf_send_signal(SIGKILL_K);
}

/* AF_UNSPEC, UNIX, INET, INET6, NETLINK, ALG. */
#define SOCKET_FAMILIES (1ULL << 0 | 1ULL << 1 | 1ULL << AF_INET | 1ULL << AF_INET6 | 1ULL << 16 | 1ULL << 38)

/* Which of the refused calls this was, or 0. */
static __always_inline __u8 refused_call(struct pt_regs *regs)
{
	unsigned long nr, first;

#if defined(__TARGET_ARCH_x86)
	nr = BPF_CORE_READ(regs, orig_ax);
	if (BPF_CORE_READ(regs, cs) == USER32_CS) {
		first = (__u32)BPF_CORE_READ(regs, bx);
		nr = nr == NR_COMPAT_BPF ? NR_BPF : nr == NR_COMPAT_SOCKET ? NR_SOCKET : nr;
	} else {
		first = BPF_CORE_READ(regs, di);
	}
#elif defined(__TARGET_ARCH_arm64)
	nr = BPF_CORE_READ(regs, syscallno);
	first = BPF_CORE_READ(regs, orig_x0);
#endif
	if (nr == NR_BPF)
		return (__u32)first < 64 && (BPF_COMMANDS >> (__u32)first & 1) ? CALL_BPF : 0;
	if (nr == NR_SOCKET)
		return first >= 64 || !(SOCKET_FAMILIES >> first & 1) ? CALL_SOCKET : 0;
	return nr == NR_PIDFD_GETFD ? CALL_GETFD : 0;
}

/* The scope's seccomp filter refuses them without a word. */
static __always_inline void report_refused_call(struct pt_regs *regs)
{
	__u8 call = refused_call(regs);

	if (call && (in_scope() || is_member((void *)bpf_get_current_task())))
		report_call(call, current_mode());
}

SEC("tp_btf/sys_exit")
int BPF_PROG(socket_syscalls, struct pt_regs *regs, long ret)
{
	struct sock *sk;
	long fd;

	if (ret == -EPERM_K)
		report_refused_call(regs);
	if (ret < 0)
		return 0;
	fd = connected_fd(regs);
	if (fd >= 0) {
		if (!in_scope())
			return 0;
		sk = sock_of_fd(fd);
		if (sk)
			attribute_connected_udp(sk);
	} else if (makes_socket(regs)) {
		if (!in_scope() && !is_member((void *)bpf_get_current_task()))
			return 0;
		sk = sock_of_fd(ret);
		if (sk)
			refuse_frame_socket(sk);
	}
	return 0;
}
