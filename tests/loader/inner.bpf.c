/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of maps and an array of programs that have something in them from the start. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, int);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { [0] = &first, [2] = &second },
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, int);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 2);
		__type(key, int);
		__type(value, int);
	});
} by_key SEC(".maps");

/* How many events there are is the machine's to say, also where they are inner maps. */
struct events {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, int);
	__type(value, int);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, int);
	__array(values, struct events);
} of_events SEC(".maps") = {
	.values = { &events },
};

int called(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, int(void *ctx));
} table SEC(".maps") = {
	.values = { [1] = (void *)&called },
};

SEC("xdp")
int called(void *ctx)
{
	return 17;
}

SEC("xdp")
int sum(struct xdp_md *ctx)
{
	long total = 0, *n;
	void *map;

	for (int i = 0; i < 3; i++) {
		int key = i;

		map = bpf_map_lookup_elem(&outer, &key);
		if (!map)
			continue;
		key = 1;
		n = bpf_map_lookup_elem(map, &key);
		if (n)
			total += *n;
	}
	return total;
}

SEC("xdp")
int jump(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &table, 1);
	return 1;
}
