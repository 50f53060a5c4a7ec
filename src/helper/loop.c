/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.c - helpers that call a subprogram of the program back. */
#include "helper/private.h"
#include "map/map.h"

#define LOOPS_MAX (8u << 20) /* BPF_MAX_LOOPS */

HELPER(loop)
{
	struct run_ctx *run = helper_run();
	u32 cnt = (u32)r1;

	if (r4)
		return -EINVAL;
	if (cnt > LOOPS_MAX)
		return -E2BIG;
	for (u32 i = 0; i < cnt; i++)
		if (run->call_func(run, r2, (u64[5]){ i, r3 }))
			return i + 1;
	return cnt;
}

struct each_call {
	struct run_ctx *run;
	u64 func, ctx;
};

static long each_elem(void *arg, struct skep_map *map, void *key, void *value)
{
	struct each_call *call = arg;

	return (long)call->run->call_func(call->run, call->func,
					  (u64[5]){ (uintptr_t)map, (uintptr_t)key,
						    (uintptr_t)value, call->ctx });
}

HELPER(for_each_map_elem)
{
	struct skep_map *map = (struct skep_map *)(uintptr_t)r1;
	struct each_call call = { .run = helper_run(), .func = r2, .ctx = r3 };

	if (r4)
		return -EINVAL;
	return map->ops->for_each(map, each_elem, &call, r4);
}
