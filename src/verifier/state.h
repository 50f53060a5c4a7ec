/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.h - what is known of registers and stack at one point of one path.
 *
 * A verifier_state is a chain of frames and what was acquired. Frames are shared copy-on-write
 * between states: a state that goes on changes its own copy (frame_mut()), the others keep theirs.
 * States that are kept for pruning form a tree through parent: each holds the steps that led to it
 * from its parent, which is what precision is traced back along.
 */
#ifndef SKEP_VERIFIER_STATE_H
#define SKEP_VERIFIER_STATE_H

#include "verifier/env.h"
#include "verifier/scalar.h"

#include <string.h>

enum reg_type {
	NOT_INIT,
	SCALAR_VALUE,
	PTR_TO_CTX,
	CONST_PTR_TO_MAP,
	PTR_TO_MAP_VALUE,
	PTR_TO_MAP_KEY,
	PTR_TO_STACK,
	PTR_TO_PACKET_META,
	PTR_TO_PACKET,
	PTR_TO_PACKET_END,
	PTR_TO_MEM,
	PTR_TO_FUNC,
	PTR_TO_SOCK_COMMON,
	PTR_TO_SOCKET,
	PTR_TO_TCP_SOCK,
	PTR_TO_XDP_SOCK,
	PTR_TO_FLOW_KEYS,
	PTR_TO_TP_BUFFER,
	PTR_TO_INSN,
	REG_TYPE_CNT,
};
#define REG_BASE(type) ((type) & 0xff)
#define PTR_MAYBE_NULL BIT(8)
#define MEM_RDONLY     BIT(9)
#define MEM_RINGBUF    BIT(10)

/* A packet pointer was found to be no smaller than the packet's end; larger. */
#define AT_PKT_END     (-1)
#define BEYOND_PKT_END (-2)

#define MAP_IDX_INNER BIT(31) /* some map that this map of maps holds */

/* A pointer's scalar is its whole offset from the start of what it points to, fixed and variable
 * part in one. */
struct reg_state {
	u32 type; /* enum reg_type and flags */
	/*
	 * Scalars with the same id differ by their deltas only, so a bound on one bounds the others.
	 * Pointers that may be NULL: those with the same id are NULL together. Packet pointers: the
	 * variable part of the offset that they have in common. 0: none.
	 */
	u32 id;
	struct scalar val;
	union {
		u32 map_idx;  /* map types: index of used_maps; with MAP_IDX_INNER the inner one's */
		u32 mem_size; /* PTR_TO_MEM */
		s32 range;    /* packet: bytes after the anchor known to exist; AT_PKT_END, ... */
		u32 frame;    /* PTR_TO_STACK: whose */
		u32 subprog;  /* PTR_TO_FUNC */
	};
	union {
		s32 pkt_off; /* packet: distance from the anchor that the id names */
		s32 delta;   /* scalars with an id: distance from its root, modulo 2^64 */
		u32 map_uid; /* map types: which of several inner maps, where that matters; 0 else */
	};
	u32 ref_id; /* what was acquired with it, 0: nothing */
	bool precise; /* scalars of kept states: their value was relied on */
};
static_assert(sizeof(struct reg_state) <= 64, "a register takes more than a cache line");

enum slot_kind {
	SLOT_INVALID, /* never written */
	SLOT_SPILL,   /* part of the register in slot.reg */
	SLOT_MISC,    /* written, unknown */
	SLOT_ZERO,
	SLOT_POISON, /* dead: nothing reads it before it is written again (V-11) */
};

/* 8 bytes of stack; kind[0] is the byte at the lowest address. A spilled register covers the first
 * 1, 2, 4 or 8 bytes; slot.reg means something only then. */
struct stack_slot {
	struct reg_state reg;
	u8 kind[8];
};
/* Slot number of stack offset @off (negative): 0 is [-8, -1]. */
#define SPI(off) ((u32)(-(off)-1) / 8)
#define STACK_SLOTS (MAX_BPF_STACK / 8)

static inline bool slot_is_spill(const struct stack_slot *slot)
{
	return slot->kind[0] == SLOT_SPILL;
}

