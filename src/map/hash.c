/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash.c - hash and percpu_hash, and their LRU kinds, whose elements lru.c hands out. Readers take
 * no lock and write nothing (but the mark of an LRU element); writers take the bucket's resilient
 * lock, so that a program in a signal handler that interrupted an update of the same bucket gets
 * -EDEADLK.
 *
 * A bucket is the head of a chain of elements, named by number + 1; the chain ends in END | bucket.
 * As in Linux a preallocated element may be used again at once, while a reader still stands on it.
 * What the reader must not do then is miss a key that was there all the time, or take a value for
 * another key's:
 *
 *	reader on e in bucket 1		writer
 *					removes e from bucket 1, puts it into bucket 2
 *	follows e->next into bucket 2
 *
 * The end marker tells that. It does not tell when e went back into bucket 1 further down, where
 * e->next skips what lies between. So each change of a bucket first raises its seq, and "not found"
 * counts only when seq is what it was at the start and the end marker is the bucket's own. A retry
 * means that some writer finished a step: a reader that interrupted a writer does not wait for it.
 *
 * Keys are stored as 8-byte words, read and written atomically. A hit on a one-word key is thus
 * exact; with more words a reader may have compared words of two keys, one after the other in the
 * same element, and looks at seq again: taking the element from this chain has raised it.
 * Value before key, key before link: who sees the key sees the value.
 */
#include "core/alloc.h"
#include "map/lru.h"
#include "map/private.h"

#include <errno.h>
#include <stdlib.h>

#define END BIT(31) /* in a link: the rest is the bucket's number; a head of 0 is an empty bucket */

struct bucket {
	struct rlock lock;
	u32 head, seq, unused;
};

/* Key and value follow at key_off and value_off. */
struct elem {
	u32 next;
	u32 hash; /* upper half of the key's hash; compared first where keys are long */
};
#define ELEM_RCU_OFF 8 /* without preallocation: struct rcu_item, then a back pointer */

#define ELEM_LRU_OFF 8 /* in LRU maps: struct lru_node */

struct elem_rcu {
	struct rcu_item item;
	struct hash_map *hash;
};

struct hash_map {
	struct skep_map map; /* first */
	/* What lookup reads, together. */
	struct bucket *buckets __cacheline_aligned;
	char *elems;
	u64 elem_size, seed;
	u32 mask;	/* number of buckets - 1 */
	u32 key_off, value_off;
	u32 key_size, key_words;
	u32 value_size; /* as stored: of a pointer in maps of maps */
	bool prealloc, percpu, is_lru, holds_maps;
	char *cpu_values;  /* per-CPU: a row of values a vCPU */
	u64 cpu_row_size;
	u32 cpu_value_size;

	struct slab slab __cacheline_aligned;
	/* Preallocated: elements for replacing one while the map is full. */
	struct idx_set extra;
	u32 elem_cnt;	   /* without preallocation: elements in the map; atomic */
	struct lru lru;
	u64 cpu_mem_size;
};

