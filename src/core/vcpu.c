/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vcpu.c - who has which vCPU.
 *
 * Each thread has a seat per instance: which vCPU it keeps, and how deep it is in runs. Entering
 * writes depth, then reads the vCPU; taking an idle thread's vCPU clears that vCPU, then reads
 * depth. One of the two must see the other, which needs a full barrier on both sides; the taker
 * pays for both with membarrier(2), so that a run costs two plain stores and no atomic operation.
 * Where membarrier is missing, entering has a fence.
 *
 *	enter			take (under the lock)
 *	depth = 1		victim->vcpu = NULL
 *	(compiler barrier)	membarrier
 *	vcpu ? run : slow	victim->depth ? victim->vcpu = back : mine
 *
 * Everything but the fast path is under one lock for the process, with signals blocked: a handler
 * on the thread that holds it could come back for it. The seats of a thread that ends are emptied
 * by its TLS destructor, under the lock, so a seat that a vCPU names is memory that still exists.
 */
#include "core/vcpu.h"

#include "core/rcu.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TLS_IE __attribute__((tls_model("initial-exec")))

#define NEST_MAX 16

struct seat {
	struct vcpu_set *set;
	struct vcpu *vcpu; /* atomic; NULL: none, or somebody looks whether it can be taken */
	u32 depth;	   /* atomic; written by the thread only */
	u32 bound;	   /* vCPU id + 1, 0: not bound */
	/* The thread's own note of what it runs on. A nested enter goes by it: vcpu may read NULL
	 * for the moment in which another thread finds out that it cannot be taken. */
	struct vcpu *running;
	struct vcpu *outer[NEST_MAX]; /* vcpu_current() before each level */
};

struct slot {
	struct vcpu vcpu; /* first */
	struct seat *seat; /* who keeps it; under the lock */
	u32 bound_cnt;	   /* 1 when a thread is bound to it */
};

struct vcpu_set {
	u32 cnt;
	u32 waiters;  /* atomic */
	u32 released; /* futex: counts leaves that a waiter may be after */
	struct vcpu_set *next, **link;
	struct slot slots[];
};

struct seats {
	struct seat at[VCPU_SETS_PER_THREAD];
	bool locked; /* this thread is in the slow path */
	bool listed; /* and its TLS destructor armed */
	struct seats *next, **link; /* under vcpu_lock */
};

__thread struct vcpu *vcpu_current_tls;
static __thread TLS_IE struct seats seats;
static pthread_mutex_t vcpu_lock = PTHREAD_MUTEX_INITIALIZER;
static struct vcpu_set *sets; /* under vcpu_lock, for fork() */
static struct seats *threads; /* under vcpu_lock: who may have a seat of a set that is freed */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key;
static bool has_membarrier;

struct held {
	sigset_t old;
};

static struct held lock_all(void)
{
	struct held held;
	sigset_t all;

	sigfillset(&all);
	seats.locked = true;
	pthread_sigmask(SIG_SETMASK, &all, &held.old);
	pthread_mutex_lock(&vcpu_lock);
	return held;
}

static void unlock_all(const struct held *held)
{
	pthread_mutex_unlock(&vcpu_lock);
	pthread_sigmask(SIG_SETMASK, &held->old, NULL);
	seats.locked = false;
}

static struct slot *slot_of(struct vcpu *vcpu)
{
	return container_of(vcpu, struct slot, vcpu);
}

