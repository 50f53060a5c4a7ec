/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_room.c - bpf_skb_adjust_room() on packets that no test run can make: large ones that are to be
 * cut into segments. The program runs on a socket buffer of the test's own.
 */
#include "net/private.h"
#include "syscall/syscall.h"

#include "../runtime/insns.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define P(p)	 ((u64)(uintptr_t)(p))
#define PKT_SIZE 1000
#define ENCAP_UDP (BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP)

static struct skep *skep;

/* bpf_skb_adjust_room(ctx, diff, mode, flags), as often as told. */
struct step {
	s32 diff;
	u32 mode;
	u64 flags;
};

static int room_prog(const struct step *steps, u32 cnt)
{
	struct bpf_insn insns[64] = { MOV_X(6, 1) };
	union bpf_attr attr = { 0 };
	u32 n = 1;
	long fd;

	for (u32 i = 0; i < cnt; i++) {
		insns[n++] = MOV_X(1, 6);
		insns[n++] = MOV_K(2, steps[i].diff);
		insns[n++] = MOV_K(3, (s32)steps[i].mode);
		insns[n++] = INSN_(0x18, 4, 0, 0, (s32)steps[i].flags);
		insns[n++] = INSN_(0, 0, 0, 0, (s32)(steps[i].flags >> 32));
		insns[n++] = CALL_H(BPF_FUNC_skb_adjust_room);
	}
	insns[n++] = EXIT_();
	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	attr.insns = P(insns);
	attr.insn_cnt = n;
	attr.license = P("GPL");
	fd = skep_bpf(skep, NULL, BPF_PROG_LOAD, &attr, sizeof(attr));
	assert_true(fd >= 0);
	return (int)fd;
}

static struct sk_buff *new_skb(u16 ethertype)
{
	u8 pkt[PKT_SIZE] = { 0 };
	struct sk_buff *skb;

	pkt[12] = (u8)(ethertype >> 8);
	pkt[13] = (u8)ethertype;
	skb = skb_alloc(pkt, sizeof(pkt));
	assert_non_null(skb);
	skb_eth_type(skb, net_dev_by_index(skep, 1));
	skb_push(skb, ETH_HLEN);
	skb->direct_access = true;
	skb_compute_data_pointers(skb);
	return skb;
}

static s32 run(const struct step *steps, u32 cnt, struct sk_buff *skb)
{
	int fd = room_prog(steps, cnt);
	struct skep_prog *prog;
	u32 ret;

	assert_int_equal(skep_prog_from_fd(skep, fd, &prog), 0);
	ret = skep_prog_run(prog, skb);
	skep_prog_put(prog);
	close(fd);
	return (s32)ret;
}
#define RUN(skb, ...) run((const struct step[]){ __VA_ARGS__ },                                    \
			  sizeof((const struct step[]){ __VA_ARGS__ }) / sizeof(struct step), skb)

/* ---- N-08 ------------------------------------------------------------------------------------- */

