/* SPDX-License-Identifier: BSD-2-Clause */
/* test_fixups.c - the rewritten program, as text: one insn a line, symbols behind a bar. */
#include "fakehost.h"
#include "isa/cfg.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define XDP  BPF_PROG_TYPE_XDP
#define SOCK BPF_PROG_TYPE_SOCKET_FILTER

static struct fakehost fh;
static struct fake_run run;

static const char *const sym_names[] = {
	[SYM_MAP] = "map",	 [SYM_MAP_VALUE] = "value", [SYM_HELPER] = "helper",
	[SYM_MAP_OP] = "map_op", [SYM_FUNC] = "func",
	[SYM_JUMP_TABLE] = "table",
};

static void print_sym(struct strbuf *out, const struct xlated_prog *x, u32 row)
{
	const struct xlated_sym *sym = &x->syms[row];

	if (!row)
		return;
	assert_true(row < x->sym_cnt);
	strbuf_printf(out, " | %s %u", sym_names[sym->kind], sym->idx);
	if (sym->off)
		strbuf_printf(out, " +%llu", (unsigned long long)sym->off);
}

static void check_text(const struct xlated_prog *x, const char *want)
{
	struct strbuf out = { 0 };

	for (u32 i = 0; i < x->insn_cnt; i++) {
		insn_print(&out, &x->insns[i], NULL);
		print_sym(&out, x, x->aux[i].sym);
		strbuf_putc(&out, '\n');
		i += insn_is_wide(&x->insns[i]);
	}
	if (strcmp(strbuf_str(&out), want))
		fail_msg("expected\n%s\ngot\n%s", want, strbuf_str(&out));
	strbuf_free(&out);
}

static const struct xlated_prog *verify(u32 type, const char *text)
{
	fakehost_verify(&fh, type, text, NULL, &run);
	if (run.res.err)
		fail_msg("refused: %s\n%s\n%s", run.res.message, text, run.log_buf);
	return run.res.xlated;
}

static void gives(u32 type, const char *text, const char *want)
{
	check_text(verify(type, text), want);
	fakehost_release(&fh, &run);
}

static void plain_code_stays(void **state __unused_arg)
{
	gives(SOCK, "r0 = 1; r1 = *(u32 *)(r1 + 0); if r1 > 5 goto +1; r0 = 2; exit",
	      "(b7) r0 = 1\n"
	      "(61) r1 = *(u32 *)(r1 +112)\n"
	      "(25) if r1 > 0x5 goto pc+1\n"
	      "(b7) r0 = 2\n"
	      "(95) exit\n");
}

static void dead_code_goes(void **state __unused_arg)
{
	/* Never taken: the condition goes. Always taken: a goto, and it goes when nothing is between. */
	gives(SOCK, "r0 = 1; if r0 == 2 goto +2; r0 = 3; exit; r0 = 4; exit",
	      "(b7) r0 = 1\n(b7) r0 = 3\n(95) exit\n");
	gives(SOCK, "r0 = 1; if r0 == 1 goto +1; r0 = 3; exit", "(b7) r0 = 1\n(95) exit\n");
	gives(SOCK, "r1 = *(u32 *)(r1 + 0); r0 = 1; if r1 == 1 goto +3; if r0 == 1 goto +2; r0 = 3; "
		    "r0 = 4; exit",
	      "(61) r1 = *(u32 *)(r1 +112)\n"
	      "(b7) r0 = 1\n"
	      "(15) if r1 == 0x1 goto pc+0\n"
	      "(95) exit\n");
}

