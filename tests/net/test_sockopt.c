/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_sockopt.c - options of sockets and of TCP headers, as sock_ops programs set and read them. A socket of
 * the host is asked the same; where it may not say (EPERM) or has other sysctls, the number here stands.
 */
#include "../runtime/progs.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* val = set_val; rets[0] = setsockopt(set), rets[1] = getsockopt(get), rets[2] = val */
struct opt_case {
	s32 level, set, val, get_level, get;
	s32 want[3];
	bool own; /* BPF's own number: no host has it */
};

struct opt_result {
	s64 set_ret, get_ret;
	s32 val, pad;
};

static int results_map(u32 size)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = size, .max_entries = 1 };

	return (int)skep_bpf(skep, NULL, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static void results_read(int fd, void *to)
{
	u32 key = 0;
	union bpf_attr attr = { .map_fd = (u32)fd, .key = (u64)(uintptr_t)&key, .value = (u64)(uintptr_t)to };

	assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)), 0);
}

#define OPT_CALL(helper, level, name)                                                              \
	MOV_X(1, 6), MOV_K(2, level), MOV_K(3, name), MOV_X(4, 10), ADD_K(4, -8), MOV_K(5, 4), CALL_H(helper)

static void run_ours(const struct opt_case *c, struct bpf_sock_ops *ctx, struct opt_result *res)
{
	int map = results_map(sizeof(*res)), fd;
	struct prog_case p = {
		"sockopt", BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS,
		CODE(MOV_X(6, 1), LD_MAP_VAL(7, map, 0), ST_K(4, 10, -8, c->val),
		     OPT_CALL(BPF_FUNC_setsockopt, c->level, c->set), STX(8, 7, 0, 0),
		     OPT_CALL(BPF_FUNC_getsockopt, c->get_level, c->get), STX(8, 7, 0, 8), LDX(4, 1, 10, -8),
		     STX(4, 7, 1, 16), MOV_K(0, 1), EXIT_()), NULL,
	};
	static char log[16384];
	u8 header[20] = { [12] = 0x50 }; /* where there must be one */
	bool writes = ctx->op == BPF_SOCK_OPS_WRITE_HDR_OPT_CB;
	u32 ret;

	fd = prog_load(false, &p, log, sizeof(log));
	if (fd < 0)
		fail_msg("%s", log);
	assert_int_equal(run_fd(fd, ctx, sizeof(*ctx), writes ? header : NULL, writes ? sizeof(header) : 0, &ret), 0);
	results_read(map, res);
	close(fd);
	close(map);
}

static void run_host(const struct opt_case *c, struct opt_result *res)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = 4;

	*res = (struct opt_result){ .val = 0 };
	res->set_ret = setsockopt(fd, c->level, c->set, &c->val, 4) ? -errno : 0;
	res->get_ret = getsockopt(fd, c->get_level, c->get, &res->val, &len) ? -errno : 0;
	close(fd);
}

#define S   SOL_SOCKET
#define T   IPPROTO_TCP
#define I   IPPROTO_IP
#define SAME(level, name, val, ...)  { level, name, val, level, name, { __VA_ARGS__ }, false }
#define OWN(level, name, val, ...)   { level, name, val, level, name, { __VA_ARGS__ }, true }

