/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm.c - a thread uses a map while another one interrupts it with signals, one after the other and at whatever
 * instruction it is; the handler uses the same map, as a program would. SKEP_STORM: how many interruptions in which a
 * program ran, for each kind of map ("make storm": more than a million in all).
 *
 * Each side has keys of its own and knows what must be under them, and both change one that they share. What was
 * reported stored is there with its last value; what was refused changed nothing; the thread itself, whose
 * handlers always finish, is never refused for a lock.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CPUS 4

#include "threads.h"

#define KEYS_MAX 256u
#define SHARED	 (4 * KEYS_MAX)

enum side { THREAD, HANDLER, SIDE_CNT };

struct value {
	u64 key, seq, check;
};

struct side_state {
	u64 seq[KEYS_MAX]; /* what must be there, 0: nothing */
	u64 next_seq, done, refused, wrong, out_of_memory;
	u32 rnd;
	char what[96]; /* the first wrong thing */
};

static struct storm {
	struct skep_map *map;
	u32 keys;
	bool evicts, unordered;
	bool consuming; /* else whoever produces at each instruction keeps the consumer busy for ever */
	struct side_state sides[SIDE_CNT];
	u64 popped[SIDE_CNT], cnt[SIDE_CNT]; /* queues: the last number and how many came out */
	u64 hits;	    /* interruptions in which a program ran; atomic */
	u64 handled;	    /* all of them; atomic */
	pthread_t victim;
	bool stop;
} storm;

static u32 below(struct side_state *s, u32 limit)
{
	s->rnd = s->rnd * 1664525 + 1013904223;
	return (s->rnd >> 12) % limit;
}

static void note_wrong(struct side_state *s, const char *what, u32 nr, long err)
{
	if (!s->wrong++)
		snprintf(s->what, sizeof(s->what), "%s, key %u: %ld", what, nr, err);
}

/* Of a refused operation: the lock is held by what the handler interrupted, or memory is waiting for RCU. */
static bool may_refuse(struct side_state *s, enum side side, long err)
{
	bool lock = err == -EDEADLK || err == -EBUSY || err == -ETIMEDOUT;

	s->refused += lock;
	s->out_of_memory += err == -ENOMEM;
	return err == -ENOMEM ? storm.map->flags & BPF_F_NO_PREALLOC || storm.evicts : side == HANDLER && lock;
}

/* ---- maps with keys ------------------------------------------------------------------------------------ */

static void make_key(u32 *key, enum side side, u32 nr)
{
	u32 number = nr == SHARED ? SHARED : side * KEYS_MAX + nr;

	key[0] = storm.map->type == BPF_MAP_TYPE_LPM_TRIE ? 32 : number;
	key[1] = number;
}

static bool is_what(const struct side_state *s, u32 nr, u32 key, const struct value *v)
{
	return v->key == key && v->seq == s->seq[nr] && v->check == (v->key ^ v->seq);
}

/* As in Linux an LRU map may put an element out, and use it for another key, while a program looks at it: then the
 * next look finds another one, or none. */
static void check_key(struct side_state *s, enum side side, u32 nr)
{
	const struct value *v = NULL;
	u32 key[2];

	make_key(key, side, nr);
	for (u32 look = 0; look < (storm.evicts ? 4 : 1); look++) {
		v = storm.map->ops->lookup(storm.map, key);
		if (v ? s->seq[nr] && is_what(s, nr, key[1], v) : storm.evicts || !s->seq[nr])
			return;
	}
	note_wrong(s, !v ? "stored and not there" : s->seq[nr] ? "another value" : "deleted and still there", nr,
		   v ? (long)v->seq : 0);
}

static void update_key(struct side_state *s, enum side side, u32 nr)
{
	struct value v = { .seq = ++s->next_seq };
	u32 key[2];
	long err;

	make_key(key, side, nr);
	v.key = key[1];
	v.check = v.key ^ v.seq;
	err = storm.map->ops->update(storm.map, key, &v, BPF_ANY);
	s->done += !err;
	if (!err && nr != SHARED)
		s->seq[nr] = v.seq;
	if (err && !may_refuse(s, side, err))
		note_wrong(s, "update", nr, err);
}

static void delete_key(struct side_state *s, enum side side, u32 nr)
{
	u32 key[2];
	long err;

	make_key(key, side, nr);
	err = storm.map->ops->delete (storm.map, key);
	s->done += !err;
	if (!err && !s->seq[nr])
		note_wrong(s, "deleted what was not there", nr, err);
	if (err == -ENOENT && s->seq[nr] && !storm.evicts)
		note_wrong(s, "lost before its deletion", nr, err);
	if (!err || err == -ENOENT)
		s->seq[nr] = 0;
	else if (!may_refuse(s, side, err))
		note_wrong(s, "delete", nr, err);
}

