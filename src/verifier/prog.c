/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prog.c - what can be said of a program without following its paths: limits, fields of every
 * insn, subprograms, shape of the control flow, order of calls (V-06, V-07, V-23).
 *
 * Runs first. Afterwards every insn decodes to a form with clean reserved fields, every jump and
 * call lands on the first slot of an insn, jumps stay in their subprogram, each insn can be
 * reached, and the call graph has no cycle. Source: RFC 9669; data/verifier-messages-7.2.tsv.
 */
#include "verifier/checks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INSNS_BPF	  1000000
#define MAX_INSNS_NOPRIV  4096

/* ---- type, flags, size ------------------------------------------------------------------ */

#define FLAGS_KNOWN                                                                                \
	(BPF_F_STRICT_ALIGNMENT | BPF_F_ANY_ALIGNMENT | BPF_F_TEST_STATE_FREQ | BPF_F_SLEEPABLE |  \
	 BPF_F_TEST_RND_HI32 | BPF_F_XDP_HAS_FRAGS | BPF_F_XDP_DEV_BOUND_ONLY |                    \
	 BPF_F_TEST_REG_INVARIANTS | BPF_F_TOKEN_FD)
/* Both of these change what the program may do in ways nobody here follows. */
#define FLAGS_REFUSED (BPF_F_XDP_DEV_BOUND_ONLY | BPF_F_TOKEN_FD)

int prog_check_attr(struct verifier_env *env)
{
	const struct vprog *prog = env->prog;
	const struct vhost *host = env->host;
	u32 limit = host->caps & VCAP_BPF ? MAX_INSNS_BPF : MAX_INSNS_NOPRIV;

	if (!prog->insn_cnt || prog->insn_cnt > limit)
		return reject(env, R_PROG_SIZE, -E2BIG, "program has %u insns, the limit is %u",
			      prog->insn_cnt, limit);
	if (prog->flags & ~FLAGS_KNOWN)
		return reject(env, R_PROG_ATTR, -EINVAL, "unknown program flags 0x%x",
			      prog->flags & ~FLAGS_KNOWN);
	if (is_extension(env) && !prog->ext)
		return ext_check_target(env);
	if (!env->type)
		return reject(env, R_PROG_ATTR, -EINVAL, "unknown program type %u", prog->type);
	if (!env->type->modelled)
		return not_modelled(env, "program type %s", env->type->name);
	if (prog->flags & FLAGS_REFUSED)
		return not_modelled(env, "program flags 0x%x", prog->flags & FLAGS_REFUSED);
	return 0;
}

/* Linux asks this after the control flow was checked. */
int prog_check_sleepable(struct verifier_env *env)
{
	bool sleepable = env->prog->flags & BPF_F_SLEEPABLE;

	if (is_extension(env))
		return sleepable ? reject(env, R_SLEEPABLE, -EINVAL, "Program of this type cannot be sleepable") : 0;
	if (env->prog->type == BPF_PROG_TYPE_SYSCALL) {
		if (!sleepable)
			return reject(env, R_SLEEPABLE, -EINVAL,
				      "Syscall programs can only be sleepable");
		return 0;
	}
	if (sleepable && !env->type->sleepable_ok)
		return reject(env, R_SLEEPABLE, -EINVAL,
			      "Program of this type cannot be sleepable");
	return 0;
}

/* ---- subprograms ------------------------------------------------------------------------- */

/* A subprogram starts at insn 0, at each call's target and at each function whose address is
 * taken. Sorted, without doubles. */
static int add_subprog(struct verifier_env *env, s64 start)
{
	u32 at = 0;

	if (start < 0 || start >= env->insn_cnt)
		return reject(env, R_CALL_TARGET, -EINVAL, "call to invalid destination");
	while (at < env->subprog_cnt && env->subprogs[at].start < start)
		at++;
	if (at < env->subprog_cnt && env->subprogs[at].start == start)
		return 0;
	if (env->subprog_cnt >= MAX_SUBPROGS)
		return reject(env, R_TOO_MANY_SUBPROGS, -E2BIG, "too many subprograms");
	memmove(&env->subprogs[at + 1], &env->subprogs[at],
		(env->subprog_cnt - at) * sizeof(*env->subprogs));
	env->subprogs[at] = (struct subprog){ .start = start, .name = "" };
	env->subprog_cnt++;
	return 0;
}