static const struct opt_case cases[] = {
	SAME(S, SO_REUSEADDR, 5, 0, 0, 1),	   SAME(S, SO_REUSEADDR, 0, 0, 0, 0),
	SAME(S, SO_REUSEPORT, -1, 0, 0, 1),	   SAME(S, SO_KEEPALIVE, 2, 0, 0, 1),
	SAME(S, SO_SNDBUF, 10000, 0, 0, 20000),	   SAME(S, SO_SNDBUF, 1, 0, 0, 4608),
	SAME(S, SO_SNDBUF, -1, 0, 0, 8388608),	   SAME(S, SO_RCVBUF, 10000, 0, 0, 20000),
	SAME(S, SO_RCVBUF, 0, 0, 0, 2304),	   SAME(S, SO_RCVBUF, INT_MAX, 0, 0, 8388608),
	{ S, SO_REUSEADDR, 0, S, SO_SNDBUF, { 0, 0, 16384 }, false },
	{ S, SO_REUSEADDR, 0, S, SO_RCVBUF, { 0, 0, 131072 }, false },
	SAME(S, SO_PRIORITY, 6, 0, 0, 6),	   SAME(S, SO_PRIORITY, 77, 0, 0, 77),
	SAME(S, SO_RCVLOWAT, 0, 0, 0, 1),	   SAME(S, SO_RCVLOWAT, 100, 0, 0, 100),
	SAME(S, SO_RCVLOWAT, -1, 0, 0, 16777216),
	{ S, SO_RCVLOWAT, 100000, S, SO_RCVBUF, { 0, 0, 200000 }, false },
	{ S, SO_RCVLOWAT, 100000, T, 10, { 0, 0, 0 }, false },
	SAME(S, SO_MARK, 0x1234, 0, 0, 0x1234),	   SAME(S, SO_MAX_PACING_RATE, 1000, 0, 0, 1000),
	SAME(S, SO_MAX_PACING_RATE, -1, 0, 0, -1), { S, SO_REUSEADDR, 0, S, SO_MAX_PACING_RATE, { 0, 0, -1 }, false },
	SAME(S, 62, 1, 0, 0, 1),		   SAME(S, 62, -1, -EINVAL, 0, 0), /* SO_BINDTOIFINDEX */
	SAME(S, 74, 0, 0, 0, 0),		   SAME(S, 74, 2, -EINVAL, 0, 1), /* SO_TXREHASH */
	SAME(S, 74, -1, 0, 0, 1),
	SAME(I, IP_TOS, 0x10, 0, 0, 0x10),	   SAME(I, IP_TOS, 0x13, 0, 0, 0x10),
	{ I, IP_TOS, 0x08, S, SO_PRIORITY, { 0, 0, 2 }, false }, { I, IP_TOS, 0x10, S, SO_PRIORITY, { 0, 0, 6 }, false },
	{ I, IP_TOS, 0x18, S, SO_PRIORITY, { 0, 0, 4 }, false }, { I, IP_TOS, 0x04, S, SO_PRIORITY, { 0, 0, 0 }, false },
	SAME(T, 1, 7, 0, 0, 1),			   SAME(T, 1, 0, 0, 0, 0), /* TCP_NODELAY */
	SAME(T, 2, 87, -EINVAL, 0, 536),	   SAME(T, 2, 88, 0, 0, 88), /* TCP_MAXSEG */
	SAME(T, 2, 32768, -EINVAL, 0, 536),	   SAME(T, 2, 0, 0, 0, 536),
	SAME(T, 4, 0, -EINVAL, 0, 7200),	   SAME(T, 4, 32767, 0, 0, 32767), /* KEEPIDLE */
	SAME(T, 5, 32768, -EINVAL, 0, 75),	   SAME(T, 5, 1, 0, 0, 1),
	SAME(T, 6, 128, -EINVAL, 0, 9),		   SAME(T, 6, 127, 0, 0, 127),
	SAME(T, 7, 0, -EINVAL, 0, 6),		   SAME(T, 7, 127, 0, 0, 127), /* SYNCNT */
	SAME(T, 10, 1, 0, 0, 1152),		   SAME(T, 10, 5000, 0, 0, 5000), /* WINDOW_CLAMP */
	SAME(T, 16, 2, -EINVAL, 0, 0),		   SAME(T, 16, 1, 0, 0, 1),
	SAME(T, 18, -1, -EINVAL, 0, 0),		   SAME(T, 18, 1000, 0, 0, 1000),
	SAME(T, 25, -5, 0, 0, -5),		   SAME(T, 27, 3, -EINVAL, 0, 0),
	SAME(T, 27, 2, 0, 0, 2),		   SAME(T, 44, 999, -EINVAL, 0, 120000), /* RTO_MAX_MS */
	SAME(T, 44, 2000, 0, 0, 2000),
	OWN(T, TCP_BPF_SOCK_OPS_CB_FLAGS, 3, 0, 0, 3), OWN(T, TCP_BPF_SOCK_OPS_CB_FLAGS, 0x100, -EINVAL, 0, 0),
	OWN(T, TCP_BPF_DELACK_MAX, 200000, 0, 0, 200000), OWN(T, TCP_BPF_DELACK_MAX, 200001, -EINVAL, 0, 200000),
	OWN(T, TCP_BPF_RTO_MIN, 40000, 0, 0, 40000), OWN(T, TCP_BPF_IW, 0, -EINVAL, -EINVAL, 0),
	OWN(T, TCP_BPF_IW, 20, 0, -EINVAL, 0),	   OWN(S, SK_BPF_CB_FLAGS, 2, -EINVAL, 0, 0),
	OWN(S, SK_BPF_CB_FLAGS, 1, 0, 0, 1),
	/* What programs may not touch, or not on such a socket. */
	OWN(S, SO_LINGER, 1, -EINVAL, -EINVAL, 0), OWN(S, SO_BROADCAST, 1, -EINVAL, -EINVAL, 0),
	OWN(I, IP_TTL, 1, -EINVAL, -EINVAL, 0),	   OWN(IPPROTO_IPV6, IPV6_TCLASS, 1, -EINVAL, -EINVAL, 0),
	OWN(T, 9, 1, -EINVAL, -EINVAL, 0),	   OWN(99, 1, 1, -EINVAL, -EINVAL, 0),
	OWN(T, TCP_BPF_SYN, 1, -EINVAL, -ENOENT, 0),
};

