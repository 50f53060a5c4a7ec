/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_btf.c - the func_info and line_info records of a program: checked, and looked up by insn.
 *
 * btf_check_early() needs nothing but the program; btf_check_late() the subprograms. Afterwards
 * each subprogram knows its BTF function, and the log finds source lines.
 * Records may be longer than skep knows, when what it does not know is zero.
 */
#include "verifier/checks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIN_FUNC_INFO 8
#define MIN_LINE_INFO 16
#define MAX_INFO_REC  252

static bool tail_is_zero(const u8 *rec, u32 known, u32 size)
{
	for (u32 i = known; i < size; i++) {
		if (rec[i])
			return false;
	}
	return true;
}

/* ---- functions ------------------------------------------------------------------------------ */

static int check_func_rec(struct verifier_env *env, u32 i, u32 prev_off)
{
	const struct bpf_func_info *rec = &env->func_infos[i];
	struct btf_t func, proto;

	if (!i && rec->insn_off)
		return reject(env, R_FUNC_INFO, -EINVAL,
			      "nonzero insn_off %u for the first func info record", rec->insn_off);
	if (i && rec->insn_off <= prev_off)
		return reject(env, R_FUNC_INFO, -EINVAL,
			      "same or smaller insn offset (%u) than previous func info record (%u)",
			      rec->insn_off, prev_off);
	if (!btf_type_get(env->prog->btf, rec->type_id, &func) || func.kind != BTF_KIND_FUNC)
		return reject(env, R_FUNC_INFO, -EINVAL, "invalid type id %d in func info",
			      rec->type_id);
	if (!btf_type_get(env->prog->btf, func.type, &proto) ||
	    proto.kind != BTF_KIND_FUNC_PROTO)
		return reject(env, R_FUNC_INFO, -EINVAL, "invalid type id %d in func info",
			      rec->type_id);
	return 0;
}

static int read_func_infos(struct verifier_env *env)
{
	const struct vprog *prog = env->prog;
	u32 size = prog->func_info_rec_size, prev_off = 0;
	const u8 *at = prog->func_info;
	int err;

	if (size < MIN_FUNC_INFO || size > MAX_INFO_REC || size % sizeof(u32))
		return reject(env, R_FUNC_INFO, -EINVAL, "invalid func info rec size %u", size);
	env->func_infos = calloc(prog->func_info_cnt, sizeof(*env->func_infos));
	if (!env->func_infos)
		return -ENOMEM;
	for (u32 i = 0; i < prog->func_info_cnt; i++, at += size) {
		if (!tail_is_zero(at, sizeof(*env->func_infos), size))
			return reject(env, R_FUNC_INFO, -E2BIG,
				      "nonzero tailing record in func info");
		memcpy(&env->func_infos[i], at, sizeof(*env->func_infos));
		err = check_func_rec(env, i, prev_off);
		if (err)
			return err;
		prev_off = env->func_infos[i].insn_off;
	}
	return 0;
}

int btf_check_early(struct verifier_env *env)
{
	const struct vprog *prog = env->prog;

	if (!prog->func_info_cnt && !prog->line_info_cnt)
		return 0;
	if (!prog->btf)
		return reject(env, R_FUNC_INFO, -EINVAL, "func_info and line_info need BTF");
	if (btf_is_kernel(prog->btf))
		return reject(env, R_FUNC_INFO, -EACCES, "the program's BTF is a kernel's");
	return prog->func_info_cnt ? read_func_infos(env) : 0;
}

/* Without a type the failure path of these insns, "return 0", cannot be judged. */
static int check_abnormal_return(struct verifier_env *env)
{
	for (u32 s = 1; s < env->subprog_cnt; s++) {
		if (env->subprogs[s].has_ld_abs)
			return reject(env, R_ABNORMAL_RETURN, -EINVAL,
				      "LD_ABS is not allowed in subprogs without BTF");
		if (env->subprogs[s].has_tail_call)
			return reject(env, R_ABNORMAL_RETURN, -EINVAL,
				      "tail_call is not allowed in subprogs without BTF");
	}
	return 0;
}

static bool returns_small_int(const struct skep_btf *btf, const struct btf_t *func)
{
	struct btf_t proto, ret;

	if (!btf_type_get(btf, func->type, &proto) ||
	    !btf_type_get(btf, btf_skip_mods(btf, proto.type), &ret))
		return false;
	return (ret.kind == BTF_KIND_INT && ret.size <= 8) || ret.kind == BTF_KIND_ENUM ||
	       ret.kind == BTF_KIND_ENUM64;
}

static int check_func_subprog(struct verifier_env *env, u32 s)
{
	struct subprog *sub = &env->subprogs[s];
	const struct bpf_func_info *rec = &env->func_infos[s];
	struct btf_t func;

	if (sub->start != rec->insn_off)
		return reject(env, R_FUNC_INFO, -EINVAL,
			      "func_info BTF section doesn't match subprog layout in BPF program");
	btf_type_get(env->prog->btf, rec->type_id, &func);
	sub->btf_func_id = rec->type_id;
	sub->linkage = func.vlen;
	sub->name = func.name;
	if (s && sub->has_ld_abs && !returns_small_int(env->prog->btf, &func))
		return reject(env, R_ABNORMAL_RETURN, -EINVAL,
			      "LD_ABS is only allowed in functions that return 'int'.");
	if (s && sub->has_tail_call && !returns_small_int(env->prog->btf, &func))
		return reject(env, R_ABNORMAL_RETURN, -EINVAL,
			      "tail_call is only allowed in functions that return 'int'.");
	return 0;
}