static void jumps_follow_longer_code(void **state __unused_arg)
{
	/* A jump across a context access of several loads, forwards and backwards. */
	gives(XDP, "r6 = r1; r0 = *(u32 *)(r6 + 16); if r0 == 0 goto +1; r0 = *(u32 *)(r6 + 12); r0 = 2; "
		   "exit",
	      "(bf) r6 = r1\n"
	      "(79) r0 = *(u64 *)(r6 +24)\n"
	      "(61) r0 = *(u32 *)(r0 +8)\n"
	      "(15) if r0 == 0x0 goto pc+3\n"
	      "(79) r0 = *(u64 *)(r6 +24)\n"
	      "(79) r0 = *(u64 *)(r0 +0)\n"
	      "(61) r0 = *(u32 *)(r0 +40)\n"
	      "(b7) r0 = 2\n"
	      "(95) exit\n");
	gives(XDP, "r6 = r1; r7 = 3; r0 = *(u32 *)(r6 + 16); r7 += -1; if r7 != 0 goto -3; r0 = 2; exit",
	      "(bf) r6 = r1\n"
	      "(b7) r7 = 3\n"
	      "(79) r0 = *(u64 *)(r6 +24)\n"
	      "(61) r0 = *(u32 *)(r0 +8)\n"
	      "(07) r7 += -1\n"
	      "(55) if r7 != 0x0 goto pc-4\n"
	      "(b7) r0 = 2\n"
	      "(95) exit\n");
}

static void context_reads(void **state __unused_arg)
{
	/* Part of a plain field is that part of the structure. */
	gives(SOCK, "r0 = *(u16 *)(r1 + 2); exit", "(69) r0 = *(u16 *)(r1 +114)\n(95) exit\n");
	gives(SOCK, "r0 = *(s16 *)(r1 + 2); exit",
	      "(69) r0 = *(u16 *)(r1 +114)\n(bf) r0 = (s16)r0\n(95) exit\n");
	/* A field of another width, and one that is a bit. */
	gives(SOCK, "r0 = *(u32 *)(r1 + 16); exit", "(69) r0 = *(u16 *)(r1 +180)\n(95) exit\n");
	gives(SOCK, "r0 = *(u32 *)(r1 + 20); exit",
	      "(71) r0 = *(u8 *)(r1 +182)\n(77) r0 >>= 3\n(57) r0 &= 1\n(95) exit\n");
	/* Pointers are read with 4 bytes and have 8. */
	gives(XDP, "r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r0 = 2; exit",
	      "(79) r2 = *(u64 *)(r1 +0)\n(79) r3 = *(u64 *)(r1 +8)\n(b7) r0 = 2\n(95) exit\n");
}

static void context_writes(void **state __unused_arg)
{
	gives(SOCK, "r0 = 7; *(u32 *)(r1 + 8) = r0; *(u32 *)(r1 + 48) = 5; exit",
	      "(b7) r0 = 7\n(63) *(u32 *)(r1 +168) = r0\n(62) *(u32 *)(r1 +40) = 5\n(95) exit\n");
}

static void maps_and_helpers(void **state __unused_arg)
{
	fakehost_add_map(&fh, BPF_MAP_TYPE_ARRAY, 4, 16, 1, 0);
	fakehost_add_map(&fh, BPF_MAP_TYPE_HASH, 4, 16, 1, 0);
	gives(SOCK,
	      "r1 = map[fd11]; r2 = r10; r2 += -4; *(u32 *)(r10 -4) = 0; call bpf_map_lookup_elem; "
	      "call bpf_get_prandom_u32; r1 = map_value[fd10] + 8; r0 = *(u64 *)(r1 + 0); exit",
	      "(18) r1 = map[fd:0] | map 0\n"
	      "(bf) r2 = r10\n"
	      "(07) r2 += -4\n"
	      "(62) *(u32 *)(r10 -4) = 0\n"
	      "(85) call unknown#1 | map_op 0 +1\n"
	      "(85) call unknown#7 | helper 7\n"
	      "(18) r1 = map[fd:1][0]+8 | value 1 +8\n"
	      "(79) r0 = *(u64 *)(r1 +0)\n"
	      "(95) exit\n");
}

