/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_classic.c - classic programs: Linux's rules, and generated programs on JIT, interpreter and, where bpf(2) is
 * permitted, the running kernel (which gets the translation) against an interpreter of classic BPF that shares
 * nothing with the translation.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/filter.h>
#include <skep/skep.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PACKET_LEN 60
#define INSNS_MAX  64
#define PROGRAMS   1500

static int convert(const char *text, uint32_t kind, struct bpf_insn **insns, uint32_t *cnt, char *why)
{
	return skep_classic_convert(text, strlen(text), kind, insns, cnt, why, 256);
}

/* ---- the rules ------------------------------------------------------------------------------------ */

struct rule {
	const char *text;
	uint32_t kind;
	int err;
	const char *why; /* NULL: accepted */
};

static const struct rule rules[] = {
	{ "1\n6 0 0 65535\n", SKEP_CLASSIC_PACKET, 0, NULL },
	{ "1\n6 0 0 0", SKEP_CLASSIC_PACKET, 0, NULL },
	{ "", SKEP_CLASSIC_PACKET, -EINVAL, "line 1: the number of insns" },
	{ "0\n", SKEP_CLASSIC_PACKET, -EINVAL, "line 1: the number of insns" },
	{ "4097\n", SKEP_CLASSIC_PACKET, -EINVAL, "line 1: the number of insns" },
	{ "2\n6 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "line 3: fewer insns" },
	{ "1\n6 0 0 1\n6 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "line 3: more insns" },
	{ "1\n6 0 256 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "line 2: not \"code jt jf k\"" },
	{ "1\n6 0 0 4294967296\n", SKEP_CLASSIC_PACKET, -EINVAL, "line 2: not \"code jt jf k\"" },
	{ "1\n6 0 0 -1\n", SKEP_CLASSIC_PACKET, -EINVAL, "line 2: not \"code jt jf k\"" },
	{ "1\n0 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: the last insn must return" },
	{ "2\n255 0 0 0\n6 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: unknown opcode" },
	{ "1\n14 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: unknown opcode" }, /* ret x */
	{ "2\n140 0 0 0\n6 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: unknown opcode" }, /* neg with x */
	{ "2\n52 0 0 0\n6 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: division by zero" },
	{ "2\n52 0 0 1\n6 0 0 1\n", SKEP_CLASSIC_PACKET, 0, NULL },
	{ "2\n148 0 0 0\n6 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: division by zero" },
	{ "2\n100 0 0 32\n6 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: a shift" },
	{ "2\n100 0 0 31\n6 0 0 1\n", SKEP_CLASSIC_PACKET, 0, NULL },
	{ "2\n5 0 0 1\n6 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: a jump out" },
	{ "2\n5 0 0 0\n6 0 0 1\n", SKEP_CLASSIC_PACKET, 0, NULL },
	{ "2\n5 0 0 4294967295\n6 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: a jump out" },
	{ "2\n21 0 1 7\n6 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: a jump out" },
	{ "2\n2 0 0 16\n6 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: there are 16" },
	{ "2\n96 0 0 3\n6 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: M[3] is read before" },
	{ "3\n2 0 0 3\n96 0 0 3\n22 0 0 0\n", SKEP_CLASSIC_PACKET, 0, NULL },
	/* stored on one way only */
	{ "4\n21 1 0 0\n2 0 0 3\n97 0 0 3\n6 0 0 1\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 2: M[3] is read before" },
	/* what cannot be reached is left out */
	{ "3\n6 0 0 1\n0 0 0 5\n6 0 0 2\n", SKEP_CLASSIC_PACKET, 0, NULL },
	/* ancillary loads: protocol, hatype, beyond the last, not at a multiple of 4 */
	{ "2\n32 0 0 4294963200\n22 0 0 0\n", SKEP_CLASSIC_PACKET, 0, NULL },
	{ "2\n32 0 0 4294963228\n22 0 0 0\n", SKEP_CLASSIC_PACKET, -EOPNOTSUPP,
	  "insn 0: not modelled: the ancillary load SKF_AD_HATYPE" },
	{ "2\n32 0 0 4294963264\n22 0 0 0\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: an unknown ancillary load" },
	{ "2\n32 0 0 4294963201\n22 0 0 0\n", SKEP_CLASSIC_PACKET, -EINVAL, "insn 0: an unknown ancillary load" },
	{ "2\n32 0 0 60\n22 0 0 0\n", SKEP_CLASSIC_SECCOMP, 0, NULL },
	{ "2\n32 0 0 64\n22 0 0 0\n", SKEP_CLASSIC_SECCOMP, -EINVAL, "insn 0: a load that is no word" },
	{ "2\n32 0 0 2\n22 0 0 0\n", SKEP_CLASSIC_SECCOMP, -EINVAL, "insn 0: a load that is no word" },
	{ "2\n40 0 0 0\n22 0 0 0\n", SKEP_CLASSIC_SECCOMP, -EINVAL, "insn 0: seccomp does not take" },
	{ "2\n148 0 0 3\n22 0 0 0\n", SKEP_CLASSIC_SECCOMP, -EINVAL, "insn 0: seccomp does not take" },
	{ "1\n6 0 0 1\n", 7, -EINVAL, "unknown kind 7" },
};

static void rules_are_those_of_linux(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];
		struct bpf_insn *insns = NULL;
		char why[256] = "";
		uint32_t cnt = 0;
		int err = convert(rule->text, rule->kind, &insns, &cnt, why);

		if (err != rule->err || (rule->why && strncmp(why, rule->why, strlen(rule->why))))
			fail_msg("rule %zu: %d \"%s\" instead of %d \"%s\"", i, err, why, rule->err,
				 rule->why ? rule->why : "");
		assert_int_equal(!err, insns != NULL);
		free(insns);
	}
}

