/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * given.c - helpers that tell of the place and the event for which a program runs. A simulated kernel has
 * neither, so the answers are what the test run was given.
 */
#include "runtime/runtime.h"
#include "trace/private.h"

#include <errno.h>
#include <string.h>

#include <linux/bpf.h>

static const struct run_given *given(void)
{
	static const struct run_given nothing;
	const struct run_env *env = vcpu_current()->env;

	return env ? &env->given : &nothing;
}

#define GIVEN(name)                                                                                \
	static u64 name(u64 r1 __unused_arg, u64 r2 __unused_arg, u64 r3 __unused_arg,             \
			u64 r4 __unused_arg, u64 r5 __unused_arg)

GIVEN(get_attach_cookie)
{
	return given()->attach_cookie;
}

GIVEN(get_func_ip)
{
	return given()->func_ip;
}

GIVEN(perf_prog_read_value)
{
	void *to = (void *)(uintptr_t)r2;
	u32 size = (u32)r3;

	if (size != sizeof(struct bpf_perf_event_value)) {
		memset(to, 0, size);
		return -EINVAL;
	}
	memcpy(to, given()->event_value, size);
	return 0;
}

int given_helpers_register(struct skep *skep)
{
	static const struct {
		u32 id;
		helper_fn fn;
	} rows[] = {
		{ BPF_FUNC_get_attach_cookie, get_attach_cookie },
		{ BPF_FUNC_get_func_ip, get_func_ip },
		{ BPF_FUNC_perf_prog_read_value, perf_prog_read_value },
	};
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(rows) && !err; i++)
		err = skep_register_helper(skep, BPF_PROG_TYPE_UNSPEC, rows[i].id, rows[i].fn);
	return err;
}
