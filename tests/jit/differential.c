/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * differential.c - generated programs on the interpreter and as machine code, for each target of this
 * machine, plain and blinded: both must return the same. They are made of what fuse.c looks for, nearly
 * what it looks for, and anything else, with jumps into the middle of it and bounded loops. With -k the running
 * kernel runs those that its verifier takes, too: what it refuses in an encoding is put right first.
 *
 * usage: jit_differential [-k] [-n COUNT] [-s SEED]
 */
#include "../interp/build.h"

#include "interp/interp.h"
#include "jit/jit.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/bpf.h>

#define LEN_MAX 160

static u64 rnd_state;
static bool ask_kernel; /* which wants accesses to the stack that are aligned */

static u32 rnd(u32 below)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (rnd_state >> 11) % below;
}

struct gen {
	struct build b;
	bool closed[LEN_MAX + 400]; /* by insn: no jump may end here, a register holds an address */
	u32 jumps[LEN_MAX];
	u32 jump_cnt;
};

/* r0..r5: few, so that sequences meet. r9 counts down backward jumps; r6..r8 are seldom written. */
static u8 reg(void)
{
	return rnd(8) ? rnd(5) : rnd(9);
}

static s32 number(void)
{
	static const s32 edges[] = { 0, 1, -1, 2, 7, 8, 127, 128, -128, -129, 255, INT32_MAX, INT32_MIN, 0xffff };

	return rnd(3) ? edges[rnd(ARRAY_SIZE(edges))] : (s32)(rnd(1), rnd_state);
}

static void any_insn(struct gen *g)
{
	enum insn_form form;
	const struct insn_info *info;

	do {
		form = 1 + rnd(FORM_CNT - 1);
		info = &insn_infos[form];
	} while (info->kind != INSN_ALU && info->kind != INSN_MOVSX && info->kind != INSN_ENDIAN);
	emit(&g->b, form, reg(), reg(), 0, number());
}

static void maybe_noise(struct gen *g)
{
	if (!rnd(4))
		any_insn(g);
}

/* Two shifted copies of a value, mostly of complementary amounts, joined. */
static void rotation(struct gen *g)
{
	bool w = rnd(2), mov_w = w || rnd(2), left_first = rnd(2), reuse = rnd(2);
	u8 x = reg(), t = reg(), u = reuse ? x : reg();
	u32 bits = w ? 64 : 32, k = 1 + rnd(bits - 1), rest = rnd(8) ? bits - k : rnd(bits);
	enum insn_form left = w ? FORM_LSH64_K : FORM_LSH32_K, right = w ? FORM_RSH64_K : FORM_RSH32_K;
	static const enum insn_form joins[2][4] = {
		{ FORM_OR32_X, FORM_OR32_X, FORM_XOR32_X, FORM_ADD32_X },
		{ FORM_OR64_X, FORM_OR64_X, FORM_XOR64_X, FORM_ADD64_X },
	};

	emit(&g->b, mov_w ? FORM_MOV64_X : FORM_MOV32_X, t, x, 0, 0);
	maybe_noise(g);
	emit(&g->b, left_first ? left : right, t, 0, 0, left_first ? k : rest);
	maybe_noise(g);
	if (!reuse)
		emit(&g->b, mov_w ? FORM_MOV64_X : FORM_MOV32_X, u, x, 0, 0);
	maybe_noise(g);
	emit(&g->b, left_first ? right : left, u, 0, 0, left_first ? rest : k);
	maybe_noise(g);
	if (rnd(2))
		emit(&g->b, joins[w][rnd(4)], u, t, 0, 0);
	else
		emit(&g->b, joins[w][rnd(4)], t, u, 0, 0);
	if (rnd(2))
		emit(&g->b, FORM_MOV64_K, rnd(2) ? t : u, 0, 0, number());
}

static void sum(struct gen *g)
{
	bool w = rnd(2);
	u8 t = reg();
	u32 cnt = 1 + rnd(4);

	if (rnd(4))
		emit(&g->b, w ? FORM_MOV64_X : FORM_MOV32_X, t, reg(), 0, 0);
	for (u32 i = 0; i < cnt; i++) {
		u8 dst = rnd(10) ? t : reg();

		switch (rnd(3)) {
		case 0:
			emit(&g->b, w ? FORM_ADD64_K : FORM_ADD32_K, dst, 0, 0, number());
			break;
		case 1:
			emit(&g->b, w ? FORM_ADD64_X : FORM_ADD32_X, dst, reg(), 0, 0);
			break;
		default:
			emit(&g->b, w ? FORM_LSH64_K : FORM_LSH32_K, dst, 0, 0, rnd(5));
		}
		maybe_noise(g);
	}
}

