/* SPDX-License-Identifier: BSD-2-Clause */
/* optext.h - the kernel's spelling of operations; read by the disassembler and the assembler. */
#ifndef SKEP_ISA_OPTEXT_H
#define SKEP_ISA_OPTEXT_H

#include "isa/isa.h"

struct op_text {
	u8 op;
	const char *text;
};

/* Longest first where one begins another, so that the assembler may take the first that fits. */
static const struct op_text alu_texts[] = {
	{ OP_ARSH, "s>>=" }, { OP_SDIV, "s/=" }, { OP_SMOD, "s%=" }, { OP_LSH, "<<=" },
	{ OP_RSH, ">>=" },   { OP_ADD, "+=" },	 { OP_SUB, "-=" },   { OP_MUL, "*=" },
	{ OP_DIV, "/=" },    { OP_OR, "|=" },	 { OP_AND, "&=" },   { OP_MOD, "%=" },
	{ OP_XOR, "^=" },    { OP_MOV, "=" },
};

static const struct op_text jump_texts[] = {
	{ OP_JSGE, "s>=" }, { OP_JSLE, "s<=" }, { OP_JSGT, "s>" }, { OP_JSLT, "s<" },
	{ OP_JEQ, "==" },   { OP_JNE, "!=" },	{ OP_JGE, ">=" },  { OP_JLE, "<=" },
	{ OP_JGT, ">" },    { OP_JLT, "<" },	{ OP_JSET, "&" },
};

/* atomic[64]_NAME((uN *)(dst +off), src) */
static const struct op_text fetch_texts[] = {
	{ OP_FETCH_ADD, "fetch_add" }, { OP_FETCH_OR, "fetch_or" }, { OP_FETCH_AND, "fetch_and" },
	{ OP_FETCH_XOR, "fetch_xor" }, { OP_XCHG, "xchg" },	    { OP_CMPXCHG, "cmpxchg" },
};

static const struct op_text endian_texts[] = {
	{ OP_BSWAP, "bswap" }, { OP_LE, "le" }, { OP_BE, "be" },
};

#endif
