/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_engine.c - the walk over all paths: pruning with what it must compare, precision traced back
 * through whatever a number went through, loops that end and loops that do not, frames, facts, log.
 * Every program is tried with Linux's own checkpoints and with one at each insn that may have one.
 */
#include "fakehost.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define XDP  BPF_PROG_TYPE_XDP
#define SOCK BPF_PROG_TYPE_SOCKET_FILTER

#define ANY  1 /* refused with whatever errno */

static struct fakehost fh;
static int value_fd, hash_fd;
static char text_buf[64 * 1024];

static int setup(void **state __unused_arg)
{
	fakehost_init(&fh);
	value_fd = fakehost_add_map(&fh, BPF_MAP_TYPE_ARRAY, 4, 16, 1, 0); /* fd10 */
	hash_fd = fakehost_add_map(&fh, BPF_MAP_TYPE_HASH, 4, 8, 4, 0);	   /* fd11 */
	return 0;
}

/* Runs @text, leaves the outcome in @run; the caller releases it. */
static void run_text(u32 type, u32 flags, const char *text, struct fake_run *run)
{
	struct vprog prog = { .gpl = true, .flags = flags };

	fakehost_verify(&fh, type, text, &prog, run);
}

static void judge(u32 type, const char *text, int err, const char *msg)
{
	static struct fake_run run;
	static const u32 flags[] = { 0, BPF_F_TEST_STATE_FREQ };

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++) {
		run_text(type, flags[i], text, &run);
		if ((err == ANY ? !run.res.err : run.res.err != err) || (msg && !strstr(run.res.message, msg)))
			fail_msg("flags %u: expected %d \"%s\", got %d \"%s\"\n%s\n%s", flags[i], err, msg ? msg : "",
				 run.res.err, run.res.message, text, run.log_buf);
		fakehost_release(&fh, &run);
		assert_int_equal(fh.map_refs, 0);
	}
}

static void accepts(u32 type, const char *text)
{
	judge(type, text, 0, NULL);
}

static void refuses(u32 type, const char *text, int err, const char *msg)
{
	judge(type, text, err, msg);
}

#define OUTSIDE "invalid access to map value"
#define RANDOM "call bpf_get_prandom_u32; "
#define VALUE "r9 = map_value[fd10] + 0; "
#define USE(reg) "r9 += " reg "; r0 = *(u8 *)(r9 + 0); "
#define DONE "r0 = 0; exit; "

/*
 * r6 is @a on the way that is followed first and @b on the other; both meet at "join", where it goes
 * through @by into r7, an offset into 16 bytes.
 */
static const char *two_ways(const char *a, const char *b, const char *by, const char *rest)
{
	snprintf(text_buf, sizeof(text_buf),
		 VALUE RANDOM "if r0 == 0 goto other; r6 = %s; goto join; other: r6 = %s; join: r0 = 0; "
		 "%s; " USE("r7") DONE "%s", a, b, by, rest);
	return text_buf;
}

/* ---- precision ---------------------------------------------------------------------------------- */

static const struct {
	const char *by, *rest, *fine; /* NULL: 15 */
} ways[] = {
	{ "r7 = r6", "", NULL },
	{ "w7 = w6", "", NULL },
	{ "r7 = (s8)r6", "", NULL },
	{ "r7 = r6; r7 += 0", "", NULL },
	{ "r7 = 0; r7 += r6", "", NULL },
	{ "r7 = r6; r7 ^= 1; r7 ^= 1", "", NULL },
	{ "r7 = r6; r7 = be16 r7; r7 = be16 r7", "", NULL },
	{ "*(u64 *)(r10 -8) = r6; r7 = *(u64 *)(r10 -8)", "", NULL },
	{ "*(u32 *)(r10 -8) = r6; r7 = *(u32 *)(r10 -8)", "", NULL },
	{ "*(u64 *)(r10 -8) = r6; r7 = *(u8 *)(r10 -8)", "", NULL },
	{ "*(u64 *)(r10 -8) = r6; r1 = r10; r1 += -16; r7 = *(u64 *)(r1 + 8)", "", NULL },
	{ "r1 = r6; call f; r7 = r0", "f: r0 = r1; exit", NULL },
	{ "r1 = r6; call f; r7 = r0", "f: *(u64 *)(r10 -8) = r1; r0 = *(u64 *)(r10 -8); exit", NULL },
	{ "r1 = r6; r2 = r10; r2 += -8; call f; r7 = *(u64 *)(r10 -8)", "f: *(u64 *)(r2 + 0) = r1; r0 = 0; exit", NULL },
	{ "*(u64 *)(r10 -8) = r6; r1 = r10; r1 += -8; call f; r7 = r0", "f: r0 = *(u64 *)(r1 + 0); exit", NULL },
	{ "r1 = r6; call f; r7 = r0", "f: call g; exit; g: call h; r0 = r6; exit; h: r0 = 0; r6 = 1; exit", NULL },
	/* Nobody reads it as a number, but a comparison decides which number is read. */
	{ "r7 = 0; if r6 == 0 goto +1; r7 = 99", "", "0" },
	{ "r7 = 0; if r6 < 16 goto +1; r7 = 99", "", NULL },
	{ "r7 = 0; if w6 < 16 goto +1; r7 = 99", "", NULL },
	{ "r7 = r6; r1 = r7; if r1 > 200 goto out; goto in; out: r7 = 0; in: r0 = 0", "", NULL },
};

