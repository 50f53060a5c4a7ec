/* SPDX-License-Identifier: BSD-2-Clause */
/* test_msg.c - messages that sk_msg programs take apart and put together. */
#include "../runtime/progs.h"

#include <sys/socket.h>

struct step {
	u32 helper, start, len, flags;
	s64 want;
	const char *text;  /* afterwards; '.' is a byte of 0 */
	u32 from, to;	   /* what data and data_end show of it */
};

#define PULL BPF_FUNC_msg_pull_data /* len is its end */
#define PUSH BPF_FUNC_msg_push_data
#define POP  BPF_FUNC_msg_pop_data
static const struct step steps[] = {
	{ PULL, 2, 5, 0, 0, "0123456789", 2, 5 },	{ PULL, 0, 10, 0, 0, "0123456789", 0, 10 },
	{ PULL, 0, 11, 0, -EINVAL, "0123456789", 0, 10 }, { PULL, 5, 5, 0, -EINVAL, "0123456789", 0, 10 },
	{ PULL, 6, 5, 0, -EINVAL, "0123456789", 0, 10 }, { PULL, 0, 1, 1, -EINVAL, "0123456789", 0, 10 },
	{ PULL, 10, 11, 0, -EINVAL, "0123456789", 0, 10 }, { PUSH, 0, 3, 0, 0, "...0123456789", 0, 3 },
	{ PUSH, 4, 2, 0, 0, "0123..456789", 0, 4 },	{ PUSH, 10, 2, 0, 0, "0123456789..", 0, 10 },
	{ PUSH, 11, 2, 0, -EINVAL, "0123456789", 0, 10 }, { PUSH, 99, 0, 0, 0, "0123456789", 0, 10 },
	{ PUSH, 0, 1, 1, -EINVAL, "0123456789", 0, 10 }, { PUSH, 0, 1u << 30, 0, -ENOMEM, "0123456789", 0, 10 },
	{ POP, 0, 4, 0, 0, "456789", 0, 6 },		{ POP, 3, 4, 0, 0, "012789", 0, 3 },
	{ POP, 3, 7, 0, 0, "012", 0, 3 },		{ POP, 3, 8, 0, -EINVAL, "0123456789", 0, 10 },
	{ POP, 10, 1, 0, -EINVAL, "0123456789", 0, 10 }, { POP, 3, (u32)-1, 0, -EINVAL, "0123456789", 0, 10 },
	{ POP, 0, 10, 0, 0, "", 0, 0 },			{ POP, 99, 0, 0, 0, "0123456789", 0, 10 },
	{ POP, 0, 1, 9, -EINVAL, "0123456789", 0, 10 },
};

/* Leaves the answer in r0; what is shown is overwritten from its first to its last byte with 'x' by a loop. */
static void run_step(const struct step *s, size_t no)
{
	const struct prog_case c = {
		"message", BPF_PROG_TYPE_SK_MSG, 0,
		CODE(MOV_X(6, 1), MOV_K(2, (s32)s->start), MOV_K(3, (s32)s->len), MOV_K(4, (s32)s->flags),
		     CALL_H((s32)s->helper), LDX(8, 2, 6, 0), LDX(8, 3, 6, 8), MOV_X(4, 2), ADD_K(4, 1), JGT_X(4, 3, 1),
		     ST_K(1, 2, 0, 'x'), EXIT_()), NULL,
	};
	char data[64] = "0123456789", want[64];
	struct sk_msg_md ctx = { .family = AF_INET };
	struct skep_test t = { .sz = sizeof(t), .ctx_in = &ctx, .ctx_out = &ctx, .ctx_size_in = sizeof(ctx),
			       .ctx_size_out = sizeof(ctx), .data_in = data, .data_size_in = 10, .data_out = data,
			       .data_size_out = sizeof(data) };
	int fd = load_good(&c);

	strcpy(want, s->text);
	for (u32 i = 0; want[i]; i++)
		want[i] = want[i] == '.' ? 0 : want[i];
	if (s->to > s->from)
		want[s->from] = 'x';
	assert_int_equal(skep_prog_test(skep, fd, &t), 0);
	if ((s32)t.retval != s->want || t.data_size_out != strlen(s->text) || memcmp(data, want, strlen(s->text)))
		fail_msg("step %zu: %d, %u bytes: %.*s", no, (s32)t.retval, t.data_size_out, (int)t.data_size_out, data);
	assert_int_equal(ctx.size, strlen(s->text));
	close(fd);
}