/* Loads and stores, of numbers only: addresses differ between the engines. */
static void accesses(struct gen *g, u8 t)
{
	static const enum insn_form loads[] = { FORM_LDX_B, FORM_LDX_H, FORM_LDX_W, FORM_LDX_DW, FORM_LDXSX_B,
						FORM_LDXSX_W };
	static const enum insn_form stores[] = { FORM_STX_B, FORM_STX_H, FORM_STX_W, FORM_STX_DW };
	u32 cnt = 1 + rnd(2);

	for (u32 i = 0; i < cnt; i++) {
		u32 odd = ask_kernel ? 0 : rnd(2);
		u8 other = (t + 1 + rnd(4)) % 5;

		if (rnd(2))
			emit(&g->b, stores[rnd(4)], t, other, 8 * rnd(4) + odd, 0);
		else if (rnd(2))
			emit(&g->b, FORM_ST_W, t, 0, 8 * rnd(4), number());
		else
			emit(&g->b, loads[rnd(6)], i + 1 == cnt && rnd(2) ? t : other, t, 8 * rnd(4) + odd, 0);
	}
}

/* A place on the stack from an index of 0..7 (asking the kernel: 0, 8, 16, 24 or scaled by 8), then t is a number again. */
static void address(struct gen *g)
{
	u8 t = rnd(5), idx = (t + 1 + rnd(4)) % 5, u = 5;
	u32 shift = ask_kernel ? 3 : 1 + rnd(3), how = rnd(3), from = g->b.prog->insn_cnt;
	s32 disp = -512 + 8 * rnd(40);

	emit(&g->b, rnd(2) ? FORM_AND64_K : FORM_AND32_K, idx, 0, 0, ask_kernel && !how ? 24 : 7);
	switch (how) {
	case 0:
		emit(&g->b, FORM_MOV64_X, t, 10, 0, 0);
		emit(&g->b, FORM_ADD64_K, t, 0, 0, disp);
		emit(&g->b, FORM_ADD64_X, t, idx, 0, 0);
		break;
	case 1:
		emit(&g->b, FORM_MOV64_X, t, idx, 0, 0);
		emit(&g->b, FORM_LSH64_K, t, 0, 0, shift);
		emit(&g->b, FORM_ADD64_X, t, 10, 0, 0);
		emit(&g->b, FORM_ADD64_K, t, 0, 0, disp);
		break;
	default:
		emit(&g->b, FORM_MOV64_X, u, idx, 0, 0);
		emit(&g->b, FORM_LSH64_K, u, 0, 0, shift);
		emit(&g->b, FORM_MOV64_X, t, 10, 0, 0);
		emit(&g->b, FORM_ADD64_K, t, 0, 0, disp);
		emit(&g->b, FORM_ADD64_X, t, u, 0, 0);
	}
	accesses(g, t);
	emit(&g->b, FORM_MOV64_K, t, 0, 0, number());
	for (u32 i = from + 1; i < g->b.prog->insn_cnt; i++)
		g->closed[i] = true;
}

static u32 condition(struct gen *g, s16 off)
{
	enum insn_form form;

	do {
		form = 1 + rnd(FORM_CNT - 1);
	} while (insn_infos[form].kind != INSN_JCOND);
	return emit(&g->b, form, reg(), reg(), off, number());
}

static void jump(struct gen *g)
{
	switch (rnd(3)) {
	case 0: /* a choice */
		condition(g, 1);
		if (rnd(2))
			emit(&g->b, rnd(2) ? FORM_MOV64_X : FORM_MOV32_X, reg(), reg(), 0, 0);
		else
			emit(&g->b, rnd(2) ? FORM_MOV64_K : FORM_MOV32_K, reg(), 0, 0, number());
		break;
	case 1: /* around a jump */
		condition(g, 1);
		g->jumps[g->jump_cnt++] = emit(&g->b, FORM_JA, 0, 0, 0, 0);
		break;
	default:
		g->jumps[g->jump_cnt++] = condition(g, 0);
	}
}

/* Back while r9 lasts. */
static void loop(struct gen *g, u32 start)
{
	u32 back = 1 + rnd(30), at = g->b.prog->insn_cnt + 1;
	u32 to = at > start + back ? at - back : start;

	while (to > start && g->closed[to])
		to--;
	emit(&g->b, FORM_SUB64_K, 9, 0, 0, 1);
	g->closed[at] = true; /* who came here without counting could go round for ever */
	emit(&g->b, FORM_JSGT64_K, 9, 0, (s16)(to - at - 1), 0);
}

