/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_jit.c - machine code against the interpreter, on this machine's targets: every row of
 * insn.def, calls, random programs; that emitted bytes decode; what a compilation costs.
 */
#include "../interp/build.h"

#include "core/vcpu.h"
#include "interp/interp.h"
#include "jit/jit.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#ifdef HAVE_CAPSTONE
#include <capstone/capstone.h>
#endif

static const struct jit_target *target; /* under test */
static u32 flags;			 /* JIT_*, under test */

struct built {
	struct jit_image *image;
	struct jit_code *code;
};

static void check_decodes(const struct jit_image *image);

static struct built build_jit(struct build *b)
{
	struct sym_resolver resolver = build_resolver(b);
	const char *why = NULL;
	struct built built;

	assert_int_equal(jit_compile(b->prog, target, flags, &built.image, &why), 0);
	assert_int_equal(jit_link(built.image, b->prog, &resolver, &built.code), 0);
	return built;
}

static void built_free(struct built *built)
{
	jit_unlink(built->code);
	jit_image_free(built->image);
}

static u64 run_ctx_once(struct build *b, void *ctx)
{
	struct built built = build_jit(b);
	u64 value = built.code->entry(ctx);

	check_decodes(built.image);
	built_free(&built);
	return value;
}

static void against_interp(struct build *b, struct state *states, u32 cnt, const char *name)
{
	struct sym_resolver resolver = build_resolver(b);
	struct built built = build_jit(b);
	struct interp_prog *prog;

	assert_int_equal(interp_link(b->prog, &resolver, &prog), 0);
	for (u32 i = 0; i < cnt; i++) {
		struct bpf_insn insn = b->prog->insns[13];
		struct state in = states[i], want;

		interp_run(prog, &states[i]);
		want = states[i];
		memcpy(&states[i], &in, sizeof(in));
		built.code->entry(&states[i]);
		if (memcmp(&states[i], &want, sizeof(want)))
			fail_msg("%s: %s r%d r%d off %d imm %d: dst %llx src %llx",
				 jit_target_name(target), name, insn.dst_reg, insn.src_reg,
				 insn.off, insn.imm, (unsigned long long)in.r[insn.dst_reg],
				 (unsigned long long)in.r[insn.src_reg]);
	}
	interp_unlink(prog);
	built_free(&built);
}

static void every_form(void **state __unused_arg)
{
	assert_true(run_all_cases(against_interp, NULL) > 150);
}

static void signed_division(void **state __unused_arg)
{
	assert_int_equal(run_all_cases(against_interp, want_signed_div), 8);
}

static void acquire_release(void **state __unused_arg)
{
	assert_int_equal(run_all_cases(against_interp, want_acq_rel), 8);
}

static void atomics(void **state __unused_arg)
{
	assert_int_equal(run_all_cases(against_interp, want_atomic), 28);
}

#define ENGINE_CALL_FUNC jit_call_func
#include "../interp/calls.h"

/* Insns of 4 and 5 bytes on x86-64: every distance from 12 on can be had. */
static void emit_bytes(struct build *b, u32 bytes)
{
	while (bytes % 5) {
		emit(b, FORM_ADD64_K, 0, 0, 0, 1);
		bytes -= 4;
	}
	for (; bytes; bytes -= 5)
		emit(b, FORM_MOV32_K, 0, 0, 0, 9);
}

static u32 code_size(const struct build *b)
{
	struct jit_image *image;
	u32 size;

	assert_int_equal(jit_compile(b->prog, target, 0, &image, NULL), 0);
	size = image->code_size;
	jit_image_free(image);
	return size;
}

/* Around the reach of a short jump, -128 and 127 bytes, both ways, byte by byte. */
static void short_jump_limits(void **state __unused_arg)
{
	for (u32 bytes = 100; bytes < 160; bytes++) {
		struct build b;
		u32 at, top;

		build_start(&b);
		build_func(&b, 0);
		emit(&b, FORM_MOV64_K, 0, 0, 0, 0);
		at = emit(&b, FORM_JEQ64_K, 1, 0, 0, 0);
		emit_bytes(&b, bytes);
		b.prog->insns[at].off = b.prog->insn_cnt - at - 1;
		emit(&b, FORM_EXIT, 0, 0, 0, 0);
		build_end(&b);
		assert_int_equal(run_ctx_once(&b, NULL), 0);
		at = code_size(&b);
		b.prog->insns[1].off = 0; /* the same with a jump that is short in any case */
		if (!flags) /* insns have the sizes that emit_bytes() counts on */
			assert_int_equal(at - code_size(&b), bytes < 128 ? 0 : 4);
		xlated_free(b.prog);

		build_start(&b);
		build_func(&b, 0);
		emit(&b, FORM_MOV64_K, 1, 0, 0, 3);
		emit(&b, FORM_MOV64_K, 2, 0, 0, 0);
		top = b.prog->insn_cnt;
		emit_bytes(&b, bytes);
		emit(&b, FORM_ADD64_K, 2, 0, 0, 1);
		emit(&b, FORM_SUB64_K, 1, 0, 0, 1);
		at = emit(&b, FORM_JNE64_K, 1, 0, 0, 0);
		b.prog->insns[at].off = top - at - 1;
		emit(&b, FORM_MOV64_X, 0, 2, 0, 0);
		emit(&b, FORM_EXIT, 0, 0, 0, 0);
		build_end(&b);
		assert_int_equal(run_ctx_once(&b, NULL), 3);
		xlated_free(b.prog);
	}
}

/* ---- random programs ------------------------------------------------------------------- */

static u64 rnd_state;

static u32 rnd(u32 below)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (rnd_state >> 11) % below;
}

