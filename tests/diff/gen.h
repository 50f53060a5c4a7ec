/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen.h - programs made at random so that many of them are accepted. Same seed, same program.
 *
 * Registers: r0-r5 hold numbers, r6 the address of the input value, r7 of a value to write, r8 the context,
 * r9 is a pointer for one access or the counter of a loop. Whatever an item clobbers it makes anew.
 */
#ifndef SKEP_TESTS_GEN_H
#define SKEP_TESTS_GEN_H

#include "base/types.h"
#include "isa/isa.h"

#define GEN_MAX_INSNS 1024
#define GEN_IN_SIZE   64
#define GEN_VAL_SIZE  32

/* Maps, by their number in gen_world(): what LD_IMM64 has in imm until a judge's descriptors are known. */
enum gen_map { GEN_MAP_IN, GEN_MAP_VAL, GEN_MAP_HASH, GEN_MAP_RING, GEN_MAP_TAILS };
#define GEN_HASH_KEYS  8
#define GEN_HASH_VALUE 16
#define GEN_TAILS      4 /* programs 0 and 1 are there */

enum gen_type { GEN_SOCKET, GEN_XDP, GEN_TC, GEN_TYPE_CNT };

struct gen {
	u64 state;
	enum gen_type type;
	struct bpf_insn insns[GEN_MAX_INSNS];
	u32 cnt, end; /* items stop growing at end */
	/* Functions to be put behind the main program, and who calls them. */
	u32 func_cnt;
	struct {
		u32 site;
		u8 kind;
	} funcs[8];
	bool in_func, in_loop;
};

/* The world that programs of the type live in, as a text case. */
const char *gen_world(enum gen_type type);
/* Arithmetic, branches, stack, accesses (@shapes false); with packets, helpers, loops, functions, callbacks. */
void gen_program(struct gen *g, u64 seed, bool shapes);
/* Contents of the input map for run number @set: small numbers, large ones, sign lines, anything. */
void gen_inputs(u64 seed, u32 set, u64 ret_in[GEN_IN_SIZE / 8]);

/* ---- for shapes.c ---------------------------------------------------------------------------- */

u32 gen_rnd(struct gen *g, u32 below);
void gen_put(struct gen *g, struct bpf_insn insn);
void gen_map_load(struct gen *g, u8 dst, u8 pseudo, enum gen_map map);
u8 gen_num_reg(struct gen *g);
/* A few insns that only compute. */
void gen_number_items(struct gen *g, u32 cnt);
/* r1-r5 are numbers of the input again, r0 is the result of what was called. */
void gen_reload(struct gen *g);
/* Something that calls, loops or reaches into a packet. */
void gen_shape(struct gen *g);
/* The functions that were called. */
void gen_functions(struct gen *g);

#endif
