/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * equal.c - whether two types are the same structure. Two types that are being compared are put into one class;
 * when nothing that can be reached differs, that was right, cycles or not. Types of one class are not compared
 * again, so that n and m types take n + m comparisons, not n * m (Hopcroft and Karp's test of automata).
 */
#include "base/u64map.h"
#include "base/vec.h"
#include "btf/private.h"

#define OF_B BIT_ULL(32)

struct compare {
	const struct skep_btf *a, *b;
	struct u64map parent; /* of a type, ids of b with OF_B: one nearer to its class's name */
	VEC(u64) todo;	      /* a's id above, b's below */
	bool oom;
};

static u64 class_of(struct compare *c, u64 node)
{
	u64 *up, *upper;

	while ((up = u64map_get(&c->parent, node))) {
		upper = u64map_get(&c->parent, *up);
		if (upper)
			*up = *upper; /* shortens the way for the next one */
		node = *up;
	}
	return node;
}

static bool meet(struct compare *c, u32 a_id, u32 b_id)
{
	u64 a = class_of(c, a_id), b = class_of(c, b_id | OF_B);

	if (a == b)
		return true;
	if (!u64map_put(&c->parent, a, b) || !vec_push(&c->todo, (u64)a_id << 32 | b_id))
		c->oom = true;
	return !c->oom;
}

static bool same_text(const struct compare *c, u32 a_off, u32 b_off)
{
	const char *a = btf_str(c->a, a_off), *b = btf_str(c->b, b_off);

	return a && b && !strcmp(a, b);
}

static bool same_record(struct compare *c, u32 a_id, u32 b_id)
{
	const u32 *wa, *wb;
	struct btf_t a, b;
	u32 cnt;

	if (!btf_type_get(c->a, a_id, &a) || !btf_type_get(c->b, b_id, &b))
		return false;
	if (!a_id || !b_id)
		return a_id == b_id;
	if (a.raw->info != b.raw->info)
		return false;
	wa = (const u32 *)(const void *)a.raw;
	wb = (const u32 *)(const void *)b.raw;
	cnt = rec_word_cnt(a.raw);
	for (u32 i = 0; i < cnt; i++) {
		char kind = rec_word_kind(a.raw, i);

		if (kind == 'S' ? !same_text(c, wa[i], wb[i]) : kind == 'T' ? !meet(c, wa[i], wb[i]) : wa[i] != wb[i])
			return false;
	}
	return true;
}

bool btf_equal(const struct skep_btf *a, u32 a_id, const struct skep_btf *b, u32 b_id)
{
	struct compare c = { .a = a, .b = b };
	bool same = meet(&c, a_id, b_id);

	while (same && c.todo.cnt) {
		u64 key = vec_pop(&c.todo);

		same = same_record(&c, key >> 32, (u32)key);
	}
	u64map_free(&c.parent);
	vec_free(&c.todo);
	return same && !c.oom;
}
