/* SPDX-License-Identifier: BSD-2-Clause */
/* judges.c - who a case or a generated program is put before: the running kernel, skep's engines. */
#include "case.h"

#ifdef HAVE_SKEP
#include "jit/jit.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"
#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/capability.h>

static long kernel_bpf(void *ctx __unused_arg, int cmd, void *attr, u32 size)
{
	long ret = syscall(SYS_bpf, cmd, attr, size);

	return ret < 0 ? -errno : ret;
}

static bool kernel_perfmon(bool on)
{
	struct __user_cap_header_struct hdr = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	const u32 perfmon = 1u << (CAP_PERFMON - 32), admin = 1u << CAP_SYS_ADMIN;

	if (syscall(SYS_capget, &hdr, data))
		return false;
	data[1].effective = on ? data[1].effective | (data[1].permitted & perfmon) :
				 data[1].effective & ~perfmon;
	data[0].effective = on ? data[0].effective | (data[0].permitted & admin) :
				 data[0].effective & ~admin;
	return !syscall(SYS_capset, &hdr, data);
}

static long kernel_load(union bpf_attr *attr, enum judge_rights rights)
{
	long fd;

	if (rights != RIGHTS_ALL && !kernel_perfmon(false))
		return -EPERM;
	fd = kernel_bpf(NULL, BPF_PROG_LOAD, attr, sizeof(*attr));
	if (rights != RIGHTS_ALL)
		kernel_perfmon(true);
	return fd;
}

static bool kernel_permits_bpf(void)
{
	union bpf_attr attr = { 0 };
	long fd;

	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 4;
	attr.max_entries = 1;
	fd = kernel_bpf(NULL, BPF_MAP_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

#ifdef HAVE_SKEP
static long own_bpf(void *ctx, int cmd, void *attr, u32 size)
{
	return skep_bpf(ctx, NULL, cmd, attr, size);
}

static bool own_judge(struct judge *j, u32 engine, u32 jit_harden, u32 codegen)
{
	struct skep_opts opts = { .engine = engine, .cpu_cnt = 2, .unprivileged_bpf = true,
				  .jit_harden = jit_harden, .codegen = codegen };
	struct skep *skep;

	if (skep_boot(&opts, &skep))
		return false;
	j->ctx = skep;
	j->bpf = own_bpf;
	return true;
}
#endif

long judge_load(const struct judge *j, union bpf_attr *attr, enum judge_rights rights)
{
#ifdef HAVE_SKEP
	static const struct skep_cred no_perfmon = { .caps = VCAP_BPF | VCAP_NET_ADMIN, .uid = 1000 };
	static const struct skep_cred none = { .uid = 1000 };

	if (!j->is_kernel)
		return skep_bpf(j->ctx, rights == RIGHTS_ALL ? NULL : rights == RIGHTS_NONE ? &none : &no_perfmon,
				BPF_PROG_LOAD, attr, sizeof(*attr));
#endif
	return j->is_kernel ? kernel_load(attr, rights) : -ENOSYS;
}

bool judge_make(struct judge *j, const char *name)
{
	*j = (struct judge){ .name = name };
	if (!strcmp(name, "kernel")) {
		j->is_kernel = true;
		j->bpf = kernel_bpf;
		return kernel_permits_bpf();
	}
#ifdef HAVE_SKEP
	if (!strcmp(name, "interp"))
		return own_judge(j, SKEP_ENGINE_INTERP, 0, 0);
	if (!strcmp(name, "jit"))
		return own_judge(j, SKEP_ENGINE_JIT, 0, 0);
	if (!strcmp(name, "jit-blind"))
		return own_judge(j, SKEP_ENGINE_JIT, 2, 0);
	if (!strcmp(name, "jit-depth"))
		return own_judge(j, SKEP_ENGINE_JIT, 0, JIT_CALL_DEPTH);
	if (!strcmp(name, "jit-unmarked"))
		return own_judge(j, SKEP_ENGINE_JIT, 0, JIT_NO_LANDING);
#endif
	fprintf(stderr, "no such judge: %s\n", name);
	exit(2);
}

void judge_free(struct judge *judge)
{
#ifdef HAVE_SKEP
	if (judge->ctx)
		skep_free(judge->ctx);
#endif
	judge->ctx = NULL;
}
