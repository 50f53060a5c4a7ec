/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timer.c - struct bpf_timer: made, armed, cancelled, and what happens when its time has come.
 *
 * A timer lives until its value goes or user space lets go of the map. Its end has stages, for
 * programs may still hold it, and who holds it may tell the queue of it once more:
 *
 *	LIVE	in a value
 *	GONE	in none; no callback begins any more
 *	DEAD	the queue knows; a grace period runs
 *	BURIED	no program holds it; out of the queue's hands it is free
 *
 * It holds its map until then, so a callback's map, key and value are there. The values of
 * hashes are used again at once, by which a callback may meet another key's value, as in Linux.
 */
#include "map/timer.h"
#include "map/private.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#define CLOCK_IDS 16 /* clocks that flags can name */
#define START_FLAGS (BPF_F_TIMER_ABS | BPF_F_TIMER_CPU_PIN)

enum stage { LIVE = 1, GONE, DEAD, BURIED };

struct value_timer {
	struct timer_item item; /* first */
	struct rcu_item rcu;
	struct skep_map *map; /* a reference */
	struct value_timer **slot; /* in the value */
	u32 stage;   /* atomic; 0 before the first use */
	u32 running; /* thread_token() of who is in the callback; atomic */
	u32 clock;
	struct rlock lock;
	/* under lock */
	void *prog; /* a reference */
	u64 func, at;
	bool armed, pinned;
	u32 cpu;
};

static struct value_timer **slot_of(void *at)
{
	return at;
}

static struct timer_host *host_of(const struct value_timer *t)
{
	return t->map->timers->host;
}

static u32 stage_of(const struct value_timer *t)
{
	return __atomic_load_n(&t->stage, __ATOMIC_ACQUIRE);
}

/* ---- the end -------------------------------------------------------------------------------- */