static void a_call_with_two_maps_is_general(void **state __unused_arg)
{
	const struct xlated_prog *x;
	u32 calls = 0;

	fakehost_add_map(&fh, BPF_MAP_TYPE_HASH, 4, 16, 1, 0);
	fakehost_add_map(&fh, BPF_MAP_TYPE_HASH, 4, 16, 1, 0);
	x = verify(SOCK, "r6 = *(u32 *)(r1 + 0); r1 = map[fd10]; if r6 == 0 goto +2; r1 = map[fd11]; "
			 "r2 = r10; r2 += -4; *(u32 *)(r10 -4) = 0; call bpf_map_lookup_elem; r0 = 0; "
			 "exit");
	for (u32 i = 0; i < x->insn_cnt; i++) {
		if (insn_decode(&x->insns[i]) != FORM_CALL_HELPER)
			continue;
		assert_int_equal(x->syms[x->aux[i].sym].kind, SYM_HELPER);
		calls++;
	}
	assert_int_equal(calls, 1);
	fakehost_release(&fh, &run);
}

static void calls_follow(void **state __unused_arg)
{
	const struct xlated_prog *x;

	/* The first subprogram is never called: it goes, and the numbers move up. */
	x = verify(SOCK, "r6 = r1; r0 = 1; if r0 == 1 goto +1; call dead; r1 = r6; call live; exit; "
			 "dead: r0 = 5; exit; live: r0 = *(u32 *)(r1 + 0); exit");
	check_text(x, "(bf) r6 = r1\n"
		      "(b7) r0 = 1\n"
		      "(bf) r1 = r6\n"
		      "(85) call pc+1\n"
		      "(95) exit\n"
		      "(61) r0 = *(u32 *)(r1 +112)\n"
		      "(95) exit\n");
	assert_int_equal(x->subprog_cnt, 2);
	assert_int_equal(x->subprogs[0].end, 5);
	assert_int_equal(x->subprogs[1].start, 5);
	assert_int_equal(x->subprogs[1].end, 7);
	fakehost_release(&fh, &run);
}

static void callbacks_are_symbols(void **state __unused_arg)
{
	const struct xlated_prog *x;

	x = verify(SOCK, "r4 = *(u32 *)(r1 + 0); r1 = 10; r2 = func cb; r3 = 0; call bpf_loop; r0 = 0; exit; "
			 "cb: r0 = 0; exit");
	assert_int_equal(x->subprog_cnt, 2);
	assert_true(x->subprogs[1].is_callback);
	assert_false(x->subprogs[0].is_callback);
	assert_int_equal(x->syms[x->aux[2].sym].kind, SYM_FUNC);
	assert_int_equal(x->syms[x->aux[2].sym].idx, 1);
	assert_int_equal(insn_target(x->insns, 2), x->subprogs[1].start);
	assert_true(x->aux[x->subprogs[1].start].flags & AUX_INDIRECT_DEST);
	fakehost_release(&fh, &run);
}

