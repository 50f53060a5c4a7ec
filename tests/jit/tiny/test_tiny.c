/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_tiny.c - the JIT's driver with the backend of a CPU unlike x86-64 in every way (tiny.h): what it compiles
 * does on the emulator what the interpreter does here. Stack slots keep their widths, so that the order of bytes
 * in memory does not show where it may differ; where it must, that has a test.
 */
#include "../../interp/build.h"

#include "tiny.h"

#include "interp/interp.h"
#include "jit/jit.h"

#include <errno.h>

static u32 flags; /* JIT_*, under test */
static struct tiny_cpu *cpu;

static u64 call_helper(void *arg, u32 sym, const u64 args[5])
{
	const struct build *b = arg;
	u64 (*fn)(u64, u64, u64, u64, u64) = (void *)(uintptr_t)b->sym_values[sym];

	return fn(args[0], args[1], args[2], args[3], args[4]);
}

/* Puts the image where its code runs, with the values of symbols in it. */
static void load_image(const struct jit_image *image)
{
	assert_true(TINY_CODE + image->code_size < TINY_CTX);
	memcpy(cpu->mem + TINY_CODE, image->code, image->code_size);
	for (u32 i = 0; i < image->reloc_cnt; i++) {
		const struct jit_reloc *rel = &image->relocs[i];

		assert_int_equal(rel->kind, JIT_REL_SYM32);
		tiny_write(cpu->mem + TINY_CODE + rel->code_off, 4, TINY_HELPERS + 16 * rel->sym);
	}
}

static struct jit_image *compile(struct build *b)
{
	struct jit_image *image;
	const char *why = NULL;
	int err = jit_compile(b->prog, &tiny_target, flags, &image, &why);

	if (err)
		fail_msg("%d: %s", err, why ? why : "");
	cpu->helper = call_helper;
	cpu->arg = b;
	load_image(image);
	return image;
}

static u64 run_once(struct build *b)
{
	struct jit_image *image = compile(b);
	u64 value = 0;

	assert_true(tiny_run(cpu, &value));
	jit_image_free(image);
	return value;
}

static u64 interpret(struct build *b)
{
	struct sym_resolver resolver = build_resolver(b);
	struct interp_prog *prog;
	u64 value;

	assert_int_equal(interp_link(b->prog, &resolver, &prog), 0);
	value = interp_run(prog, NULL);
	interp_unlink(prog);
	return value;
}

/* ---- one insn ----------------------------------------------------------------------------------- */

#define STATE_WORDS (sizeof(struct state) / 8)

static void put_state(const struct state *s)
{
	const u64 *words = (const u64 *)s;

	for (u32 i = 0; i < STATE_WORDS; i++) {
		tiny_write(cpu->mem + TINY_CTX + 8 * i, 4, words[i] >> 32);
		tiny_write(cpu->mem + TINY_CTX + 8 * i + 4, 4, (u32)words[i]);
	}
}

static void get_state(struct state *s)
{
	u64 *words = (u64 *)s;

	for (u32 i = 0; i < STATE_WORDS; i++)
		words[i] = (u64)tiny_read(cpu->mem + TINY_CTX + 8 * i, 4) << 32 |
			   tiny_read(cpu->mem + TINY_CTX + 8 * i + 4, 4);
}

static void against_interp(struct build *b, struct state *states, u32 cnt, const char *name)
{
	struct jit_image *image = compile(b);
	struct interp_prog *prog;

	assert_int_equal(interp_link(b->prog, NULL, &prog), 0);
	for (u32 i = 0; i < cnt; i++) {
		struct state want = states[i], got;
		u64 value;

		interp_run(prog, &want);
		put_state(&states[i]);
		assert_true(tiny_run(cpu, &value));
		get_state(&got);
		if (memcmp(&got, &want, sizeof(want)))
			fail_msg("%s: r%d r%d imm %d", name, b->prog->insns[13].dst_reg, b->prog->insns[13].src_reg,
				 b->prog->insns[13].imm);
	}
	interp_unlink(prog);
	jit_image_free(image);
}

static bool of_registers(const struct insn_info *info)
{
	return info->kind == INSN_ALU || info->kind == INSN_MOVSX || info->kind == INSN_JCOND || info->kind == INSN_JA ||
	       info->kind == INSN_NOSPEC || info->op == OP_BSWAP;
}

static void every_register_form(void **state __unused_arg)
{
	assert_true(run_all_cases(against_interp, of_registers) > 110);
}