static void precision_through_everything(void **state __unused_arg)
{
	for (u32 i = 0; i < ARRAY_SIZE(ways); i++) {
		/* "g: call h" reads r6 of its own frame, which nobody set. */
		if (strstr(ways[i].rest, "call h")) {
			refuses(SOCK, two_ways("0", "15", ways[i].by, ways[i].rest), -EACCES, "R6 !read_ok");
			continue;
		}
		accepts(SOCK, two_ways("0", ways[i].fine ? ways[i].fine : "15", ways[i].by, ways[i].rest));
		refuses(SOCK, two_ways("0", "16", ways[i].by, ways[i].rest), -EACCES, OUTSIDE);
	}
}

/* A number that nobody relies on does not keep paths apart. */
static void what_is_not_relied_on_is_not_compared(void **state __unused_arg)
{
	static struct fake_run run;
	static const char head[] = VALUE RANDOM "r7 = 0; if r0 == 0 goto a; r6 = 1; goto join; a: r6 = 2; join: ";
	u32 cnt[2];

	for (u32 i = 0; i < 2; i++) {
		snprintf(text_buf, sizeof(text_buf), "%s%s" USE("r7") "r0 = r6; exit", head,
			 i ? "r7 = r6; " : "r8 = r6; ");
		run_text(SOCK, BPF_F_TEST_STATE_FREQ, text_buf, &run);
		assert_int_equal(run.res.err, 0);
		cnt[i] = run.res.stats.insns_processed;
		fakehost_release(&fh, &run);
	}
	assert_true(cnt[0] < cnt[1]);
}

static void precision_in_callbacks(void **state __unused_arg)
{
	/* What iterations add up is not known behind the loop. */
	refuses(SOCK, VALUE "*(u64 *)(r10 -8) = 0; r1 = 4; r2 = func cb; r3 = r10; r3 += -8; r4 = 0; "
		      "call bpf_loop; r7 = *(u64 *)(r10 -8); " USE("r7") DONE
		      "cb: r1 = *(u64 *)(r2 + 0); r1 += 5; *(u64 *)(r2 + 0) = r1; r0 = 0; exit", ANY, NULL);
	accepts(SOCK, VALUE "*(u64 *)(r10 -8) = 0; r1 = 4; r2 = func cb; r3 = r10; r3 += -8; r4 = 0; "
		      "call bpf_loop; r7 = *(u64 *)(r10 -8); r7 &= 15; " USE("r7") DONE
		      "cb: r1 = *(u64 *)(r2 + 0); r1 += 5; *(u64 *)(r2 + 0) = r1; r0 = 0; exit");
	/* Zero iterations are possible, one is too. */
	refuses(SOCK, VALUE "*(u64 *)(r10 -8) = 99; r1 = 4; r2 = func cb; r3 = r10; r3 += -8; r4 = 0; "
		      "call bpf_loop; r7 = *(u64 *)(r10 -8); " USE("r7") DONE
		      "cb: *(u64 *)(r2 + 0) = 1; r0 = 0; exit", -EACCES, OUTSIDE);
	refuses(SOCK, VALUE "*(u64 *)(r10 -8) = 1; r1 = 4; r2 = func cb; r3 = r10; r3 += -8; r4 = 0; "
		      "call bpf_loop; r7 = *(u64 *)(r10 -8); " USE("r7") DONE
		      "cb: *(u64 *)(r2 + 0) = 99; r0 = 0; exit", -EACCES, OUTSIDE);
	accepts(SOCK, VALUE "*(u64 *)(r10 -8) = 1; r1 = 4; r2 = func cb; r3 = r10; r3 += -8; r4 = 0; "
		      "call bpf_loop; r7 = *(u64 *)(r10 -8); " USE("r7") DONE
		      "cb: *(u64 *)(r2 + 0) = 15; r0 = 0; exit");
	/* The third iteration does what the first two do not. */
	refuses(SOCK, VALUE "*(u64 *)(r10 -8) = 0; *(u64 *)(r10 -16) = 0; r1 = 9; r2 = func cb; r3 = r10; r3 += -16; "
		      "r4 = 0; call bpf_loop; r7 = *(u64 *)(r10 -16); " USE("r7") DONE
		      "cb: r1 = *(u64 *)(r2 + 8); *(u64 *)(r2 + 0) = r1; r3 = 1; if r1 == 0 goto +1; r3 = 99; "
		      "*(u64 *)(r2 + 8) = r3; r0 = 0; exit", -EACCES, OUTSIDE);
}

/* The count of the first loop's iterations is not the second loop's. */
static void each_loop_is_followed(void **state __unused_arg)
{
#define TWO_LOOPS(test)                                                                            \
	"*(u64 *)(r10 -8) = 0; r1 = 1; r2 = func cb1; r3 = r10; r3 += -8; r4 = 0; call bpf_loop; "         \
	"r1 = 1; r2 = func cb2; r3 = r10; r3 += -8; r4 = 0; call bpf_loop; " DONE                          \
	"cb1: *(u64 *)(r2 + 0) = 1; r0 = 0; exit; "                                                        \
	"cb2: r1 = *(u64 *)(r2 + 0); if r1 " test " goto fine; r0 = *(u64 *)(r1 + 0); fine: r0 = 0; exit"
	refuses(SOCK, TWO_LOOPS("== 0"), -EACCES, "R1 invalid mem access 'scalar'");
	accepts(SOCK, TWO_LOOPS("< 2"));
}

/* ---- links ---------------------------------------------------------------------------------------- */