int prog_find_subprogs(struct verifier_env *env)
{
	int err;

	env->subprogs = calloc(MAX_SUBPROGS + 1, sizeof(*env->subprogs));
	if (!env->subprogs)
		return -ENOMEM;
	err = add_subprog(env, 0);
	for (u32 i = 0; i < env->insn_cnt && !err; i++) {
		const struct bpf_insn *insn = &env->insns[i];
		bool call = insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
		bool func = insn_is_wide(insn) && insn->src_reg == BPF_PSEUDO_FUNC;

		if ((call || func) && !env->bpf_capable)
			return reject_at(env, i, R_CAPABILITY, -EPERM,
					 "loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN");
		if (call || func)
			err = add_subprog(env, (s64)i + 1 + insn->imm);
		else if (insn->code == (BPF_JMP | BPF_CALL) &&
			 insn->src_reg == BPF_PSEUDO_KFUNC_CALL)
			err = not_modelled(env, "kfunc calls (insn %u)", i);
	}
	if (err)
		return err;
	for (u32 s = 0; s < env->subprog_cnt; s++)
		env->subprogs[s].end = s + 1 < env->subprog_cnt ? env->subprogs[s + 1].start :
								  env->insn_cnt;
	for (u32 s = 0; s < env->subprog_cnt; s++)
		log_printf(env, VLOG_LEVEL2, "func#%u @%u\n", s, env->subprogs[s].start);
	return 0;
}

/* Jumps of every class share their offset fields, so this works before the fields were checked. */
static bool is_jump(u8 code)
{
	u8 class = BPF_CLASS(code), op = BPF_OP(code);

	if (class != BPF_JMP && class != BPF_JMP32)
		return false;
	if (code == (BPF_JMP | BPF_JA | BPF_X)) /* gotox has no target of its own */
		return false;
	return op != BPF_EXIT && op != BPF_CALL;
}

static int check_subprog_jumps(struct verifier_env *env, struct subprog *sub)
{
	u8 code = 0;

	for (u32 i = sub->start; i < sub->end; i++) {
		const struct bpf_insn *insn = &env->insns[i];
		u8 mode = BPF_MODE(insn->code);
		s64 to;

		code = insn->code;
		if (code == (BPF_JMP | BPF_CALL) && !insn->src_reg &&
		    insn->imm == BPF_FUNC_tail_call)
			sub->has_tail_call = true;
		if (BPF_CLASS(code) == BPF_LD && (mode == BPF_ABS || mode == BPF_IND))
			sub->has_ld_abs = true;
		if (!is_jump(code))
			continue;
		to = (s64)i + 1 + (code == (BPF_JMP32 | BPF_JA) ? insn->imm : insn->off);
		if (to < sub->start || to >= sub->end)
			return reject_at(env, i, R_JUMP_RANGE, -EINVAL,
					 "jump out of range from insn %u to %d", i, (int)to);
	}
	/* Otherwise the next subprogram would be run into. */
	if (code != (BPF_JMP | BPF_EXIT) && code != (BPF_JMP | BPF_JA) &&
	    code != (BPF_JMP32 | BPF_JA))
		return reject_at(env, sub->end - 1, R_FALL_THROUGH, -EINVAL,
				 "last insn is not an exit or jmp");
	return 0;
}

int prog_check_jumps(struct verifier_env *env)
{
	int err = 0;

	for (u32 s = 0; s < env->subprog_cnt && !err; s++)
		err = check_subprog_jumps(env, &env->subprogs[s]);
	return err;
}

/* ---- fields of each insn (V-06, V-23) ----------------------------------------------------- */

