/* Who is running. */
#pragma once

#include "kernel_types.h"
#include "maps.h"

static __always_inline __u64 cgroup_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
}

/* Levels of pid namespaces that are looked at. */
#define PID_LEVELS 8

/*
 * A thread's id in egress's own pid namespace, as /proc and sockets tell it to user space. The machine may be a
 * container, and its threads' ids other ones outside. One that is not in it keeps the id of the outside.
 */
static __always_inline __u32 number_of(struct pid *pid)
{
	__u32 zero = 0, i;
	struct settings *settings = bpf_map_lookup_elem(&settings_of_run, &zero);
	struct upid *outside = (void *)pid + bpf_core_field_offset(struct pid, numbers);
	__u32 level = BPF_CORE_READ(pid, level);

	for (i = 0; settings && i < PID_LEVELS && i <= level; i++) {
		struct upid *number = (void *)outside + i * bpf_core_type_size(struct upid);

		if (BPF_CORE_READ(number, ns, ns.inum) == settings->pidns)
			return BPF_CORE_READ(number, nr);
	}
	return BPF_CORE_READ(outside, nr);
}

/* A process's id there. */
static __always_inline __u32 pid_of(struct task_struct *task)
{
	return number_of(BPF_CORE_READ(task, group_leader, thread_pid));
}

/* Whether a thread is in another network namespace than the machine's; a thread of dockerd may be. */
static __always_inline int is_in_other_net(struct task_struct *task)
{
	__u32 zero = 0;
	struct settings *settings = bpf_map_lookup_elem(&settings_of_run, &zero);

	return settings && BPF_CORE_READ(task, nsproxy, net_ns, ns.inum) != settings->netns;
}

/*
 * The current process. Read from the task rather than by bpf_get_current_pid_tgid, which sockops
 * programs lack before 6.10.
 */
static __always_inline void current_owner(struct owner *owner)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	owner->start = BPF_CORE_READ(leader, start_boottime);
	owner->cgroup = cgroup_of(task);
	owner->at = bpf_ktime_get_boot_ns();
	owner->pid = pid_of(task);
	owner->inner = is_in_other_net(task);
}

static __always_inline int in_scope(void)
{
	return bpf_current_task_under_cgroup(&scope, 0) == 1;
}

#define MAX_CGROUP_DEPTH 32

/* As in_scope, for sock_create, where that helper is missing in 6.1. */
static __always_inline int walks_to_scope(struct task_struct *task)
{
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	__u32 zero = 0;
	__u64 *id = bpf_map_lookup_elem(&scope_id, &zero);
	int i;

	for (i = 0; id && cgroup && i < MAX_CGROUP_DEPTH; i++) {
		if (BPF_CORE_READ(cgroup, kn, id) == *id)
			return 1;
		cgroup = BPF_CORE_READ(cgroup, self.parent, cgroup);
	}
	return 0;
}

#define SIGKILL_K 9

/* Whether a process belongs to the scope, wherever it has moved since. */
static __always_inline int is_member(struct task_struct *task)
{
	__u32 pid = pid_of(task);
	__u64 *ticks = bpf_map_lookup_elem(&members, &pid);

	return ticks && *ticks == BPF_CORE_READ(task, group_leader, start_boottime) / NS_PER_TICK;
}

/* A process that cannot be remembered could leave the scope unseen, so it does not go on. */
static __always_inline void add_member(struct task_struct *task)
{
	__u32 pid = pid_of(task);
	__u64 ticks = BPF_CORE_READ(task, group_leader, start_boottime) / NS_PER_TICK;

	if (bpf_map_update_elem(&members, &pid, &ticks, BPF_ANY))
		bpf_send_signal(SIGKILL_K);
}