/* ---- an interpreter ------------------------------------------------------------------------------- */

struct machine {
	uint32_t a, x, m[16];
	const uint8_t *data;
};

static int fetch(struct machine *mc, uint32_t where, int size, uint32_t *ret_val)
{
	int64_t at = (int32_t)where;

	if (at < 0) /* from the network header, or the link header below that */
		at = at >= -0x100000 ? at + 0x100000 + 14 : at >= -0x200000 ? at + 0x200000 : PACKET_LEN;
	if (at + size > PACKET_LEN)
		return 0;
	*ret_val = 0;
	for (int i = 0; i < size; i++)
		*ret_val = *ret_val << 8 | mc->data[at + i];
	return 1;
}

static uint32_t alu(uint32_t a, int op, uint32_t by)
{
	switch (op) {
	case BPF_ADD: return a + by;
	case BPF_SUB: return a - by;
	case BPF_MUL: return a * by;
	case BPF_DIV: return a / by;
	case BPF_MOD: return a % by;
	case BPF_OR:  return a | by;
	case BPF_AND: return a & by;
	case BPF_XOR: return a ^ by;
	case BPF_LSH: return a << (by & 31);
	case BPF_RSH: return a >> (by & 31);
	default:      return -a;
	}
}

static int holds(uint32_t a, int op, uint32_t by)
{
	return op == BPF_JEQ ? a == by : op == BPF_JGT ? a > by : op == BPF_JGE ? a >= by : (a & by) != 0;
}

/* False: a load or a division ends it with 0. */
static int step_load(struct machine *mc, const struct sock_filter *f)
{
	int size = BPF_SIZE(f->code) == BPF_W ? 4 : BPF_SIZE(f->code) == BPF_H ? 2 : 1;
	uint32_t *to = BPF_CLASS(f->code) == BPF_LD ? &mc->a : &mc->x, val;

	switch (BPF_MODE(f->code)) {
	case BPF_IMM: *to = f->k; return 1;
	case BPF_MEM: *to = mc->m[f->k]; return 1;
	case BPF_LEN: *to = PACKET_LEN; return 1;
	case BPF_ABS: return fetch(mc, f->k, size, to);
	case BPF_IND: return fetch(mc, f->k + mc->x, size, to);
	}
	if (!fetch(mc, f->k, 1, &val))
		return 0;
	mc->x = (val & 15) * 4;
	return 1;
}

