/* SPDX-License-Identifier: BSD-2-Clause */
/* lines.c - which line of source an instruction comes from, by the line_info that a program was loaded with. */
#include "btf/btf.h"
#include "runtime/runtime.h"

static const struct bpf_line_info *rec_at(const struct skep_prog_info *info, u32 i)
{
	return (const void *)((const char *)info->line_info + (size_t)i * info->line_info_rec_size);
}

/* The last record that begins at or before @orig_idx: the verifier saw to it that they ascend and that each
 * subprogram begins with one. */
bool skep_prog_line(const struct skep_prog_info *info, u32 orig_idx, struct prog_line *ret_line)
{
	u32 lo = 0, hi = info->line_info ? info->line_info_cnt : 0;
	const struct bpf_line_info *rec;
	const char *text, *file;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (rec_at(info, mid)->insn_off <= orig_idx)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || !info->btf)
		return false;
	rec = rec_at(info, lo - 1);
	text = btf_str(info->btf, rec->line_off);
	file = btf_str(info->btf, rec->file_name_off);
	while (text && (*text == ' ' || *text == '\t'))
		text++;
	*ret_line = (struct prog_line){
		.first = rec->insn_off, .text = text ? text : "", .file = file ? file : "",
		.line = rec->line_col >> 10, .col = rec->line_col & 0x3ff, /* as the UAPI packs them */
	};
	return true;
}
