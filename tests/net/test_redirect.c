/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_redirect.c - packets that programs send away: what the helpers answer (asked of Linux 6.18 too
 * where bpf(2) is permitted; it sends nothing in test runs), and where the packets arrive in skep.
 */
#include "net/net.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include "../runtime/insns.h"

#include <skep/skep.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#define P(p) ((u64)(uintptr_t)(p))
#define E(e) ((u32)-(e))
#define XDP  BPF_PROG_TYPE_XDP
#define CLS  BPF_PROG_TYPE_SCHED_CLS
#define SF   BPF_PROG_TYPE_SOCKET_FILTER

enum who { KERNEL, SKEP };
static struct skep *skep;
static bool kernel_asked;
static u32 eth1, eth2;

static long judge(enum who who, int cmd, union bpf_attr *attr)
{
	long ret;

	if (who == SKEP)
		return skep_bpf(skep, NULL, cmd, attr, sizeof(*attr));
	ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));
	return ret < 0 ? -errno : ret;
}

static long new_map(enum who who, u32 type, u32 value_size, u32 cnt, u32 flags)
{
	union bpf_attr attr = { 0 };

	attr.map_type = type;
	attr.key_size = 4;
	attr.value_size = value_size;
	attr.max_entries = cnt;
	attr.map_flags = flags;
	return judge(who, BPF_MAP_CREATE, &attr);
}

static long elem(enum who who, int cmd, long fd, u32 key, void *value, u64 flags)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = (u32)fd;
	attr.key = P(&key);
	attr.value = P(value);
	attr.flags = flags;
	return judge(who, cmd, &attr);
}

/* ---- maps of devices and CPUs -------------------------------------------------------------------- */

static void device_maps(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	long fd;
	u32 key = 7, next;
	u64 lo = 1, none = 0, no_dev = 4000000;

	if (who == KERNEL && !kernel_asked)
		skip();
	assert_int_equal(new_map(who, BPF_MAP_TYPE_DEVMAP, 4, 0, 0), -EINVAL);
	assert_int_equal(new_map(who, BPF_MAP_TYPE_DEVMAP, 5, 4, 0), -EINVAL);
	assert_int_equal(new_map(who, BPF_MAP_TYPE_DEVMAP, 4, 4, BPF_F_NO_PREALLOC), -EINVAL);
	for (u32 size = 4; size <= 8; size += 4) {
		u64 got = -1ULL;

		fd = new_map(who, BPF_MAP_TYPE_DEVMAP, size, 4, 0);
		assert_true(fd >= 0);
		assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, fd, 1, &got, 0), -ENOENT);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 1, &lo, 0), 0);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 1, &lo, BPF_EXIST), 0);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 1, &lo, BPF_NOEXIST), -EEXIST);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 2, &lo, BPF_NOEXIST), -EEXIST);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 1, &lo, 4), -EINVAL);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 4, &lo, 0), -E2BIG);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 1, &no_dev, 0), -EINVAL);
		assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, fd, 1, &got, 0), 0);
		assert_int_equal((u32)got, 1);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 1, &none, 0), 0);
		assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, fd, 1, &got, 0), -ENOENT);
		assert_int_equal(elem(who, BPF_MAP_DELETE_ELEM, fd, 1, NULL, 0), 0);
		assert_int_equal(elem(who, BPF_MAP_DELETE_ELEM, fd, 4, NULL, 0), -EINVAL);
		assert_int_equal(elem(who, BPF_MAP_GET_NEXT_KEY, fd, key, &next, 0), 0);
		assert_int_equal(next, 0);
		close((int)fd);
	}
}

/* Keys in the order of a walk; "-" for none. */
static void check_keys(enum who who, long fd, const char *want)
{
	union bpf_attr attr = { 0 };
	char got[128] = "-";
	u32 key = 0, n = 0;

	attr.map_fd = (u32)fd;
	attr.next_key = P(&key);
	while (!judge(who, BPF_MAP_GET_NEXT_KEY, &attr)) {
		n += (u32)snprintf(got + n, sizeof(got) - n, "%s%u", n ? " " : "", key);
		assert_true(n < 100);
		attr.key = P(&key);
	}
	assert_string_equal(got, want);
}

