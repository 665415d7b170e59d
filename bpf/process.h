/* Births, images and deaths of the scope's processes. */
#pragma once

#include "steps.h"

#define MAX_COMPONENTS 48
#define NAME_SIZE 256

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct process_event *event;

	if (child->pid != child->tgid || !(in_scope() || is_member(parent)))
		return 0;
	add_member(child);
	note_newborn(parent, child);
	event = bpf_ringbuf_reserve(&process_events, sizeof(*event), 0);
	if (!event) {
		lost_event();
		return 0;
	}
	fill_head(event, EVENT_FORK, child);
	/* Its maker, who with CLONE_PARENT is not its parent. */
	event->ppid = pid_of(parent);
	event->parent_start = BPF_CORE_READ(parent, group_leader, start_boottime);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	__u32 pid = pid_of(task);
	struct process_event *event;

	if (BPF_CORE_READ(task, signal, live.counter) != 0 || !is_member(task))
		return 0;
	bpf_map_delete_elem(&members, &pid);
	forget_newborn(pid);
	event = bpf_ringbuf_reserve(&process_events, sizeof(*event), 0);
	if (!event) {
		lost_event();
		return 0;
	}
	fill_head(event, EVENT_EXIT, task);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	/* container_of with the running kernel's offset. */
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

struct walk {
	struct vfsmount *mnt;
	struct dentry *dentry;
	struct exec_event *event;
	__u32 used;
	__u32 done;
};

/* One step towards the root: over a mount point, or one name. Returns 1 to stop. */
static long walk_step(__u32 index, struct walk *walk)
{
	struct dentry *dentry = walk->dentry, *up = BPF_CORE_READ(dentry, d_parent);
	struct vfsmount *mnt = walk->mnt;
	long size;

	if (dentry == BPF_CORE_READ(mnt, mnt_root)) {
		struct mount *mount = mount_of(mnt);
		struct mount *outer = BPF_CORE_READ(mount, mnt_parent);

		if (outer == mount) {
			walk->done = 1;
			return 1;
		}
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mnt = (void *)outer + bpf_core_field_offset(struct mount, mnt);
		return 0;
	}
	if (dentry == up) {
		walk->done = 1;
		return 1;
	}
	if (walk->used >= EXE_SIZE)
		return 1;
	size = bpf_probe_read_kernel_str(walk->event->exe + (walk->used & (EXE_SIZE - 1)), NAME_SIZE,
					 BPF_CORE_READ(dentry, d_name.name));
	if (size <= 0)
		return 1;
	walk->used += size;
	walk->dentry = up;
	return 0;
}

/* Writes the names of a file's path, last first, over mount points, up to the root. */
static __always_inline __u32 walk_path(struct file *file, struct exec_event *event)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct walk walk = {
		.mnt = BPF_CORE_READ(file, f_path.mnt),
		.dentry = dentry,
		.event = event,
	};

	if (!BPF_CORE_READ(dentry, d_hash.pprev))
		event->head.flags |= FLAG_EXE_DELETED;
	bpf_loop(MAX_COMPONENTS, walk_step, &walk, 0);
	if (!walk.done)
		event->head.flags |= FLAG_EXE_TRUNCATED;
	return walk.used;
}

static __always_inline __u32 read_argv(struct mm_struct *mm, struct exec_event *event)
{
	unsigned long start = BPF_CORE_READ(mm, arg_start);
	unsigned long size = BPF_CORE_READ(mm, arg_end) - start;

	if (size > ARGV_SIZE) {
		size = ARGV_SIZE;
		event->head.flags |= FLAG_ARGV_TRUNCATED;
	}
	if (bpf_probe_read_user(event->argv, size, (void *)start)) {
		event->head.flags |= FLAG_ARGV_TRUNCATED;
		return 0;
	}
	return size;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task)
{
	struct exec_event *event;
	struct mm_struct *mm;

	if (in_scope())
		add_member(task);
	else if (!is_member(task))
		return 0;
	event = bpf_ringbuf_reserve(&process_events, sizeof(*event), 0);
	if (!event) {
		lost_event();
		return 0;
	}
	fill_head(&event->head, EVENT_EXEC, task);
	mm = BPF_CORE_READ(task, mm);
	event->exe_len = walk_path(BPF_CORE_READ(mm, exe_file), event);
	event->argv_len = read_argv(mm, event);
	bpf_ringbuf_submit(event, 0);
	if (was_newborn(task))
		send_environ(task);
	return 0;
}