static void timer_kill(struct value_timer *t)
{
	u32 live = LIVE;

	if (__atomic_compare_exchange_n(&t->stage, &live, GONE, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		timerq_tell(&host_of(t)->queue, &t->item);
}

void value_timer_end(const struct skep_map *map, void *value)
{
	struct value_timer **slot = (void *)((char *)value + map->timers->off), *t;

	t = __atomic_load_n(slot, __ATOMIC_RELAXED) ? __atomic_exchange_n(slot, NULL, __ATOMIC_ACQ_REL) : NULL;
	if (t)
		timer_kill(t);
}

/* A timer is made before its map's users are looked at, and they are gone before timers are: one of
 * the two sees the other. */
void map_timers_end(struct skep_map *map)
{
	struct slab *slab = &map->timers->slab;
	u32 cnt = min_of(__atomic_load_n(&slab->next, __ATOMIC_SEQ_CST), slab->max);

	for (u32 i = 0; i < cnt; i++) {
		struct value_timer *t = slab_at(slab, i), *was = t;

		if (stage_of(t) != LIVE)
			continue;
		__atomic_compare_exchange_n(t->slot, &was, NULL, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
		timer_kill(t);
	}
	timerq_settle(&map->timers->host->queue);
}

static void after_period(struct rcu_item *item)
{
	struct value_timer *t = container_of(item, struct value_timer, rcu);
	struct timerq *q = &host_of(t)->queue;

	__atomic_store_n(&t->stage, BURIED, __ATOMIC_RELEASE);
	timerq_tell(q, &t->item);
	if (q->clock->virtual_time)
		timerq_settle(q);
}

static void timer_gone(struct timer_item *item)
{
	struct value_timer *t = container_of(item, struct value_timer, item);
	struct skep_map *map = t->map;

	if (stage_of(t) == BURIED) {
		if (t->prog)
			host_of(t)->put(t->prog);
		__atomic_store_n(&t->stage, 0, __ATOMIC_RELEASE);
		slab_put(&map->timers->slab, vcpu_hint(), ((char *)t - map->timers->slab.mem) / map->timers->slab.obj_size);
		map_put(map);
		return;
	}
	__atomic_store_n(&t->stage, DEAD, __ATOMIC_RELEASE);
	rcu_defer(&t->rcu, after_period);
}

/* ---- its time --------------------------------------------------------------------------------- */

static u64 timer_when(struct timer_item *item, bool *ret_gone)
{
	struct value_timer *t = container_of(item, struct value_timer, item);
	u32 stage = stage_of(t);
	u64 at;

	*ret_gone = stage == GONE || stage == BURIED;
	if (stage != LIVE)
		return TIMER_NEVER;
	/* Whoever has the lock tells of what it changed. */
	if (rlock_take(&t->lock))
		return TIMER_NEVER;
	at = t->armed ? t->at : TIMER_NEVER;
	rlock_drop(&t->lock);
	return at;
}

struct firing {
	struct value_timer *t;
	u64 now;
};

static void *key_of(const struct skep_map *map, char *value, u32 *ret_idx)
{
	u64 row_size;
	char *first;

	if (!map->ops->elements)
		return value - map->key_before;
	first = map->ops->elements(map, &row_size);
	*ret_idx = (value - first) / round_up_to(map->value_size, 8);
	return ret_idx;
}

static void call_back(struct value_timer *t, void *prog, u64 func)
{
	struct skep_map *map = t->map;
	char *value = (char *)t->slot - map->timers->off;
	u32 idx = 0;
	void *key = key_of(map, value, &idx);

	host_of(t)->call(host_of(t), prog, func,
			 (u64[5]){ (uintptr_t)map, (uintptr_t)key, (uintptr_t)value });
}

/* Only here, with a vCPU at hand, does the timer count as running: who waits for it holds another. */
static void fire_inside(void *arg)
{
	struct firing *f = arg;
	struct value_timer *t = f->t;
	void *prog = NULL;
	u64 func = 0;

	if (rlock_take(&t->lock))
		return;
	if (t->armed && t->at <= f->now && stage_of(t) == LIVE) {
		t->armed = false;
		prog = t->prog;
		func = t->func;
	}
	if (prog) {
		host_of(t)->get(prog);
		__atomic_store_n(&t->running, thread_token(), __ATOMIC_RELEASE);
	}
	rlock_drop(&t->lock);
	if (!prog)
		return;
	call_back(t, prog, func);
	__atomic_store_n(&t->running, 0, __ATOMIC_RELEASE);
	host_of(t)->put(prog);
}

static void timer_fire(struct timer_item *item, u64 now)
{
	struct value_timer *t = container_of(item, struct value_timer, item);
	struct firing f = { t, now };
	u32 cpu = 0;
	bool pinned, ran;

	if (rlock_take(&t->lock)) {
		timerq_tell(&host_of(t)->queue, item);
		return;
	}
	cpu = t->cpu;
	pinned = t->pinned;
	rlock_drop(&t->lock);
	ran = host_of(t)->inside(host_of(t), pinned ? &cpu : NULL, fire_inside, &f);
	if (!ran && !rlock_take(&t->lock)) {
		t->armed = false; /* a missed run, as of any program */
		rlock_drop(&t->lock);
	}
	/* Armed again by the callback, or still: it asks to be asked. */
	timerq_tell(&host_of(t)->queue, item);
}

/* ---- from programs ------------------------------------------------------------------------------ */

static bool clock_ok(u64 flags)
{
	return flags < CLOCK_IDS &&
	       (flags == CLOCK_MONOTONIC || flags == CLOCK_REALTIME || flags == CLOCK_BOOTTIME);
}

static void timer_setup(struct value_timer *t, struct skep_map *map, struct value_timer **slot, u32 clock)
{
	map_get(map);
	/* Put back by another thread: what is written here is what it finds. */
	t->item = (struct timer_item){ .when = timer_when, .fire = timer_fire, .gone = timer_gone };
	t->map = map;
	t->slot = slot;
	t->clock = clock;
	t->running = 0;
	t->prog = NULL;
	t->armed = t->pinned = false;
	__atomic_store_n(&t->stage, LIVE, __ATOMIC_RELEASE);
}

long timer_init(struct skep_map *map, void *at, u64 flags)
{
	struct value_timer **slot = slot_of(at), *none = NULL, *t;
	u32 idx;

	if (!clock_ok(flags))
		return -EINVAL;
	if (__atomic_load_n(slot, __ATOMIC_ACQUIRE))
		return -EBUSY;
	idx = slab_get(&map->timers->slab, vcpu_hint());
	if (idx == SLAB_NONE)
		return -ENOMEM;
	t = slab_at(&map->timers->slab, idx);
	timer_setup(t, map, slot, (u32)flags);
	if (!__atomic_compare_exchange_n(slot, &none, t, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
		timer_kill(t);
		return -EBUSY;
	}
	/* Nobody would end it. */
	if (__atomic_load_n(&map->users, __ATOMIC_SEQ_CST))
		return 0;
	none = t;
	__atomic_compare_exchange_n(slot, &none, NULL, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	timer_kill(t);
	return -EPERM;
}

/* The timer behind @at, locked. It stays while the read side lasts. */
static long timer_lock(void *at, struct value_timer **ret_timer)
{
	struct value_timer *t = __atomic_load_n(slot_of(at), __ATOMIC_ACQUIRE);

	if (!t)
		return -EINVAL;
	*ret_timer = t;
	/* Held by what this handler interrupted: Linux has no timers there either. */
	return rlock_take(&t->lock) ? -EOPNOTSUPP : 0;
}

long timer_set_callback(void *at, u64 func, void *prog)
{
	struct value_timer *t;
	void *old;
	long err = timer_lock(at, &t);

	if (err)
		return err;
	if (!__atomic_load_n(&t->map->users, __ATOMIC_SEQ_CST) || stage_of(t) != LIVE) {
		rlock_drop(&t->lock);
		return -EPERM;
	}
	old = t->prog;
	host_of(t)->get(prog);
	t->prog = prog;
	t->func = func;
	rlock_drop(&t->lock);
	if (old)
		host_of(t)->put(old);
	return 0;
}

/* Of the queue's clock, which is the monotonic one. */
static u64 expiry(const struct value_timer *t, u64 ns, u64 flags)
{
	static const enum clock_id ids[CLOCK_IDS] = {
		[CLOCK_MONOTONIC] = CLOCK_KTIME,
		[CLOCK_REALTIME] = CLOCK_KTIME_REAL,
		[CLOCK_BOOTTIME] = CLOCK_KTIME_BOOT,
	};
	const struct skep_clock *clock = host_of(t)->queue.clock;
	u64 now = clock_now(clock), base;

	if (flags & BPF_F_TIMER_ABS) {
		base = clock_look(clock, ids[t->clock]);
		ns = ns > base ? ns - base : 0;
	}
	return now + ns < now ? TIMER_NEVER - 1 : now + ns;
}

long timer_start(void *at, u64 ns, u64 flags)
{
	struct value_timer *t;
	long err;

	if (flags & ~(u64)START_FLAGS)
		return -EINVAL;
	err = timer_lock(at, &t);
	if (err)
		return err;
	if (!t->prog) {
		rlock_drop(&t->lock);
		return -EINVAL;
	}
	t->at = expiry(t, ns, flags);
	t->armed = true;
	t->pinned = flags & BPF_F_TIMER_CPU_PIN;
	t->cpu = this_cpu();
	rlock_drop(&t->lock);
	timerq_tell(&host_of(t)->queue, &t->item);
	return 0;
}

long timer_cancel(void *at)
{
	struct value_timer *t;
	void *old;
	bool was_armed;
	u32 running;
	long err = timer_lock(at, &t);

	if (err)
		return err;
	running = __atomic_load_n(&t->running, __ATOMIC_ACQUIRE);
	/* From its own callback it would wait for itself. From another timer's, too: one thread runs both. */
	if (running && timerq_is_owner(&host_of(t)->queue)) {
		rlock_drop(&t->lock);
		return -EDEADLK;
	}
	was_armed = t->armed;
	t->armed = false;
	old = t->prog;
	t->prog = NULL;
	rlock_drop(&t->lock);
	timerq_tell(&host_of(t)->queue, &t->item);
	while (__atomic_load_n(&t->running, __ATOMIC_ACQUIRE))
		sched_yield();
	if (old)
		host_of(t)->put(old);
	return was_armed;
}

/* ---- maps with timers ------------------------------------------------------------------------ */

/* Timers that end wait for two grace periods beside those that took their places. */
static u32 slab_max(u32 max_entries)
{
	u64 max = (u64)max_entries + max_of(max_entries, 4096u);

	return min_of(max, (u64)SLAB_NONE - 1);
}

int map_timers_new(const struct map_attr *attr, u32 off, struct map_timers **ret_timers)
{
	struct map_timers *timers = calloc(1, sizeof(*timers));
	int err;

	if (!timers)
		return -ENOMEM;
	timers->host = attr->timers;
	timers->off = off;
	err = timerq_start(&attr->timers->queue);
	if (!err)
		err = slab_init(&timers->slab, attr->acct, sizeof(struct value_timer), slab_max(attr->max_entries),
				attr->cpu_cnt, 0);
	if (err) {
		free(timers);
		return err;
	}
	*ret_timers = timers;
	return 0;
}

void map_timers_free(struct map_timers *timers)
{
	if (!timers)
		return;
	slab_free(&timers->slab);
	free(timers);
}