static void keyed_step(enum side side)
{
	struct side_state *s = &storm.sides[side];
	u32 nr = below(s, storm.keys), op = below(s, 16), key[2];

	if (op < 7) {
		update_key(s, side, nr);
	} else if (op < 9) {
		update_key(s, side, SHARED);
		make_key(key, side, SHARED);
		if (!storm.map->ops->lookup(storm.map, key) && !storm.evicts)
			note_wrong(s, "the shared key is not there", SHARED, 0);
	} else if (op < 12) {
		delete_key(s, side, nr);
	}
	check_key(s, side, nr);
}

/* Nothing is there that neither side knows of. */
static void keyed_end(void)
{
	u32 want = 1;

	for (u32 side = 0; side < SIDE_CNT; side++) {
		for (u32 nr = 0; nr < storm.keys; nr++) {
			check_key(&storm.sides[side], side, nr);
			want += storm.sides[side].seq[nr] != 0;
		}
	}
	if (!storm.evicts)
		assert_int_equal(count_keys(storm.map), want);
}

/* ---- queues, stacks, ring buffers ------------------------------------------------------------------------ */

/* Numbers of one side come out in the order in which they went in, none is missing; of a stack each once. */
static void came_out(const struct value *v)
{
	struct side_state *s = &storm.sides[THREAD];

	if (v->key >= SIDE_CNT || v->check != (v->key ^ v->seq)) {
		note_wrong(s, "torn", (u32)v->key, (long)v->seq);
		return;
	}
	if (!storm.unordered && v->seq != storm.popped[v->key] + 1)
		note_wrong(s, "not the next one", (u32)v->key, (long)v->seq);
	storm.popped[v->key] = v->seq;
	storm.cnt[v->key]++;
}

static void push_number(enum side side)
{
	struct side_state *s = &storm.sides[side];
	struct value v = { .key = side, .seq = s->next_seq + 1 };
	long err;

	v.check = v.key ^ v.seq;
	err = storm.map->ops->push(storm.map, &v, 0);
	s->next_seq += !err;
	s->done += !err;
	if (err && err != -E2BIG && !may_refuse(s, side, err))
		note_wrong(s, "push", 0, err);
}

static void queue_step(enum side side)
{
	struct side_state *s = &storm.sides[side];
	struct value v;
	long err;

	if (side == HANDLER || below(s, 2)) {
		push_number(side);
		return;
	}
	err = storm.map->ops->pop(storm.map, &v);
	if (!err)
		came_out(&v);
	else if (err != -ENOENT)
		note_wrong(s, "pop", 0, err);
}

static int take_record(void *ctx __unused_arg, void *data, size_t size)
{
	if (size != sizeof(struct value))
		note_wrong(&storm.sides[THREAD], "record of another size", 0, (long)size);
	else
		came_out(data);
	return 0;
}

static void ring_step(enum side side)
{
	struct side_state *s = &storm.sides[side];
	u32 op = below(s, 16);
	struct value *v;

	if (side == THREAD && !op) {
		__atomic_store_n(&storm.consuming, true, __ATOMIC_RELAXED);
		ringbuf_consume(storm.map, take_record, NULL);
		__atomic_store_n(&storm.consuming, false, __ATOMIC_RELAXED);
		return;
	}
	if (side == HANDLER && __atomic_load_n(&storm.consuming, __ATOMIC_RELAXED) && below(s, 64))
		return;
	v = ringbuf_reserve(storm.map, sizeof(*v), 0);
	s->refused += !v;
	if (!v)
		return;
	*v = (struct value){ .key = side, .seq = s->next_seq + 1 };
	v->check = v->key ^ v->seq;
	if (op == 1) {
		ringbuf_discard(v, BPF_RB_NO_WAKEUP);
		return;
	}
	s->next_seq++;
	s->done++;
	ringbuf_submit(v, BPF_RB_NO_WAKEUP);
}

/* All that went in has come out. */
static void stream_end(void)
{
	struct value v;

	if (storm.map->ops->pop) {
		while (!map_sys_lookup_and_delete(storm.map, NULL, &v, 0))
			came_out(&v);
	} else {
		ringbuf_consume(storm.map, take_record, NULL);
	}
	for (u32 side = 0; side < SIDE_CNT; side++)
		assert_int_equal(storm.cnt[side], storm.sides[side].done);
}

/* ---- the storm --------------------------------------------------------------------------------------------- */

static void (*storm_step)(enum side side);

static void on_signal(int sig __unused_arg)
{
	int saved_errno = errno;
	struct vcpu *vcpu = vcpu_try_enter(vcpus);

	if (vcpu) {
		rcu_enter();
		storm_step(HANDLER);
		rcu_leave();
		vcpu_leave(vcpu);
		__atomic_fetch_add(&storm.hits, 1, __ATOMIC_RELAXED);
	}
	__atomic_fetch_add(&storm.handled, 1, __ATOMIC_RELEASE);
	errno = saved_errno;
}

