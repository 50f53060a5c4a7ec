/* SPDX-License-Identifier: BSD-2-Clause */
/* test_interp.c - each row of insn.def against the model in build.h; calls, stack, limits. */
#include "build.h"

#include "core/vcpu.h"
#include "interp/interp.h"

#include <errno.h>

static u64 run_ctx_once(struct build *b, void *ctx)
{
	struct sym_resolver resolver = build_resolver(b);
	struct interp_prog *prog;
	u64 value;

	assert_int_equal(interp_link(b->prog, &resolver, &prog), 0);
	value = interp_run(prog, ctx);
	interp_unlink(prog);
	return value;
}

/* The insn of the case is the 13th: after what loads the registers. */
#define CASE_INSN 13

static void against_model(struct build *b, struct state *states, u32 cnt, const char *name)
{
	struct sym_resolver resolver = build_resolver(b);
	struct bpf_insn insn = b->prog->insns[CASE_INSN];
	struct interp_prog *prog;

	assert_int_equal(interp_link(b->prog, &resolver, &prog), 0);
	for (u32 i = 0; i < cnt; i++) {
		struct state in = states[i], want;

		model_case(&states[i], insn);
		want = states[i];
		memcpy(&states[i], &in, sizeof(in));
		interp_run(prog, &states[i]);
		if (memcmp(&states[i], &want, sizeof(want)))
			fail_msg("%s r%d r%d off %d imm %d: dst %llx src %llx", name, insn.dst_reg,
				 insn.src_reg, insn.off, insn.imm,
				 (unsigned long long)in.r[insn.dst_reg],
				 (unsigned long long)in.r[insn.src_reg]);
	}
	interp_unlink(prog);
}

static void every_form(void **state __unused_arg)
{
	assert_true(run_all_cases(against_model, NULL) > 150);
}

static void signed_division(void **state __unused_arg)
{
	assert_int_equal(run_all_cases(against_model, want_signed_div), 8);
}

static void acquire_release(void **state __unused_arg)
{
	assert_int_equal(run_all_cases(against_model, want_acq_rel), 8);
}

static void atomics(void **state __unused_arg)
{
	assert_int_equal(run_all_cases(against_model, want_atomic), 28);
}

#define ENGINE_CALL_FUNC interp_call_func
#include "calls.h"

static void forms_that_are_refused(void **state __unused_arg)
{
	static const enum insn_form refused[] = { FORM_CAST_KERN, FORM_CAST_USER,
						  FORM_LD_ABS_B, FORM_LD_IND_W };

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct interp_prog *prog;
		struct bpf_insn insn = make_form(refused[i], 0, 0, 0, 0);
		struct build b;

		if (insn_infos[refused[i]].disc == DISC_OFF_IMM) {
			insn.off = 1;
			insn.imm = insn_infos[refused[i]].disc_val;
		}
		build_case(&b, insn, 0);
		assert_int_equal(interp_link(b.prog, NULL, &prog), -EOPNOTSUPP);
		assert_non_null(strstr(interp_why_not(b.prog), "not modelled"));
		xlated_free(b.prog);
	}
}

static void bad_programs(void **state __unused_arg)
{
	struct interp_prog *prog;
	struct build b;

	build_start(&b); /* falls off its end */
	build_func(&b, 0);
	emit(&b, FORM_MOV64_K, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(interp_link(b.prog, NULL, &prog), -EINVAL);
	xlated_free(b.prog);

	build_start(&b); /* calls itself */
	build_func(&b, 0);
	emit(&b, FORM_CALL_SUBPROG, 0, 0, 0, -1);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(interp_link(b.prog, NULL, &prog), -EINVAL);
	xlated_free(b.prog);

	build_start(&b); /* jumps out */
	build_func(&b, 0);
	emit(&b, FORM_JA, 0, 0, 5, 0);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(interp_link(b.prog, NULL, &prog), -EINVAL);
	xlated_free(b.prog);
}

static bool check_count(void *ctx, u32 idx, const u64 regs[ISA_REG_CNT])
{
	u64 *seen = ctx;

	seen[0]++;
	if (idx == 2)
		seen[1] = regs[0];
	return seen[0] != seen[2];
}

static void checked_run(void **state __unused_arg)
{
	u64 value = 0, seen[3] = { 0 };
	struct interp_prog *prog;
	struct build b;

	build_start(&b);
	build_func(&b, 0);
	emit_imm64(&b, 0, 41);
	emit(&b, FORM_ADD64_K, 0, 0, 0, 1);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(interp_link(b.prog, NULL, &prog), 0);
	assert_int_equal(interp_run_checked(prog, NULL, check_count, seen, 100, &value), 0);
	assert_int_equal(value, 42);
	assert_int_equal(seen[0], 3);
	assert_int_equal(seen[1], 41);
	assert_int_equal(interp_run_checked(prog, NULL, check_count, seen, 2, &value), -ELOOP);
	seen[0] = 0;
	seen[2] = 2;
	assert_int_equal(interp_run_checked(prog, NULL, check_count, seen, 100, &value),
			 -ECANCELED);
	interp_unlink(prog);
	xlated_free(b.prog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "every form against the model", every_form, NULL, NULL, NULL },
		{ "J-16 signed division, INT_MIN / -1 and all sign mixes", signed_division, NULL,
		  NULL, NULL },
		{ "D-01 load-acquire and store-release, all sizes", acquire_release, NULL, NULL,
		  NULL },
		{ "J-17 atomics of all widths, fetching and not", atomics, NULL, NULL, NULL },
		CALL_TESTS,
		cmocka_unit_test(forms_that_are_refused),
		cmocka_unit_test(bad_programs),
		cmocka_unit_test(checked_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