static void v13_deltas_of_another_base(void **state __unused_arg)
{
#define PAIRS(base) VALUE RANDOM "r8 = r0; " RANDOM "r7 = r0; " RANDOM "if r0 == 0 goto other; " \
	"r6 = r7; r6 += 1; goto join; other: r6 = " base "; r6 += 1; " \
	"join: r0 = 0; if r7 > 8 goto out; if r8 > 100 goto out; " USE("r6") "out: " DONE
	accepts(SOCK, PAIRS("r7"));
	refuses(SOCK, PAIRS("r8"), ANY, NULL);
	/* The same base at another distance. */
#define DELTAS(a, b) VALUE RANDOM "r7 = r0; " RANDOM "if r0 == 0 goto other; " \
	"r6 = r7; r6 += " a "; goto join; other: r6 = r7; r6 += " b "; " \
	"join: r0 = 0; if r7 > 8 goto out; " USE("r6") "out: " DONE
	accepts(SOCK, DELTAS("1", "7"));
	refuses(SOCK, DELTAS("1", "8"), -EACCES, OUTSIDE);
	refuses(SOCK, DELTAS("8", "1"), -EACCES, OUTSIDE);
	/* Linked on one way, equal by accident on the other. */
	refuses(SOCK, VALUE RANDOM "r8 = r0; " RANDOM "r7 = r0; " RANDOM "if r0 == 0 goto other; r6 = r7; "
		      "goto join; other: r6 = r8; join: r0 = 0; if r7 > 8 goto out; " USE("r6") "out: " DONE,
		ANY, NULL);
}

static void v14_deltas_do_not_outlive_their_link(void **state __unused_arg)
{
	/* r1 + r1 has no fixed distance from r1. */
	refuses(SOCK, VALUE RANDOM "r6 = r0; r7 = r6; r6 += r6; if r6 > 15 goto out; " USE("r7") "out: " DONE,
		ANY, NULL);
	accepts(SOCK, VALUE RANDOM "r6 = r0; r7 = r6; r6 += 1; if r6 > 16 goto out; if r6 == 0 goto out; "
		      USE("r7") "out: " DONE);
	/* r6 is another number after &, so is its distance. */
	refuses(SOCK, VALUE RANDOM "r6 = r0; r7 = r6; r6 += 8; r6 &= 0xff; r5 = r6; if r5 > 15 goto out; "
		      USE("r7") "out: " DONE, ANY, NULL);
	accepts(SOCK, VALUE RANDOM "r6 = r0; r7 = r6; r6 += 8; r6 &= 0xff; r5 = r6; if r5 > 15 goto out; "
		      USE("r6") "out: " DONE);
	accepts(SOCK, VALUE RANDOM "r6 = r0; r6 += 8; r6 &= 0xff; r5 = r6; r5 += 1; if r5 > 16 goto out; "
		      USE("r6") "out: " DONE);
}

static void linked_numbers_move_together(void **state __unused_arg)
{
	accepts(SOCK, VALUE RANDOM "r6 = r0; *(u64 *)(r10 -8) = r6; if r6 > 15 goto out; "
		      "r7 = *(u64 *)(r10 -8); " USE("r7") "out: " DONE);
	refuses(SOCK, VALUE RANDOM "r6 = r0; *(u64 *)(r10 -8) = r6; if r6 > 16 goto out; "
		      "r7 = *(u64 *)(r10 -8); " USE("r7") "out: " DONE, -EACCES, OUTSIDE);
	/* In the caller's frame, too. */
	accepts(SOCK, VALUE RANDOM "r6 = r0; r1 = r6; call f; if r0 == 0 goto out; " USE("r6") "out: " DONE
		      "f: r0 = 0; if r1 > 15 goto no; r0 = 1; no: exit");
	refuses(SOCK, VALUE RANDOM "r6 = r0; r1 = r6; call f; if r0 == 1 goto out; " USE("r6") "out: " DONE
		      "f: r0 = 0; if r1 > 15 goto no; r0 = 1; no: exit", ANY, NULL);
	/* A cut number is another one. */
	refuses(SOCK, VALUE "r6 = *(u64 *)(r9 + 0); w7 = w6; if r7 > 15 goto out; " USE("r6") "out: " DONE,
		ANY, NULL);
	accepts(SOCK, VALUE "r6 = *(u32 *)(r9 + 0); w7 = w6; if r7 > 15 goto out; " USE("r6") "out: " DONE);
}

/* ---- packets ---------------------------------------------------------------------------------------- */

static void v15_a_moved_pointer_was_not_compared(void **state __unused_arg)
{
#define AGAIN(move)                                                                                \
	"r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r4 = r2; r4 += 8; if r4 > r3 goto beyond; r0 = 2; exit; " \
	"beyond: " move "if r4 > r3 goto fine; r0 = r7; exit; fine: r0 = 2; exit"
	accepts(XDP, AGAIN(""));
	refuses(XDP, AGAIN("r4 += -8; "), -EACCES, "R7 !read_ok");
	refuses(XDP, AGAIN("r4 += 0; "), -EACCES, "R7 !read_ok");
	/* At the end is not yet beyond it. */
	refuses(XDP, "r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r4 = r2; r4 += 8; if r4 >= r3 goto at; r0 = 2; exit; "
		     "at: if r4 > r3 goto fine; r0 = r7; exit; fine: r0 = 2; exit", -EACCES, "R7 !read_ok");
	accepts(XDP, "r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r4 = r2; r4 += 8; if r4 >= r3 goto at; r0 = 2; exit; "
		     "at: if r4 >= r3 goto fine; r0 = r7; exit; fine: r0 = 2; exit");
}

/* ---- loops -------------------------------------------------------------------------------------------- */

