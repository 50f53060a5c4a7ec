/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_lookup.c - programs that look for sockets, and cookies of half-open connections. The host's own sockets
 * on loopback, opened here, are what the running kernel finds for the same questions.
 */
#include "../runtime/progs.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static int results_map(bool kernel, u32 size)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = size, .max_entries = 1 };

	return (int)(kernel ? syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr))
			    : skep_bpf(skep, NULL, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static void map_read(bool kernel, int fd, void *to)
{
	u32 key = 0;
	union bpf_attr attr = { .map_fd = (u32)fd, .key = (u64)(uintptr_t)&key, .value = (u64)(uintptr_t)to };
	long err = kernel ? syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr))
			  : skep_bpf(skep, NULL, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr));

	assert_int_equal(err, 0);
}

static void map_write(bool kernel, int fd, const void *from)
{
	u32 key = 0;
	union bpf_attr attr = { .map_fd = (u32)fd, .key = (u64)(uintptr_t)&key, .value = (u64)(uintptr_t)from };
	long err = kernel ? syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr))
			  : skep_bpf(skep, NULL, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));

	assert_int_equal(err, 0);
}

static void run_packet(bool kernel, int fd)
{
	u8 pkt[64] = { 0 };
	union bpf_attr attr = { 0 };

	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = (u64)(uintptr_t)pkt;
	attr.test.data_size_in = sizeof(pkt);
	assert_int_equal(kernel ? syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr))
				: skep_bpf(skep, NULL, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), 0);
}

static int load(bool kernel, const struct prog_case *c)
{
	static char log[65536];
	int fd = prog_load(kernel, c, log, sizeof(log));

	if (fd < 0)
		fail_msg("%s: %s: %s", c->name, kernel ? "the kernel" : "skep", log);
	return fd;
}

/* ---- lookups ----------------------------------------------------------------------------------------------- */

struct found {
	struct bpf_sock_tuple tuple; /* in: what is looked for */
	u32 there, family, state, src_port, pad;
	s64 assign, assign_flags;
};

struct question {
	u32 helper, len;
	u16 sport, dport; /* dport: the n-th socket below; sport 0: any */
	u64 netns, flags;
	bool v6, listed; /* whether there is such a socket */
};

/* found = lookup(tuple), with sk_assign() of what was found. */
static void ask(bool kernel, u32 type, const struct question *q, struct found *res)
{
	int map = results_map(kernel, sizeof(*res)), fd;
#define FIND(null_off)                                                                             \
	MOV_X(6, 1), LD_MAP_VAL(7, map, 0), MOV_X(2, 7), MOV_K(3, (s32)q->len), MOV_K(4, (s32)q->netns),   \
		MOV_K(5, (s32)q->flags), CALL_H((s32)q->helper), JEQ_K(0, 0, null_off), ST_K(4, 7, 36, 1), \
		LDX(4, 1, 0, 4), STX(4, 7, 1, 40), LDX(4, 1, 0, 72), STX(4, 7, 1, 44), LDX(4, 1, 0, 44),  \
		STX(4, 7, 1, 48), MOV_X(8, 0)
#define ASSIGN(flags, to) MOV_X(1, 6), MOV_X(2, 8), MOV_K(3, flags), CALL_H(BPF_FUNC_sk_assign), STX(8, 7, 0, to)
	const struct prog_case on_xdp = {
		"lookup", type, 0,
		CODE(FIND(10), MOV_X(1, 8), CALL_H(BPF_FUNC_sk_release), MOV_K(0, 2), EXIT_()), NULL,
	};
	const struct prog_case on_skb = {
		"lookup and assign", type, 0,
		CODE(FIND(20), ASSIGN(0, 56), ASSIGN(1, 64), MOV_X(1, 8), CALL_H(BPF_FUNC_sk_release), MOV_K(0, 0), EXIT_()),
		NULL,
	};

	map_write(kernel, map, res);
	fd = load(kernel, type == BPF_PROG_TYPE_XDP ? &on_xdp : &on_skb);
	run_packet(kernel, fd);
	map_read(kernel, map, res);
	close(fd);
	close(map);
}

static const u8 loopback6[16] = { [15] = 1 };

struct host_sock {
	int fd;
	u16 port;
};