static uint32_t interpret(const struct sock_filter *f, const uint8_t *data)
{
	struct machine mc = { .data = data };

	for (;; f++) {
		uint32_t by = BPF_SRC(f->code) == BPF_X ? mc.x : f->k;

		switch (BPF_CLASS(f->code)) {
		case BPF_LD: case BPF_LDX:
			if (!step_load(&mc, f))
				return 0;
			break;
		case BPF_ST: mc.m[f->k] = mc.a; break;
		case BPF_STX: mc.m[f->k] = mc.x; break;
		case BPF_ALU:
			if (!by && (BPF_OP(f->code) == BPF_DIV || BPF_OP(f->code) == BPF_MOD))
				return 0;
			mc.a = alu(mc.a, BPF_OP(f->code), by);
			break;
		case BPF_JMP:
			f += BPF_OP(f->code) == BPF_JA ? f->k : holds(mc.a, BPF_OP(f->code), by) ? f->jt : f->jf;
			break;
		case BPF_RET: return f->code & BPF_A ? mc.a : f->k;
		default: *(BPF_MISCOP(f->code) == BPF_TAX ? &mc.x : &mc.a) = f->code & 0x80 ? mc.x : mc.a;
		}
	}
}

/* ---- generated programs --------------------------------------------------------------------------- */

static uint32_t seed = 1;

static uint32_t any(uint32_t below)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % below;
}

static uint32_t number(void)
{
	static const uint32_t edges[] = { 0, 1, 2, 31, 32, 255, 256, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe };

	return any(3) ? any(64) : edges[any(sizeof(edges) / sizeof(edges[0]))];
}

static uint32_t place(void)
{
	static const uint32_t from[] = { 0, 0, 0, 0, SKF_NET_OFF, SKF_LL_OFF };

	return from[any(6)] + any(any(8) ? 40 : 80);
}

static struct sock_filter some_load(void)
{
	static const uint16_t packet[] = { 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0xb1 };
	static const uint16_t other[] = { 0x00, 0x01, 0x60, 0x61, 0x80, 0x81 };
	uint16_t code;

	if (any(2))
		return (struct sock_filter){ .code = packet[any(7)], .k = place() };
	code = other[any(6)];
	return (struct sock_filter){ .code = code, .k = BPF_MODE(code) == BPF_MEM ? any(4) * 5 : number() };
}

static struct sock_filter some_alu(void)
{
	static const uint16_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH, BPF_RSH,
					BPF_MOD, BPF_XOR, BPF_NEG };
	struct sock_filter f = { .code = BPF_ALU | ops[any(11)], .k = number() };

	if (BPF_OP(f.code) != BPF_NEG && any(2))
		f.code |= BPF_X;
	else if (BPF_OP(f.code) == BPF_DIV || BPF_OP(f.code) == BPF_MOD)
		f.k |= 1;
	else if (BPF_OP(f.code) == BPF_LSH || BPF_OP(f.code) == BPF_RSH)
		f.k &= 31;
	return f;
}

static struct sock_filter some_jump(uint32_t left)
{
	static const uint16_t ops[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	uint32_t reach = left > 6 ? 6 : left;

	if (!any(8))
		return (struct sock_filter){ .code = BPF_JMP | BPF_JA, .k = any(reach) };
	return (struct sock_filter){ .code = BPF_JMP | ops[any(4)] | (any(2) ? BPF_X : BPF_K), .jt = any(reach),
				     .jf = any(reach), .k = number() };
}

/* M[0], M[5], M[10] and M[15] are written first, so that each load is of a word that was. */
static uint32_t generate(struct sock_filter *f)
{
	uint32_t cnt = 12 + any(INSNS_MAX - 12), at = 0;

	for (uint32_t i = 0; i < 4; i++) {
		f[at++] = (struct sock_filter){ .code = BPF_LD | BPF_IMM, .k = number() };
		f[at++] = (struct sock_filter){ .code = BPF_ST, .k = 5 * i };
	}
	for (; at < cnt - 1; at++) {
		uint32_t what = any(16);

		if (what < 5)
			f[at] = some_load();
		else if (what < 10)
			f[at] = some_alu();
		else if (what < 12)
			f[at] = (struct sock_filter){ .code = any(2) ? BPF_ST : BPF_STX, .k = any(16) };
		else if (what < 13)
			f[at] = (struct sock_filter){ .code = BPF_MISC | (any(2) ? BPF_TAX : BPF_TXA) };
		else
			f[at] = some_jump(cnt - 1 - at);
	}
	f[at++] = (struct sock_filter){ .code = any(4) ? BPF_RET | BPF_A : BPF_RET | BPF_K, .k = number() };
	return at;
}

static void print(const struct sock_filter *f, uint32_t cnt, char *text)
{
	text += sprintf(text, "%u\n", cnt);
	for (uint32_t i = 0; i < cnt; i++)
		text += sprintf(text, "%u %u %u %u\n", f[i].code, f[i].jt, f[i].jf, f[i].k);
}

static int load(const struct bpf_insn *insns, uint32_t cnt)
{
	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "filter", "GPL", insns, cnt, NULL);
}