static inline struct hash_map *hash_of(const struct skep_map *map)
{
	return (struct hash_map *)map;
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* Sizes that get code of their own. */
enum key_kind { KEY_4, KEY_8, KEY_WORD /* < 8 */, KEY_2_WORDS /* 9..16 */, KEY_LONG };

/* The last @rest (1..7) bytes of a key as a word whose memory begins with them, then zeros. A key
 * of 8 bytes or more is read back from its end: one load instead of a loop. */
static inline u64 tail_word(const u8 *key, u32 size, u32 rest)
{
	u64 word = 0;

	if (size < 8) {
		for (u32 i = 0; i < rest; i++)
			((u8 *)&word)[i] = key[i];
		return word;
	}
	word = key_load64(key + size - 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return word >> (64 - 8 * rest);
#else
	return word << (64 - 8 * rest);
#endif
}

static inline u64 key_word(const struct hash_map *hash, const void *key, u32 i, enum key_kind kind)
{
	u32 rest = hash->key_size % 8, word4;

	switch (kind) {
	case KEY_4:
		memcpy(&word4, key, 4);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		return word4;
#else
		return (u64)word4 << 32;
#endif
	case KEY_8:
		return key_load64(key);
	case KEY_WORD:
		return tail_word(key, hash->key_size, rest);
	case KEY_2_WORDS:
		if (!i)
			return key_load64(key);
		return rest ? tail_word(key, hash->key_size, rest) : key_load64((const char *)key + 8);
	default:
		if (rest && i == hash->key_words - 1)
			return tail_word(key, hash->key_size, rest);
		return key_load64((const char *)key + 8 * i);
	}
}

static inline u32 word_cnt(const struct hash_map *hash, enum key_kind kind)
{
	return kind <= KEY_WORD ? 1 : kind == KEY_2_WORDS ? 2 : hash->key_words;
}

/* 64 x 64 bits multiplied and folded: each bit of a reaches the middle of the result. */
static inline u64 fold_mul(u64 a, u64 b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (u64)m ^ (u64)(m >> 64);
}

/* A key that is looked for, read once where it has at most two words. */
struct given_key {
	const void *at;
	u64 words[2];
};

static inline struct given_key give_key(const struct hash_map *hash, const void *key, enum key_kind kind)
{
	struct given_key given = { .at = key };

	for (u32 i = 0; kind != KEY_LONG && i < word_cnt(hash, kind); i++)
		given.words[i] = key_word(hash, key, i, kind);
	return given;
}

static inline u64 given_word(const struct hash_map *hash, const struct given_key *given, u32 i, enum key_kind kind)
{
	return kind == KEY_LONG ? key_word(hash, given->at, i, kind) : given->words[i];
}

static inline u64 hash_key(const struct hash_map *hash, const struct given_key *given, enum key_kind kind)
{
	u64 h = hash->seed ^ 0x9e3779b97f4a7c15ULL;

	for (u32 i = 0; i < word_cnt(hash, kind); i++)
		h = fold_mul(h ^ given_word(hash, given, i, kind), 0xd6e8feb86659fd93ULL);
	return fold_mul(h ^ 0xa0761d6478bd642fULL, 0xe7037ed1a0b428dbULL);
}

static inline struct elem *elem_at(const struct hash_map *hash, u32 idx)
{
	return (struct elem *)(hash->elems + hash->elem_size * idx);
}

static inline u64 *elem_key(const struct hash_map *hash, const struct elem *e)
{
	return (u64 *)((char *)e + hash->key_off);
}

static inline bool elem_has_key(const struct hash_map *hash, const struct elem *e,
				const struct given_key *given, u64 hv, enum key_kind kind)
{
	const u64 *words = elem_key(hash, e);

	if (kind <= KEY_WORD)
		return __atomic_load_n(words, __ATOMIC_ACQUIRE) == given->words[0];
	if (kind == KEY_LONG && __atomic_load_n(&e->hash, __ATOMIC_RELAXED) != (u32)(hv >> 32))
		return false;
	for (u32 i = 0; i < word_cnt(hash, kind); i++) {
		if (__atomic_load_n(&words[i], __ATOMIC_ACQUIRE) != given_word(hash, given, i, kind))
			return false;
	}
	return true;
}

static void elem_set_key(const struct hash_map *hash, struct elem *e, const void *key, u64 hv)
{
	u64 *words = elem_key(hash, e);
	u32 size = hash->key_size;

	__atomic_store_n(&e->hash, (u32)(hv >> 32), __ATOMIC_RELAXED);
	for (u32 i = 0; i < hash->key_words; i++) {
		u32 rest = size - 8 * i;
		u64 word = rest >= 8 ? key_load64((const char *)key + 8 * i) : tail_word(key, size, rest);

		__atomic_store_n(&words[i], word, __ATOMIC_RELEASE);
	}
}

static inline void *elem_value(const struct hash_map *hash, const struct elem *e)
{
	return (char *)e + hash->value_off;
}

static inline u32 elem_idx(const struct hash_map *hash, const struct elem *e)
{
	return ((const char *)e - hash->elems) / hash->elem_size;
}

static inline void *cpu_value(const struct hash_map *hash, u32 idx, u32 cpu)
{
	return hash->cpu_values + hash->cpu_row_size * cpu + (u64)hash->cpu_value_size * idx;
}

/* ---- lookup --------------------------------------------------------------------------------- */

/* The element's number, SLAB_NONE when the key is not there. */
static inline u32 find_idx(const struct hash_map *hash, const void *key, enum key_kind kind)
{
	struct given_key given = give_key(hash, key, kind);
	u64 hv = hash_key(hash, &given, kind);
	u32 nr = (u32)hv & hash->mask, seq, link;
	struct bucket *b = &hash->buckets[nr];

again:
	seq = __atomic_load_n(&b->seq, __ATOMIC_ACQUIRE);
	link = __atomic_load_n(&b->head, __ATOMIC_ACQUIRE);
	while (link && !(link & END)) {
		struct elem *e = elem_at(hash, link - 1);

		if (elem_has_key(hash, e, &given, hv, kind)) {
			if (kind > KEY_WORD &&
			    unlikely(__atomic_load_n(&b->seq, __ATOMIC_RELAXED) != seq))
				goto again;
			return link - 1;
		}
		link = __atomic_load_n(&e->next, __ATOMIC_ACQUIRE);
	}
	if (unlikely((link && link != (END | nr)) ||
		     __atomic_load_n(&b->seq, __ATOMIC_RELAXED) != seq))
		goto again;
	return SLAB_NONE;
}

static inline struct lru_node *elem_lru(struct elem *e)
{
	return (struct lru_node *)((char *)e + ELEM_LRU_OFF);
}

/* A lookup of a program tells LRU maps that the element is in use; bpf(2)'s, which may walk the
 * whole map, does not (lru_sys_lookup()). */
static inline void *lookup(struct skep_map *map, const void *key, enum key_kind kind, bool marks)
{
	struct hash_map *hash = hash_of(map);
	u32 idx = find_idx(hash, key, kind);
	struct elem *e;

	if (idx == SLAB_NONE)
		return NULL;
	e = elem_at(hash, idx);
	if (marks)
		lru_mark(elem_lru(e));
	return elem_value(hash, e);
}

static inline void *lookup_cpu(struct skep_map *map, const void *key, u32 cpu, enum key_kind kind,
			       bool marks)
{
	struct hash_map *hash = hash_of(map);
	u32 idx = cpu < map->cpu_cnt ? find_idx(hash, key, kind) : SLAB_NONE;

	if (idx == SLAB_NONE)
		return NULL;
	if (marks)
		lru_mark(elem_lru(elem_at(hash, idx)));
	return cpu_value(hash, idx, cpu);
}

static u32 find_any(const struct hash_map *hash, const void *key)
{
	if (hash->key_size > 16)
		return find_idx(hash, key, KEY_LONG);
	if (hash->key_size > 8)
		return find_idx(hash, key, KEY_2_WORDS);
	return find_idx(hash, key, hash->key_size == 8 ? KEY_8 : KEY_WORD);
}

static inline u64 hash_as(const struct hash_map *hash, const void *key, enum key_kind kind)
{
	struct given_key given = give_key(hash, key, kind);

	return hash_key(hash, &given, kind);
}

static u64 hash_any(const struct hash_map *hash, const void *key)
{
	switch (hash->key_size) {
	case 4:
		return hash_as(hash, key, KEY_4);
	case 8:
		return hash_as(hash, key, KEY_8);
	default:
		return hash_as(hash, key, hash->key_size < 8 ? KEY_WORD : KEY_LONG);
	}
}

/* ---- update --------------------------------------------------------------------------------- */

/* Under the bucket's lock: the link that points to the key's element, NULL when it has none. */
static u32 *find_link(struct hash_map *hash, struct bucket *b, const void *key, u64 hv)
{
	enum key_kind kind = hash->key_size == 4 ? KEY_4 : hash->key_size < 8 ? KEY_WORD :
			     hash->key_size == 8 ? KEY_8 : KEY_LONG;
	struct given_key given = give_key(hash, key, kind);

	for (u32 *at = &b->head; *at && !(*at & END);) {
		struct elem *e = elem_at(hash, *at - 1);

		if (elem_has_key(hash, e, &given, hv, kind))
			return at;
		at = &e->next;
	}
	return NULL;
}

/* Before any change of a chain. The stores that change it release, and so come after. */
static void bucket_changes(struct bucket *b)
{
	__atomic_store_n(&b->seq, b->seq + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void elem_after_period(struct rcu_item *item)
{
	struct elem_rcu *er = container_of(item, struct elem_rcu, item);
	struct hash_map *hash = er->hash;
	struct elem *e = (struct elem *)((char *)er - ELEM_RCU_OFF);

	slab_put(&hash->slab, 0, elem_idx(hash, e));
}

/* Of maps of maps: the element's. Written as one, for who reads it without a lock. */
static inline struct skep_map **elem_map(const struct hash_map *hash, const struct elem *e)
{
	return elem_value(hash, e);
}

/* An element that was taken out of its chain; in place of an element from extra when replaced. */
static void elem_release(struct hash_map *hash, u32 idx, bool to_extra)
{
	struct elem_rcu *er;

	if (hash->holds_maps)
		map_put(*elem_map(hash, elem_at(hash, idx)));
	else if (!hash->percpu)
		value_fields_end(&hash->map, elem_value(hash, elem_at(hash, idx)));
	if (hash->is_lru) {
		lru_put(&hash->lru, idx);
	} else if (!hash->prealloc) {
		er = (struct elem_rcu *)((char *)elem_at(hash, idx) + ELEM_RCU_OFF);
		er->hash = hash;
		rcu_defer(&er->item, elem_after_period);
	} else if (to_extra) {
		idx_put(&hash->extra, vcpu_hint(), idx);
	} else {
		slab_put(&hash->slab, vcpu_hint(), idx);
	}
}

/* A new element for a key that is not there. */
static int elem_new(struct hash_map *hash, u32 *ret_idx)
{
	u32 idx;

	if (!hash->prealloc &&
	    __atomic_add_fetch(&hash->elem_cnt, 1, __ATOMIC_RELAXED) > hash->map.max_entries) {
		__atomic_sub_fetch(&hash->elem_cnt, 1, __ATOMIC_RELAXED);
		return -E2BIG;
	}
	idx = slab_get(&hash->slab, vcpu_hint());
	if (idx == SLAB_NONE) {
		if (hash->prealloc)
			return -E2BIG;
		__atomic_sub_fetch(&hash->elem_cnt, 1, __ATOMIC_RELAXED);
		return -ENOMEM;
	}
	*ret_idx = idx;
	return 0;
}

/* One to put in an element's place: the count does not change, and a full map can do it. */
static int elem_replacement(struct hash_map *hash, u32 *ret_idx, bool *ret_from_extra)
{
	u32 idx = hash->prealloc ? idx_get(&hash->extra, vcpu_hint()) : SLAB_NONE;

	*ret_from_extra = idx != SLAB_NONE;
	if (idx == SLAB_NONE)
		idx = slab_get(&hash->slab, vcpu_hint());
	if (idx == SLAB_NONE)
		return hash->prealloc ? -EBUSY : -ENOMEM;
	*ret_idx = idx;
	return 0;
}

static void link_first(struct bucket *b, u32 nr, struct elem *e, u32 idx)
{
	bucket_changes(b);
	__atomic_store_n(&e->next, b->head ? b->head : END | nr, __ATOMIC_RELEASE);
	__atomic_store_n(&b->head, idx + 1, __ATOMIC_RELEASE);
}

static void unlink_at(struct hash_map *hash, struct bucket *b, u32 *at)
{
	bucket_changes(b);
	__atomic_store_n(at, elem_at(hash, *at - 1)->next, __ATOMIC_RELEASE);
}

static int check_exists(const u32 *at, u64 flags)
{
	if (at)
		return (flags & BPF_NOEXIST) ? -EEXIST : 0;
	return (flags & BPF_EXIST) ? -ENOENT : 0;
}

/* Under the lock. A reader sees the old or the new element, never none: one link changes. */
static void put_elem(struct hash_map *hash, struct bucket *b, u32 nr, u32 *at, u32 idx, const void *key,
		     u64 hv, const void *value, u32 *ret_old)
{
	struct elem *e = elem_at(hash, idx);

	if (hash->holds_maps)
		__atomic_store_n(elem_map(hash, e), *(struct skep_map *const *)value, __ATOMIC_RELEASE);
	else
		value_set(&hash->map, elem_value(hash, e), value);
	elem_set_key(hash, e, key, hv);
	if (!at) {
		link_first(b, nr, e, idx);
		return;
	}
	*ret_old = *at - 1;
	bucket_changes(b);
	__atomic_store_n(&e->next, elem_at(hash, *ret_old)->next, __ATOMIC_RELEASE);
	__atomic_store_n(at, idx + 1, __ATOMIC_RELEASE);
}

static int put_plain(struct hash_map *hash, struct bucket *b, u32 nr, u32 *at, const void *key, u64 hv,
		     const void *value, u32 *ret_old, bool *ret_to_extra)
{
	u32 idx = SLAB_NONE;
	int err = at ? elem_replacement(hash, &idx, ret_to_extra) : elem_new(hash, &idx);

	if (!err)
		put_elem(hash, b, nr, at, idx, key, hv, value, ret_old);
	return err;
}

static long hash_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct hash_map *hash = hash_of(map);
	u64 hv = hash_any(hash, key);
	u32 nr = (u32)hv & hash->mask, *at, old = SLAB_NONE;
	struct bucket *b = &hash->buckets[nr];
	bool to_extra = false;
	int err;

	if (unlikely((flags & ~(u64)BPF_F_LOCK) > BPF_EXIST))
		return -EINVAL;
	if (unlikely((flags & BPF_F_LOCK) && map->spin_lock_off < 0))
		return -EINVAL;
	err = rlock_take(&b->lock);
	if (err)
		return err;
	at = find_link(hash, b, key, hv);
	err = check_exists(at, flags);
	/* With BPF_F_LOCK a value changes where it is, so that who has looked it up sees it change. */
	if (!err && at && unlikely(flags & BPF_F_LOCK))
		value_copy_locked(map, elem_value(hash, elem_at(hash, *at - 1)), value, false);
	else if (!err)
		err = put_plain(hash, b, nr, at, key, hv, value, &old, &to_extra);
	rlock_drop(&b->lock);
	if (old != SLAB_NONE)
		elem_release(hash, old, to_extra);
	return err;
}

/* As in Linux a new element is had first, also when the key is there already: finding one may evict
 * from any bucket, so none may be locked. */
static long lru_hash_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct hash_map *hash = hash_of(map);
	u64 hv = hash_any(hash, key);
	u32 nr = (u32)hv & hash->mask, *at, idx, old;
	struct bucket *b = &hash->buckets[nr];
	int err;

	if (unlikely(flags > BPF_EXIST))
		return -EINVAL;
	idx = old = lru_get(&hash->lru, nr);
	if (idx == SLAB_NONE)
		return -ENOMEM;
	err = rlock_take(&b->lock);
	if (!err) {
		at = find_link(hash, b, key, hv);
		err = check_exists(at, flags);
		if (!err) {
			old = SLAB_NONE;
			if (at)
				lru_mark(elem_lru(elem_at(hash, idx)));
			put_elem(hash, b, nr, at, idx, key, hv, value, &old);
		}
		rlock_drop(&b->lock);
	}
	if (old != SLAB_NONE)
		elem_release(hash, old, false);
	return err;
}

static bool lru_evict(void *ctx, u32 idx, u32 nr)
{
	struct hash_map *hash = ctx;
	struct bucket *b = &hash->buckets[nr];
	bool found = false;
	u32 *at = &b->head;

	if (rlock_take(&b->lock))
		return false;
	while (*at && !(*at & END) && *at != idx + 1)
		at = &elem_at(hash, *at - 1)->next;
	if (*at == idx + 1) {
		unlink_at(hash, b, at);
		found = true;
	}
	rlock_drop(&b->lock);
	if (found && !hash->percpu)
		value_fields_end(&hash->map, elem_value(hash, elem_at(hash, idx)));
	return found;
}

/* Values of all vCPUs: from a program its own and zeros elsewhere, @whole: as bpf(2) gives them. */
static void cpu_values_init(struct hash_map *hash, u32 idx, const void *value, bool whole, u64 flags)
{
	const void *from;

	for (u32 cpu = 0; cpu < hash->map.cpu_cnt; cpu++) {
		if (whole)
			from = percpu_src(value, hash->value_size, flags, cpu);
		else
			from = cpu == this_cpu() ? value : NULL;
		if (from)
			value_copy(cpu_value(hash, idx, cpu), from, hash->value_size);
		else
			value_zero(cpu_value(hash, idx, cpu), hash->value_size);
	}
}

static void cpu_values_set(struct hash_map *hash, u32 idx, const void *value, bool whole, u64 flags)
{
	const void *from;

	if (!whole) {
		value_copy(cpu_value(hash, idx, this_cpu()), value, hash->value_size);
		return;
	}
	for (u32 cpu = 0; cpu < hash->map.cpu_cnt; cpu++) {
		from = percpu_src(value, hash->value_size, flags, cpu);
		if (from)
			value_copy(cpu_value(hash, idx, cpu), from, hash->value_size);
	}
}

/* Under the lock. Values of an element that exists change in place: each vCPU's belongs to that
 * vCPU. @idx: a new one, SLAB_NONE: find one. *ret_used: it is in the map now. */
static int percpu_put_locked(struct hash_map *hash, struct bucket *b, u32 nr, u64 hv, const void *key,
			     const void *value, u64 flags, bool whole, u32 idx, bool *ret_used)
{
	u32 *at = find_link(hash, b, key, hv);
	int err = check_exists(at, (u32)flags & (BPF_EXIST | BPF_NOEXIST));

	if (!err && at) {
		if (hash->is_lru)
			lru_mark(elem_lru(elem_at(hash, *at - 1)));
		cpu_values_set(hash, *at - 1, value, whole, flags);
		return 0;
	}
	if (!err && idx == SLAB_NONE)
		err = elem_new(hash, &idx);
	if (err)
		return err;
	cpu_values_init(hash, idx, value, whole, flags);
	elem_set_key(hash, elem_at(hash, idx), key, hv);
	link_first(b, nr, elem_at(hash, idx), idx);
	*ret_used = true;
	return 0;
}

static int percpu_put(struct hash_map *hash, const void *key, const void *value, u64 flags, bool whole)
{
	u64 hv = hash_any(hash, key);
	u32 nr = (u32)hv & hash->mask, idx = SLAB_NONE;
	struct bucket *b = &hash->buckets[nr];
	u32 exist = (u32)flags & ~(BPF_F_CPU | BPF_F_ALL_CPUS);
	bool used = false;
	int err;

	if (unlikely(exist > BPF_EXIST))
		return -EINVAL;
	if (hash->is_lru && exist != BPF_EXIST) {
		idx = lru_get(&hash->lru, nr);
		if (idx == SLAB_NONE)
			return -ENOMEM;
	}
	err = rlock_take(&b->lock);
	if (!err) {
		err = percpu_put_locked(hash, b, nr, hv, key, value, flags, whole, idx, &used);
		rlock_drop(&b->lock);
	}
	if (idx != SLAB_NONE && !used)
		lru_put(&hash->lru, idx);
	return err;
}

static long percpu_hash_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	return unlikely(flags > BPF_EXIST) ? -EINVAL :
					     percpu_put(hash_of(map), key, value, flags, false);
}

static int percpu_hash_sys_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	return percpu_put(hash_of(map), key, value, flags, true);
}

