/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lru.c - second chance lists. A set has an active, an inactive and a free list; elements enter and
 * are looked at with the newest at the front. Rotating gives what was used since another round:
 * from the inactive to the active list, and from the end of the active list to its front; unused
 * ones sink from active to inactive while there are fewer inactive ones. Elements are evicted from
 * the end of the inactive list. List sizes, steps and their order are Linux's, so the same calls on
 * one CPU evict the same keys (tests/map/test_lru.c asks the kernel).
 *
 * Common lists: a vCPU takes target_free elements at a time out of the one set into its local free
 * list; elements it has handed out wait in its pending list until then, so that the set's lock is
 * taken rarely. A vCPU that gets nothing takes from the others' local lists.
 * Without common lists each vCPU has a set of its own and its share of the elements.
 *
 * Locks: local, then set, then bucket (in evict()). All are resilient: what cannot be had because
 * this thread is interrupted inside of it is done without. lru_get() then tries other vCPUs' lists
 * and the set, lru_put() leaves the element where it is and marks it dead: it counts as evicted as
 * soon as somebody looks at it (M-03).
 */
#include "map/lru.h"

#include "core/vcpu.h"

#include <errno.h>

enum lru_list { IN_ACTIVE, IN_INACTIVE, IN_FREE, IN_LOCAL_FREE, IN_LOCAL_PENDING };

#define SET_LISTS	3
#define LOCAL_LISTS	2
#define LOCAL_TARGET	128 /* elements a vCPU takes at once, and how many are looked at a time */
#define PERCPU_TARGET	4

/* Links are numbers of elements; heads of lists have numbers of their own. */
#define HEAD	   BIT(31)
#define LOCAL_HEAD (HEAD | BIT(30))

struct lru_set {
	struct rlock lock;
	u32 cnt[2];	      /* active, inactive */
	u32 rotor;	      /* in the inactive list: where rotating goes on */
	u32 fresh, fresh_end; /* elements that nobody has used yet: free, but on no list */
	struct lru_link heads[SET_LISTS];
} __cacheline_aligned;

struct lru_local {
	struct rlock lock;
	u32 steal_next; /* atomic */
	struct lru_link heads[LOCAL_LISTS]; /* free, pending */
} __cacheline_aligned;

/* ---- lists ---------------------------------------------------------------------------------- */

static inline u32 set_head(const struct lru *lru, const struct lru_set *set, enum lru_list list)
{
	return HEAD | ((u32)(set - lru->sets) * SET_LISTS + list);
}

static inline u32 local_head(const struct lru *lru, const struct lru_local *local, enum lru_list list)
{
	return LOCAL_HEAD | ((u32)(local - lru->locals) * LOCAL_LISTS + (list - IN_LOCAL_FREE));
}

static inline struct lru_link *link_at(const struct lru *lru, u32 id)
{
	u32 nr = id & ~LOCAL_HEAD;

	if (!(id & HEAD))
		return &lru_node_at(lru, id)->at;
	if ((id & LOCAL_HEAD) == LOCAL_HEAD)
		return &lru->locals[nr / LOCAL_LISTS].heads[nr % LOCAL_LISTS];
	return &lru->sets[nr / SET_LISTS].heads[nr % SET_LISTS];
}

static inline bool list_is_empty(const struct lru *lru, u32 head)
{
	return link_at(lru, head)->next == head;
}

static void list_del(struct lru *lru, u32 idx)
{
	struct lru_link *at = link_at(lru, idx);

	link_at(lru, at->prev)->next = at->next;
	link_at(lru, at->next)->prev = at->prev;
}

static void list_add(struct lru *lru, u32 head, u32 idx)
{
	struct lru_link *h = link_at(lru, head), *at = link_at(lru, idx);

	at->prev = head;
	at->next = h->next;
	link_at(lru, h->next)->prev = idx;
	h->next = idx;
}

static inline bool is_used(const struct lru_node *node)
{
	return __atomic_load_n(&node->ref, __ATOMIC_RELAXED);
}

