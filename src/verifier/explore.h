/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explore.h - the walk over all paths, shared by its files: explore.c walks, alu.c and branch.c do
 * the insns, subprog.c calls and exits, states.c keeps and compares states, backtrack.c traces
 * precision, facts.c joins what every visit knew, vlogfmt.c writes the log.
 */
#ifndef SKEP_VERIFIER_EXPLORE_H
#define SKEP_VERIFIER_EXPLORE_H

#include "verifier/checks.h"

struct facts;

/* 128 units of 4 bytes; bit 0 is [-512, -509]. */
struct stack_mask {
	u64 w[2];
};

/* A callback that runs later, with an element of a map. */
struct async_entry {
	u32 subprog, map_idx;
};

struct explore {
	struct verifier_state *pending; /* stack of paths to follow, through next_kept */
	u32 pending_cnt;
	struct verifier_state **kept; /* by insn and call (states.c): states for pruning, newest first */
	struct verifier_state *dropped; /* no longer in kept, but paths from there are under way */
	struct verifier_state *free_states;
	struct func_state *free_frames;
	struct func_state *spare;     /* where writes go once memory is short */
	bool oom;
	bool every_window; /* spec.c: numbers must be equal to be covered */
	bool in_insn; /* the last step of the current state is the insn being done */
	u16 *live; /* by insn: registers that are read later */
	struct stack_mask *stack_live; /* by insn: parts of the frame's own stack that are read later */
	u32 insns_processed, jumps_processed, insns_at_keep, jumps_at_keep;
	u32 kept_cnt, peak_kept, total_kept, max_kept_per_insn;
	u32 prev_idx; /* the insn done before */
	u32 invocations; /* frames and calls that call back, numbered */
	VEC(struct async_entry) asyncs; /* followed one after the other when the rest is done */
	u32 asyncs_done;
	struct facts *facts; /* NULL: not wanted */
	struct cost *cost; /* NULL: not wanted */
	bool cost_is_late; /* only what comes after DIAGNOSE_FROM, for the log */
	bool explain;
	VEC(struct reg_state) values; /* explain.c: what steps left in their registers */
	/* log: registers and slots that the last insn touched; whether the way here is to be told; where
	 * the text of the last insn ends, and how long it is */
	bool log_on, log_from;
	u32 log_regs;
	u64 log_slots;
	const struct bpf_line_info *log_line;
	u64 log_insn_end;
	u32 log_insn_len;
};

enum path { PATH_ON, PATH_OVER }; /* other results are negative errnos */

/* state.c */
struct func_state *frame_new(struct verifier_env *env, u32 frameno, u32 subprog, u32 callsite);
void frame_put(struct explore *ex, struct func_state *frame);
bool frame_grow(struct verifier_env *env, struct verifier_state *state, u32 frameno, u32 slot_cnt);
/* A copy with the frames shared; steps are copied too. NULL: no memory. */
struct verifier_state *state_clone(struct verifier_env *env, const struct verifier_state *from);
struct verifier_state *state_alloc(struct verifier_env *env);
void state_free(struct verifier_state *state);
/* What was put and kept for later. How many bytes that was: when all has been put, the most that there was. */
u64 states_free_all(struct explore *ex);

/* explore.c */
int explore_subprog(struct verifier_env *env, u32 sub_idx);
/* A path to follow later, from @insn_idx: a copy of the current state. NULL: reject()ed or no memory. */
struct verifier_state *push_path(struct verifier_env *env, u32 insn_idx);

/* fields.c: r1..r5 of the current state, which is all new */
void async_set_entry(struct verifier_env *env, const struct async_entry *entry);

/* alu.c */
int do_alu(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info);
int do_movsx(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info);
int do_endian(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info);
/* A copy of a number shares its identity, so that bounds on one are bounds on the other. */
void share_id(struct verifier_env *env, struct reg_state *reg);

/* branch.c: moves env->insn_idx. */
int do_branch(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info);
int do_may_goto(struct verifier_env *env, u32 insn_idx);
int do_gotox(struct verifier_env *env, u32 insn_idx);

/* subprog.c: move env->insn_idx. */
int do_subprog_call(struct verifier_env *env, u32 insn_idx);
int do_exit(struct verifier_env *env); /* PATH_ON: back in the caller; PATH_OVER */
int do_tail_call(struct verifier_env *env);
int do_ld_pkt(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info);
int check_stack_depth(struct verifier_env *env);

/* spec.c */
/* One addition to or subtraction from a pointer while it is looked at. */
struct ptr_move {
	const struct reg_state *ptr, *off;
	bool ptr_is_dst;
	u8 op;
	/* spec.c's own, between before and after: which way, how far at most, how to mask */
	bool to_left;
	u8 state;
	u32 room;
};
enum { SPEC_NUMBER = 1, /* no pointer: must stay one */
       SPEC_OFF_IN_SRC = 2, SPEC_OFF_IN_DST = 4, SPEC_NEGATIVE = 8, SPEC_CONST = 16 };
int spec_before_move(struct verifier_env *env, struct ptr_move *move);
/* The result is in the destination register. */
int spec_after_move(struct verifier_env *env, struct ptr_move *move);
int spec_number(struct verifier_env *env, u8 op);
/* A branch is decided, and a CPU may guess that it goes to @other_idx. */
int spec_branch(struct verifier_env *env, const struct bpf_insn *insn, bool src_is_reg, u32 other_idx);
/* The refusal @err on a speculative path: a barrier keeps the CPU from getting there. False: it is one. */
bool spec_recovers(struct verifier_env *env, u32 insn_idx, int err);

