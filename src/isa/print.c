/* SPDX-License-Identifier: BSD-2-Clause */
/* print.c - one instruction as the kernel's log and bpftool spell it. Source: data/isa.tsv. */
#include "isa/optext.h"

#define OP_TEXT(table, op) op_text_find((table), ARRAY_SIZE(table), (op))

static const char *op_text_find(const struct op_text *texts, size_t cnt, u8 op)
{
	for (size_t i = 0; i < cnt; i++) {
		if (texts[i].op == op)
			return texts[i].text;
	}
	return "?";
}

/* "*(u32 *)(r1 +8)" without the star when @star is false, as atomics take it. */
static void print_mem(struct strbuf *out, bool star, char sign, u32 size, u32 reg, s16 off)
{
	strbuf_printf(out, "%s(%c%u *)(r%u %+d)", star ? "*" : "", sign, size * 8, reg, off);
}

static void print_alu(struct strbuf *out, const struct bpf_insn *insn, const struct insn_info *info)
{
	char r = info->size == 8 ? 'r' : 'w';

	if (info->op == OP_NEG)
		strbuf_printf(out, "%c%u = -%c%u", r, insn->dst_reg, r, insn->dst_reg);
	else if (info->uses & USE_SRC)
		strbuf_printf(out, "%c%u %s %c%u", r, insn->dst_reg, OP_TEXT(alu_texts, info->op), r,
			      insn->src_reg);
	else
		strbuf_printf(out, "%c%u %s %d", r, insn->dst_reg, OP_TEXT(alu_texts, info->op),
			      insn->imm);
}

static void print_cast(struct strbuf *out, const struct bpf_insn *insn, const struct insn_info *info)
{
	if (info->op == OP_PERCPU)
		strbuf_printf(out, "r%u = &(void __percpu *)(r%u)", insn->dst_reg, insn->src_reg);
	else
		strbuf_printf(out, "r%u = addr_space_cast(r%u, %u, %u)", insn->dst_reg,
			      insn->src_reg, (u32)insn->imm >> 16, (u32)insn->imm & 0xffff);
}

static void print_ld_imm64(struct strbuf *out, const struct bpf_insn *insn,
			   const struct insn_info *info, const struct insn_namer *namer)
{
	u64 imm = (u32)insn[0].imm | (u64)(u32)insn[1].imm << 32;

	strbuf_printf(out, "r%u = ", insn->dst_reg);
	if (info->op != OP_LD_IMM64 && namer && namer->hide_imm64) {
		strbuf_puts(out, "0x0");
		return;
	}
	if (info->op != OP_LD_IMM64 && namer && namer->imm64 && namer->imm64(namer->ctx, insn, out))
		return;
	switch (info->op) {
	case OP_LD_IMM64:
		strbuf_printf(out, "0x%llx", (unsigned long long)imm);
		break;
	case OP_LD_MAP_FD:
		strbuf_printf(out, "map[fd:%d]", insn->imm);
		break;
	case OP_LD_MAP_VALUE:
		strbuf_printf(out, "map[fd:%d][0]+%u", insn->imm, (u32)insn[1].imm);
		break;
	case OP_LD_MAP_IDX:
		strbuf_printf(out, "map[idx:%d]", insn->imm);
		break;
	case OP_LD_MAP_IDX_VALUE:
		strbuf_printf(out, "map[idx:%d][0]+%u", insn->imm, (u32)insn[1].imm);
		break;
	case OP_LD_BTF_ID:
		strbuf_printf(out, "btf_id[%d:%d]", insn->imm, insn[1].imm);
		break;
	case OP_LD_FUNC:
		strbuf_printf(out, "subprog[%+d]", insn->imm);
		break;
	}
}

static void print_atomic(struct strbuf *out, const struct bpf_insn *insn,
			 const struct insn_info *info)
{
	const char *wide = info->size == 8 ? "64" : "";

	switch (info->op) {
	case OP_ADD:
	case OP_OR:
	case OP_AND:
	case OP_XOR:
		strbuf_puts(out, "lock ");
		print_mem(out, true, 'u', info->size, insn->dst_reg, insn->off);
		strbuf_printf(out, " %s r%u", OP_TEXT(alu_texts, info->op), insn->src_reg);
		return;
	case OP_LOAD_ACQ:
		strbuf_printf(out, "r%u = load_acquire(", insn->dst_reg);
		print_mem(out, false, 'u', info->size, insn->src_reg, insn->off);
		strbuf_puts(out, ")");
		return;
	case OP_STORE_REL:
		strbuf_puts(out, "store_release(");
		print_mem(out, false, 'u', info->size, insn->dst_reg, insn->off);
		strbuf_printf(out, ", r%u)", insn->src_reg);
		return;
	case OP_CMPXCHG:
		strbuf_printf(out, "r0 = atomic%s_cmpxchg(", wide);
		print_mem(out, false, 'u', info->size, insn->dst_reg, insn->off);
		strbuf_printf(out, ", r0, r%u)", insn->src_reg);
		return;
	default:
		strbuf_printf(out, "r%u = atomic%s_%s(", insn->src_reg, wide,
			      OP_TEXT(fetch_texts, info->op));
		print_mem(out, false, 'u', info->size, insn->dst_reg, insn->off);
		strbuf_printf(out, ", r%u)", insn->src_reg);
	}
}

