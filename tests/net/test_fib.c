/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_fib.c - routes and neighbours of the simulated machine as programs ask for them. What the arguments
 * must be, and what a device says that does not forward, the running kernel is asked too.
 */
#include "../runtime/progs.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static u32 eth0, eth1;

static int machine(void **state)
{
	static const u8 mac1[6] = { 2, 0, 0, 0, 9, 1 }, mac2[6] = { 2, 0, 0, 0, 9, 2 };
	struct skep_route r = { .sz = sizeof(r), .family = AF_INET };
	struct skep_neigh n = { .sz = sizeof(n), .family = AF_INET };
	int err = boot(state);

	if (err || skep_dev_add(skep, "eth0", 1, &eth0) || skep_dev_add(skep, "eth1", 1, &eth1))
		return -1;
	/* 10.1/16 on eth1, 10.1.2/24 through 10.1.0.1 with MTU 1400, 10.9/16 nowhere */
	memcpy(r.prefix, (u8[]){ 10, 1 }, 2);
	r.prefix_len = 16;
	r.ifindex = eth1;
	r.metric = 7;
	memcpy(r.src, (u8[]){ 10, 1, 0, 9 }, 4);
	err |= skep_route_add(skep, &r);
	r.prefix[2] = 2;
	r.prefix_len = 24;
	r.mtu = 1400;
	memcpy(r.via, (u8[]){ 10, 1, 0, 1 }, 4);
	err |= skep_route_add(skep, &r);
	r = (struct skep_route){ .sz = sizeof(r), .family = AF_INET, .prefix = { 10, 9 }, .prefix_len = 16 };
	r.type = SKEP_ROUTE_BLACKHOLE;
	err |= skep_route_add(skep, &r);
	r.prefix[1] = 10;
	r.type = SKEP_ROUTE_UNREACHABLE;
	err |= skep_route_add(skep, &r);
	r.prefix[1] = 11;
	r.type = SKEP_ROUTE_PROHIBIT;
	err |= skep_route_add(skep, &r);
	r = (struct skep_route){ .sz = sizeof(r), .family = AF_INET, .prefix = { 10, 2, 0, 7 }, .prefix_len = 32,
				 .type = SKEP_ROUTE_LOCAL, .ifindex = eth0 };
	err |= skep_route_add(skep, &r);
	r = (struct skep_route){ .sz = sizeof(r), .family = AF_INET6, .prefix = { 0xfd }, .prefix_len = 9,
				 .ifindex = eth1 };
	err |= skep_route_add(skep, &r);
	n.ifindex = eth1;
	memcpy(n.addr, (u8[]){ 10, 1, 0, 1 }, 4);
	memcpy(n.mac, mac1, 6);
	err |= skep_neigh_add(skep, &n);
	n = (struct skep_neigh){ .sz = sizeof(n), .family = AF_INET6, .addr = { 0xfd, [15] = 1 }, .ifindex = eth1 };
	memcpy(n.mac, mac2, 6);
	err |= skep_neigh_add(skep, &n);
	err |= skep_dev_forward(skep, eth0, true);
	return err;
}

static int results_map(bool kernel, u32 size)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = size, .max_entries = 1 };

	return (int)(kernel ? syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr))
			    : skep_bpf(skep, NULL, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static void map_io(bool kernel, int cmd, int fd, void *value)
{
	u32 key = 0;
	union bpf_attr attr = { .map_fd = (u32)fd, .key = (u64)(uintptr_t)&key, .value = (u64)(uintptr_t)value };

	assert_int_equal(kernel ? syscall(SYS_bpf, cmd, &attr, sizeof(attr))
				: skep_bpf(skep, NULL, cmd, &attr, sizeof(attr)), 0);
}

struct fib_io {
	struct bpf_fib_lookup p;
	s64 ret;
};

static void ask(bool kernel, u32 type, u32 size, u32 flags, u32 pkt_size, struct fib_io *io)
{
	static u8 pkt[3000];
	int map = results_map(kernel, sizeof(*io)), fd;
	const struct prog_case c = {
		"fib_lookup", type, 0,
		CODE(LD_MAP_VAL(7, map, 0), MOV_X(2, 7), MOV_K(3, (s32)size), MOV_K(4, (s32)flags),
		     CALL_H(BPF_FUNC_fib_lookup), STX(8, 7, 0, 64), MOV_K(0, 2), EXIT_()), NULL,
	};
	union bpf_attr attr = { 0 };

	map_io(kernel, BPF_MAP_UPDATE_ELEM, map, io);
	fd = prog_load(kernel, &c, NULL, 0);
	assert_true(fd >= 0);
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = (u64)(uintptr_t)pkt;
	attr.test.data_size_in = pkt_size;
	assert_int_equal(kernel ? syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr))
				: skep_bpf(skep, NULL, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), 0);
	map_io(kernel, BPF_MAP_LOOKUP_ELEM, map, io);
	close(fd);
	close(map);
}