static const char *const reserved_of_kind[INSN_KIND_CNT] = {
	[INSN_ALU] = "BPF_ALU",	     [INSN_MOVSX] = "BPF_MOV",
	[INSN_ENDIAN] = "BPF_END",   [INSN_CAST] = "BPF_MOV",
	[INSN_LD_IMM64] = "BPF_LD_IMM64", [INSN_LD_PKT] = "BPF_LD_[ABS|IND]",
	[INSN_LDX] = "BPF_LDX",	     [INSN_LDX_ARG] = "BPF_LDX",
	[INSN_ST] = "BPF_ST",	     [INSN_ST_ARG] = "BPF_ST",
	[INSN_STX] = "BPF_STX",	     [INSN_STX_ARG] = "BPF_STX",
	[INSN_ATOMIC] = "BPF_STX",   [INSN_JCOND] = "BPF_JMP/JMP32",
	[INSN_JA] = "BPF_JA",	     [INSN_GOTOX] = "BPF_JA|BPF_X",
	[INSN_CALL] = "BPF_CALL",    [INSN_EXIT] = "BPF_EXIT",
};

/* The class whose reserved fields an insn breaks, by opcode alone: with a reserved field set it
 * may decode to no form at all. */
static const char *reserved_words(const struct bpf_insn *insn, enum insn_form form)
{
	switch (insn->code) {
	case BPF_ALU | BPF_MOV | BPF_K:
	case BPF_ALU | BPF_MOV | BPF_X:
	case BPF_ALU64 | BPF_MOV | BPF_K:
	case BPF_ALU64 | BPF_MOV | BPF_X:
		return "BPF_MOV";
	case BPF_ALU | BPF_NEG:
	case BPF_ALU64 | BPF_NEG:
		return "BPF_NEG";
	case BPF_ALU | BPF_END | BPF_TO_LE:
	case BPF_ALU | BPF_END | BPF_TO_BE:
	case BPF_ALU64 | BPF_END | BPF_TO_LE:
		return "BPF_END";
	case BPF_JMP | BPF_CALL:
		return "BPF_CALL";
	}
	if (form == FORM_INVALID)
		return "BPF_ALU"; /* a division whose off is neither 0 nor 1 */
	return reserved_of_kind[insn_infos[form].kind];
}

static int check_no_form(struct verifier_env *env, u32 idx)
{
	const struct bpf_insn *insn = &env->insns[idx];

	if (BPF_CLASS(insn->code) == BPF_STX && BPF_MODE(insn->code) == BPF_ATOMIC)
		return reject_at(env, idx, R_OPCODE, -EINVAL,
				 "BPF_ATOMIC uses invalid atomic opcode %02x", insn->imm);
	if (insn->code == (BPF_JMP | BPF_JCOND))
		return reject_at(env, idx, R_RESERVED_FIELD, -EINVAL, "invalid may_goto imm %d",
				 insn->imm);
	if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_X) && insn->off == 1)
		return reject_at(env, idx, R_RESERVED_FIELD, -EINVAL,
				 "addr_space_cast insn can only convert between address space 1 and 0");
	return reject_at(env, idx, R_RESERVED_FIELD, -EINVAL, "%s uses reserved fields",
			 reserved_words(insn, FORM_INVALID));
}

static int check_insn_fields(struct verifier_env *env, u32 idx)
{
	const struct bpf_insn *insn = &env->insns[idx];
	enum insn_form form = insn_decode(insn);
	const char *bad;

	/* Only rewriting makes barriers. */
	if (!insn_code_known(insn->code) || form == FORM_NOSPEC)
		return reject_at(env, idx, R_OPCODE, -EINVAL, "unknown opcode %02x", insn->code);
	if (form == FORM_INVALID)
		return check_no_form(env, idx);
	/* Only rewriting makes this one. */
	if (form == FORM_MOV_PERCPU)
		return reject_at(env, idx, R_RESERVED_FIELD, -EINVAL,
				 "BPF_MOV uses reserved fields");
	bad = insn_bad_reserved(insn, form);
	/* Linux never looked at this one. */
	if (form == FORM_EXIT && bad && !strcmp(bad, "off") && !insn->imm)
		bad = NULL;
	if (bad) {
		if (form == FORM_MAY_GOTO)
			return reject_at(env, idx, R_RESERVED_FIELD, -EINVAL,
					 "invalid may_goto imm %d", insn->imm);
		return reject_at(env, idx, R_RESERVED_FIELD, -EINVAL, "%s uses reserved fields",
				 reserved_words(insn, form));
	}
	if (insn_infos[form].kind == INSN_CAST)
		return not_modelled(env, "arena address casts (insn %u)", idx);
	/* A CPU may guess where to. */
	if (form == FORM_GOTOX && !env->bypass_spec)
		return not_modelled(env, "gotox of callers without CAP_PERFMON (insn %u)", idx);
	return 0;
}

