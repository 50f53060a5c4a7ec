/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checks.h - what the passes around the exploration offer it: prog.c, check_btf.c, maps.c before;
 * mem.c, ctx.c, pkt.c, call.c, global.c, ref.c for each insn; fixups.c after.
 * 0 is fine; negative is the verdict, and reject() has recorded it.
 */
#ifndef SKEP_VERIFIER_CHECKS_H
#define SKEP_VERIFIER_CHECKS_H

#include "verifier/env.h"
#include "verifier/state.h"

#define ENOTSUPP_KERNEL 524 /* <errno.h> does not name it */

/* ---- before the exploration, in this order ----------------------------------------------------- */

/* Type, flags, size, rights of the caller. */
int prog_check_attr(struct verifier_env *env);
int maps_use_fd_array(struct verifier_env *env);
int btf_check_early(struct verifier_env *env);
int prog_find_subprogs(struct verifier_env *env); /* writes subprogs: start, end */
int prog_check_jumps(struct verifier_env *env);	  /* writes has_tail_call, has_ld_abs */
int btf_check_late(struct verifier_env *env);	  /* writes names, btf_func_id, linkage; lines */
int prog_check_insns(struct verifier_env *env);	  /* fields, registers, maps; writes map notes */
int prog_find_indirect(struct verifier_env *env); /* writes indirect */
int prog_check_cfg(struct verifier_env *env);
int prog_sort_subprogs(struct verifier_env *env); /* writes topo, changes_pkt_data, might_sleep */
int prog_check_named(struct verifier_env *env);
int prog_check_sleepable(struct verifier_env *env);
/* All of the above. */
int prog_check(struct verifier_env *env);

/* maps.c */
int maps_bind_insn(struct verifier_env *env, u32 idx);
void maps_put_all(struct verifier_env *env);
/* The constant at @off of a frozen map that programs cannot write; false when it is none. */
bool map_const_load(const struct map_desc *map, s64 off, u32 size, bool sign, u64 *ret_value);

/* check_btf.c */
struct source_line {
	const char *text, *file; /* without leading blanks; without folders */
	u32 line;
};
/* NULL before the first record. Insns with the same record are of one source line. */
const struct bpf_line_info *btf_line_of(const struct verifier_env *env, u32 insn_idx);
bool btf_line_text(const struct verifier_env *env, u32 insn_idx, struct source_line *ret);

/* ---- each insn ---------------------------------------------------------------------------------- */

struct mem_access {
	u8 regno; /* the pointer */
	s8 value_regno; /* loaded into or stored; -1: none or an immediate */
	s32 off;
	u8 size;
	bool write, sign, strict, is_imm, atomic;
	s32 imm; /* is_imm: what is stored */
};
/* Decides, and for loads marks the register; the caller has checked that registers are readable
 * and, for loads, has called check_reg_write(). */
int check_mem_access(struct verifier_env *env, const struct mem_access *acc);
int check_atomic(struct verifier_env *env, const struct bpf_insn *insn, enum insn_form form);
int check_alignment(struct verifier_env *env, int regno, s32 off, u32 size, bool strict);
/* [off, off + size) from every value of the pointer's offset lies in [0, mem_size). */
int check_region(struct verifier_env *env, int regno, s32 off, u32 size, u32 mem_size, bool zero_ok);
int check_unmodified(struct verifier_env *env, int regno, bool fixed_off_ok);

int ctx_access(struct verifier_env *env, const struct mem_access *acc);
int sock_access(struct verifier_env *env, const struct mem_access *acc);
int flow_keys_access(struct verifier_env *env, const struct mem_access *acc);
int tp_buffer_access(struct verifier_env *env, const struct mem_access *acc);
/* The view that accesses through a pointer of this base type are rewritten by, 0: none; + 1. */
u8 view_of_pointer(u32 base_type);
/* NULL: nothing stands behind it. */
const struct ctx_view *find_view(const struct verifier_env *env, enum view_kind kind);
int pkt_access(struct verifier_env *env, const struct mem_access *acc);
int check_packet(struct verifier_env *env, int regno, s32 off, u32 size, bool zero_ok);
/* 64-bit comparisons with the packet's end. What they teach; false when it is none. */
struct pkt_compare {
	const struct reg_state *dst, *src;
	int dst_regno, src_regno;
	u8 op;
};
bool pkt_learn(struct verifier_env *env, const struct pkt_compare *c, struct verifier_state *taken,
	       struct verifier_state *fall);
int pkt_branch_taken(const struct pkt_compare *c); /* 1 always, 0 never, -1 either */
void pkt_forget(struct verifier_env *env, struct verifier_state *state);

