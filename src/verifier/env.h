/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env.h - what one run of the verifier shares, grouped by who writes it. Everybody else only reads.
 */
#ifndef SKEP_VERIFIER_ENV_H
#define SKEP_VERIFIER_ENV_H

#include "base/strbuf.h"
#include "base/vec.h"
#include "btf/btf.h"
#include "isa/cfg.h"
#include "verifier/verifier.h"

#include <stdlib.h>

#define MAX_BPF_STACK	512
#define MAX_CALL_FRAMES 8
#define MAX_SUBPROGS	256
#define INSN_ADDR_SIZE	8 /* of an address in a table for gotox */

/* Parts of an opcode. */
#define BPF_CLASS(code) ((code) & 0x07)
#define BPF_SIZE(code)	((code) & 0x18)
#define BPF_MODE(code)	((code) & 0xe0)
#define BPF_OP(code)	((code) & 0xf0)

struct verifier_state;

enum global_arg_kind { GLOBAL_ARG_SCALAR, GLOBAL_ARG_CTX, GLOBAL_ARG_MEM };
struct global_arg {
	u8 kind; /* enum global_arg_kind */
	bool nonnull;
	u32 mem_size;
};

struct subprog {
	/* prog.c */
	u32 start, end; /* insns [start, end) */
	bool has_tail_call, has_ld_abs;
	bool tables_checked; /* where gotox leads to has been visited */
	bool changes_pkt_data, might_sleep; /* itself or what it calls */
	/* check_btf.c */
	const char *name; /* from BTF, else "" */
	u32 btf_func_id;  /* 0: none */
	u32 linkage;	  /* BTF_FUNC_STATIC, ... */
	/* global.c */
	struct global_arg args[5];
	u32 arg_cnt;
	bool args_known, returns_void;
	bool called; /* some path calls it: to be verified on its own */
	bool is_async, is_sync; /* called back later; during a call */
	u32 named_by; /* prog.c: 1 + the insn that takes the function's address from below itself */
	/* the exploration */
	u32 stack_depth; /* bytes below r10 */
	u32 insns_processed; /* from its entry on; of static functions: in those that call them */
	u16 in_arg_cnt, out_arg_cnt;
	/* fastcall.c: where what only its patterns use ends, -512 when there are none; whether it stays */
	s32 fastcall_top;
	bool fastcall_keep;
	/* fixups.c */
	u32 extra_stack, ld_abs_slot, loop_slot;
};

#define LOOP_ANY UINT32_MAX

enum way { WAY_ANY, WAY_FALL, WAY_JUMP };

/* What is noted of an insn, by index in the program as loaded. */
struct insn_note {
	/* maps.c: LD_IMM64 of a map. call.c: the map that helper calls here were given. */
	u32 map_idx, map_off;
	bool map_seen, map_mixed;
	/* call.c: 1 + the one callback of a bpf_loop() whose flags are 0; LOOP_ANY: not always the same */
	u32 loop_sub;
	u32 tail_key; /* call.c: 1 + the key of a tail call, 0 when it is not always the same */
	/* prog.c */
	bool prune_point, jmp_point, force_checkpoint, calls_callback, is_may_goto;
	/* constregs.c */
	u8 way; /* enum way: the only one that this branch goes */
	/* the exploration */
	bool seen;   /* some path came here */
	bool gotox_dest; /* one of them by gotox */
	u32 gotox_visit; /* the last one that named it */
	bool warned;
	/* mem.c: its memory operand was of this view (enum view_kind + 1, 0: of none); was something else. */
	u8 on_view;
	bool on_other;
	/* fastcall.c: spills or fills around a call; of the call, how many registers; it goes */
	bool fastcall, dropped;
	u8 fastcall_spills;
	/* spec.c: a barrier before it, behind it; how its offset is masked (SPEC_*), to at most what */
	bool nospec, nospec_result;
	u8 alu_state;
	u32 alu_limit;
};

struct verifier_env {
	/* verifier_run() */
	const struct vprog *prog;
	const struct vhost *host;
	const struct prog_type_row *type;
	struct vlog *log; /* may be NULL */
	struct vresult *res;
	struct bpf_insn *insns; /* own copy; not changed after prog_check_insns() */
	u32 insn_cnt;
	bool strict_alignment;
	bool bpf_capable;     /* CAP_BPF: loops, calls, big programs */
	bool allow_ptr_leaks; /* CAP_PERFMON: may learn addresses and what was left on the stack */
	bool bypass_spec;     /* CAP_PERFMON: what the CPU does ahead of time is no concern (spec.c) */
	u8 *forms; /* enum insn_form of each insn; set after prog_check(), for what follows */
	struct insn_note *notes; /* insn_cnt of them */

	/* prog.c */
	struct subprog *subprogs; /* ascending by start */
	u32 subprog_cnt;
	struct indirect indirect; /* what the maps of instructions name */
	u32 *topo; /* subprogram numbers, callees before callers */
	u32 topo_cnt;

	/* check_btf.c */
	struct bpf_func_info *func_infos;
	struct bpf_line_info *line_infos;
	u32 line_info_cnt;

	/* maps.c */
	struct map_desc *used_maps;
	u32 used_map_cnt;

	/* the exploration */
	u32 insn_idx;
	struct verifier_state *cur;
	u32 id_gen;
	u32 gotox_visits;
	u32 max_stack_depth;
	struct strbuf warnings; /* told when the program is accepted */
	struct explore *ex; /* explore.h */
};

/*
 * Refuses the program: @err is the verdict, the text becomes its message (the first one stays) and
 * a line of the log. Returns @err. reject() is about the insn at env->insn_idx.
 */
int reject_at(struct verifier_env *env, u32 insn_idx, enum reject_reason reason, int err,
	      const char *fmt, ...) __printf_like(5, 6);
#define reject(env, reason, err, ...) reject_at(env, (env)->insn_idx, reason, err, __VA_ARGS__)
/* The refusal just recorded was none. */
void forget_refusal(struct verifier_env *env);
/* The program is fine, but people should know; told once an insn. */
void warn(struct verifier_env *env, const char *fmt, ...) __printf_like(2, 3);
/* "not modelled: ...", -EOPNOTSUPP. */
int not_modelled(struct verifier_env *env, const char *fmt, ...) __printf_like(2, 3);
/* We are wrong: logs it and refuses, -EFAULT. */
int verifier_bug(struct verifier_env *env, const char *fmt, ...) __printf_like(2, 3);
/* A piece of log when the level wants it; VLOG_MASK: at any level, as refusals are. */
void log_printf(struct verifier_env *env, u32 level, const char *fmt, ...) __printf_like(3, 4);

/* The subprogram that insn @idx belongs to; that starts at @idx (which must be a start). */
u32 subprog_of(const struct verifier_env *env, u32 idx);
static inline u32 subprog_at(const struct verifier_env *env, u32 idx)
{
	return subprog_of(env, idx);
}

#endif