/* R11 is the base of stack arguments and stands in the forms made for it only. */
static int check_insn_regs(struct verifier_env *env, u32 idx)
{
	const struct bpf_insn *insn = &env->insns[idx];
	enum insn_form form = insn_decode(insn);
	u8 kind = insn_infos[form].kind;
	bool dst_param = kind == INSN_ST_ARG || kind == INSN_STX_ARG;
	bool src_param = kind == INSN_LDX_ARG;

	if (insn->dst_reg >= MAX_BPF_REG && !(dst_param && insn->dst_reg == ISA_REG_PARAMS))
		return reject_at(env, idx, R_REG_NUMBER, -EINVAL, "R%d is invalid", insn->dst_reg);
	if (insn->src_reg >= MAX_BPF_REG && !(src_param && insn->src_reg == ISA_REG_PARAMS))
		return reject_at(env, idx, R_REG_NUMBER, -EINVAL, "R%d is invalid", insn->src_reg);
	return 0;
}

static int check_wide_insn(struct verifier_env *env, u32 idx)
{
	const struct bpf_insn *insn = &env->insns[idx];

	if (idx + 1 == env->insn_cnt || insn[1].code || insn[1].dst_reg || insn[1].src_reg ||
	    insn[1].off)
		return reject_at(env, idx, R_LD_IMM64, -EINVAL, "invalid bpf_ld_imm64 insn");
	if (insn->off)
		return reject_at(env, idx, R_RESERVED_FIELD, -EINVAL,
				 "BPF_LD_IMM64 uses reserved fields");
	switch (insn->src_reg) {
	case 0:
	case BPF_PSEUDO_FUNC:
		return 0;
	case BPF_PSEUDO_BTF_ID:
		return not_modelled(env, "ksym loads (insn %u)", idx);
	case BPF_PSEUDO_MAP_VALUE:
	case BPF_PSEUDO_MAP_IDX_VALUE:
		return maps_bind_insn(env, idx);
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_IDX:
		if (!insn[1].imm)
			return maps_bind_insn(env, idx);
		break;
	}
	return reject_at(env, idx, R_LD_IMM64, -EINVAL, "unrecognized bpf_ld_imm64 insn");
}

int prog_check_insns(struct verifier_env *env)
{
	int err;

	for (u32 i = 0; i < env->insn_cnt; i++) {
		bool wide = insn_is_wide(&env->insns[i]);

		err = check_insn_regs(env, i);
		if (!err)
			err = wide ? check_wide_insn(env, i) : check_insn_fields(env, i);
		if (err)
			return err;
		i += wide;
	}
	return 0;
}

/* ---- control flow ------------------------------------------------------------------------- */

/* Where the walk below has been. The walk follows calls, as Linux's does: a subprogram that nobody
 * reachable calls is unreachable code. */
struct cfg_walk {
	u32 *stack;
	u32 top;
	u8 *seen;
};

static void cfg_push(struct cfg_walk *walk, s64 idx)
{
	if (walk->seen[idx])
		return;
	walk->seen[idx] = 1;
	walk->stack[walk->top++] = idx;
}

/* Whether the table belongs to @sub: its smallest element says so, as in Linux. */
static bool table_is_of(const struct map_desc *map, const struct subprog *sub)
{
	u32 least = UINT32_MAX;

	for (u32 i = 0; i < map->max_entries; i++)
		least = min_of(least, map->insn_values[i].orig_off);
	return least >= sub->start && least < sub->end;
}

/* gotox stays in its subprogram, whichever of its tables it was read from. */
static int cfg_visit_gotox(struct verifier_env *env, struct cfg_walk *walk, u32 idx)
{
	struct subprog *sub = &env->subprogs[subprog_of(env, idx)];
	bool found = false;

	if (sub->tables_checked)
		return 0;
	sub->tables_checked = true;
	for (u32 m = 0; m < env->used_map_cnt; m++) {
		const struct map_desc *map = &env->used_maps[m];

		if (map->type != BPF_MAP_TYPE_INSN_ARRAY || !table_is_of(map, sub))
			continue;
		found = true;
		for (u32 i = 0; i < map->max_entries; i++) {
			u32 to = map->insn_values[i].orig_off;

			if (to < sub->start || to >= sub->end)
				return reject_at(env, idx, R_GOTOX, -EINVAL,
						 "jump table for insn %d points outside of the subprog [%u,%u]",
						 idx, sub->start, sub->end);
			cfg_push(walk, to);
		}
	}
	return found ? 0 :
		       reject_at(env, idx, R_GOTOX, -EINVAL,
				 "no jump tables found for subprog starting at %u", sub->start);
}

