/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_linear.c - histories of maps under threads are linearizable: for what every call returned there is one order
 * of all calls, in which none comes before another that had returned before it began, and in which a map used by one
 * call at a time answers the same. Found by search (Wing and Gong 1993; what was tried is kept, Lowe 2017).
 *
 * In rounds all threads make a few calls at once, with numbers of a common clock taken before and after each.
 */
#include "base/hash.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CPUS 8

#include "threads.h"

#define CALLS_MAX   48u /* in a history */
#define TRIED_BITS  16
#define QUEUE_MAX   8u
#define NOT_THERE   0u
#define THERE	    UINT32_MAX /* with whatever value */

enum call_kind { LOOKUP, UPDATE_ANY, UPDATE_NEW, UPDATE_OLD, DELETE, PUSH, POP };

struct call {
	enum call_kind kind;
	u32 key, arg;	/* arg: what is written, not 0 */
	long ret;	/* 0 or an errno */
	u32 got;	/* what was read, NOT_THERE: nothing */
	u64 begin, end; /* of the common clock */
};

/* What a map holds: under one key, or in a queue or stack. */
struct state {
	u32 cnt, values[QUEUE_MAX];
};

struct history {
	const struct call *calls[64];
	u32 cnt;
	bool (*step)(struct state *state, const struct call *call);
	u64 tried[1 << TRIED_BITS]; /* hashes of what was done and what is then there; 0: none */
	u64 limit;		    /* of nodes; then the history says nothing */
};

/* ---- what one call at a time does ---------------------------------------------------------------------- */

/* One key of a hash. */
static bool step_key(struct state *s, const struct call *c)
{
	u32 is = s->cnt ? s->values[0] : NOT_THERE;
	long want = 0;

	switch (c->kind) {
	case LOOKUP:
		return c->got == THERE ? is != NOT_THERE : c->got == is;
	case DELETE:
		want = is == NOT_THERE ? -ENOENT : 0;
		break;
	case UPDATE_NEW:
		want = is == NOT_THERE ? 0 : -EEXIST;
		break;
	case UPDATE_OLD:
		want = is == NOT_THERE ? -ENOENT : 0;
		break;
	default:
		break;
	}
	if (c->ret != want)
		return false;
	if (!want) {
		s->cnt = c->kind != DELETE;
		s->values[0] = c->kind == DELETE ? 0 : c->arg;
	}
	return true;
}

static bool step_push(struct state *s, const struct call *c)
{
	if (s->cnt == QUEUE_MAX)
		return c->ret == -E2BIG;
	if (c->ret)
		return false;
	s->values[s->cnt++] = c->arg;
	return true;
}

static bool step_queue(struct state *s, const struct call *c)
{
	if (c->kind == PUSH)
		return step_push(s, c);
	if (!s->cnt)
		return c->ret == -ENOENT;
	if (c->ret || c->got != s->values[0])
		return false;
	memmove(s->values, s->values + 1, --s->cnt * sizeof(s->values[0]));
	s->values[s->cnt] = 0;
	return true;
}

static bool step_stack(struct state *s, const struct call *c)
{
	if (c->kind == PUSH)
		return step_push(s, c);
	if (!s->cnt)
		return c->ret == -ENOENT;
	if (c->ret || c->got != s->values[s->cnt - 1])
		return false;
	s->values[--s->cnt] = 0;
	return true;
}

/* ---- the search -------------------------------------------------------------------------------------------- */

/* Whether this was tried already; a full table forgets, which costs time only. */
static bool was_tried(struct history *h, u64 done, const struct state *state)
{
	struct {
		u64 done;
		struct state state;
		u32 zero;
	} tried = { done, *state, 0 };
	u64 sum = hash_bytes(&tried, sizeof(tried), 1) | 1, *at = &h->tried[sum >> (64 - TRIED_BITS)];

	if (*at == sum)
		return true;
	*at = sum;
	return false;
}

