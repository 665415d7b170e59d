/* What every process event says. */
#pragma once

#include "task.h"

static __always_inline void lost_event(void)
{
	struct stats *stats = stats_of_cpu();
	if (stats)
		stats->lost++;
}

static __always_inline void fill_head(struct process_event *event, __u32 kind, struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct task_struct *parent = BPF_CORE_READ(leader, real_parent, group_leader);

	event->kind = kind;
	event->pid = pid_of(task);
	event->ppid = pid_of(parent);
	event->flags = 0;
	event->start = BPF_CORE_READ(leader, start_boottime);
	event->cgroup = cgroup_of(task);
	event->at = bpf_ktime_get_boot_ns();
	event->parent_start = BPF_CORE_READ(parent, start_boottime);
}
