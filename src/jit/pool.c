/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.c - literals that stand behind each function, for machines whose insns have no room for them. Words are
 * collected while the function is emitted, and emitted at its end. Distances are by the last pass, as those of jumps.
 */
#include "jit/target.h"

#include <errno.h>
#include <stdlib.h>

static u32 find_or_add(struct jit_ctx *j, u32 value, u32 sym)
{
	struct jit_pool *pool = &j->pool;
	u32 i = 0;

	while (i < pool->cnt && (pool->words[i].value != value || pool->words[i].sym != sym))
		i++;
	if (i < pool->cnt)
		return i;
	if (pool->cnt == pool->cap) {
		u32 cap = pool->cap ? 2 * pool->cap : 64;
		void *words = realloc(pool->words, cap * sizeof(*pool->words));

		if (!words) {
			j->err = -ENOMEM;
			return 0;
		}
		pool->words = words;
		pool->cap = cap;
	}
	pool->words[pool->cnt++] = (struct jit_literal){ .value = value, .sym = sym };
	return i;
}

s32 jit_pool(struct jit_ctx *j, u32 value, u32 sym)
{
	u32 nr = find_or_add(j, value, sym);

	return j->first_pass ? 0 : (s32)(j->pool.off[j->cur_func] + 4 * nr - jit_here(j));
}

void jit_pool_flush(struct jit_ctx *j, u32 func_idx)
{
	struct jit_pool *pool = &j->pool;

	if (!pool->cnt)
		return;
	while (j->pos % 4)
		jit_put(j, 0, 1);
	pool->off[func_idx] = j->pos;
	for (u32 i = 0; i < pool->cnt; i++) {
		const struct jit_literal *word = &pool->words[i];

		if (word->sym)
			jit_keep_reloc(j, (struct jit_reloc){ .code_off = j->pos, .kind = JIT_REL_SYM32, .sym = word->sym });
		if (j->big_endian)
			jit_put_be(j, word->value, 4);
		else
			jit_put(j, word->value, 4);
	}
	pool->cnt = 0;
}
