/* SPDX-License-Identifier: BSD-2-Clause */
/* machines.h - the same test on skep's JIT, its interpreter and, where bpf(2) is permitted, the running
 * kernel, through the same API. */
#ifndef MACHINES_H
#define MACHINES_H

#include "base/types.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <skep/skep.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum machine { ON_JIT, ON_INTERP, ON_KERNEL };

static const char *obj_dir;
static struct skep *machine_skep;
static char messages[65536]; /* what the loader said since clear_messages() */

static inline int keep_message(enum libbpf_print_level level, const char *fmt, va_list args)
{
	size_t len = strlen(messages);

	if (level <= LIBBPF_WARN)
		vsnprintf(messages + len, sizeof(messages) - len, fmt, args);
	return 0;
}

static inline void clear_messages(void)
{
	messages[0] = '\0';
}

static inline void assert_said(const char *text)
{
	if (strstr(messages, text))
		return;
	print_error("not said: %s\nbut:\n%s\n", text, messages);
	fail();
}

/* May a program of two insns be loaded? */
static inline bool kernel_permits(void)
{
	static const struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K },
						 { .code = BPF_JMP | BPF_EXIT } };
	int fd;

	skep_use_kernel(true);
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "probe", "GPL", insns, 2, NULL);
	skep_use_kernel(false);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void start(enum machine m)
{
	struct skep_config config = { .sz = sizeof(config), .engine = m == ON_INTERP ? SKEP_RUN_INTERP : SKEP_RUN_AUTO,
				      .cpu_cnt = 2 };

	clear_messages();
	skep_use_kernel(m == ON_KERNEL);
	machine_skep = NULL;
	if (m == ON_KERNEL)
		return;
	assert_int_equal(skep_create(&config, &machine_skep), 0);
	skep_default_instance_set(machine_skep);
}

static void stop(void)
{
	skep_use_kernel(false);
	skep_default_instance_set(NULL);
	skep_destroy(machine_skep);
	machine_skep = NULL;
}

/* Runs @test on each machine; the kernel is left out where it may not be used. */
static inline void on_each(void (*test)(enum machine m))
{
	for (enum machine m = ON_JIT; m <= ON_KERNEL; m++) {
		if (m == ON_KERNEL && !kernel_permits())
			continue;
		start(m);
		test(m);
		stop();
	}
}

static const char *obj_path(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s.bpf.o", obj_dir, name);
	return path;
}

static inline struct bpf_object *open_obj(const char *name, const struct bpf_object_open_opts *opts)
{
	struct bpf_object *obj = bpf_object__open_file(obj_path(name), opts);

	if (!obj)
		print_error("%s: %s\n%s", name, strerror(errno), messages);
	assert_non_null(obj);
	return obj;
}

static inline void load_obj(struct bpf_object *obj)
{
	int err = bpf_object__load(obj);

	if (err)
		fprintf(stderr, "%s: %s\n%s", bpf_object__name(obj), strerror(-err), messages);
	assert_int_equal(err, 0);
}

/* Of an XDP or tc program over 64 bytes. */
static inline u32 run_prog(const struct bpf_object *obj, const char *prog)
{
	static const u8 packet[64] = { 0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x08 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof(packet));
	struct bpf_program *p = bpf_object__find_program_by_name(obj, prog);

	assert_non_null(p);
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(p), &run), 0);
	return run.retval;
}

/* Where a variable lives after loading. */
static inline void *var_at(const struct bpf_object *obj, const char *section, const char *var, u32 want_size)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, section);
	u32 off = 0, size = 0;

	assert_non_null(map);
	if (!btf__find_var(bpf_object__btf(obj), section, var, &off, &size) || size != want_size)
		fail_msg("%s has no %s of %u bytes", section, var, want_size);
	assert_non_null(bpf_map__initial_value(map, NULL));
	return (u8 *)bpf_map__initial_value(map, NULL) + off;
}

static inline int int_var(const struct bpf_object *obj, const char *section, const char *var)
{
	return *(int *)var_at(obj, section, var, 4);
}

#endif