static void device_hashes(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	u64 lo = 1, none = 0, no_dev = 4000000;

	if (who == KERNEL && !kernel_asked)
		skip();
	assert_int_equal(new_map(who, BPF_MAP_TYPE_DEVMAP_HASH, 4, 0, 0), -EINVAL);
	assert_int_equal(new_map(who, BPF_MAP_TYPE_DEVMAP_HASH, 4, (1u << 31) + 1, 0), -EINVAL);
	assert_int_equal(new_map(who, BPF_MAP_TYPE_DEVMAP_HASH, 4, 4, BPF_F_NO_PREALLOC), -EINVAL);
	for (u32 size = 4; size <= 8; size += 4) {
		long fd = new_map(who, BPF_MAP_TYPE_DEVMAP_HASH, size, 5, 0);
		u64 got = -1ULL;

		assert_true(fd >= 0);
		check_keys(who, fd, "-");
		assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, fd, 1, &got, 0), -ENOENT);
		assert_int_equal(elem(who, BPF_MAP_DELETE_ELEM, fd, 1, NULL, 0), -ENOENT);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 1, &none, 0), -EINVAL);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 1, &no_dev, 0), -EINVAL);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 1, &lo, 4), -EINVAL);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 1, &lo, BPF_EXIST), 0);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 1, &no_dev, BPF_NOEXIST), -EEXIST);
		assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, fd, 1, &got, 0), 0);
		assert_int_equal((u32)got, 1);
		/* Eight buckets: 1, 9 and 4000000001 share one. */
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 9, &lo, 0), 0);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 6, &lo, BPF_NOEXIST), 0);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 4000000001, &lo, 0), 0);
		check_keys(who, fd, "4000000001 9 1 6");
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 1, &lo, 0), 0);
		check_keys(who, fd, "1 4000000001 9 6");
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 1, &lo, 0), 0);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 0, &lo, 0), 0);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 7, &lo, 0), -E2BIG);
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 9, &lo, 0), 0);
		assert_int_equal(elem(who, BPF_MAP_DELETE_ELEM, fd, 1, NULL, 0), 0);
		check_keys(who, fd, "0 9 4000000001 6");
		close((int)fd);
	}
}

static void cpu_maps(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	u64 queue = 64, too_long = 16385, none = 0, got = 0;
	long fd;

	if (who == KERNEL && !kernel_asked)
		skip();
	assert_int_equal(new_map(who, BPF_MAP_TYPE_CPUMAP, 4, 100000, 0), -E2BIG);
	assert_int_equal(new_map(who, BPF_MAP_TYPE_CPUMAP, 4, 1, BPF_F_RDONLY), -EINVAL);
	fd = new_map(who, BPF_MAP_TYPE_CPUMAP, 4, 2, 0);
	assert_true(fd >= 0);
	assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, fd, 0, &got, 0), -ENOENT);
	assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 0, &too_long, 0), -EOVERFLOW);
	assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 2, &queue, 0), -E2BIG);
	assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 0, &queue, BPF_NOEXIST), -EEXIST);
	/* The running kernel would start a thread for a queue. */
	if (who == SKEP) {
		assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 0, &queue, 0), 0);
		assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, fd, 0, &got, 0), 0);
		assert_int_equal((u32)got, 64);
	}
	assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, fd, 0, &none, 0), 0);
	assert_int_equal(elem(who, BPF_MAP_LOOKUP_ELEM, fd, 0, &got, 0), -ENOENT);
	assert_int_equal(elem(who, BPF_MAP_DELETE_ELEM, fd, 2, NULL, 0), -EINVAL);
	close((int)fd);
}

/* ---- answers ------------------------------------------------------------------------------------- */

struct answer {
	const char *name;
	u32 type;
	struct bpf_insn insns[24];
	u32 want;
};

#define MAP_FD -7
#define SELF(h, a, b) MOV_K(2, a), MOV_K(3, b), CALL_H(BPF_FUNC_##h), EXIT_()
#define TO(h, a, b)   MOV_K(1, a), MOV_K(2, b), CALL_H(BPF_FUNC_##h), EXIT_()
#define TO_MAP(k, f)  LD_MAP(1, MAP_FD), MOV_K(2, k), MOV_K(3, f), CALL_H(BPF_FUNC_redirect_map), EXIT_()
#define TO_MAP64(lo, hi)                                                                           \
	LD_MAP(1, MAP_FD), INSN_(0x18, 2, 0, 0, lo), INSN_(0, 0, 0, 0, hi), MOV_K(3, 0),           \
		CALL_H(BPF_FUNC_redirect_map), EXIT_()