/* Straight code and jumps forward over registers and the stack: always ends, never faults. */
static void random_prog(struct build *b, u32 len)
{
	build_start(b);
	build_func(b, 512);
	for (int i = 0; i < 64; i++)
		emit(b, FORM_ST_DW, 10, 0, -8 * (i + 1), (s32)rnd_state);
	for (int i = 0; i < 10; i++)
		emit_imm64(b, i, rnd(3) ? edges[rnd(ARRAY_SIZE(edges))] : (rnd(9), rnd_state));
	for (u32 i = 0; i < len; i++) {
		enum insn_form form = 1 + rnd(FORM_CNT - 1);
		const struct insn_info *info = &insn_infos[form];
		s32 imm = rnd(2) ? imm_edges[rnd(ARRAY_SIZE(imm_edges))] : (s32)rnd_state;
		u8 dst = rnd(10), src = rnd(10);

		switch (info->kind) {
		case INSN_ALU: case INSN_MOVSX: case INSN_ENDIAN:
			emit(b, form, dst, src, 0, imm);
			break;
		case INSN_LDX:
			emit(b, form, dst, 10, -8 - rnd(500), imm);
			break;
		case INSN_ST: case INSN_STX:
			emit(b, form, 10, src, -8 - rnd(500), imm);
			break;
		case INSN_ATOMIC:
			if (info->op == OP_LOAD_ACQ)
				emit(b, form, dst, 10, -8 * (1 + rnd(60)), 0);
			else
				emit(b, form, 10, src, -8 * (1 + rnd(60)), 0);
			break;
		case INSN_JCOND:
			/* what is jumped over is counted in insns of this loop: one slot each */
			emit(b, form, dst, src, rnd(len - i), imm);
			break;
		default:
			emit(b, FORM_XOR64_X, dst, src, 0, 0);
		}
	}
	for (int i = 1; i < 10; i++) {
		emit(b, FORM_MUL64_K, 0, 0, 0, 31);
		emit(b, FORM_XOR64_X, 0, i, 0, 0);
	}
	for (int i = 0; i < 64; i++) {
		emit(b, FORM_LDX_DW, 1, 10, -8 * (i + 1), 0);
		emit(b, FORM_MUL64_K, 0, 0, 0, 31);
		emit(b, FORM_ADD64_X, 0, 1, 0, 0);
	}
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_end(b);
}

static void random_programs(void **state __unused_arg)
{
	const char *env = getenv("SKEP_TEST_SEED");
	u64 seed = env ? strtoull(env, NULL, 0) : (u64)time(NULL);

	print_message("seed %llu\n", (unsigned long long)seed);
	for (u32 i = 0; i < 4000; i++) {
		struct interp_prog *prog;
		struct built built;
		struct build b;
		u64 want, got;

		rnd_state = (seed * 4000 + i) * 0x9e3779b97f4a7c15 + 1;
		random_prog(&b, i % 50 ? 40 + i % 60 : 3000);
		assert_int_equal(interp_link(b.prog, NULL, &prog), 0);
		built = build_jit(&b);
		want = interp_run(prog, NULL);
		got = built.code->entry(NULL);
		if (want != got)
			fail_msg("seed %llu program %u: interp %llx, %s %llx",
				 (unsigned long long)seed, i, (unsigned long long)want,
				 jit_target_name(target), (unsigned long long)got);
		check_decodes(built.image);
		interp_unlink(prog);
		built_free(&built);
		xlated_free(b.prog);
	}
}

/* ---- memory ---------------------------------------------------------------------------- */

/* Of every mapping of this process; and the one of @code is executable. */
static void check_maps(const struct jit_code *code)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	bool found = false;
	char perms[8], line[512];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		assert_int_equal(sscanf(line, "%lx-%lx %7s", &start, &end, perms), 3);
		assert_false(perms[1] == 'w' && perms[2] == 'x');
		if ((uintptr_t)code->base >= start && (uintptr_t)code->base < end) {
			assert_string_equal(perms, "r-xs");
			found = true;
		}
	}
	fclose(f);
	assert_true(found);
}

static void never_writable_and_executable(void **state __unused_arg)
{
	for (u32 i = 0; i < 8; i++) {
		struct built built;
		struct build b;

		rnd_state = i + 1;
		random_prog(&b, 500);
		built = build_jit(&b);
		check_maps(built.code);
		built_free(&built);
		xlated_free(b.prog);
	}
}

/* The mapping that @code is in, and that the bytes on both sides of it are of one that nobody may touch. */
static void find_guards(const struct jit_code *code, uintptr_t *ret_start, uintptr_t *ret_end)
{
	unsigned long start, end, guard_below = 0, guard_above = 0;
	FILE *f = fopen("/proc/self/maps", "r");
	char perms[8], line[512];

	*ret_start = *ret_end = 0;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		assert_int_equal(sscanf(line, "%lx-%lx %7s", &start, &end, perms), 3);
		if ((uintptr_t)code->base >= start && (uintptr_t)code->base < end) {
			*ret_start = start;
			*ret_end = end;
		} else if (!*ret_end && !strncmp(perms, "---", 3)) {
			guard_below = end;
		} else if (*ret_end == start && !strncmp(perms, "---", 3)) {
			guard_above = start;
		}
	}
	fclose(f);
	assert_true(*ret_start && *ret_end);
	assert_int_equal(guard_below, *ret_start);
	assert_int_equal(guard_above, *ret_end);
}

static sigjmp_buf after_fault;
static void *volatile fault_at;

static void on_fault(int sig __unused_arg, siginfo_t *info, void *ctx __unused_arg)
{
	fault_at = info->si_addr;
	siglongjmp(after_fault, 1);
}

static bool read_faults(const volatile u8 *at)
{
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO }, old;
	bool faulted;

	sigaction(SIGSEGV, &act, &old);
	faulted = sigsetjmp(after_fault, 1);
	if (!faulted)
		(void)*at;
	sigaction(SIGSEGV, &old, NULL);
	return faulted && fault_at == (void *)(uintptr_t)at;
}