static void plain_loops_are_written_out(void **state __unused_arg)
{
	const struct xlated_prog *x;

	x = verify(SOCK, "*(u64 *)(r10 -8) = 0; r1 = 10; r2 = func cb; r3 = r10; r4 = 0; call bpf_loop; r0 = 0; exit; "
			 "cb: r0 = 0; exit");
	check_text(x, "(7a) *(u64 *)(r10 -8) = 0\n"
		      "(b7) r1 = 10\n"
		      "(18) r2 = subprog[+24] | func 1\n"
		      "(bf) r3 = r10\n"
		      "(b7) r4 = 0\n"
		      "(b5) if r1 <= 0x800000 goto pc+2\n"
		      "(b4) w0 = -7\n"
		      "(05) goto pc+16\n"
		      "(7b) *(u64 *)(r10 -32) = r6\n"
		      "(7b) *(u64 *)(r10 -24) = r7\n"
		      "(7b) *(u64 *)(r10 -16) = r8\n"
		      "(bf) r6 = r1\n"
		      "(b7) r7 = 0\n"
		      "(bf) r8 = r3\n"
		      "(3d) if r7 >= r6 goto pc+5\n"
		      "(bf) r1 = r7\n"
		      "(bf) r2 = r8\n"
		      "(85) call pc+8\n"
		      "(07) r7 += 1\n"
		      "(15) if r0 == 0x0 goto pc-6\n"
		      "(bf) r0 = r7\n"
		      "(79) r6 = *(u64 *)(r10 -32)\n"
		      "(79) r7 = *(u64 *)(r10 -24)\n"
		      "(79) r8 = *(u64 *)(r10 -16)\n"
		      "(b7) r0 = 0\n"
		      "(95) exit\n"
		      "(b7) r0 = 0\n"
		      "(95) exit\n");
	assert_int_equal(x->subprogs[0].stack_depth, 32);
	fakehost_release(&fh, &run);
}

/* Spills around a helper that takes no registers away go, and their stack, unless somebody looks at it. */
static void needless_spills_go(void **state __unused_arg)
{
	const struct xlated_prog *x;

	x = verify(SOCK, "r1 = 1; *(u64 *)(r10 -8) = r1; *(u64 *)(r10 -16) = r1; call bpf_get_smp_processor_id; "
			 "r1 = *(u64 *)(r10 -16); r0 = r1; exit");
	assert_int_equal(x->subprogs[0].stack_depth, 8);
	check_text(x, "(b7) r1 = 1\n"
		      "(7b) *(u64 *)(r10 -8) = r1\n"
		      "(b7) r0 = 0\n"
		      "(bf) r0 = &(void __percpu *)(r0)\n"
		      "(61) r0 = *(u32 *)(r0 +0)\n"
		      "(bf) r0 = r1\n"
		      "(95) exit\n");
	fakehost_release(&fh, &run);
	x = verify(SOCK, "r1 = 1; *(u64 *)(r10 -8) = r1; *(u64 *)(r10 -16) = r1; call bpf_get_smp_processor_id; "
			 "r1 = *(u64 *)(r10 -16); r0 = *(u64 *)(r10 -16); exit");
	assert_int_equal(x->subprogs[0].stack_depth, 16);
	fakehost_release(&fh, &run);
}

/* V-20: a callee more than 32767 insns away. */
static void v20_far_calls(void **state __unused_arg)
{
	enum { FILL = 40000 };
	struct bpf_insn *insns = calloc(FILL + 8, sizeof(*insns));
	const struct bpf_insn mov = { .code = 0xb7 }, exit = { .code = 0x95 };
	struct vprog prog = { .gpl = true };
	const struct xlated_prog *x;
	u32 n = 0;

	insns[n++] = (struct bpf_insn){ .code = 0x85, .src_reg = 1, .imm = FILL + 1 };
	for (u32 i = 0; i < FILL; i++)
		insns[n++] = mov;
	insns[n++] = exit;
	insns[n++] = mov;
	insns[n++] = exit;
	prog.insns = insns;
	prog.insn_cnt = n;
	fakehost_verify(&fh, SOCK, NULL, &prog, &run);
	assert_int_equal(run.res.err, 0);
	x = run.res.xlated;
	assert_int_equal(x->insn_cnt, n);
	assert_int_equal(insn_target(x->insns, 0), FILL + 2);
	assert_int_equal(x->subprogs[1].start, FILL + 2);
	fakehost_release(&fh, &run);
	free(insns);
}

/*
 * V-19: as many subprograms as there may be, and the last insn but one is a call. They are a tree, since frames
 * are few: each calls three others, main the one at the very end, which calls backwards. A memory checker sees
 * what is read beyond ("make asan").
 */
