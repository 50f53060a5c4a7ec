/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rhash.c - rhash: a hash that grows and shrinks with its elements, a bucket at a time (linear
 * hashing). With n buckets and P the largest power of two up to n, a hash value goes to bucket
 * h % 2P, or, when there is none yet, to h % P. So growing by one splits bucket n - P into itself
 * and n, shrinking by one merges bucket n - 1 into n - 1 - pow2_floor(n - 1); no other is touched.
 * Address space for all buckets is set aside at the start, pages come with their use.
 *
 * Readers take no lock. Elements do not change once they are linked and are used again only after
 * a grace period. An element that changes its bucket is relinked, not copied, for programs hold
 * pointers to its value:
 *
 *	1. state says from which bucket elements move into which
 *	2. moving = element		found in the source
 *	3. out of the source's chain	found as moving
 *	4. into the destination's chain	found there
 *
 * A reader looks in this order (source, moving, destination), so it cannot miss what only goes
 * forward. Who stands on an element while it moves walks on in the other chain; chains end with
 * their bucket's number, so that is noticed. "Not found" counts only when state and the buckets'
 * seq are as they were. At every step the chains are whole, so a reader in a handler that
 * interrupted the writer never waits for it.
 *
 * Writers lock the bucket and look at state again; who resizes has resize_lock and both buckets.
 *
 * Walks (next_key, for_each) go by hash value with its bits reversed: the elements of a bucket and
 * of all that it will be split into lie together in that order, whatever n is. So a walk that
 * continues behind its last key ends, and meets each element that stays exactly once.
 */
#include "base/hash.h"
#include "core/alloc.h"
#include "map/private.h"

#include <errno.h>
#include <stdlib.h>

#define END	    BIT(31) /* in a link: the rest is the bucket's number; a head of 0 is an empty bucket */
#define BUCKETS_MIN 4u
#define BUCKETS_MAX BIT(29)
#define HINT_MAX    65535u
#define STEPS	    2 /* buckets that one insertion or deletion may add or remove */
#define KV_MAX	    ((4u << 20) - 64)

struct bucket {
	struct rlock lock;
	u32 head, seq, unused;
};

/* Key and value follow at key_off and value_off, then what RCU needs. */
struct elem {
	u32 next; /* number + 1 of an element, or END | bucket; atomic */
	u32 unused;
	u64 hash;
};

struct elem_rcu {
	struct rcu_item item;
	struct rhash *rhash;
};

enum phase { STABLE, SPLITTING, MERGING };

struct rhash {
	struct skep_map map; /* first */
	struct bucket *buckets __cacheline_aligned;
	u64 state; /* number of buckets, phase << 32; atomic */
	u32 moving; /* number + 1 of an element on its way; atomic */
	u32 key_size, value_off, rcu_off;
	u64 seed;

	struct slab slab __cacheline_aligned;
	u32 elem_cnt; /* atomic */
	struct rlock resize_lock;
	u32 buckets_min, buckets_max;
};

static struct rhash *rhash_of(const struct skep_map *map)
{
	return (struct rhash *)map;
}

/* ---- elements and buckets ---------------------------------------------------------------------- */

static inline u64 hash_key(const struct rhash *r, const void *key)
{
	u32 half;

	switch (r->key_size) {
	case 4:
		memcpy(&half, key, 4);
		return hash_u64(half, r->seed);
	case 8:
		return hash_u64(key_load64(key), r->seed);
	default:
		return hash_bytes(key, r->key_size, r->seed);
	}
}

static inline struct elem *elem_at(const struct rhash *r, u32 idx)
{
	return (struct elem *)(r->slab.mem + r->slab.obj_size * idx);
}

static inline void *elem_key(const struct elem *e)
{
	return (char *)e + sizeof(*e);
}

static inline void *elem_value(const struct rhash *r, const struct elem *e)
{
	return (char *)e + r->value_off;
}

static inline bool elem_is(const struct rhash *r, const struct elem *e, const void *key, u64 hv)
{
	if (e->hash != hv)
		return false;
	if (r->key_size == 8)
		return key_load64(elem_key(e)) == key_load64(key);
	return !memcmp(elem_key(e), key, r->key_size);
}

static inline u32 pow2_floor(u32 n)
{
	return BIT(31 - __builtin_clz(n));
}