/* As skep_sock_add() does, on the host: @addr of IPv4 in network order. */
static struct host_sock open_host(const struct skep_sock *desc)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
	bool v6 = desc->family == AF_INET6;
	void *addr = v6 ? (void *)&a6 : &a4;
	socklen_t len = v6 ? sizeof(a6) : sizeof(a4);
	struct host_sock s = { .fd = socket(desc->family, desc->protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM, 0) };
	int only = desc->v6only;

	memcpy(&a4.sin_addr, desc->local, 4);
	memcpy(&a6.sin6_addr, desc->local, 16);
	if (v6)
		setsockopt(s.fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (s.fd < 0 || bind(s.fd, addr, len) || (desc->protocol == IPPROTO_TCP && listen(s.fd, 1)) ||
	    getsockname(s.fd, addr, &len)) {
		s.port = 0;
		return s;
	}
	s.port = ntohs(v6 ? a6.sin6_port : a4.sin_port);
	return s;
}

enum { TCP4, ANY4, UDP4, TCP6, ANY6, ONLY6, SOCK_CNT, NOBODY = SOCK_CNT };
static struct skep_sock descs[SOCK_CNT] = {
	[TCP4] = { .sz = sizeof(struct skep_sock), .family = AF_INET, .protocol = IPPROTO_TCP, .local = { 127, 0, 0, 1 } },
	[ANY4] = { .sz = sizeof(struct skep_sock), .family = AF_INET, .protocol = IPPROTO_TCP },
	[UDP4] = { .sz = sizeof(struct skep_sock), .family = AF_INET, .protocol = IPPROTO_UDP, .local = { 127, 0, 0, 1 } },
	[TCP6] = { .sz = sizeof(struct skep_sock), .family = AF_INET6, .protocol = IPPROTO_TCP, .local = { [15] = 1 } },
	[ANY6] = { .sz = sizeof(struct skep_sock), .family = AF_INET6, .protocol = IPPROTO_TCP },
	[ONLY6] = { .sz = sizeof(struct skep_sock), .family = AF_INET6, .protocol = IPPROTO_TCP, .v6only = true },
};

#define TCP BPF_FUNC_sk_lookup_tcp
#define UDP BPF_FUNC_sk_lookup_udp
#define SKC BPF_FUNC_skc_lookup_tcp
#define HERE (u64)-1
static const struct question questions[] = {
	{ TCP, 12, 1000, TCP4, HERE, 0, false, true },	 { SKC, 12, 1000, TCP4, HERE, 0, false, true },
	{ UDP, 12, 1000, TCP4, HERE, 0, false, false },	 { UDP, 12, 1000, UDP4, HERE, 0, false, true },
	{ TCP, 12, 1000, UDP4, HERE, 0, false, false },	 { TCP, 12, 0, ANY4, HERE, 0, false, true },
	{ TCP, 12, 1000, TCP4, 0, 0, false, false },	 { TCP, 12, 1000, TCP4, HERE, 1, false, false },
	{ TCP, 11, 1000, TCP4, HERE, 0, false, false },	 { TCP, 36, 1000, TCP4, HERE, 0, true, false },
	{ TCP, 36, 1000, TCP6, HERE, 0, true, true },	 { TCP, 36, 1000, ANY6, HERE, 0, true, true },
	{ TCP, 12, 1000, ANY6, HERE, 0, false, true },	 { TCP, 12, 1000, ONLY6, HERE, 0, false, false },
	{ TCP, 36, 1000, ONLY6, HERE, 0, true, true },	 { TCP, 12, 1000, NOBODY, HERE, 0, false, false },
	{ TCP, 12, 1000, TCP6, HERE, 0, false, false },	 { TCP, 36, 1000, ANY4, HERE, 0, true, false },
	{ TCP, 12, 1000, TCP4, 0x7fffffff, 0, false, false },
};

static void question_ask(bool kernel, u32 type, const struct question *q, struct found *res)
{
	u16 port = htons(q->dport == NOBODY ? 1 : descs[q->dport].local_port);

	*res = (struct found){ .there = 0 };
	if (q->v6) {
		memcpy(res->tuple.ipv6.saddr, loopback6, 16);
		memcpy(res->tuple.ipv6.daddr, loopback6, 16);
		res->tuple.ipv6.sport = htons(q->sport);
		res->tuple.ipv6.dport = port;
	} else {
		res->tuple.ipv4.saddr = res->tuple.ipv4.daddr = htonl(INADDR_LOOPBACK);
		res->tuple.ipv4.sport = htons(q->sport);
		res->tuple.ipv4.dport = port;
	}
	ask(kernel, type, q, res);
}