/* With @more, in pages of its own, which observed programs have. */
static void check_guards(u32 more)
{
	struct sym_resolver resolver;
	uintptr_t start, end;
	struct jit_image *image;
	struct jit_code *code;
	struct build b;

	rnd_state = 99;
	random_prog(&b, 200);
	resolver = build_resolver(&b);
	assert_int_equal(jit_compile(b.prog, target, flags | more, &image, NULL), 0);
	assert_int_equal(jit_link(image, b.prog, &resolver, &code), 0);
	find_guards(code, &start, &end);
	assert_false(read_faults((u8 *)start));
	assert_false(read_faults((u8 *)end - 1));
	assert_true(read_faults((u8 *)start - 1));
	assert_true(read_faults((u8 *)end));
	/* past the code itself is what traps when run */
	assert_int_equal(code->base[code->size], 0xcc);
	jit_unlink(code);
	jit_image_free(image);
	xlated_free(b.prog);
}

static void guard_pages(void **state __unused_arg)
{
	check_guards(0);
	check_guards(JIT_OBSERVED);
}

/* The same program loaded again and again: it does not begin where one can tell, but always at a place like all. */
static void random_start(void **state __unused_arg)
{
	enum { ROUNDS = 200 };
	u32 places[64] = { 0 }, cnt = 0;
	struct build b;

	rnd_state = 7;
	random_prog(&b, 50);
	for (u32 i = 0; i < ROUNDS; i++) {
		struct built built = build_jit(&b);
		u32 pad = (uintptr_t)built.code->base % 4096;
		bool seen = false;

		assert_int_equal(pad % 32, 0);
		for (u32 k = 0; k < cnt; k++)
			seen |= places[k] == pad;
		if (!seen && cnt < ARRAY_SIZE(places))
			places[cnt++] = pad;
		for (u32 k = 1; k <= pad % 64; k++)
			assert_int_equal(built.code->base[-(int)k], 0xcc);
		built_free(&built);
	}
	assert_true(cnt >= 8);
	xlated_free(b.prog);
}

/* ---- division by constants ------------------------------------------------------------- */

static u64 rnd64(void)
{
	return (u64)rnd(UINT32_MAX) << 32 | rnd(UINT32_MAX);
}

struct div_ctx {
	u64 n, out[8];
};
static const enum insn_form div_forms[8] = {
	FORM_DIV64_K, FORM_MOD64_K, FORM_SDIV64_K, FORM_SMOD64_K,
	FORM_DIV32_K, FORM_MOD32_K, FORM_SDIV32_K, FORM_SMOD32_K,
};

/* All eight operations by @imm, in register @reg, of ctx.n; all other registers keep their values. */
static void div_prog(struct build *b, u8 reg, s32 imm)
{
	u8 base = reg == 6 ? 7 : 6, lo = reg == 0 ? 4 : 0, hi = reg == 3 ? 5 : 3;

	build_start(b);
	build_func(b, 0);
	emit(b, FORM_MOV64_X, base, 1, 0, 0);
	emit(b, FORM_MOV64_K, lo, 0, 0, 1111);
	emit(b, FORM_MOV64_K, hi, 0, 0, 2222);
	for (u32 i = 0; i < 8; i++) {
		emit(b, FORM_LDX_DW, reg, base, offsetof(struct div_ctx, n), 0);
		emit(b, div_forms[i], reg, 0, 0, imm);
		emit(b, FORM_STX_DW, base, reg, offsetof(struct div_ctx, out) + 8 * i, 0);
	}
	emit(b, FORM_MOV64_X, reg, lo, 0, 0);
	emit(b, FORM_ADD64_X, reg, hi, 0, 0);
	emit(b, FORM_MOV64_X, 0, reg, 0, 0);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_end(b);
}

static void check_division(u64 (*entry)(void *), s32 imm, u64 n)
{
	struct div_ctx c = { .n = n };

	assert_int_equal(entry(&c), 3333);
	for (u32 i = 0; i < 8; i++) {
		u64 want = model_alu(&insn_infos[div_forms[i]], n, (u64)(s64)imm);

		if (c.out[i] != want)
			fail_msg("%s: %s %llx by %d: %llx, should be %llx", jit_target_name(target),
				 insn_infos[div_forms[i]].name, (unsigned long long)n, imm,
				 (unsigned long long)c.out[i], (unsigned long long)want);
	}
}

/* Around each multiple that can be an edge, of both signs and at both widths. */
static void check_divisor(s32 imm, u8 reg)
{
	struct build b;
	struct built built;
	u64 d = imm < 0 ? -(u64)(s64)imm : (u64)imm;

	div_prog(&b, reg, imm);
	built = build_jit(&b);
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
		check_division(built.code->entry, imm, edges[i]);
	for (u32 i = 0; i < 12; i++) {
		u64 top = i < 4 ? UINT64_MAX >> (i & 1) : i < 8 ? UINT32_MAX >> (i & 1) : rnd64();
		u64 mult = d ? top / d * d : 0;

		for (s64 delta = -1; delta <= 1; delta++) {
			check_division(built.code->entry, imm, mult + delta);
			check_division(built.code->entry, imm, -(mult + delta));
		}
	}
	built_free(&built);
	xlated_free(b.prog);
}

static void constant_divisors(void **state __unused_arg)
{
	static const u8 regs[] = { 0, 3, 6, 1 };
	u32 cnt = 0;

	for (s32 d = -130; d <= 130; d++)
		check_divisor(d, regs[cnt++ % 4]);
	for (u32 k = 2; k < 32; k++) {
		for (s32 delta = -2; delta <= 2; delta++) {
			check_divisor((s32)((1u << k) + (u32)delta), regs[cnt++ % 4]);
			check_divisor((s32)-((1u << k) + (u32)delta), regs[cnt++ % 4]);
		}
	}
	for (u32 i = 0; i < 300; i++)
		check_divisor((s32)(rnd(UINT32_MAX) >> rnd(32)), regs[cnt++ % 4]);
}

