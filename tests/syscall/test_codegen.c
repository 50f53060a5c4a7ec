/* SPDX-License-Identifier: BSD-2-Clause */
/* test_codegen.c - skep_config.codegen: what an instance's machine code looks like, as bpf(2) tells of it. */
#include <skep/skep.h>

#include "../runtime/insns.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define P(p) ((uintptr_t)(p))

struct code {
	uint8_t bytes[1024];
	uint32_t size;
};

/* Loads two functions into @skep, runs them, and gives their machine code. */
static void load_and_run(struct skep *skep, struct code *code)
{
	const struct bpf_insn insns[] = { MOV_K(6, 20), INSN_(0x85, 0, 1, 0, 2), INSN_(0x0f, 0, 6, 0, 0), EXIT_(),
					  MOV_K(0, 22), EXIT_() };
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SCHED_CLS, .insn_cnt = 6 };
	struct bpf_prog_info info = { 0 };
	uint8_t packet[64] = { 0 };
	int fd;

	attr.insns = P(insns);
	attr.license = P("GPL");
	fd = (int)skep_bpf_call(skep, BPF_PROG_LOAD, &attr, sizeof(attr));
	assert_true(fd >= 0);
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)fd;
	attr.test.data_in = P(packet);
	attr.test.data_size_in = sizeof(packet);
	assert_int_equal(skep_bpf_call(skep, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), 0);
	assert_int_equal(attr.test.retval, 42);
	info.jited_prog_len = sizeof(code->bytes);
	info.jited_prog_insns = P(code->bytes);
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = P(&info);
	assert_int_equal(skep_bpf_call(skep, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)), 0);
	assert_in_range(info.jited_prog_len, 10, sizeof(code->bytes));
	code->size = info.jited_prog_len;
	close(fd);
}

static bool has(const struct code *code, const char *bytes, size_t size)
{
	return memmem(code->bytes, code->size, bytes, size);
}

static void switches(void **state)
{
	struct code codes[4];

	(void)state;
	for (uint32_t codegen = 0; codegen < 4; codegen++) {
		struct skep_config config = { .sz = sizeof(config), .engine = SKEP_RUN_JIT, .codegen = codegen };
		struct skep *skep;
		int err = skep_create(&config, &skep);

		if (err == -EOPNOTSUPP)
			skip();
		assert_int_equal(err, 0);
		load_and_run(skep, &codes[codegen]);
		skep_destroy(skep);
		/* ENDBR64; SAR QWORD FS:[...] */
		assert_int_equal(has(&codes[codegen], "\xf3\x0f\x1e\xfa", 4), !(codegen & SKEP_CODEGEN_NO_ENDBR));
		assert_int_equal(has(&codes[codegen], "\x64\x48\xc1\x3c\x25", 5), !!(codegen & SKEP_CODEGEN_CALL_DEPTH));
	}
	assert_true(codes[1].size < codes[0].size && codes[0].size < codes[2].size && codes[3].size < codes[2].size);
}

static void unknown_switches(void **state)
{
	struct skep_config config = { .sz = sizeof(config), .codegen = 4 };
	struct skep *skep;

	(void)state;
	assert_int_equal(skep_create(&config, &skep), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "J-10 J-18 an instance's machine code is as its configuration says", switches, NULL, NULL, NULL },
		cmocka_unit_test(unknown_switches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
