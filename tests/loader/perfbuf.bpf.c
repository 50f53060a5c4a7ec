/* SPDX-License-Identifier: BSD-2-Clause */
/* perfbuf.bpf.c - writes records of the size that it is told, each with its number in all words. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define WORDS 64

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

unsigned int number, size = 8;

SEC("xdp")
int emit(struct xdp_md *ctx)
{
	unsigned int record[WORDS], len = size;

	number++;
	for (int i = 0; i < WORDS; i++)
		record[i] = number;
	if (len > sizeof(record))
		return -1;
	return bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, record, len);
}

char _license[] SEC("license") = "GPL";