static void loops_end(void **state __unused_arg)
{
	accepts(SOCK, "r6 = 0; l: r6 += 1; if r6 < 1000 goto l; " DONE);
	refuses(SOCK, "r6 = 0; l: r6 += 0; if r6 < 1000 goto l; " DONE, -EINVAL, "infinite loop detected at insn 1");
	refuses(SOCK, "r0 = 0; l: goto l2; l2: if r0 == 0 goto l; exit", -EINVAL, "infinite loop detected");
	refuses(SOCK, RANDOM "l: r0 = 0; call bpf_get_prandom_u32; if r0 == 7 goto l; goto l2; l2: goto l; exit",
		ANY, NULL);
	/* What ends by itself, and what is around it and does not. */
	accepts(SOCK, "l: may_goto out; goto l; out: " DONE);
	refuses(SOCK, "l: may_goto l; goto l; " DONE, ANY, NULL);
	refuses(SOCK, "r6 = 1; l: call f; goto l; f: r0 = 0; m: may_goto out; r0 = 0; goto m; out: exit", -EINVAL,
		"infinite loop detected");
	refuses(SOCK, "r6 = 1; l: r1 = 3; r2 = func cb; r3 = 0; r4 = 0; call bpf_loop; goto l; cb: r0 = 0; exit",
		-EINVAL, "infinite loop detected");
	accepts(SOCK, "r6 = 1; l: r1 = 3; r2 = func cb; r3 = 0; r4 = 0; call bpf_loop; r6 += 1; if r6 < 9 goto l; " DONE
		      "cb: r0 = 0; exit");
	/* The way out of may_goto that jumps takes nothing from its counter. */
	refuses(SOCK, "r0 = 0; l: may_goto out; r0 = 1; goto l; out: goto l; exit", ANY, NULL);
}

static void nested_loops_end(void **state __unused_arg)
{
	accepts(SOCK, "r1 = 10; r2 = func cb; r3 = 0; r4 = 0; call bpf_loop; " DONE
		      "cb: r1 = 5; r2 = func in; r3 = 0; r4 = 0; call bpf_loop; r0 = 0; exit; in: r0 = 0; exit");
	accepts(SOCK, "l: may_goto out; r1 = 3; r2 = func cb; r3 = 0; r4 = 0; call bpf_loop; goto l; out: " DONE
		      "cb: m: may_goto no; goto m; no: r0 = 0; exit");
	refuses(SOCK, "r1 = 10; r2 = func cb; r3 = 0; r4 = 0; call bpf_loop; " DONE "cb: r0 = 2; exit", -EINVAL,
		"At callback return the register R0 has smin=2 smax=2 should have been in [0, 1]");
}

static void limits(void **state __unused_arg)
{
	/* Once only: a million insns are logged. */
	static struct fake_run run;

	run_text(SOCK, 0, "r6 = 0; l: r6 += 1; r1 = r6; r1 ^= 5; r2 = r1; r3 = 1; r4 = 1; r5 = 1; r7 = 1; r8 = 1; r9 = 1; "
			  "if r6 != 400000 goto l; " DONE, &run);
	assert_int_equal(run.res.err, -E2BIG);
	assert_string_equal(run.res.message, "BPF program is too large. Processed 1000001 insn");
	fakehost_release(&fh, &run);
	refuses(SOCK, VALUE "r6 = 0; l: r1 = *(u64 *)(r9 + 0); if r1 == 5 goto +0; r6 += 1; if r6 < 9000 goto l; " DONE,
		-E2BIG, "The sequence of 8193 jumps is too complex.");
}

/* ---- frames ---------------------------------------------------------------------------------------------- */

static void frames(void **state __unused_arg)
{
	char text[1024];
	int len;

	for (int depth = 8; depth <= 9; depth++) {
		len = 0;
		for (int i = 1; i < depth; i++)
			len += snprintf(text + len, sizeof(text) - len, "%s%d: call f%d; exit; ", "f", i, i + 1);
		snprintf(text + len, sizeof(text) - len, "f%d: r0 = 0; exit", depth);
		judge(SOCK, text, depth == 8 ? 0 : -E2BIG, depth == 8 ? NULL : "the call stack of 9 frames is too deep");
	}
	/* A frame's stack does not outlive it. */
	refuses(SOCK, "call f; exit; f: r0 = r10; exit", -EINVAL, "cannot return stack pointer to the caller");
	refuses(SOCK, "r1 = r10; r1 += -8; call f; exit; f: *(u64 *)(r1 + 0) = r10; r0 = 0; exit", -EINVAL,
		"cannot spill pointers to stack into stack frame of the caller");
	accepts(SOCK, "r6 = 7; call f; r0 = r6; exit; f: r6 = 8; r0 = 0; exit");
	refuses(SOCK, "r1 = 7; call f; r0 = r1; exit; f: r0 = 0; exit", -EACCES, "R1 !read_ok");
	refuses(SOCK, "call f; exit; f: r1 = 0; exit", -EACCES, "R0 !read_ok");
}

static u32 depth_of(const char *text)
{
	static struct fake_run run;
	u32 depth;

	run_text(SOCK, 0, text, &run);
	assert_int_equal(run.res.err, 0);
	depth = run.res.stats.max_stack_depth;
	fakehost_release(&fh, &run);
	return depth;
}