/* The verdict in the upper half, the MTU in the lower one. */
#define MTU(dev, len, diff, f)                                                                     \
	ST_K(4, 10, -4, len), MOV_K(2, dev), MOV_X(3, 10), ADD_K(3, -4), MOV_K(4, diff), MOV_K(5, f), \
		CALL_H(BPF_FUNC_check_mtu), LDX(4, 1, 10, -4), INSN_(0x67, 0, 0, 0, 20),           \
		INSN_(0x4f, 0, 1, 0, 0), EXIT_()

static const struct answer answers[] = {
	{ "redirect", CLS, { TO(redirect, 1, 0) }, 7 },
	{ "redirect, ingress", CLS, { TO(redirect, 99, BPF_F_INGRESS) }, 7 },
	{ "redirect, flags", CLS, { TO(redirect, 1, 2) }, 2 },
	{ "redirect_peer", CLS, { TO(redirect_peer, 1, 0) }, 7 },
	{ "redirect_peer, flags", CLS, { TO(redirect_peer, 1, 1) }, 2 },
	{ "clone_redirect, no device", CLS, { SELF(clone_redirect, 4000000, 0) }, E(EINVAL) },
	{ "clone_redirect, flags", CLS, { SELF(clone_redirect, 1, 2) }, E(EINVAL) },
	{ "xdp redirect", XDP, { TO(redirect, 1, 0) }, XDP_REDIRECT },
	{ "xdp redirect, flags", XDP, { TO(redirect, 1, 1) }, XDP_ABORTED },
	{ "map: a device", XDP, { TO_MAP(1, 0) }, XDP_REDIRECT },
	{ "map: nothing there", XDP, { TO_MAP(0, 0) }, XDP_ABORTED },
	{ "map: nothing there, pass", XDP, { TO_MAP(0, XDP_PASS) }, XDP_PASS },
	{ "map: nothing there, tx", XDP, { TO_MAP(99, XDP_TX) }, XDP_TX },
	{ "map: bad flags", XDP, { TO_MAP(1, 4) }, XDP_ABORTED },
	{ "map: broadcast", XDP, { TO_MAP(0, BPF_F_BROADCAST) }, XDP_REDIRECT },
	{ "map: broadcast, but not back", XDP,
	  { TO_MAP(0, BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS) }, XDP_REDIRECT },
	{ "map: a key of more than 32 bits", XDP, { TO_MAP64(1, 1) }, XDP_REDIRECT },
	{ "mtu: own device", CLS, { MTU(0, 0, 0, 0) }, 65536 },
	{ "mtu: a length", CLS, { MTU(1, 65536, 0, 0) }, 65536 },
	{ "mtu: too long", CLS, { MTU(1, 65537, 0, 0) }, 65536 | 1 << 20 },
	{ "mtu: grows", CLS, { MTU(1, 0, 65450, 0) }, 65536 },
	{ "mtu: grows too long", CLS, { MTU(1, 0, 65451, 0) }, 65536 | 1 << 20 },
	{ "mtu: shrinks", CLS, { MTU(1, 0, -200, 0) }, 65536 },
	{ "mtu: flags", CLS, { MTU(1, 0, 0, 2) }, (u32)-EINVAL << 20 },
	{ "mtu: segments", CLS, { MTU(1, 0, 0, 1) }, 65536 },
	{ "mtu: segments with a length", CLS, { MTU(1, 100, 0, 1) }, (u32)-EINVAL << 20 | 100 },
	{ "mtu: segments with a difference", CLS, { MTU(1, 0, 1, 1) }, (u32)-EINVAL << 20 },
	{ "mtu: no device", CLS, { MTU(4000000, 0, 0, 0) }, (u32)-ENODEV << 20 },
	{ "mtu: xdp", XDP, { MTU(0, 0, 0, 0) }, 65536 },
	{ "mtu: xdp, flags", XDP, { MTU(0, 0, 0, 1) }, (u32)-EINVAL << 20 },
	{ "mtu: xdp, too long", XDP, { MTU(1, 0, 65451, 0) }, 65536 | 1 << 20 },
	{ "mtu: xdp, no device", XDP, { MTU(4000000, 0, 0, 0) }, (u32)-ENODEV << 20 },
	{ "socket uid", SF, { CALL_H(BPF_FUNC_get_socket_uid), EXIT_() }, 0 },
	{ "socket uid", CLS, { CALL_H(BPF_FUNC_get_socket_uid), EXIT_() }, 0 },
};

static char load_log[1 << 16];