/* A helper call while it is looked at. */
struct call_site {
	const struct helper_proto *proto;
	const struct map_desc *map;
	u32 map_idx;
	u32 map_uid;   /* which of several inner maps; 0: there are none */
	bool is_timer; /* the map is that of the timer in r1 */
	u32 subprog; /* callback */
	u64 size_max; /* largest size passed */
	u32 mem_size; /* of what is allocated */
	u32 release_ref;
	u32 sock_ref; /* what the socket that was passed was acquired with */
	bool key_known;
	u64 key;
};
/* Memory that a helper reads, or writes. @call, when not NULL: the helper writes all of it, so
 * what is on the stack need not be initialised. */
int check_helper_mem(struct verifier_env *env, int regno, u32 size, bool write, bool zero_ok,
		     struct call_site *call);
int check_helper_call(struct verifier_env *env, u32 insn_idx);
bool may_sleep(const struct verifier_env *env); /* where the current state is */

/* fields.c */
/* [@lo, @hi) of a value. @acc NULL: a helper's access. */
int check_map_fields(struct verifier_env *env, const struct map_desc *map, const struct mem_access *acc, s64 lo,
		     s64 hi);
const struct btf_field *pointer_field_at(const struct map_desc *map, s64 at); /* NULL: there is none */
int check_pointer_access(struct verifier_env *env, const struct btf_field *field, const struct mem_access *acc);
int check_kptr_arg(struct verifier_env *env, int regno);
int check_timer_arg(struct verifier_env *env, struct call_site *call, int regno);
int check_timer_map_arg(struct verifier_env *env, const struct call_site *call, int regno);
/* @subprog will be called some time later, with an element of the map. 0 or -ENOMEM. */
int push_async(struct verifier_env *env, u32 subprog, u32 map_idx);

/* lock.c */
int check_map_locks(struct verifier_env *env, const struct map_desc *map);
int process_spin_lock(struct verifier_env *env, int regno, bool lock);
int check_call_under_lock(struct verifier_env *env, u32 helper_id);
int check_global_call_under_lock(struct verifier_env *env);
/* @what: as for ref_check_leak(), which comes first. */
int check_lock_free(struct verifier_env *env, const char *what);

bool in_callback(const struct verifier_env *env);
int check_ld_pkt(struct verifier_env *env, const struct bpf_insn *insn, const struct insn_info *info);

/* format.c */
bool format_is_valid(const char *fmt, u32 arg_cnt);

int ref_acquire(struct verifier_env *env, u32 insn_idx, u32 parent, u32 *ret_id);
int ref_release(struct verifier_env *env, u32 id);
bool ref_is_live(struct verifier_state *state, u32 id);
/* @what: "BPF_EXIT instruction in main prog". */
int ref_check_leak(struct verifier_env *env, const char *what);

/* ---- global subprograms ---------------------------------------------------------------------------- */

int global_prepare(struct verifier_env *env, u32 sub_idx);    /* reads the signature */
/* Of any function, also of another program: @sub->name and .btf_func_id say which. */
int global_signature(struct verifier_env *env, const struct skep_btf *btf, struct subprog *sub);
void global_set_entry(struct verifier_env *env, u32 sub_idx); /* r1..r5 of the current frame */
int global_check_exit(struct verifier_env *env, u32 sub_idx);
int global_check_call(struct verifier_env *env, u32 sub_idx);
void global_after_call(struct verifier_env *env, u32 sub_idx);
/* LD_IMM64 of a function: may it be called back. */
int check_func_pointer(struct verifier_env *env, u32 sub_idx);

/* ---- extensions (ext.c) ------------------------------------------------------------------------------- */

static inline bool is_extension(const struct verifier_env *env)
{
	return env->prog->type == BPF_PROG_TYPE_EXT;
}
int ext_check_target(struct verifier_env *env); /* after the effects of all calls are known */
int ext_prepare(struct verifier_env *env);	/* main's signature, as a function's */

/* ---- helpers that keep registers (fastcall.c) -------------------------------------------------------- */

int fastcall_mark(struct verifier_env *env); /* writes notes[].fastcall, .fastcall_spills */
/* The stack of a frame of @sub is used from @off on, by the current insn. */
void fastcall_touch(struct verifier_env *env, struct subprog *sub, s64 off);
void fastcall_shrink(struct verifier_env *env); /* writes notes[].dropped */

/* ---- after the exploration ---------------------------------------------------------------------------- */

int fixups_run(struct verifier_env *env, struct xlated_prog **ret_prog);

#endif