static inline void clear_used(struct lru_node *node)
{
	__atomic_store_n(&node->ref, 0, __ATOMIC_RELAXED);
}

static inline enum lru_list list_of(const struct lru_node *node)
{
	return __atomic_load_n(&node->list, __ATOMIC_RELAXED);
}

static inline void set_list_of(struct lru_node *node, enum lru_list list)
{
	__atomic_store_n(&node->list, list, __ATOMIC_RELAXED);
}

/* ---- one set, locked ------------------------------------------------------------------------ */

/* Out of its list in the set: the rotor steps back from what leaves. */
static void set_del(struct lru *lru, struct lru_set *set, u32 idx)
{
	enum lru_list from = list_of(lru_node_at(lru, idx));

	if (from <= IN_INACTIVE)
		set->cnt[from]--;
	if (set->rotor == idx)
		set->rotor = link_at(lru, idx)->prev;
	list_del(lru, idx);
}

static void set_add(struct lru *lru, struct lru_set *set, u32 idx, enum lru_list list)
{
	struct lru_node *node = lru_node_at(lru, idx);

	if (list <= IN_INACTIVE)
		set->cnt[list]++;
	set_list_of(node, list);
	clear_used(node);
	list_add(lru, set_head(lru, set, list), idx);
}

static void set_move(struct lru *lru, struct lru_set *set, u32 idx, enum lru_list list)
{
	set_del(lru, set, idx);
	set_add(lru, set, idx, list);
}

static bool was_dead(struct lru_node *node)
{
	return __atomic_load_n(&node->dead, __ATOMIC_RELAXED) &&
	       __atomic_exchange_n(&node->dead, 0, __ATOMIC_ACQUIRE);
}

/* A handler may take it out of its bucket and mark it between the first look and evict(). */
static bool try_evict(struct lru *lru, u32 idx)
{
	struct lru_node *node = lru_node_at(lru, idx);

	return was_dead(node) || lru->evict(lru->ctx, idx, node->bucket) || was_dead(node);
}

static void rotate_active(struct lru *lru, struct lru_set *set)
{
	u32 head = set_head(lru, set, IN_ACTIVE), first = link_at(lru, head)->next;
	u32 idx = link_at(lru, head)->prev, prev;

	for (u32 i = 0; i < lru->scans && !(idx & HEAD); i++) {
		prev = link_at(lru, idx)->prev;
		set_move(lru, set, idx,
			 is_used(lru_node_at(lru, idx)) ? IN_ACTIVE : IN_INACTIVE);
		if (idx == first)
			break;
		idx = prev;
	}
}

/* A round may end at the head, which is then stepped over; it goes on there next time. */
static void rotate_inactive(struct lru *lru, struct lru_set *set)
{
	u32 head = set_head(lru, set, IN_INACTIVE), last, cur, next;

	if (list_is_empty(lru, head))
		return;
	last = link_at(lru, set->rotor)->next;
	if (last == head)
		last = link_at(lru, last)->next;
	cur = next = set->rotor;
	for (u32 i = 0; i < lru->scans;) {
		if (cur == head) {
			cur = link_at(lru, cur)->prev;
			continue;
		}
		next = link_at(lru, cur)->prev;
		if (is_used(lru_node_at(lru, cur)))
			set_move(lru, set, cur, IN_ACTIVE);
		if (cur == last)
			break;
		cur = next;
		i++;
	}
	set->rotor = next;
}

static void rotate(struct lru *lru, struct lru_set *set)
{
	if (set->cnt[IN_INACTIVE] < set->cnt[IN_ACTIVE])
		rotate_active(lru, set);
	rotate_inactive(lru, set);
}

/* Where elements go that leave the set's lists of used ones. */
static void to_free(struct lru *lru, struct lru_set *set, struct lru_local *local, u32 idx)
{
	if (!local) {
		set_move(lru, set, idx, IN_FREE);
		return;
	}
	set_del(lru, set, idx);
	set_list_of(lru_node_at(lru, idx), IN_LOCAL_FREE);
	list_add(lru, local_head(lru, local, IN_LOCAL_FREE), idx);
}