static void agrees(int fd, const struct sock_filter *f, const char *text)
{
	uint8_t data[PACKET_LEN];

	for (int i = 0; i < PACKET_LEN; i++)
		data[i] = any(4) ? any(256) : any(4);
	memcpy(data + 12, "\x88\xb5", 2); /* no protocol that a test run looks into */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = data, .data_size_in = sizeof(data), .repeat = 1);
	assert_int_equal(bpf_prog_test_run_opts(fd, &opts), 0);
	if (opts.retval != interpret(f, data))
		fail_msg("%u instead of %u from\n%s", opts.retval, interpret(f, data), text);
}

/* @engine as in skep_config; the kernel when negative. */
static void compare_on(int engine)
{
	struct skep_config config = { .sz = sizeof(config), .engine = engine };
	char text[INSNS_MAX * 40], why[256];
	struct sock_filter f[INSNS_MAX];
	struct skep *skep = NULL;
	struct bpf_insn *insns;
	uint32_t cnt;
	int fd;

	skep_use_kernel(engine < 0);
	if (engine >= 0) {
		assert_int_equal(skep_create(&config, &skep), 0);
		skep_default_instance_set(skep);
	}
	seed = 1;
	for (int i = 0; i < PROGRAMS; i++) {
		print(f, generate(f), text);
		if (convert(text, SKEP_CLASSIC_PACKET, &insns, &cnt, why))
			fail_msg("%s\n%s", why, text);
		fd = load(insns, cnt);
		if (fd == -EPERM && engine < 0) {
			free(insns);
			skep_use_kernel(false);
			skip();
		}
		if (fd < 0)
			fail_msg("refused: %d\n%s", fd, text);
		for (int packet = 0; packet < 4; packet++)
			agrees(fd, f, text);
		close(fd);
		free(insns);
	}
	skep_use_kernel(false);
	skep_default_instance_set(NULL);
	skep_destroy(skep);
}

static void jit_agrees(void **state)
{
	(void)state;
	compare_on(SKEP_RUN_AUTO);
}

static void interpreter_agrees(void **state)
{
	(void)state;
	compare_on(SKEP_RUN_INTERP);
}

static void kernel_agrees(void **state)
{
	(void)state;
	compare_on(-1);
}

/* The longest program, where each insn takes most room: a jump over all of it still fits. */
static void longest_program(void **state)
{
	char *text = malloc(4096 * 24 + 64), *at = text, why[256];
	struct bpf_insn *insns;
	uint32_t cnt;
	int fd;

	(void)state;
	at += sprintf(at, "4096\n128 0 0 0\n21 0 1 1\n5 0 0 4092\n");
	for (int i = 0; i < 4092; i++)
		at += sprintf(at, "177 0 0 14\n");
	sprintf(at, "6 0 0 5\n");
	assert_int_equal(convert(text, SKEP_CLASSIC_PACKET, &insns, &cnt, why), 0);
	assert_true(cnt > 4092 * 6 && cnt < 32768);
	fd = load(insns, cnt);
	assert_true(fd >= 0);
	close(fd);
	free(insns);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_those_of_linux),
		cmocka_unit_test(jit_agrees),
		cmocka_unit_test(interpreter_agrees),
		cmocka_unit_test(kernel_agrees),
		cmocka_unit_test(longest_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