static void compare(const struct question *q, u32 type, bool kernel)
{
	struct found ours, theirs;

	question_ask(false, type, q, &ours);
	assert_int_equal(ours.there, q->listed);
	if (ours.there) {
		assert_int_equal(ours.src_port, descs[q->dport].local_port);
		assert_int_equal(ours.family, descs[q->dport].family);
	}
	if (!kernel)
		return;
	question_ask(true, type, q, &theirs);
	if (memcmp(&ours, &theirs, sizeof(ours)))
		fail_msg("type %u, dport %u, v6 %d: there %u and %u, family %u and %u, state %u and %u, assign %lld and %lld",
			 type, q->dport, q->v6, ours.there, theirs.there, ours.family, theirs.family, ours.state, theirs.state,
			 (long long)ours.assign, (long long)theirs.assign);
}

static void sockets_are_found(void **state __unused_arg)
{
	static const u32 types[] = { BPF_PROG_TYPE_SCHED_CLS, BPF_PROG_TYPE_XDP };
	struct host_sock host[SOCK_CNT];
	bool kernel = kernel_answers();

	for (u32 i = 0; i < SOCK_CNT; i++) {
		host[i] = open_host(&descs[i]);
		kernel &= host[i].port != 0;
		descs[i].local_port = host[i].port ? host[i].port : (u16)(20000 + i);
		assert_int_equal(skep_sock_add(skep, &descs[i]), 0);
		assert_int_equal(skep_sock_add(skep, &descs[i]), -EADDRINUSE);
	}
	for (u32 i = 0; i < 2 * ARRAY_SIZE(questions); i++)
		compare(&questions[i / 2], types[i % 2], kernel);
	for (u32 i = 0; i < SOCK_CNT; i++)
		close(host[i].fd);
}

/* The connection is meant, not who listens at the same place; one that waits for its end is no full socket. */
static void connections_come_first(void **state __unused_arg)
{
	struct skep_sock listen = { .sz = sizeof(listen), .family = AF_INET, .protocol = IPPROTO_TCP, .local_port = 80 };
	struct skep_sock conn = listen, gone = listen;
	struct question q = { .helper = TCP, .len = 12, .netns = HERE };
	struct found res = { .there = 0 };

	conn.local[0] = conn.remote[0] = gone.local[0] = gone.remote[0] = 10;
	conn.remote_port = 4000;
	gone.remote_port = 4001;
	gone.state = BPF_TCP_TIME_WAIT;
	assert_int_equal(skep_sock_add(skep, &conn), 0);
	assert_int_equal(skep_sock_add(skep, &listen), 0);
	assert_int_equal(skep_sock_add(skep, &gone), 0);
	res.tuple.ipv4.saddr = res.tuple.ipv4.daddr = htonl(0x0a000000);
	res.tuple.ipv4.dport = htons(80);
	res.tuple.ipv4.sport = htons(4000);
	ask(false, BPF_PROG_TYPE_SCHED_CLS, &q, &res);
	assert_int_equal(res.state, BPF_TCP_ESTABLISHED);
	res.tuple.ipv4.sport = htons(4002);
	ask(false, BPF_PROG_TYPE_SCHED_CLS, &q, &res);
	assert_int_equal(res.state, BPF_TCP_LISTEN);
	res.tuple.ipv4.sport = htons(4001);
	res.there = 0;
	ask(false, BPF_PROG_TYPE_SCHED_CLS, &q, &res);
	assert_int_equal(res.there, 0);
	q.helper = SKC;
	ask(false, BPF_PROG_TYPE_XDP, &q, &res);
	assert_int_equal(res.there, 1);
	assert_int_equal(res.state, BPF_TCP_TIME_WAIT);
	gone.state = 77;
	assert_int_equal(skep_sock_add(skep, &gone), -EINVAL);
	gone.state = BPF_TCP_LISTEN;
	assert_int_equal(skep_sock_add(skep, &gone), -EINVAL);
	gone = listen;
	gone.ifindex = 999;
	assert_int_equal(skep_sock_add(skep, &gone), -EINVAL);
	gone = listen;
	gone.local_port = 0;
	assert_int_equal(skep_sock_add(skep, &gone), -EINVAL);
	gone = listen;
	gone.protocol = 99;
	assert_int_equal(skep_sock_add(skep, &gone), -EINVAL);
}