/* The next one only when the last was handled, after a while that is never the same. */
static void *storm_main(void *arg __unused_arg)
{
	u32 rnd = 1;

	for (u64 sent = 1; !__atomic_load_n(&storm.stop, __ATOMIC_ACQUIRE); sent++) {
		pthread_kill(storm.victim, SIGUSR1);
		while (__atomic_load_n(&storm.handled, __ATOMIC_ACQUIRE) < sent &&
		       !__atomic_load_n(&storm.stop, __ATOMIC_ACQUIRE))
			sched_yield();
		rnd = rnd * 1664525 + 1013904223;
		for (u32 i = rnd >> 22; i; i--)
			cpu_relax();
	}
	return NULL;
}

static u64 budget(void)
{
	const char *given = getenv("SKEP_STORM");

	return given ? strtoull(given, NULL, 10) : 1000;
}

static bool go_on(u64 want)
{
	return __atomic_load_n(&storm.hits, __ATOMIC_RELAXED) < want;
}

static void thread_steps(u32 cnt)
{
	struct vcpu *vcpu = vcpu_enter(vcpus);

	rcu_enter();
	while (cnt--)
		storm_step(THREAD);
	rcu_leave();
	vcpu_leave(vcpu);
}

static void by_signals(u64 want)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	pthread_t sender;
	sigset_t set, old;

	sigaction(SIGUSR1, &act, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	assert_int_equal(pthread_create(&sender, NULL, storm_main, NULL), 0);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	for (u32 i = 0; go_on(want); i++) {
		thread_steps(64);
		if (storm.map->flags & BPF_F_NO_PREALLOC && i % 64 == 0)
			rcu_drain(); /* what was deleted comes back */
	}
	__atomic_store_n(&storm.stop, true, __ATOMIC_RELEASE);
	pthread_join(sender, NULL);
	signal(SIGUSR1, SIG_IGN);
}

static void run_storm(struct skep_map *map, u32 keys, void (*step)(enum side side), void (*end)(void))
{
	struct side_state *thread = &storm.sides[THREAD], *handler = &storm.sides[HANDLER];

	storm = (struct storm){ .map = map, .keys = keys, .evicts = map->type == BPF_MAP_TYPE_LRU_HASH,
				.unordered = map->type == BPF_MAP_TYPE_STACK, .victim = pthread_self() };
	thread->rnd = 1;
	handler->rnd = 2;
	storm_step = step;
	if (step == keyed_step) /* the shared key is there from the start */
		update_key(thread, THREAD, SHARED);
	by_signals(budget());
	rcu_enter();
	end();
	rcu_leave();
	print_message("%s: %llu interruptions; thread: %llu done; handlers: %llu done, %llu refused, %llu without memory\n",
		      map_type_name(map->type), (unsigned long long)storm.hits, (unsigned long long)thread->done,
		      (unsigned long long)handler->done, (unsigned long long)handler->refused,
		      (unsigned long long)handler->out_of_memory);
	assert_string_equal(thread->what, "");
	assert_string_equal(handler->what, "");
	assert_true(thread->done > 0 && handler->done > 0);
	map_put(map);
}

static void M03_storm_hash(void **state __unused_arg)
{
	run_storm(make(BPF_MAP_TYPE_HASH, 8, 24, 17, 0), 8, keyed_step, keyed_end);
	run_storm(make(BPF_MAP_TYPE_HASH, 8, 24, 64, BPF_F_NO_PREALLOC), 8, keyed_step, keyed_end);
}

static void M03_storm_lru(void **state __unused_arg)
{
	run_storm(make(BPF_MAP_TYPE_LRU_HASH, 8, 24, 64, 0), 40, keyed_step, keyed_end);
	run_storm(make(BPF_MAP_TYPE_LRU_HASH, 8, 24, 64, BPF_F_NO_COMMON_LRU), 40, keyed_step, keyed_end);
}

static void M03_storm_rhash(void **state __unused_arg)
{
	run_storm(make(BPF_MAP_TYPE_RHASH, 8, 24, 4096, BPF_F_NO_PREALLOC), KEYS_MAX, keyed_step, keyed_end);
}

static void M03_storm_lpm_trie(void **state __unused_arg)
{
	run_storm(make(BPF_MAP_TYPE_LPM_TRIE, 8, 24, 512, BPF_F_NO_PREALLOC), 64, keyed_step, keyed_end);
}

static void M03_storm_queue_stack(void **state __unused_arg)
{
	run_storm(make(BPF_MAP_TYPE_QUEUE, 0, 24, 64, 0), 0, queue_step, stream_end);
	run_storm(make(BPF_MAP_TYPE_STACK, 0, 24, 64, 0), 0, queue_step, stream_end);
}

static void M03_storm_ringbuf(void **state __unused_arg)
{
	run_storm(make(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0), 0, ring_step, stream_end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M03_storm_hash),	 cmocka_unit_test(M03_storm_lru),
		cmocka_unit_test(M03_storm_rhash),	 cmocka_unit_test(M03_storm_lpm_trie),
		cmocka_unit_test(M03_storm_queue_stack), cmocka_unit_test(M03_storm_ringbuf),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