static void messages_are_edited(void **state __unused_arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		run_step(&steps[i], i);
}

/* Two bytes in front are a piece of their own: of the rest nothing is seen before it is pulled. */
static void pieces_are_pulled_together(void **state __unused_arg)
{
	const struct prog_case c = {
		"pieces", BPF_PROG_TYPE_SK_MSG, 0,
		CODE(MOV_X(6, 1), MOV_K(2, 0), MOV_K(3, 2), MOV_K(4, 0), CALL_H(PUSH), LDX(8, 2, 6, 0), LDX(8, 3, 6, 8),
		     MOV_X(7, 3), INSN_(0x1f, 7, 2, 0, 0), MOV_X(1, 6), MOV_K(2, 0), MOV_K(3, 6), MOV_K(4, 0), CALL_H(PULL),
		     LDX(8, 2, 6, 0), LDX(8, 3, 6, 8), INSN_(0x1f, 3, 2, 0, 0), MOV_X(0, 7), INSN_(0x67, 0, 0, 0, 8),
		     INSN_(0x0f, 0, 3, 0, 0), EXIT_()), NULL,
	};
	struct sk_msg_md ctx = { .family = AF_INET };
	char data[16] = "abcdefgh";
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), data, 8, &ret), -ENOSPC); /* it has grown to ten bytes */
	assert_int_equal(ret, 2 << 8 | 6);
	close(fd);
}

static void streams_are_held_back(void **state __unused_arg)
{
	const struct prog_case c = {
		"apply and cork", BPF_PROG_TYPE_SK_MSG, 0,
		CODE(MOV_X(6, 1), MOV_K(2, 5), CALL_H(BPF_FUNC_msg_apply_bytes), MOV_X(7, 0), MOV_X(1, 6), MOV_K(2, 9),
		     CALL_H(BPF_FUNC_msg_cork_bytes), INSN_(0x4f, 0, 7, 0, 0), ADD_K(0, SK_PASS), EXIT_()), NULL,
	};
	struct sk_msg_md ctx = { .family = AF_INET };
	char data[] = "abc";
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), data, 3, &ret), 0);
	assert_int_equal(ret, SK_PASS);
	close(fd);
}

/* After a change the packet's pointers are read again. */
static void pointers_are_forgotten(void **state __unused_arg)
{
#define AFTER(helper)                                                                              \
	CODE(MOV_X(6, 1), LDX(8, 7, 1, 0), LDX(8, 8, 1, 8), MOV_X(4, 7), ADD_K(4, 1), JGT_X(4, 8, 6), \
	     MOV_K(2, 0), MOV_K(3, 1), MOV_K(4, 0), CALL_H(helper), LDX(1, 0, 7, 0), EXIT_(), MOV_K(0, 0), EXIT_())
	static const struct prog_case refused[] = {
		{ "after a pull", BPF_PROG_TYPE_SK_MSG, 0, AFTER(PULL), "R7 invalid mem access 'scalar'" },
		{ "after a push", BPF_PROG_TYPE_SK_MSG, 0, AFTER(PUSH), "R7 invalid mem access 'scalar'" },
		{ "after a pop", BPF_PROG_TYPE_SK_MSG, 0, AFTER(POP), "R7 invalid mem access 'scalar'" },
	};

	check_refused(refused, ARRAY_SIZE(refused));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_edited),	 cmocka_unit_test(pieces_are_pulled_together),
		cmocka_unit_test(streams_are_held_back), cmocka_unit_test(pointers_are_forgotten),
	};

	return RUN_ON_BOTH(tests);
}