/* @value: where what was deleted goes, in bpf(2)'s form; NULL: nowhere. */
static int take_out(struct hash_map *hash, const void *key, void *value, u64 flags)
{
	u64 hv = hash_any(hash, key);
	struct bucket *b = &hash->buckets[(u32)hv & hash->mask];
	u32 *at, idx, size = hash->value_size;
	int err = rlock_take(&b->lock);

	if (err)
		return err;
	at = find_link(hash, b, key, hv);
	if (!at) {
		rlock_drop(&b->lock);
		return -ENOENT;
	}
	idx = *at - 1;
	if (value && !hash->percpu)
		value_copy_out(&hash->map, value, elem_value(hash, elem_at(hash, idx)), flags);
	for (u32 cpu = 0; value && hash->percpu && cpu < hash->map.cpu_cnt; cpu++)
		value_copy((char *)value + round_up_to(size, 8) * cpu, cpu_value(hash, idx, cpu), size);
	unlink_at(hash, b, at);
	rlock_drop(&b->lock);
	if (!hash->prealloc)
		__atomic_sub_fetch(&hash->elem_cnt, 1, __ATOMIC_RELAXED);
	elem_release(hash, idx, false);
	return 0;
}

static long hash_delete(struct skep_map *map, const void *key)
{
	return take_out(hash_of(map), key, NULL, 0);
}