static void options_are_kept(void **state __unused_arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct opt_case *c = &cases[i];
		struct bpf_sock_ops ctx = { .is_fullsock = 1, .family = AF_INET, .state = BPF_TCP_CLOSE, .mss_cache = 536 };
		struct opt_result ours, host;

		run_ours(c, &ctx, &ours);
		if (ours.set_ret != c->want[0] || ours.get_ret != c->want[1] || ours.val != c->want[2])
			fail_msg("level %d option %d value %d: %lld, %lld, %d", c->level, c->set, c->val,
				 (long long)ours.set_ret, (long long)ours.get_ret, ours.val);
		if (c->own || !kernel_answers())
			continue;
		run_host(c, &host);
		if (host.set_ret == -EPERM || host.set_ret == -ENOPROTOOPT)
			continue;
		if (ours.set_ret != host.set_ret || ours.get_ret != host.get_ret || ours.val != host.val)
			fail_msg("level %d option %d value %d: %d here, %lld, %lld, %d on the host", c->level, c->set,
				 c->val, ours.val, (long long)host.set_ret, (long long)host.get_ret, host.val);
	}
}

/* Without a full socket there is nothing to set; with the socket not locked nothing may be. */
static void options_need_a_socket(void **state __unused_arg)
{
	static const struct opt_case c = SAME(S, SO_REUSEADDR, 1, 0, 0, 0);
	struct bpf_sock_ops none = { .family = AF_INET };
	struct bpf_sock_ops waiting = { .is_fullsock = 1, .state = BPF_TCP_TIME_WAIT };
	struct bpf_sock_ops unlocked = { .is_fullsock = 1, .op = BPF_SOCK_OPS_TSTAMP_SCHED_CB };
	struct opt_result res;

	run_ours(&c, &none, &res);
	assert_int_equal(res.set_ret, -EINVAL);
	assert_int_equal(res.get_ret, -EINVAL);
	assert_int_equal(res.val, 0); /* overwritten all the same */
	run_ours(&c, &waiting, &res);
	assert_int_equal(res.set_ret, -EINVAL);
	run_ours(&c, &unlocked, &res);
	assert_int_equal(res.set_ret, -EOPNOTSUPP);
	assert_int_equal(res.get_ret, -EOPNOTSUPP);
}

static void nodelay_not_while_options_are_written(void **state __unused_arg)
{
	static const struct opt_case c = SAME(T, 1, 1, 0, 0, 1), other = SAME(T, 4, 9, 0, 0, 9);
	static const u32 ops[] = { BPF_SOCK_OPS_HDR_OPT_LEN_CB, BPF_SOCK_OPS_WRITE_HDR_OPT_CB, BPF_SOCK_OPS_RTT_CB };

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		struct bpf_sock_ops ctx = { .is_fullsock = 1, .op = ops[i] };
		struct opt_result res;

		run_ours(&c, &ctx, &res);
		assert_int_equal(res.set_ret, ops[i] == BPF_SOCK_OPS_RTT_CB ? 0 : -EOPNOTSUPP);
		run_ours(&other, &ctx, &res);
		assert_int_equal(res.set_ret, 0);
		assert_int_equal(res.val, 9);
	}
}

/* ---- header options ------------------------------------------------------------------------------------- */

#define HEADER(...) { 0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0x50, 2, 0, 9, 0, 0, 0, 0, __VA_ARGS__ }

struct hdr_case {
	u32 helper, op;
	u8 arg[8];
	u32 size, flags;
	u8 header[64];
	u32 header_len;
	s64 want;
	u8 want_arg[8];
	u32 want_len; /* of the header afterwards */
};