static const u32 types[] = { BPF_PROG_TYPE_XDP, BPF_PROG_TYPE_SCHED_CLS };

/* Both say the same where no route is asked for. */
static void arguments_are_checked(void **state __unused_arg)
{
	static const struct {
		u32 family, ifindex, size, flags;
		s64 want;
	} cases[] = {
		{ AF_INET, 1, 63, 0, -EINVAL }, { AF_INET, 1, 64, 64, -EINVAL }, { AF_UNIX, 1, 64, 0, -EAFNOSUPPORT },
		{ AF_INET, 99999, 64, 0, -ENODEV }, { AF_INET6, 99999, 64, 0, -ENODEV }, { AF_UNSPEC, 1, 64, 0, -EAFNOSUPPORT },
		{ AF_INET, 1, 64, 0, BPF_FIB_LKUP_RET_FWD_DISABLED }, { AF_INET6, 1, 64, 0, BPF_FIB_LKUP_RET_FWD_DISABLED },
	};
	bool kernel = kernel_answers();
	FILE *f = fopen("/proc/sys/net/ipv4/conf/lo/forwarding", "r");

	if (f && fgetc(f) == '1') /* a host that forwards says otherwise */
		kernel = false;
	if (f)
		fclose(f);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		struct fib_io io = { .p = { .family = (u8)cases[i / 2].family, .ifindex = cases[i / 2].ifindex } }, theirs = io;

		ask(false, types[i % 2], cases[i / 2].size, cases[i / 2].flags, 64, &io);
		assert_int_equal(io.ret, cases[i / 2].want);
		if (!kernel)
			continue;
		ask(true, types[i % 2], cases[i / 2].size, cases[i / 2].flags, 64, &theirs);
		assert_memory_equal(&io, &theirs, sizeof(io));
	}
}

static struct fib_io to(u8 a, u8 b, u8 c, u8 d)
{
	struct fib_io io = { .p = { .family = AF_INET, .ifindex = eth0 } };

	memcpy(&io.p.ipv4_dst, (u8[]){ a, b, c, d }, 4);
	return io;
}

static s64 look(u32 flags, struct fib_io *io)
{
	ask(false, BPF_PROG_TYPE_XDP, sizeof(io->p), flags, 64, io);
	return io->ret;
}

static void routes_are_found(void **state __unused_arg)
{
	static const u8 mac[6] = { 2, 0, 0, 0, 9, 1 };
	struct fib_io io = to(10, 1, 2, 3);
	u32 via = htonl(0x0a010001), src = htonl(0x0a010009);

	assert_int_equal(look(0, &io), BPF_FIB_LKUP_RET_SUCCESS);
	assert_int_equal(io.p.ifindex, eth1);
	assert_int_equal(io.p.rt_metric, 7);
	assert_int_equal(io.p.ipv4_dst, via);
	assert_int_equal(io.p.mtu_result, 1400);
	assert_memory_equal(io.p.dmac, mac, 6);
	assert_int_equal(io.p.smac[5], eth1);
	assert_int_equal(io.p.ipv4_src, 0);
	io = to(10, 1, 2, 3);
	assert_int_equal(look(BPF_FIB_LOOKUP_SRC | BPF_FIB_LOOKUP_SKIP_NEIGH, &io), BPF_FIB_LKUP_RET_SUCCESS);
	assert_int_equal(io.p.ipv4_src, src);
	assert_int_equal(io.p.dmac[0], 0);
	/* The neighbour itself is known, another one on the same wire is not. */
	io = to(10, 1, 0, 1);
	assert_int_equal(look(0, &io), BPF_FIB_LKUP_RET_SUCCESS);
	assert_int_equal(io.p.mtu_result, 1500);
	io = to(10, 1, 0, 2);
	assert_int_equal(look(0, &io), BPF_FIB_LKUP_RET_NO_NEIGH);
	assert_int_equal(io.p.ifindex, eth1);
	io = to(10, 1, 0, 2);
	io.p.ifindex = eth1;
	assert_int_equal(look(0, &io), BPF_FIB_LKUP_RET_FWD_DISABLED);
	io = to(10, 1, 2, 3);
	assert_int_equal(look(BPF_FIB_LOOKUP_OUTPUT, &io), BPF_FIB_LKUP_RET_NOT_FWDED);
	io = to(10, 1, 2, 3);
	io.p.tbid = 100;
	assert_int_equal(look(BPF_FIB_LOOKUP_DIRECT | BPF_FIB_LOOKUP_TBID, &io), BPF_FIB_LKUP_RET_NOT_FWDED);
	io = to(10, 1, 2, 3);
	io.p.tbid = 254;
	assert_int_equal(look(BPF_FIB_LOOKUP_DIRECT | BPF_FIB_LOOKUP_TBID, &io), BPF_FIB_LKUP_RET_SUCCESS);
	assert_int_equal(io.p.h_vlan_TCI, 0);
}