static bool search(struct history *h, u64 done, const struct state *state)
{
	u64 first_end = UINT64_MAX;

	if (done == (h->cnt == 64 ? UINT64_MAX : (1ull << h->cnt) - 1))
		return true;
	if (!h->limit || !--h->limit)
		return true;
	if (was_tried(h, done, state))
		return false;
	for (u32 i = 0; i < h->cnt; i++) {
		if (!(done & 1ull << i) && h->calls[i]->end < first_end)
			first_end = h->calls[i]->end;
	}
	for (u32 i = 0; i < h->cnt; i++) {
		struct state next = *state;

		if (done & 1ull << i || h->calls[i]->begin > first_end)
			continue;
		if (h->step(&next, h->calls[i]) && search(h, done | 1ull << i, &next))
			return true;
	}
	return false;
}

static struct history history;
static u32 undecided;

static bool is_linearizable(const struct call *calls, u32 cnt, u32 key,
			    bool (*step)(struct state *state, const struct call *call))
{
	struct state empty = { 0 };
	bool ok;

	history.cnt = 0;
	for (u32 i = 0; i < cnt; i++) {
		if (calls[i].key == key)
			history.calls[history.cnt++] = &calls[i];
	}
	memset(history.tried, 0, sizeof(history.tried));
	history.step = step;
	history.limit = 2000000;
	ok = search(&history, 0, &empty);
	undecided += !history.limit;
	return ok;
}

/* A checker that finds nothing would pass everything below. */
static void wrong_histories_are_found(void **state __unused_arg)
{
	struct call lost[] = { { UPDATE_ANY, 0, 5, 0, 0, 1, 2 }, { LOOKUP, 0, 0, 0, NOT_THERE, 3, 4 } };
	struct call stale[] = { { UPDATE_ANY, 0, 5, 0, 0, 1, 2 }, { UPDATE_ANY, 0, 6, 0, 0, 3, 4 },
				{ LOOKUP, 0, 0, 0, 5, 5, 6 } };
	struct call twice[] = { { UPDATE_NEW, 0, 5, 0, 0, 1, 4 }, { UPDATE_NEW, 0, 6, 0, 0, 2, 3 } };
	struct call order[] = { { PUSH, 0, 1, 0, 0, 1, 2 }, { PUSH, 0, 2, 0, 0, 3, 4 }, { POP, 0, 0, 0, 2, 5, 6 } };
	struct call at_once[] = { { PUSH, 0, 1, 0, 0, 1, 4 }, { PUSH, 0, 2, 0, 0, 2, 3 }, { POP, 0, 0, 0, 2, 5, 6 } };

	assert_false(is_linearizable(lost, 2, 0, step_key));
	lost[1].begin = 2; /* at the same time it may come first */
	lost[0].end = 3;
	assert_true(is_linearizable(lost, 2, 0, step_key));
	assert_false(is_linearizable(stale, 3, 0, step_key));
	stale[2].begin = 3;
	assert_true(is_linearizable(stale, 3, 0, step_key));
	assert_false(is_linearizable(twice, 2, 0, step_key));
	twice[0].ret = -EEXIST;
	assert_true(is_linearizable(twice, 2, 0, step_key));
	assert_false(is_linearizable(order, 3, 0, step_queue));
	assert_true(is_linearizable(order, 3, 0, step_stack));
	assert_true(is_linearizable(at_once, 3, 0, step_queue));
}

/* ---- rounds ---------------------------------------------------------------------------------------------------- */

#define KEYS 2u

struct rounds {
	struct skep_map *map;
	pthread_barrier_t all;
	u64 clock; /* atomic */
	u32 threads, calls_each, round;
	bool stop, with_others;
	struct call calls[CALLS_MAX];
	bool (*step)(struct state *state, const struct call *call);
};

struct thread {
	struct rounds *r;
	u32 nr, rnd;
};