/* What the divide insn costs, and what stands for it, in a chain of 64 dependent ones. */
static double division_ns(enum insn_form form, s32 imm)
{
	struct timespec start, end;
	struct built built;
	struct build b;
	double best = 1e9;

	build_start(&b);
	build_func(&b, 0);
	emit_imm64(&b, 0, 0xfedcba9876543210);
	emit(&b, FORM_MOV64_K, 2, 0, 0, imm);
	for (u32 i = 0; i < 64; i++) {
		emit(&b, form, 0, 2, 0, imm);
		emit(&b, FORM_OR64_X, 0, 1, 0, 0);
	}
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	if (form == FORM_DIV64_X)
		for (u32 i = 0; i < b.prog->insn_cnt; i++)
			if (b.prog->insns[i].code == insn_infos[form].code)
				b.prog->insns[i].imm = 0;
	built = build_jit(&b);
	for (u32 round = 0; round < 20; round++) {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
		for (u32 i = 0; i < 500; i++)
			built.code->entry((void *)(uintptr_t)0xfedcba9876543210);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
		best = min_of(best, ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / (500 * 64));
	}
	built_free(&built);
	xlated_free(b.prog);
	return best;
}

static void division_cost(void **state __unused_arg)
{
	double mul = division_ns(FORM_DIV64_K, 10), div = division_ns(FORM_DIV64_X, 10);

	print_message("%s: u64 / 10: %.2f ns, by a register %.2f ns\n", jit_target_name(target), mul, div);
	assert_true(mul < 2 * div); /* far from the aim: shows only a change of order */
}

/* ---- the image ------------------------------------------------------------------------- */

#ifdef HAVE_CAPSTONE
/* Insns of the machine end where the image ends, and each BPF insn begins at one of them. */
static void check_decodes(const struct jit_image *image)
{
	static csh handle;
	static cs_insn *insn;
	const u8 *code = image->code;
	size_t left = image->code_size;
	u64 addr = 0;
	u32 line = 0;

	if (!handle) {
		assert_int_equal(cs_open(CS_ARCH_X86, CS_MODE_64, &handle), CS_ERR_OK);
		insn = cs_malloc(handle);
	}
	while (left) {
		while (line < image->line_cnt && image->lines[line].code_off == addr)
			line++;
		if (!cs_disasm_iter(handle, &code, &left, &addr, insn))
			fail_msg("bytes at %llu of %u do not decode", (unsigned long long)addr,
				 image->code_size);
	}
	while (line < image->line_cnt && image->lines[line].code_off == addr)
		line++;
	assert_int_equal(line, image->line_cnt);
}
#else
static void check_decodes(const struct jit_image *image __unused_arg)
{
}
#endif

static void refusals(void **state __unused_arg)
{
	struct jit_image *image;
	const char *why = NULL;
	struct build b;

	build_start(&b);
	build_func(&b, 0);
	emit(&b, FORM_CAST_KERN, 0, 0, 1, 1);
	b.prog->insns[0].off = 1;
	b.prog->insns[0].imm = 1;
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(jit_compile(b.prog, target, 0, &image, &why), -EOPNOTSUPP);
	assert_non_null(strstr(why, "casts"));
	assert_int_equal(jit_compile(b.prog, target, ~0u, &image, &why), -EINVAL);
	xlated_free(b.prog);
}

/* J-13, C-20: neither stack nor heap is checked, so asking for it is refused, not passed over. */
static void no_sanitizer(void **state __unused_arg)
{
	struct jit_image *image;
	const char *why = NULL;
	struct build b;

	build_start(&b);
	build_func(&b, 0);
	emit(&b, FORM_MOV64_K, 0, 0, 0, 0);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(jit_compile(b.prog, target, JIT_KASAN, &image, &why), -EOPNOTSUPP);
	assert_non_null(strstr(why, "BPF_JIT_KASAN"));
	xlated_free(b.prog);
}

static u32 count_bytes(const struct jit_image *image, const void *bytes, u32 size)
{
	u32 cnt = 0;

	for (u32 i = 0; i + size <= image->code_size; i++)
		cnt += !memcmp(image->code + i, bytes, size);
	return cnt;
}

/* ---- sums as addresses ----------------------------------------------------------------- */

/* Insns of the program without code of their own. */
static u32 count_gone(const struct jit_image *image)
{
	u32 cnt = 0;

	for (u32 i = 0; i + 1 < image->line_cnt; i++)
		cnt += image->lines[i].code_off == image->lines[i + 1].code_off;
	return cnt;
}

/* r6 = the context's words, r2 = 8, r3 = 24; the frame that the cases below stand in. */
static void sum_start(struct build *b)
{
	build_start(b);
	build_func(b, 0);
	emit(b, FORM_MOV64_X, 6, 1, 0, 0);
	emit(b, FORM_MOV64_K, 2, 0, 0, 8);
	emit(b, FORM_MOV64_K, 3, 0, 0, 24);
}

static void sum_end(struct build *b, u64 want, u32 gone)
{
	u64 words[8] = { 1, 20, 300, 4000, 50000, 600000, 7000000, 80000000 };
	struct interp_prog *prog;
	struct jit_image *image;

	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_end(b);
	assert_int_equal(interp_link(b->prog, NULL, &prog), 0);
	assert_int_equal(interp_run(prog, words), want);
	interp_unlink(prog);
	assert_int_equal(run_ctx_once(b, words), want);
	assert_int_equal(jit_compile(b->prog, target, 0, &image, NULL), 0);
	assert_int_equal(count_gone(image), gone);
	jit_image_free(image);
	xlated_free(b->prog);
}