static void r02_combined_stack_depth(void **state __unused_arg)
{
	bool jit = fh.host.jit;

	fh.host.jit = true;
	assert_int_equal(depth_of("r0 = 0; exit"), 0);
	assert_int_equal(depth_of("*(u8 *)(r10 -1) = 1; r0 = 0; exit"), 16);
	assert_int_equal(depth_of("*(u64 *)(r10 -40) = 1; call f; exit; f: *(u64 *)(r10 -16) = 1; r0 = 0; exit"), 64);
	/* The deepest chain counts, not the sum: 16 + max(32 + 48, 64). */
	assert_int_equal(depth_of("*(u64 *)(r10 -8) = 1; call f; call g; exit; "
				  "f: *(u64 *)(r10 -32) = 1; call h; exit; g: *(u64 *)(r10 -64) = 1; r0 = 0; exit; "
				  "h: *(u64 *)(r10 -48) = 1; r0 = 0; exit"), 96);
	refuses(SOCK, "*(u64 *)(r10 -512) = 1; call f; exit; f: *(u64 *)(r10 -8) = 1; r0 = 0; exit", -EACCES,
		"combined stack size of 2 calls is 528. Too large");
	fh.host.jit = false;
	assert_int_equal(depth_of("r0 = 0; exit"), 32);
	fh.host.jit = jit;
}

/* ---- stack --------------------------------------------------------------------------------------------------- */

static void pruning_compares_the_stack(void **state __unused_arg)
{
#define SLOT(a, b, use)                                                                            \
	VALUE RANDOM "if r0 == 0 goto other; " a "goto join; other: " b "join: r0 = 0; " use "r0 = 0; exit"
	/* A pointer on one way, a number on the other. */
	refuses(SOCK, SLOT("*(u64 *)(r10 -8) = r9; ", "*(u64 *)(r10 -8) = 5; ",
			   "r1 = *(u64 *)(r10 -8); r0 = *(u8 *)(r1 + 0); "), -EACCES, "R1 invalid mem access 'scalar'");
	refuses(SOCK, SLOT("*(u64 *)(r10 -8) = r9; ", "r1 = r10; *(u64 *)(r10 -8) = r1; ",
			   "r1 = *(u64 *)(r10 -8); r0 = *(u8 *)(r1 + 0); "), ANY, NULL);
	accepts(SOCK, SLOT("*(u64 *)(r10 -8) = r9; ", "*(u64 *)(r10 -8) = r9; *(u64 *)(r10 -16) = r9; ",
			   "r1 = *(u64 *)(r10 -8); r0 = *(u8 *)(r1 + 0); "));
	/* Zeros that are relied on as zero. */
	refuses(SOCK, SLOT("*(u32 *)(r10 -4) = 0; ", "*(u32 *)(r10 -4) = 77; ",
			   "r6 = *(u32 *)(r10 -4); " USE("r6")), ANY, NULL);
	accepts(SOCK, SLOT("*(u32 *)(r10 -4) = 0; ", "*(u32 *)(r10 -4) = 0; ",
			   "r6 = *(u32 *)(r10 -4); " USE("r6")));
	/* Never written on one way: any number there. */
	refuses(SOCK, SLOT("*(u64 *)(r10 -8) = 3; ", "r1 = 0; ", "r6 = *(u64 *)(r10 -8); " USE("r6")), ANY, NULL);
}

/* ---- dead slots ------------------------------------------------------------------------------------------------- */

static void expect_log(const char *text, const char *want)
{
	static struct fake_run run;

	run_text(SOCK, 0, text, &run);
	if (run.res.err || !strstr(run.log_buf, want))
		fail_msg("%d %s: no\n%s\nin\n%.3000s", run.res.err, run.res.message, want, run.log_buf);
	fakehost_release(&fh, &run);
}

static void v08_constants_decide(void **state __unused_arg)
{
#define DECIDED(six, more) six "r7 = *(u32 *)(r1 + 0); " more "if r6 == 1 goto l; r0 = r7; exit; l: r0 = 0; exit"
	/* What only the dead way reads is not alive. */
	expect_log(DECIDED("r6 = 1; ", ""), "2: ......6... (15)");
	expect_log(DECIDED("r6 = *(u32 *)(r1 + 0); ", ""), "2: ......67.. (15)");
	expect_log(DECIDED("r6 = 3; r6 <<= 1; w6 -= 5; ", ""), "4: ......6... (15)");
	/* One constant on both ways, another on one. */
	expect_log(DECIDED("r6 = 1; ", "if r7 == 9 goto +1; r6 = 1; "), "4: ......6... (15)");
	expect_log(DECIDED("r6 = 1; ", "if r7 == 9 goto +1; r6 = 2; "), "4: ......67.. (15)");
	/* On a way that is dead itself: none. */
	expect_log(DECIDED("r6 = 1; ", "if r6 == 1 goto +1; r6 = 2; "), "4: ......6... (15)");
	/* A loop's counter is a constant at first only. */
	refuses(SOCK, "r6 = 0; l: r6 += 1; if r6 != 2 goto l; r0 = *(u8 *)(r6 + 0); exit", -EACCES,
		"R6 invalid mem access 'scalar'");
	/* What a callee gets, and what it leaves. */
	refuses(SOCK, "r1 = 1; call f; r1 = 2; call f; r0 = 0; exit; f: if r1 == 1 goto +1; r0 = *(u8 *)(r1 + 0); r0 = 0; exit",
		-EACCES, "R1 invalid mem access 'scalar'");
	accepts(SOCK, "r6 = 1; call f; if r6 == 1 goto +1; r0 = *(u8 *)(r6 + 0); r0 = 0; exit; f: r6 = 5; r0 = 0; exit");
	refuses(SOCK, "r0 = 1; call f; if r0 == 1 goto +1; r1 = *(u8 *)(r0 + 0); r0 = 0; exit; f: r0 = 5; exit", -EACCES,
		"R0 invalid mem access 'scalar'");
}