static u32 shrink_inactive(struct lru *lru, struct lru_set *set, struct lru_local *local, u32 want)
{
	u32 idx = link_at(lru, set_head(lru, set, IN_INACTIVE))->prev, prev, cnt = 0;

	for (u32 i = 0; i < lru->scans && !(idx & HEAD); i++, idx = prev) {
		prev = link_at(lru, idx)->prev;
		if (is_used(lru_node_at(lru, idx))) {
			set_move(lru, set, idx, IN_ACTIVE);
		} else if (try_evict(lru, idx)) {
			to_free(lru, set, local, idx);
			if (++cnt == want)
				break;
		}
	}
	return cnt;
}

/* Makes up to @want elements free; when all were used, one of them all the same. */
static void shrink(struct lru *lru, struct lru_set *set, struct lru_local *local, u32 want)
{
	u32 head, idx;

	if (shrink_inactive(lru, set, local, want))
		return;
	head = set_head(lru, set, IN_INACTIVE);
	if (list_is_empty(lru, head))
		head = set_head(lru, set, IN_ACTIVE);
	for (idx = link_at(lru, head)->prev; !(idx & HEAD); idx = link_at(lru, idx)->prev) {
		if (try_evict(lru, idx)) {
			to_free(lru, set, local, idx);
			return;
		}
	}
}

static u32 set_pop_free(struct lru *lru, struct lru_set *set)
{
	u32 head = set_head(lru, set, IN_FREE), idx = link_at(lru, head)->next;

	if (!(idx & HEAD)) {
		list_del(lru, idx);
		return idx;
	}
	return set->fresh < set->fresh_end ? set->fresh++ : SLAB_NONE;
}

/* An element straight out of a set, which then is among its inactive ones. */
static u32 set_get(struct lru *lru, struct lru_set *set, u32 bucket)
{
	u32 idx;

	rotate(lru, set);
	idx = set_pop_free(lru, set);
	if (idx == SLAB_NONE) {
		shrink(lru, set, NULL, PERCPU_TARGET);
		idx = set_pop_free(lru, set);
	}
	if (idx == SLAB_NONE)
		return SLAB_NONE;
	lru_node_at(lru, idx)->bucket = bucket;
	__atomic_store_n(&lru_node_at(lru, idx)->cpu, (u8)(set - lru->sets), __ATOMIC_RELAXED);
	set_add(lru, set, idx, IN_INACTIVE);
	return idx;
}

/* ---- local lists, locked --------------------------------------------------------------------- */

static u32 local_pop_free(struct lru *lru, struct lru_local *local)
{
	u32 idx = link_at(lru, local_head(lru, local, IN_LOCAL_FREE))->next;

	if (idx & HEAD)
		return SLAB_NONE;
	list_del(lru, idx);
	return idx;
}

/* The oldest that was not used since; if all were, the oldest. */
static u32 local_pop_pending(struct lru *lru, struct lru_local *local)
{
	u32 head = local_head(lru, local, IN_LOCAL_PENDING);

	for (int force = 0; force < 2; force++) {
		for (u32 idx = link_at(lru, head)->prev; !(idx & HEAD); idx = link_at(lru, idx)->prev) {
			if ((force || !is_used(lru_node_at(lru, idx))) && try_evict(lru, idx)) {
				list_del(lru, idx);
				return idx;
			}
		}
	}
	return SLAB_NONE;
}

static void local_add_pending(struct lru *lru, struct lru_local *local, u32 idx, u32 bucket)
{
	struct lru_node *node = lru_node_at(lru, idx);

	node->bucket = bucket;
	__atomic_store_n(&node->cpu, (u8)(local - lru->locals), __ATOMIC_RELAXED);
	clear_used(node);
	set_list_of(node, IN_LOCAL_PENDING);
	list_add(lru, local_head(lru, local, IN_LOCAL_PENDING), idx);
}

