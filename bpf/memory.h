/*
 * The memory of a runner's worker, where a job's secrets are. Where the kernel takes a program that can refuse,
 * no other process gets at it, root's neither; everywhere the end of the system call shows who tried. User space
 * knows which threads are a worker's, and drops what was about others.
 */
#pragma once

#include "steps.h"
#include "syscalls.h"

#define PROC_SUPER_MAGIC_K 0x9fa0
#define EACCES_K 13
/* include/linux/ptrace.h: every way to a process's memory asks for this, looks at its status do not. */
#define PTRACE_MODE_ATTACH_K 2
/* include/uapi/linux/ptrace.h */
#define PTRACE_ATTACH_K 16
#define PTRACE_SEIZE_K 0x4206

#if defined(__TARGET_ARCH_x86)
#define NR_OPEN 2
#define NR_PTRACE 101
#define NR_OPENAT 257
#define NR_VM_READV 310
#define NR_VM_WRITEV 311
#define NR_COMPAT_OPEN 5
#define NR_COMPAT_PTRACE 26
#define NR_COMPAT_OPENAT 295
#define NR_COMPAT_VM_READV 347
#define NR_COMPAT_VM_WRITEV 348
#elif defined(__TARGET_ARCH_arm64)
#define NR_OPENAT 56
#define NR_PTRACE 117
#define NR_VM_READV 270
#define NR_VM_WRITEV 271
#endif
#define NR_OPENAT2 437

/* Calls that a hook has told of already: thread to 1. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u8);
} memory_told SEC(".maps");

static __always_inline void report_memory(__u8 way, __u32 thread, int refused, __u32 mode)
{
	struct report report = {};
	struct owner owner = {};

	current_owner(&owner);
	__builtin_memcpy(report.key.daddr, &thread, sizeof(thread));
	report.key.pid = owner.pid;
	report.key.dport = refused;
	report.key.proto = way;
	report.key.reason = REASON_MEMORY;
	report.start = owner.start;
	report.cgroup = owner.cgroup;
	report.mode = mode;
	send_report(&report);
}

static __always_inline int is_worker(struct task_struct *task)
{
	__u32 pid = pid_of(task);
	__u64 *ticks = bpf_map_lookup_elem(&workers, &pid);

	return ticks && *ticks == ticks_of(task);
}

/* The kernel asks no hook when a process looks at itself. */
static __always_inline int refuse_memory(struct task_struct *target, unsigned int access)
{
	__u64 thread = bpf_get_current_pid_tgid();
	__u32 mode = current_mode();
	int refused = mode != MODE_AUDIT;
	__u8 yes = 1;

	if (!(access & PTRACE_MODE_ATTACH_K) || !is_worker(target))
		return 0;
	bpf_map_update_elem(&memory_told, &thread, &yes, BPF_ANY);
	report_memory(MEMORY_ANY, pid_of(target), refused, mode);
	return refused ? -EPERM_K : 0;
}

/* Has an effect only where `bpf` is among the kernel's active security modules. */
SEC("?lsm/ptrace_access_check")
int BPF_PROG(memory_lsm, struct task_struct *target, unsigned int access)
{
	return refuse_memory(target, access);
}

/* As the kernel's own function returns it, before any security module is asked. */
SEC("?fmod_ret/security_ptrace_access_check")
int BPF_PROG(memory_fmod, struct task_struct *target, unsigned int access)
{
	return refuse_memory(target, access);
}

struct call {
	unsigned long nr;
	unsigned long args[3];
};

/* The call that ends, numbered as the processor's own calls are. */
static __always_inline void read_call(struct pt_regs *regs, struct call *call)
{
#if defined(__TARGET_ARCH_x86)
	call->nr = BPF_CORE_READ(regs, orig_ax);
	if (BPF_CORE_READ(regs, cs) == USER32_CS) {
		call->args[0] = (__u32)BPF_CORE_READ(regs, bx);
		call->args[1] = (__u32)BPF_CORE_READ(regs, cx);
		call->nr = call->nr == NR_COMPAT_OPEN      ? NR_OPEN
			   : call->nr == NR_COMPAT_PTRACE    ? NR_PTRACE
			   : call->nr == NR_COMPAT_OPENAT    ? NR_OPENAT
			   : call->nr == NR_COMPAT_VM_READV  ? NR_VM_READV
			   : call->nr == NR_COMPAT_VM_WRITEV ? NR_VM_WRITEV
			   : call->nr == NR_OPENAT2	     ? NR_OPENAT2
							     : ~0UL;
		return;
	}
	call->args[0] = BPF_CORE_READ(regs, di);
	call->args[1] = BPF_CORE_READ(regs, si);
#elif defined(__TARGET_ARCH_arm64)
	call->nr = BPF_CORE_READ(regs, syscallno);
	call->args[0] = BPF_CORE_READ(regs, orig_x0);
	call->args[1] = BPF_CORE_READ(regs, regs[1]);
#endif
}

