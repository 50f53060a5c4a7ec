/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xlated.h - a verified, rewritten program: what the verifier hands to interpreter and JIT.
 *
 * It holds no host address. Whatever depends on where it will run is a symbol: the insn carries
 * the number that people know (helper id, map index, ...) in its usual field and insn_aux.sym
 * says which row of xlated_prog.syms gives the run-time value. A link step asks a resolver once
 * per symbol, for this process or for an object file.
 */
#ifndef SKEP_ISA_XLATED_H
#define SKEP_ISA_XLATED_H

#include "isa/isa.h"

#define SYM_ANY_MAP UINT32_MAX

enum sym_kind {
	SYM_NONE,
	SYM_MAP,       /* LD_IMM64: the map object. idx: used map */
	SYM_MAP_VALUE, /* LD_IMM64: the first value of an array map, plus .off. idx: used map */
	SYM_MAP_MEM,   /* LD_IMM64: element 0 of an array map; elements are value_size, rounded up to 8, apart */
	SYM_MAP_ROW,   /* LD_IMM64: of a per-CPU array, bytes from one vCPU's elements to the next one's */
	SYM_HELPER,    /* CALL: helper with number idx */
	SYM_MAP_OP,    /* CALL: helper .off (its number) specialised for the used map idx */
	SYM_KFUNC,     /* CALL: kfunc idx of the environment */
	SYM_FUNC,      /* LD_IMM64: entry of subprogram idx, to pass as a callback */
	SYM_KVAR,      /* LD_IMM64: kernel variable */
	/*
	 * CALL of bpf_tail_call. idx: used map, or SYM_ANY_MAP when r2 says which. off: 0, or 1 + the
	 * key. The value (core/tail.h): with a key, the slot; with a map, its struct tail_slots;
	 * otherwise how many bytes the slots are behind any map.
	 */
	SYM_TAIL_CALL,
	SYM_PROG, /* LD_IMM64: the program itself */
	SYM_JUMP_TABLE, /* LD_IMM64: .off bytes into the addresses of tables[idx], which the engine makes */
};

struct xlated_sym {
	u32 kind; /* enum sym_kind */
	u32 idx;
	u64 off;
};

#define AUX_ZEXT	  BIT(0) /* upper half of the 32-bit result is read later: must be zero */
#define AUX_JMP_TARGET	  BIT(1)
#define AUX_PROBE_MEM	  BIT(2) /* a load that may fault: yields 0 */
#define AUX_INDIRECT_DEST BIT(3) /* reached by gotox or as a callback */
#define AUX_GOTOX_DEST	  BIT(4) /* ... by gotox */

struct insn_aux {
	u32 orig_idx; /* index in the program as loaded; the insn this one was made for */
	u32 sym;      /* row of syms; 0 is none */
	u32 flags;    /* AUX_* */
};

struct xlated_subprog {
	u32 start, end;	     /* insns [start, end) */
	u32 stack_depth;     /* bytes below R10 that it uses, rounded up to 8 */
	u16 in_arg_cnt;	     /* stack arguments it reads */
	u16 out_arg_cnt;     /* the most stack arguments it passes */
	bool is_callback;    /* its address is taken (SYM_FUNC) */
	bool has_ld_abs, has_tail_call;
	bool is_global;	     /* by BTF */
	bool changes_pkt_data, might_sleep; /* itself or what it calls */
	u32 btf_func_id;     /* 0: none */
	char name[64];	     /* from BTF, else "" */
};

/* Instructions that gotox may go to. Those that nothing reaches are gone. */
#define INSN_GONE UINT32_MAX
struct xlated_table {
	u32 map_idx; /* the used map that it was made from */
	u32 cnt;
	u32 *targets; /* insns, INSN_GONE */
};

struct xlated_prog {
	struct bpf_insn *insns;
	struct insn_aux *aux; /* one a slot */
	u32 insn_cnt;
	struct xlated_sym *syms; /* [0] is SYM_NONE */
	u32 sym_cnt;
	struct xlated_subprog *subprogs; /* [0] is the main program, at insn 0 */
	u32 subprog_cnt;
	struct xlated_table *tables;
	u32 table_cnt;
	u32 max_stack_depth; /* worst sum along call paths, bytes */
};

void xlated_free(struct xlated_prog *prog); /* NULL is fine */

/*
 * Gives the run-time value of a symbol. What SYM_FUNC and SYM_JUMP_TABLE stand for is the engine's own
 * business: the callback is never asked for them. 0 or negative errno.
 */
struct sym_resolver {
	void *ctx;
	int (*resolve)(void *ctx, const struct xlated_sym *sym, u64 *ret_value);
};

#endif