#define LOAD  BPF_FUNC_load_hdr_opt
#define STORE BPF_FUNC_store_hdr_opt
#define ANY   BPF_SOCK_OPS_PARSE_HDR_OPT_CB
#define WRITE BPF_SOCK_OPS_WRITE_HDR_OPT_CB
#define LEN   BPF_SOCK_OPS_HDR_OPT_LEN_CB

static const struct hdr_case hdr_cases[] = {
	{ LOAD, ANY, { 2 }, 4, 0, HEADER(1, 2, 4, 5, 180), 25, 4, { 2, 4, 5, 180 }, 25 },
	{ LOAD, ANY, { 2 }, 3, 0, HEADER(1, 2, 4, 5, 180), 25, -ENOSPC, { 2, 4, 5 }, 25 },
	{ LOAD, ANY, { 3 }, 8, 0, HEADER(1, 2, 4, 5, 180), 25, -ENOMSG, { 3 }, 25 },
	{ LOAD, ANY, { 3 }, 8, 0, HEADER(0, 3, 3, 7), 24, -ENOMSG, { 3 }, 24 },
	{ LOAD, ANY, { 3 }, 8, 0, HEADER(2, 9, 3, 7), 24, -EINVAL, { 3 }, 24 },
	{ LOAD, ANY, { 3 }, 8, 0, HEADER(2, 1, 3, 7), 24, -EINVAL, { 3 }, 24 },
	{ LOAD, ANY, { 3 }, 8, 0, HEADER(2), 21, -EINVAL, { 3 }, 21 },
	{ LOAD, ANY, { 254, 4, 0xeb, 0x9f }, 8, 0, HEADER(254, 5, 1, 2, 3, 254, 5, 0xeb, 0x9f, 9), 30, 5,
	  { 254, 5, 0xeb, 0x9f, 9 }, 30 },
	{ LOAD, ANY, { 253, 6, 1, 2, 3, 4 }, 8, 0, HEADER(253, 5, 1, 2, 3), 25, -ENOMSG, { 253, 6, 1, 2, 3, 4 }, 25 },
	{ LOAD, ANY, { 253, 3, 1 }, 8, 0, HEADER(1), 21, -EINVAL, { 253, 3, 1 }, 21 },
	{ LOAD, ANY, { 2, 2 }, 8, 0, HEADER(1), 21, -EINVAL, { 2, 2 }, 21 },
	{ LOAD, ANY, { 1 }, 8, 0, HEADER(1), 21, -EINVAL, { 1 }, 21 },
	{ LOAD, ANY, { 0 }, 8, 0, HEADER(1), 21, -EINVAL, { 0 }, 21 },
	{ LOAD, ANY, { 2 }, 8, 2, HEADER(1), 21, -EINVAL, { 2 }, 21 },
	{ LOAD, ANY, { 2 }, 8, BPF_LOAD_HDR_OPT_TCP_SYN, HEADER(1), 21, -ENOENT, { 2 }, 21 },
	{ LOAD, ANY, { 2 }, 8, 0, { 0 }, 0, -EPERM, { 2 }, 0 },
	{ LOAD, LEN, { 2 }, 8, 0, HEADER(1), 21, -EPERM, { 2 }, 21 },
	{ LOAD, BPF_SOCK_OPS_TSTAMP_ACK_CB, { 2 }, 8, 0, HEADER(1), 21, -EOPNOTSUPP, { 2 }, 21 },
	{ STORE, WRITE, { 30, 4, 7, 7 }, 4, 0, HEADER(1, 1), 22, 0, { 30, 4, 7, 7 }, 26 },
	{ STORE, WRITE, { 30, 4, 7, 7 }, 4, 0, HEADER(30, 2), 22, -EEXIST, { 30, 4, 7, 7 }, 22 },
	{ STORE, WRITE, { 254, 5, 1, 2, 3 }, 5, 0, HEADER(254, 5, 1, 2, 9), 25, -EEXIST, { 254, 5, 1, 2, 3 }, 25 },
	{ STORE, WRITE, { 254, 5, 1, 2, 3 }, 5, 0, HEADER(254, 5, 1, 3, 9), 25, 0, { 254, 5, 1, 2, 3 }, 30 },
	{ STORE, WRITE, { 254, 3, 1 }, 5, 0, HEADER(1), 21, -EINVAL, { 254, 3, 1 }, 21 },
	{ STORE, WRITE, { 30, 4, 7, 7 }, 4, 0, HEADER(0, 0), 22, -ENOSPC, { 30, 4, 7, 7 }, 22 },
	{ STORE, WRITE, { 30, 4, 7, 7 }, 4, 0, HEADER(1), 57, -ENOSPC, { 30, 4, 7, 7 }, 57 },
	{ STORE, WRITE, { 30, 4, 7, 7 }, 3, 0, HEADER(1), 21, -EINVAL, { 30, 4, 7, 7 }, 21 },
	{ STORE, WRITE, { 30, 4, 7, 7 }, 4, 1, HEADER(1), 21, -EINVAL, { 30, 4, 7, 7 }, 21 },
	{ STORE, WRITE, { 30, 4, 7, 7 }, 4, 0, HEADER(5, 0), 22, -EINVAL, { 30, 4, 7, 7 }, 22 },
	{ STORE, ANY, { 30, 4, 7, 7 }, 4, 0, HEADER(1), 21, -EPERM, { 30, 4, 7, 7 }, 21 },
};