static void decap_names_the_header_that_remains(void **state __unused_arg)
{
	static const struct {
		u16 ethertype;
		s32 diff;
		u64 flags;
		s32 want;
		u16 want_type;
	} cases[] = {
		/* IPv6 in IPv4, IPv4 in IPv6 */
		{ 0x0800, -20, BPF_F_ADJ_ROOM_DECAP_L3_IPV6, 0, 0x86dd },
		{ 0x86dd, -40, BPF_F_ADJ_ROOM_DECAP_L3_IPV4, 0, 0x0800 },
		{ 0x0800, -20, BPF_F_ADJ_ROOM_DECAP_L3_IPV4, 0, 0x0800 },
		{ 0x0800, -20, 0, 0, 0x0800 },
		/* What must remain is the inner header, not the outer one. */
		{ 0x0800, -(PKT_SIZE - 14 - 20), BPF_F_ADJ_ROOM_DECAP_L3_IPV4, 0, 0x0800 },
		{ 0x0800, -(PKT_SIZE - 14 - 20), BPF_F_ADJ_ROOM_DECAP_L3_IPV6, -ENOTSUPP, 0x0800 },
		{ 0x0800, -(PKT_SIZE - 14 - 40), BPF_F_ADJ_ROOM_DECAP_L3_IPV6, 0, 0x86dd },
		{ 0x86dd, -(PKT_SIZE - 14 - 20), 0, -ENOTSUPP, 0x86dd },
		{ 0x86dd, -(PKT_SIZE - 14 - 20), BPF_F_ADJ_ROOM_DECAP_L3_IPV4, 0, 0x0800 },
		/* refused: both, while growing, with encapsulation, an unknown flag */
		{ 0x0800, -20, BPF_F_ADJ_ROOM_DECAP_L3_IPV4 | BPF_F_ADJ_ROOM_DECAP_L3_IPV6, -EINVAL,
		  0x0800 },
		{ 0x0800, 20, BPF_F_ADJ_ROOM_DECAP_L3_IPV4, -EINVAL, 0x0800 },
		{ 0x0800, -20, BPF_F_ADJ_ROOM_DECAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4, -EINVAL,
		  0x0800 },
		{ 0x0800, -20, BPF_F_ADJ_ROOM_DECAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_GRE, -EINVAL,
		  0x0800 },
		{ 0x0800, -20, BPF_F_ADJ_ROOM_DECAP_L3_IPV4 | 512, -EINVAL, 0x0800 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sk_buff *skb = new_skb(cases[i].ethertype);
		s32 ret = RUN(skb, { cases[i].diff, BPF_ADJ_ROOM_MAC, cases[i].flags });
		u32 want_len = (u32)(PKT_SIZE + (cases[i].want ? 0 : cases[i].diff));

		if (ret != cases[i].want || ntohs(skb->protocol) != cases[i].want_type ||
		    skb->len != want_len)
			fail_msg("case %zu: %d, protocol %#x, %u bytes; want %d, %#x, %u", i, ret,
				 ntohs(skb->protocol), skb->len, cases[i].want, cases[i].want_type,
				 want_len);
		skb_free(skb);
	}
}

/* ---- N-09 ------------------------------------------------------------------------------------- */

static struct sk_buff *new_large(void)
{
	struct sk_buff *skb = new_skb(0x0800);

	skb->shinfo->gso_size = 300;
	skb->shinfo->gso_segs = 4;
	skb->shinfo->gso_type = SKB_GSO_TCPV4;
	return skb;
}

static void decap_forgets_the_tunnel(void **state __unused_arg)
{
	static const u64 encaps[] = {
		ENCAP_UDP, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_GRE,
		BPF_F_ADJ_ROOM_ENCAP_L3_IPV4,
	};
	static const u32 types[] = { SKB_GSO_UDP_TUNNEL, SKB_GSO_GRE, SKB_GSO_IPXIP4 };

	for (size_t i = 0; i < ARRAY_SIZE(encaps); i++) {
		struct sk_buff *skb = new_large();

		assert_int_equal(RUN(skb, { 28, BPF_ADJ_ROOM_MAC, encaps[i] }), 0);
		assert_true(skb->encapsulation);
		assert_int_equal(skb->shinfo->gso_type, SKB_GSO_TCPV4 | SKB_GSO_DODGY | types[i]);
		assert_int_equal(skb->shinfo->gso_size, 300 - 28);
		assert_int_equal(skb->shinfo->gso_segs, 0);
		assert_int_equal(RUN(skb, { -28, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_DECAP_L3_IPV4 }), 0);
		assert_false(skb->encapsulation);
		assert_int_equal(skb->shinfo->gso_type, SKB_GSO_TCPV4 | SKB_GSO_DODGY);
		assert_int_equal(skb->shinfo->gso_size, 300);
		assert_int_equal(skb->len, PKT_SIZE);
		skb_free(skb);
	}
}

/* Who does not say that it decapsulates may have taken some other bytes out. */
static void other_shrinking_keeps_the_tunnel(void **state __unused_arg)
{
	struct sk_buff *skb = new_large();

	assert_int_equal(RUN(skb, { 28, BPF_ADJ_ROOM_MAC, ENCAP_UDP },
			     { -8, BPF_ADJ_ROOM_NET, 0 }), 0);
	assert_true(skb->encapsulation);
	assert_int_equal(skb->shinfo->gso_type, SKB_GSO_TCPV4 | SKB_GSO_DODGY | SKB_GSO_UDP_TUNNEL);
	assert_int_equal(skb->shinfo->gso_size, 300 - 20);
	skb_free(skb);
}

static void fixed_gso_keeps_the_size(void **state __unused_arg)
{
	struct sk_buff *skb = new_large();

	assert_int_equal(RUN(skb, { 28, BPF_ADJ_ROOM_MAC, ENCAP_UDP | BPF_F_ADJ_ROOM_FIXED_GSO }), 0);
	assert_int_equal(skb->shinfo->gso_size, 300);
	assert_int_equal(RUN(skb, { -28, BPF_ADJ_ROOM_MAC,
				    BPF_F_ADJ_ROOM_DECAP_L3_IPV4 | BPF_F_ADJ_ROOM_FIXED_GSO }), 0);
	assert_int_equal(skb->shinfo->gso_size, 300);
	assert_int_equal(skb->shinfo->gso_type, SKB_GSO_TCPV4 | SKB_GSO_DODGY);
	skb_free(skb);
}

/* Datagrams keep their size, or may not be touched. */
static void datagrams_need_fixed_gso(void **state __unused_arg)
{
	struct sk_buff *skb = new_large();

	skb->shinfo->gso_type = SKB_GSO_UDP_L4;
	assert_int_equal(RUN(skb, { 28, BPF_ADJ_ROOM_MAC, ENCAP_UDP }), -ENOTSUPP);
	assert_int_equal(RUN(skb, { -20, BPF_ADJ_ROOM_MAC, 0 }), -ENOTSUPP);
	assert_int_equal(RUN(skb, { 28, BPF_ADJ_ROOM_MAC, ENCAP_UDP | BPF_F_ADJ_ROOM_FIXED_GSO }), 0);
	assert_int_equal(skb->shinfo->gso_type, SKB_GSO_UDP_L4 | SKB_GSO_DODGY | SKB_GSO_UDP_TUNNEL);
	skb_free(skb);
}

/* A second tunnel around the first one has no place for its marks. */
static void one_tunnel_at_a_time(void **state __unused_arg)
{
	struct sk_buff *skb = new_large();

	assert_int_equal(RUN(skb, { 28, BPF_ADJ_ROOM_MAC, ENCAP_UDP },
			     { 28, BPF_ADJ_ROOM_MAC, ENCAP_UDP }), -EALREADY);
	assert_int_equal(skb->len, PKT_SIZE + 28);
	assert_int_equal(RUN(skb, { -28, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_DECAP_L3_IPV4 },
			     { 28, BPF_ADJ_ROOM_MAC, ENCAP_UDP }), 0);
	skb_free(skb);
}

static int set_up(void **state __unused_arg)
{
	return skep_boot(&(struct skep_opts){ .cpu_cnt = 1 }, &skep);
}

static int tear_down(void **state __unused_arg)
{
	skep_free(skep);
	return 0;
}

#define TEST(name, fn) { name, fn, NULL, NULL, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("N-08 decapsulation names the header that remains",
		     decap_names_the_header_that_remains),
		TEST("N-09 decapsulation forgets the tunnel's segmentation", decap_forgets_the_tunnel),
		TEST("N-09 other shrinking keeps it", other_shrinking_keeps_the_tunnel),
		TEST("N-09 segments of a fixed size keep it", fixed_gso_keeps_the_size),
		TEST("datagrams need a fixed size of segments", datagrams_need_fixed_gso),
		TEST("one tunnel at a time", one_tunnel_at_a_time),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
