/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c - the interpreter's loop. One body for every form, made from the rows of insn.def: the
 * row's columns are constants, so that sem.h folds to the one operation. Two instances: the plain
 * one, and the one that asks a checker before each insn.
 *
 * Stack: link.c worked out how much the entry needs with all it calls, so one area a run is
 * enough and calls do not recurse in C. A callback enters anew, with an area of its own.
 */
#include "interp/image.h"
#include "interp/sem.h"

#include "core/rcu.h"
#include "core/vcpu.h"

#include <alloca.h>
#include <errno.h>

struct checker {
	interp_check_fn check;
	void *ctx;
	u64 insns_left;
	int err;
};

/* What a call must bring back, and the stack arguments and loop budget of the activation. */
struct frame {
	const struct interp_insn *ret_pc;
	u64 saved[5]; /* R6..R10 of the caller */
	u64 loops;
	u64 out_args[INTERP_MAX_OUT_ARGS];
};

typedef u64 (*native5)(u64, u64, u64, u64, u64);
typedef u64 (*native12)(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64);

/* A native function that takes fewer arguments than it is passed does not look at the rest. */
SEM u64 call_kfunc(u64 addr, const u64 *r, const u64 *more)
{
	return ((native12)(uintptr_t)addr)(r[1], r[2], r[3], r[4], r[5], more[0], more[1], more[2],
					   more[3], more[4], more[5], more[6]);
}

/* NULL: the tail call fails and execution goes on behind it. Only one that is made counts. */
static const struct tail_prog *tail_target(const struct interp_insn *insn, const u64 *r)
{
	struct run_ctx *run = vcpu_current()->run;
	struct tail_slots *slots = (void *)(uintptr_t)insn->imm;
	struct tail_prog **slot = (void *)(uintptr_t)insn->imm;
	struct tail_prog *tail;
	u32 idx = r[3];

	if (insn->off != TAIL_SLOT) {
		if (insn->off == TAIL_DISTANCE)
			slots = (void *)(uintptr_t)(r[2] + insn->imm);
		if (idx >= slots->cnt)
			return NULL;
		slot = &slots->at[idx];
	}
	if (run->tail_calls >= TAIL_CALLS_MAX)
		return NULL;
	tail = rcu_load(*slot);
	run->tail_calls += tail != NULL;
	return tail;
}

static u64 exec_plain(const struct interp_func *entry, const u64 args[5], struct checker *checker);

static bool may_step(struct checker *checker, const struct interp_func *entry,
		     const struct interp_insn *pc, const u64 *r)
{
	if (checker->err)
		return false; /* a callback was stopped */
	if (!checker->insns_left) {
		checker->err = -ELOOP;
		return false;
	}
	checker->insns_left--;
	if (!checker->check(checker->ctx, pc - entry->prog->insns, r))
		checker->err = -ECANCELED;
	return !checker->err;
}

#define ADDR_DST (r[pc->dst] + (s64)pc->off)
#define ADDR_SRC (r[pc->src] + (s64)pc->off)
#define OPERAND(code) ((code) & BPF_X ? r[pc->src] : pc->imm)

#define NEXT                                                                                       \
	do {                                                                                       \
		if (CHECKED && !may_step(checker, entry, pc, r))                                   \
			return 0;                                                                  \
		goto *labels[pc->form];                                                            \
	} while (0)
#define STEP                                                                                       \
	do {                                                                                       \
		pc++;                                                                              \
		NEXT;                                                                              \
	} while (0)
#define JUMP_IF(cond)                                                                              \
	do {                                                                                       \
		pc += (cond) ? pc->off : 1;                                                        \
		NEXT;                                                                              \
	} while (0)

#define RUN_ALU(code, size, op)	     r[pc->dst] = sem_alu(op, size, r[pc->dst], OPERAND(code)); STEP
#define RUN_MOVSX(code, size, op)    r[pc->dst] = sem_movsx(op, size, r[pc->src]); STEP
#define RUN_ENDIAN(code, size, op)   r[pc->dst] = sem_endian(op, size, r[pc->dst]); STEP
#define RUN_LD_IMM64(code, size, op) r[pc->dst] = pc->imm; pc += 2; NEXT
#define RUN_LDX(code, size, op)                                                                    \
	r[pc->dst] = sem_load(ADDR_SRC, size);                                                     \
	if ((op) == OP_LDXSX)                                                                      \
		r[pc->dst] = sem_sext(r[pc->dst], size);                                           \
	STEP