/* What swaps on a little-endian machine only cuts here, and the reverse. */
static void byte_order_of_values(void **state __unused_arg)
{
	static const struct {
		enum insn_form form;
		u64 want;
	} cases[] = {
		{ FORM_BE16, 0xcdef }, { FORM_BE32, 0x89abcdef }, { FORM_BE64, 0x0123456789abcdef },
		{ FORM_LE16, 0xefcd }, { FORM_LE32, 0xefcdab89 }, { FORM_LE64, 0xefcdab8967452301 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct build b;

		build_start(&b);
		build_func(&b, 0);
		emit_imm64(&b, 0, 0x0123456789abcdef);
		emit(&b, cases[i].form, 0, 0, 0, 0);
		emit(&b, FORM_EXIT, 0, 0, 0, 0);
		build_end(&b);
		assert_true(run_once(&b) == cases[i].want);
		xlated_free(b.prog);
	}
}

/* The most significant byte stands first, also where the driver splits a blinded store. */
static void byte_order_of_memory(void **state __unused_arg)
{
	static const struct {
		enum insn_form form;
		s16 off;
		u64 want;
	} loads[] = {
		{ FORM_LDX_B, -16, 0x81 }, { FORM_LDX_H, -14, 0x8586 }, { FORM_LDX_W, -12, 0x00000012 },
		{ FORM_LDXSX_B, -16, -127 }, { FORM_LDXSX_H, -14, 0xffffffffffff8586 }, { FORM_LDX_DW, -8, 0xfffffffffffffffe },
		{ FORM_LDXSX_W, -8, -1 }, { FORM_LDX_W, -4, 0xfffffffe },
	};

	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		struct build b;

		build_start(&b);
		build_func(&b, 16);
		emit(&b, FORM_ST_W, 10, 0, -16, (s32)0x81828586);
		emit(&b, FORM_ST_W, 10, 0, -12, 0x12);
		emit(&b, FORM_MOV64_X, ISA_REG_AX, 10, 0, 0); /* as rewriting does */
		emit(&b, FORM_ST_DW, ISA_REG_AX, 0, -8, -2);
		emit(&b, loads[i].form, 0, 10, loads[i].off, 0);
		emit(&b, FORM_EXIT, 0, 0, 0, 0);
		build_end(&b);
		assert_true(run_once(&b) == loads[i].want);
		xlated_free(b.prog);
	}
}

/* ---- programs ------------------------------------------------------------------------------------- */

static u64 rnd_state;

static u32 rnd(u32 below)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (rnd_state >> 11) % below;
}

/* Slot n of the stack holds a number of 1, 2, 4 or 8 bytes: for ever, so that no order of bytes is seen. */
static const enum insn_form stores[] = { FORM_STX_B, FORM_STX_H, FORM_STX_W, FORM_STX_DW };
static const enum insn_form loads[] = { FORM_LDX_B, FORM_LDX_H, FORM_LDX_W, FORM_LDX_DW };
static const enum insn_form sext_loads[] = { FORM_LDXSX_B, FORM_LDXSX_H, FORM_LDXSX_W, FORM_LDX_DW };

static void random_insn(struct build *b, u32 left)
{
	enum insn_form form = 1 + rnd(FORM_CNT - 1);
	const struct insn_info *info = &insn_infos[form];
	s32 imm = rnd(2) ? imm_edges[rnd(ARRAY_SIZE(imm_edges))] : (s32)(rnd(2), rnd_state);
	u32 slot = rnd(32);

	if (info->kind == INSN_JCOND)
		emit(b, form, rnd(10), rnd(10), rnd(left), imm);
	else if (info->kind == INSN_STX)
		emit(b, stores[slot % 4], 10, rnd(10), -8 * (s16)(slot + 1), 0);
	else if (info->kind == INSN_LDX)
		emit(b, info->op == OP_LDXSX ? sext_loads[slot % 4] : loads[slot % 4], rnd(10), 10, -8 * (s16)(slot + 1), 0);
	else if (of_registers(info) && info->kind != INSN_JA)
		emit(b, form, rnd(10), rnd(10), 0, imm);
	else
		emit(b, FORM_ADD64_X, rnd(10), rnd(10), 0, 0);
}

static void random_prog(struct build *b, u32 len)
{
	build_start(b);
	build_func(b, 256);
	for (int i = 0; i < 10; i++)
		emit_imm64(b, i, rnd(3) ? edges[rnd(ARRAY_SIZE(edges))] : (rnd(9), rnd_state));
	for (u32 slot = 0; slot < 32; slot++)
		emit(b, stores[slot % 4], 10, slot % 10, -8 * (s16)(slot + 1), 0);
	for (u32 i = 0; i < len; i++)
		random_insn(b, len - i);
	for (int i = 1; i < 10; i++) {
		emit(b, FORM_MUL64_K, 0, 0, 0, 31);
		emit(b, FORM_XOR64_X, 0, i, 0, 0);
	}
	for (u32 slot = 0; slot < 32; slot++) {
		emit(b, loads[slot % 4], 1, 10, -8 * (s16)(slot + 1), 0);
		emit(b, FORM_MUL64_K, 0, 0, 0, 31);
		emit(b, FORM_ADD64_X, 0, 1, 0, 0);
	}
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_end(b);
}