static void some_do_not_forward(void **state __unused_arg)
{
	struct fib_io io = to(10, 9, 1, 1);

	assert_int_equal(look(0, &io), BPF_FIB_LKUP_RET_BLACKHOLE);
	assert_int_equal(io.p.ifindex, eth0);
	io = to(10, 10, 1, 1);
	assert_int_equal(look(0, &io), BPF_FIB_LKUP_RET_UNREACHABLE);
	io = to(10, 11, 1, 1);
	assert_int_equal(look(0, &io), BPF_FIB_LKUP_RET_PROHIBIT);
	io = to(10, 2, 0, 7);
	assert_int_equal(look(0, &io), BPF_FIB_LKUP_RET_NOT_FWDED);
	io = to(11, 0, 0, 1);
	assert_int_equal(look(0, &io), BPF_FIB_LKUP_RET_NOT_FWDED);
	io = to(10, 1, 2, 3);
	io.p.tot_len = 1401;
	assert_int_equal(look(0, &io), BPF_FIB_LKUP_RET_FRAG_NEEDED);
	assert_int_equal(io.p.mtu_result, 1400);
	assert_int_equal(io.p.ifindex, eth0);
	io = to(10, 1, 2, 3);
	io.p.tot_len = 1400;
	assert_int_equal(look(0, &io), BPF_FIB_LKUP_RET_SUCCESS);
	/* tc: without a length the packet itself is looked at. */
	io = to(10, 1, 2, 3);
	ask(false, BPF_PROG_TYPE_SCHED_CLS, sizeof(io.p), 0, 1518, &io);
	assert_int_equal(io.ret, BPF_FIB_LKUP_RET_SUCCESS);
	assert_int_equal(io.p.mtu_result, 1500);
	io = to(10, 1, 2, 3);
	ask(false, BPF_PROG_TYPE_SCHED_CLS, sizeof(io.p), 0, 1519, &io);
	assert_int_equal(io.ret, BPF_FIB_LKUP_RET_FRAG_NEEDED);
}

static void prefixes_end_inside_a_byte(void **state __unused_arg)
{
	struct fib_io io = { .p = { .family = AF_INET6, .ifindex = eth0 } };

	((u8 *)io.p.ipv6_dst)[0] = 0xfd;
	((u8 *)io.p.ipv6_dst)[15] = 1;
	assert_int_equal(look(0, &io), BPF_FIB_LKUP_RET_SUCCESS);
	assert_int_equal(io.p.dmac[5], 2);
	io = (struct fib_io){ .p = { .family = AF_INET6, .ifindex = eth0 } };
	((u8 *)io.p.ipv6_dst)[0] = 0xfd;
	((u8 *)io.p.ipv6_dst)[1] = 0x80;
	assert_int_equal(look(0, &io), BPF_FIB_LKUP_RET_NOT_FWDED);
	io = (struct fib_io){ .p = { .family = AF_INET6, .ifindex = eth0 } };
	((u8 *)io.p.ipv6_dst)[0] = 0xfd;
	assert_int_equal(look(BPF_FIB_LOOKUP_SRC, &io), BPF_FIB_LKUP_RET_NO_SRC_ADDR);
}