static inline u32 home(u32 n, u64 hv)
{
	u32 p = pow2_floor(n), nr = (u32)hv & (2 * p - 1);

	return nr < n ? nr : nr - p;
}

static inline u32 state_cnt(u64 state)
{
	return (u32)state;
}

static inline enum phase state_phase(u64 state)
{
	return state >> 32;
}

static inline u64 state_of(u32 cnt, enum phase phase)
{
	return (u64)phase << 32 | cnt;
}

static inline u64 load_state(const struct rhash *r)
{
	return __atomic_load_n(&r->state, __ATOMIC_ACQUIRE);
}

/* Between which two buckets elements move. */
struct move {
	u32 from, to;
};

static struct move move_of(u64 state)
{
	u32 n = state_cnt(state), last = n - 1;

	if (state_phase(state) == SPLITTING)
		return (struct move){ n - pow2_floor(n), n };
	return (struct move){ last, last - pow2_floor(last) };
}

/* Where a hash value's elements are: in the first, and while they move perhaps in the second. */
#define NO_BUCKET UINT32_MAX
static inline struct move places(u64 state, u64 hv)
{
	u32 nr = home(state_cnt(state), hv);
	struct move m;

	if (likely(state_phase(state) == STABLE))
		return (struct move){ nr, NO_BUCKET };
	m = move_of(state);
	return nr == m.from || nr == m.to ? m : (struct move){ nr, NO_BUCKET };
}

static inline u32 seq_of(const struct rhash *r, u32 nr)
{
	return nr == NO_BUCKET ? 0 : __atomic_load_n(&r->buckets[nr].seq, __ATOMIC_ACQUIRE);
}

/* ---- lookup -------------------------------------------------------------------------------------- */

enum found { FOUND, NOT_THERE, ASTRAY /* the walk ended in another chain */ };

static inline enum found walk(const struct rhash *r, u32 nr, const void *key, u64 hv, u32 *ret_idx)
{
	u32 link = __atomic_load_n(&r->buckets[nr].head, __ATOMIC_ACQUIRE);

	while (link && !(link & END)) {
		const struct elem *e = elem_at(r, link - 1);

		if (elem_is(r, e, key, hv)) {
			*ret_idx = link - 1;
			return FOUND;
		}
		link = __atomic_load_n(&e->next, __ATOMIC_ACQUIRE);
	}
	return link && link != (END | nr) ? ASTRAY : NOT_THERE;
}

/* The element's number, SLAB_NONE when the key is not there. */
static u32 find_idx(const struct rhash *r, const void *key, u64 hv)
{
	u32 idx, seq[2], moving;
	enum found found;
	struct move at;
	u64 state;

again:
	state = load_state(r);
	at = places(state, hv);
	seq[0] = seq_of(r, at.from);
	seq[1] = seq_of(r, at.to);
	found = walk(r, at.from, key, hv, &idx);
	if (found == NOT_THERE && unlikely(at.to != NO_BUCKET)) {
		moving = __atomic_load_n(&r->moving, __ATOMIC_ACQUIRE);
		if (moving && elem_is(r, elem_at(r, moving - 1), key, hv))
			return moving - 1;
		found = walk(r, at.to, key, hv, &idx);
	}
	if (likely(found == FOUND))
		return idx;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (found == ASTRAY || load_state(r) != state || seq_of(r, at.from) != seq[0] ||
	    seq_of(r, at.to) != seq[1])
		goto again;
	return SLAB_NONE;
}

static void *rhash_lookup(struct skep_map *map, const void *key)
{
	struct rhash *r = rhash_of(map);
	u32 idx = find_idx(r, key, hash_key(r, key));

	return idx == SLAB_NONE ? NULL : elem_value(r, elem_at(r, idx));
}

/* ---- resizing ------------------------------------------------------------------------------------ */

