/* Telling user space what was refused, without letting a flood drown it. */
#pragma once

#include "maps.h"

#define REPORT_INTERVAL_NS 1000000000ULL

static __always_inline void map_v4(__u8 *out, __u32 address)
{
	__builtin_memset(out, 0, 10);
	out[10] = 0xff;
	out[11] = 0xff;
	__builtin_memcpy(out + 12, &address, 4);
}

/*
 * Sends a report unless the same one went out within the last second; then it is only counted, and
 * the next one (or user space, after that second) says how many there were.
 */
static __always_inline void send_report(struct report *report)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct stats *stats = stats_of_cpu();
	struct report_seen *seen = bpf_map_lookup_elem(&reports_seen, &report->key);

	report->at = now;
	report->count = 1;
	if (seen) {
		if (now - seen->at < REPORT_INTERVAL_NS) {
			__sync_fetch_and_add(&seen->count, 1);
			return;
		}
		report->count += seen->count;
		seen->at = now;
		seen->count = 0;
	} else {
		struct report_seen first = { .at = now };
		bpf_map_update_elem(&reports_seen, &report->key, &first, BPF_ANY);
	}
	if (stats)
		stats->reported++;
	bpf_ringbuf_output(&gate_events, report, sizeof(*report), 0);
}