/* Where one sum begins before another's use, or in its base, each access keeps the address of its own. */
static void sums_that_meet(void **state __unused_arg)
{
	struct build b;

	sum_start(&b); /* two that take turns: both are addresses */
	emit(&b, FORM_MOV64_X, 1, 6, 0, 0);
	emit(&b, FORM_MOV64_X, 4, 6, 0, 0);
	emit(&b, FORM_ADD64_X, 1, 2, 0, 0);
	emit(&b, FORM_ADD64_X, 4, 3, 0, 0);
	emit(&b, FORM_LDX_DW, 0, 1, 8, 0);
	emit(&b, FORM_LDX_DW, 5, 4, 8, 0);
	emit(&b, FORM_ADD64_X, 0, 5, 0, 0);
	sum_end(&b, 300 + 50000, 4);

	sum_start(&b); /* the first one's base goes on behind its use */
	emit(&b, FORM_MOV64_X, 1, 6, 0, 0);
	emit(&b, FORM_ADD64_X, 1, 2, 0, 0);
	emit(&b, FORM_LDX_DW, 0, 1, 0, 0);
	emit(&b, FORM_ADD64_X, 6, 3, 0, 0);
	emit(&b, FORM_LDX_DW, 5, 6, 8, 0);
	emit(&b, FORM_ADD64_X, 0, 5, 0, 0);
	sum_end(&b, 20 + 50000, 3);

	sum_start(&b); /* ... before its use: the sum is made where it stands, the second one's is an address */
	emit(&b, FORM_MOV64_X, 1, 6, 0, 0);
	emit(&b, FORM_ADD64_X, 1, 2, 0, 0);
	emit(&b, FORM_ADD64_X, 6, 3, 0, 0);
	emit(&b, FORM_LDX_DW, 0, 1, 0, 0);
	emit(&b, FORM_LDX_DW, 5, 6, 8, 0);
	emit(&b, FORM_ADD64_X, 0, 5, 0, 0);
	sum_end(&b, 20 + 50000, 2);

	sum_start(&b); /* ... and both lead through one register, whose second sum is of the first */
	emit(&b, FORM_MOV64_X, 1, 6, 0, 0);
	emit(&b, FORM_ADD64_X, 1, 2, 0, 0);
	emit(&b, FORM_LDX_DW, 0, 1, 0, 0);
	emit(&b, FORM_ADD64_X, 1, 3, 0, 0);
	emit(&b, FORM_LDX_DW, 5, 1, 8, 0);
	emit(&b, FORM_ADD64_X, 0, 5, 0, 0);
	sum_end(&b, 20 + 600000, 2);
}

/* ---- landing pads ---------------------------------------------------------------------- */

static bool is_endbr(const struct jit_image *image, u32 at)
{
	static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };

	return at + 4 <= image->code_size && !memcmp(image->code + at, endbr64, 4);
}

/*
 * The main program, a subprogram that is only called, one whose address is taken, and an insn that gotox
 * goes to with one beside it that none goes to.
 */
static void landing_prog(struct build *b, u32 *ret_dest)
{
	build_start(b);
	build_func(b, 0);
	emit(b, FORM_MOV64_K, 0, 0, 0, 1);
	*ret_dest = emit(b, FORM_ADD64_K, 0, 0, 0, 2);
	b->prog->aux[*ret_dest].flags |= AUX_INDIRECT_DEST | AUX_GOTOX_DEST;
	emit(b, FORM_ADD64_K, 0, 0, 0, 3);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_func(b, 0);
	emit(b, FORM_MOV64_K, 0, 0, 0, 4);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_func(b, 0)->is_callback = true;
	emit(b, FORM_MOV64_K, 0, 0, 0, 5);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_end(b);
}

static void landing_pads(void **state __unused_arg)
{
	struct jit_image *image;
	struct build b;
	u32 dest, cnt;

	landing_prog(&b, &dest);
	for (u32 f = 0; f < 8; f++) {
		u32 with = (f & 1 ? JIT_REPLACEABLE : 0) | (f & 2 ? JIT_BLIND : 0) | (f & 4 ? JIT_CALL_DEPTH : 0);

		assert_int_equal(jit_compile(b.prog, target, with, &image, NULL), 0);
		assert_true(is_endbr(image, image->func_off[0]));
		assert_int_equal(is_endbr(image, image->func_off[1]), !!(with & JIT_REPLACEABLE));
		assert_true(is_endbr(image, image->func_off[2]));
		assert_true(is_endbr(image, jit_code_off(image, dest)));
		cnt = 4 * !!(with & JIT_REPLACEABLE); /* bodies, and the entry of what is only called */
		if (with & JIT_REPLACEABLE)
			for (u32 i = 0; i < 3; i++)
				assert_true(is_endbr(image, image->body_off[i]));
		/* No others; a blinding key could look like one, once in 2^32. */
		assert_int_equal(count_bytes(image, image->code, 4), 3 + cnt);
		jit_image_free(image);
	}
	xlated_free(b.prog);
}

/* Switched off there is none, and the code is shorter by what they took. */
static void no_landing_pads(void **state __unused_arg)
{
	static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	struct jit_image *with, *without;
	struct build b;
	u32 dest;

	landing_prog(&b, &dest);
	for (u32 f = 0; f < 2; f++) {
		u32 more = f ? JIT_REPLACEABLE : 0;

		assert_int_equal(jit_compile(b.prog, target, more, &with, NULL), 0);
		assert_int_equal(jit_compile(b.prog, target, more | JIT_NO_LANDING, &without, NULL), 0);
		assert_int_equal(count_bytes(without, endbr64, 4), 0);
		assert_int_equal(with->code_size - without->code_size, 4 * count_bytes(with, endbr64, 4));
		jit_image_free(with);
		jit_image_free(without);
	}
	xlated_free(b.prog);
}

/* ---- call depth ------------------------------------------------------------------------ */

