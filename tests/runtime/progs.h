/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progs.h - small programs of any type: loaded into an instance and, where bpf(2) is permitted, into the
 * running kernel (6.18 or later); run on contexts of one's own. For test programs with one instance.
 */
#ifndef TESTS_RUNTIME_PROGS_H
#define TESTS_RUNTIME_PROGS_H

#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include "insns.h"

#include <skep/skep.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

static struct skep *skep;
static u32 engine;

struct prog_case {
	const char *name;
	u32 type, attach_type;
	struct bpf_insn insns[48]; /* up to the last one that is not 0 */
	const char *why;	   /* Linux's words when it is refused */
};
#define CODE(...) .insns = { __VA_ARGS__ }

static inline int prog_load(bool kernel, const struct prog_case *c, char *log, u32 log_size)
{
	union bpf_attr attr = { 0 };
	u32 cnt = ARRAY_SIZE(c->insns);
	long ret;

	while (cnt && !c->insns[cnt - 1].code)
		cnt--;
	attr.prog_type = c->type;
	attr.expected_attach_type = c->attach_type;
	attr.insns = (u64)(uintptr_t)c->insns;
	attr.insn_cnt = cnt;
	attr.license = (u64)(uintptr_t)"GPL";
	attr.log_buf = (u64)(uintptr_t)log;
	attr.log_size = log_size;
	attr.log_level = log ? 1 : 0;
	if (!kernel)
		return (int)skep_bpf(skep, NULL, BPF_PROG_LOAD, &attr, sizeof(attr));
	ret = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	return ret < 0 ? -errno : (int)ret;
}

static inline bool kernel_answers(void)
{
	const struct prog_case c = { .type = BPF_PROG_TYPE_XDP, CODE(MOV_K(0, 0), EXIT_()) };
	struct utsname uts;
	int major = 0, minor = 0, fd;

	uname(&uts);
	sscanf(uts.release, "%d.%d", &major, &minor);
	if (major < 6 || (major == 6 && minor < 18))
		return false;
	fd = prog_load(true, &c, NULL, 0);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Both refuse each program, in the same words. */
static inline void check_refused(const struct prog_case *cases, size_t cnt)
{
	static char log[65536];
	bool kernel = kernel_answers();

	for (size_t i = 0; i < cnt; i++) {
		for (int k = 0; k < 1 + kernel; k++) {
			log[0] = '\0';
			if (prog_load(k, &cases[i], log, sizeof(log)) >= 0)
				fail_msg("%s: %s loads it", cases[i].name, k ? "the kernel" : "skep");
			if (!strstr(log, cases[i].why))
				fail_msg("%s: %s says not \"%s\" but\n%s", cases[i].name,
					 k ? "the kernel" : "skep", cases[i].why, log);
		}
	}
}

/* Loads the program here, and into the kernel as far as it answers. */
static inline int load_good(const struct prog_case *c)
{
	static char log[65536];
	int fd;

	if (kernel_answers()) {
		fd = prog_load(true, c, log, sizeof(log));
		if (fd < 0)
			fail_msg("%s: the kernel refuses it: %s", c->name, log);
		close(fd);
	}
	fd = prog_load(false, c, log, sizeof(log));
	if (fd < 0)
		fail_msg("%s: %s", c->name, log);
	return fd;
}

/* One run; the context is changed in place. Returns what skep_prog_test() does. */
static inline int run_fd(int fd, void *ctx, u32 ctx_size, void *data, u32 data_size, u32 *ret_retval)
{
	struct skep_test test = { .sz = sizeof(test), .ctx_in = ctx, .ctx_out = ctx, .ctx_size_in = ctx_size,
				  .ctx_size_out = ctx_size, .data_in = data, .data_size_in = data_size,
				  .data_out = data, .data_size_out = data_size };
	int err = skep_prog_test(skep, fd, &test);

	*ret_retval = test.retval;
	return err;
}

static inline int boot(void **state __unused_arg)
{
	return skep_boot(&(struct skep_opts){ .cpu_cnt = 2, .engine = engine }, &skep);
}

static inline int end(void **state __unused_arg)
{
	skep_free(skep);
	return 0;
}

/* All of @tests with the JIT where there is one, then with the interpreter; how many failed. */
#define RUN_ON_BOTH(tests)                                                                         \
	({                                                                                         \
		int failed;                                                                        \
                                                                                                   \
		engine = SKEP_ENGINE_AUTO;                                                         \
		failed = cmocka_run_group_tests_name("auto", tests, boot, end);                    \
		engine = SKEP_ENGINE_INTERP;                                                       \
		failed + cmocka_run_group_tests_name("interp", tests, boot, end);                  \
	})

#endif