static void begin(struct gen *g)
{
	build_start(&g->b);
	build_func(&g->b, 512);
	for (int i = 0; i < 64; i++)
		emit(&g->b, FORM_ST_DW, 10, 0, -8 * (i + 1), number());
	for (int i = 0; i < 9; i++) {
		emit_imm64(&g->b, i, (rnd(1), rnd_state));
		if (rnd(2))
			emit(&g->b, FORM_MOV64_K, i, 0, 0, number());
	}
	emit(&g->b, FORM_MOV64_K, 9, 0, 0, rnd(6));
}

/* r0 takes in register @reg, which is changed. All bits come down: of what the kernel runs, 32 are seen. */
static void mix_in(struct gen *g, u8 reg)
{
	emit(&g->b, FORM_MUL64_K, 0, 0, 0, 31);
	emit(&g->b, FORM_XOR64_X, 0, reg, 0, 0);
	emit(&g->b, FORM_MOV64_X, reg, 0, 0, 0);
	emit(&g->b, FORM_RSH64_K, reg, 0, 0, 32);
	emit(&g->b, FORM_ADD64_X, 0, reg, 0, 0);
}

static void finish(struct gen *g)
{
	struct xlated_prog *p = g->b.prog;
	u32 end = p->insn_cnt;

	for (u32 i = 0; i < g->jump_cnt; i++) {
		u32 at = g->jumps[i], to = at + 1 + rnd(24);

		to = to < end ? to : end;
		while (to < end && g->closed[to])
			to++;
		p->insns[at].off = to - at - 1;
	}
	for (int i = 1; i < 10; i++)
		mix_in(g, i);
	for (int i = 0; i < 64; i++) {
		emit(&g->b, FORM_LDX_DW, 1, 10, -8 * (i + 1), 0);
		mix_in(g, 1);
	}
	emit(&g->b, FORM_EXIT, 0, 0, 0, 0);
	build_end(&g->b);
}

static void generate(struct gen *g)
{
	u32 start, len = 20 + rnd(100);

	memset(g, 0, sizeof(*g));
	begin(g);
	start = g->b.prog->insn_cnt;
	while (g->b.prog->insn_cnt < start + len) {
		switch (rnd(8)) {
		case 0: case 1:
			rotation(g);
			break;
		case 2:
			sum(g);
			break;
		case 3: case 4:
			address(g);
			break;
		case 5:
			jump(g);
			break;
		case 6:
			if (!rnd(3))
				loop(g, start);
			break;
		default:
			any_insn(g);
		}
	}
	finish(g);
}

static bool compare(const struct gen *g, u64 want, const char *name, u32 flags, u64 seed, u64 nr)
{
	const struct jit_target *target = jit_target_find(name);
	struct jit_image *image;
	struct jit_code *code;
	const char *why = "";
	u64 got;

	if (jit_compile(g->b.prog, target, flags, &image, &why) || jit_link(image, g->b.prog, NULL, &code)) {
		fprintf(stderr, "seed %llu program %llu: %s does not compile: %s\n", (unsigned long long)seed,
			(unsigned long long)nr, name, why);
		return false;
	}
	got = code->entry(NULL);
	jit_unlink(code);
	jit_image_free(image);
	if (got == want)
		return true;
	fprintf(stderr, "seed %llu program %llu: interpreter %llx, %s%s %llx\n", (unsigned long long)seed,
		(unsigned long long)nr, (unsigned long long)want, name, flags == JIT_BLIND ? " blinded" : flags ? " switched" : "",
		(unsigned long long)got);
	return false;
}

/* ---- the running kernel ---------------------------------------------------------------- */

static u64 kernel_ran, kernel_refused;

/* Fields that an insn does not have are 0; no immediate shift is too far, no immediate divisor 0. */
static void put_right(struct bpf_insn *insn)
{
	const struct insn_info *info = &insn_infos[insn_decode(insn)];

	if (!(info->uses & USE_DST) && info->disc != DISC_DST)
		insn->dst_reg = 0;
	if (!(info->uses & USE_SRC) && info->disc != DISC_SRC)
		insn->src_reg = 0;
	if (!(info->uses & USE_OFF) && info->disc != DISC_OFF)
		insn->off = 0;
	if (!(info->uses & USE_IMM) && info->disc != DISC_IMM)
		insn->imm = 0;
	if (info->kind != INSN_ALU || !(info->uses & USE_IMM))
		return;
	if (info->op == OP_LSH || info->op == OP_RSH || info->op == OP_ARSH)
		insn->imm &= 8 * info->size - 1;
	else if (!insn->imm && (info->op == OP_DIV || info->op == OP_MOD || info->op == OP_SDIV || info->op == OP_SMOD))
		insn->imm = 7;
}