static void hdr_case(const struct hdr_case *c, size_t i)
{
	struct { s64 ret; u8 arg[8]; } res;
	s32 lo, hi;
	int map = results_map(sizeof(res)), fd;
	struct bpf_sock_ops ctx = { .is_fullsock = 1, .op = c->op };
	u8 data[64];
	struct skep_test t = { .sz = sizeof(t), .ctx_in = &ctx, .ctx_out = &ctx, .ctx_size_in = sizeof(ctx),
			       .ctx_size_out = sizeof(ctx), .data_in = c->header_len ? c->header : NULL,
			       .data_size_in = c->header_len, .data_out = data, .data_size_out = sizeof(data) };
	struct prog_case p;

	memcpy(&lo, c->arg, 4);
	memcpy(&hi, c->arg + 4, 4);
	p = (struct prog_case){
		"header option", BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS,
		CODE(LD_MAP_VAL(7, map, 0), ST_K(4, 10, -8, lo), ST_K(4, 10, -4, hi), MOV_X(2, 10), ADD_K(2, -8),
		     MOV_K(3, (s32)c->size), MOV_K(4, (s32)c->flags), CALL_H((s32)c->helper), STX(8, 7, 0, 0),
		     LDX(8, 1, 10, -8), STX(8, 7, 1, 8), MOV_K(0, 1), EXIT_()), NULL,
	};
	fd = prog_load(false, &p, NULL, 0);
	assert_true(fd >= 0);
	assert_int_equal(skep_prog_test(skep, fd, &t), 0);
	results_read(map, &res);
	if (res.ret != c->want || memcmp(res.arg, c->want_arg, 8) || t.data_size_out != c->want_len)
		fail_msg("case %zu: %lld, %u bytes", i, (long long)res.ret, t.data_size_out);
	if (c->helper == STORE && !res.ret)
		assert_memory_equal(data + c->header_len, c->arg, c->arg[1]);
	close(fd);
	close(map);
}

static void header_options_are_read_and_written(void **state __unused_arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(hdr_cases); i++)
		hdr_case(&hdr_cases[i], i);
}

/* 40 bytes of options: three of 16 do not fit. */
static void options_have_room(void **state __unused_arg)
{
#define RESERVE(len) MOV_X(1, 6), MOV_K(2, len), MOV_K(3, 0), CALL_H(BPF_FUNC_reserve_hdr_opt)
	const struct prog_case c = {
		"reserve", BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS,
		CODE(MOV_X(6, 1), MOV_K(7, 0), RESERVE(16), JNE_K(0, 0, 11), RESERVE(16), JNE_K(0, 0, 6), RESERVE(16),
		     JNE_K(0, -ENOSPC, 1), MOV_K(7, 1), MOV_X(0, 7), INSN_(0x57, 0, 0, 0, 1), EXIT_()), NULL,
	};
	struct bpf_sock_ops ctx = { .is_fullsock = 1, .op = LEN };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 1);
	close(fd);
}

static void callbacks_are_asked_for(void **state __unused_arg)
{
	const struct prog_case c = {
		"flags", BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS,
		CODE(MOV_K(2, 0x181), CALL_H(BPF_FUNC_sock_ops_cb_flags_set), MOV_X(1, 0), MOV_K(0, 0), JNE_K(1, 0x180, 1),
		     MOV_K(0, 1), EXIT_()), NULL,
	};
	struct bpf_sock_ops ctx = { .is_fullsock = 1 };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, 1);
	assert_int_equal(ctx.bpf_sock_ops_cb_flags, 1);
	close(fd);
}

/* ---- names, and where a socket is bound to ---------------------------------------------------------------- */