static void v19_calls_up_to_the_end(void **state __unused_arg)
{
	enum { SUBS = 256, FAN = 3, LEN = FAN + 1 };
	static struct bpf_insn insns[SUBS * LEN];
	const struct bpf_insn mov = { .code = 0xb7 }, exit = { .code = 0x95 };
	struct vprog prog = { .gpl = true, .insns = insns, .insn_cnt = SUBS * LEN };
	const struct xlated_prog *x;

	for (u32 i = 0; i < SUBS * LEN; i++)
		insns[i] = i % LEN == FAN ? exit : mov;
	for (u32 s = 1; s < SUBS; s++) {
		u32 from = (s - 1) / FAN, nr = (s - 1) % FAN; /* its caller, and which call of it */
		u32 at = (from ? SUBS - from : 0) * LEN + nr, to = (SUBS - s) * LEN;

		insns[at] = (struct bpf_insn){ .code = 0x85, .src_reg = 1, .imm = (s32)(to - at - 1) };
	}
	assert_int_equal(insns[SUBS * LEN - 2].src_reg, 1);
	fakehost_verify(&fh, SOCK, NULL, &prog, &run);
	if (run.res.err)
		fail_msg("refused: %s", run.res.message);
	x = run.res.xlated;
	assert_int_equal(x->subprog_cnt, SUBS);
	for (u32 i = 0; i < x->insn_cnt; i++)
		assert_int_equal(insn_target(x->insns, i), insn_target(insns, i));
	fakehost_release(&fh, &run);
}

/* J-09: insns that some gotox goes to are marked, and no others, though the table names them. */
static void j09_gotox_destinations(void **state __unused_arg)
{
	static const struct bpf_insn_array_value values[] = { { .orig_off = 10 }, { .orig_off = 12 }, { .orig_off = 14 } };
	static const u32 targets[] = { 8, 10, INSN_GONE };
	const struct xlated_prog *x;

	assert_int_equal(fakehost_add_map(&fh, BPF_MAP_TYPE_INSN_ARRAY, 4, 16, 3, BPF_F_RDONLY_PROG), 10);
	fh.maps[0].insn_values = values;
	fh.maps[0].frozen = true;
	x = verify(SOCK, "r6 = *(u32 *)(r1 + 0); r6 &= 8; r0 = 7; if r0 == 7 goto +1; r0 = 8; r7 = map_value[fd10] + 0; "
			 "r7 += r6; r7 = *(u64 *)(r7 + 0); gotox r7; r0 = 2; exit; r0 = 3; exit; r0 = 4; exit");
	check_text(x, "(61) r6 = *(u32 *)(r1 +112)\n"
		      "(57) r6 &= 8\n"
		      "(b7) r0 = 7\n"
		      "(18) r7 = map[fd:0][0]+0 | table 0\n"
		      "(0f) r7 += r6\n"
		      "(79) r7 = *(u64 *)(r7 +0)\n"
		      "(0d) gotox r7\n"
		      "(b7) r0 = 2\n"
		      "(95) exit\n"
		      "(b7) r0 = 3\n"
		      "(95) exit\n");
	assert_int_equal(x->table_cnt, 1);
	assert_memory_equal(x->tables[0].targets, targets, sizeof(targets));
	for (u32 i = 0; i < x->insn_cnt; i++) {
		bool dest = i == 8 || i == 10;

		assert_int_equal(x->aux[i].flags & (AUX_GOTOX_DEST | AUX_INDIRECT_DEST),
				 dest ? AUX_GOTOX_DEST | AUX_INDIRECT_DEST : 0);
	}
	fakehost_release(&fh, &run);
}