static int cfg_visit(struct verifier_env *env, struct cfg_walk *walk, u32 idx)
{
	u8 kind = insn_infos[insn_decode(&env->insns[idx])].kind;
	s64 succ[2], callee = -1;
	int n = insn_succs(env->insns, idx, succ);

	if (kind == INSN_GOTOX)
		return cfg_visit_gotox(env, walk, idx);
	if (kind == INSN_CALL || kind == INSN_LD_IMM64)
		callee = insn_target(env->insns, idx);
	for (int k = 0; k < n; k++) {
		if (succ[k] < 0 || succ[k] >= env->insn_cnt)
			return reject_at(env, idx, R_JUMP_RANGE, -EINVAL,
					 "jump out of range from insn %u to %d", idx, (int)succ[k]);
		cfg_push(walk, succ[k]);
	}
	if (callee >= 0)
		cfg_push(walk, callee);
	return 0;
}

/*
 * Without CAP_BPF there are no loops: a walk in depth must not come to an insn that it has not left yet.
 * The insn below comes first, then the jump's target, as in Linux: the message names the first edge found.
 */
static int check_no_loop(struct verifier_env *env)
{
	enum { NEW, OPEN, DONE };
	u8 *state = calloc(env->insn_cnt + 1, 1), *next = calloc(env->insn_cnt + 1, 1);
	u32 *stack = calloc(env->insn_cnt + 1, sizeof(*stack)), top = 0;
	int err = state && next && stack ? 0 : -ENOMEM;

	if (!err) {
		stack[top++] = 0;
		state[0] = OPEN;
	}
	while (!err && top) {
		u32 idx = stack[top - 1];
		s64 succ[2];
		int n = insn_succs(env->insns, idx, succ);
		s64 to;

		if (next[idx] >= n) {
			state[idx] = DONE;
			top--;
			continue;
		}
		to = succ[next[idx]++];
		if (to < 0 || to >= env->insn_cnt || state[to] == DONE)
			continue;
		if (state[to] == OPEN) {
			err = reject_at(env, idx, R_BACK_EDGE, -EINVAL, "back-edge from insn %u to %u", idx,
					(u32)to);
			continue;
		}
		state[to] = OPEN;
		stack[top++] = to;
	}
	free(state);
	free(next);
	free(stack);
	return err;
}

static int cfg_check_all_seen(struct verifier_env *env, const struct cfg_walk *walk)
{
	for (u32 i = 0; i < env->insn_cnt; i++) {
		if (!walk->seen[i])
			return reject_at(env, i, R_UNREACHABLE, -EINVAL, "unreachable insn %u", i);
		if (!insn_is_wide(&env->insns[i]))
			continue;
		if (walk->seen[i + 1])
			return reject_at(env, i, R_JUMP_MIDDLE, -EINVAL,
					 "jump into the middle of ldimm64 insn %u", i);
		i++;
	}
	return 0;
}

int prog_check_cfg(struct verifier_env *env)
{
	struct cfg_walk walk = { 0 };
	int err = 0;

	walk.stack = calloc(env->insn_cnt, sizeof(*walk.stack));
	walk.seen = calloc(env->insn_cnt, 1);
	if (!walk.stack || !walk.seen)
		err = -ENOMEM;
	else
		cfg_push(&walk, 0);
	while (!err && walk.top)
		err = cfg_visit(env, &walk, walk.stack[--walk.top]);
	if (!err && !env->bpf_capable)
		err = check_no_loop(env);
	if (!err)
		err = cfg_check_all_seen(env, &walk);
	free(walk.stack);
	free(walk.seen);
	return err;
}

/* ---- order of calls (V-07) ------------------------------------------------------------------ */