static void print_jcond(struct strbuf *out, const struct bpf_insn *insn,
			const struct insn_info *info)
{
	char r = info->size == 8 ? 'r' : 'w';

	strbuf_printf(out, "if %c%u %s ", r, insn->dst_reg, OP_TEXT(jump_texts, info->op));
	if (info->uses & USE_SRC)
		strbuf_printf(out, "%c%u", r, insn->src_reg);
	else
		strbuf_printf(out, "0x%x", (u32)insn->imm);
	strbuf_printf(out, " goto pc%+d", insn->off);
}

static void print_call(struct strbuf *out, const struct bpf_insn *insn,
		       const struct insn_info *info, const struct insn_namer *namer)
{
	const char *name = NULL;

	if (namer && namer->call && namer->call(namer->ctx, insn, out))
		return;
	if (info->op == OP_SUBPROG) {
		strbuf_printf(out, "call pc%+d", insn->imm);
		return;
	}
	if (info->op == OP_KFUNC && namer && namer->kfunc)
		name = namer->kfunc(namer->ctx, insn);
	else if (info->op == OP_HELPER && namer && namer->helper)
		name = namer->helper(namer->ctx, insn->imm);
	if (!name)
		name = info->op == OP_KFUNC ? "kernel-function" : "unknown";
	strbuf_printf(out, "call %s#%d", name, insn->imm);
}

static void print_ld_pkt(struct strbuf *out, const struct bpf_insn *insn,
			 const struct insn_info *info)
{
	if (info->op == OP_ABS)
		strbuf_printf(out, "r0 = *(u%u *)skb[%d]", info->size * 8, insn->imm);
	else
		strbuf_printf(out, "r0 = *(u%u *)skb[r%u + %d]", info->size * 8, insn->src_reg,
			      insn->imm);
}

void insn_print(struct strbuf *out, const struct bpf_insn *insn, const struct insn_namer *namer)
{
	enum insn_form form = insn_decode(insn);
	const struct insn_info *info = &insn_infos[form];

	strbuf_printf(out, "(%02x) ", insn->code);
	if (form == FORM_INVALID) {
		strbuf_printf(out, "BUG_%02x", insn->code);
		return;
	}
	switch ((enum insn_kind)info->kind) {
	case INSN_ALU:
		print_alu(out, insn, info);
		break;
	case INSN_MOVSX:
		strbuf_printf(out, "%c%u = (s%d)%c%u", info->size == 8 ? 'r' : 'w', insn->dst_reg,
			      insn->off, info->size == 8 ? 'r' : 'w', insn->src_reg);
		break;
	case INSN_ENDIAN:
		strbuf_printf(out, "r%u = %s%d r%u", insn->dst_reg, OP_TEXT(endian_texts, info->op),
			      insn->imm, insn->dst_reg);
		break;
	case INSN_CAST:
		print_cast(out, insn, info);
		break;
	case INSN_LD_IMM64:
		print_ld_imm64(out, insn, info, namer);
		break;
	case INSN_LD_PKT:
		print_ld_pkt(out, insn, info);
		break;
	case INSN_LDX:
	case INSN_LDX_ARG:
		strbuf_printf(out, "r%u = ", insn->dst_reg);
		print_mem(out, true, info->op == OP_LDXSX ? 's' : 'u', info->size, insn->src_reg,
			  insn->off);
		break;
	case INSN_ST:
	case INSN_ST_ARG:
		print_mem(out, true, 'u', info->size, insn->dst_reg, insn->off);
		strbuf_printf(out, " = %d", insn->imm);
		break;
	case INSN_STX:
	case INSN_STX_ARG:
		print_mem(out, true, 'u', info->size, insn->dst_reg, insn->off);
		strbuf_printf(out, " = r%u", insn->src_reg);
		break;
	case INSN_ATOMIC:
		print_atomic(out, insn, info);
		break;
	case INSN_JCOND:
		print_jcond(out, insn, info);
		break;
	case INSN_JA:
		if (info->op == OP_JA)
			strbuf_printf(out, "goto pc%+d", insn->off);
		else
			strbuf_printf(out, "gotol pc%+d", insn->imm);
		break;
	case INSN_GOTOX:
		strbuf_printf(out, "gotox r%u", insn->dst_reg);
		break;
	case INSN_MAY_GOTO:
		strbuf_printf(out, "may_goto pc%+d", insn->off);
		break;
	case INSN_CALL:
		print_call(out, insn, info, namer);
		break;
	case INSN_EXIT:
		strbuf_puts(out, "exit");
		break;
	case INSN_NOSPEC:
		strbuf_puts(out, "nospec");
		break;
	case INSN_KIND_CNT:
		break;
	}
}