static void v09_helpers_touch_what_their_sizes_say(void **state __unused_arg)
{
	/* A key has its size, and so has a buffer that comes with one. */
	expect_log("r1 = map[fd11]; r2 = r10; r2 += -8; *(u32 *)(r2 + 0) = 1; call bpf_map_lookup_elem; r0 = 0; exit",
		   "\n  4: def: fp-8\n  5: use: fp-8\n");
	expect_log("r2 = 0; r3 = r10; r3 += -24; r4 = 12; call bpf_skb_load_bytes; r0 = *(u32 *)(r10 -24); exit",
		   "\n  4: def: fp-16 fp-20 fp-24\n  5: use: fp-24\n");
}

static void v16_packet_loads_may_end_the_function(void **state __unused_arg)
{
	/* With too few bytes the callee returns 0 at once: 4 - 1 is inside, 0 - 1 is not. */
#define LOADS(less) "r9 = map_value[fd10] + 0; call f; r0 += " less "; r9 += r0; r0 = *(u8 *)(r9 + 0); r0 = 0; exit; " \
		    "f: r6 = r1; r0 = *(u8 *)skb[0]; r0 = 4; exit"
	accepts(SOCK, LOADS("0"));
	refuses(SOCK, LOADS("-1"), -EACCES, "R9 min value is negative");
	accepts(SOCK, "r9 = map_value[fd10] + 0; call f; r0 += -1; r9 += r0; r0 = *(u8 *)(r9 + 0); r0 = 0; exit; "
		      "f: r6 = r1; r0 = 4; exit");
}

static void r01_insns_of_each_subprogram(void **state __unused_arg)
{
	/* Static functions count where they are called. */
	expect_log("call f; call f; r0 = 0; exit; f: r0 = 1; exit", "\ninsns processed 8+0\nprocessed 8 insns ");
	expect_log("r0 = 1; exit", "\ninsns processed 2\nprocessed 2 insns ");
}

static void r04_warnings_do_not_refuse(void **state __unused_arg)
{
	static struct fake_run run;

	/* Once an insn, however many paths come to it; never on a refusal. */
	expect_log("r6 = 2; l: call bpf_get_numa_node_id; r6 += -1; if r6 != 0 goto l; r0 = 0; exit",
		   "\nWARNING: insn 1: bpf_get_numa_node_id#42 is deprecated, use bpf_get_smp_processor_id\n"
		   "verification time");
	run_text(SOCK, 0, "call bpf_get_numa_node_id; r0 = r9; exit", &run);
	assert_int_equal(run.res.err, -EACCES);
	assert_null(strstr(run.log_buf, "WARNING"));
	assert_null(run.res.warnings);
	fakehost_release(&fh, &run);
	run_text(SOCK, 0, "call bpf_get_smp_processor_id; exit", &run);
	assert_null(run.res.warnings);
	fakehost_release(&fh, &run);
}

static void v10_what_is_read_and_overwritten(void **state __unused_arg)
{
	expect_log("*(u64 *)(r10 -16) = 1; *(u8 *)(r10 -4) = 1; r1 = *(u32 *)(r10 -12); r0 = *(u8 *)(r10 -3); exit",
		   "stack use/def subprog#0 :\n  0: def: fp-12 fp-16\n  2: use: fp-12\n  3: use: fp-4\n");
	/* Through an argument; and through the argument of an argument. */
	expect_log("*(u64 *)(r10 -24) = 1; r1 = r10; r1 += -32; call f; exit; f: r1 += 4; call g; exit; "
		   "g: r0 = *(u32 *)(r1 + 4); exit",
		   "stack use/def subprog#0 f0:\n  0: def: fp-20 fp-24\n  3: use: fp-24\n");
	/* Who knows where: everything. */
	expect_log("*(u64 *)(r10 -8) = 1; r1 = *(u32 *)(r1 + 0); r1 &= 4; r2 = r10; r2 += -8; r2 += r1; "
		   "r0 = *(u8 *)(r2 + 0); exit", "\n  6: use: fp-4 fp-8 fp-12 fp-16 fp-20");
	/* A spilled pointer into the stack comes back. */
	expect_log("r2 = r10; r2 += -16; *(u64 *)(r10 -8) = r2; *(u64 *)(r10 -16) = 7; r3 = *(u64 *)(r10 -8); "
		   "r0 = *(u64 *)(r3 + 0); exit", "\n  5: use: fp-12 fp-16\n");
}

static u32 insns_done(const char *text)
{
	static struct fake_run run;
	u32 cnt;

	run_text(SOCK, BPF_F_TEST_STATE_FREQ, text, &run);
	if (run.res.err)
		fail_msg("%s\n%s", run.res.message, text);
	cnt = run.res.stats.insns_processed;
	fakehost_release(&fh, &run);
	return cnt;
}

