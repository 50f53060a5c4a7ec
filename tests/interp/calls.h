/* SPDX-License-Identifier: BSD-2-Clause */
/* calls.h - programs of several insns; included after run_ctx_once() of the engine under test. */

static void constants(void **state __unused_arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
		struct build b;

		build_start(&b);
		build_func(&b, 0);
		emit_imm64(&b, 0, edges[i]);
		emit(&b, FORM_EXIT, 0, 0, 0, 0);
		build_end(&b);
		assert_true(run_ctx_once(&b, NULL) == edges[i]);
		xlated_free(b.prog);
	}
}

static u64 helper_mix(u64 a, u64 b, u64 c, u64 d, u64 e)
{
	/* where the caller's stack was not a multiple of 16, this is not either */
	assert_int_equal((uintptr_t)__builtin_frame_address(0) % 16, 0);
	return a + 10 * b + 100 * c + 1000 * d + 10000 * e;
}

static void one_helper_call(u32 stack_depth)
{
	struct build b;

	build_start(&b);
	build_func(&b, stack_depth);
	for (int i = 1; i <= 5; i++)
		emit(&b, FORM_MOV64_K, i, 0, 0, i);
	emit(&b, FORM_MOV64_K, 6, 0, 0, 100000);
	emit_call(&b, FORM_CALL_HELPER, helper_mix);
	emit(&b, FORM_ADD64_X, 0, 6, 0, 0);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(run_ctx_once(&b, NULL), 154321);
	xlated_free(b.prog);
}

static void helper_call(void **state __unused_arg)
{
	for (u32 depth = 0; depth <= 40; depth += 8)
		one_helper_call(depth);
}

static u64 kfunc12(u64 a, u64 b, u64 c, u64 d, u64 e, u64 f, u64 g, u64 h, u64 i, u64 j, u64 k,
		   u64 l)
{
	/* misaligned stacks show in SSE spills and here */
	u64 v __attribute__((aligned(16))) = a ^ l;

	assert_int_equal((uintptr_t)__builtin_frame_address(0) % 16, 0);
	assert_int_equal(v, 1 ^ 12);
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k +
	       12 * l;
}

static void stack_args_to_kfunc(void **state __unused_arg)
{
	struct xlated_subprog *sub;
	struct build b;

	build_start(&b);
	sub = build_func(&b, 8);
	sub->out_arg_cnt = 7;
	for (int i = 1; i <= 5; i++)
		emit(&b, FORM_MOV64_K, i, 0, 0, i);
	for (int i = 1; i <= 7; i++)
		emit(&b, FORM_ST_ARG, 11, 0, -8 * i, 5 + i);
	emit_call(&b, FORM_CALL_KFUNC, kfunc12);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(run_ctx_once(&b, NULL), 650);
	xlated_free(b.prog);
}

/* Two levels of BPF callees with stack arguments; R6..R9, the stacks and R10 stay apart. */
static void stack_args_to_bpf(void **state __unused_arg)
{
	struct xlated_subprog *sub;
	struct build b;
	u32 call[2];

	build_start(&b);
	sub = build_func(&b, 512);
	sub->out_arg_cnt = 3;
	emit(&b, FORM_ST_DW, 10, 0, -8, 7);
	emit(&b, FORM_MOV64_K, 6, 0, 0, 1000);
	for (int i = 1; i <= 3; i++) {
		emit(&b, FORM_MOV64_K, 0, 0, 0, i);
		emit(&b, FORM_STX_ARG, 11, 0, -8 * i, 0);
	}
	call[0] = emit(&b, FORM_CALL_SUBPROG, 0, 0, 0, 0);
	emit(&b, FORM_ADD64_X, 0, 6, 0, 0);
	emit(&b, FORM_LDX_DW, 1, 10, -8, 0);
	emit(&b, FORM_ADD64_X, 0, 1, 0, 0);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	b.prog->insns[call[0]].imm = b.prog->insn_cnt - call[0] - 1;
	sub = build_func(&b, 24);
	sub->in_arg_cnt = 3;
	sub->out_arg_cnt = 2;
	emit(&b, FORM_LDX_ARG, 6, 11, 8, 0);
	emit(&b, FORM_LDX_ARG, 7, 11, 16, 0);
	emit(&b, FORM_LDX_ARG, 8, 11, 24, 0);
	emit(&b, FORM_ST_DW, 10, 0, -8, 0);
	emit(&b, FORM_STX_ARG, 11, 7, -8, 0);
	emit(&b, FORM_STX_ARG, 11, 8, -16, 0);
	call[1] = emit(&b, FORM_CALL_SUBPROG, 0, 0, 0, 0);
	emit(&b, FORM_LSH64_K, 6, 0, 0, 20);
	emit(&b, FORM_ADD64_X, 0, 6, 0, 0);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	b.prog->insns[call[1]].imm = b.prog->insn_cnt - call[1] - 1;
	sub = build_func(&b, 512);
	sub->in_arg_cnt = 2;
	emit(&b, FORM_MOV64_K, 6, 0, 0, -1);
	emit(&b, FORM_ST_DW, 10, 0, -512, -1);
	emit(&b, FORM_ST_DW, 10, 0, -8, -1);
	emit(&b, FORM_LDX_ARG, 0, 11, 8, 0);
	emit(&b, FORM_LDX_ARG, 1, 11, 16, 0);
	emit(&b, FORM_MUL64_K, 0, 0, 0, 10);
	emit(&b, FORM_ADD64_X, 0, 1, 0, 0);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(run_ctx_once(&b, NULL), (1 << 20) + 23 + 1000 + 7);
	xlated_free(b.prog);
}

