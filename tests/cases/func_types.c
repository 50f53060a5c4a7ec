/* SPDX-License-Identifier: BSD-2-Clause */
/* func_types.c - BTF for the subprograms of a test program. */
#include "case.h"

#include "isa/cfg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/btf.h>

/*
 * Linux wants func_info for programs whose functions are callbacks or jump to other programs. The types are the least that
 * serves: every subprogram is a static "int fN(void)".
 */
static u32 type_info(u32 kind, u32 vlen)
{
	return kind << 24 | vlen;
}

static int load_types(const struct judge *j, u32 func_cnt)
{
	u32 types[4 + 3 + FUNC_TYPES_MAX * 3], n = 0, str_len = 1;
	char strs[FUNC_TYPES_MAX * 8] = { 0 }, *blob;
	struct btf_header hdr = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = 24 };
	union bpf_attr attr = { 0 };
	int fd;

	str_len += sprintf(strs + str_len, "int") + 1;
	types[n++] = 1;
	types[n++] = type_info(BTF_KIND_INT, 0);
	types[n++] = 4;
	types[n++] = BTF_INT_SIGNED << 24 | 32;
	types[n++] = 0;
	types[n++] = type_info(BTF_KIND_FUNC_PROTO, 0);
	types[n++] = 1;
	for (u32 i = 0; i < func_cnt; i++) {
		types[n++] = str_len;
		types[n++] = type_info(BTF_KIND_FUNC, BTF_FUNC_STATIC);
		types[n++] = 2;
		str_len += sprintf(strs + str_len, "f%u", i) + 1;
	}
	hdr.type_len = n * 4;
	hdr.str_off = n * 4;
	hdr.str_len = str_len;
	blob = malloc(24 + n * 4 + str_len);
	if (!blob)
		return -ENOMEM;
	memcpy(blob, &hdr, 24);
	memcpy(blob + 24, types, n * 4);
	memcpy(blob + 24 + n * 4, strs, str_len);
	attr.btf = (u64)(uintptr_t)blob;
	attr.btf_size = 24 + n * 4 + str_len;
	fd = j->bpf(j->ctx, BPF_BTF_LOAD, &attr, sizeof(attr));
	free(blob);
	return fd;
}

static bool is_tail_call(const struct bpf_insn *insn)
{
	return insn_decode(insn) == FORM_CALL_HELPER && insn->imm == BPF_FUNC_tail_call;
}

int func_types_make(const struct judge *j, const struct bpf_insn *insns, u32 cnt, struct func_types *ft,
		    union bpf_attr *attr)
{
	struct cfg cfg;
	bool wanted = false;

	*ft = (struct func_types){ .fd = -1 };
	for (u32 i = 0; i < cnt; i++)
		wanted |= insn_decode(&insns[i]) == FORM_LD_FUNC || is_tail_call(&insns[i]);
	if (!wanted || cfg_build(insns, cnt, NULL, &cfg))
		return 0;
	ft->cnt = min_of(cfg.subprog_cnt, (u32)FUNC_TYPES_MAX);
	for (u32 i = 0; i < ft->cnt; i++)
		ft->info[i] = (struct bpf_func_info){ .insn_off = cfg.subprogs[i].start, .type_id = 3 + i };
	cfg_free(&cfg);
	ft->fd = load_types(j, ft->cnt);
	if (ft->fd < 0)
		return ft->fd;
	attr->prog_btf_fd = ft->fd;
	attr->func_info = (u64)(uintptr_t)ft->info;
	attr->func_info_cnt = ft->cnt;
	attr->func_info_rec_size = sizeof(ft->info[0]);
	return 0;
}