static void v11_dead_slots_do_not_keep_states_apart(void **state __unused_arg)
{
#define DEAD(tail) SLOT("*(u64 *)(r10 -8) = r9; ", "*(u64 *)(r10 -8) = r10; ", "r1 = 1; r2 = 2; r3 = 3; " tail)
	u32 dead = insns_done(DEAD("r1 = 0; ")), live = insns_done(DEAD("r1 = *(u64 *)(r10 -8); "));

	assert_true(dead < live); /* all behind "join" again */
	/* In the frames above, too. */
	dead = insns_done(SLOT("*(u64 *)(r10 -8) = r9; ", "*(u64 *)(r10 -8) = r10; ", "call f; r1 = 0; ")
			  "; f: r0 = 0; r0 = 0; exit");
	live = insns_done(SLOT("*(u64 *)(r10 -8) = r9; ", "*(u64 *)(r10 -8) = r10; ", "call f; r1 = *(u64 *)(r10 -8); ")
			  "; f: r0 = 0; r0 = 0; exit");
	assert_true(dead < live);
	/* Dead, then written, then read. */
	accepts(SOCK, "*(u64 *)(r10 -8) = 1; " RANDOM "if r0 == 0 goto +1; r0 = 1; *(u64 *)(r10 -8) = 2; "
		      "r0 = *(u64 *)(r10 -8); exit");
	/* What a callee reads lives on, what it writes need not. */
	accepts(SOCK, "*(u64 *)(r10 -8) = 1; r1 = r10; r1 += -8; call f; r0 = *(u64 *)(r10 -8); exit; "
		      "f: r6 = r1; " RANDOM "if r0 == 0 goto +1; r0 = 1; r0 = *(u64 *)(r6 + 0); *(u64 *)(r6 + 0) = 5; exit");
	accepts(SOCK, "r1 = r10; r1 += -8; *(u64 *)(r10 -8) = 0; r3 = r1; r1 = 5; r2 = func cb; r4 = 0; call bpf_loop; "
		      "r0 = *(u64 *)(r10 -8); exit; cb: r6 = r2; " RANDOM "if r0 == 0 goto +0; "
		      "r1 = *(u64 *)(r6 + 0); r1 += 1; *(u64 *)(r6 + 0) = r1; r0 = 0; exit");
	/* A pointer to the caller's stack in the caller's stack. */
	accepts(SOCK, "*(u64 *)(r10 -8) = 3; r2 = r10; r2 += -8; *(u64 *)(r10 -16) = r2; r1 = r10; r1 += -16; call f; "
		      DONE "f: r6 = r1; " RANDOM "if r0 == 0 goto +0; r1 = *(u64 *)(r6 + 0); r0 = *(u64 *)(r1 + 0); exit");
}

static void v12_stores_that_may_go_elsewhere(void **state __unused_arg)
{
#define EITHER(read) VALUE "*(u64 *)(r10 -8) = 3; *(u64 *)(r10 -16) = 4; " RANDOM "r1 = r10; r1 += -8; " 	"if r0 == 0 goto +1; r1 += -8; r2 = 99; *(u64 *)(r1 + 0) = r2; " RANDOM "if r0 == 0 goto +0; " read
	accepts(SOCK, EITHER("r7 = *(u64 *)(r10 -8); r7 &= 15; " USE("r7") DONE));
	refuses(SOCK, EITHER("r7 = *(u64 *)(r10 -8); " USE("r7") DONE), -EACCES, OUTSIDE);
	refuses(SOCK, EITHER("r7 = *(u64 *)(r10 -16); " USE("r7") DONE), -EACCES, OUTSIDE);
#define SOMEWHERE(read) VALUE "*(u64 *)(r10 -8) = 3; *(u64 *)(r10 -16) = 4; " RANDOM "r0 &= 8; r1 = r10; r1 += -16; " 	"r1 += r0; r2 = 99; *(u64 *)(r1 + 0) = r2; " RANDOM "if r0 == 0 goto +0; " read
	accepts(SOCK, SOMEWHERE("r7 = *(u64 *)(r10 -8); r7 &= 15; " USE("r7") DONE));
	refuses(SOCK, SOMEWHERE("r7 = *(u64 *)(r10 -8); " USE("r7") DONE), ANY, NULL);
}

/* ---- facts -------------------------------------------------------------------------------------------------------- */

static struct reg_fact fact_at(const char *text, u32 idx, u32 regno)
{
	static struct fake_run run;
	struct reg_fact fact;

	run_text(SOCK, BPF_F_TEST_STATE_FREQ, text, &run);
	if (run.res.err)
		fail_msg("%s\n%s", run.res.message, run.log_buf);
	fact = run.res.facts[idx][regno];
	fakehost_release(&fh, &run);
	return fact;
}

static void facts_are_joined(void **state __unused_arg)
{
	struct reg_fact f;

	/* 0 call, 1 if, 2 r6 = 1, 3 goto, 4 r6 = 5, 5 r7 = r6 ... relied on, so both are known there */
	f = fact_at(RANDOM "if r0 == 0 goto a; r6 = 1; goto j; a: r6 = 5; j: r7 = r6; r1 = map_value[fd10] + 0; "
		    "r1 += r7; r0 = *(u8 *)(r1 + 0); exit", 5, 6);
	assert_int_equal(f.kind, FACT_SCALAR);
	assert_true(scalar_has(&f.scalar, 1) && scalar_has(&f.scalar, 5) && !scalar_has(&f.scalar, 6));
	/* Not relied on, and pruned: any number. */
	f = fact_at(RANDOM "if r0 == 0 goto a; r6 = 1; goto j; a: r6 = 5; j: r7 = r6; r0 = r7; exit", 6, 7);
	assert_int_equal(f.kind, FACT_MIXED);
	/* A comparison with such a number teaches nothing. */
	f = fact_at(RANDOM "r8 = r0; " RANDOM "if r0 == 0 goto a; r6 = 9; goto j; a: r6 = 500; j: r7 = 0; "
		    "if r8 > r6 goto out; r7 = r8; out: r0 = 0; exit", 9, 8);
	assert_int_equal(f.kind, FACT_MIXED);
	/* A pointer stays one. */
	f = fact_at("r9 = map_value[fd10] + 0; " RANDOM "if r0 == 0 goto a; r6 = 1; goto j; a: r6 = 5; "
		    "j: r0 = *(u8 *)(r9 + 0); exit", 7, 9);
	assert_int_equal(f.kind, FACT_POINTER);
	/* What a callback gets may be what was not compared after its address was taken. */
	f = fact_at("r2 = func cb; r9 = r2; " RANDOM "if r0 == 0 goto a; r6 = 1; goto j; a: r6 = 5; "
		    "j: *(u64 *)(r10 -8) = r6; r1 = 3; r2 = r9; r3 = r10; r3 += -8; r4 = 0; call bpf_loop; r0 = 0; exit; "
		    "cb: r1 = *(u64 *)(r2 + 0); r0 = 0; exit", 18, 1);
	assert_int_equal(f.kind, FACT_MIXED);
}