enum { SUB_NEW, SUB_OPEN, SUB_DONE };

/* Callees before callers. A callback counts as called where its address is taken: it runs below
 * that frame at the latest. @depth is bounded by the number of subprograms, as each is open once. */
static int topo_visit(struct verifier_env *env, u8 *colour, u32 sub)
{
	int err;

	colour[sub] = SUB_OPEN;
	for (u32 i = env->subprogs[sub].start; i < env->subprogs[sub].end; i++) {
		enum insn_form form = insn_decode(&env->insns[i]);
		u32 callee;

		if (form == FORM_CALL_SUBPROG || form == FORM_LD_FUNC) {
			callee = subprog_at(env, insn_target(env->insns, i));
			if (colour[callee] == SUB_OPEN && form == FORM_LD_FUNC) {
				/* Fine for what runs later: check_named_from_below(). */
				env->subprogs[callee].named_by = i + 1;
				i++;
				continue;
			}
			if (colour[callee] == SUB_OPEN)
				return reject_at(env, i, R_RECURSION, -EINVAL,
						 "recursive call from %s() to %s()",
						 env->subprogs[sub].name, env->subprogs[callee].name);
			err = colour[callee] == SUB_NEW ? topo_visit(env, colour, callee) : 0;
			if (err)
				return err;
		}
		i += insn_is_wide(&env->insns[i]);
	}
	colour[sub] = SUB_DONE;
	env->topo[env->topo_cnt++] = sub;
	return 0;
}

/* After the exploration: who calls back during a call what is above itself would recurse. */
int prog_check_named(struct verifier_env *env)
{
	for (u32 s = 0; s < env->subprog_cnt; s++) {
		const struct subprog *sub = &env->subprogs[s];

		if (sub->named_by && (sub->is_sync || !sub->is_async))
			return reject_at(env, sub->named_by - 1, R_RECURSION, -EINVAL, "recursive call from %s() to %s()",
					 env->subprogs[subprog_of(env, sub->named_by - 1)].name, sub->name);
	}
	return 0;
}

int prog_sort_subprogs(struct verifier_env *env)
{
	u8 colour[MAX_SUBPROGS] = { SUB_NEW };
	int err;

	env->topo = calloc(env->subprog_cnt, sizeof(*env->topo));
	if (!env->topo)
		return -ENOMEM;
	/* Main reaches every subprogram: the control-flow check saw to that. */
	err = topo_visit(env, colour, 0);
	if (err)
		return err;
	for (u32 i = 0; i < env->topo_cnt; i++)
		log_printf(env, VLOG_LEVEL2, "topo_order[%u] = %s\n", i,
			   env->subprogs[env->topo[i]].name);
	return 0;
}

/* ---- what calls do, from callees up ------------------------------------------------------------------ */

static void note_helper_effects(struct verifier_env *env, struct subprog *sub, u32 helper)
{
	const struct vhost *host = env->host;
	const struct helper_proto *proto = NULL;

	host->helper(host->ctx, env->type, env->prog->attach_type, helper, &proto);
	if (!proto)
		return;
	sub->changes_pkt_data |= proto->changes_pkt_data;
	sub->might_sleep |= proto->might_sleep;
}

static void note_effects(struct verifier_env *env, struct subprog *sub)
{
	for (u32 i = sub->start; i < sub->end; i++) {
		enum insn_form form = insn_decode(&env->insns[i]);
		const struct subprog *callee;

		if (form == FORM_CALL_HELPER)
			note_helper_effects(env, sub, env->insns[i].imm);
		if (form == FORM_CALL_SUBPROG || form == FORM_LD_FUNC) {
			callee = &env->subprogs[subprog_at(env, insn_target(env->insns, i))];
			sub->changes_pkt_data |= callee->changes_pkt_data;
			sub->might_sleep |= callee->might_sleep;
		}
		i += insn_is_wide(&env->insns[i]);
	}
}

