/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limits.c - runs of an instance that end early: too many insns, too long, or because the application says so.
 *
 * Interpreted runs ask check() before each insn (runtime.h, struct run_checker). A run that is stopped there drops
 * nothing that it holds, so one whose program may hold anything is let go on: it ends by itself, as the verifier
 * saw to.
 */
#include "core/clock.h"
#include "core/vcpu.h"
#include "runtime/runtime.h"

#include <skep/skep.h>

#include <errno.h>
#include <linux/bpf.h>
#include <unistd.h>

#define CLOCK_EVERY 64 /* insns between two looks at the clock; a power of two */

/* The outermost run of this thread. */
static __thread struct {
	u64 insns, until_ns; /* until_ns 0: it has not begun */
	bool overran, stopped;
} this_run;

static bool sym_holds(const struct xlated_sym *sym)
{
	static const u32 acquiring[] = { BPF_FUNC_spin_lock, BPF_FUNC_sk_lookup_tcp, BPF_FUNC_sk_lookup_udp,
					 BPF_FUNC_skc_lookup_tcp, BPF_FUNC_ringbuf_reserve, BPF_FUNC_ringbuf_reserve_dynptr,
					 BPF_FUNC_kptr_xchg };

	if (sym->kind == SYM_KFUNC)
		return true;
	for (size_t i = 0; sym->kind == SYM_HELPER && i < ARRAY_SIZE(acquiring); i++) {
		if (sym->idx == acquiring[i])
			return true;
	}
	return false;
}

/* Whether there is anything in it that takes what must be given back. */
static bool prog_holds(const struct skep_prog *prog)
{
	struct skep_prog_info info;

	skep_prog_info(prog, &info);
	for (u32 i = 0; i < info.xlated->sym_cnt; i++) {
		if (sym_holds(&info.xlated->syms[i]))
			return true;
	}
	return false;
}

/* Extensions run as part of the program that they extend. */
static bool extension_holds(struct skep *skep)
{
	bool holds = false;
	u32 id = 0;

	while (!holds && !skep_next_id(skep, OBJ_PROG, id, &id)) {
		struct skep_prog *prog = skep_prog_by_id(skep, id);
		struct skep_prog_info info;

		if (!prog)
			continue;
		skep_prog_info(prog, &info);
		holds = info.type == BPF_PROG_TYPE_EXT && prog_holds(prog);
		skep_prog_put(prog);
	}
	return holds;
}

static bool may_stop(void)
{
	for (const struct run_ctx *run = vcpu_current()->run; run; run = run->prev) {
		if (prog_holds(run->prog) || extension_holds(run->skep))
			return false;
	}
	return true;
}

static bool has_overrun(const struct skep_limits *limits)
{
	if (limits->max_insns && this_run.insns > limits->max_insns)
		return true;
	if (this_run.insns % CLOCK_EVERY)
		return false;
	return (limits->deadline_ns && host_now_ns() >= this_run.until_ns) ||
	       (limits->stop && __atomic_load_n(limits->stop, __ATOMIC_RELAXED));
}

static bool check(void *ctx, u32 xlated_idx, const u64 regs[ISA_REG_CNT])
{
	const struct skep_limits *limits = ctx;

	(void)xlated_idx, (void)regs;
	if (!this_run.until_ns) {
		this_run.until_ns = host_now_ns() + limits->deadline_ns;
		this_run.insns = 0;
		this_run.overran = this_run.stopped = false;
	}
	this_run.insns++;
	if (likely(this_run.overran || !has_overrun(limits)))
		return true;
	this_run.overran = true;
	this_run.stopped = may_stop();
	return !this_run.stopped;
}

static void done(void *ctx, int err)
{
	(void)ctx, (void)err;
	if (!vcpu_current()->run->prev)
		this_run.until_ns = 0;
}

/* What it makes of a program that only returns. */
static int runs_machine_code(struct skep *skep)
{
	static const struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insns = (uintptr_t)insns,
				.insn_cnt = ARRAY_SIZE(insns), .license = (uintptr_t) "GPL" };
	struct bpf_prog_info info = { 0 };
	union bpf_attr ask = { .info = { .info_len = sizeof(info), .info = (uintptr_t)&info } };
	long fd = skep_bpf_call(skep, BPF_PROG_LOAD, &load, sizeof(load)), err;

	if (fd < 0)
		return fd;
	ask.info.bpf_fd = fd;
	err = skep_bpf_call(skep, BPF_OBJ_GET_INFO_BY_FD, &ask, sizeof(ask));
	close(fd);
	return err ? err : info.jited_prog_len != 0;
}

int skep_set_limits(struct skep *skep, const struct skep_limits *limits)
{
	int err;

	if (!limits) {
		skep_check_runs(skep, NULL);
		return 0;
	}
	if (limits->sz != sizeof(*limits))
		return -EINVAL;
	err = runs_machine_code(skep);
	if (err)
		return err > 0 ? -EOPNOTSUPP : err;
	skep_check_runs(skep, &(struct run_checker){ .check = check, .done = done, .ctx = (void *)limits,
						     .max_insns = UINT64_MAX });
	return 0;
}

enum skep_run_end skep_last_run(void)
{
	return this_run.stopped ? SKEP_RUN_STOPPED : this_run.overran ? SKEP_RUN_OVERRAN : SKEP_RUN_ENDED;
}