struct func_state {
	u32 refs;
	u32 frameno, subprog;
	u32 callsite; /* the calling insn, in the frame above; of main and global entries: none */
	struct reg_state regs[MAX_BPF_REG];
	struct stack_slot *slots;
	u32 slot_cnt, slot_cap;
	bool in_callback;
	bool in_async; /* a callback that runs some time later: it is in no call */
	u32 invocation; /* which call made this frame: another number for each */
	u32 may_goto_depth; /* rounds of may_goto loops in this frame: its hidden counter went down */
	/* The call under way that calls back: its number, and how many iterations were started. */
	u32 callback_call, callback_depth;
	struct func_state *next_free;
};

struct ref_node {
	u32 id, parent, insn_idx;
};

/* One executed insn. */
struct step {
	u32 insn_idx : 20; /* a program has at most a million */
	u32 frameno : 3;
	u32 spi : 6;
	u32 in_history : 1;
	s8 slot_frame; /* it read or wrote stack slot @spi of this frame at a fixed offset; -1: no */
	/* Linked scalars whose bounds moved together here: [link, link + link_cnt) of state.links. */
	u16 link_cnt;
	u32 link;
	u32 value; /* explain.c: 1 + which of explore.values; 0: none */
};

static_assert(sizeof(struct step) == 16, "paths have a step for each insn");

/* A register (spi < 0) or slot of a frame. */
struct place {
	u8 frameno;
	s8 spi;
	u8 regno;
};

/* A bpf_spin_lock: of which map, through a pointer with which id. */
struct held_lock {
	bool held;
	u32 map_idx, id;
};

struct verifier_state {
	struct verifier_env *env;
	struct func_state *frame[MAX_CALL_FRAMES];
	u32 curframe;
	VEC(struct ref_node) refs;
	struct held_lock lock;
	/* From the parent's insn to here. */
	VEC(struct step) steps;
	VEC(struct place) links;
	/* Steps that Linux would remember; with many of them it keeps a state. */
	u32 history;
	struct verifier_state *parent;
	u32 insn_idx; /* of kept and pending states: where it goes on */
	u32 prev_idx; /* the insn before that */
	u64 log_pos;  /* of pending states: the log as it was there */
	u32 branches; /* paths from here that are not finished */
	struct verifier_state *next_kept; /* of the same insn, or pending */
	/* Kept states that are no longer looked up live on for their unfinished paths. */
	struct verifier_state *dropped_next, *dropped_prev;
	bool dropped;
	u32 hits, misses;
	bool speculative; /* only a CPU that guessed a branch, or masked an offset to 0, comes here */
};

/* ---- reading and changing the current state ------------------------------------------------------ */

static inline u32 reg_base_type(const struct reg_state *reg)
{
	return REG_BASE(reg->type);
}

static inline const struct func_state *cur_frame(const struct verifier_env *env)
{
	return env->cur->frame[env->cur->curframe];
}

/* The current frame's register; valid until something is changed. */
static inline const struct reg_state *cur_reg(const struct verifier_env *env, int regno)
{
	return &cur_frame(env)->regs[regno];
}

/* The frame for changing: a copy of its own when it was shared. Memory is reserved beforehand
 * (env->frames_free), so this cannot fail. */
struct func_state *frame_mut(struct verifier_env *env, struct verifier_state *state, u32 frameno);

static inline struct reg_state *cur_reg_mut(struct verifier_env *env, int regno)
{
	return &frame_mut(env, env->cur, env->cur->curframe)->regs[regno];
}

static inline const struct map_desc *reg_map(const struct verifier_env *env,
					     const struct reg_state *reg)
{
	const struct map_desc *map = &env->used_maps[reg->map_idx & ~MAP_IDX_INNER];

	return reg->map_idx & MAP_IDX_INNER ? map->inner : map;
}

/* Values of which one is not as good as another: their identity says which lock it is. */
static inline bool value_has_identity(const struct verifier_env *env, const struct reg_state *reg)
{
	return btf_field_off(&reg_map(env, reg)->fields, BTF_FIELD_SPIN_LOCK) >= 0;
}