#define LOOKUP_R0                                                                                  \
	MOV_X(6, 1), ST_K(8, 10, -16, 0), ST_K(8, 10, -8, 0), MOV_X(2, 10), ADD_K(2, -16), MOV_K(3, 12),  \
		MOV_K(4, -1), MOV_K(5, 0), CALL_H(TCP)

/* What was found is given back, once, and is nothing afterwards. */
static void references_are_tracked(void **state __unused_arg)
{
	static const struct prog_case refused[] = {
		{ "kept", BPF_PROG_TYPE_SCHED_CLS, 0, CODE(LOOKUP_R0, MOV_K(0, 0), EXIT_()), "Unreleased reference" },
		{ "kept by xdp", BPF_PROG_TYPE_XDP, 0, CODE(LOOKUP_R0, MOV_K(0, 0), EXIT_()), "Unreleased reference" },
		{ "given back unseen", BPF_PROG_TYPE_SCHED_CLS, 0,
		  CODE(LOOKUP_R0, MOV_X(1, 0), CALL_H(BPF_FUNC_sk_release), MOV_K(0, 0), EXIT_()),
		  "R1 type=sock_or_null expected=sock_common, sock" },
		{ "read after", BPF_PROG_TYPE_SCHED_CLS, 0,
		  CODE(LOOKUP_R0, JEQ_K(0, 0, 5), MOV_X(7, 0), MOV_X(1, 0), CALL_H(BPF_FUNC_sk_release), LDX(4, 0, 7, 4),
		       EXIT_(), MOV_K(0, 0), EXIT_()), "R7 invalid mem access 'scalar'" },
		{ "a cast after", BPF_PROG_TYPE_SCHED_CLS, 0,
		  CODE(LOOKUP_R0, JEQ_K(0, 0, 9), MOV_X(7, 0), MOV_X(1, 0), CALL_H(BPF_FUNC_tcp_sock), MOV_X(8, 0),
		       MOV_X(1, 7), CALL_H(BPF_FUNC_sk_release), JEQ_K(8, 0, 2), LDX(4, 0, 8, 0), EXIT_(), MOV_K(0, 0),
		       EXIT_()), "R8 invalid mem access" },
		{ "twice", BPF_PROG_TYPE_SCHED_CLS, 0,
		  CODE(LOOKUP_R0, JEQ_K(0, 0, 5), MOV_X(7, 0), MOV_X(1, 0), CALL_H(BPF_FUNC_sk_release), MOV_X(1, 7),
		       CALL_H(BPF_FUNC_sk_release), MOV_K(0, 0), EXIT_()), "R1 type=scalar expected=sock_common, sock" },
		{ "a socket that nobody took", BPF_PROG_TYPE_SCHED_CLS, 0,
		  CODE(LDX(8, 1, 1, 168), MOV_K(0, 0), JEQ_K(1, 0, 3), CALL_H(BPF_FUNC_sk_fullsock), JEQ_K(0, 0, 1),
		       INSN_(0x05, 0, 0, 1, 0), EXIT_(), MOV_X(1, 0), CALL_H(BPF_FUNC_sk_release), MOV_K(0, 0), EXIT_()),
		  "referenced" },
		{ "a tuple of unknown bytes", BPF_PROG_TYPE_SCHED_CLS, 0,
		  CODE(MOV_K(2, 0), MOV_K(3, 12), MOV_K(4, -1), MOV_K(5, 0), CALL_H(TCP), MOV_K(0, 0), EXIT_()),
		  "R2 type=scalar expected=fp" },
		{ "not in a socket filter", BPF_PROG_TYPE_SOCKET_FILTER, 0, CODE(LOOKUP_R0, MOV_K(0, 0), EXIT_()),
		  "program of this type cannot use helper bpf_sk_lookup_tcp" },
	};

	check_refused(refused, ARRAY_SIZE(refused));
}