/* Whether process ids mean the same to the running process as to user space. */
static __always_inline int counts_as_we_do(void)
{
	__u32 zero = 0;
	struct settings *settings = bpf_map_lookup_elem(&settings_of_run, &zero);
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	void *numbers = (void *)pid + bpf_core_field_offset(struct pid, numbers);
	struct upid *own = numbers + (level & 31) * bpf_core_type_size(struct upid);

	return settings && BPF_CORE_READ(own, ns, ns.inum) == settings->pidns;
}

/* The thread whose `mem` this file is, or 0. */
static __always_inline __u32 thread_of_mem(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct proc_inode *proc;
	char name[5] = {};

	if (BPF_CORE_READ(inode, i_sb, s_magic) != PROC_SUPER_MAGIC_K)
		return 0;
	if (bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name)) != 4 ||
	    name[0] != 'm' || name[1] != 'e' || name[2] != 'm')
		return 0;
	proc = (void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);
	return number_of(BPF_CORE_READ(proc, pid));
}

#define PATH_SIZE 32
#define DIGITS 10

/* The process that `/proc/PID/mem` or `/proc/PID/task/TID/mem` names, or 0: all that is known of a failed open. */
static __always_inline __u32 process_of_path(const char *path)
{
	char text[PATH_SIZE] = {};
	__u32 number = 0;
	int i;

	if (bpf_probe_read_user_str(text, sizeof(text), path) < 0)
		return 0;
	if (text[0] != '/' || text[1] != 'p' || text[2] != 'r' || text[3] != 'o' || text[4] != 'c' || text[5] != '/')
		return 0;
	for (i = 6; i < 6 + DIGITS && text[i] >= '0' && text[i] <= '9'; i++)
		number = number * 10 + text[i] - '0';
	if (text[i] != '/')
		return 0;
	if (text[i + 1] == 'm' && text[i + 2] == 'e' && text[i + 3] == 'm' && !text[i + 4])
		return number;
	return text[i + 1] == 't' && text[i + 2] == 'a' && text[i + 3] == 's' && text[i + 4] == 'k' ? number : 0;
}

static __always_inline __u32 thread_of_open(const char *path, long ret)
{
	struct file *file;

	if (ret == -EACCES_K || ret == -EPERM_K)
		return counts_as_we_do() ? process_of_path(path) : 0;
	file = ret < 0 ? 0 : file_of_fd(ret);
	return file ? thread_of_mem(file) : 0;
}

/* Which thread's memory the call was about, or 0; `way` is set then. */
static __always_inline __u32 thread_of_call(struct call *call, long ret, __u8 *way)
{
	__u32 thread = 0;

	if (call->nr == NR_PTRACE && (call->args[0] == PTRACE_ATTACH_K || call->args[0] == PTRACE_SEIZE_K)) {
		*way = MEMORY_PTRACE;
		thread = call->args[1];
	} else if (call->nr == NR_VM_READV || call->nr == NR_VM_WRITEV) {
		*way = MEMORY_VM;
		thread = call->args[0];
	} else {
		*way = MEMORY_FILE;
#if defined(NR_OPEN)
		if (call->nr == NR_OPEN)
			return thread_of_open((void *)call->args[0], ret);
#endif
		if (call->nr == NR_OPENAT || call->nr == NR_OPENAT2)
			return thread_of_open((void *)call->args[1], ret);
		return 0;
	}
	return (ret >= 0 || ret == -EPERM_K) && counts_as_we_do() ? thread : 0;
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(memory_syscalls, struct pt_regs *regs, long ret)
{
	__u64 current = bpf_get_current_pid_tgid();
	struct call call = {};
	__u32 thread;
	__u8 way;

	read_call(regs, &call);
	thread = thread_of_call(&call, ret, &way);
	if (!thread || is_worker((void *)bpf_get_current_task()))
		return 0;
	if (bpf_map_delete_elem(&memory_told, &current))
		report_memory(way, thread, ret < 0, current_mode());
	return 0;
}