#define RUN_ST(code, size, op)	    sem_store(ADDR_DST, size, pc->imm); STEP
#define RUN_STX(code, size, op)	    sem_store(ADDR_DST, size, r[pc->src]); STEP
#define RUN_LDX_ARG(code, size, op) r[pc->dst] = fp[-1].out_args[pc->off]; STEP
#define RUN_ST_ARG(code, size, op)  fp->out_args[pc->off] = pc->imm; STEP
#define RUN_STX_ARG(code, size, op) fp->out_args[pc->off] = r[pc->src]; STEP
#define RUN_ATOMIC(code, size, op)                                                                 \
	if ((op) == OP_LOAD_ACQ) {                                                                 \
		r[pc->dst] = sem_load_acquire(ADDR_SRC, size);                                     \
	} else if ((op) == OP_STORE_REL) {                                                         \
		sem_store_release(ADDR_DST, size, r[pc->src]);                                     \
	} else {                                                                                   \
		void *mem = (void *)(uintptr_t)ADDR_DST;                                           \
		u64 old = (size) == 4 ? sem_atomic32(op, mem, r[pc->src], r[0]) :                  \
					sem_atomic64(op, mem, r[pc->src], r[0]);                   \
		if ((op) == OP_CMPXCHG)                                                            \
			r[0] = old;                                                                \
		else if ((op) >= OP_FETCH_ADD)                                                     \
			r[pc->src] = old;                                                          \
	}                                                                                          \
	STEP
#define RUN_JCOND(code, size, op)    JUMP_IF(sem_cond(op, size, r[pc->dst], OPERAND(code)))
#define RUN_JA(code, size, op)	     JUMP_IF(true)
#define RUN_MAY_GOTO(code, size, op) JUMP_IF(!fp->loops || !fp->loops--)
#define RUN_CALL(code, size, op)                                                                   \
	if ((op) == OP_SUBPROG)                                                                    \
		goto call_subprog;                                                                 \
	r[0] = (op) == OP_KFUNC ? call_kfunc(pc->imm, r, fp->out_args) :                           \
				  ((native5)(uintptr_t)pc->imm)(r[1], r[2], r[3], r[4], r[5]);     \
	STEP
#define RUN_EXIT(code, size, op)   goto leave
#define RUN_NOSPEC(code, size, op) sem_nospec(); STEP
/* The others are refused by link.c. */
#define RUN_CAST(code, size, op)                                                                   \
	if ((op) != OP_PERCPU)                                                                     \
		__builtin_unreachable();                                                           \
	r[pc->dst] = r[pc->src] + (uintptr_t)vcpu_current();                                       \
	STEP
#define RUN_LD_PKT(code, size, op) __builtin_unreachable()
#define RUN_GOTOX(code, size, op)  pc = (const struct interp_insn *)(uintptr_t)r[pc->dst]; NEXT

#define EXEC	exec_plain
#define CHECKED 0
#include "interp/exec.h"
#undef EXEC
#undef CHECKED
#define EXEC	exec_checked
#define CHECKED 1
#include "interp/exec.h"

u64 interp_run(const struct interp_prog *prog, void *ctx)
{
	return exec_plain(&prog->funcs[0], (u64[5]){ (uintptr_t)ctx }, NULL);
}

/* run_ctx.engine is the checker of a checked run: what it calls back is checked, too. */
u64 interp_call_func(struct run_ctx *run, u64 func, const u64 args[5])
{
	const struct interp_func *entry = (const void *)(uintptr_t)func;

	if (run && run->engine)
		return exec_checked(entry, args, run->engine);
	return exec_plain(entry, args, NULL);
}

int interp_run_checked(const struct interp_prog *prog, void *ctx, interp_check_fn check,
		       void *check_ctx, u64 max_insns, u64 *ret_value)
{
	struct checker checker = { .check = check, .ctx = check_ctx, .insns_left = max_insns };
	struct vcpu *vcpu = vcpu_current();
	struct run_ctx *run = vcpu ? vcpu->run : NULL;
	void *outer = run ? run->engine : NULL;
	u64 value;

	if (run)
		run->engine = &checker;
	value = exec_checked(&prog->funcs[0], (u64[5]){ (uintptr_t)ctx }, &checker);
	if (run)
		run->engine = outer;
	if (checker.err)
		return checker.err;
	*ret_value = value;
	return 0;
}