static long load(enum who who, u32 type, const struct bpf_insn *insns, long map)
{
	struct bpf_insn prog[24];
	union bpf_attr attr = { 0 };
	u32 n = 0;

	for (;; n++) {
		prog[n] = insns[n];
		if (prog[n].code == 0x18 && prog[n].imm == MAP_FD)
			prog[n].imm = (s32)map;
		if (prog[n].code == 0x95)
			break;
	}
	load_log[0] = '\0';
	attr.prog_type = type;
	attr.insns = P(prog);
	attr.insn_cnt = n + 1;
	attr.license = P("GPL");
	attr.log_buf = P(load_log);
	attr.log_size = sizeof(load_log);
	attr.log_level = 1;
	return judge(who, BPF_PROG_LOAD, &attr);
}

static u32 run(enum who who, u32 type, const struct bpf_insn *insns, long map, u32 size, u32 repeat)
{
	static u8 pkt[3000];
	union bpf_attr attr = { 0 };
	long fd = load(who, type, insns, map), err;

	if (fd < 0)
		fail_msg("does not load: %ld\n%s", fd, load_log);
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = P(pkt);
	attr.test.data_size_in = size;
	attr.test.repeat = repeat;
	err = judge(who, BPF_PROG_TEST_RUN, &attr);
	assert_int_equal(err, 0);
	close((int)fd);
	return attr.test.retval;
}

/* lo behind key 1 of a map with room for 4. */
static long lo_map(enum who who, u32 type)
{
	long map = new_map(who, type, 4, 4, 0);
	u64 lo = 1;

	assert_true(map >= 0);
	assert_int_equal(elem(who, BPF_MAP_UPDATE_ELEM, map, 1, &lo, 0), 0);
	return map;
}

static void check_answers(enum who who, u32 map_type)
{
	long map = lo_map(who, map_type);

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		u32 got = run(who, answers[i].type, answers[i].insns, map, 100, 0);

		if (got != answers[i].want)
			fail_msg("%s: %#x, want %#x", answers[i].name, got, answers[i].want);
	}
	close((int)map);
}

static void helpers_answer(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;

	if (who == KERNEL && !kernel_asked)
		skip();
	check_answers(who, BPF_MAP_TYPE_DEVMAP);
	check_answers(who, BPF_MAP_TYPE_DEVMAP_HASH);
}

/* A value of such a map is the map's own: it can be read, not written. */
static void places_are_read_only(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	const struct bpf_insn reads[] = { ST_K(4, 10, -4, 1), MOV_X(2, 10), ADD_K(2, -4),
		LD_MAP(1, MAP_FD), CALL_H(BPF_FUNC_map_lookup_elem), JEQ_K(0, 0, 1), LDX(4, 0, 0, 0), EXIT_() };
	const struct bpf_insn writes[] = { ST_K(4, 10, -4, 1), MOV_X(2, 10), ADD_K(2, -4),
		LD_MAP(1, MAP_FD), CALL_H(BPF_FUNC_map_lookup_elem), JEQ_K(0, 0, 1), ST_K(4, 0, 0, 2),
		EXIT_() };
	long map, fd;

	if (who == KERNEL && !kernel_asked)
		skip();
	for (u32 i = 0; i < 2; i++) {
		map = lo_map(who, i ? BPF_MAP_TYPE_DEVMAP_HASH : BPF_MAP_TYPE_DEVMAP);
		assert_int_equal(run(who, XDP, reads, map, 100, 0), 1);
		fd = load(who, XDP, writes, map);
		assert_int_equal(fd, -EACCES);
		assert_non_null(strstr(load_log, "write into map forbidden"));
		close((int)map);
	}
}

/* ---- arrivals -------------------------------------------------------------------------------------- */

static struct {
	u32 cnt, dropped, last_size;
	struct skep_sent last;
	u32 to_cpu[4];
} seen;

static void on_sent(void *ctx __unused_arg, const struct skep_sent *sent)
{
	seen.cnt++;
	seen.dropped += sent->err != 0;
	seen.last = *sent;
	if (sent->cpu >= 0 && sent->cpu < 4)
		seen.to_cpu[sent->cpu]++;
}

static u64 tx_of(u32 ifindex)
{
	struct skep_dev_counts c;

	assert_int_equal(skep_dev_counts(skep, ifindex, &c), 0);
	return c.tx_packets;
}

static void look(void)
{
	memset(&seen, 0, sizeof(seen));
	skep_on_sent(skep, on_sent, NULL);
}

