/* SPDX-License-Identifier: BSD-2-Clause */
/* holder.bpf.c - takes a lock and is slow elsewhere: may not be stopped, for nobody would unlock. It ends by itself. */
#include "plugin.h"

struct guarded {
	struct bpf_spin_lock lock;
	__u32 cnt;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct guarded);
} guarded SEC(".maps");

static long add(__u32 i, __u32 *sum)
{
	*sum += i;
	return 0;
}

SEC("syscall")
int score(struct request *req)
{
	__u32 zero = 0, sum = 0;
	struct guarded *g = bpf_map_lookup_elem(&guarded, &zero);

	bpf_loop(100000, add, &sum, 0);
	if (g) {
		bpf_spin_lock(&g->lock);
		g->cnt++;
		bpf_spin_unlock(&g->lock);
	}
	req->score = 7;
	return 0;
}
