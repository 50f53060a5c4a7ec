/* SPDX-License-Identifier: BSD-2-Clause */
/* test_socks.c - programs on sockets and their streams, as people write them. */
#include "../runtime/progs.h"

#include <arpa/inet.h>

/* sock_ops: the window's clamp of a connection that was established, -1 for a segment without SYN. */
static void sock_ops_answer(void **state __unused_arg)
{
	const struct prog_case c = {
		"sock_ops", BPF_PROG_TYPE_SOCK_OPS, 0,
		CODE(LDX(4, 2, 1, 0), MOV_K(0, 1), JNE_K(2, BPF_SOCK_OPS_BASE_RTT, 3), LDX(4, 3, 1, 76),
		     STX(4, 1, 3, 4), ST_K(4, 1, 164, 99), EXIT_()), NULL,
	};
	struct bpf_sock_ops ops = { .op = BPF_SOCK_OPS_BASE_RTT, .is_fullsock = 1, .snd_cwnd = 10, .family = AF_INET };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ops, sizeof(ops), NULL, 0, &ret), 0);
	assert_int_equal(ret, 1);
	assert_int_equal(ops.reply, 10);
	assert_int_equal(ops.sk_txhash, 99);
	/* What only a full socket has reads as 0 elsewhere, so it cannot be set. */
	ops.is_fullsock = 0;
	assert_int_equal(run_fd(fd, &ops, sizeof(ops), NULL, 0, &ret), -EINVAL);
	close(fd);
}

/* The socket is there when it is a full one. */
static void sock_ops_have_a_socket_or_none(void **state __unused_arg)
{
	const struct prog_case c = {
		"sk", BPF_PROG_TYPE_SOCK_OPS, 0,
		CODE(LDX(8, 2, 1, 184), MOV_K(0, 0), JEQ_K(2, 0, 3), LDX(4, 3, 2, 44), JNE_K(3, 80, 1), MOV_K(0, 1),
		     EXIT_()), NULL,
	};
	struct bpf_sock_ops ops = { .is_fullsock = 1, .local_port = 80, .family = AF_INET };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ops, sizeof(ops), NULL, 0, &ret), 0);
	assert_int_equal(ret, 1);
	ops.is_fullsock = 0;
	assert_int_equal(run_fd(fd, &ops, sizeof(ops), NULL, 0, &ret), 0);
	assert_int_equal(ret, 0);
	close(fd);
}

/* The same numbers through the socket. */
static void sock_ops_have_a_tcp_socket(void **state __unused_arg)
{
	const struct prog_case c = {
		"tcp_sock", BPF_PROG_TYPE_SOCK_OPS, 0,
		CODE(LDX(8, 1, 1, 184), MOV_K(0, 0), JEQ_K(1, 0, 7), CALL_H(BPF_FUNC_tcp_sock), JEQ_K(0, 0, 5),
		     LDX(8, 2, 0, 80), LDX(4, 3, 0, 0), MOV_K(0, 0), INSN_(0x5d, 2, 3, 1, 0), MOV_K(0, 1), EXIT_()), NULL,
	};
	struct bpf_sock_ops ops = { .is_fullsock = 1, .snd_cwnd = 77, .bytes_received = 77 };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ops, sizeof(ops), NULL, 0, &ret), 0);
	assert_int_equal(ret, 1);
	ops.bytes_received = 1ULL << 32 | 77;
	assert_int_equal(run_fd(fd, &ops, sizeof(ops), NULL, 0, &ret), 0);
	assert_int_equal(ret, 0);
	close(fd);
}

/* The segment of an option callback: byte 13 of its TCP header holds the flags. */
static void sock_ops_see_the_segment(void **state __unused_arg)
{
	const struct prog_case c = {
		"segment", BPF_PROG_TYPE_SOCK_OPS, 0,
		CODE(LDX(8, 2, 1, 192), LDX(8, 3, 1, 200), MOV_K(0, 0), MOV_X(4, 2), ADD_K(4, 14), JGT_X(4, 3, 3),
		     LDX(1, 5, 2, 13), JNE_K(5, 2, 1), MOV_K(0, 1), EXIT_()), NULL,
	};
	struct bpf_sock_ops ops = { 0 };
	u8 syn[20] = { [13] = 2 };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ops, sizeof(ops), syn, sizeof(syn), &ret), 0);
	assert_int_equal(ret, 1);
	assert_int_equal(ops.skb_len, sizeof(syn));
	assert_int_equal(run_fd(fd, &ops, sizeof(ops), syn, 13, &ret), -EINVAL); /* skb_len says 20 */
	ops.skb_len = 0;
	assert_int_equal(run_fd(fd, &ops, sizeof(ops), syn, 13, &ret), 0);
	assert_int_equal(ret, 0);
	close(fd);
}

