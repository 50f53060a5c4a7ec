/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack.c - helpers that read the stacks which a program finds above it: that of the kernel, and that of the task
 * in user space. A simulated kernel has none of its own, so they are what the test run was given.
 */
#include "map/stack_map.h"
#include "runtime/runtime.h"
#include "trace/private.h"

#include <errno.h>
#include <string.h>

#include <linux/bpf.h>

/* The innermost addresses that @flags leave, of at most STACK_FRAMES_MAX that are collected at all; -EFAULT: there
 * is no stack, or it is not that deep. */
static int find_stack(u64 flags, struct ip_list *ret)
{
	const struct run_env *env = vcpu_current()->env;
	u32 skip = flags & BPF_F_SKIP_FIELD_MASK;

	*ret = !env ? (struct ip_list){ 0 } : flags & BPF_F_USER_STACK ? env->given.user_stack : env->given.kernel_stack;
	ret->cnt = min_of(ret->cnt, (u32)STACK_FRAMES_MAX);
	if (!ret->cnt || ret->cnt < skip)
		return -EFAULT;
	ret->ips += skip;
	ret->cnt -= skip;
	return 0;
}

static u64 get_stackid(u64 r1 __unused_arg, u64 r2, u64 r3, u64 r4 __unused_arg, u64 r5 __unused_arg)
{
	struct ip_list stack;
	int err;

	if (r3 & ~(u64)(BPF_F_SKIP_FIELD_MASK | BPF_F_USER_STACK | BPF_F_FAST_STACK_CMP | BPF_F_REUSE_STACKID))
		return -EINVAL;
	err = find_stack(r3, &stack);
	if (err || !stack.cnt)
		return -EFAULT;
	return (u64)stack_map_store((struct skep_map *)(uintptr_t)r2, stack.ips, stack.cnt, r3);
}

static long read_stack(void *buf, u32 size, u64 flags)
{
	u32 frame = flags & BPF_F_USER_BUILD_ID ? sizeof(struct bpf_stack_build_id) : sizeof(u64), cnt;
	struct ip_list stack;
	int err;

	if (flags & ~(u64)(BPF_F_SKIP_FIELD_MASK | BPF_F_USER_STACK | BPF_F_USER_BUILD_ID) ||
	    (flags & BPF_F_USER_BUILD_ID && !(flags & BPF_F_USER_STACK)) || size % frame)
		return -EINVAL;
	err = find_stack(flags, &stack);
	if (err)
		return err;
	cnt = min_of(stack.cnt, size / frame);
	stack_frames_copy(buf, stack.ips, cnt, frame);
	return cnt * frame;
}

/* No byte of the buffer stays as it was. */
static u64 get_stack(u64 r1 __unused_arg, u64 r2, u64 r3, u64 r4, u64 r5 __unused_arg)
{
	u8 *buf = (u8 *)(uintptr_t)r2;
	u32 size = (u32)r3;
	long len = read_stack(buf, size, r4);

	if (size)
		memset(buf + (len > 0 ? len : 0), 0, size - (u32)(len > 0 ? len : 0));
	return (u64)len;
}

int stack_helpers_register(struct skep *skep)
{
	int err = skep_register_helper(skep, BPF_PROG_TYPE_UNSPEC, BPF_FUNC_get_stackid, get_stackid);

	return err ? err : skep_register_helper(skep, BPF_PROG_TYPE_UNSPEC, BPF_FUNC_get_stack, get_stack);
}