static u32 pick_of(struct thread *t, u32 limit)
{
	t->rnd = t->rnd * 1664525 + 1013904223;
	return (t->rnd >> 12) % limit;
}

static u64 tick(struct rounds *r)
{
	return __atomic_add_fetch(&r->clock, 1, __ATOMIC_SEQ_CST);
}

/* Calls overlap more often when a thread loses its CPU in the middle of some. */
static void pause_in(const struct rounds *r, const struct call *c)
{
	if ((c->arg * 7 + r->round) % 5 == 0)
		sched_yield();
}

/*
 * Values are read as a program would, inside the read side. As in Linux a preallocated element may be another one's
 * before its value is read, or wait for an update that comes to nothing: there only who is there counts.
 */
static void do_keyed(struct rounds *r, struct call *c)
{
	static const u64 flags[] = { [UPDATE_ANY] = BPF_ANY, [UPDATE_NEW] = BPF_NOEXIST, [UPDATE_OLD] = BPF_EXIST };
	u64 key = c->key, value = c->arg, *found;

	c->begin = tick(r);
	pause_in(r, c);
	if (c->kind == LOOKUP) {
		found = r->map->ops->lookup(r->map, &key);
		c->got = !found ? NOT_THERE : r->map->flags & BPF_F_NO_PREALLOC ?
			 (u32)__atomic_load_n(found, __ATOMIC_RELAXED) : THERE;
	} else if (c->kind == DELETE) {
		c->ret = r->map->ops->delete (r->map, &key);
	} else {
		c->ret = r->map->ops->update(r->map, &key, &value, flags[c->kind]);
	}
	pause_in(r, c);
	c->end = tick(r);
}

static void do_queue(struct rounds *r, struct call *c)
{
	u64 value = c->arg;

	c->begin = tick(r);
	pause_in(r, c);
	if (c->kind == PUSH) {
		c->ret = r->map->ops->push(r->map, &value, 0);
	} else {
		c->ret = r->map->ops->pop(r->map, &value);
		c->got = c->ret ? NOT_THERE : (u32)value;
	}
	pause_in(r, c);
	c->end = tick(r);
}

/* Other keys come and go meanwhile: a map that grows does so now. */
static void stir(struct thread *t)
{
	struct rounds *r = t->r;
	u64 key = 1000 + t->nr * 1000 + pick_of(t, 300), value = 1;

	if (pick_of(t, 2))
		r->map->ops->update(r->map, &key, &value, BPF_ANY);
	else
		r->map->ops->delete (r->map, &key);
}

static void make_calls(struct thread *t)
{
	struct rounds *r = t->r;

	for (u32 i = 0; i < r->calls_each; i++) {
		struct call *c = &r->calls[t->nr * r->calls_each + i];
		struct vcpu *vcpu = vcpu_enter(vcpus);

		rcu_enter();
		*c = (struct call){ .arg = 1 + t->nr * r->calls_each + i };
		if (r->step == step_key) {
			c->kind = pick_of(t, DELETE + 1);
			c->key = pick_of(t, KEYS);
			do_keyed(r, c);
			if (r->with_others)
				stir(t);
		} else {
			c->kind = pick_of(t, 2) ? PUSH : POP;
			do_queue(r, c);
		}
		rcu_leave();
		vcpu_leave(vcpu);
	}
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	for (;;) {
		pthread_barrier_wait(&t->r->all);
		if (t->r->stop)
			return NULL;
		make_calls(t);
		pthread_barrier_wait(&t->r->all);
	}
}

static void empty_map(struct rounds *r)
{
	u64 value;

	for (u64 key = 0; r->step == step_key && key < KEYS; key++)
		map_sys_delete(r->map, &key);
	while (r->step != step_key && !map_sys_lookup_and_delete(r->map, NULL, &value, 0))
		;
	if (r->map->flags & BPF_F_NO_PREALLOC && r->round % 64 == 0)
		rcu_drain();
}