/* Messages to port 80 go on, with their first byte changed. */
static void messages_are_judged(void **state __unused_arg)
{
	const struct prog_case c = {
		"sk_msg", BPF_PROG_TYPE_SK_MSG, 0,
		CODE(LDX(8, 2, 1, 0), LDX(8, 3, 1, 8), MOV_K(0, SK_DROP), MOV_X(4, 2), ADD_K(4, 1), JGT_X(4, 3, 4),
		     LDX(4, 5, 1, 60), JNE_K(5, 0x50000000, 2), ST_K(1, 2, 0, 'X'), MOV_K(0, SK_PASS), EXIT_()), NULL,
	};
	struct sk_msg_md ctx = { .family = AF_INET, .remote_port = htonl(80) };
	char data[] = "GET";
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), data, 3, &ret), 0);
	assert_int_equal(ret, SK_PASS);
	assert_string_equal(data, "XET");
	assert_int_equal(ctx.size, 3);
	ctx.remote_port = htonl(443);
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), data, 3, &ret), 0);
	assert_int_equal(ret, SK_DROP);
	ctx.size = 4;
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), data, 3, &ret), -EINVAL);
	close(fd);
}

/* A stream parser finds a message's length in its first byte. */
static void streams_are_parsed(void **state __unused_arg)
{
	const struct prog_case c = {
		"sk_skb", BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_STREAM_PARSER,
		CODE(LDX(4, 2, 1, 76), LDX(4, 3, 1, 80), MOV_K(0, 0), MOV_X(4, 2), ADD_K(4, 1), JGT_X(4, 3, 3),
		     LDX(1, 0, 2, 0), LDX(4, 5, 1, 136), INSN_(0x0f, 0, 5, 0, 0), EXIT_()), NULL,
	};
	struct __sk_buff ctx = { .local_port = 1000 };
	u8 data[3] = { 42 };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), data, sizeof(data), &ret), 0);
	assert_int_equal(ret, 1042);
	assert_int_equal(ctx.len, 3);
	memset(&ctx, 0, sizeof(ctx));
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 0);
	ctx = (struct __sk_buff){ .ifindex = 99 };
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), -ENODEV);
	ctx = (struct __sk_buff){ .data = 1 };
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), -EINVAL);
	close(fd);
}

/* The number of the listener by hash and by the socket's protocol. */
static void listeners_are_picked(void **state __unused_arg)
{
	const struct prog_case c = {
		"reuseport", BPF_PROG_TYPE_SK_REUSEPORT, BPF_SK_REUSEPORT_SELECT,
		CODE(LDX(8, 2, 1, 40), LDX(4, 3, 2, 12), MOV_K(0, 0), JNE_K(3, 17, 4), LDX(4, 4, 1, 32), LDX(4, 5, 1, 16),
		     MOV_X(0, 4), INSN_(0x0f, 0, 5, 0, 0), EXIT_()), NULL,
	};
	struct sk_reuseport_md ctx = { .hash = 100, .ip_protocol = 17, .eth_protocol = 8 };
	u8 data[7] = { 1 };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), data, sizeof(data), &ret), 0);
	assert_int_equal(ret, 107);
	assert_int_equal(ctx.eth_protocol, 8);
	ctx.eth_protocol = 0x10000;
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), data, sizeof(data), &ret), -ERANGE);
	close(fd);
}

/* What BPF_PROG_TEST_RUN of Linux does not let one set: the interface that the packet came in on. */
static void lookups_know_the_interface(void **state __unused_arg)
{
	const struct prog_case c = {
		"sk_lookup", BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP,
		CODE(LDX(4, 2, 1, 64), MOV_K(0, SK_PASS), JEQ_K(2, 7, 1), MOV_K(0, SK_DROP), EXIT_()), NULL,
	};
	struct bpf_sk_lookup ctx = { .family = AF_INET, .ingress_ifindex = 7, .remote_port = htons(1234) };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, SK_PASS);
	assert_int_equal(ctx.remote_port, htons(1234));
	ctx.ingress_ifindex = 8;
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, SK_DROP);
	ctx.cookie = 1;
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), -EINVAL);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sock_ops_answer),	    cmocka_unit_test(sock_ops_have_a_socket_or_none),
		cmocka_unit_test(sock_ops_have_a_tcp_socket), cmocka_unit_test(sock_ops_see_the_segment),
		cmocka_unit_test(messages_are_judged),
		cmocka_unit_test(streams_are_parsed),	    cmocka_unit_test(listeners_are_picked),
		cmocka_unit_test(lookups_know_the_interface),
	};

	return RUN_ON_BOTH(tests);
}