/* reno: what comes back ends with a NUL in the room that there is. */
static void congestion_control_has_a_name(void **state __unused_arg)
{
	struct { s64 ret; s64 bad; u8 name[8]; } res;
	int map = results_map(sizeof(res)), fd;
	const struct prog_case c = {
		"congestion", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT,
		CODE(MOV_X(6, 1), LD_MAP_VAL(7, map, 0), ST_K(4, 10, -8, 0x6f6e6572), ST_K(4, 10, -4, 0),
		     MOV_K(2, T), MOV_K(3, 13), MOV_X(4, 10), ADD_K(4, -8), MOV_K(5, 5), CALL_H(BPF_FUNC_setsockopt),
		     STX(8, 7, 0, 0), MOV_X(1, 6), MOV_K(2, T), MOV_K(3, 13), MOV_X(4, 10), ADD_K(4, -8), MOV_K(5, 3),
		     CALL_H(BPF_FUNC_setsockopt), STX(8, 7, 0, 8), MOV_X(1, 6), MOV_K(2, T), MOV_K(3, 13),
		     MOV_X(4, 7), ADD_K(4, 16), MOV_K(5, 4), CALL_H(BPF_FUNC_getsockopt), MOV_K(0, 1), EXIT_()), NULL,
	};
	struct bpf_sock_addr ctx;
	u32 ret;

	memset(&ctx, 0, sizeof(ctx));
	ctx.protocol = IPPROTO_TCP;
	fd = prog_load(false, &c, NULL, 0);
	assert_true(fd >= 0);
	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	results_read(map, &res);
	assert_int_equal(res.ret, 0);
	assert_int_equal(res.bad, -ENOENT); /* "ren" */
	assert_string_equal((char *)res.name, "ren");
	close(fd);
	close(map);
}

struct bind_case {
	u16 family, port;
	u32 addr, size;
	s64 want;
};

/* The source of a connection: an address that the machine has. */
static void sockets_are_bound(void **state __unused_arg)
{
	static const struct bind_case all[] = {
		{ AF_INET, 0, INADDR_LOOPBACK, 16, 0 }, { AF_INET, 99, INADDR_ANY, 16, 0 },
		{ AF_INET, 0, 0x0a000001, 16, -EADDRNOTAVAIL }, { AF_INET, 0, INADDR_LOOPBACK, 15, -EINVAL },
		{ AF_INET6, 0, 0, 24, 0 }, { AF_INET6, 0, 0, 23, -EINVAL }, { AF_UNIX, 0, 0, 24, -EAFNOSUPPORT },
		{ AF_INET, 0, 0, 1, -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const struct bind_case *b = &all[i];
		struct { s64 ret; u32 port, pad; } res;
		int map = results_map(sizeof(res)), fd;
		const struct prog_case c = {
			"bind", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT,
			CODE(MOV_X(6, 1), LD_MAP_VAL(7, map, 0), ST_K(8, 10, -32, 0), ST_K(8, 10, -24, 0),
			     ST_K(8, 10, -16, 0), ST_K(8, 10, -8, 0), ST_K(2, 10, -32, b->family),
			     ST_K(2, 10, -30, htons(b->port)), ST_K(4, 10, -28, (s32)htonl(b->addr)), MOV_X(2, 10), ADD_K(2, -32),
			     MOV_K(3, (s32)b->size), CALL_H(BPF_FUNC_bind), STX(8, 7, 0, 0), LDX(8, 1, 6, 64),
			     LDX(4, 2, 1, 44), STX(4, 7, 2, 8), MOV_K(0, 1), EXIT_()), NULL,
		};
		struct bpf_sock_addr ctx;
		u32 ret;

		memset(&ctx, 0, sizeof(ctx));
		fd = prog_load(false, &c, NULL, 0);
		assert_true(fd >= 0);
		assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
		results_read(map, &res);
		if (res.ret != b->want)
			fail_msg("case %zu: %lld", i, (long long)res.ret);
		assert_int_equal(res.port, b->want ? 0 : b->port);
		close(fd);
		close(map);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_kept),	cmocka_unit_test(options_need_a_socket),
		{ "N-06 TCP_NODELAY is not set while options are written", nodelay_not_while_options_are_written, NULL, NULL,
		  NULL },
		cmocka_unit_test(header_options_are_read_and_written), cmocka_unit_test(options_have_room),
		cmocka_unit_test(callbacks_are_asked_for), cmocka_unit_test(congestion_control_has_a_name),
		cmocka_unit_test(sockets_are_bound),
	};

	return RUN_ON_BOTH(tests);
}