/* A lock that timed out (its holder was off its CPU for long) is no answer of the map. */
static bool all_answered(const struct rounds *r)
{
	for (u32 i = 0; i < r->threads * r->calls_each; i++) {
		if (r->calls[i].ret == -ETIMEDOUT || r->calls[i].ret == -EBUSY || r->calls[i].ret == -ENOMEM)
			return false;
	}
	return true;
}

static void print_history(const struct rounds *r)
{
	for (u32 i = 0; i < r->threads * r->calls_each; i++) {
		const struct call *c = &r->calls[i];

		print_message("# %llu..%llu kind %u key %u arg %u: %ld, got %u\n", (unsigned long long)c->begin,
			      (unsigned long long)c->end, c->kind, c->key, c->arg, c->ret, c->got);
	}
}

static void check_map(struct skep_map *map, bool (*step)(struct state *state, const struct call *call), bool with_others)
{
	struct rounds r = { .map = map, .step = step, .with_others = with_others, .threads = thread_cnt(8) };
	struct thread threads[8];
	pthread_t ids[8];
	u32 checked = 0, bad = 0;

	r.calls_each = step == step_key ? CALLS_MAX / r.threads : min_of(24 / r.threads, 5u);
	undecided = 0;
	pthread_barrier_init(&r.all, NULL, r.threads + 1);
	for (u32 i = 0; i < r.threads; i++) {
		threads[i] = (struct thread){ .r = &r, .nr = i, .rnd = i * 99 + 7 };
		assert_int_equal(pthread_create(&ids[i], NULL, thread_main, &threads[i]), 0);
	}
	for (u64 until = host_now_ns() + 4 * RUN_NS; host_now_ns() < until && !bad; r.round++) {
		pthread_barrier_wait(&r.all);
		pthread_barrier_wait(&r.all);
		for (u32 key = 0; all_answered(&r) && key < (step == step_key ? KEYS : 1); key++, checked++)
			bad += !is_linearizable(r.calls, r.threads * r.calls_each, key, step);
		if (bad)
			print_history(&r);
		empty_map(&r);
	}
	r.stop = true;
	pthread_barrier_wait(&r.all);
	for (u32 i = 0; i < r.threads; i++)
		pthread_join(ids[i], NULL);
	pthread_barrier_destroy(&r.all);
	print_message("%s: %u histories, %u undecided\n", map_type_name(map->type), checked, undecided);
	assert_int_equal(bad, 0);
	assert_true(checked > undecided);
	map_put(map);
}

static void hashes_are_linearizable(void **state __unused_arg)
{
	check_map(make(BPF_MAP_TYPE_HASH, 8, 8, 8, 0), step_key, false);
	check_map(make(BPF_MAP_TYPE_HASH, 8, 8, 16384, 0), step_key, true);
	check_map(make(BPF_MAP_TYPE_HASH, 8, 8, 16384, BPF_F_NO_PREALLOC), step_key, true);
}

/* Large enough that nothing is put out. */
static void lru_hashes_are_linearizable(void **state __unused_arg)
{
	check_map(make(BPF_MAP_TYPE_LRU_HASH, 8, 8, 65536, 0), step_key, true);
	check_map(make(BPF_MAP_TYPE_LRU_HASH, 8, 8, 65536, BPF_F_NO_COMMON_LRU), step_key, true);
}

static void M01_rhash_is_linearizable_while_it_grows(void **state __unused_arg)
{
	check_map(make(BPF_MAP_TYPE_RHASH, 8, 8, 65536, BPF_F_NO_PREALLOC), step_key, true);
}

static void queues_and_stacks_are_linearizable(void **state __unused_arg)
{
	check_map(make(BPF_MAP_TYPE_QUEUE, 0, 8, QUEUE_MAX, 0), step_queue, false);
	check_map(make(BPF_MAP_TYPE_STACK, 0, 8, QUEUE_MAX, 0), step_stack, false);
}

/* ---- ring buffer ------------------------------------------------------------------------------------------------ */