static struct skep_sent last_sent;
static u8 last_header[14];
static void on_sent(void *ctx __unused_arg, const struct skep_sent *sent)
{
	last_sent = *sent;
	memcpy(last_header, sent->data, sizeof(last_header));
}

/* redirect_neigh(eth1, @hop, size, flags) of an IPv4 packet to 10.1.@c.@d. */
static u32 redirect(u32 ifindex, u32 hop, u32 size, u8 c, u8 d)
{
	const struct prog_case p = {
		"redirect_neigh", BPF_PROG_TYPE_SCHED_CLS, 0,
		CODE(ST_K(8, 10, -8, 0), ST_K(8, 10, -16, 0), ST_K(4, 10, -24, AF_INET), ST_K(4, 10, -20, (s32)hop),
		     MOV_K(1, (s32)ifindex), MOV_X(2, 10), ADD_K(2, -24), MOV_K(3, (s32)size), MOV_K(4, 0),
		     CALL_H(BPF_FUNC_redirect_neigh), EXIT_()), NULL,
	};
	u8 pkt[64] = { [12] = 8, [14] = 0x45, [30] = 10, 1, c, d };
	int fd = load_good(&p);
	union bpf_attr attr = { 0 };

	last_sent = (struct skep_sent){ .err = 1 };
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = (u64)(uintptr_t)pkt;
	attr.test.data_size_in = sizeof(pkt);
	assert_int_equal(skep_bpf(skep, NULL, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), 0);
	close(fd);
	return attr.test.retval;
}

static void packets_go_to_neighbours(void **state __unused_arg)
{
	static const u8 header[14] = { 2, 0, 0, 0, 9, 1, 2, 0, 0, 0, 0, 3, 8, 0 };

	skep_on_sent(skep, on_sent, NULL);
	assert_int_equal(redirect(eth1, 0, 0, 2, 3), 7); /* by the route */
	assert_int_equal(last_sent.err, 0);
	assert_string_equal(last_sent.dev, "eth1");
	assert_memory_equal(last_header, header, 14);
	assert_int_equal(redirect(eth1, htonl(0x0a010001), 20, 0, 99), 7); /* to whom the program says */
	assert_int_equal(last_sent.err, 0);
	assert_memory_equal(last_header, header, 14);
	assert_int_equal(redirect(eth1, 0, 0, 0, 99), 7); /* nobody knows that neighbour */
	assert_int_equal(last_sent.err, -EHOSTUNREACH);
	assert_int_equal(redirect(eth0, 0, 0, 2, 3), 7); /* no route through that device */
	assert_int_equal(last_sent.err, -ENETUNREACH);
	assert_int_equal(redirect(eth1, 0, 19, 2, 3), 2); /* TC_ACT_SHOT */
	assert_int_equal(last_sent.err, 1);
	skep_on_sent(skep, NULL, NULL);
}

static void what_cannot_be_is_not_added(void **state __unused_arg)
{
	struct skep_route r = { .sz = sizeof(r), .family = AF_INET, .prefix_len = 33, .ifindex = eth0 };
	struct skep_neigh n = { .sz = sizeof(n), .family = AF_INET, .ifindex = 999 };

	assert_int_equal(skep_route_add(skep, &r), -EINVAL);
	r.prefix_len = 32;
	r.ifindex = 999;
	assert_int_equal(skep_route_add(skep, &r), -EINVAL);
	r.family = AF_UNIX;
	r.ifindex = eth0;
	assert_int_equal(skep_route_add(skep, &r), -EINVAL);
	r.family = AF_INET;
	r.type = SKEP_ROUTE_BLACKHOLE; /* leads through no device */
	assert_int_equal(skep_route_add(skep, &r), -EINVAL);
	assert_int_equal(skep_neigh_add(skep, &n), -EINVAL);
	assert_int_equal(skep_dev_forward(skep, 999, true), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_checked),  cmocka_unit_test(routes_are_found),
		cmocka_unit_test(some_do_not_forward),	  cmocka_unit_test(prefixes_end_inside_a_byte),
		cmocka_unit_test(packets_go_to_neighbours), cmocka_unit_test(what_cannot_be_is_not_added),
	};
	int failed;

	engine = SKEP_ENGINE_AUTO;
	failed = cmocka_run_group_tests_name("auto", tests, machine, end);
	engine = SKEP_ENGINE_INTERP;
	return failed + cmocka_run_group_tests_name("interp", tests, machine, end);
}
