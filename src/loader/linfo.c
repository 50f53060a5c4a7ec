/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * linfo.c - bpf_prog_linfo__*(): which source line an insn or an address of machine code is of, from what
 * BPF_OBJ_GET_INFO_BY_FD has said of a program. All is copied; every word of it is looked at before it is used.
 */
#include "loader/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct jited_func {
	u32 first, cnt; /* its lines */
};

struct bpf_prog_linfo {
	u8 *lines; /* records of line_size bytes, which begin as struct bpf_line_info */
	u32 line_size, cnt;
	u64 *addrs; /* of each line; NULL: there is no machine code */
	struct jited_func *funcs;
	u32 func_cnt;
};

static const struct bpf_line_info *line_at(const struct bpf_prog_linfo *l, u32 i)
{
	return (const void *)(l->lines + (size_t)i * l->line_size);
}

void bpf_prog_linfo__free(struct bpf_prog_linfo *prog_linfo)
{
	if (!prog_linfo)
		return;
	free(prog_linfo->lines);
	free(prog_linfo->addrs);
	free(prog_linfo->funcs);
	free(prog_linfo);
}

static bool has_code(const struct bpf_prog_info *info)
{
	return info->nr_jited_ksyms && info->jited_ksyms && info->jited_line_info && info->jited_func_lens &&
	       info->nr_jited_line_info == info->nr_line_info && info->jited_line_info_rec_size >= sizeof(u64) &&
	       info->nr_jited_func_lens == info->nr_jited_ksyms;
}

/* Functions follow each other; each begins with a line at its first byte, and its lines ascend. */
static int divide(struct bpf_prog_linfo *l, const u64 *starts, const u32 *lens)
{
	u32 f = 0;

	if (l->addrs[0] != starts[0])
		return -EINVAL;
	l->funcs[0] = (struct jited_func){ 0, 1 };
	for (u32 i = 1; i < l->cnt; i++) {
		if (f + 1 < l->func_cnt && l->addrs[i] == starts[f + 1]) {
			l->funcs[++f] = (struct jited_func){ i, 1 };
			continue;
		}
		if (l->addrs[i] <= l->addrs[i - 1] || l->addrs[i] - starts[f] > lens[f])
			return -EINVAL;
		l->funcs[f].cnt++;
	}
	return f + 1 == l->func_cnt ? 0 : -EINVAL;
}

static int take_code(struct bpf_prog_linfo *l, const struct bpf_prog_info *info)
{
	const u8 *recs = (const u8 *)(uintptr_t)info->jited_line_info;

	l->func_cnt = info->nr_jited_ksyms;
	l->addrs = calloc(l->cnt, sizeof(*l->addrs));
	l->funcs = calloc(l->func_cnt, sizeof(*l->funcs));
	if (!l->addrs || !l->funcs)
		return -ENOMEM;
	for (u32 i = 0; i < l->cnt; i++)
		memcpy(&l->addrs[i], recs + (size_t)i * info->jited_line_info_rec_size, sizeof(u64));
	return divide(l, (const u64 *)(uintptr_t)info->jited_ksyms, (const u32 *)(uintptr_t)info->jited_func_lens);
}

struct bpf_prog_linfo *bpf_prog_linfo__new(const struct bpf_prog_info *info)
{
	struct bpf_prog_linfo *l;
	int err = 0;

	if (!info || !info->nr_line_info || !info->line_info ||
	    info->line_info_rec_size < offsetof(struct bpf_line_info, file_name_off) ||
	    info->line_info_rec_size % sizeof(u32))
		return libbpf_err_ptr(-EINVAL);
	l = calloc(1, sizeof(*l));
	if (!l)
		return libbpf_err_ptr(-ENOMEM);
	l->cnt = info->nr_line_info;
	l->line_size = info->line_info_rec_size;
	l->lines = calloc(l->cnt, l->line_size);
	if (l->lines)
		memcpy(l->lines, (const void *)(uintptr_t)info->line_info, (size_t)l->cnt * l->line_size);
	else
		err = -ENOMEM;
	if (!err && has_code(info))
		err = take_code(l, info);
	if (!err)
		return l;
	bpf_prog_linfo__free(l);
	return libbpf_err_ptr(err);
}

const struct bpf_line_info *bpf_prog_linfo__lfind_addr_func(const struct bpf_prog_linfo *prog_linfo, __u64 addr,
							     __u32 func_idx, __u32 nr_skip)
{
	const struct bpf_prog_linfo *l = prog_linfo;
	u32 i, end;

	if (!l)
		return libbpf_err_ptr(-EINVAL);
	if (!l->addrs || func_idx >= l->func_cnt || nr_skip >= l->funcs[func_idx].cnt)
		return libbpf_err_ptr(-ENOENT);
	i = l->funcs[func_idx].first + nr_skip;
	end = l->funcs[func_idx].first + l->funcs[func_idx].cnt;
	if (addr < l->addrs[i])
		return libbpf_err_ptr(-ENOENT);
	while (i + 1 < end && l->addrs[i + 1] <= addr)
		i++;
	return line_at(l, i);
}

const struct bpf_line_info *bpf_prog_linfo__lfind(const struct bpf_prog_linfo *prog_linfo, __u32 insn_off,
						   __u32 nr_skip)
{
	const struct bpf_prog_linfo *l = prog_linfo;
	u32 i = nr_skip;

	if (!l)
		return libbpf_err_ptr(-EINVAL);
	if (i >= l->cnt || insn_off < line_at(l, i)->insn_off)
		return libbpf_err_ptr(-ENOENT);
	while (i + 1 < l->cnt && line_at(l, i + 1)->insn_off <= insn_off)
		i++;
	return line_at(l, i);
}
