/* SPDX-License-Identifier: BSD-2-Clause */
/* tables.c - the vectors of the linux-source package, from the build folder (unpack.py). */
#include "vectors.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf_common.h>
#include <linux/filter.h>
#include <linux/if_ether.h>

/* What the table and its generators take from the kernel. */
#define GFP_KERNEL 0
#define kmalloc_array(n, size, flags) calloc(n, size)
#define BUG_ON(bad) ((bad) ? abort() : (void)0)
#define max(a, b) ((a) > (b) ? (a) : (b))
#define BPF_REG_FP  BPF_REG_10
#define BPF_REG_AX  MAX_BPF_REG
#define __BPF_FUNC_MAX_ID 1000
#ifndef BPF_MAXINSNS
#define BPF_MAXINSNS 4096
#endif
#define S16_MAX INT16_MAX
#define S32_MAX INT32_MAX
#define S32_MIN INT32_MIN
#define U32_MAX UINT32_MAX
#define S64_MAX INT64_MAX
/* glibc defines both everywhere, the kernel the one that holds; and its own swaps are no constants. */
#undef __BIG_ENDIAN
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define __BIG_ENDIAN
#define cpu_to_be(bits, x) (x)
#define cpu_to_le(bits, x) __builtin_bswap##bits(x)
#else
#define cpu_to_be(bits, x) __builtin_bswap##bits(x)
#define cpu_to_le(bits, x) (x)
#endif
#define cpu_to_be16(x) cpu_to_be(16, (u16)(x))
#define cpu_to_be32(x) cpu_to_be(32, (u32)(x))
#define cpu_to_be64(x) cpu_to_be(64, (u64)(x))
#define cpu_to_le16(x) cpu_to_le(16, (u16)(x))
#define cpu_to_le32(x) cpu_to_le(32, (u32)(x))
#define cpu_to_le64(x) cpu_to_le(64, (u64)(x))

static inline u64 div64_u64(u64 a, u64 b)
{
	return a / b;
}

static inline u64 div64_u64_rem(u64 a, u64 b, u64 *ret_rest)
{
	*ret_rest = a % b;
	return a / b;
}

/*
 * One vector's result is that of the numbers which Linux's generator gives: LFSR113 (L'Ecuyer: Tables of
 * Maximally-Equidistributed Combined LFSR Generators, 1999), each part kept off its few dead states.
 */
struct rnd_state {
	u32 part[4];
};
static const struct {
	u32 dead;
	u8 a, b, c;
} lfsr[4] = { { 2, 6, 13, 18 }, { 8, 2, 27, 2 }, { 16, 13, 21, 7 }, { 128, 3, 12, 13 } };

static inline void prandom_seed_state(struct rnd_state *state, u64 seed)
{
	u32 start = seed >> 32 ^ seed << 10 ^ seed;

	for (u32 i = 0; i < ARRAY_SIZE(lfsr); i++)
		state->part[i] = start < lfsr[i].dead ? start + lfsr[i].dead : start;
}

static inline u32 prandom_u32_state(struct rnd_state *state)
{
	u32 value = 0;

	for (u32 i = 0; i < ARRAY_SIZE(lfsr); i++) {
		u32 x = state->part[i];

		state->part[i] = (x & -lfsr[i].dead) << lfsr[i].c ^ (x << lfsr[i].a ^ x) >> lfsr[i].b;
		value ^= state->part[i];
	}
	return value;
}

#include "vector_macros.h"
#include "vector_table.h"

const struct vector_skb vector_skb = {
	.ifindex = SKB_DEV_IFINDEX, .pkt_type = SKB_TYPE, .mark = SKB_MARK, .hash = SKB_HASH, .queue = SKB_QUEUE_MAP,
	.vlan_tci = SKB_VLAN_TCI, .protocol = ETH_P_IP,
};
static_assert(MAX_DATA == VECTOR_DATA_MAX, "Linux's packets have another size");

u32 vector_cnt(void)
{
	return ARRAY_SIZE(tests);
}

/* The table does not count insns: all behind the last one is 0. */
static u32 count_insns(const struct bpf_insn *insns)
{
	u32 cnt = MAX_INSNS;

	while (cnt > 1 && !insns[cnt - 1].code && !insns[cnt - 1].imm)
		cnt--;
	return cnt;
}

int vector_begin(u32 nr, struct vector *v)
{
	struct bpf_test *t = &tests[nr];

	if (t->fill_helper && t->fill_helper(t) < 0)
		return -ENOMEM;
	*v = (struct vector){
		.descr = t->descr, .classic = t->aux & CLASSIC, .no_data = t->aux & FLAG_NO_DATA,
		.large_mem = t->aux & FLAG_LARGE_MEM, .low_half_only = t->aux & FLAG_VERIFIER_ZEXT,
		.stack_depth = t->stack_depth, .data = t->data,
		.frag = t->aux & FLAG_SKB_FRAG ? t->frag_data : NULL,
		.want_err = t->aux & FLAG_EXPECTED_FAIL ? t->expected_errcode : 0,
		.insns = t->fill_helper ? t->u.ptr.insns : t->u.insns_int,
	};
	v->insn_cnt = t->fill_helper ? t->u.ptr.len : count_insns(v->insns);
	do {
		v->runs[v->run_cnt].data_size = t->test[v->run_cnt].data_size;
		v->runs[v->run_cnt].result = t->test[v->run_cnt].result;
		v->run_cnt++;
	} while (v->run_cnt < MAX_SUBTESTS &&
		 (t->test[v->run_cnt].data_size || t->test[v->run_cnt].result));
	return 0;
}

void vector_end(u32 nr)
{
	if (!tests[nr].fill_helper)
		return;
	free(tests[nr].u.ptr.insns);
	tests[nr].u.ptr.insns = NULL;
}
