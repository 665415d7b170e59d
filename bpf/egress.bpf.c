/*
 * Programs of the kernel role: who made a flow, which processes there are, and the last gate.
 * Only program types that depend on no internal function's name, so that they load on any kernel
 * with BTF from 6.0 on, lockdown=integrity included; the two of memory.h that need more are left out elsewhere.
 */
#include <stddef.h>
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#include "gate.h"
#include "memory.h"
#include "port.h"
#include "process.h"
#include "roles.h"
#include "syscalls.h"
#include "uplink.h"

/* Probing kernel memory needs a GPL-compatible licence; the programs are under both. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";