static void random_programs(void **state __unused_arg)
{
	u64 pool_loads = 0;

	for (u32 i = 0; i < 2000; i++) {
		struct build b;
		u64 want, got;

		rnd_state = (i + 1) * 0x9e3779b97f4a7c15;
		random_prog(&b, 20 + i % 100);
		want = interpret(&b);
		cpu->pool_loads = 0;
		got = run_once(&b);
		if (want != got)
			fail_msg("program %u: %llx, interpreter %llx", i, (unsigned long long)got, (unsigned long long)want);
		pool_loads += cpu->pool_loads;
		xlated_free(b.prog);
	}
	assert_true(pool_loads > 10000);
}

/* Over what the short form of a branch reaches, 8191 insns of the machine, and just within: both ways. */
static void branches_of_both_lengths(void **state __unused_arg)
{
	for (u32 fill = 8100; fill < 8220; fill += 3) {
		u32 at, top;
		struct build b;

		build_start(&b);
		build_func(&b, 0);
		emit(&b, FORM_MOV64_K, 0, 0, 0, 0);
		emit(&b, FORM_MOV64_K, 1, 0, 0, 3);
		top = b.prog->insn_cnt;
		at = emit(&b, FORM_JEQ32_K, 1, 0, 0, 1);
		for (u32 i = 0; i < fill / 2; i++) /* two insns each */
			emit(&b, FORM_MOV64_X, 2, 3, 0, 0);
		emit(&b, FORM_ADD64_K, 0, 0, 0, 100);
		b.prog->insns[at].off = b.prog->insn_cnt - at - 1;
		emit(&b, FORM_ADD64_K, 0, 0, 0, 1);
		emit(&b, FORM_SUB64_K, 1, 0, 0, 1);
		at = emit(&b, FORM_JNE32_K, 1, 0, 0, 0);
		b.prog->insns[at].off = top - at - 1;
		emit(&b, FORM_EXIT, 0, 0, 0, 0);
		build_end(&b);
		cpu->long_jumps = cpu->short_branches = 0;
		assert_int_equal(run_once(&b), 203);
		/* The first is taken once, the second twice. */
		if (fill < 8160)
			assert_int_equal(cpu->long_jumps, 0);
		if (fill > 8200)
			assert_int_equal(cpu->long_jumps, 1 + 2);
		xlated_free(b.prog);
	}
}

static u64 helper_mix(u64 a, u64 b, u64 c, u64 d, u64 e)
{
	return a + 10 * b + 100 * c + 1000 * d + 10000 * e;
}

/* What the program below returns: the interpreter takes no recursion. */
static u64 call_model(u64 n)
{
	u64 below;

	if (!n)
		return helper_mix(0, 2, 3, 4, 5) + 1;
	below = 7 * call_model(n - 1);
	return helper_mix(n, 2, 3, 4, 5) + below + n + 1;
}

/* A function that calls itself and a helper, with a budget for loops. */
static void calls(void **state __unused_arg)
{
	u32 call, at;
	struct build b;

	build_start(&b);
	build_func(&b, 0);
	emit(&b, FORM_MOV64_K, 1, 0, 0, 5);
	emit(&b, FORM_CALL_SUBPROG, 0, 0, 0, 1);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	at = b.prog->insn_cnt;
	build_func(&b, 16);
	emit(&b, FORM_MOV64_X, 6, 1, 0, 0);
	emit(&b, FORM_STX_DW, 10, 6, -16, 0);
	emit(&b, FORM_MOV64_K, 0, 0, 0, 0);
	emit(&b, FORM_JEQ64_K, 6, 0, 3, 0);
	emit(&b, FORM_SUB64_K, 1, 0, 0, 1);
	call = emit(&b, FORM_CALL_SUBPROG, 0, 0, 0, 0);
	b.prog->insns[call].imm = (s32)at - (s32)call - 1;
	emit(&b, FORM_MUL64_K, 0, 0, 0, 7);
	emit(&b, FORM_MOV64_X, 7, 0, 0, 0);
	emit(&b, FORM_LDX_DW, 1, 10, -16, 0);
	for (int i = 2; i <= 5; i++)
		emit(&b, FORM_MOV64_K, i, 0, 0, i);
	emit_call(&b, FORM_CALL_HELPER, helper_mix);
	emit(&b, FORM_ADD64_X, 0, 7, 0, 0);
	emit(&b, FORM_ADD64_X, 0, 6, 0, 0);
	emit(&b, FORM_MAY_GOTO, 0, 0, 2, 0);
	emit(&b, FORM_ADD64_K, 0, 0, 0, 1);
	emit(&b, FORM_JA, 0, 0, 0, 0);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(run_once(&b), call_model(5));
	xlated_free(b.prog);
}

