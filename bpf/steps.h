/*
 * The environment that a step of a GitHub job began with. Steps are the children of the runner's worker, and
 * only what they were first executed with counts: a step can execute itself again with any other, or make
 * a sibling (CLONE_PARENT), which is no child of the worker's making.
 */
#pragma once

#include "event.h"

#define ENVIRON_PARTS 16

/* Workers: pid to start time in ticks. Written by user space alone. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} workers SEC(".maps");

/* Children of workers that have executed nothing yet. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} newborn_steps SEC(".maps");

static __always_inline __u64 ticks_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, group_leader, start_boottime) / NS_PER_TICK;
}

/* A full map means that a step stays unknown: then no rule that names a step fits it. */
static __always_inline void note_newborn(struct task_struct *creator, struct task_struct *child)
{
	__u32 pid = pid_of(creator);
	__u64 *worker = bpf_map_lookup_elem(&workers, &pid);
	__u64 ticks;

	if (!worker || *worker != ticks_of(creator))
		return;
	pid = pid_of(child);
	ticks = ticks_of(child);
	bpf_map_update_elem(&newborn_steps, &pid, &ticks, BPF_ANY);
}

static __always_inline void forget_newborn(__u32 pid)
{
	bpf_map_delete_elem(&newborn_steps, &pid);
}

/* Whether the running process is one, for the last time. */
static __always_inline int was_newborn(struct task_struct *task)
{
	__u32 pid = pid_of(task);
	__u64 *ticks = bpf_map_lookup_elem(&newborn_steps, &pid);
	int newborn = ticks && *ticks == ticks_of(task);

	if (ticks)
		forget_newborn(pid);
	return newborn;
}

struct environ_walk {
	struct task_struct *task;
	unsigned long start;
	unsigned long size;
};

/* Sends one part. Returns 1 after the last one. */
static long send_environ_part(__u32 index, struct environ_walk *walk)
{
	unsigned long at = (unsigned long)index * ENVIRON_PART, size = walk->size - at;
	struct environ_event *event = bpf_ringbuf_reserve(&process_events, sizeof(*event), 0);
	int last = size <= ENVIRON_PART;

	if (!event) {
		lost_event();
		return 1;
	}
	fill_head(&event->head, EVENT_ENVIRON, walk->task);
	if (size > ENVIRON_PART)
		size = ENVIRON_PART;
	event->length = size;
	event->index = index;
	if (last)
		event->head.flags |= FLAG_ENVIRON_LAST;
	if (bpf_probe_read_user(event->text, size, (void *)(walk->start + at)))
		event->head.flags |= FLAG_ENVIRON_BROKEN;
	bpf_ringbuf_submit(event, 0);
	return last;
}

static __always_inline void send_environ(struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct environ_walk walk = { .task = task, .start = BPF_CORE_READ(mm, env_start) };

	walk.size = BPF_CORE_READ(mm, env_end) - walk.start;
	bpf_loop(ENVIRON_PARTS, send_environ_part, &walk, 0);
}
