/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clone.c - programs that differ from what the object's file says: other insns, or loaded once more with other
 * attributes; and maps that only one program may use, which know it by the hash of its insns.
 */
#include "loader/internal.h"

#include "base/sha256.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INSNS_MAX 1000000 /* the verifier takes no more */

/* Nothing of the old insns stays: neither what they refer to nor what is said about them. */
int bpf_program__set_insns(struct bpf_program *prog, struct bpf_insn *new_insns, size_t new_insn_cnt)
{
	struct bpf_insn *insns;

	NEED(prog);
	if (prog->obj->loaded)
		return libbpf_err(-EBUSY);
	NEED(new_insns && new_insn_cnt && new_insn_cnt <= INSNS_MAX);
	insns = malloc(new_insn_cnt * sizeof(*insns));
	if (!insns)
		return libbpf_err(-ENOMEM);
	memcpy(insns, new_insns, new_insn_cnt * sizeof(*insns));
	free(prog->insns);
	free(prog->func_info);
	free(prog->line_info);
	vec_free(&prog->linked_relos);
	vec_free(&prog->parts);
	prog->func_info = prog->line_info = NULL;
	prog->func_info_cnt = prog->line_info_cnt = 0;
	prog->insns = insns;
	prog->insn_cnt = new_insn_cnt;
	prog->own_insns = true;
	return 0;
}

/* ---- once more ----------------------------------------------------------------------------------------- */

#define FROM(field)                                                                                \
	do {                                                                                       \
		if (!attr->field)                                                                  \
			attr->field = own->field;                                                  \
	} while (0)

/* Where @attr says nothing, what the program itself is loaded with. B-03: records go with the BTF they are about. */
static void fill_in(struct bpf_prog_load_opts *attr, const struct bpf_prog_load_opts *own)
{
	FROM(expected_attach_type);
	FROM(prog_flags);
	FROM(prog_ifindex);
	FROM(kern_version);
	if (!attr->attach_prog_fd && !attr->attach_btf_obj_fd && !attr->attach_btf_id) {
		attr->attach_btf_id = own->attach_btf_id;
		attr->attach_prog_fd = own->attach_prog_fd;
	}
	if (attr->prog_btf_fd || attr->func_info || attr->line_info)
		return;
	attr->prog_btf_fd = own->prog_btf_fd;
	attr->func_info = own->func_info;
	attr->func_info_cnt = own->func_info_cnt;
	attr->func_info_rec_size = own->func_info_rec_size;
	attr->line_info = own->line_info;
	attr->line_info_cnt = own->line_info_cnt;
	attr->line_info_rec_size = own->line_info_rec_size;
}

int bpf_program__clone(struct bpf_program *prog, const struct bpf_prog_load_opts *opts)
{
	LIBBPF_OPTS(bpf_prog_load_opts, attr);
	LIBBPF_OPTS(bpf_prog_load_opts, own);
	int err;

	if (!prog || !opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	if (!prog->obj->prepared || !prog->insns || prog->type == BPF_PROG_TYPE_UNSPEC) {
		pr_warn("prog '%s': can't clone %s\n", prog->name,
			!prog->obj->prepared ? "before its object is prepared" :
			!prog->insns ? "a program that is not loaded automatically" : "a program without a type");
		return libbpf_err(-EINVAL);
	}
	if (opts)
		memcpy(&attr, opts, min_of(opts->sz, sizeof(attr)));
	attr.sz = sizeof(attr);
	err = prog_find_attach_btf(prog);
	if (err)
		return libbpf_err(err);
	prog_load_opts(prog, &own);
	fill_in(&attr, &own);
	return sys_prog_load(prog->obj->skep, prog->type, prog->name, prog->obj->license, prog->insns, prog->insn_cnt, &attr);
}

/* ---- maps of one program --------------------------------------------------------------------------------- */

struct bpf_program *bpf_map__exclusive_program(struct bpf_map *map)
{
	return map && map->excl_prog ? map->excl_prog : libbpf_err_ptr(map ? -ENOENT : -EINVAL);
}

int bpf_map__set_exclusive_program(struct bpf_map *map, struct bpf_program *prog)
{
	if (!map || !prog)
		return libbpf_err(-EINVAL);
	if (map->fd >= 0 || map->obj->prepared || map->obj->loaded) {
		pr_map_warn(map, "an exclusive program must be set before the map is created\n");
		return libbpf_err(-EINVAL);
	}
	if (map->obj != prog->obj) {
		pr_map_warn(map, "its exclusive program '%s' is of another object\n", prog->name);
		return libbpf_err(-EINVAL);
	}
	map->excl_prog = prog;
	return 0;
}

/* As the kernel hashes it at load: numbers of maps, which differ each time, count as 0. */
int prog_hash(const struct bpf_program *prog, u8 ret_hash[32])
{
	size_t size = prog->insn_cnt * sizeof(struct bpf_insn);
	struct bpf_insn *insns;

	if (!prog->insns) {
		pr_warn("prog '%s': a map is exclusive to it, and it is not loaded\n", prog->name);
		return -EINVAL;
	}
	insns = malloc(size);
	if (!insns)
		return -ENOMEM;
	memcpy(insns, prog->insns, size);
	for (size_t i = 0; i < prog->linked_relos.cnt; i++) {
		const struct relo *relo = &prog->linked_relos.at[i];

		if (relo->kind == RELO_MAP || relo->kind == RELO_DATA) {
			insns[relo->insn_idx].src_reg = relo->kind == RELO_MAP ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
			insns[relo->insn_idx].imm = insns[relo->insn_idx + 1].imm = 0;
		}
	}
	sha256(insns, size, ret_hash);
	free(insns);
	return 0;
}