/* sk_lookup: nothing was selected, and so it stays; who assigns what is no socket takes the selection back. */
static void lookups_are_unassigned(void **state __unused_arg)
{
	const struct prog_case c = {
		"assign", BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP,
		CODE(MOV_X(6, 1), MOV_K(2, 0), MOV_K(3, 4), CALL_H(BPF_FUNC_sk_assign), MOV_X(7, 0), MOV_X(1, 6), MOV_K(2, 0),
		     MOV_K(3, BPF_SK_LOOKUP_F_REPLACE), CALL_H(BPF_FUNC_sk_assign), MOV_X(8, 0), MOV_K(0, 0),
		     JNE_K(7, -EINVAL, 2), JNE_K(8, 0, 1), MOV_K(0, 1), EXIT_()), NULL,
	};
	struct bpf_sk_lookup ctx = { .family = AF_INET, .protocol = IPPROTO_TCP };
	int fd = load_good(&c);
	u32 ret;

	assert_int_equal(run_fd(fd, &ctx, sizeof(ctx), NULL, 0, &ret), 0);
	assert_int_equal(ret, SK_PASS);
	close(fd);
}

/* ---- cookies ------------------------------------------------------------------------------------------------- */

struct cookie_io {
	u8 ip[40], tcp[24]; /* a SYN with one option of four bytes */
	s64 gen, check, bad;
};

/*
 * io: gen = cookie of the SYN; the header then becomes the ACK of seq + 1 and cookie + 1, check is what that is
 * worth, bad what it is with another number.
 */
static void cookie_run(bool kernel, bool v6, u32 len, struct cookie_io *io)
{
	u32 gen = v6 ? BPF_FUNC_tcp_raw_gen_syncookie_ipv6 : BPF_FUNC_tcp_raw_gen_syncookie_ipv4;
	u32 check = v6 ? BPF_FUNC_tcp_raw_check_syncookie_ipv6 : BPF_FUNC_tcp_raw_check_syncookie_ipv4;
	int map = results_map(kernel, sizeof(*io)), fd;
	const struct prog_case c = {
		"cookie", BPF_PROG_TYPE_XDP, 0,
		CODE(LD_MAP_VAL(6, map, 0), MOV_X(1, 6), MOV_X(2, 6), ADD_K(2, 40), MOV_K(3, (s32)len), CALL_H((s32)gen),
		     STX(8, 6, 0, 64), ADD_K(0, 1), INSN_(0xdc, 0, 0, 0, 32), STX(4, 6, 0, 48), ST_K(4, 6, 44, htonl(1001)),
		     MOV_X(1, 6), MOV_X(2, 6), ADD_K(2, 40), CALL_H((s32)check), STX(8, 6, 0, 72), ST_K(4, 6, 44, htonl(1102)),
		     MOV_X(1, 6), MOV_X(2, 6), ADD_K(2, 40), CALL_H((s32)check), STX(8, 6, 0, 80), MOV_K(0, 2), EXIT_()), NULL,
	};

	map_write(kernel, map, io);
	fd = load(kernel, &c);
	run_packet(kernel, fd);
	map_read(kernel, map, io);
	close(fd);
	close(map);
}

static const struct cookie_case {
	bool v6;
	u16 mss; /* 0: no option */
	u32 len;
	s64 want; /* the class of the largest segment, or an error */
} cookie_cases[] = {
	{ false, 1460, 24, 1460 }, { false, 1459, 24, 1440 }, { false, 1, 24, 536 },	{ false, 9000, 24, 1460 },
	{ false, 0, 20, 536 },	   { true, 1440, 24, 1440 },  { true, 1000, 24, 1220 }, { true, 9000, 24, 8940 },
	{ true, 0, 20, 1220 },	   { false, 0, 24, -EINVAL }, { true, 0, 24, -EINVAL },
};

static void cookie_case(bool kernel, const struct cookie_case *c)
{
	struct cookie_io io = { .tcp = { 0, 80, 1, 2, 0, 0, 3, 0xe8 /* 1000 */, 0, 0, 0, 0, c->mss ? 0x60 : 0x50, 2 } };

	for (u32 i = 0; i < sizeof(io.ip); i++)
		io.ip[i] = (u8)(i * 7);
	io.ip[0] = c->v6 ? 0x60 : 0x45;
	if (c->mss) {
		const u8 opt[] = { 2, 4, (u8)(c->mss >> 8), (u8)c->mss };

		memcpy(io.tcp + 20, opt, 4);
	}
	cookie_run(kernel, c->v6, c->len, &io);
	if (c->want < 0) {
		assert_int_equal(io.gen, c->want);
		return;
	}
	if (io.gen >> 32 != c->want || io.check || io.bad != -EACCES)
		fail_msg("%s: mss %u: %lld, %lld, %lld", kernel ? "kernel" : "skep", c->mss, (long long)(io.gen >> 32),
			 (long long)io.check, (long long)io.bad);
}