/* Each round is a jump back. */
static void loop_budget(void **state __unused_arg)
{
	struct build b;

	build_start(&b);
	build_func(&b, 0);
	emit(&b, FORM_MOV64_K, 0, 0, 0, 7);
	emit(&b, FORM_MAY_GOTO, 0, 0, 1, 0);
	emit(&b, FORM_JA, 0, 0, -2, 0);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	cpu->long_jumps = 0;
	assert_int_equal(run_once(&b), 7);
	assert_int_equal(cpu->long_jumps, 8388608);
	xlated_free(b.prog);
}

/* ---- literal pools ------------------------------------------------------------------------------------ */

/* @cnt constants, each twice: how large the code is tells how often each stands in the pool. */
static u32 pool_size(u32 cnt)
{
	struct jit_image *image;
	struct build b;
	u32 size;

	build_start(&b);
	build_func(&b, 0);
	emit(&b, FORM_MOV64_K, 0, 0, 0, 0);
	for (u32 i = 0; i < 2 * cnt; i++) {
		emit(&b, FORM_MOV32_K, 1, 0, 0, (s32)(100000 + i % cnt));
		emit(&b, FORM_ADD64_X, 0, 1, 0, 0);
	}
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	image = compile(&b);
	size = image->code_size;
	jit_image_free(image);
	assert_int_equal(run_once(&b), 2 * (100000ull * cnt + cnt * (cnt - 1) / 2));
	xlated_free(b.prog);
	return size;
}

static void literals_stand_once(void **state __unused_arg)
{
	u32 one = pool_size(1), two = pool_size(2), many = pool_size(50);

	/* each more constant: its word, and the same insns again */
	assert_int_equal(many - two, 48 * (two - one));
	assert_int_equal((two - one) % 8, 4); /* two uses are a multiple of 8: one word is left */
}

/* ---- what the machine lacks ----------------------------------------------------------------------------- */

static void refused(enum insn_form form, u32 with, const char *words)
{
	struct jit_image *image;
	const char *why = NULL;
	struct build b;

	build_start(&b);
	build_func(&b, 16);
	emit(&b, FORM_MOV64_K, 0, 0, 0, 0);
	if (form)
		emit(&b, form, 10, 0, -8, 0);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(jit_compile(b.prog, &tiny_target, with, &image, &why), -EOPNOTSUPP);
	assert_non_null(why);
	assert_non_null(strstr(why, words));
	xlated_free(b.prog);
}

static void refusals(void **state __unused_arg)
{
	refused(FORM_ATOMIC_ADD_DW, 0, "atomic operations");
	refused(0, JIT_REPLACEABLE, "replaced");
	refused(0, JIT_COUNT, "counting");
	refused(0, JIT_CALL_DEPTH, "call depth");
	refused(0, JIT_NO_LANDING, "landing");
}

int main(void)
{
	const struct CMUnitTest plain_tests[] = {
		{ "tiny CPU: every form of registers against the interpreter", every_register_form, NULL, NULL, NULL },
		{ "tiny CPU: branches of both lengths", branches_of_both_lengths, NULL, NULL, NULL },
		{ "tiny CPU: a loop's budget", loop_budget, NULL, NULL, NULL },
		{ "tiny CPU: a literal stands once in its pool", literals_stand_once, NULL, NULL, NULL },
		{ "tiny CPU: what it lacks is refused by name", refusals, NULL, NULL, NULL },
	};
	const struct CMUnitTest tests[] = {
		{ "tiny CPU: byte order of values", byte_order_of_values, NULL, NULL, NULL },
		{ "tiny CPU: byte order of memory", byte_order_of_memory, NULL, NULL, NULL },
		{ "tiny CPU: random programs", random_programs, NULL, NULL, NULL },
		{ "tiny CPU: calls of functions and helpers", calls, NULL, NULL, NULL },
	};
	int failed;

	cpu = calloc(1, sizeof(*cpu));
	if (!cpu)
		return 1;
	failed = cmocka_run_group_tests_name("tiny", plain_tests, NULL, NULL);
	failed += cmocka_run_group_tests_name("tiny, plain", tests, NULL, NULL);
	flags = JIT_BLIND;
	failed += cmocka_run_group_tests_name("tiny, blinded", tests, NULL, NULL);
	free(cpu);
	return failed;
}
