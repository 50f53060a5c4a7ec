/* SPDX-License-Identifier: BSD-2-Clause */
/* targets.c - which machines there are, and which of them this process runs on: all that names one outside of its folder. */
#include "jit/target.h"

extern const struct jit_target x64_target, x64_bmi2_target;

static const struct jit_target *const targets[] = { &x64_target, &x64_bmi2_target };

const struct jit_target *jit_target_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		if (!strcmp(targets[i]->name, name))
			return targets[i];
	return NULL;
}

const struct jit_target *jit_target_host(void)
{
#if defined(__x86_64__) && defined(__LP64__)
	return __builtin_cpu_supports("bmi2") ? &x64_bmi2_target : &x64_target;
#else
	return NULL;
#endif
}

const char *jit_target_name(const struct jit_target *target)
{
	return target->name;
}

u8 jit_host_filler(void)
{
#if defined(__x86_64__)
	return 0xcc; /* int3 */
#else
	return 0;
#endif
}
