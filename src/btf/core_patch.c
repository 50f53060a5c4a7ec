/* SPDX-License-Identifier: BSD-2-Clause */
/* core_patch.c - a resolved relocation into the instruction. */
#include "btf/btf.h"

#include <linux/bpf.h>

#include <errno.h>
#include <string.h>

/* A helper of this number does not exist: the verifier refuses the program only if it gets here. */
#define POISON_HELPER 195896080

#define CLASS(code) ((code) & 0x07)

static void poison(struct bpf_insn *insn)
{
	*insn = (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = POISON_HELPER };
}

static int mismatch(struct strbuf *err, u32 insn_idx, unsigned long long is, unsigned long long want)
{
	if (err)
		strbuf_printf(err, "insn #%u holds %llu where its type says %llu", insn_idx, is, want);
	return -EINVAL;
}

static int patch_mem(struct bpf_insn *insn, u32 insn_idx, const struct core_spec_result *res, struct strbuf *err)
{
	static const u8 codes[9] = { [1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW };

	if (res->has_orig && (u64)(u16)insn->off != (u16)res->orig_val)
		return mismatch(err, insn_idx, insn->off, res->orig_val);
	if (res->new_val > INT16_MAX) {
		if (err)
			strbuf_printf(err, "insn #%u: offset %llu is too large", insn_idx,
				      (unsigned long long)res->new_val);
		return -ERANGE;
	}
	if (res->fail_mem_size) {
		/* Accessed with the wrong size it would give another number: better never. */
		poison(insn);
		return 0;
	}
	insn->off = res->new_val;
	if (res->new_mem_size && res->new_mem_size <= 8)
		insn->code = (insn->code & ~0x18) | codes[res->new_mem_size];
	return 0;
}

static int patch_wide(struct bpf_insn *insn, u32 insn_idx, const struct core_spec_result *res, struct strbuf *err)
{
	u64 imm = (u32)insn[0].imm | (u64)(u32)insn[1].imm << 32;

	if (insn->src_reg || insn->off || insn[1].code || insn[1].dst_reg || insn[1].src_reg || insn[1].off) {
		if (err)
			strbuf_printf(err, "insn #%u: not a plain 64-bit constant", insn_idx);
		return -EINVAL;
	}
	if (res->poison) {
		poison(&insn[0]);
		poison(&insn[1]);
		return 0;
	}
	if (res->has_orig && imm != res->orig_val)
		return mismatch(err, insn_idx, imm, res->orig_val);
	insn[0].imm = res->new_val;
	insn[1].imm = res->new_val >> 32;
	return 0;
}

int core_patch(struct bpf_insn *insn, u32 insn_idx, const struct core_relo *relo __unused_arg,
	       const struct core_spec_result *res, struct strbuf *err)
{
	if (insn->code == (BPF_LD | BPF_IMM | BPF_DW))
		return patch_wide(insn, insn_idx, res, err);
	if (res->poison) {
		poison(insn);
		return 0;
	}
	switch (CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		if (insn->code & BPF_X)
			break;
		if (res->has_orig && (u32)insn->imm != (u32)res->orig_val)
			return mismatch(err, insn_idx, insn->imm, res->orig_val);
		insn->imm = res->new_val;
		return 0;
	case BPF_LDX:
	case BPF_ST:
	case BPF_STX:
		return patch_mem(insn, insn_idx, res, err);
	}
	if (err)
		strbuf_printf(err, "insn #%u (code 0x%02x) cannot be relocated", insn_idx, insn->code);
	return -EINVAL;
}
