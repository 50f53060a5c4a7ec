/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * isa.h - the instruction set as one table (insn.def), and what reads it: decoder, reserved-field
 * check, text. A struct bpf_insn is one slot of 8 bytes in host byte order, as bpf(2) takes it.
 * All functions here are pure; any thread. Source: RFC 9669, data/isa.tsv.
 */
#ifndef SKEP_ISA_ISA_H
#define SKEP_ISA_ISA_H

#include "base/strbuf.h"
#include "base/types.h"

#include <linux/bpf.h>

#define ISA_REG_PARAMS 11 /* BPF_REG_PARAMS: base of stack arguments, only in the ARG forms */
#define ISA_REG_AX     12 /* hidden: made by rewriting, refused in input */
#define ISA_REG_CNT    13

enum insn_form {
	FORM_INVALID = 0,
#define INSN(name, ...) FORM_##name,
#include "isa/insn.def"
#undef INSN
	FORM_CNT,
};

enum insn_kind {
	INSN_ALU, INSN_MOVSX, INSN_ENDIAN, INSN_CAST, INSN_LD_IMM64, INSN_LD_PKT,
	INSN_LDX, INSN_ST, INSN_STX, INSN_LDX_ARG, INSN_ST_ARG, INSN_STX_ARG, INSN_ATOMIC,
	INSN_JCOND, INSN_JA, INSN_GOTOX, INSN_MAY_GOTO, INSN_CALL, INSN_EXIT, INSN_NOSPEC,
	INSN_KIND_CNT,
};

/* What a form does within its kind. Names as in insn.def's op column. */
enum insn_op {
	OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_SDIV, OP_OR, OP_AND, OP_LSH, OP_RSH, OP_MOD, OP_SMOD,
	OP_XOR, OP_MOV, OP_ARSH, OP_NEG,
	OP_MOVSX8, OP_MOVSX16, OP_MOVSX32,
	OP_LE, OP_BE, OP_BSWAP,
	OP_CAST_KERN, OP_CAST_USER, OP_PERCPU,
	OP_LD_IMM64, OP_LD_MAP_FD, OP_LD_MAP_VALUE, OP_LD_BTF_ID, OP_LD_FUNC, OP_LD_MAP_IDX,
	OP_LD_MAP_IDX_VALUE,
	OP_ABS, OP_IND,
	OP_LDX, OP_LDXSX, OP_ST, OP_STX,
	OP_FETCH_ADD, OP_FETCH_OR, OP_FETCH_AND, OP_FETCH_XOR, OP_XCHG, OP_CMPXCHG, OP_LOAD_ACQ,
	OP_STORE_REL, /* plain atomics use OP_ADD, OP_OR, OP_AND, OP_XOR */
	OP_JEQ, OP_JGT, OP_JGE, OP_JSET, OP_JNE, OP_JSGT, OP_JSGE, OP_JLT, OP_JLE, OP_JSLT, OP_JSLE,
	OP_JA, OP_JA32, OP_GOTOX, OP_MAY_GOTO,
	OP_HELPER, OP_SUBPROG, OP_KFUNC, OP_EXIT, OP_NOSPEC,
	OP_CNT,
};

enum insn_disc { DISC_NONE, DISC_OFF, DISC_IMM, DISC_SRC, DISC_DST, DISC_OFF_IMM };

#define USE_DST	 BIT(0)
#define USE_SRC	 BIT(1)
#define USE_OFF	 BIT(2)
#define USE_IMM	 BIT(3)
#define USE_IMM2 BIT(4) /* imm of the second slot */

struct insn_info {
	const char *name;
	u8 kind, code, size, op, disc, uses;
	s32 disc_val;
};
extern const struct insn_info insn_infos[FORM_CNT]; /* [FORM_INVALID] is all zero */

/* The form of @insn: the opcode, and the discriminating fields, decide. FORM_INVALID when none
 * matches. Reserved fields are not looked at. The second slot of LD_IMM64 is not read. */
enum insn_form insn_decode(const struct bpf_insn *insn);

/* Some form has this opcode byte, though perhaps none fits the other fields. */
bool insn_code_known(u8 code);

/* The first reserved field that is not 0 ("dst_reg", "src_reg", "off", "imm", "next"...), NULL
 * when all are. @insn[1] is read for the LD_IMM64 kind only: the caller has checked it exists. */
const char *insn_bad_reserved(const struct bpf_insn *insn, enum insn_form form);

/* Registers read and written, as masks over r0..r11 (bit n). Calls: read r1..r5 as far as the
 * caller limits them, write r0..r5; CMPXCHG reads r0, writes r0; LD_PKT reads r6, writes r0..r5. */
u16 insn_regs_read(const struct bpf_insn *insn, enum insn_form form);
u16 insn_regs_written(const struct bpf_insn *insn, enum insn_form form);

static inline bool insn_is_wide(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/* How the disassembler names what an insn refers to. Every member may be NULL. */
struct insn_namer {
	void *ctx;
	/* "bpf_map_lookup_elem" for CALL_HELPER imm; NULL prints "unknown". */
	const char *(*helper)(void *ctx, u32 id);
	const char *(*kfunc)(void *ctx, const struct bpf_insn *insn);
	/* Whole text after "rN = " for LD_IMM64 with src != 0 (for "map[id:5]"); false: default. */
	bool (*imm64)(void *ctx, const struct bpf_insn *insn, struct strbuf *out);
	bool (*call)(void *ctx, const struct bpf_insn *insn, struct strbuf *out);
	bool hide_imm64; /* as the verifier log without CAP_PERFMON: a pointer prints as 0x0 */
};

/* Appends the kernel's text of one instruction, e.g. "(07) r1 += 5" without a newline.
 * @namer may be NULL. */
void insn_print(struct strbuf *out, const struct bpf_insn *insn, const struct insn_namer *namer);

/*
 * Assembles text: one instruction a line (or separated by ';'), in the kernel's spelling as
 * insn_print() writes it (with or without "(xx) " and "N: " in front), plus what people write:
 * labels "name:" and "goto name", decimal or 0x immediates, "call bpf_map_lookup_elem" or
 * "call 1", "r1 = map[NAME]" and "r1 = map_value[NAME] + OFF" (resolved by @sym),
 * "call subprog_label", "r1 = func LABEL", comments from '#' or "//" to the end of line.
 * On success *ret_insns is malloc()ed (the caller frees it). On failure -EINVAL and
 * "LINE:COLUMN: what is wrong" in @err.
 */
struct asm_syms {
	void *ctx;
	/* The fd (or index) a map name stands for; negative when unknown. */
	int (*map)(void *ctx, const char *name);
	int (*helper)(void *ctx, const char *name); /* id, or negative */
};
int insn_assemble(const char *text, const struct asm_syms *syms, struct bpf_insn **ret_insns,
		  u32 *ret_cnt, struct strbuf *err);

#endif