static void cookies_come_back(void **state __unused_arg)
{
	bool kernel = kernel_answers();

	for (size_t i = 0; i < ARRAY_SIZE(cookie_cases); i++) {
		cookie_case(false, &cookie_cases[i]);
		if (kernel)
			cookie_case(true, &cookie_cases[i]);
	}
}

struct listener_io {
	struct bpf_sock_tuple tuple;
	u8 ip[40], tcp[20];
	s64 gen, check;
};

/* Both questions to the listening socket of @io->tuple. */
static void listener_run(bool kernel, u32 ip_len, struct listener_io *io)
{
	int map = results_map(kernel, sizeof(*io)), fd;
#define ASK(helper, to)                                                                            \
	MOV_X(1, 8), MOV_X(2, 7), ADD_K(2, 36), MOV_K(3, (s32)ip_len), MOV_X(4, 7), ADD_K(4, 76), MOV_K(5, 20), \
		CALL_H(BPF_FUNC_tcp_##helper), STX(8, 7, 0, to)
	const struct prog_case c = {
		"listener", BPF_PROG_TYPE_SCHED_CLS, 0,
		CODE(LD_MAP_VAL(7, map, 0), MOV_X(2, 7), MOV_K(3, 12), MOV_K(4, -1), MOV_K(5, 0), CALL_H(TCP),
		     JEQ_K(0, 0, 21), MOV_X(8, 0), ASK(gen_syncookie, 96), ASK(check_syncookie, 104), MOV_X(1, 8),
		     CALL_H(BPF_FUNC_sk_release), MOV_K(0, 0), EXIT_()), NULL,
	};

	map_write(kernel, map, io);
	fd = load(kernel, &c);
	run_packet(kernel, fd);
	map_read(kernel, map, io);
	close(fd);
	close(map);
}

static const struct listener_case {
	u8 version, doff, flags;
	u32 ip_len;
	s64 gen, check;
} listener_cases[] = {
	{ 0x45, 0x50, 2, 20, -ENOENT, -ENOENT },  { 0x45, 0x50, 16, 20, -EINVAL, -ENOENT },
	{ 0x45, 0x60, 2, 20, -EINVAL, -ENOENT },  { 0x45, 0x50, 2, 19, -EINVAL, -ENOENT },
	{ 0x45, 0x50, 16, 19, -EINVAL, -EINVAL }, { 0x60, 0x50, 2, 40, -EINVAL, -ENOENT },
	{ 0x50, 0x50, 2, 20, -EPROTONOSUPPORT, -ENOENT }, { 0x45, 0x50, 18, 20, -EINVAL, -ENOENT },
};

static void listeners_are_not_flooded(void **state __unused_arg)
{
	struct skep_sock desc = descs[TCP4];
	struct host_sock host;
	bool kernel = kernel_answers();

	desc.local_port = 0;
	host = open_host(&desc);
	kernel &= host.port != 0;
	desc.local_port = host.port ? host.port : 30000;
	assert_int_equal(skep_sock_add(skep, &desc), 0);
	for (size_t i = 0; i < ARRAY_SIZE(listener_cases); i++) {
		const struct listener_case *c = &listener_cases[i];
		struct listener_io io = { .ip = { c->version }, .tcp = { [12] = c->doff, [13] = c->flags } }, theirs;

		io.tuple.ipv4.saddr = io.tuple.ipv4.daddr = htonl(INADDR_LOOPBACK);
		io.tuple.ipv4.sport = htons(1000);
		io.tuple.ipv4.dport = htons(desc.local_port);
		theirs = io;
		listener_run(false, c->ip_len, &io);
		if (io.gen != c->gen || io.check != c->check)
			fail_msg("case %zu: %lld, %lld", i, (long long)io.gen, (long long)io.check);
		if (!kernel)
			continue;
		listener_run(true, c->ip_len, &theirs);
		if (io.gen != theirs.gen || io.check != theirs.check)
			fail_msg("case %zu: the kernel says %lld, %lld", i, (long long)theirs.gen, (long long)theirs.check);
	}
	close(host.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_are_found),	  cmocka_unit_test(connections_come_first),
		cmocka_unit_test(references_are_tracked), cmocka_unit_test(lookups_are_unassigned),
		cmocka_unit_test(listeners_are_not_flooded),
		{ "C-16 cookies of SYNs are known again", cookies_come_back, NULL, NULL, NULL },
	};

	return RUN_ON_BOTH(tests);
}
