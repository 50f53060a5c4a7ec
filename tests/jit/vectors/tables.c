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

struct rnd_state {
	u64 x;
};

static inline void prandom_seed_state(struct rnd_state *state, u64 seed)
{
	state->x = seed * 0x9e3779b97f4a7c15 + 1;
}

static inline u32 prandom_u32_state(struct rnd_state *state)
{
	state->x ^= state->x << 13;
	state->x ^= state->x >> 7;
	state->x ^= state->x << 17;
	return state->x >> 32;
}

#include "vector_macros.h"
#include "vector_table.h"

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
		.stack_depth = t->stack_depth,
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