static void may_goto_counts(void **state __unused_arg)
{
	const struct xlated_prog *x;

	x = verify(SOCK, "*(u64 *)(r10 -8) = 1; may_goto +1; goto -2; r0 = 0; exit");
	check_text(x, "(7a) *(u64 *)(r10 -16) = 8388608\n"
		      "(7a) *(u64 *)(r10 -8) = 1\n"
		      "(79) r12 = *(u64 *)(r10 -16)\n"
		      "(15) if r12 == 0x0 goto pc+3\n"
		      "(17) r12 -= 1\n"
		      "(7b) *(u64 *)(r10 -16) = r12\n"
		      "(05) goto pc+1\n"
		      "(05) goto pc+1\n"
		      "(05) goto pc-7\n"
		      "(b7) r0 = 0\n"
		      "(95) exit\n");
	assert_int_equal(x->subprogs[0].stack_depth, 16);
	fakehost_release(&fh, &run);
}

static void packet_loads_become_calls(void **state __unused_arg)
{
	const struct xlated_prog *x;

	x = verify(SOCK, "r6 = r1; r0 = *(u16 *)skb[12]; exit");
	check_text(x, "(bf) r6 = r1\n"
		      "(b4) w2 = 12\n"
		      "(bf) r1 = r6\n"
		      "(bf) r3 = r10\n"
		      "(07) r3 += -8\n"
		      "(b7) r4 = 2\n"
		      "(c6) if w2 s< 0x0 goto pc+2\n"
		      "(85) call unknown#26 | helper 26\n"
		      "(05) goto pc+7\n"
		      "(c6) if w2 s< 0xffe00000 goto pc+7\n"
		      "(b7) r5 = 1\n"
		      "(76) if w2 s>= 0xfff00000 goto pc+2\n"
		      "(b7) r5 = 0\n"
		      "(04) w2 += 1048576\n"
		      "(14) w2 -= -1048576\n"
		      "(85) call unknown#68 | helper 68\n"
		      "(15) if r0 == 0x0 goto pc+2\n"
		      "(b4) w0 = 0\n"
		      "(95) exit\n"
		      "(69) r0 = *(u16 *)(r10 -8)\n"
		      "(dc) r0 = be16 r0\n"
		      "(95) exit\n");
	assert_int_equal(x->subprogs[0].stack_depth, 8);
	fakehost_release(&fh, &run);
}

static void conditions_reach_far(void **state __unused_arg)
{
	enum { LOADS = 3000 }; /* each becomes more than 11 insns */
	static const char head[] = "r6 = r1; r0 = *(u8 *)skb[0]; if r0 == 7 goto end; ", load[] = "r0 = *(u8 *)skb[1]; ";
	static char text[sizeof(head) + LOADS * (sizeof(load) - 1) + sizeof("end: exit")];
	const struct xlated_prog *x;
	char *at = stpcpy(text, head);
	u32 i = 0;

	for (u32 n = 0; n < LOADS; n++)
		at = stpcpy(at, load);
	strcpy(at, "end: exit");
	x = verify(SOCK, text);
	assert_true(x->insn_cnt > 33000);
	while (insn_decode(&x->insns[i]) != FORM_JEQ64_K || x->insns[i].imm != 7)
		i++;
	/* if r0 == 7 goto +1; goto +1; gotol end */
	assert_int_equal(x->insns[i].off, 1);
	assert_int_equal(insn_decode(&x->insns[i + 1]), FORM_JA);
	assert_int_equal(x->insns[i + 1].off, 1);
	assert_int_equal(insn_decode(&x->insns[i + 2]), FORM_JA32);
	assert_int_equal(insn_target(x->insns, i + 2), x->insn_cnt - 1);
	fakehost_release(&fh, &run);
}