static int hash_lookup_and_delete(struct skep_map *map, const void *key, void *value,
				  u64 flags)
{
	return take_out(hash_of(map), key, value, flags);
}

static int lru_sys_lookup(struct skep_map *map, const void *key, void *value, u64 flags)
{
	struct hash_map *hash = hash_of(map);
	u32 idx = find_any(hash, key), size = map->value_size;

	if (idx == SLAB_NONE)
		return -ENOENT;
	if (!hash->percpu)
		value_copy_out(map, value, elem_value(hash, elem_at(hash, idx)), flags);
	for (u32 cpu = 0; hash->percpu && cpu < map->cpu_cnt; cpu++) {
		void *to = (void *)percpu_src(value, size, flags, cpu);

		if (to)
			value_copy(to, cpu_value(hash, idx, cpu), size);
	}
	return 0;
}

/* ---- maps of maps --------------------------------------------------------------------------- */

static inline void *lookup_map(struct skep_map *map, const void *key, enum key_kind kind)
{
	struct skep_map **at = lookup(map, key, kind, false);

	return at ? __atomic_load_n(at, __ATOMIC_ACQUIRE) : NULL;
}

static int hash_of_maps_sys_lookup(struct skep_map *map, const void *key, void *value,
				   u64 flags __unused_arg)
{
	u32 idx = find_any(hash_of(map), key);

	if (idx == SLAB_NONE)
		return -ENOENT;
	return inner_map_id(__atomic_load_n(elem_map(hash_of(map), elem_at(hash_of(map), idx)),
					    __ATOMIC_ACQUIRE),
			    value);
}

