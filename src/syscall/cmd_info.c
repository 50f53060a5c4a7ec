/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_info.c - BPF_OBJ_GET_INFO_BY_FD. An array that the caller asks for comes as (count, pointer):
 * the count tells the room and is answered with what there is.
 */
#include "jit/jit.h"
#include "syscall/private.h"

#include <stdlib.h>
#include <string.h>

/* The caller's structure as far as both know it. *ret_len: what may be written back. */
static int info_in(const struct call *call, void *info, u32 known, u32 *ret_len)
{
	u32 given = call->attr.info.info_len;
	int err = user_tail_zero(call->attr.info.info, known, given);

	if (err)
		return err;
	memset(info, 0, known);
	*ret_len = min_of(known, given);
	return user_read(info, call->attr.info.info, *ret_len);
}

static int info_out(struct call *call, const void *info, u32 len)
{
	int err = user_write(call->attr.info.info, info, len);

	call->attr.info.info_len = len;
	return err ? err : WRITE_BACK(call, info.info_len);
}

/* @cnt elements of @size to @to, as many as the caller has room for; *ret_cnt: how many there are. */
static int array_out(u64 to, u32 *ret_cnt, const void *from, u32 cnt, u32 size)
{
	u32 room = *ret_cnt;

	*ret_cnt = cnt;
	if (!room || !cnt)
		return 0;
	return user_write(to, from, (size_t)min_of(room, cnt) * size);
}

/* ---- programs ------------------------------------------------------------------------------- */

/* As bpftool expects: a map is named by its id, whatever the instruction held at run time. */
static struct bpf_insn *dump_insns(const struct skep_prog_info *pi)
{
	const struct xlated_prog *x = pi->xlated;
	struct bpf_insn *insns = malloc(x->insn_cnt * sizeof(*insns));

	if (!insns)
		return NULL;
	memcpy(insns, x->insns, x->insn_cnt * sizeof(*insns));
	for (u32 i = 0; i < x->insn_cnt; i++) {
		const struct xlated_sym *sym = &x->syms[x->aux[i].sym];

		if (!insn_is_wide(insns + i) || (sym->kind != SYM_MAP && sym->kind != SYM_MAP_VALUE))
			continue;
		insns[i].src_reg = sym->kind == SYM_MAP ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
		insns[i].imm = (s32)pi->maps[sym->idx]->id;
		insns[i + 1].imm = sym->kind == SYM_MAP ? 0 : (s32)sym->off;
	}
	return insns;
}

static int xlated_out(const struct skep_prog_info *pi, struct bpf_prog_info *info)
{
	struct bpf_insn *insns = dump_insns(pi);
	int err;

	if (!insns)
		return -ENOMEM;
	err = array_out(info->xlated_prog_insns, &info->xlated_prog_len, insns,
			pi->xlated->insn_cnt * sizeof(*insns), 1);
	free(insns);
	return err;
}

static int map_ids_out(const struct skep_prog_info *pi, struct bpf_prog_info *info)
{
	u32 ids[64];
	u32 cnt = min_of(pi->map_cnt, (u32)ARRAY_SIZE(ids));

	for (u32 i = 0; i < cnt; i++)
		ids[i] = pi->maps[i]->id;
	return array_out(info->map_ids, &info->nr_map_ids, ids, cnt, sizeof(ids[0]));
}

static int jited_out(const struct skep_prog_info *pi, struct bpf_prog_info *info)
{
	const struct jit_image *img = pi->jit_image;
	u32 cnt = pi->jited ? img->func_cnt : 0;
	u64 *addrs = calloc(cnt + 1, sizeof(*addrs));
	u32 *lens = calloc(cnt + 1, sizeof(*lens));
	int err = addrs && lens ? 0 : -ENOMEM;

	for (u32 i = 0; i < cnt && !err; i++) {
		u32 end = i + 1 < cnt ? img->func_off[i + 1] : pi->jited_size;

		addrs[i] = (uintptr_t)pi->jited_code + img->func_off[i];
		lens[i] = end - img->func_off[i];
	}
	if (!err)
		err = array_out(info->jited_prog_insns, &info->jited_prog_len, pi->jited_code,
				pi->jited_size, 1);
	if (!err)
		err = array_out(info->jited_ksyms, &info->nr_jited_ksyms, addrs, cnt, sizeof(*addrs));
	if (!err)
		err = array_out(info->jited_func_lens, &info->nr_jited_func_lens, lens, cnt,
				sizeof(*lens));
	free(addrs);
	free(lens);
	return err;
}

static bool rec_size_ok(u32 cnt, u32 size, u32 known)
{
	return !(cnt || size) || size == known;
}

/* Records are given in today's size; those that were loaded may have been shorter or longer. */
static int recs_out(u64 to, u32 *cnt, u32 *size, u32 known, const void *recs, u32 rec_size,
		    u32 rec_cnt)
{
	u32 n = min_of(*cnt, rec_cnt);
	u8 rec[32];
	int err = 0;

	*cnt = rec_cnt;
	*size = known;
	for (u32 i = 0; i < n && !err; i++) {
		memset(rec, 0, sizeof(rec));
		memcpy(rec, (const u8 *)recs + (size_t)i * rec_size, min_of(known, rec_size));
		err = user_write(to + (u64)i * known, rec, known);
	}
	return err;
}