/* Pending elements join the set, the oldest first. */
static void local_flush(struct lru *lru, struct lru_set *set, struct lru_local *local)
{
	u32 head = local_head(lru, local, IN_LOCAL_PENDING), idx = link_at(lru, head)->prev, prev;

	for (; !(idx & HEAD); idx = prev) {
		prev = link_at(lru, idx)->prev;
		list_del(lru, idx);
		set_add(lru, set, idx,
			is_used(lru_node_at(lru, idx)) ? IN_ACTIVE : IN_INACTIVE);
	}
}

/* False: the set's lock is not to be had. */
static bool local_refill(struct lru *lru, struct lru_local *local)
{
	struct lru_set *set = lru->sets;
	u32 cnt, idx;

	if (rlock_take(&set->lock))
		return false;
	local_flush(lru, set, local);
	rotate(lru, set);
	for (cnt = 0; cnt < lru->target_free; cnt++) {
		idx = set_pop_free(lru, set);
		if (idx == SLAB_NONE)
			break;
		set_list_of(lru_node_at(lru, idx), IN_LOCAL_FREE);
		list_add(lru, local_head(lru, local, IN_LOCAL_FREE), idx);
	}
	if (cnt < lru->target_free)
		shrink(lru, set, local, lru->target_free - cnt);
	rlock_drop(&set->lock);
	return true;
}

/* ---- handing out ----------------------------------------------------------------------------- */

static u32 get_own(struct lru *lru, struct lru_local *own, u32 bucket, bool *ret_blocked)
{
	u32 idx;

	if (rlock_take(&own->lock)) {
		*ret_blocked = true;
		return SLAB_NONE;
	}
	idx = local_pop_free(lru, own);
	if (idx == SLAB_NONE) {
		*ret_blocked = !local_refill(lru, own);
		idx = local_pop_free(lru, own);
	}
	if (idx != SLAB_NONE)
		local_add_pending(lru, own, idx, bucket);
	rlock_drop(&own->lock);
	return idx;
}

/* From @local for @own. It stays on @local when @own is locked; waiting for it would be in the wrong
 * order, and by what this interrupted it may be locked for good. */
static u32 steal_from(struct lru *lru, struct lru_local *local, struct lru_local *own, u32 bucket)
{
	u32 idx;

	if (rlock_take(&local->lock))
		return SLAB_NONE;
	idx = local_pop_free(lru, local);
	if (idx == SLAB_NONE)
		idx = local_pop_pending(lru, local);
	if (idx != SLAB_NONE && local != own && !rlock_take_for(&own->lock, 0)) {
		local_add_pending(lru, own, idx, bucket);
		rlock_drop(&own->lock);
	} else if (idx != SLAB_NONE) {
		local_add_pending(lru, local, idx, bucket);
	}
	rlock_drop(&local->lock);
	return idx;
}

static u32 get_common(struct lru *lru, u32 bucket)
{
	struct lru_local *own = &lru->locals[vcpu_hint() % lru->cpu_cnt];
	bool blocked = false;
	u32 idx = get_own(lru, own, bucket, &blocked), first, cpu;

	if (idx != SLAB_NONE)
		return idx;
	first = cpu = __atomic_load_n(&own->steal_next, __ATOMIC_RELAXED);
	do {
		idx = steal_from(lru, &lru->locals[cpu], own, bucket);
		cpu = (cpu + 1) % lru->cpu_cnt;
	} while (idx == SLAB_NONE && cpu != first);
	__atomic_store_n(&own->steal_next, cpu, __ATOMIC_RELAXED);
	if (idx == SLAB_NONE && blocked && !rlock_take(&lru->sets->lock)) {
		idx = set_get(lru, lru->sets, bucket);
		rlock_drop(&lru->sets->lock);
	}
	return idx;
}

/* Only a set that is locked by what this interrupted sends to another vCPU's. */
static u32 get_percpu(struct lru *lru, u32 bucket)
{
	u32 own = vcpu_hint() % lru->cpu_cnt, idx;

	for (u32 i = 0; i < lru->cpu_cnt; i++) {
		struct lru_set *set = &lru->sets[(own + i) % lru->cpu_cnt];

		if (rlock_take(&set->lock))
			continue;
		idx = set_get(lru, set, bucket);
		rlock_drop(&set->lock);
		return idx;
	}
	return SLAB_NONE;
}

