/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * insn.c - the table of forms and what is read straight off it: decoding, reserved fields, the
 * registers an insn reads and writes. Source: RFC 9669 sections 3 to 5.
 */
#include "isa/isa.h"

#include "decode_tab.h"

const struct insn_info insn_infos[FORM_CNT] = {
#define INSN(name_, kind_, code_, size_, op_, disc_, val_, uses_)                                  \
	[FORM_##name_] = { .name = #name_, .kind = INSN_##kind_, .code = (code_), .size = (size_), \
			   .op = OP_##op_, .disc = DISC_##disc_, .uses = (uses_),                  \
			   .disc_val = (val_) },
#include "isa/insn.def"
#undef INSN
};
static_assert(FORM_CNT <= 256, "form_first[] and form_next[] hold a form in a byte");

static bool disc_fits(const struct insn_info *info, const struct bpf_insn *insn)
{
	switch (info->disc) {
	case DISC_OFF:
		return insn->off == info->disc_val;
	case DISC_IMM:
		return insn->imm == info->disc_val;
	case DISC_SRC:
		return insn->src_reg == info->disc_val;
	case DISC_DST:
		return insn->dst_reg == info->disc_val;
	case DISC_OFF_IMM:
		return insn->off == 1 && insn->imm == info->disc_val;
	default:
		return true;
	}
}

enum insn_form insn_decode(const struct bpf_insn *insn)
{
	u8 form = form_first[insn->code];

	while (form && !disc_fits(&insn_infos[form], insn))
		form = form_next[form];
	return form;
}

bool insn_code_known(u8 code)
{
	return form_first[code] != FORM_INVALID;
}

const char *insn_bad_reserved(const struct bpf_insn *insn, enum insn_form form)
{
	const struct insn_info *info = &insn_infos[form];
	u32 uses = info->uses;

	/* The discriminating field holds a value of its own. */
	uses |= info->disc == DISC_OFF ? USE_OFF : 0;
	uses |= info->disc == DISC_IMM ? USE_IMM : 0;
	uses |= info->disc == DISC_SRC ? USE_SRC : 0;
	uses |= info->disc == DISC_DST ? USE_DST : 0;
	uses |= info->disc == DISC_OFF_IMM ? USE_OFF | USE_IMM : 0;

	if (!(uses & USE_DST) && insn->dst_reg)
		return "dst_reg";
	if (!(uses & USE_SRC) && insn->src_reg)
		return "src_reg";
	if (!(uses & USE_OFF) && insn->off)
		return "off";
	if (!(uses & USE_IMM) && insn->imm)
		return "imm";
	if ((uses & USE_IMM2) &&
	    (insn[1].code || insn[1].dst_reg || insn[1].src_reg || insn[1].off))
		return "next";
	return NULL;
}

#define REGS_CALL_ARGS	(0x1f << BPF_REG_1)
#define REGS_CALLER_OWN (0x3f << BPF_REG_0)

static u16 atomic_regs_read(const struct bpf_insn *insn, u8 op)
{
	if (op == OP_LOAD_ACQ)
		return BIT(insn->src_reg);
	return BIT(insn->dst_reg) | BIT(insn->src_reg) | (op == OP_CMPXCHG ? BIT(BPF_REG_0) : 0);
}

u16 insn_regs_read(const struct bpf_insn *insn, enum insn_form form)
{
	const struct insn_info *info = &insn_infos[form];
	u16 src = info->uses & USE_SRC ? BIT(insn->src_reg) : 0;

	switch (info->kind) {
	case INSN_ALU:
		return src | (info->op == OP_MOV ? 0 : BIT(insn->dst_reg));
	case INSN_MOVSX:
	case INSN_CAST:
	case INSN_LDX:
	case INSN_LDX_ARG:
		return src;
	case INSN_ENDIAN:
	case INSN_GOTOX:
		return BIT(insn->dst_reg);
	case INSN_LD_PKT:
		return src | BIT(BPF_REG_6);
	case INSN_ST:
	case INSN_STX:
	case INSN_ST_ARG:
	case INSN_STX_ARG:
	case INSN_JCOND:
		return src | BIT(insn->dst_reg);
	case INSN_ATOMIC:
		return atomic_regs_read(insn, info->op);
	case INSN_CALL:
		return REGS_CALL_ARGS;
	case INSN_EXIT:
		return BIT(BPF_REG_0);
	default:
		return 0;
	}
}

u16 insn_regs_written(const struct bpf_insn *insn, enum insn_form form)
{
	const struct insn_info *info = &insn_infos[form];

	switch (info->kind) {
	case INSN_ALU:
	case INSN_MOVSX:
	case INSN_ENDIAN:
	case INSN_CAST:
	case INSN_LD_IMM64:
	case INSN_LDX:
	case INSN_LDX_ARG:
		return BIT(insn->dst_reg);
	case INSN_LD_PKT:
	case INSN_CALL:
		return REGS_CALLER_OWN;
	case INSN_ATOMIC:
		switch (info->op) {
		case OP_LOAD_ACQ:
			return BIT(insn->dst_reg);
		case OP_CMPXCHG:
			return BIT(BPF_REG_0);
		case OP_FETCH_ADD:
		case OP_FETCH_OR:
		case OP_FETCH_AND:
		case OP_FETCH_XOR:
		case OP_XCHG:
			return BIT(insn->src_reg);
		}
		return 0;
	default:
		return 0;
	}
}
