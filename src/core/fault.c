/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.c - the table is read by the signal handler while another thread changes it. Each row has
 * a sequence number, odd while the row is being written; a reader that sees it change tries the
 * row again. It cannot wait for ever: writers block all signals, so none is interrupted by the
 * very handler that waits.
 */
#include "core/fault.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

struct range {
	u32 seq;
	u64 start, end; /* start == end: free */
	fault_fn handler;
	void *ctx;
};

static struct range ranges[FAULT_RANGES_MAX]; /* written under lock */
static u32 range_cnt;			      /* rows ever used; atomic */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool installed, declined;
static struct sigaction old_segv, old_bus;

#if defined(__x86_64__)
#define UC_PC(uc) (*(u64 *)&(uc)->uc_mcontext.gregs[REG_RIP])
#elif defined(__aarch64__)
#define UC_PC(uc) (*(u64 *)&(uc)->uc_mcontext.pc)
#elif defined(__riscv) && __riscv_xlen == 64
#define UC_PC(uc) (*(u64 *)&(uc)->uc_mcontext.__gregs[REG_PC])
#endif

#ifdef UC_PC
static bool range_read(const struct range *row, struct range *ret_range)
{
	u32 seq;

	do {
		seq = __atomic_load_n(&row->seq, __ATOMIC_ACQUIRE);
		ret_range->start = __atomic_load_n(&row->start, __ATOMIC_RELAXED);
		ret_range->end = __atomic_load_n(&row->end, __ATOMIC_RELAXED);
		ret_range->handler = __atomic_load_n(&row->handler, __ATOMIC_RELAXED);
		ret_range->ctx = __atomic_load_n(&row->ctx, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((seq & 1) || __atomic_load_n(&row->seq, __ATOMIC_RELAXED) != seq);
	return ret_range->start != ret_range->end;
}

static bool fix(siginfo_t *info, ucontext_t *uc)
{
	struct fault fault = { .pc = UC_PC(uc), .addr = (u64)(uintptr_t)info->si_addr, .ucontext = uc };
	u32 cnt = __atomic_load_n(&range_cnt, __ATOMIC_ACQUIRE);
	struct range range;
	u64 to;

	if (info->si_code <= 0) /* sent by kill(), not by an instruction */
		return false;
	for (u32 i = 0; i < cnt; i++) {
		if (!range_read(&ranges[i], &range) || fault.pc < range.start || fault.pc >= range.end)
			continue;
		if (!range.handler(range.ctx, &fault, &to))
			return false;
		UC_PC(uc) = to;
		return true;
	}
	return false;
}

/* As if ours had not been there: the application's handler, or the default. */
static void chain(int sig, siginfo_t *info, void *uc)
{
	const struct sigaction *old = sig == SIGSEGV ? &old_segv : &old_bus;
	sigset_t before;

	if (old->sa_handler == SIG_IGN && info->si_code <= 0)
		return;
	if (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN) {
		/* The instruction faults again on return and then kills, with the right core. */
		struct sigaction dfl = { .sa_handler = SIG_DFL };

		sigaction(sig, &dfl, NULL);
		if (info->si_code <= 0)
			raise(sig);
		return;
	}
	pthread_sigmask(SIG_BLOCK, &old->sa_mask, &before);
	if (old->sa_flags & SA_SIGINFO)
		old->sa_sigaction(sig, info, uc);
	else
		old->sa_handler(sig);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void on_fault(int sig, siginfo_t *info, void *uc)
{
	int saved_errno = errno;

	if (!fix(info, uc))
		chain(sig, info, uc);
	errno = saved_errno;
}

static int install_one(int sig, struct sigaction *old)
{
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK },
			 prev;

	sigemptyset(&act.sa_mask);
	if (sigaction(sig, NULL, &prev))
		return -errno;
	if ((prev.sa_flags & SA_SIGINFO) && prev.sa_sigaction == on_fault)
		return 0;
	*old = prev; /* before ours can be called */
	return sigaction(sig, &act, NULL) ? -errno : 0;
}

static int install(void)
{
	int err = install_one(SIGSEGV, &old_segv);

	if (!err)
		err = install_one(SIGBUS, &old_bus);
	installed |= !err;
	return err;
}
#else
static int install(void)
{
	return -EOPNOTSUPP;
}
#endif

static void lock_table(sigset_t *ret_old)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, ret_old);
	pthread_mutex_lock(&lock);
}

static void unlock_table(const sigset_t *old)
{
	pthread_mutex_unlock(&lock);
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

static void range_write(struct range *row, u64 start, u64 end, fault_fn handler, void *ctx)
{
	__atomic_add_fetch(&row->seq, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&row->start, start, __ATOMIC_RELAXED);
	__atomic_store_n(&row->end, end, __ATOMIC_RELAXED);
	__atomic_store_n(&row->handler, handler, __ATOMIC_RELAXED);
	__atomic_store_n(&row->ctx, ctx, __ATOMIC_RELAXED);
	__atomic_add_fetch(&row->seq, 1, __ATOMIC_RELEASE);
}

/* A free row, NULL and the error in *ret_err. */
static struct range *row_for(u64 start, u64 end, int *ret_err)
{
	struct range *free = NULL;

	for (u32 i = 0; i < range_cnt; i++) {
		if (ranges[i].start == ranges[i].end) {
			free = &ranges[i];
		} else if (start < ranges[i].end && ranges[i].start < end) {
			*ret_err = -EEXIST;
			return NULL;
		}
	}
	if (free)
		return free;
	if (range_cnt == FAULT_RANGES_MAX) {
		*ret_err = -ENOSPC;
		return NULL;
	}
	__atomic_store_n(&range_cnt, range_cnt + 1, __ATOMIC_RELEASE);
	return &ranges[range_cnt - 1];
}

int fault_register_range(const void *start, size_t len, fault_fn handler, void *ctx)
{
	u64 from = (u64)(uintptr_t)start, to;
	struct range *row;
	sigset_t old;
	int err = 0;

	if (!len || !handler || __builtin_add_overflow(from, (u64)len, &to))
		return -EINVAL;
	lock_table(&old);
	if (declined)
		err = -EOPNOTSUPP;
	else if (!installed)
		err = install();
	if (!err) {
		row = row_for(from, to, &err);
		if (row)
			range_write(row, from, to, handler, ctx);
	}
	unlock_table(&old);
	return err;
}

int fault_unregister_range(const void *start)
{
	u64 from = (u64)(uintptr_t)start;
	int err = -ENOENT;
	sigset_t old;

	lock_table(&old);
	for (u32 i = 0; i < range_cnt; i++) {
		if (ranges[i].start != from || ranges[i].end == from)
			continue;
		range_write(&ranges[i], 0, 0, NULL, NULL);
		err = 0;
		break;
	}
	unlock_table(&old);
	return err;
}

int fault_decline(void)
{
	sigset_t old;
	int err;

	lock_table(&old);
	err = installed ? -EBUSY : 0;
	declined |= !err;
	unlock_table(&old);
	return err;
}

int fault_reinstall(void)
{
	sigset_t old;
	int err;

	lock_table(&old);
	err = declined ? -EOPNOTSUPP : install();
	unlock_table(&old);
	return err;
}