static int check_funcs(struct verifier_env *env)
{
	int err = 0;

	if (!env->prog->func_info_cnt)
		return check_abnormal_return(env);
	if (env->prog->func_info_cnt != env->subprog_cnt)
		return reject(env, R_FUNC_INFO, -EINVAL,
			      "number of funcs in func_info doesn't match number of subprogs");
	for (u32 s = 0; s < env->subprog_cnt && !err; s++)
		err = check_func_subprog(env, s);
	return err;
}

/* ---- lines ------------------------------------------------------------------------------------ */

static int check_line_rec(struct verifier_env *env, u32 i, u32 prev_off)
{
	const struct bpf_line_info *rec = &env->line_infos[i];

	if ((i && rec->insn_off <= prev_off) || rec->insn_off >= env->insn_cnt)
		return reject(env, R_LINE_INFO, -EINVAL,
			      "Invalid line_info[%u].insn_off:%u (prev_offset:%u prog->len:%u)", i,
			      rec->insn_off, prev_off, env->insn_cnt);
	if (!env->insns[rec->insn_off].code)
		return reject(env, R_LINE_INFO, -EINVAL,
			      "Invalid insn code at line_info[%u].insn_off", i);
	if (!btf_str(env->prog->btf, rec->line_off) || !btf_str(env->prog->btf, rec->file_name_off))
		return reject(env, R_LINE_INFO, -EINVAL,
			      "Invalid line_info[%u].line_off or .file_name_off", i);
	return 0;
}

/* Each subprogram's first insn must have a line of its own. @ret_sub: the next one that waits. */
static int match_line_subprog(struct verifier_env *env, u32 i, u32 *ret_sub)
{
	u32 off = env->line_infos[i].insn_off;

	if (*ret_sub == env->subprog_cnt)
		return 0;
	if (off == env->subprogs[*ret_sub].start)
		++*ret_sub;
	else if (env->subprogs[*ret_sub].start < off)
		return reject(env, R_LINE_INFO, -EINVAL, "missing bpf_line_info for func#%u",
			      *ret_sub);
	return 0;
}

static int read_line_infos(struct verifier_env *env)
{
	const struct vprog *prog = env->prog;
	u32 size = prog->line_info_rec_size, prev_off = 0, sub = 0;
	const u8 *at = prog->line_info;
	int err;

	if (!prog->line_info_cnt)
		return 0;
	if (size < MIN_LINE_INFO || size > MAX_INFO_REC || size % sizeof(u32))
		return reject(env, R_LINE_INFO, -EINVAL, "invalid line_info rec size %u", size);
	env->line_infos = calloc(prog->line_info_cnt, sizeof(*env->line_infos));
	if (!env->line_infos)
		return -ENOMEM;
	for (u32 i = 0; i < prog->line_info_cnt; i++, at += size) {
		if (!tail_is_zero(at, sizeof(*env->line_infos), size))
			return reject(env, R_LINE_INFO, -E2BIG,
				      "nonzero tailing record in line_info");
		memcpy(&env->line_infos[i], at, sizeof(*env->line_infos));
		err = check_line_rec(env, i, prev_off);
		if (!err)
			err = match_line_subprog(env, i, &sub);
		if (err)
			return err;
		prev_off = env->line_infos[i].insn_off;
		env->line_info_cnt++; /* only checked records are looked up */
	}
	if (sub != env->subprog_cnt)
		return reject(env, R_LINE_INFO, -EINVAL,
			      "missing bpf_line_info for %u funcs starting from func#%u",
			      env->subprog_cnt - sub, sub);
	return 0;
}

int btf_check_late(struct verifier_env *env)
{
	int err;

	if (!env->prog->func_info_cnt && !env->prog->line_info_cnt)
		return check_abnormal_return(env);
	err = check_funcs(env);
	return err ? err : read_line_infos(env);
}

const struct bpf_line_info *btf_line_of(const struct verifier_env *env, u32 insn_idx)
{
	u32 lo = 0, hi = env->line_info_cnt;

	/* The last record at or before the insn: [0, lo) begin at or before it. */
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (env->line_infos[mid].insn_off <= insn_idx)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &env->line_infos[lo - 1] : NULL;
}

bool btf_line_text(const struct verifier_env *env, u32 insn_idx, struct source_line *ret)
{
	const struct bpf_line_info *rec = btf_line_of(env, insn_idx);
	const char *slash;

	if (!rec)
		return false;
	ret->text = btf_str(env->prog->btf, rec->line_off);
	while (*ret->text == ' ' || *ret->text == '\t')
		ret->text++;
	ret->file = btf_str(env->prog->btf, rec->file_name_off);
	slash = strrchr(ret->file, '/');
	if (slash)
		ret->file = slash + 1;
	ret->line = rec->line_col >> 10;
	return true;
}