/* 40000 insns between a call and its callee: more than 16 bits of distance. */
static void far_call(void **state __unused_arg)
{
	struct build b;
	u32 call;

	build_start(&b);
	build_func(&b, 8);
	call = emit(&b, FORM_CALL_SUBPROG, 0, 0, 0, 0);
	for (int i = 0; i < 40000; i++)
		emit(&b, FORM_ADD64_K, 0, 0, 0, 1);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	b.prog->insns[call].imm = b.prog->insn_cnt - call - 1;
	build_func(&b, 8);
	emit(&b, FORM_MOV64_K, 0, 0, 0, 5);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(run_ctx_once(&b, NULL), 40005);
	xlated_free(b.prog);
}

static void far_jumps(void **state __unused_arg)
{
	static const u32 pads[] = { 1, 10, 14, 15, 16, 17, 20, 200, 32766, 40000 };

	for (size_t i = 0; i < ARRAY_SIZE(pads); i++) {
		for (int form = FORM_JEQ64_K; form <= FORM_JA32; form++) {
			const struct insn_info *info = &insn_infos[form];
			struct bpf_insn insn = make_form(form, 3, 4, 0, 0);
			struct state s;
			struct build b;

			if (form == FORM_JA32 ? 0 : pads[i] > 32766)
				continue;
			if (!(info->uses & USE_SRC))
				insn.src_reg = 0;
			for (int val = 0; val < 2; val++) {
				struct state want;

				state_init(&s);
				s.r[3] = val;
				s.r[4] = 1;
				want = s;
				model_case(&want, insn);
				build_case(&b, insn, pads[i]);
				run_ctx_once(&b, &s);
				assert_memory_equal(&s, &want, sizeof(s));
				xlated_free(b.prog);
				if (pads[i] > 300)
					break;
			}
		}
	}
}

/* Runs the loop body as often as the budget allows: once when entered, then on each renewal. */
static void may_goto_budget(void **state __unused_arg)
{
	struct build b;

	build_start(&b);
	build_func(&b, 8);
	emit(&b, FORM_MOV64_K, 0, 0, 0, 0);
	emit(&b, FORM_MAY_GOTO, 0, 0, 2, 0);
	emit(&b, FORM_ADD64_K, 0, 0, 0, 1);
	emit(&b, FORM_JA, 0, 0, -3, 0);
	emit(&b, FORM_MAY_GOTO, 0, 0, 1, 0); /* used up: leaves, too */
	emit(&b, FORM_MOV64_K, 0, 0, 0, -1);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(run_ctx_once(&b, NULL), 8388608);
	xlated_free(b.prog);
}

static struct run_ctx *cb_run;

/* As bpf_loop(): calls back into the program. */
static u64 helper_loop(u64 cnt, u64 func, u64 ctx, u64 d __unused_arg, u64 e __unused_arg)
{
	for (u64 i = 0; i < cnt; i++)
		if (cb_run->call_func(cb_run, func, (u64[5]){ i, ctx }))
			return i + 1;
	return cnt;
}

static void callback(void **state __unused_arg)
{
	struct run_ctx run = { .call_func = ENGINE_CALL_FUNC };
	struct build b;
	u32 ld;

	cb_run = &run;
	build_start(&b);
	build_func(&b, 64);
	emit(&b, FORM_ST_DW, 10, 0, -8, 3);
	emit(&b, FORM_MOV64_K, 1, 0, 0, 10);
	ld = emit(&b, FORM_LD_FUNC, 2, 0, 0, 0);
	build_raw(&b, (struct bpf_insn){ 0 });
	b.prog->aux[ld].sym = build_sym(&b, SYM_FUNC, 1, 0);
	emit(&b, FORM_MOV64_X, 3, 10, 0, 0);
	emit(&b, FORM_ADD64_K, 3, 0, 0, -8);
	emit_call(&b, FORM_CALL_HELPER, helper_loop);
	emit(&b, FORM_LDX_DW, 1, 10, -8, 0);
	emit(&b, FORM_MUL64_K, 0, 0, 0, 1000);
	emit(&b, FORM_ADD64_X, 0, 1, 0, 0);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_func(&b, 64)->is_callback = true; /* *ctx += i */
	emit(&b, FORM_ST_DW, 10, 0, -8, 99);
	emit(&b, FORM_LDX_DW, 3, 2, 0, 0);
	emit(&b, FORM_ADD64_X, 3, 1, 0, 0);
	emit(&b, FORM_STX_DW, 2, 3, 0, 0);
	emit(&b, FORM_MOV64_K, 0, 0, 0, 0);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(run_ctx_once(&b, NULL), 10048);
	xlated_free(b.prog);
}

#define CALL_TESTS                                                                                 \
	cmocka_unit_test(constants), cmocka_unit_test(helper_call),                                \
	{ "S-06 twelve arguments to a kfunc", stack_args_to_kfunc, NULL, NULL, NULL },             \
	{ "S-06 stack arguments to BPF functions", stack_args_to_bpf, NULL, NULL, NULL },          \
	{ "V-20 a call over more than 32767 insns", far_call, NULL, NULL, NULL },                  \
	cmocka_unit_test(far_jumps), cmocka_unit_test(may_goto_budget), cmocka_unit_test(callback)