static u64 depth_seen;

static u64 helper_depth(u64 a, u64 b __unused_arg, u64 c __unused_arg, u64 d __unused_arg, u64 e __unused_arg)
{
	depth_seen = jit_call_depth;
	return a;
}

/* The main program and @deep activations of another, the last of which calls the helper and a leaf without frame. */
static void deep_prog(struct build *b, u32 deep)
{
	u32 call, leaf, at;

	build_start(b);
	build_func(b, 0);
	emit(b, FORM_MOV64_K, 1, 0, 0, (s32)deep);
	emit(b, FORM_CALL_SUBPROG, 0, 0, 0, 1);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	at = b->prog->insn_cnt;
	build_func(b, 0);
	emit(b, FORM_SUB64_K, 1, 0, 0, 1);
	emit(b, FORM_JEQ64_K, 1, 0, 3, 0);
	call = emit(b, FORM_CALL_SUBPROG, 0, 0, 0, 0);
	b->prog->insns[call].imm = (s32)at - (s32)call - 1;
	emit(b, FORM_ADD64_K, 0, 0, 0, 1);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	emit(b, FORM_MOV64_K, 1, 0, 0, 77);
	emit_call(b, FORM_CALL_HELPER, helper_depth);
	emit(b, FORM_MOV64_X, 1, 0, 0, 0);
	leaf = emit(b, FORM_CALL_SUBPROG, 0, 0, 0, 1);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	assert_int_equal(leaf + 2, b->prog->insn_cnt);
	build_func(b, 0);
	emit(b, FORM_MOV64_X, 0, 1, 0, 0);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_end(b);
}

static u64 depth_called(u64 depth)
{
	return (u64)((s64)depth >> JIT_DEPTH_BITS);
}

static u64 depth_returned(u64 depth)
{
	depth <<= JIT_DEPTH_BITS;
	return depth ? depth : JIT_DEPTH_FULL;
}

/* What the counter is in the deepest function and at the end, from each state it may be found in. */
static void depth_is_accounted(void **state __unused_arg)
{
	static const u64 starts[] = { 0, 1ULL << 63, JIT_DEPTH_FULL, ~(u64)0 << 33 };

	for (u32 i = 0; i < 40 * ARRAY_SIZE(starts); i++) {
		u32 deep = 1 + i / ARRAY_SIZE(starts);
		u64 depth = starts[i % ARRAY_SIZE(starts)];
		struct built built;
		struct build b;

		deep_prog(&b, deep);
		built = build_jit(&b);
		check_decodes(built.image);
		jit_call_depth = depth;
		assert_int_equal(built.code->entry(NULL), 77 + deep - 1);
		for (u32 k = 0; k < deep + 1; k++)
			depth = depth_called(depth);
		assert_true(depth_seen == depth);
		depth = depth_returned(depth_called(depth)); /* the leaf */
		for (u32 k = 0; k < deep + 1; k++)
			depth = depth_returned(depth);
		assert_true(jit_call_depth == depth);
		built_free(&built);
		xlated_free(b.prog);
	}
}

/* Nothing of it is in code that is made without. */
static void depth_is_off(void **state __unused_arg)
{
	struct jit_image *off, *on;
	struct built built;
	struct build b;
	u32 cnt = 0;

	deep_prog(&b, 3);
	assert_int_equal(jit_compile(b.prog, target, 0, &off, NULL), 0);
	assert_int_equal(jit_compile(b.prog, target, JIT_CALL_DEPTH, &on, NULL), 0);
	for (u32 i = 0; i < off->reloc_cnt; i++)
		assert_int_not_equal(off->relocs[i].kind, JIT_REL_DEPTH);
	for (u32 i = 0; i < on->reloc_cnt; i++)
		cnt += on->relocs[i].kind == JIT_REL_DEPTH;
	/* one in each of 3 functions, two at each of their 4 exits */
	assert_int_equal(cnt, 3 + 2 * 4);
	assert_true(off->code_size < on->code_size);
	jit_image_free(off);
	jit_image_free(on);
	built = build_jit(&b);
	jit_call_depth = 0x1234;
	assert_int_equal(built.code->entry(NULL), 79);
	assert_int_equal(jit_call_depth, 0x1234);
	built_free(&built);
	xlated_free(b.prog);
}

/* ---- constant blinding ----------------------------------------------------------------- */

#define CHOSEN	 0x5a17c0deu /* what somebody would like to see in the code */
#define CHOSEN64 0x5ca1ab1e0ddba115ull

static u32 count_chosen(const struct jit_image *image)
{
	const u32 word = CHOSEN, minus = -CHOSEN, not = ~CHOSEN;
	const u32 lo = (u32)CHOSEN64, hi = CHOSEN64 >> 32;

	return count_bytes(image, &word, 4) + count_bytes(image, &minus, 4) + count_bytes(image, &not, 4) +
	       count_bytes(image, &lo, 4) + count_bytes(image, &hi, 4);
}

/* Every form with an immediate of the program's, once, in a row that can be run. Returns how many. */
static u32 emit_chosen(struct build *b)
{
	u32 cnt = 0;

	for (enum insn_form form = 1; form < FORM_CNT; form++) {
		const struct insn_info *info = &insn_infos[form];

		if (!(info->uses & USE_IMM) || info->disc == DISC_IMM)
			continue;
		if (info->kind == INSN_ALU)
			emit(b, form, 2, 0, 0, (s32)CHOSEN);
		else if (info->kind == INSN_JCOND)
			emit(b, form, 2, 0, 1, (s32)CHOSEN), emit(b, FORM_ADD64_X, 2, 3, 0, 0);
		else if (info->kind == INSN_ST)
			emit(b, form, 10, 0, -16, (s32)CHOSEN);
		else
			continue;
		cnt++;
	}
	return cnt;
}