static void offsets_are_masked(void **state __unused_arg)
{
	fakehost_add_map(&fh, BPF_MAP_TYPE_ARRAY, 4, 16, 1, 0);
	fh.host.caps = VCAP_BPF;
	gives(SOCK, "r2 = *(u32 *)(r1 + 0); r2 &= 7; r3 = map_value[fd10]; r3 += r2; r0 = *(u8 *)(r3 + 0); exit",
	      "(61) r2 = *(u32 *)(r1 +112)\n"
	      "(57) r2 &= 7\n"
	      "(18) r3 = map[fd:0][0]+0 | value 0\n"
	      "(b4) w12 = 7\n"
	      "(1f) r12 -= r2\n"
	      "(4f) r12 |= r2\n"
	      "(87) r12 = -r12\n"
	      "(c7) r12 s>>= 63\n"
	      "(5f) r12 &= r2\n"
	      "(0f) r3 += r12\n"
	      "(71) r0 = *(u8 *)(r3 +0)\n"
	      "(95) exit\n");
	/* A store that a load behind it must see. */
	gives(SOCK, "*(u64 *)(r10 -8) = r1; r1 = *(u64 *)(r10 -8); r0 = 0; exit",
	      "(7b) *(u64 *)(r10 -8) = r1\n(c2) nospec\n(79) r1 = *(u64 *)(r10 -8)\n(b7) r0 = 0\n(95) exit\n");
	/* Only a wrong guess comes to the load with 5 for an address: there is a barrier before it. */
	gives(SOCK, "r2 = *(u32 *)(r1 + 0); r3 = map_value[fd10]; r4 = r2; r4 &= 0; if r2 == 1 goto use; r3 = 5; "
		    "if r4 == 0 goto out; use: r0 = *(u8 *)(r3 + 0); out: r0 = 1; exit",
	      "(61) r2 = *(u32 *)(r1 +112)\n"
	      "(18) r3 = map[fd:0][0]+0 | value 0\n"
	      "(bf) r4 = r2\n"
	      "(57) r4 &= 0\n"
	      "(15) if r2 == 0x1 goto pc+2\n"
	      "(b7) r3 = 5\n"
	      "(15) if r4 == 0x0 goto pc+2\n"
	      "(c2) nospec\n"
	      "(71) r0 = *(u8 *)(r3 +0)\n"
	      "(b7) r0 = 1\n"
	      "(95) exit\n");
	/* Where nothing is guessed there is none, and the load is gone. */
	gives(SOCK, "r2 = *(u32 *)(r1 + 0); r2 &= 0; if r2 == 0 goto +1; r0 = *(u8 *)(r2 + 0); r0 = 1; exit",
	      "(61) r2 = *(u32 *)(r1 +112)\n(57) r2 &= 0\n(b7) r0 = 1\n(95) exit\n");
	fakehost_init(&fh);
}

static void flags_tell_targets(void **state __unused_arg)
{
	const struct xlated_prog *x;

	x = verify(SOCK, "r0 = *(u32 *)(r1 + 0); if r0 == 0 goto +1; w0 += 1; exit");
	assert_false(x->aux[1].flags & AUX_JMP_TARGET);
	assert_true(x->aux[3].flags & AUX_JMP_TARGET);
	assert_true(x->aux[2].flags & AUX_ZEXT);
	assert_false(x->aux[1].flags & AUX_ZEXT);
	for (u32 i = 0; i < x->insn_cnt; i++)
		assert_int_equal(x->aux[i].orig_idx, i);
	fakehost_release(&fh, &run);
}

static int setup(void **state __unused_arg)
{
	fakehost_init(&fh);
	return 0;
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(plain_code_stays),	 T(dead_code_goes),
		T(jumps_follow_longer_code), T(context_reads),
		T(context_writes),	 T(maps_and_helpers),
		T(a_call_with_two_maps_is_general), T(calls_follow),
		T(callbacks_are_symbols), T(v20_far_calls),
		T(needless_spills_go),		 T(plain_loops_are_written_out),
		T(j09_gotox_destinations),	 T(v19_calls_up_to_the_end),
		T(may_goto_counts),	 T(flags_tell_targets),
		T(packet_loads_become_calls), T(conditions_reach_far), T(offsets_are_masked),
	};

	return cmocka_run_group_tests_name("verifier-fixups", tests, NULL, NULL);
}