static inline bool reg_is_null(const struct reg_state *reg)
{
	return reg->type == SCALAR_VALUE && scalar_is_const(&reg->val) && !reg->val.bits.value;
}

static inline struct reg_state reg_pointer(u32 type)
{
	return (struct reg_state){ .type = type, .val = scalar_const(0) };
}

static inline struct reg_state reg_number(struct scalar val)
{
	return (struct reg_state){ .type = SCALAR_VALUE, .val = val };
}

void mark_reg_unknown(struct verifier_env *env, int regno); /* any number */
void mark_reg_known(struct verifier_env *env, int regno, u64 val);
void mark_reg_not_init(struct verifier_env *env, int regno);
static inline void reg_set_unknown(struct verifier_env *env __unused_arg, struct reg_state *reg)
{
	*reg = reg_number(scalar_unknown());
}

/* What it pointed to is gone. Its address stays, which not everybody may learn. */
static inline void reg_invalidate(struct verifier_env *env, struct reg_state *reg)
{
	if (env->allow_ptr_leaks)
		reg_set_unknown(env, reg);
	else
		*reg = (struct reg_state){ .type = NOT_INIT };
}

/* All registers and spilled ones of all frames, for changing:
 *	struct reg_iter it; struct reg_state *reg;
 *	for_each_reg(&it, state, reg) ... */
struct reg_iter {
	struct verifier_state *state;
	u32 frameno, pos;
};
void reg_iter_start(struct reg_iter *it, struct verifier_state *state);
struct reg_state *reg_iter_next(struct reg_iter *it);
#define for_each_reg(it, state, reg)                                                               \
	for (reg_iter_start((it), (state)); ((reg) = reg_iter_next(it));)

/* ---- checks of registers -------------------------------------------------------------------------- */

int check_reg_read(struct verifier_env *env, int regno);
/* Would using the register as a number tell an address to somebody who may not know any. */
bool is_pointer_value(const struct verifier_env *env, int regno);
/* "R1 leaks addr into map". */
int check_leak(struct verifier_env *env, int regno, const char *where);
/* R10 cannot be written. */
int check_reg_write(struct verifier_env *env, int regno);

/* ---- stack.c ---------------------------------------------------------------------------------------- */

struct mem_access;
struct call_site;
int stack_access(struct verifier_env *env, const struct mem_access *acc);
/* Marks what @live (explore.h) does not have of a frame of the current state as dead. */
struct stack_mask;
void stack_poison(struct verifier_env *env, u32 frameno, const struct stack_mask *live);
/* Stack that a helper or callee reads, or writes; what is written becomes unknown. */
int check_stack_range(struct verifier_env *env, int regno, s32 off, u32 size, bool zero_ok,
		      bool write, struct call_site *call);
/* The number that the @size bytes of stack at the register's constant offset hold for sure; marks
 * it as relied on. *ret_known false: not known. */
int stack_const_key(struct verifier_env *env, int regno, u32 size, u64 *ret_key, bool *ret_known);

/* ---- backtrack.c -------------------------------------------------------------------------------------- */

/* The scalar in @regno is relied on: marks what it was computed from in the states kept so far. */
int mark_precise(struct verifier_env *env, int regno);
int mark_slot_precise(struct verifier_env *env, u32 frameno, u32 spi);
/* All scalars that are set in @old and were relied on there; all of @env->cur when @old is NULL. */
int mark_like(struct verifier_env *env, const struct verifier_state *old);

/* ---- subprog.c ------------------------------------------------------------------------------------------ */

/* The helper at @insn_idx calls @subprog back: a pending state in which it runs once more, with
 * @args in r1..r5, and then comes back to @insn_idx. The current state goes on behind the call. */
int push_callback(struct verifier_env *env, u32 insn_idx, u32 subprog, const struct reg_state args[5]);
/* May there be one more iteration when there are at most @max. */
bool callback_wanted(struct verifier_env *env, u64 max);

/* ---- vlogfmt.c -------------------------------------------------------------------------------------------- */

const char *reg_type_str(u32 type); /* "map_value_or_null"; a small ring of buffers */
const char *tnum_str(char *buf, size_t size, struct tnum bits); /* a number, or "(0x0; 0xff)" */

#endif