static void chosen_prog(struct build *b, u32 *ret_cnt)
{
	build_start(b);
	build_func(b, 16);
	emit(b, FORM_ST_DW, 10, 0, -16, 3);
	emit(b, FORM_MOV64_K, 2, 0, 0, 77);
	emit(b, FORM_MOV64_K, 3, 0, 0, 13);
	*ret_cnt = emit_chosen(b);
	emit_imm64(b, 4, CHOSEN64);
	emit(b, FORM_LDX_DW, 5, 10, -16, 0);
	emit(b, FORM_MOV64_X, 0, 2, 0, 0);
	emit(b, FORM_ADD64_X, 0, 4, 0, 0);
	emit(b, FORM_ADD64_X, 0, 5, 0, 0);
	emit(b, FORM_EXIT, 0, 0, 0, 0);
	build_end(b);
}

/* What the program chose is in the code as it is, and nowhere once blinded; what it computes stays. */
static void chosen_constants(void **state __unused_arg)
{
	struct jit_image *plain, *blind, *again;
	struct interp_prog *prog;
	struct jit_code *code;
	struct build b;
	u32 cnt;

	chosen_prog(&b, &cnt);
	assert_true(cnt > 45);
	assert_int_equal(interp_link(b.prog, NULL, &prog), 0);
	assert_int_equal(jit_compile(b.prog, target, 0, &plain, NULL), 0);
	assert_int_equal(jit_compile(b.prog, target, JIT_BLIND, &blind, NULL), 0);
	assert_int_equal(jit_compile(b.prog, target, JIT_BLIND, &again, NULL), 0);
	assert_true(count_chosen(plain) > cnt / 2);
	assert_int_equal(count_chosen(blind), 0);
	/* Other keys each time. */
	assert_false(blind->code_size == again->code_size && !memcmp(blind->code, again->code, blind->code_size));
	check_decodes(blind);
	assert_int_equal(blind->line_cnt, plain->line_cnt);
	for (u32 i = 0; i < blind->line_cnt; i++)
		assert_int_equal(blind->lines[i].xlated_idx, plain->lines[i].xlated_idx);
	assert_int_equal(jit_link(blind, b.prog, NULL, &code), 0);
	assert_int_equal(code->entry(NULL), interp_run(prog, NULL));
	jit_unlink(code);
	interp_unlink(prog);
	jit_image_free(plain);
	jit_image_free(blind);
	jit_image_free(again);
	xlated_free(b.prog);
}

/* AX holds the address of what a field of the context stands in: the constant is stored around it. */
static void chosen_store_through_ax(void **state __unused_arg)
{
	static const enum insn_form forms[] = { FORM_ST_B, FORM_ST_H, FORM_ST_W, FORM_ST_DW };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		u64 mem[3] = { 1, 2, 3 }, want[3] = { 1, 2, 3 };
		struct jit_image *blind;
		struct interp_prog *prog;
		struct jit_code *code;
		struct build b;

		build_start(&b);
		build_func(&b, 0);
		emit(&b, FORM_MOV64_X, 12, 1, 0, 0);
		emit(&b, forms[i], 12, 0, 8, (s32)CHOSEN | (s32)0x80000000);
		emit(&b, FORM_MOV64_K, 0, 0, 0, 0);
		emit(&b, FORM_EXIT, 0, 0, 0, 0);
		build_end(&b);
		assert_int_equal(jit_compile(b.prog, target, JIT_BLIND, &blind, NULL), 0);
		assert_int_equal(count_bytes(blind, &b.prog->insns[1].imm, 4), 0);
		assert_int_equal(jit_link(blind, b.prog, NULL, &code), 0);
		assert_int_equal(interp_link(b.prog, NULL, &prog), 0);
		code->entry(mem);
		interp_run(prog, want);
		assert_memory_equal(mem, want, sizeof(want));
		jit_unlink(code);
		interp_unlink(prog);
		jit_image_free(blind);
		xlated_free(b.prog);
	}
}

/* Were AX to live across an insn with an immediate, blinding would break it: that is refused. */
static void blinding_needs_ax(void **state __unused_arg)
{
	struct jit_image *image;
	const char *why = NULL;
	struct build b;

	build_start(&b);
	build_func(&b, 0);
	emit(&b, FORM_MOV64_X, 12, 1, 0, 0);
	emit(&b, FORM_MOV64_K, 0, 0, 0, 7);
	emit(&b, FORM_ADD64_X, 0, 12, 0, 0);
	emit(&b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&b);
	assert_int_equal(jit_compile(b.prog, target, JIT_BLIND, &image, &why), -EOPNOTSUPP);
	assert_non_null(strstr(why, "AX"));
	xlated_free(b.prog);
}

/* Many programs in the pool at once; no mapping of the process is writable and executable. */
static void pool_is_never_wx(void **state __unused_arg)
{
	enum { N = 300 };
	static struct built built[N];
	static struct build b[N];
	char line[512];
	u32 exec_maps = 0;
	FILE *maps;

	for (int i = 0; i < N; i++) {
		build_start(&b[i]);
		build_func(&b[i], 0);
		for (int k = 0; k < i * 3; k++)
			emit(&b[i], FORM_ADD64_K, 1, 0, 0, 1000);
		emit(&b[i], FORM_MOV64_K, 0, 0, 0, i);
		emit(&b[i], FORM_EXIT, 0, 0, 0, 0);
		build_end(&b[i]);
		built[i] = build_jit(&b[i]);
	}
	maps = fopen("/proc/self/maps", "r");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		char perms[8];

		assert_int_equal(sscanf(line, "%*s %7s", perms), 1);
		assert_false(perms[1] == 'w' && perms[2] == 'x');
		if (strstr(line, "skep-jit")) {
			assert_int_equal(perms[1], '-');
			exec_maps++;
		}
	}
	fclose(maps);
	assert_in_range(exec_maps, 1, 2);
	for (int i = 0; i < N; i += 2)
		built_free(&built[i]);
	for (int i = 1; i < N; i += 2)
		assert_int_equal(built[i].code->entry(NULL), i);
	for (int i = 0; i < N; i++) {
		if (i % 2)
			built_free(&built[i]);
		xlated_free(b[i].prog);
	}
}