static int hash_of_maps_sys_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct skep_map *inner;
	int err = inner_map_get(map, value, &inner);

	if (err)
		return err;
	err = (int)hash_update(map, key, &inner, flags);
	if (err)
		map_put(inner);
	return err;
}

/* ---- walking -------------------------------------------------------------------------------- */

/* The first key in bucket @nr or a later one. */
static int first_key_from(struct hash_map *hash, u32 nr, void *ret_next)
{
	for (; nr <= hash->mask; nr++) {
		u32 link = __atomic_load_n(&hash->buckets[nr].head, __ATOMIC_ACQUIRE);

		if (link && !(link & END)) {
			memcpy(ret_next, elem_key(hash, elem_at(hash, link - 1)), hash->key_size);
			return 0;
		}
	}
	return -ENOENT;
}

/* As in Linux a key that is not there (any more) means: from the beginning. */
static int hash_next_key(struct skep_map *map, const void *key, void *ret_next)
{
	struct hash_map *hash = hash_of(map);
	u32 idx = key ? find_any(hash, key) : SLAB_NONE, link, nr;

	if (idx == SLAB_NONE)
		return first_key_from(hash, 0, ret_next);
	nr = (u32)hash_any(hash, key) & hash->mask;
	link = __atomic_load_n(&elem_at(hash, idx)->next, __ATOMIC_ACQUIRE);
	if (link && !(link & END)) {
		memcpy(ret_next, elem_key(hash, elem_at(hash, link - 1)), hash->key_size);
		return 0;
	}
	return first_key_from(hash, nr + 1, ret_next);
}