static void redirected_packets_arrive(void **state __unused_arg)
{
	struct bpf_insn to_eth1[] = { TO(redirect, (s32)eth1, 0) };
	struct bpf_insn into_eth2[] = { TO(redirect, (s32)eth2, BPF_F_INGRESS) };
	struct bpf_insn nowhere[] = { TO(redirect, 4000000, 0) };
	const struct bpf_insn never_said[] = { MOV_K(0, 7), EXIT_() };
	struct bpf_insn said_but_passed[] = { MOV_K(1, (s32)eth1), MOV_K(2, 0), CALL_H(BPF_FUNC_redirect),
					      MOV_K(0, 0), EXIT_() };
	struct skep_dev_counts c;
	u64 before = tx_of(eth1);

	look();
	run(SKEP, CLS, to_eth1, -1, 100, 5);
	assert_int_equal(seen.cnt, 5);
	assert_string_equal(seen.last.dev, "eth1");
	assert_int_equal(seen.last.size, 100);
	assert_false(seen.last.ingress);
	assert_int_equal(tx_of(eth1) - before, 5);
	run(SKEP, CLS, into_eth2, -1, 200, 0);
	assert_true(seen.last.ingress);
	assert_int_equal(skep_dev_counts(skep, eth2, &c), 0);
	assert_int_equal(c.rx_packets, 1);
	assert_int_equal(c.rx_bytes, 200);
	run(SKEP, CLS, nowhere, -1, 100, 0);
	assert_int_equal(seen.last.err, -ENODEV);
	run(SKEP, CLS, never_said, -1, 100, 0);
	assert_int_equal(seen.dropped, 2);
	/* eth2 takes 1500 bytes and the headers. */
	run(SKEP, CLS, into_eth2, -1, 1518, 0);
	assert_int_equal(seen.last.err, 0);
	run(SKEP, CLS, into_eth2, -1, 1519, 0);
	assert_int_equal(seen.last.err, -EMSGSIZE);
	look();
	run(SKEP, CLS, said_but_passed, -1, 100, 0);
	assert_int_equal(seen.cnt, 0);
}

static void clones_arrive_and_the_packet_stays(void **state __unused_arg)
{
	struct bpf_insn twice[] = { MOV_X(6, 1), MOV_K(2, (s32)eth1), MOV_K(3, 0),
				    CALL_H(BPF_FUNC_clone_redirect), MOV_X(1, 6), MOV_K(2, (s32)eth2),
				    MOV_K(3, 1), CALL_H(BPF_FUNC_clone_redirect), EXIT_() };

	look();
	assert_int_equal(run(SKEP, CLS, twice, -1, 64, 0), 0);
	assert_int_equal(seen.cnt, 2);
	assert_string_equal(seen.last.dev, "eth2");
	assert_true(seen.last.ingress);
}

static void xdp_frames_arrive(void **state __unused_arg)
{
	struct bpf_insn to_eth2[] = { TO(redirect, (s32)eth2, 0) };
	const struct bpf_insn tx[] = { MOV_K(0, XDP_TX), EXIT_() };
	const struct bpf_insn shorter[] = { MOV_K(2, 10), CALL_H(BPF_FUNC_xdp_adjust_head), MOV_K(0, XDP_TX),
					    EXIT_() };

	look();
	run(SKEP, XDP, to_eth2, -1, 100, 3);
	assert_int_equal(seen.cnt, 3);
	assert_string_equal(seen.last.dev, "eth2");
	run(SKEP, XDP, tx, -1, 100, 0);
	assert_string_equal(seen.last.dev, "lo");
	run(SKEP, XDP, shorter, -1, 100, 0);
	assert_int_equal(seen.last.size, 90);
	assert_int_equal(seen.dropped, 0);
}

/* lo, eth1 and eth2 behind keys 1, 2 and 3. */
static void check_map_of_devices(long devs)
{
	const struct bpf_insn one[] = { TO_MAP(2, 0) }, absent[] = { TO_MAP(0, XDP_PASS) };
	const struct bpf_insn all[] = { TO_MAP(0, BPF_F_BROADCAST) };
	const struct bpf_insn others[] = { TO_MAP(0, BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS) };
	u64 before1 = tx_of(eth1), before2 = tx_of(eth2), before_lo = tx_of(1), to1 = eth1, to2 = eth2;

	assert_int_equal(elem(SKEP, BPF_MAP_UPDATE_ELEM, devs, 2, &to1, 0), 0);
	assert_int_equal(elem(SKEP, BPF_MAP_UPDATE_ELEM, devs, 3, &to2, 0), 0);
	look();
	assert_int_equal(run(SKEP, XDP, one, devs, 100, 0), XDP_REDIRECT);
	assert_string_equal(seen.last.dev, "eth1");
	assert_int_equal(run(SKEP, XDP, absent, devs, 100, 0), XDP_PASS);
	run(SKEP, XDP, all, devs, 100, 0);
	run(SKEP, XDP, others, devs, 100, 0); /* they come in at lo */
	assert_int_equal(seen.cnt, 1 + 3 + 2);
	assert_int_equal(tx_of(eth1) - before1, 3);
	assert_int_equal(tx_of(eth2) - before2, 2);
	assert_int_equal(tx_of(1) - before_lo, 1);
	close((int)devs);
}