static void compile_cost(void **state __unused_arg)
{
	struct timespec start, end;
	struct build b;
	double ns;
	u64 insns = 0;

	rnd_state = 12345;
	random_prog(&b, 4000);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	for (int i = 0; i < 100; i++) {
		struct jit_image *image;

		assert_int_equal(jit_compile(b.prog, target, 0, &image, NULL), 0);
		insns += b.prog->insn_cnt;
		jit_image_free(image);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	ns = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
	print_message("%s: compiles at %.1f ns an insn\n", jit_target_name(target), ns / insns);
	assert_true(ns / insns < 2000); /* far above the aim: shows only a change of order */
	xlated_free(b.prog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "every form against the interpreter", every_form, NULL, NULL, NULL },
		{ "J-16 signed division, INT_MIN / -1 and all sign mixes, jit", signed_division,
		  NULL, NULL, NULL },
		{ "D-01 load-acquire and store-release, all sizes, jit", acquire_release, NULL,
		  NULL, NULL },
		{ "J-17 atomics of all widths, fetching and not, jit", atomics, NULL, NULL, NULL },
		CALL_TESTS,
		cmocka_unit_test(short_jump_limits),
		cmocka_unit_test(random_programs),
		{ "guard pages before and behind code", guard_pages, NULL, NULL, NULL },
		{ "where a program's code begins is random", random_start, NULL, NULL, NULL },
		{ "no mapping is writable and executable", never_writable_and_executable, NULL, NULL, NULL },
		{ "J-07 division and remainder by constants, edges of both signs, all ops", constant_divisors,
		  NULL, NULL, NULL },
		{ "J-07 what division by a constant costs", division_cost, NULL, NULL, NULL },
		{ "sums that meet: each access keeps its own address", sums_that_meet, NULL, NULL, NULL },
		cmocka_unit_test(refusals),
		{ "J-13 C-20 sanitizer checks are refused by name", no_sanitizer, NULL, NULL, NULL },
		{ "J-10 ENDBR at indirect targets and nowhere else", landing_pads, NULL, NULL, NULL },
		{ "J-10 ENDBR switched off: none at all", no_landing_pads, NULL, NULL, NULL },
		{ "J-18 call depth is not accounted when that is off", depth_is_off, NULL, NULL, NULL },
		cmocka_unit_test(pool_is_never_wx),
		cmocka_unit_test(compile_cost),
		{ "J-08 chosen immediates are not in blinded code, results and lines stay", chosen_constants,
		  NULL, NULL, NULL },
		{ "J-08 a chosen constant stored through AX", chosen_store_through_ax, NULL, NULL, NULL },
		{ "J-08 blinding inside of a sequence that uses AX is refused", blinding_needs_ax,
		  NULL, NULL, NULL },
	};
	const struct CMUnitTest blind_tests[] = {
		{ "J-08 every form against the interpreter, blinded", every_form, NULL, NULL, NULL },
		{ "J-08 J-16 signed division, blinded", signed_division, NULL, NULL, NULL },
		{ "J-08 J-17 atomics, blinded", atomics, NULL, NULL, NULL },
		{ "J-08 division and remainder by constants, blinded", constant_divisors, NULL, NULL, NULL },
		{ "J-08 random programs, blinded", random_programs, NULL, NULL, NULL },
		{ "J-08 jumps of all lengths, blinded", short_jump_limits, NULL, NULL, NULL },
		CALL_TESTS,
	};
	const struct CMUnitTest depth_tests[] = {
		{ "J-18 call depth: in the deepest function and at the end", depth_is_accounted, NULL, NULL, NULL },
		{ "J-18 every form against the interpreter, call depth accounted", every_form, NULL, NULL, NULL },
		{ "J-18 random programs, call depth accounted", random_programs, NULL, NULL, NULL },
		{ "J-18 jumps of all lengths, call depth accounted", short_jump_limits, NULL, NULL, NULL },
		{ "J-18 division by constants, call depth accounted", constant_divisors, NULL, NULL, NULL },
		{ "J-18 ENDBR at indirect targets and nowhere else, call depth accounted", landing_pads, NULL, NULL, NULL },
		{ "J-18 no mapping is writable and executable, call depth accounted", pool_is_never_wx, NULL, NULL, NULL },
		CALL_TESTS,
	};
	const struct CMUnitTest unmarked_tests[] = {
		{ "J-10 every form against the interpreter, no ENDBR", every_form, NULL, NULL, NULL },
		{ "J-10 random programs, no ENDBR", random_programs, NULL, NULL, NULL },
		CALL_TESTS,
	};
	static const char *const names[] = { "x86_64", "x86_64+bmi2" };
	int failed = 0;

	if (!jit_target_host()) {
		printf("no target for this process: skipped\n");
		return 77;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		target = jit_target_find(names[i]);
		assert(target);
		flags = 0;
		failed += cmocka_run_group_tests_name(names[i], tests, NULL, NULL);
		flags = JIT_BLIND;
		failed += cmocka_run_group_tests_name("blinded", blind_tests, NULL, NULL);
		if (!i) { /* what these switch is the same on all */
			flags = JIT_CALL_DEPTH;
			failed += cmocka_run_group_tests_name("call depth", depth_tests, NULL, NULL);
			flags = JIT_NO_LANDING;
			failed += cmocka_run_group_tests_name("no ENDBR", unmarked_tests, NULL, NULL);
		}
		if (target == jit_target_host())
			break; /* the rest needs what this CPU lacks */
	}
	return failed;
}