static long hash_for_each(struct skep_map *map,
			  long (*fn)(void *ctx, struct skep_map *map, void *key, void *value),
			  void *ctx, u64 flags)
{
	struct hash_map *hash = hash_of(map);
	u32 link, next;
	u64 steps;
	long cnt = 0;

	if (flags)
		return -EINVAL;
	for (u32 nr = 0; nr <= hash->mask; nr++) {
		link = __atomic_load_n(&hash->buckets[nr].head, __ATOMIC_ACQUIRE);
		/* @fn may delete and insert: a chain can lead elsewhere, but not for ever. */
		for (steps = 0; link && !(link & END) && steps <= hash->slab.max; steps++) {
			struct elem *e = elem_at(hash, link - 1);
			void *value = hash->percpu ? cpu_value(hash, link - 1, this_cpu()) :
						     elem_value(hash, e);

			next = __atomic_load_n(&e->next, __ATOMIC_ACQUIRE);
			cnt++;
			if (fn(ctx, map, elem_key(hash, e), value))
				return cnt;
			link = next;
		}
	}
	return cnt;
}

/* ---- life ----------------------------------------------------------------------------------- */

#define ELEM_SIZE_MAX (4u << 20) /* Linux: what its allocator gives in one piece ... */
#define LINUX_ELEM_SIZE 48	 /* ... with its element's own fields */