static void maps_lead_to_devices(void **state __unused_arg)
{
	check_map_of_devices(lo_map(SKEP, BPF_MAP_TYPE_DEVMAP));
	check_map_of_devices(lo_map(SKEP, BPF_MAP_TYPE_DEVMAP_HASH));
}

static void maps_lead_to_cpus(void **state __unused_arg)
{
	const struct bpf_insn cpu[] = { TO_MAP(1, 0) };
	long cpus = new_map(SKEP, BPF_MAP_TYPE_CPUMAP, 4, 2, 0);
	u64 queue = 8;

	assert_int_equal(elem(SKEP, BPF_MAP_UPDATE_ELEM, cpus, 1, &queue, 0), 0);
	look();
	run(SKEP, XDP, cpu, cpus, 100, 0);
	assert_null(seen.last.dev);
	assert_int_equal(seen.to_cpu[1], 1);
	close((int)cpus);
}

/* Each test run's packet has a socket of its own, and it is the same for one packet. */
static void cookies_tell_runs_apart(void **state __unused_arg)
{
	const struct bpf_insn one[] = { CALL_H(BPF_FUNC_get_socket_cookie), EXIT_() };
	const struct bpf_insn same[] = { MOV_X(6, 1), CALL_H(BPF_FUNC_get_socket_cookie), MOV_X(7, 0),
					 MOV_X(1, 6), CALL_H(BPF_FUNC_get_socket_cookie),
					 INSN_(0x1f, 0, 7, 0, 0), EXIT_() };
	u32 a = run(SKEP, SF, one, -1, 64, 0), b = run(SKEP, CLS, one, -1, 64, 0);

	assert_int_not_equal(a, 0);
	assert_int_not_equal(a, b);
	assert_int_equal(run(SKEP, CLS, same, -1, 64, 0), 0);
}

/* ---- main ---------------------------------------------------------------------------------------------- */

static int set_up(void **state __unused_arg)
{
	struct utsname uts;
	int major = 0, minor = 0;
	long fd;

	uname(&uts);
	sscanf(uts.release, "%d.%d", &major, &minor);
	if (major > 6 || (major == 6 && minor >= 18)) {
		fd = new_map(KERNEL, BPF_MAP_TYPE_DEVMAP, 4, 1, 0);
		kernel_asked = fd >= 0;
		if (fd >= 0)
			close((int)fd);
	}
	if (!kernel_asked)
		print_message("bpf(2) of Linux 6.18 or later is not to be had: it is not asked\n");
	if (skep_boot(&(struct skep_opts){ .cpu_cnt = 2 }, &skep))
		return -1;
	return skep_dev_add(skep, "eth1", 1, &eth1) || skep_dev_add(skep, "eth2", 1, &eth2);
}

static int tear_down(void **state __unused_arg)
{
	skep_free(skep);
	return 0;
}

#define BOTH(name, fn)                                                                             \
	{ name ", kernel", fn, NULL, NULL, (void *)(uintptr_t)KERNEL },                            \
	{ name ", skep", fn, NULL, NULL, (void *)(uintptr_t)SKEP }

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH("maps of devices", device_maps),
		BOTH("maps of devices by any key", device_hashes),
		BOTH("maps of cpus", cpu_maps),
		BOTH("helpers answer", helpers_answer),
		BOTH("places are read-only", places_are_read_only),
		cmocka_unit_test(redirected_packets_arrive),
		cmocka_unit_test(clones_arrive_and_the_packet_stays),
		cmocka_unit_test(xdp_frames_arrive),
		cmocka_unit_test(maps_lead_to_devices),
		cmocka_unit_test(maps_lead_to_cpus),
		cmocka_unit_test(cookies_tell_runs_apart),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
