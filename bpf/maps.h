/* Maps of all programs. */
#pragma once

#include "shared.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} gate_mode SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} scope SEC(".maps");

/* The scope's cgroup id. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} scope_id SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings_of_run SEC(".maps");

/* Devices that the scope brought up, by index. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
} scope_devices SEC(".maps");

/* Whole machine: bridges, by index. What leaves by one stays on the machine, or leaves by an uplink next. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
} inner_devices SEC(".maps");

/* Registered roles: pid to start time in ticks. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} role_pids SEC(".maps");

/* Sockets of the registered roles; what a listener of theirs accepts is theirs too. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, __u8);
} role_sockets SEC(".maps");

/*
 * Whole machine: sockets of other network namespaces, which containers have. What they send comes to the
 * machine by its bridges, and leaves it by its uplinks. The value is who sent last by a socket that is not
 * connected (UDP).
 */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct owner);
} inner_sockets SEC(".maps");

/* Whole machine: its ends of containers' veth devices, with the bridge that each is a port of. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u32);
} inner_ports SEC(".maps");

/* Not LRU: nobody can push another's connection out. A full map means that a flow has no owner. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow_key);
	__type(value, struct owner);
} tcp_owner SEC(".maps");

/* Connections that ended before they could be judged. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct flow_key);
	__type(value, struct owner);
} tcp_closed SEC(".maps");

/* UDP sockets have no end that a program sees for each flow, hence LRU. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, struct flow_key);
	__type(value, struct owner);
} udp_owner SEC(".maps");

/* UDP flows with a verdict: until when (ns since boot). Written by user space alone. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct flow_key);
	__type(value, __u64);
} allowed_flows SEC(".maps");

/* Processes that were born or ran something in the scope: pid to start time in ticks. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u64);
} members SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct report_key);
	__type(value, struct report_seen);
} reports_seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stats);
} gate_stats SEC(".maps");

/* Two buffers: a flood of reports must not cost process events. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} gate_events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} process_events SEC(".maps");

static __always_inline struct stats *stats_of_cpu(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&gate_stats, &zero);
}

static __always_inline __u32 current_mode(void)
{
	__u32 zero = 0;
	__u32 *mode = bpf_map_lookup_elem(&gate_mode, &zero);
	return mode ? *mode : MODE_CLOSED;
}

static __always_inline int is_machine(void)
{
	__u32 zero = 0;
	struct settings *settings = bpf_map_lookup_elem(&settings_of_run, &zero);
	return settings && settings->machine;
}