static int btf_info_out(const struct skep_prog_info *pi, struct bpf_prog_info *info)
{
	int err;

	err = recs_out(info->func_info, &info->nr_func_info, &info->func_info_rec_size,
		       sizeof(struct bpf_func_info), pi->func_info, pi->func_info_rec_size,
		       pi->func_info_cnt);
	if (err)
		return err;
	err = recs_out(info->line_info, &info->nr_line_info, &info->line_info_rec_size,
		       sizeof(struct bpf_line_info), pi->line_info, pi->line_info_rec_size,
		       pi->line_info_cnt);
	info->nr_jited_line_info = 0;
	info->jited_line_info_rec_size = sizeof(u64);
	return err;
}

static int tags_out(const struct skep_prog_info *pi, struct bpf_prog_info *info)
{
	return array_out(info->prog_tags, &info->nr_prog_tags, pi->tag, 1, sizeof(pi->tag));
}

static long prog_info(struct call *call, struct skep_prog *prog)
{
	struct bpf_prog_info info;
	struct skep_prog_info pi;
	u32 len;
	int err = info_in(call, &info, sizeof(info), &len);

	if (err)
		return err;
	if (!rec_size_ok(info.nr_func_info, info.func_info_rec_size, sizeof(struct bpf_func_info)) ||
	    !rec_size_ok(info.nr_line_info, info.line_info_rec_size, sizeof(struct bpf_line_info)) ||
	    !rec_size_ok(info.nr_jited_line_info, info.jited_line_info_rec_size, sizeof(u64)))
		return -EINVAL;
	skep_prog_info(prog, &pi);
	info.type = pi.type;
	info.id = pi.id;
	memcpy(info.tag, pi.tag, sizeof(info.tag));
	memcpy(info.name, pi.name, sizeof(info.name));
	info.load_time = pi.load_time_ns;
	info.created_by_uid = pi.created_by_uid;
	info.gpl_compatible = pi.gpl;
	info.run_time_ns = pi.run_time_ns;
	info.run_cnt = pi.run_cnt;
	info.recursion_misses = pi.miss_cnt;
	info.verified_insns = pi.verified_insns;
	info.attach_btf_id = pi.attach_btf_id;
	info.attach_btf_obj_id = pi.attach_btf ? skep_btf_id(call->skep, pi.attach_btf) : 0;
	info.btf_id = pi.btf ? skep_btf_id(call->skep, pi.btf) : 0;
	err = map_ids_out(&pi, &info);
	if (!err)
		err = xlated_out(&pi, &info);
	if (!err)
		err = jited_out(&pi, &info);
	if (!err)
		err = btf_info_out(&pi, &info);
	if (!err)
		err = tags_out(&pi, &info);
	return err ? err : info_out(call, &info, len);
}

/* ---- maps and BTF --------------------------------------------------------------------------- */

static long map_info(struct call *call, struct skep_map *map)
{
	struct bpf_map_info info;
	u32 len;
	int err = info_in(call, &info, sizeof(info), &len);

	if (err)
		return err;
	if (info.hash || info.hash_size)
		return call_not_modelled(call, "hashes of map contents");
	info = (struct bpf_map_info){ .type = map->type, .id = map->id, .key_size = map->key_size,
				      .value_size = map->value_size,
				      .max_entries = map->max_entries, .map_flags = map->flags,
				      .map_extra = map->extra };
	memcpy(info.name, map->name, sizeof(info.name));
	if (map->btf) {
		info.btf_id = skep_btf_id(call->skep, map->btf);
		info.btf_key_type_id = map->btf_key_type_id;
		info.btf_value_type_id = map->btf_value_type_id;
	}
	return info_out(call, &info, len);
}

static long btf_info(struct call *call, struct skep_btf *btf)
{
	struct bpf_btf_info info;
	const void *raw;
	u32 len, size;
	int err = info_in(call, &info, sizeof(info), &len);

	if (err)
		return err;
	if (!info.name != !info.name_len)
		return -EINVAL;
	raw = btf_raw(btf, &size);
	info.id = skep_btf_id(call->skep, btf);
	info.kernel_btf = btf_is_kernel(btf);
	err = array_out(info.btf, &info.btf_size, raw, size, 1);
	/* BTF that was loaded has no name: an empty string. */
	if (!err && info.name_len)
		err = user_write(info.name, "", 1);
	info.name_len = 0;
	return err ? err : info_out(call, &info, len);
}

static long link_info(struct call *call, struct skep_link *link)
{
	struct bpf_link_info info;
	u32 len;
	int err = info_in(call, &info, sizeof(info), &len);

	if (err)
		return err;
	skep_link_info(link, &info);
	return info_out(call, &info, len);
}

long cmd_info(struct call *call)
{
	int fd = (int)call->attr.info.bpf_fd, kind = fdtab_kind(call->skep, fd), err;
	void *obj;
	long ret;

	if (kind < 0)
		return kind == -EBADF ? -EBADFD : kind; /* this command alone says it so */
	if (kind == FD_STATS)
		return -EINVAL;
	err = fdtab_get(call->skep, fd, kind, &obj, NULL);
	if (err)
		return err;
	if (kind == FD_MAP) {
		ret = map_info(call, obj);
		map_put(obj);
	} else if (kind == FD_LINK) {
		ret = link_info(call, obj);
		skep_link_put(obj);
	} else if (kind == FD_PROG) {
		ret = prog_info(call, obj);
		skep_prog_put(obj);
	} else {
		ret = btf_info(call, obj);
		skep_btf_unuse(call->skep, obj);
		btf_put(obj);
	}
	return ret;
}