/* states.c */
/* At a prune point: PATH_OVER when what follows was found safe already; keeps the state when due. */
int prune(struct verifier_env *env);
/* One path from the kept state @st is over, and with it perhaps all of them there and further up. */
void finish_paths(struct explore *ex, struct verifier_state *st);
/* Registers of frame @n that can be read from @insn_idx on: the others are not compared. */
u16 live_in_frame(const struct verifier_env *env, const struct verifier_state *st, u32 n, u32 insn_idx);
/* At a callback's return: numbers that changed since the last iteration become unknown, unless they
 * were relied on. */
void widen_iteration(struct verifier_env *env, struct verifier_state *cur, u32 insn_idx, bool here);

/* backtrack.c */
/* What is asked after, by frame: registers and stack slots as they stand before an insn. */
struct demand {
	u16 regs[MAX_CALL_FRAMES];
	u64 slots[MAX_CALL_FRAMES];
};
/* Where the insn after a step was, to tell which way a call or an exit went. */
struct next_step {
	u32 insn_idx, frameno;
};
/* What was demanded after @step becomes what it takes before it. */
void step_back(const struct verifier_env *env, const struct verifier_state *st, const struct step *step,
	       const struct next_step *next, struct demand *d);
int note_step(struct verifier_env *env, u32 insn_idx);
/* What the step just noted did: slot @spi of frame @frameno; bounds moved together. */
void note_slot(struct verifier_env *env, u32 frameno, u32 spi);
bool note_link(struct verifier_env *env, struct place place);

/* constregs.c: writes notes[].way */
int const_regs_compute(struct verifier_env *env);
/*
 * Where an insn leads to, without the way that a decided branch never goes, and with all that gotox may
 * go to:
 *	struct succs it; u32 to;
 *	for_each_succ(&it, env, idx, to) ...
 */
struct succs {
	const struct verifier_env *env;
	s64 near[2];
	u32 near_cnt, far, far_cnt; /* far: of env->indirect */
};
void succs_start(struct succs *it, const struct verifier_env *env, u32 idx);
bool succs_next(struct succs *it, u32 *ret_idx);
#define for_each_succ(it, env, idx, to)                                                            \
	for (succs_start((it), (env), (idx)); succs_next((it), &(to));)

/* livereg.c */
u16 *live_regs(struct verifier_env *env);

/* stacklive.c */
int stack_live_compute(struct verifier_env *env, struct stack_mask **ret_live);

/* facts.c */
struct facts *facts_new(struct verifier_env *env);
void facts_free(struct facts *facts);
/* A jump narrowed @regs (BIT(n)), and what its step has as linked. */
void facts_refined(struct verifier_env *env, u32 insn_idx, u16 regs);
void facts_visit(struct verifier_env *env, u32 insn_idx);
/* The path ends at @insn_idx because @old covers it, but numbers that were not compared may differ. */
void facts_pruned(struct verifier_env *env, u32 insn_idx, const struct verifier_state *old,
		  bool all_numbers);
/* Moves the result out: insn_cnt rows of 11. */
struct reg_fact (*facts_finish(struct verifier_env *env))[11];

/* cost.c */
enum diff_kind { DIFF_PATH, DIFF_CALLS, DIFF_REFS, DIFF_LOCK, DIFF_ROUNDS, DIFF_REG, DIFF_SLOT };
/* The first difference of two states for which the one does not cover the other. */
struct state_diff {
	enum diff_kind kind;
	u32 frame, at; /* register, slot */
};
struct cost *cost_new(void);
void cost_free(struct cost *cost);
/* An insn counts as processed. */
void cost_step(struct verifier_env *env);
void cost_miss(struct verifier_env *env, const struct verifier_state *old, const struct state_diff *diff);
void cost_finish(struct verifier_env *env, struct vcost *ret);
void vcost_free(struct vcost *cost);

/* diagnose.c */
#define MAX_PROCESSED 1000000 /* insns */
#define DIAGNOSE_FROM 900000
/* That many insns are processed: from here on they are counted. */
void diagnose_start(struct verifier_env *env);
/* The limit is hit: tells the log why. */
void diagnose_limit(struct verifier_env *env);

/* explain.c */
/* The last step is done: what does it leave in its register? */
void explain_note(struct verifier_env *env);
/* Fills res->explain of what was just refused. */
void explain_refusal(struct verifier_env *env);

/* vlogfmt.c */
/* "R2=scalar(...)"; "fp-8=..." */
void put_known(struct strbuf *out, const struct verifier_env *env, u32 frameno, u32 regno,
	       const struct reg_state *reg);
/* The same without the name. */
void put_value(struct strbuf *out, const struct verifier_env *env, u32 frameno, const struct reg_state *reg);
void put_insn(struct strbuf *out, const struct verifier_env *env, u32 insn_idx);
/* All that is known in frame @frameno, on the line that was begun. */
void log_state(struct verifier_env *env, const struct verifier_state *state, u32 frameno);
void log_insn(struct verifier_env *env, u32 insn_idx);
/* What the last insn touched, behind its text when nothing was logged since, else after @insn_idx. */
void log_touched(struct verifier_env *env, u32 insn_idx);
void log_insn_text(struct verifier_env *env, u32 insn_idx);
/* The path ends at @insn_idx, which was found safe before. */
void log_safe(struct verifier_env *env, u32 insn_idx);
void log_live_regs(struct verifier_env *env);
static inline void log_touched_regs(struct verifier_env *env, u32 regs)
{
	env->ex->log_regs |= regs;
}
static inline void log_touched_slot(struct verifier_env *env, u32 spi)
{
	env->ex->log_slots |= BIT_ULL(spi);
}
static inline void log_touched_all(struct verifier_env *env)
{
	env->ex->log_regs = UINT32_MAX;
	env->ex->log_slots = UINT64_MAX;
}

#endif