u32 lru_get(struct lru *lru, u32 bucket)
{
	return lru->locals ? get_common(lru, bucket) : get_percpu(lru, bucket);
}

/* True: it was on its vCPU's pending list and is free now. */
static bool put_local(struct lru *lru, u32 idx, struct lru_node *node, bool *ret_blocked)
{
	struct lru_local *local;
	bool done;

	if (!lru->locals || list_of(node) != IN_LOCAL_PENDING)
		return false;
	local = &lru->locals[__atomic_load_n(&node->cpu, __ATOMIC_RELAXED)];
	if (rlock_take(&local->lock)) {
		*ret_blocked = true;
		return false;
	}
	done = list_of(node) == IN_LOCAL_PENDING;
	if (done) {
		list_del(lru, idx);
		set_list_of(node, IN_LOCAL_FREE);
		clear_used(node);
		list_add(lru, local_head(lru, local, IN_LOCAL_FREE), idx);
	}
	rlock_drop(&local->lock);
	return done;
}

void lru_put(struct lru *lru, u32 idx)
{
	struct lru_node *node = lru_node_at(lru, idx);
	struct lru_set *set = lru->sets;
	bool blocked = false;

	if (put_local(lru, idx, node, &blocked))
		return;
	if (!lru->locals)
		set += __atomic_load_n(&node->cpu, __ATOMIC_RELAXED);
	if (blocked || rlock_take(&set->lock)) {
		__atomic_store_n(&node->dead, 1, __ATOMIC_RELEASE);
		return;
	}
	set_move(lru, set, idx, IN_FREE);
	rlock_drop(&set->lock);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void head_init(struct lru *lru, u32 id)
{
	*link_at(lru, id) = (struct lru_link){ id, id };
}

int lru_init(struct lru *lru, struct memacct *acct, u32 elem_cnt, u32 cpu_cnt, bool common)
{
	u32 each;

	lru->acct = acct;
	lru->cpu_cnt = cpu_cnt;
	lru->set_cnt = common ? 1 : cpu_cnt;
	lru->scans = common ? LOCAL_TARGET : PERCPU_TARGET;
	each = elem_cnt / lru->set_cnt;
	lru->target_free = min_of(max_of(elem_cnt / cpu_cnt / 2, 1u), (u32)LOCAL_TARGET);
	lru->sets = acct_alloc(acct, sizeof(*lru->sets) * lru->set_cnt);
	if (common)
		lru->locals = acct_alloc(acct, sizeof(*lru->locals) * cpu_cnt);
	if (!lru->sets || (common && !lru->locals))
		return -ENOMEM;
	for (u32 i = 0; i < lru->set_cnt; i++) {
		struct lru_set *set = &lru->sets[i];

		for (u32 l = 0; l < SET_LISTS; l++)
			head_init(lru, set_head(lru, set, l));
		set->rotor = set_head(lru, set, IN_INACTIVE);
		set->fresh = each * i;
		set->fresh_end = each * (i + 1);
	}
	for (u32 i = 0; common && i < cpu_cnt; i++) {
		head_init(lru, local_head(lru, &lru->locals[i], IN_LOCAL_FREE));
		head_init(lru, local_head(lru, &lru->locals[i], IN_LOCAL_PENDING));
		lru->locals[i].steal_next = i;
	}
	return 0;
}

void lru_destroy(struct lru *lru)
{
	if (lru->sets)
		acct_free(lru->acct, lru->sets, sizeof(*lru->sets) * lru->set_cnt);
	if (lru->locals)
		acct_free(lru->acct, lru->locals, sizeof(*lru->locals) * lru->cpu_cnt);
}

u64 lru_mem_usage(const struct lru *lru)
{
	return sizeof(*lru->sets) * lru->set_cnt +
	       (lru->locals ? sizeof(*lru->locals) * lru->cpu_cnt : 0);
}
