/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_far_calls.c - large programs with as many functions as there may be, and calls over more than 32767
 * insns in both directions, through bpf(2) to their results: V-19, V-20. "make asan" reads along.
 */
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include "../runtime/insns.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SUBS	256
#define TREE	(SUBS - 1) /* main and its descendants; the last one returns what it gets */
#define FAN	3
#define STRIDE	97 /* no divisor of SUBS: the place of function nr is nr * STRIDE */
#define FAR	32767

static struct bpf_insn *insns;
static u32 at, len; /* of the function being written; of each function */
static u32 far_forth, far_back;

/* Main stands first, nothing else where its number says. */
static u32 place(u32 nr)
{
	return nr * STRIDE % SUBS * len;
}

static void put(struct bpf_insn insn)
{
	insns[at++] = insn;
}

static void put_call(u32 nr)
{
	s32 dist = (s32)place(nr) - (s32)at - 1;

	far_forth += dist > FAR;
	far_back += dist < -FAR - 1;
	put(INSN_(0x85, 0, 1, 0, dist));
}

/* Returns its number and what its children return. Its last insn but one is a call. */
static void put_tree(u32 nr)
{
	u32 end = place(nr) + len;

	at = place(nr);
	put(MOV_K(6, (s32)nr));
	for (u32 child = nr * FAN + 1; child <= nr * FAN + FAN && child < TREE; child++) {
		put_call(child);
		put(INSN_(0x0f, 6, 0, 0, 0)); /* r6 += r0 */
	}
	while (at < end - 3)
		put(MOV_K(1, 1));
	put(MOV_X(1, 6));
	put_call(TREE);
	put(EXIT_());
}

static void put_identity(void)
{
	at = place(TREE);
	for (u32 i = 0; i < len - 2; i++)
		put(MOV_X(0, 1));
	put(MOV_X(0, 1));
	put(EXIT_());
}

static u32 make(u32 each)
{
	len = each;
	far_forth = far_back = 0;
	insns = calloc((size_t)SUBS * len, sizeof(*insns));
	assert_non_null(insns);
	for (u32 nr = 0; nr < TREE; nr++)
		put_tree(nr);
	put_identity();
	return SUBS * len;
}

static void check(struct skep *skep, u32 cnt, u32 want)
{
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SCHED_CLS, .insn_cnt = cnt };
	u8 packet[64] = { 0 };
	int fd;

	attr.insns = (uintptr_t)insns;
	attr.license = (uintptr_t)"GPL";
	fd = (int)skep_bpf(skep, NULL, BPF_PROG_LOAD, &attr, sizeof(attr));
	assert_true(fd >= 0);
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = (uintptr_t)packet;
	attr.test.data_size_in = sizeof(packet);
	attr.test.repeat = 1;
	assert_int_equal(skep_bpf(skep, NULL, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), 0);
	assert_int_equal(attr.test.retval, want);
	close(fd);
}

static void on_all_engines(u32 cnt, u32 want)
{
	static const struct skep_opts opts[] = {
		{ .cpu_cnt = 1, .engine = SKEP_ENGINE_INTERP },
		{ .cpu_cnt = 1, .engine = SKEP_ENGINE_JIT },
		{ .cpu_cnt = 1, .engine = SKEP_ENGINE_JIT, .jit_harden = 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		struct skep *skep;
		int err = skep_boot(&opts[i], &skep);

		if (err == -EOPNOTSUPP && opts[i].engine == SKEP_ENGINE_JIT)
			continue; /* no machine code here */
		assert_int_equal(err, 0);
		check(skep, cnt, want);
		skep_free(skep);
	}
}

static void far_calls(void **state __unused_arg)
{
	u32 cnt = make(600);

	assert_true(far_forth > 50);
	assert_true(far_back > 50);
	on_all_engines(cnt, TREE * (TREE - 1) / 2);
	free(insns);
}

/* As short as functions get: the end of the program is near everywhere, and the last insn but one calls. */
static void calls_at_the_end(void **state __unused_arg)
{
	u32 cnt = make(2 * FAN + 4);

	assert_int_equal(insns[cnt - 2].code, 0x85);
	on_all_engines(cnt, TREE * (TREE - 1) / 2);
	free(insns);
}

/* A distance whose lowest 16 bits lead to another function: that one is not called. */
static void not_cut_to_16_bits(void **state __unused_arg)
{
	u32 cnt = 0x10000 + 16, near = 5, callee = 0x10000 + near;

	insns = calloc(cnt, sizeof(*insns));
	assert_non_null(insns);
	for (u32 i = 0; i < cnt; i++)
		insns[i] = MOV_K(0, 1);
	insns[0] = INSN_(0x85, 0, 1, 0, (s32)callee - 1);
	insns[1] = MOV_X(6, 0);
	insns[2] = INSN_(0x85, 0, 1, 0, (s32)near - 3);
	insns[3] = INSN_(0x0f, 0, 6, 0, 0);
	insns[4] = EXIT_();
	insns[near] = MOV_K(0, 100);
	insns[near + 1] = EXIT_();
	at = near + 2; /* a third function fills the space, and calls backwards beyond its own 16 bits */
	insns[callee - 2] = INSN_(0x85, 0, 1, 0, (s32)near - (s32)(callee - 2) - 1);
	insns[callee - 1] = EXIT_();
	insns[callee] = INSN_(0x85, 0, 1, 0, (s32)at - (s32)callee - 1);
	insns[callee + 1] = INSN_(0x07, 0, 0, 0, 23);
	insns[callee + 2] = EXIT_();
	on_all_engines(callee + 3, 100 + 23 + 100);
	free(insns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "V-20 V-19 256 functions, calls over 32767 insns forth and back, all engines", far_calls, NULL, NULL, NULL },
		{ "V-19 256 short functions, the last insn but one is a call, all engines", calls_at_the_end, NULL, NULL, NULL },
		{ "V-20 a distance is not cut to 16 bits, all engines", not_cut_to_16_bits, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
