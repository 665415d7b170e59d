/*
 * Layouts that cross into user space. src/kernel/bpf/layout.ts decodes exactly these; all integers
 * are host-endian except addresses and the ports of packets, which stay in network order.
 */
#pragma once

#include <linux/types.h>

/* A map that was never written reads 0: closed. */
enum gate_mode { MODE_CLOSED = 0, MODE_ENFORCE = 1, MODE_AUDIT = 2 };

enum gate_reason {
	REASON_PACKET = 1,	/* left the scope without a verdict */
	REASON_IPV6 = 2,	/* connect or send to an IPv6 address */
	REASON_SOCKET = 3,	/* socket of a kind that the scope may not have */
	REASON_LEFT = 4,	/* socket of a process that left the scope's cgroup */
	REASON_FRAMES = 5,	/* socket that sends frames past every hook */
	REASON_CALL = 6,	/* system call that takes hold of others' kernel objects */
	REASON_FORWARDED = 7,	/* packet without a socket, at an uplink */
	REASON_MEMORY = 8,	/* way into a process's memory */
	REASON_CONTAINER = 9,	/* what a container sends into the world and cannot be judged */
};

/* Which call REASON_CALL is about; in the place of the protocol. */
enum refused_call { CALL_BPF = 1, CALL_SOCKET = 2, CALL_GETFD = 3, CALL_OPTION = 4 };

/*
 * How REASON_MEMORY was tried; in the place of the protocol. The address starts with the thread whose memory it is,
 * and the port is 1 if it was refused.
 */
enum memory_way { MEMORY_ANY = 0, MEMORY_PTRACE = 1, MEMORY_FILE = 2, MEMORY_VM = 3 };

/* Start times as /proc counts them: all that user space knows of processes older than the programs. */
#define NS_PER_TICK 10000000ULL

/* What the hook at the uplinks must know. */
struct settings {
	__u64 scope_id;
	/* Everything is the scope but the registered roles. */
	__u32 machine;
	/* Inode of the network namespace whose uplinks these are. */
	__u32 netns;
	/* Inode of egress's pid namespace. */
	__u32 pidns;
	/* Marks of containers' packets: to be judged, and on their way to another container or the machine. */
	__u32 container_mark;
	__u32 inside_mark;
	__u32 pad;
};

/* A flow as its socket sees it. Source address 0: not bound to one. */
struct flow_key {
	__u32 saddr;
	__u32 daddr;
	__u16 sport;
	__u16 dport;
	__u32 proto;
};

/* Who made a flow; `start` (ns since boot) tells a reused pid apart. */
struct owner {
	__u64 start;
	__u64 cgroup;
	__u64 at;
	__u32 pid;
	/* The process was in another network namespace than the machine's: the note is about that one's ports. */
	__u32 inner;
};

struct stats {
	__u64 passed;
	__u64 dropped;
	__u64 reported;
	/* Process events that found the ring buffer full. */
	__u64 lost;
};

/* What makes two reports the same one. `daddr` is v4-mapped for IPv4. */
struct report_key {
	__u8 daddr[16];
	__u32 pid;
	__u16 dport;
	__u8 proto;
	__u8 reason;
};

struct report_seen {
	__u64 at;
	__u64 count;
};

struct report {
	struct report_key key;
	__u64 start;
	__u64 cgroup;
	__u64 count;
	__u64 at;
	__u16 sport;
	__u16 family;
	__u32 mode;
};

enum process_event_kind { EVENT_FORK = 1, EVENT_EXEC = 2, EVENT_EXIT = 3, EVENT_ENVIRON = 4 };

#define EXE_SIZE 1024
#define ARGV_SIZE 2048

struct process_event {
	__u32 kind;
	__u32 pid;
	__u32 ppid;
	__u32 flags;
	__u64 start;
	__u64 cgroup;
	__u64 at;
	__u64 parent_start;
};

#define FLAG_EXE_TRUNCATED 1
#define FLAG_ARGV_TRUNCATED 2
#define FLAG_EXE_DELETED 4

/* `exe` holds the path's names, last one first, each ended by a NUL. */
struct exec_event {
	struct process_event head;
	__u32 exe_len;
	__u32 argv_len;
	char exe[EXE_SIZE + 256];
	char argv[ARGV_SIZE];
};

#define ENVIRON_PART 16384
#define FLAG_ENVIRON_LAST 1
#define FLAG_ENVIRON_BROKEN 2

/* A part of what a step's process began with. An environment that never has a last part was too long. */
struct environ_event {
	struct process_event head;
	__u32 length;
	__u32 index;
	char text[ENVIRON_PART];
};