static inline void fast_barrier(void)
{
	if (likely(has_membarrier))
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	else
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void slow_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (has_membarrier)
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

/* Under the lock: @seat keeps no vCPU and is bound to none. */
static void seat_clear(struct seat *seat)
{
	if (seat->vcpu)
		slot_of(seat->vcpu)->seat = NULL;
	if (seat->bound)
		seat->set->slots[seat->bound - 1].bound_cnt = 0;
	memset(seat, 0, sizeof(*seat));
}

static void wake_waiters(struct vcpu_set *set)
{
	__atomic_add_fetch(&set->released, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &set->released, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

static void thread_exit(void *arg)
{
	struct seats *mine = arg;
	struct held held = lock_all();

	for (u32 i = 0; i < VCPU_SETS_PER_THREAD; i++) {
		struct vcpu_set *set = mine->at[i].set;

		if (!set)
			continue;
		seat_clear(&mine->at[i]);
		wake_waiters(set);
	}
	*mine->link = mine->next;
	if (mine->next)
		mine->next->link = mine->link;
	mine->listed = false;
	unlock_all(&held);
}

static void fork_prepare(void)
{
	pthread_mutex_lock(&vcpu_lock);
}

static void fork_parent(void)
{
	pthread_mutex_unlock(&vcpu_lock);
}

/* The other threads are gone, and with them what they kept. */
static void fork_child(void)
{
	threads = NULL;
	if (seats.listed) {
		seats.next = NULL;
		seats.link = &threads;
		threads = &seats;
	}
	for (struct vcpu_set *set = sets; set; set = set->next) {
		set->waiters = 0;
		for (u32 i = 0; i < set->cnt; i++) {
			struct slot *slot = &set->slots[i];
			bool mine = slot->seat >= seats.at &&
				    slot->seat < seats.at + VCPU_SETS_PER_THREAD;

			if (mine)
				continue;
			slot->seat = NULL;
			slot->vcpu.run = NULL;
			slot->bound_cnt = 0;
		}
	}
	for (u32 i = 0; i < VCPU_SETS_PER_THREAD; i++) {
		if (seats.at[i].bound)
			seats.at[i].set->slots[seats.at[i].bound - 1].bound_cnt = 1;
	}
	pthread_mutex_unlock(&vcpu_lock);
}

static void init_once(void)
{
	has_membarrier = !syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
	if (pthread_key_create(&exit_key, thread_exit) ||
	    pthread_atfork(fork_prepare, fork_parent, fork_child))
		abort(); /* at start-up, out of keys: nothing works */
}

struct vcpu_set *vcpu_set_new(u32 cnt)
{
	struct vcpu_set *set;
	struct held held;
	size_t size;

	if (!cnt || cnt > VCPU_MAX)
		return NULL;
	pthread_once(&once, init_once);
	size = round_up_to(sizeof(*set) + cnt * sizeof(struct slot), 64);
	set = aligned_alloc(64, size);
	if (!set)
		return NULL;
	memset(set, 0, size);
	set->cnt = cnt;
	for (u32 i = 0; i < cnt; i++)
		set->slots[i].vcpu = (struct vcpu){ .id = i, .set = set };
	held = lock_all();
	set->next = sets;
	set->link = &sets;
	if (sets)
		sets->link = &set->next;
	sets = set;
	unlock_all(&held);
	return set;
}

void vcpu_set_free(struct vcpu_set *set)
{
	struct held held;

	if (!set)
		return;
	held = lock_all();
	/* Also seats that lost their vCPU: a new set may get this one's address. */
	for (struct seats *t = threads; t; t = t->next) {
		for (u32 i = 0; i < VCPU_SETS_PER_THREAD; i++) {
			if (t->at[i].set == set)
				seat_clear(&t->at[i]);
		}
	}
	*set->link = set->next;
	if (set->next)
		set->next->link = set->link;
	unlock_all(&held);
	free(set);
}

u32 vcpu_set_cnt(const struct vcpu_set *set)
{
	return set->cnt;
}

static inline struct seat *seat_find(struct vcpu_set *set)
{
	if (likely(seats.at[0].set == set))
		return &seats.at[0];
	for (u32 i = 1; i < VCPU_SETS_PER_THREAD; i++) {
		if (seats.at[i].set == set)
			return &seats.at[i];
	}
	return NULL;
}

/* Under the lock. */
static struct seat *seat_new(struct vcpu_set *set)
{
	struct seat *idle = NULL;

	for (u32 i = 0; i < VCPU_SETS_PER_THREAD; i++) {
		struct seat *seat = &seats.at[i];

		if (!seat->set) {
			idle = seat;
			break;
		}
		if (!seat->depth && !seat->bound)
			idle = seat;
	}
	if (!idle)
		return NULL;
	seat_clear(idle);
	idle->set = set;
	return idle;
}

static void seat_give(struct seat *seat, struct slot *slot)
{
	slot->seat = seat;
	__atomic_store_n(&seat->vcpu, &slot->vcpu, __ATOMIC_RELEASE);
}

/* Under the lock: the slot for @seat if its keeper is idle. */
static bool slot_take(struct seat *seat, struct slot *slot)
{
	struct seat *victim = slot->seat;

	if (victim) {
		__atomic_store_n(&victim->vcpu, NULL, __ATOMIC_SEQ_CST);
		slow_barrier();
		if (__atomic_load_n(&victim->depth, __ATOMIC_ACQUIRE)) {
			__atomic_store_n(&victim->vcpu, &slot->vcpu, __ATOMIC_SEQ_CST);
			return false;
		}
	}
	seat_give(seat, slot);
	return true;
}

static bool seat_fill(struct seat *seat)
{
	struct vcpu_set *set = seat->set;

	if (seat->vcpu)
		return true;
	if (seat->bound)
		return slot_take(seat, &set->slots[seat->bound - 1]);
	/* A free one; then an idle thread's; those that others are bound to only at the last. */
	for (u32 i = 0; i < set->cnt; i++) {
		if (!set->slots[i].seat && !set->slots[i].bound_cnt && slot_take(seat, &set->slots[i]))
			return true;
	}
	for (u32 bound = 0; bound < 2; bound++) {
		for (u32 i = 0; i < set->cnt; i++) {
			if (set->slots[i].bound_cnt == bound && slot_take(seat, &set->slots[i]))
				return true;
		}
	}
	return false;
}

/* What must hold before the thread has a seat: RCU, and a destructor that empties it. */
static int thread_ready(void)
{
	struct held held;
	int err = rcu_thread_ready();

	if (err || seats.listed)
		return err;
	err = -pthread_setspecific(exit_key, &seats);
	if (err)
		return err;
	held = lock_all();
	seats.next = threads;
	seats.link = &threads;
	if (threads)
		threads->link = &seats.next;
	threads = &seats;
	seats.listed = true;
	unlock_all(&held);
	return 0;
}

/*
 * Waits until the seat has a vCPU. Its depth is 1 already, so what it gets nobody takes; but read
 * it under the lock: after that somebody may be trying.
 */
static struct vcpu *seat_wait(struct seat *seat)
{
	struct vcpu_set *set = seat->set;
	struct timespec limit = { .tv_nsec = 10000000 };
	struct vcpu *vcpu;
	struct held held;
	u32 seen;

	for (;;) {
		__atomic_add_fetch(&set->waiters, 1, __ATOMIC_SEQ_CST);
		seen = __atomic_load_n(&set->released, __ATOMIC_SEQ_CST);
		slow_barrier(); /* who leaves from now on sees waiters */
		held = lock_all();
		vcpu = seat_fill(seat) ? seat->vcpu : NULL;
		unlock_all(&held);
		if (!vcpu)
			syscall(SYS_futex, &set->released, FUTEX_WAIT_PRIVATE, seen, &limit, NULL, 0);
		__atomic_sub_fetch(&set->waiters, 1, __ATOMIC_SEQ_CST);
		if (vcpu)
			return vcpu;
	}
}

static struct vcpu *miss(int err)
{
	errno = err;
	return NULL;
}

static inline struct vcpu *entered(struct seat *seat, struct vcpu *vcpu, u32 depth)
{
	if (!depth)
		seat->running = vcpu;
	seat->outer[depth] = vcpu_current_tls;
	vcpu_current_tls = vcpu;
	return vcpu;
}

static __noinline struct vcpu *enter_slow(struct vcpu_set *set)
{
	struct seat *seat;
	struct held held;

	if (seats.locked)
		return miss(EAGAIN);
	if (thread_ready())
		return miss(ENOMEM);
	held = lock_all();
	seat = seat_find(set);
	if (!seat)
		seat = seat_new(set);
	if (seat)
		__atomic_store_n(&seat->depth, 1, __ATOMIC_SEQ_CST);
	unlock_all(&held);
	if (!seat)
		return miss(EMFILE);
	/* A handler that comes now finds depth 1 and no vCPU: a miss. */
	return entered(seat, seat_wait(seat), 0);
}

static inline struct vcpu *enter_fast(struct seat *seat)
{
	u32 depth = seat->depth;
	struct vcpu *vcpu;

	if (unlikely(depth >= NEST_MAX))
		return NULL;
	__atomic_store_n(&seat->depth, depth + 1, __ATOMIC_RELAXED);
	fast_barrier();
	vcpu = depth && seat->running ? seat->running : __atomic_load_n(&seat->vcpu, __ATOMIC_ACQUIRE);
	if (likely(vcpu))
		return entered(seat, vcpu, depth);
	__atomic_store_n(&seat->depth, depth, __ATOMIC_RELEASE);
	return NULL;
}

struct vcpu *vcpu_enter(struct vcpu_set *set)
{
	struct seat *seat = seat_find(set);
	struct vcpu *vcpu = seat ? enter_fast(seat) : NULL;

	if (likely(vcpu))
		return vcpu;
	/* Nested too deep, or a handler that came while the thread was entering or leaving. */
	if (seat && seat->depth)
		return miss(EAGAIN);
	return enter_slow(set);
}

struct vcpu *vcpu_try_enter(struct vcpu_set *set)
{
	struct seat *seat = seats.locked ? NULL : seat_find(set);
	struct vcpu *vcpu = seat && rcu_is_ready() ? enter_fast(seat) : NULL;

	return vcpu ? vcpu : miss(EAGAIN);
}

void vcpu_leave(struct vcpu *vcpu)
{
	struct vcpu_set *set = vcpu->set;
	struct seat *seat = seat_find(set);
	u32 depth = seat->depth - 1;

	skep_assert(vcpu_current_tls == vcpu && depth < NEST_MAX);
	vcpu_current_tls = seat->outer[depth];
	if (!depth)
		seat->running = NULL;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&seat->depth, depth, __ATOMIC_RELEASE);
	fast_barrier();
	if (!depth && unlikely(__atomic_load_n(&set->waiters, __ATOMIC_RELAXED))) {
		int saved_errno = errno;

		wake_waiters(set);
		errno = saved_errno;
	}
}

int vcpu_bind(struct vcpu_set *set, u32 id)
{
	struct seat *seat;
	struct held held;
	int err;

	if (id >= set->cnt)
		return -EINVAL;
	if (seats.locked)
		return -EBUSY;
	err = thread_ready();
	if (err)
		return err;
	held = lock_all();
	seat = seat_find(set);
	if (!seat)
		seat = seat_new(set);
	if (!seat || seat->depth || (set->slots[id].bound_cnt && seat->bound != id + 1)) {
		err = -EBUSY;
	} else {
		seat_clear(seat);
		seat->set = set;
		seat->bound = id + 1;
		set->slots[id].bound_cnt = 1;
	}
	unlock_all(&held);
	return err;
}

void vcpu_unbind(struct vcpu_set *set)
{
	struct held held = lock_all();
	struct seat *seat = seat_find(set);

	if (seat && seat->bound) {
		set->slots[seat->bound - 1].bound_cnt = 0;
		seat->bound = 0;
	}
	unlock_all(&held);
}