/*
 * A record that is reserved and not yet sent holds up those behind it, so a ring buffer is no queue that tells when
 * it is empty. What must hold: records come out in an order in which none is before another that had been sent
 * before it was begun, each once, none before it was begun.
 */
#define RING_CALLS 4000u

struct ring_thread {
	struct skep_map *map;
	u64 *clock;
	u32 nr;
	struct { u64 begin, end; } sent[RING_CALLS];
};

struct ring_reader {
	struct ring_thread *threads;
	u64 *clock;
	u64 last_begin; /* the latest beginning of a record that came out */
	u32 cnt, bad;
	u8 seen[8][RING_CALLS];
};

static void *ring_main(void *arg)
{
	struct ring_thread *t = arg;

	if (rcu_thread_ready())
		abort();
	for (u32 i = 0; i < RING_CALLS;) {
		u32 record[2] = { t->nr, i };
		long err;

		rcu_enter();
		__atomic_store_n(&t->sent[i].begin, __atomic_add_fetch(t->clock, 1, __ATOMIC_SEQ_CST), __ATOMIC_RELAXED);
		err = ringbuf_output(t->map, record, sizeof(record), 0);
		if (!err)
			__atomic_store_n(&t->sent[i].end, __atomic_add_fetch(t->clock, 1, __ATOMIC_SEQ_CST), __ATOMIC_RELEASE);
		rcu_leave();
		i += !err;
		if (err)
			sched_yield();
	}
	return NULL;
}

static int take_record(void *ctx, void *data, size_t size)
{
	struct ring_reader *reader = ctx;
	u32 record[2];
	u64 begin, end;

	memcpy(record, data, sizeof(record));
	if (size != sizeof(record) || record[0] >= 8 || record[1] >= RING_CALLS) {
		reader->bad++;
		return 0;
	}
	begin = __atomic_load_n(&reader->threads[record[0]].sent[record[1]].begin, __ATOMIC_RELAXED);
	end = __atomic_load_n(&reader->threads[record[0]].sent[record[1]].end, __ATOMIC_ACQUIRE);
	/* One that came out earlier had begun only after this one was sent. */
	reader->bad += end && reader->last_begin > end;
	reader->bad += !begin || begin > __atomic_load_n(reader->clock, __ATOMIC_SEQ_CST);
	reader->bad += reader->seen[record[0]][record[1]]++;
	if (begin > reader->last_begin)
		reader->last_begin = begin;
	reader->cnt++;
	return 0;
}

static void ring_buffers_keep_the_order_of_time(void **state __unused_arg)
{
	static struct ring_thread threads[8];
	static struct ring_reader reader;
	struct skep_map *map = make(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	u32 cnt = thread_cnt(8);
	u64 clock = 0, until = host_now_ns() + 60000000000ull;
	pthread_t ids[8];

	reader = (struct ring_reader){ .threads = threads, .clock = &clock };
	for (u32 i = 0; i < cnt; i++) {
		threads[i] = (struct ring_thread){ .map = map, .clock = &clock, .nr = i };
		assert_int_equal(pthread_create(&ids[i], NULL, ring_main, &threads[i]), 0);
	}
	while (reader.cnt < cnt * RING_CALLS && host_now_ns() < until) {
		if (!ringbuf_consume(map, take_record, &reader))
			sched_yield();
	}
	for (u32 i = 0; i < cnt; i++)
		pthread_join(ids[i], NULL);
	assert_int_equal(reader.bad, 0);
	assert_int_equal(reader.cnt, cnt * RING_CALLS);
	map_put(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_histories_are_found),
		cmocka_unit_test(hashes_are_linearizable),
		cmocka_unit_test(lru_hashes_are_linearizable),
		cmocka_unit_test(M01_rhash_is_linearizable_while_it_grows),
		cmocka_unit_test(queues_and_stacks_are_linearizable),
		cmocka_unit_test(ring_buffers_keep_the_order_of_time),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