static bool type_is_percpu(u32 type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool type_is_lru(u32 type)
{
	return type == BPF_MAP_TYPE_LRU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static int check_sizes(const struct map_attr *attr)
{
	u32 ok = BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | MAP_ACCESS_FLAGS;
	bool percpu = type_is_percpu(attr->type), lru = type_is_lru(attr->type);

	if (lru)
		ok |= BPF_F_NO_COMMON_LRU;
	if ((attr->flags & ~ok) || !map_access_ok(attr->flags))
		return -EINVAL;
	if (lru && (attr->flags & BPF_F_NO_PREALLOC))
		return -ENOTSUPP;
	if ((percpu || (attr->flags & BPF_F_NO_COMMON_LRU)) && (attr->flags & BPF_F_NUMA_NODE))
		return -EINVAL;
	if (!attr->max_entries || !attr->key_size || !attr->value_size)
		return -EINVAL;
	if ((u64)attr->key_size + attr->value_size >= ELEM_SIZE_MAX - LINUX_ELEM_SIZE)
		return -E2BIG;
	if (percpu && round_up_to(attr->value_size, 8) > PERCPU_VALUE_MAX)
		return -E2BIG;
	return 0;
}

static int hash_check(const struct map_attr *attr)
{
	/* Maps are named by descriptor. */
	if (attr->type == BPF_MAP_TYPE_HASH_OF_MAPS && attr->value_size != 4)
		return -EINVAL;
	return check_sizes(attr);
}

static const struct map_ops *ops_for(const struct map_attr *attr);

/* Lists of their own are all of the same length. */
static u32 max_entries_of(const struct map_attr *attr)
{
	u32 rest = attr->max_entries % attr->cpu_cnt;

	if (!(attr->flags & BPF_F_NO_COMMON_LRU) || !rest)
		return attr->max_entries;
	if (attr->max_entries > UINT32_MAX - attr->cpu_cnt)
		return attr->max_entries - rest;
	return attr->max_entries - rest + attr->cpu_cnt;
}

/* Elements: what replaces one must exist beside a full map (in LRU maps another one goes instead);
 * without preallocation elements that wait for their grace period are outside of max_entries. */
static u64 elem_total(const struct map_attr *attr, u32 *ret_extra)
{
	*ret_extra = type_is_lru(attr->type) ? 0 : attr->cpu_cnt * 2 + 16;
	if (attr->flags & BPF_F_NO_PREALLOC)
		return (u64)attr->max_entries + max_of(attr->max_entries, 65536u);
	return (u64)max_entries_of(attr) + *ret_extra;
}

static u32 bucket_cnt(u32 max_entries)
{
	u32 cnt = 1;

	while (cnt < max_entries)
		cnt <<= 1;
	return cnt < BIT(30) ? cnt * 2 : cnt; /* a chain of one is what most lookups should meet */
}

static void hash_layout(struct hash_map *hash, const struct map_attr *attr)
{
	hash->prealloc = !(attr->flags & BPF_F_NO_PREALLOC);
	hash->percpu = type_is_percpu(attr->type);
	hash->is_lru = type_is_lru(attr->type);
	hash->holds_maps = attr->type == BPF_MAP_TYPE_HASH_OF_MAPS;
	hash->value_size = hash->holds_maps ? sizeof(struct skep_map *) : attr->value_size;
	hash->map.max_entries = max_entries_of(attr);
	hash->seed = attr->flags & BPF_F_ZERO_SEED ? 0 : attr->seed;
	hash->key_size = attr->key_size;
	hash->key_words = (attr->key_size + 7) / 8;
	hash->key_off = sizeof(struct elem);
	if (hash->is_lru)
		hash->key_off = ELEM_LRU_OFF + sizeof(struct lru_node);
	else if (!hash->prealloc)
		hash->key_off = ELEM_RCU_OFF + sizeof(struct elem_rcu);
	hash->value_off = hash->key_off + hash->key_words * 8;
	hash->map.key_before = hash->key_words * 8;
	hash->elem_size = hash->value_off + (hash->percpu ? 0 : round_up_to(hash->value_size, 8));
	/* Not across two cache lines where it fits into one. */
	if (hash->elem_size > 16 && hash->elem_size <= 32)
		hash->elem_size = 32;
	else if (hash->elem_size > 32 && hash->elem_size <= 64)
		hash->elem_size = 64;
	hash->mask = bucket_cnt(attr->max_entries) - 1;
}

/* Nobody reads or writes any more. */
static void put_all_maps(struct hash_map *hash)
{
	for (u32 nr = 0; nr <= hash->mask; nr++) {
		u32 link = hash->buckets[nr].head;

		for (; link && !(link & END); link = elem_at(hash, link - 1)->next)
			map_put(*elem_map(hash, elem_at(hash, link - 1)));
	}
}

static void hash_free(struct skep_map *map)
{
	struct hash_map *hash = hash_of(map);

	if (hash->holds_maps && hash->elems)
		put_all_maps(hash);
	map_template_free(map->inner);
	/* Elements deferred before the map was: their callbacks came first, the queue is in order. */
	if (hash->elems)
		slab_free(&hash->slab);
	lru_destroy(&hash->lru);
	mem_unreserve(hash->extra.lists, sizeof(struct idx_list) * (u64)hash->extra.list_cnt);
	if (hash->cpu_values) {
		mem_unreserve(hash->cpu_values, hash->cpu_mem_size);
		if (hash->prealloc)
			memacct_release(map->acct, hash->cpu_mem_size);
	}
	acct_free(map->acct, hash->buckets, sizeof(struct bucket) * ((u64)hash->mask + 1));
	free(hash);
}

static int hash_alloc_mem(struct hash_map *hash, const struct map_attr *attr)
{
	u32 extra_cnt;
	u64 total = elem_total(attr, &extra_cnt);
	int err;

	hash->buckets = acct_alloc(attr->acct, sizeof(struct bucket) * ((u64)hash->mask + 1));
	if (!hash->buckets)
		return -ENOMEM;
	err = slab_init(&hash->slab, attr->acct, hash->elem_size, total, attr->cpu_cnt,
			hash->prealloc ? SLAB_PREALLOC : 0);
	if (err)
		return err;
	hash->elems = hash->slab.mem;
	if (hash->percpu) {
		hash->cpu_value_size = round_up_to(attr->value_size, 8);
		hash->cpu_row_size = round_up_to(hash->cpu_value_size * total, 64);
		hash->cpu_mem_size = hash->cpu_row_size * attr->cpu_cnt;
		/* What an element costs when it comes into use. */
		hash->slab.obj_cost += (u64)hash->cpu_value_size * attr->cpu_cnt;
		if (hash->prealloc && memacct_charge(attr->acct, hash->cpu_mem_size))
			return -ENOMEM;
		hash->cpu_values = mem_reserve(hash->cpu_mem_size);
		if (!hash->cpu_values) {
			if (hash->prealloc)
				memacct_release(attr->acct, hash->cpu_mem_size);
			return -ENOMEM;
		}
	}
	if (hash->is_lru) {
		hash->lru.nodes = hash->elems + ELEM_LRU_OFF;
		hash->lru.stride = hash->elem_size;
		hash->lru.evict = lru_evict;
		hash->lru.ctx = hash;
		return lru_init(&hash->lru, attr->acct, total, attr->cpu_cnt,
				!(attr->flags & BPF_F_NO_COMMON_LRU));
	}
	if (!hash->prealloc)
		return 0;
	hash->extra.list_cnt = attr->cpu_cnt;
	hash->extra.links = hash->slab.free.links;
	hash->extra.lists = mem_reserve(sizeof(struct idx_list) * (u64)attr->cpu_cnt);
	if (!hash->extra.lists)
		return -ENOMEM;
	for (u32 i = 0; i < extra_cnt; i++)
		idx_put(&hash->extra, i, slab_get(&hash->slab, i));
	return 0;
}

static int hash_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct map_template *inner = NULL;
	struct hash_map *hash;
	u32 extra_cnt;
	int err;

	/* A link has 31 bits. */
	if (elem_total(attr, &extra_cnt) >= END || attr->max_entries > BIT(30))
		return -E2BIG;
	if (attr->type == BPF_MAP_TYPE_HASH_OF_MAPS) {
		err = map_template_new(attr, &inner);
		if (err)
			return err;
	}
	hash = aligned_alloc(64, round_up_to(sizeof(*hash), 64));
	if (!hash) {
		map_template_free(inner);
		return -ENOMEM;
	}
	memset(hash, 0, sizeof(*hash));
	hash->map.inner = inner;
	hash->map.acct = attr->acct;
	hash->map.ops = ops_for(attr);
	hash_layout(hash, attr);
	err = hash_alloc_mem(hash, attr);
	if (err) {
		hash_free(&hash->map);
		return err;
	}
	*ret_map = &hash->map;
	return 0;
}

static u64 hash_mem_usage(const struct skep_map *map)
{
	const struct hash_map *hash = hash_of(map);

	return sizeof(*hash) + sizeof(struct bucket) * ((u64)hash->mask + 1) +
	       slab_mem_usage(&hash->slab) + (hash->prealloc ? hash->cpu_mem_size : 0) +
	       lru_mem_usage(&hash->lru);
}

/* ---- tables --------------------------------------------------------------------------------- */

/* A lookup for each kind of key: no program's lookup decides again what its map's key is. */
#define LOOKUPS(kind, suffix, marks)                                                               \
	static void *lookup##suffix##_##kind(struct skep_map *map, const void *key)                \
	{                                                                                          \
		return lookup(map, key, kind, marks);                                              \
	}                                                                                          \
	static void *lookup##suffix##_cpu_##kind(struct skep_map *map, const void *key, u32 cpu)   \
	{                                                                                          \
		return lookup_cpu(map, key, cpu, kind, marks);                                     \
	}                                                                                          \
	static void *lookup##suffix##_this_cpu_##kind(struct skep_map *map, const void *key)       \
	{                                                                                          \
		return lookup_cpu(map, key, this_cpu(), kind, marks);                              \
	}
#define MAP_LOOKUP(kind)                                                                           \
	static void *lookup_map_##kind(struct skep_map *map, const void *key)                      \
	{                                                                                          \
		return lookup_map(map, key, kind);                                                 \
	}
#define ALL_LOOKUPS(kind) LOOKUPS(kind, , false) LOOKUPS(kind, _lru, true) MAP_LOOKUP(kind)
ALL_LOOKUPS(KEY_4)
ALL_LOOKUPS(KEY_8)
ALL_LOOKUPS(KEY_WORD)
ALL_LOOKUPS(KEY_2_WORDS)
ALL_LOOKUPS(KEY_LONG)

#define COMMON_OPS                                                                                 \
	.check = hash_check, .alloc = hash_alloc, .free = hash_free, .delete = hash_delete,        \
	.next_key = hash_next_key, .mem_usage = hash_mem_usage
#define VALUE_OPS                                                                                  \
	COMMON_OPS, .sys_lookup_and_delete = hash_lookup_and_delete, .for_each = hash_for_each
#define HASH_OPS(kind)                                                                             \
	{                                                                                          \
		VALUE_OPS, .name = "hash", .lookup = lookup_##kind, .update = hash_update,        \
	}
#define PERCPU_HASH_OPS(kind)                                                                      \
	{                                                                                          \
		VALUE_OPS, .name = "percpu_hash", .lookup = lookup_this_cpu_##kind,               \
		.lookup_percpu = lookup_cpu_##kind, .update = percpu_hash_update,                  \
		.sys_update = percpu_hash_sys_update,                                              \
	}
#define LRU_HASH_OPS(kind)                                                                         \
	{                                                                                          \
		VALUE_OPS, .name = "lru_hash", .lookup = lookup_lru_##kind,                       \
		.update = lru_hash_update, .sys_lookup = lru_sys_lookup,                           \
	}
#define LRU_PERCPU_HASH_OPS(kind)                                                                  \
	{                                                                                          \
		VALUE_OPS, .name = "lru_percpu_hash", .lookup = lookup_lru_this_cpu_##kind,       \
		.lookup_percpu = lookup_lru_cpu_##kind, .update = percpu_hash_update,              \
		.sys_update = percpu_hash_sys_update, .sys_lookup = lru_sys_lookup,                \
	}
/* Programs only look up: the verifier sees to it. */
#define HASH_OF_MAPS_OPS(kind)                                                                     \
	{                                                                                          \
		COMMON_OPS, .name = "hash_of_maps", .lookup = lookup_map_##kind,                   \
		.sys_lookup = hash_of_maps_sys_lookup, .sys_update = hash_of_maps_sys_update,      \
	}
#define FOR_ALL_KEYS(ops)                                                                          \
	{                                                                                          \
		[KEY_4] = ops(KEY_4), [KEY_8] = ops(KEY_8), [KEY_WORD] = ops(KEY_WORD),            \
		[KEY_2_WORDS] = ops(KEY_2_WORDS), [KEY_LONG] = ops(KEY_LONG),                      \
	}
static const struct map_ops hash_ops[] = FOR_ALL_KEYS(HASH_OPS);
static const struct map_ops percpu_ops[] = FOR_ALL_KEYS(PERCPU_HASH_OPS);
static const struct map_ops lru_ops[] = FOR_ALL_KEYS(LRU_HASH_OPS);
static const struct map_ops lru_percpu_ops[] = FOR_ALL_KEYS(LRU_PERCPU_HASH_OPS);
static const struct map_ops of_maps_ops[] = FOR_ALL_KEYS(HASH_OF_MAPS_OPS);

static const struct map_ops *ops_for(const struct map_attr *attr)
{
	enum key_kind kind = KEY_LONG;

	if (attr->key_size == 4)
		kind = KEY_4;
	else if (attr->key_size == 8)
		kind = KEY_8;
	else if (attr->key_size < 8)
		kind = KEY_WORD;
	else if (attr->key_size <= 16)
		kind = KEY_2_WORDS;
	switch (attr->type) {
	case BPF_MAP_TYPE_PERCPU_HASH:
		return &percpu_ops[kind];
	case BPF_MAP_TYPE_LRU_HASH:
		return &lru_ops[kind];
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return &lru_percpu_ops[kind];
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		return &of_maps_ops[kind];
	default:
		return &hash_ops[kind];
	}
}

/* For keys of any size; a map gets the table of its own key's kind. */
const struct map_ops hash_map_ops = HASH_OPS(KEY_LONG);
const struct map_ops percpu_hash_map_ops = PERCPU_HASH_OPS(KEY_LONG);
const struct map_ops lru_hash_map_ops = LRU_HASH_OPS(KEY_LONG);
const struct map_ops lru_percpu_hash_map_ops = LRU_PERCPU_HASH_OPS(KEY_LONG);
const struct map_ops hash_of_maps_map_ops = HASH_OF_MAPS_OPS(KEY_LONG);