/* ---- the log -------------------------------------------------------------------------------------------------------- */

/* The lines are the running kernel's (6.18), but for addresses and names of maps. */
static const char log_program[] =
	"*(u64 *)(r10 -8) = 5; r1 = map[fd11]; r2 = r10; r2 += -8; call bpf_map_lookup_elem; "
	"if r0 == 0 goto out; r1 = *(u32 *)(r0 + 0); if r1 > 7 goto out; r0 += r1; out: r0 = 0; exit";

static void the_log_is_the_kernels(void **state __unused_arg)
{
	static struct fake_run run;
	static const char *const lines[] = {
		"0: R1=ctx() R10=fp0\n"
		"0: (7a) *(u64 *)(r10 -8) = 5          ; R10=fp0 fp-8=5\n",
		"\n3: (bf) r2 = r10                      ; R2=fp0 R10=fp0\n"
		"4: (07) r2 += -8                      ; R2=fp-8\n"
		"5: (85) call bpf_map_lookup_elem#1    ; R0=map_value_or_null(id=1,map=m1,ks=4,vs=8)\n"
		"6: (15) if r0 == 0x0 goto pc+3        ; R0=map_value(map=m1,ks=4,vs=8)\n",
		"\n9: (0f) r0 += r1\n"
		"mark_precise: frame0: last_idx 9 first_idx 8 subseq_idx -1 \n"
		"mark_precise: frame0: regs=r1 stack= before 8: (25) if r1 > 0x7 goto pc+1\n"
		"mark_precise: frame0: parent state regs=r1 stack=:  R0=map_value(map=m1,ks=4,vs=8) "
		"R1=Pscalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R10=fp0\n"
		"mark_precise: frame0: last_idx 7 first_idx 0 subseq_idx 8 \n"
		"mark_precise: frame0: regs=r1 stack= before 7: (61) r1 = *(u32 *)(r0 +0)\n",
		"\n10: R0=map_value(map=m1,ks=4,vs=8,smin=smin32=0,smax=umax=smax32=umax32=7,var_off=(0x0; 0x7)) "
		"R1=scalar(smin=smin32=0,smax=umax=smax32=umax32=7,var_off=(0x0; 0x7))\n"
		"10: (b7) r0 = 0                       ; R0=0\n"
		"11: (95) exit\n\n"
		"from 8 to 10: R0=map_value(map=m1,ks=4,vs=8) "
		"R1=scalar(smin=umin=umin32=8,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R10=fp0\n",
		"\nfrom 6 to 10: R0=0 R10=fp0\n10: R0=0 R10=fp0\n",
		"\nprocessed 15 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0\n",
	};

	run_text(SOCK, 0, log_program, &run);
	assert_int_equal(run.res.err, 0);
	for (u32 i = 0; i < ARRAY_SIZE(lines); i++) {
		if (!strstr(run.log_buf, lines[i]))
			fail_msg("no such lines:\n%s\nin\n%s", lines[i], run.log_buf);
	}
	fakehost_release(&fh, &run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(precision_through_everything, setup),
		cmocka_unit_test_setup(what_is_not_relied_on_is_not_compared, setup),
		cmocka_unit_test_setup(precision_in_callbacks, setup),
		cmocka_unit_test_setup(each_loop_is_followed, setup),
		cmocka_unit_test_setup(v13_deltas_of_another_base, setup),
		cmocka_unit_test_setup(v14_deltas_do_not_outlive_their_link, setup),
		cmocka_unit_test_setup(linked_numbers_move_together, setup),
		cmocka_unit_test_setup(v15_a_moved_pointer_was_not_compared, setup),
		cmocka_unit_test_setup(loops_end, setup),
		cmocka_unit_test_setup(nested_loops_end, setup),
		cmocka_unit_test_setup(limits, setup),
		cmocka_unit_test_setup(frames, setup),
		cmocka_unit_test_setup(r02_combined_stack_depth, setup),
		cmocka_unit_test_setup(pruning_compares_the_stack, setup),
		cmocka_unit_test_setup(v08_constants_decide, setup),
		cmocka_unit_test_setup(v09_helpers_touch_what_their_sizes_say, setup),
		cmocka_unit_test_setup(v16_packet_loads_may_end_the_function, setup),
		cmocka_unit_test_setup(r01_insns_of_each_subprogram, setup),
		cmocka_unit_test_setup(r04_warnings_do_not_refuse, setup),
		cmocka_unit_test_setup(v10_what_is_read_and_overwritten, setup),
		cmocka_unit_test_setup(v11_dead_slots_do_not_keep_states_apart, setup),
		cmocka_unit_test_setup(v12_stores_that_may_go_elsewhere, setup),
		cmocka_unit_test_setup(facts_are_joined, setup),
		cmocka_unit_test_setup(the_log_is_the_kernels, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