u32 subprog_of(const struct verifier_env *env, u32 idx)
{
	u32 lo = 0, hi = env->subprog_cnt;

	while (hi - lo > 1) {
		u32 mid = lo + (hi - lo) / 2;

		if (env->subprogs[mid].start <= idx)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* ---- marks for the exploration --------------------------------------------------------------------------- */

static bool helper_calls_back(u32 helper)
{
	return helper == BPF_FUNC_for_each_map_elem || helper == BPF_FUNC_loop ||
	       helper == BPF_FUNC_find_vma || helper == BPF_FUNC_user_ringbuf_drain;
}

/*
 * Where states are kept for pruning (prune_point), and where a step may come from somewhere else
 * than the insn above, so that it is written into the history (jmp_point).
 */
static void mark_insn(struct verifier_env *env, u32 idx)
{
	const struct bpf_insn *insn = &env->insns[idx];
	enum insn_form form = insn_decode(insn);
	struct insn_note *note = &env->notes[idx];
	s64 target = insn_target(env->insns, idx);

	if (target >= 0) {
		env->notes[target].prune_point = true;
		env->notes[target].jmp_point = true;
	}
	switch (insn_infos[form].kind) {
	case INSN_MAY_GOTO:
		note->is_may_goto = true;
		note->force_checkpoint = true;
		note->prune_point = true;
		break;
	case INSN_JCOND:
	case INSN_GOTOX: /* every loop of them has one */
		note->prune_point = true;
		break;
	case INSN_LD_IMM64:
		if (form == FORM_LD_FUNC) {
			note->prune_point = true;
			env->notes[idx + 2].prune_point = true;
			env->notes[idx + 2].jmp_point = true;
		}
		break;
	case INSN_CALL:
		env->notes[idx + 1].prune_point = true;
		env->notes[idx + 1].jmp_point = true;
		if (form == FORM_CALL_SUBPROG)
			note->prune_point = true;
		if (form == FORM_CALL_HELPER && helper_calls_back(insn->imm)) {
			note->calls_callback = true;
			note->force_checkpoint = true;
			note->prune_point = true;
			note->jmp_point = true;
		}
		break;
	default:
		break;
	}
}

static void mark_insns(struct verifier_env *env)
{
	for (u32 i = 0; i < env->insn_cnt; i++) {
		mark_insn(env, i);
		i += insn_is_wide(&env->insns[i]);
	}
	for (u32 i = 0; i < env->indirect.cnt; i++)
		env->notes[env->indirect.targets[i]].jmp_point = true;
}

/* ---- what indirect jumps may go to ------------------------------------------------------------------------ */

static int cmp_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

int prog_find_indirect(struct verifier_env *env)
{
	struct indirect *ind = &env->indirect;
	u64 cnt = 0;
	u32 kept = 0;

	for (u32 m = 0; m < env->used_map_cnt; m++)
		cnt += env->used_maps[m].insn_values ? env->used_maps[m].max_entries : 0;
	if (!cnt)
		return 0;
	ind->targets = malloc(cnt * sizeof(*ind->targets));
	if (!ind->targets)
		return -ENOMEM;
	for (u32 m = 0; m < env->used_map_cnt; m++) {
		const struct map_desc *map = &env->used_maps[m];

		for (u32 i = 0; map->insn_values && i < map->max_entries; i++)
			ind->targets[ind->cnt++] = map->insn_values[i].orig_off;
	}
	qsort(ind->targets, ind->cnt, sizeof(*ind->targets), cmp_u32);
	for (u32 i = 0; i < ind->cnt; i++) {
		if (!kept || ind->targets[kept - 1] != ind->targets[i])
			ind->targets[kept++] = ind->targets[i];
	}
	ind->cnt = kept;
	return 0;
}

int prog_check(struct verifier_env *env)
{
	static int (*const steps[])(struct verifier_env *) = {
		prog_check_attr,  maps_use_fd_array, btf_check_early, prog_find_subprogs,
		prog_check_jumps, btf_check_late,    prog_check_insns, prog_find_indirect, prog_check_cfg,
		prog_sort_subprogs, prog_check_sleepable,
	};
	int err;

	for (u32 i = 0; i < ARRAY_SIZE(steps); i++) {
		err = steps[i](env);
		if (err)
			return err;
	}
	/* Twice: a callback that runs later may name functions from above itself. */
	for (u32 i = 0; i < 2 * env->topo_cnt; i++)
		note_effects(env, &env->subprogs[env->topo[i % env->topo_cnt]]);
	mark_insns(env);
	return ext_check_target(env);
}