/* Before any change of a chain. The stores that change it release, and so come after. */
static void bucket_changes(struct bucket *b)
{
	__atomic_store_n(&b->seq, b->seq + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void link_first(struct rhash *r, u32 nr, u32 idx)
{
	struct bucket *b = &r->buckets[nr];

	bucket_changes(b);
	__atomic_store_n(&elem_at(r, idx)->next, b->head ? b->head : END | nr, __ATOMIC_RELEASE);
	__atomic_store_n(&b->head, idx + 1, __ATOMIC_RELEASE);
}

static void unlink_at(struct rhash *r, u32 nr, u32 *at)
{
	bucket_changes(&r->buckets[nr]);
	__atomic_store_n(at, elem_at(r, *at - 1)->next, __ATOMIC_RELEASE);
}

/* With both buckets locked. */
static void move_elems(struct rhash *r, struct move m, u32 new_cnt)
{
	u32 *at = &r->buckets[m.from].head, idx;

	while (*at && !(*at & END)) {
		idx = *at - 1;
		if (home(new_cnt, elem_at(r, idx)->hash) == m.from) {
			at = &elem_at(r, idx)->next;
			continue;
		}
		__atomic_store_n(&r->moving, idx + 1, __ATOMIC_RELEASE);
		unlink_at(r, m.from, at);
		link_first(r, m.to, idx);
	}
	__atomic_store_n(&r->moving, 0, __ATOMIC_RELEASE);
}

/* One bucket more or less. False when something is locked, or there is no memory. */
static bool resize(struct rhash *r, u32 cnt, enum phase phase)
{
	u32 new_cnt = phase == SPLITTING ? cnt + 1 : cnt - 1;
	u64 state = state_of(cnt, phase);
	struct move m = move_of(state);

	if (phase == SPLITTING && memacct_charge(r->map.acct, sizeof(struct bucket)))
		return false;
	if (rlock_take(&r->buckets[m.from].lock))
		goto release;
	if (rlock_take(&r->buckets[m.to].lock)) {
		rlock_drop(&r->buckets[m.from].lock);
		goto release;
	}
	__atomic_store_n(&r->state, state, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	move_elems(r, m, new_cnt);
	__atomic_store_n(&r->state, state_of(new_cnt, STABLE), __ATOMIC_RELEASE);
	rlock_drop(&r->buckets[m.to].lock);
	rlock_drop(&r->buckets[m.from].lock);
	if (phase == MERGING)
		memacct_release(r->map.acct, sizeof(struct bucket));
	return true;
release:
	if (phase == SPLITTING)
		memacct_release(r->map.acct, sizeof(struct bucket));
	return false;
}

/* As many buckets as elements; a quarter of them used is too few. */
static enum phase wanted(const struct rhash *r)
{
	u32 cnt = state_cnt(load_state(r)), elems = __atomic_load_n(&r->elem_cnt, __ATOMIC_RELAXED);

	if (elems > cnt && cnt < r->buckets_max)
		return SPLITTING;
	return elems < cnt / 4 && cnt > r->buckets_min ? MERGING : STABLE;
}

/* No bucket is locked by the caller. Another thread that resizes, or one that this interrupted, is
 * enough. */
static void fit_size(struct rhash *r)
{
	enum phase phase;

	if (likely(wanted(r) == STABLE) || __atomic_load_n(&r->resize_lock.owner, __ATOMIC_RELAXED) ||
	    rlock_take(&r->resize_lock))
		return;
	for (u32 i = 0; i < STEPS; i++) {
		phase = wanted(r);
		if (phase == STABLE || !resize(r, state_cnt(r->state), phase))
			break;
	}
	rlock_drop(&r->resize_lock);
}

/* ---- update -------------------------------------------------------------------------------------- */

/* Locks the bucket in which elements with this hash value are. */
static int lock_home(struct rhash *r, u64 hv, u32 *ret_nr)
{
	for (;;) {
		u32 nr = places(load_state(r), hv).from;
		int err = rlock_take(&r->buckets[nr].lock);
		struct move now;

		if (err)
			return err;
		/* With its lock no bucket starts to move; it may have moved before. */
		now = places(load_state(r), hv);
		if (now.from == nr && now.to == NO_BUCKET) {
			*ret_nr = nr;
			return 0;
		}
		rlock_drop(&r->buckets[nr].lock);
	}
}

static u32 *find_link(struct rhash *r, u32 nr, const void *key, u64 hv)
{
	for (u32 *at = &r->buckets[nr].head; *at && !(*at & END); at = &elem_at(r, *at - 1)->next) {
		if (elem_is(r, elem_at(r, *at - 1), key, hv))
			return at;
	}
	return NULL;
}

static void elem_after_period(struct rcu_item *item)
{
	struct elem_rcu *er = container_of(item, struct elem_rcu, item);
	struct rhash *r = er->rhash;

	slab_put(&r->slab, 0, (u32)(((char *)er - r->rcu_off - r->slab.mem) / r->slab.obj_size));
}

static void elem_release(struct rhash *r, u32 idx)
{
	struct elem_rcu *er = (struct elem_rcu *)((char *)elem_at(r, idx) + r->rcu_off);

	value_fields_end(&r->map, elem_value(r, elem_at(r, idx)));
	er->rhash = r;
	rcu_defer(&er->item, elem_after_period);
}

static bool count_one_more(struct rhash *r)
{
	if (__atomic_add_fetch(&r->elem_cnt, 1, __ATOMIC_RELAXED) <= r->map.max_entries)
		return true;
	__atomic_sub_fetch(&r->elem_cnt, 1, __ATOMIC_RELAXED);
	return false;
}

/* With the bucket locked. A reader sees the old or the new element, never none. */
static int put(struct rhash *r, u32 nr, const void *key, u64 hv, const void *value, u64 flags, u32 *ret_old)
{
	u32 *at = find_link(r, nr, key, hv), idx;
	struct elem *e;

	if (at ? flags & BPF_NOEXIST : flags & BPF_EXIST)
		return at ? -EEXIST : -ENOENT;
	/* A value changes where it is, so that who has looked it up sees it change. */
	if (at && unlikely(flags & BPF_F_LOCK)) {
		value_copy_locked(&r->map, elem_value(r, elem_at(r, *at - 1)), value, false);
		return 0;
	}
	if (!at && !count_one_more(r))
		return -E2BIG;
	idx = slab_get(&r->slab, vcpu_hint());
	if (idx == SLAB_NONE) {
		if (!at)
			__atomic_sub_fetch(&r->elem_cnt, 1, __ATOMIC_RELAXED);
		return -ENOMEM;
	}
	e = elem_at(r, idx);
	e->hash = hv;
	memcpy(elem_key(e), key, r->key_size);
	value_set(&r->map, elem_value(r, e), value);
	if (!at) {
		link_first(r, nr, idx);
		return 0;
	}
	*ret_old = *at - 1;
	bucket_changes(&r->buckets[nr]);
	__atomic_store_n(&e->next, elem_at(r, *ret_old)->next, __ATOMIC_RELEASE);
	__atomic_store_n(at, idx + 1, __ATOMIC_RELEASE);
	return 0;
}

static long rhash_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct rhash *r = rhash_of(map);
	u64 hv = hash_key(r, key);
	u32 nr, old = SLAB_NONE;
	int err;

	if (unlikely((flags & ~(u64)BPF_F_LOCK) > BPF_EXIST))
		return -EINVAL;
	if (unlikely((flags & BPF_F_LOCK) && map->spin_lock_off < 0))
		return -EINVAL;
	err = lock_home(r, hv, &nr);
	if (err)
		return err;
	err = put(r, nr, key, hv, value, flags, &old);
	rlock_drop(&r->buckets[nr].lock);
	if (old != SLAB_NONE)
		elem_release(r, old);
	fit_size(r);
	return err;
}

/* @value: where what was deleted goes; NULL: nowhere. */
static int take_out(struct rhash *r, const void *key, void *value, u64 flags)
{
	u64 hv = hash_key(r, key);
	u32 nr, *at, idx;
	int err = lock_home(r, hv, &nr);

	if (err)
		return err;
	at = find_link(r, nr, key, hv);
	if (!at) {
		rlock_drop(&r->buckets[nr].lock);
		return -ENOENT;
	}
	idx = *at - 1;
	if (value)
		value_copy_out(&r->map, value, elem_value(r, elem_at(r, idx)), flags);
	unlink_at(r, nr, at);
	rlock_drop(&r->buckets[nr].lock);
	__atomic_sub_fetch(&r->elem_cnt, 1, __ATOMIC_RELAXED);
	elem_release(r, idx);
	fit_size(r);
	return 0;
}

static long rhash_delete(struct skep_map *map, const void *key)
{
	return take_out(rhash_of(map), key, NULL, 0);
}

static int rhash_lookup_and_delete(struct skep_map *map, const void *key, void *value, u64 flags)
{
	return take_out(rhash_of(map), key, value, flags);
}

/* ---- walking --------------------------------------------------------------------------------------- */

static u32 reversed(u32 x)
{
	x = (x >> 1 & 0x55555555) | (x & 0x55555555) << 1;
	x = (x >> 2 & 0x33333333) | (x & 0x33333333) << 2;
	x = (x >> 4 & 0x0f0f0f0f) | (x & 0x0f0f0f0f) << 4;
	return __builtin_bswap32(x);
}

/* A place in the order of a walk: before all elements of that reversed hash value, or, with a key,
 * right behind that key. */
struct pos {
	u32 rev;
	u64 hash;
	const void *key;
};

static int order(const struct rhash *r, u32 rev, u64 hash, const void *key, const struct pos *pos)
{
	if (rev != pos->rev)
		return rev < pos->rev ? -1 : 1;
	if (!pos->key)
		return 1;
	if (hash != pos->hash)
		return hash < pos->hash ? -1 : 1;
	return memcmp(key, pos->key, r->key_size);
}

/* The better of @best and @e: the first one behind @pos in the group. */
static void consider(const struct rhash *r, const struct elem *e, const struct pos *pos,
		     const struct elem **best)
{
	u32 rev = reversed((u32)e->hash);
	struct pos than;

	if (order(r, rev, e->hash, elem_key(e), pos) <= 0)
		return;
	if (*best) {
		than = (struct pos){ reversed((u32)(*best)->hash), (*best)->hash, elem_key(*best) };
		if (order(r, rev, e->hash, elem_key(e), &than) >= 0)
			return;
	}
	*best = e;
}

static bool consider_chain(const struct rhash *r, u32 nr, const struct pos *pos, const struct elem **best)
{
	u32 link = __atomic_load_n(&r->buckets[nr].head, __ATOMIC_ACQUIRE);

	for (; link && !(link & END); link = __atomic_load_n(&elem_at(r, link - 1)->next, __ATOMIC_ACQUIRE))
		consider(r, elem_at(r, link - 1), pos, best);
	return !link || link == (END | nr);
}

/* The first element behind @pos among those whose hash value is @group modulo the power of two;
 * *ret_pow2 is that one. */
static const struct elem *first_in_group(const struct rhash *r, const struct pos *pos, u32 *ret_pow2)
{
	const struct elem *best;
	u32 n, p, nr, upper, seq[2], moving;
	bool whole;
	u64 state;

	do {
		best = NULL;
		state = load_state(r);
		/* The coarser grouping holds before and after the move. */
		n = state_cnt(state) + (state_phase(state) == SPLITTING);
		p = pow2_floor(state_cnt(state) - (state_phase(state) == MERGING));
		nr = reversed(pos->rev) & (p - 1);
		upper = nr + p < n ? nr + p : NO_BUCKET;
		seq[0] = seq_of(r, nr);
		seq[1] = seq_of(r, upper);
		whole = consider_chain(r, nr, pos, &best);
		moving = __atomic_load_n(&r->moving, __ATOMIC_ACQUIRE);
		if (moving && ((u32)elem_at(r, moving - 1)->hash & (p - 1)) == nr)
			consider(r, elem_at(r, moving - 1), pos, &best);
		if (upper != NO_BUCKET)
			whole &= consider_chain(r, upper, pos, &best);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (!whole || load_state(r) != state || seq_of(r, nr) != seq[0] || seq_of(r, upper) != seq[1]);
	*ret_pow2 = p;
	return best;
}

static const struct elem *first_behind(const struct rhash *r, struct pos pos)
{
	const struct elem *e;
	u64 next;
	u32 p;

	for (;;) {
		e = first_in_group(r, &pos, &p);
		if (e)
			return e;
		/* The group ends where the bits that p leaves open have all run through. */
		next = ((u64)pos.rev | ((1ull << 32) / p - 1)) + 1;
		if (next >> 32)
			return NULL;
		pos = (struct pos){ .rev = (u32)next };
	}
}

/* A key that is not there any more has its place in the order all the same. */
static int rhash_next_key(struct skep_map *map, const void *key, void *ret_next)
{
	struct rhash *r = rhash_of(map);
	u64 hv = key ? hash_key(r, key) : 0;
	const struct elem *e = first_behind(r, (struct pos){ key ? reversed((u32)hv) : 0, hv, key });

	if (!e)
		return -ENOENT;
	memcpy(ret_next, elem_key(e), r->key_size);
	return 0;
}

static long rhash_for_each(struct skep_map *map,
			   long (*fn)(void *ctx, struct skep_map *map, void *key, void *value),
			   void *ctx, u64 flags)
{
	struct rhash *r = rhash_of(map);
	const struct elem *e;
	long cnt = 0;

	if (flags)
		return -EINVAL;
	for (e = first_behind(r, (struct pos){ 0 }); e;
	     e = first_behind(r, (struct pos){ reversed((u32)e->hash), e->hash, elem_key(e) })) {
		cnt++;
		if (fn(ctx, map, elem_key(e), elem_value(r, e)))
			break;
	}
	return cnt;
}

/* ---- life -------------------------------------------------------------------------------------------- */

/* map_extra: how many elements to begin with. */
static int rhash_check(const struct map_attr *attr)
{
	if (!(attr->flags & BPF_F_NO_PREALLOC) || (attr->flags & ~(u32)(BPF_F_NO_PREALLOC | MAP_ACCESS_FLAGS)) ||
	    !map_access_ok(attr->flags) || !attr->max_entries || !attr->key_size || !attr->value_size ||
	    attr->extra > min_of(attr->max_entries, HINT_MAX))
		return -EINVAL;
	return (u64)attr->key_size + attr->value_size >= KV_MAX ? -E2BIG : 0;
}

static u32 pow2_ceil(u32 n)
{
	return n <= 1 ? 1 : pow2_floor(n - 1) * 2;
}

static void rhash_free(struct skep_map *map)
{
	struct rhash *r = rhash_of(map);

	/* Elements deferred before the map was: their callbacks came first, the queue is in order. */
	if (r->slab.mem)
		slab_free(&r->slab);
	if (r->buckets) {
		mem_unreserve(r->buckets, sizeof(struct bucket) * (u64)r->buckets_max);
		memacct_release(map->acct, sizeof(struct bucket) * (u64)state_cnt(r->state));
	}
	free(r);
}

static int rhash_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	u64 total = (u64)attr->max_entries + max_of(attr->max_entries, 65536u);
	struct rhash *r;
	int err;

	if (total >= END)
		return -E2BIG;
	r = aligned_alloc(64, round_up_to(sizeof(*r), 64));
	if (!r)
		return -ENOMEM;
	memset(r, 0, sizeof(*r));
	r->map.acct = attr->acct;
	r->key_size = attr->key_size;
	r->value_off = round_up_to(sizeof(struct elem) + attr->key_size, 8);
	r->map.key_before = r->value_off - sizeof(struct elem);
	r->rcu_off = r->value_off + round_up_to(attr->value_size, 8);
	r->seed = attr->seed;
	r->buckets_min = max_of(BUCKETS_MIN, pow2_ceil((u32)attr->extra));
	r->buckets_max = max_of(r->buckets_min, min_of(pow2_ceil(min_of(attr->max_entries, BUCKETS_MAX)), BUCKETS_MAX));
	r->state = state_of(r->buckets_min, STABLE);
	if (memacct_charge(attr->acct, sizeof(struct bucket) * (u64)r->buckets_min)) {
		free(r);
		return -ENOMEM;
	}
	r->buckets = mem_reserve(sizeof(struct bucket) * (u64)r->buckets_max);
	if (!r->buckets) {
		memacct_release(attr->acct, sizeof(struct bucket) * (u64)r->buckets_min);
		free(r);
		return -ENOMEM;
	}
	err = slab_init(&r->slab, attr->acct, r->rcu_off + sizeof(struct elem_rcu), (u32)total, attr->cpu_cnt, 0);
	if (err) {
		rhash_free(&r->map);
		return err;
	}
	*ret_map = &r->map;
	return 0;
}

static u64 rhash_mem_usage(const struct skep_map *map)
{
	const struct rhash *r = rhash_of(map);

	return sizeof(*r) + sizeof(struct bucket) * (u64)state_cnt(load_state(r)) + slab_mem_usage(&r->slab);
}

const struct map_ops rhash_map_ops = {
	.name = "rhash",
	.check = rhash_check,
	.alloc = rhash_alloc,
	.free = rhash_free,
	.lookup = rhash_lookup,
	.update = rhash_update,
	.delete = rhash_delete,
	.sys_lookup_and_delete = rhash_lookup_and_delete,
	.next_key = rhash_next_key,
	.mem_usage = rhash_mem_usage,
	.for_each = rhash_for_each,
};