static void put_all_right(struct xlated_prog *prog)
{
	for (u32 i = 0; i < prog->insn_cnt; i += insn_is_wide(&prog->insns[i]) ? 2 : 1)
		put_right(&prog->insns[i]);
}

static int kernel_load(const struct xlated_prog *prog)
{
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SCHED_CLS, .insn_cnt = prog->insn_cnt };

	attr.insns = (uintptr_t)prog->insns;
	attr.license = (uintptr_t)"GPL";
	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static bool kernel_permits(void)
{
	struct bpf_insn insns[] = { make_form(FORM_MOV64_K, 0, 0, 0, 0), make_form(FORM_EXIT, 0, 0, 0, 0) };
	int fd = kernel_load(&(struct xlated_prog){ .insns = insns, .insn_cnt = 2 });

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool same_on_kernel(const struct gen *g, u64 want, u64 seed, u64 nr)
{
	union bpf_attr attr = { 0 };
	u8 packet[64] = { 0 };
	int fd = kernel_load(g->b.prog);
	bool ran;

	if (fd < 0) {
		kernel_refused++;
		return true;
	}
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = (uintptr_t)packet;
	attr.test.data_size_in = sizeof(packet);
	attr.test.repeat = 1;
	ran = !syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr));
	close(fd);
	kernel_ran += ran;
	if (ran && attr.test.retval == (u32)want)
		return true;
	fprintf(stderr, "seed %llu program %llu: interpreter %x, kernel %x%s\n", (unsigned long long)seed,
		(unsigned long long)nr, (u32)want, attr.test.retval, ran ? "" : " (did not run)");
	return false;
}

static bool one(u64 seed, u64 nr)
{
	bool bmi2 = __builtin_cpu_supports("bmi2"), ok;
	struct interp_prog *prog;
	struct gen g;
	u64 want;

	rnd_state = (seed * 1000003 + nr) * 0x9e3779b97f4a7c15 + 1;
	generate(&g);
	if (ask_kernel)
		put_all_right(g.b.prog);
	if (interp_link(g.b.prog, NULL, &prog)) {
		fprintf(stderr, "seed %llu program %llu: no program\n", (unsigned long long)seed, (unsigned long long)nr);
		return false;
	}
	want = interp_run(prog, NULL);
	ok = compare(&g, want, "x86_64", 0, seed, nr);
	if (bmi2)
		ok &= compare(&g, want, "x86_64+bmi2", 0, seed, nr);
	if (nr % 4 == 0)
		ok &= compare(&g, want, "x86_64", JIT_BLIND, seed, nr);
	if (nr % 4 == 1)
		ok &= compare(&g, want, "x86_64", JIT_CALL_DEPTH | JIT_NO_LANDING, seed, nr);
	if (ask_kernel)
		ok &= same_on_kernel(&g, want, seed, nr);
	interp_unlink(prog);
	xlated_free(g.b.prog);
	return ok;
}

int main(int argc, char **argv)
{
	u64 count = 4000, seed = time(NULL), bad = 0;
	int opt;

	while ((opt = getopt(argc, argv, "kn:s:")) != -1) {
		if (opt == 'k')
			ask_kernel = true;
		else if (opt == 'n')
			count = strtoull(optarg, NULL, 0);
		else if (opt == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	if (!jit_target_host())
		return 77;
	if (ask_kernel && !kernel_permits()) {
		printf("bpf(2) is not permitted: the kernel is not asked\n");
		return 77;
	}
	for (u64 i = 0; i < count && bad < 10; i++)
		bad += !one(seed, i);
	printf("seed %llu: %llu programs, %llu differ\n", (unsigned long long)seed, (unsigned long long)count,
	       (unsigned long long)bad);
	if (ask_kernel)
		printf("the kernel ran %llu of them, its verifier refused %llu\n", (unsigned long long)kernel_ran,
		       (unsigned long long)kernel_refused);
	/* a judge that runs next to nothing judges nothing */
	return bad || (ask_kernel && kernel_ran < count - count / 10) ? 1 : 0;
}
