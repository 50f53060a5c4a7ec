/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jit.c - the driver that all machines share: decodes the program once, emits it in passes until
 * jumps have settled into their short or long forms, and records what link.c and the dumps need.
 *
 * Why passes end: pass 1 takes every jump long, so its offsets are upper bounds of distances; a
 * jump that fits then fits for ever, as distances only shrink. When a pass has the size of the one
 * before, each insn has, too, and the offsets it used are its own. Chains of jumps that become
 * short one after another could take as many passes as there are jumps: after PASSES_FREE the
 * choice is frozen, which is right (a long jump reaches all) and ends it.
 */
#include "jit/step.h"

#include "isa/cfg.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define PASSES_FREE 3
#define PASSES_MAX  6
#define STACK_MAX   (64 * 1024)
#define CODE_MAX    (64 * 1024 * 1024)

struct driver {
	const struct xlated_prog *prog;
	const struct jit_target *target;
	struct jit_step *steps;
	struct jit_func *funcs;
	u16 *live; /* by insn: registers that are read later; fuse.c's */
	struct jit_ctx j;
	const char *why;
	bool blind;
	bool ax_lost; /* a blinded insn stood behind the last one that wrote AX */
	u64 keys[64]; /* random; the first key_cnt are unused */
	u32 key_cnt;
};

bool jit_dist_short(struct jit_ctx *j, u32 target_idx, u32 jump_size, u32 long_size, s32 limit,
		    s32 *ret_dist)
{
	bool fits;

	if (j->first_pass)
		return false;
	*ret_dist = jit_dist(j, target_idx, jump_size);
	/* The last pass laid out the long form: what lies behind it comes nearer. */
	if (!j->was_short[j->cur_idx] && target_idx > j->cur_idx)
		*ret_dist -= long_size - jump_size;
	fits = *ret_dist >= -limit && *ret_dist < limit;
	if (j->frozen)
		fits = j->was_short[j->cur_idx];
	j->was_short[j->cur_idx] = fits;
	return fits;
}

/* Both ends by the last pass: in the final one that is where they are. */
s32 jit_dist(struct jit_ctx *j, u32 target_idx, u32 jump_size)
{
	return j->insn_off[target_idx] - (jit_here(j) + jump_size);
}

s32 jit_func_dist(struct jit_ctx *j, u32 func_idx, u32 call_size)
{
	return j->func_off[func_idx] - (j->pos + call_size);
}

void jit_refuse(struct jit_ctx *j, const char *why)
{
	if (j->err)
		return;
	j->err = -EOPNOTSUPP;
	j->why = why;
}

void jit_keep_reloc(struct jit_ctx *j, struct jit_reloc rel)
{
	struct jit_image *image = j->image;

	if (image->reloc_cnt == j->reloc_cap) {
		u32 cap = j->reloc_cap ? 2 * j->reloc_cap : 16;
		void *relocs = realloc(image->relocs, cap * sizeof(*image->relocs));

		if (!relocs) {
			j->err = -ENOMEM;
			return;
		}
		image->relocs = relocs;
		j->reloc_cap = cap;
	}
	image->relocs[image->reloc_cnt++] = rel;
}

void jit_keep_cfi(struct jit_ctx *j, enum jit_cfi_op op, u8 reg, s32 off)
{
	struct jit_image *image = j->image;

	if (image->cfi_cnt == j->cfi_cap) {
		u32 cap = j->cfi_cap ? 2 * j->cfi_cap : 32;
		void *cfi = realloc(image->cfi, cap * sizeof(*image->cfi));

		if (!cfi) {
			j->err = -ENOMEM;
			return;
		}
		image->cfi = cfi;
		j->cfi_cap = cap;
	}
	image->cfi[image->cfi_cnt++] = (struct jit_cfi){ .code_off = j->pos, .op = op, .reg = reg, .off = off };
}

void jit_put_sym(struct jit_ctx *j, u32 sym)
{
	jit_keep_reloc(j, (struct jit_reloc){ .code_off = j->pos, .sym = sym });
	jit_put(j, 0, 8);
}

void jit_put_depth(struct jit_ctx *j)
{
	jit_keep_reloc(j, (struct jit_reloc){ .code_off = j->pos, .kind = JIT_REL_DEPTH });
	jit_put(j, 0, 4);
}

void jit_put_count(struct jit_ctx *j, u32 idx)
{
	jit_keep_reloc(j, (struct jit_reloc){ .code_off = j->pos, .kind = JIT_REL_COUNT, .sym = idx });
	jit_put(j, 0, 8);
}

void jit_put_target(struct jit_ctx *j, u32 func_idx)
{
	jit_keep_reloc(j, (struct jit_reloc){ .code_off = j->pos, .kind = JIT_REL_TARGET, .sym = func_idx });
	jit_put(j, 0, 8);
}

void jit_put_vcpu(struct jit_ctx *j)
{
	jit_keep_reloc(j, (struct jit_reloc){ .code_off = j->pos, .kind = JIT_REL_VCPU });
	jit_put(j, 0, 4);
}

static int refuse(struct driver *d, const char *why)
{
	d->why = why;
	return -EOPNOTSUPP;
}

/* ---- constant blinding (J-08) ------------------------------------------------------------ */

/*
 * Whoever loads a program chooses its immediates, and so would choose bytes of executable memory. Blinded,
 * an immediate is made in AX from two numbers that nobody could know before:
 *	AX = imm ^ key; AX ^= key; dst op= AX
 * As on Linux offsets of loads and stores (16 bits) and numbers of helpers stay, and so do immediates of insns
 * that name AX: those were made by rewriting. But a store through AX may be the program's own constant
 * into a context field: its bytes are stored one by one, so that they do not stand together.
 */
static int next_key(struct driver *d, u64 *ret_key)
{
	if (!d->key_cnt) {
		/* up to 256 bytes are given whole; not the instance's randomness: a seed would tell them */
		if (getentropy(d->keys, 256))
			return -EIO;
		d->key_cnt = 256 / sizeof(d->keys[0]);
	}
	*ret_key = d->keys[--d->key_cnt];
	return 0;
}

static bool names_ax(const struct jit_step *step)
{
	return step->op.dst == ISA_REG_AX || step->op.src == ISA_REG_AX;
}

static bool defines_ax(const struct jit_step *step)
{
	return step->op.dst == ISA_REG_AX && step->op.src != ISA_REG_AX &&
	       (step->kind == INSN_LDX || step->kind == INSN_LD_IMM64 || step->kind == INSN_MOVSX ||
		(step->kind == INSN_ALU && step->form_op == OP_MOV));
}

/* Rewriting keeps nothing in AX across an insn of the program; were it to, blinding would break it. */
static int check_ax(struct driver *d, const struct jit_step *step)
{
	if (!names_ax(step))
		return 0;
	if (defines_ax(step))
		d->ax_lost = false;
	return d->ax_lost ? refuse(d, "not modelled: blinding inside of a sequence that uses AX") : 0;
}

static int decode_blinding(struct driver *d, struct jit_func *func, struct jit_step *step)
{
	switch (step->kind) {
	case INSN_ALU:
	case INSN_JCOND:
	case INSN_ST:
	case INSN_ST_ARG:
		step->blind = step->op.use_imm && !names_ax(step);
		break;
	case INSN_LD_IMM64:
		step->blind = !step->sym && !names_ax(step);
		break;
	}
	if (!step->blind)
		return check_ax(d, step);
	func->regs_used |= BIT(ISA_REG_AX);
	d->ax_lost = true;
	return next_key(d, &step->key);
}

static void emit_blind_imm64(struct driver *d, const struct jit_step *step)
{
	struct jit_op xor = { .op = OP_XOR, .size = 8, .dst = step->op.dst, .src = ISA_REG_AX };

	d->target->imm64(&d->j, step->op.dst, step->op.imm64 ^ step->key);
	d->target->imm64(&d->j, ISA_REG_AX, step->key);
	d->target->alu(&d->j, &xor);
}

/* From here on the step's second operand is AX. */
static void emit_blind_imm(struct driver *d, struct jit_step *step)
{
	s32 key = (s32)step->key;
	struct jit_op xor = { .op = OP_XOR, .size = 8, .dst = ISA_REG_AX, .use_imm = true, .imm = key };

	d->target->imm64(&d->j, ISA_REG_AX, (u64)(s64)(step->op.imm ^ key));
	d->target->alu(&d->j, &xor);
	step->op.use_imm = false;
	step->op.src = ISA_REG_AX;
}

static void emit_store_bytes(struct driver *d, const struct jit_op *op)
{
	for (u32 i = 0; i < op->size; i++) {
		u32 byte = d->target->big_endian ? op->size - 1 - i : i;
		struct jit_op part = *op;

		part.size = 1;
		part.off = op->off + i;
		part.imm = ((u64)(s64)op->imm >> 8 * byte) & 0xff;
		d->target->store(&d->j, &part);
	}
}

/* ---- decoding -------------------------------------------------------------------------- */

static s64 func_at(const struct xlated_prog *prog, s64 start)
{
	u32 lo = 0, hi = prog->subprog_cnt;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (prog->subprogs[mid].start < start)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < prog->subprog_cnt && prog->subprogs[lo].start == start ? (s64)lo : -1;
}

static int decode_arg(const struct xlated_subprog *sub, struct jit_step *step, bool out)
{
	s32 off = step->op.off, nr = (out ? -off : off) / 8 - 1;

	if (off % 8 || nr < 0 || nr >= (out ? sub->out_arg_cnt : sub->in_arg_cnt))
		return -EINVAL;
	step->op.off = nr;
	return 0;
}

static int decode_call(struct driver *d, const struct xlated_subprog *sub, u32 idx,
		       struct jit_step *step)
{
	if (step->form_op == OP_SUBPROG) {
		/* In 64 bits: a distance above 32767 insns is in imm and stays whole. */
		s64 callee = func_at(d->prog, (s64)idx + 1 + step->op.imm);

		if (callee < 0 || d->prog->subprogs[callee].in_arg_cnt > sub->out_arg_cnt)
			return -EINVAL;
		step->target = callee;
		return 0;
	}
	return step->sym ? 0 : -EINVAL;
}

static int decode_kind(struct driver *d, struct jit_func *func, const struct xlated_subprog *sub,
		       u32 idx, struct jit_step *step)
{
	const struct bpf_insn *insn = &d->prog->insns[idx];
	s64 target;

	switch (step->kind) {
	case INSN_CAST:
		return step->form_op == OP_PERCPU ? 0 : refuse(d, "not modelled: address-space casts");
	case INSN_LD_PKT:
		return refuse(d, "not modelled: BPF_LD_ABS and BPF_LD_IND that were not rewritten");
	case INSN_LDX:
		if (d->prog->aux[idx].flags & AUX_PROBE_MEM)
			return refuse(d, "not modelled: loads that may fault");
		return 0;
	case INSN_LD_IMM64:
		step->op.imm64 = (u32)insn->imm;
		if (idx + 1 >= sub->end || (!step->sym && step->form_op != OP_LD_IMM64))
			return -EINVAL;
		step->op.imm64 |= (u64)(u32)insn[1].imm << 32;
		return 0;
	case INSN_LDX_ARG:
		return decode_arg(sub, step, false);
	case INSN_ST_ARG:
	case INSN_STX_ARG:
		return decode_arg(sub, step, true);
	case INSN_MAY_GOTO:
		func->may_goto = true;
		/* fall through */
	case INSN_JCOND:
	case INSN_JA:
		target = insn_target(d->prog->insns, idx);
		if (target < sub->start || target >= sub->end)
			return -EINVAL;
		step->target = target;
		d->steps[target].is_target = true;
		return 0;
	case INSN_CALL:
		func->calls = true;
		return decode_call(d, sub, idx, step);
	}
	return 0;
}

static int decode_func(struct driver *d, u32 func_idx)
{
	const struct xlated_subprog *sub = &d->prog->subprogs[func_idx];
	struct jit_func *func = &d->funcs[func_idx];
	u8 last = INSN_ALU;

	if (sub->start >= sub->end || sub->end > d->prog->insn_cnt || sub->stack_depth > STACK_MAX ||
	    sub->in_arg_cnt > JIT_MAX_OUT_ARGS || sub->out_arg_cnt > JIT_MAX_OUT_ARGS)
		return -EINVAL;
	*func = (struct jit_func){ .stack_size = round_up_to(sub->stack_depth, 8),
				   .in_args = sub->in_arg_cnt, .out_args = sub->out_arg_cnt,
				   .indirect = !func_idx || sub->is_callback || d->j.replaceable };
	for (u32 i = sub->start; i < sub->end; i += insn_is_wide(&d->prog->insns[i]) ? 2 : 1) {
		const struct bpf_insn *insn = &d->prog->insns[i];
		enum insn_form form = insn_decode(insn);
		const struct insn_info *info = &insn_infos[form];
		struct jit_step *step = &d->steps[i];
		bool is_target = step->is_target || d->prog->aux[i].flags & AUX_GOTOX_DEST;
		int err;

		if (form == FORM_INVALID)
			return refuse(d, "unknown opcode");
		if (insn->dst_reg >= ISA_REG_CNT || insn->src_reg >= ISA_REG_CNT ||
		    d->prog->aux[i].sym >= max_of(d->prog->sym_cnt, 1U))
			return -EINVAL;
		*step = (struct jit_step){
			.op = { .op = info->op, .size = info->size, .dst = insn->dst_reg,
				.src = insn->src_reg, .off = insn->off, .imm = insn->imm,
				.use_imm = info->uses & USE_IMM },
			.kind = info->kind, .form_op = info->op, .sym = d->prog->aux[i].sym, .is_target = is_target,
			.reads = insn_regs_read(insn, form), .writes = insn_regs_written(insn, form),
		};
		func->regs_used |= BIT(insn->dst_reg) | BIT(insn->src_reg);
		last = info->kind;
		err = decode_kind(d, func, sub, i, step);
		if (!err && d->blind)
			err = decode_blinding(d, func, step);
		if (err)
			return err;
		if (insn_is_wide(insn))
			step[1].kind = JIT_GONE;
	}
	return last == INSN_EXIT || last == INSN_JA || last == INSN_GOTOX ? 0 : -EINVAL;
}

/* ---- emitting -------------------------------------------------------------------------- */

static void emit_call(struct driver *d, const struct jit_step *step)
{
	const struct xlated_sym *sym = &d->prog->syms[step->sym];

	if (step->form_op == OP_SUBPROG)
		return d->target->call_func(&d->j, step->target);
	if (sym->kind != SYM_TAIL_CALL)
		return d->target->call_sym(&d->j, step->sym);
	d->target->tail_call(&d->j, step->sym,
			     sym->idx == SYM_ANY_MAP ? JIT_TAIL_DISTANCE :
			     sym->off		     ? JIT_TAIL_SLOT :
						       JIT_TAIL_SLOTS);
}

static void emit_plain(struct driver *d, const struct jit_step *step, u32 idx)
{
	const struct jit_target *t = d->target;
	struct jit_ctx *j = &d->j;

	switch (step->kind) {
	case INSN_ALU:
		return t->alu(j, &step->op);
	case INSN_MOVSX:
		return t->movsx(j, &step->op);
	case INSN_ENDIAN:
		return t->endian(j, &step->op);
	case INSN_CAST:
		return t->percpu(j, step->op.dst, step->op.src);
	case INSN_LD_IMM64:
		return step->sym ? t->sym64(j, step->op.dst, step->sym) :
				   t->imm64(j, step->op.dst, step->op.imm64);
	case INSN_LDX:
		return t->load(j, &step->op);
	case INSN_ST:
	case INSN_STX:
		return t->store(j, &step->op);
	case INSN_LDX_ARG:
		return t->load_arg(j, &step->op);
	case INSN_ST_ARG:
	case INSN_STX_ARG:
		return t->store_arg(j, &step->op);
	case INSN_ATOMIC:
		return t->atomic(j, &step->op);
	case INSN_JCOND:
		return t->jump(j, &step->op, step->target);
	case INSN_JA:
		if (step->target == idx + 1)
			return;
		return t->jump_always(j, step->target);
	case INSN_MAY_GOTO:
		return t->may_goto(j, step->target);
	case INSN_GOTOX:
		return t->gotox(j, step->op.dst);
	case INSN_CALL:
		return emit_call(d, step);
	case INSN_EXIT:
		return t->exit(j);
	case INSN_NOSPEC:
		return t->nospec(j);
	case JIT_ROTATE:
		return t->rotate(j, &step->op);
	case JIT_LEA:
		return t->lea(j, &step->op);
	case JIT_SELECT:
		return t->select(j, &step->op, &step->moved);
	}
}

static void emit_step(struct driver *d, const struct jit_step *step, u32 idx)
{
	struct jit_step hidden;

	if (likely(!d->blind))
		return emit_plain(d, step, idx);
	if (step->kind == INSN_ST && step->op.dst == ISA_REG_AX)
		return emit_store_bytes(d, &step->op);
	if (!step->blind)
		return emit_plain(d, step, idx);
	hidden = *step;
	if (step->kind == INSN_LD_IMM64)
		return emit_blind_imm64(d, &hidden);
	emit_blind_imm(d, &hidden);
	emit_plain(d, &hidden, idx);
}

/* A jump to the first insn of a subprogram lands behind its prologue. */
static void emit_func(struct driver *d, u32 func_idx)
{
	const struct xlated_subprog *sub = &d->prog->subprogs[func_idx];
	struct jit_ctx *j = &d->j;

	j->func = &d->funcs[func_idx];
	j->cur_func = func_idx;
	j->last_at = j->func_off[func_idx];
	j->at = j->new_func_off[func_idx] = j->pos;
	if (j->replaceable) {
		d->target->entry(j, func_idx);
		j->image->body_off[func_idx] = j->pos;
	}
	d->target->prologue(j);
	for (u32 i = sub->start; i < sub->end; i++) {
		j->cur_idx = i;
		j->last_at = j->insn_off[i];
		j->at = j->new_insn_off[i] = j->pos;
		if (insn_is_wide(&d->prog->insns[i]))
			j->new_insn_off[i + 1] = j->pos;
		if (d->prog->aux[i].flags & AUX_GOTOX_DEST)
			d->target->landing(j);
		if (unlikely(j->image->count_cnt))
			d->target->count(j, i);
		emit_step(d, &d->steps[i], i);
		i += insn_is_wide(&d->prog->insns[i]);
	}
	jit_pool_flush(j, func_idx);
}

static u32 emit_pass(struct driver *d)
{
	struct jit_ctx *j = &d->j;
	u32 *insn_off = j->insn_off, *func_off = j->func_off;

	j->pos = 0;
	j->image->reloc_cnt = j->image->cfi_cnt = 0;
	for (u32 i = 0; i < d->prog->subprog_cnt; i++)
		emit_func(d, i);
	j->insn_off = j->new_insn_off;
	j->func_off = j->new_func_off;
	j->new_insn_off = insn_off;
	j->new_func_off = func_off;
	j->first_pass = false;
	return j->pos;
}

static int emit_all(struct driver *d)
{
	struct jit_ctx *j = &d->j;
	u32 size, last_size = 0;

	j->first_pass = true;
	for (u32 pass = 0; pass < PASSES_MAX; pass++) {
		j->frozen = pass >= PASSES_FREE;
		size = emit_pass(d);
		if (j->err)
			return j->err;
		if (size > CODE_MAX)
			return -E2BIG;
		if (j->code && size == last_size)
			return 0;
		last_size = size;
		if (!j->code) {
			j->code = j->image->code = malloc(size + 8);
			j->cap = size + 8;
		}
		if (!j->code)
			return -ENOMEM;
	}
	return -E2BIG;
}

static int record_lines(struct driver *d)
{
	struct jit_image *image = d->j.image;

	image->lines = malloc(d->prog->insn_cnt * sizeof(*image->lines));
	if (!image->lines)
		return -ENOMEM;
	for (u32 i = 0; i < d->prog->insn_cnt; i++) {
		image->lines[image->line_cnt++] = (struct jit_line){ d->j.insn_off[i], i };
		i += insn_is_wide(&d->prog->insns[i]);
	}
	return 0;
}

static int compile(struct driver *d)
{
	struct jit_ctx *j = &d->j;
	u32 insn_cnt = d->prog->insn_cnt, func_cnt = d->prog->subprog_cnt;
	int err = 0;

	if (j->replaceable) {
		j->image->body_off = calloc(func_cnt, sizeof(u32));
		if (!j->image->body_off)
			return -ENOMEM;
	}
	d->steps = calloc(insn_cnt, sizeof(*d->steps)); /* second slots stay 0 but for their kind */
	d->live = calloc(insn_cnt + 1, sizeof(*d->live));
	d->funcs = calloc(func_cnt, sizeof(*d->funcs));
	j->insn_off = calloc(insn_cnt + 1, sizeof(u32));
	j->new_insn_off = calloc(insn_cnt + 1, sizeof(u32));
	j->was_short = calloc(insn_cnt, 1);
	j->func_off = calloc(func_cnt, sizeof(u32));
	j->pool.off = calloc(func_cnt, sizeof(u32));
	j->new_func_off = calloc(func_cnt, sizeof(u32));
	if (!d->steps || !d->live || !d->funcs || !j->insn_off || !j->new_insn_off || !j->was_short ||
	    !j->func_off || !j->new_func_off || !j->pool.off)
		return -ENOMEM;
	for (u32 i = 0; !err && i < func_cnt; i++) {
		/* the walk and the lines go over all insns: subprograms must tile the program */
		u32 end = i + 1 < func_cnt ? d->prog->subprogs[i + 1].start : insn_cnt;

		if (d->prog->subprogs[i].end != end)
			return -EINVAL;
		err = decode_func(d, i);
		if (!err && !d->blind && !j->image->count_cnt)
			jit_fuse(d->steps, d->live, d->prog->subprogs[i].start, end, d->target);
	}
	if (!err)
		err = emit_all(d);
	if (!err)
		err = record_lines(d);
	if (err)
		return err;
	j->image->code_size = j->pos;
	j->image->func_cnt = func_cnt;
	j->image->func_off = j->func_off;
	j->func_off = NULL;
	return 0;
}

#define JIT_FLAGS                                                                                  \
	(JIT_BLIND | JIT_REPLACEABLE | JIT_KASAN | JIT_OBSERVED | JIT_COUNT | JIT_NO_LANDING | JIT_CALL_DEPTH)

/* NULL: the machine can do all of @flags. */
static const char *what_lacks(const struct jit_target *target, u32 flags)
{
	u32 optional = flags & (JIT_NO_LANDING | JIT_CALL_DEPTH) & ~target->flags;

	if (flags & JIT_KASAN)
		return "not modelled: sanitizer checks in machine code (BPF_JIT_KASAN)";
	if (flags & JIT_COUNT && !target->count)
		return "not modelled: counting instructions on this machine";
	if (optional & JIT_CALL_DEPTH)
		return "not modelled: accounting of call depth on this machine";
	return optional ? "not modelled: leaving out landing marks on this machine" : NULL;
}

int jit_compile(const struct xlated_prog *prog, const struct jit_target *target, u32 flags,
		struct jit_image **ret_image, const char **ret_why)
{
	struct driver d = { .prog = prog, .target = target };
	int err;

	if (!prog->subprog_cnt || !prog->insn_cnt || prog->subprogs[0].start)
		return -EINVAL;
	if (flags & ~JIT_FLAGS)
		return -EINVAL;
	d.why = what_lacks(target, flags);
	if (d.why) {
		if (ret_why)
			*ret_why = d.why;
		return -EOPNOTSUPP;
	}
	d.blind = flags & JIT_BLIND;
	d.j.replaceable = flags & JIT_REPLACEABLE;
	d.j.prog = prog;
	d.j.caps = target->caps;
	d.j.big_endian = target->big_endian;
	d.j.no_landing = flags & JIT_NO_LANDING;
	d.j.call_depth = flags & JIT_CALL_DEPTH;
	d.j.image = calloc(1, sizeof(*d.j.image));
	if (d.j.image && flags & JIT_COUNT)
		d.j.image->count_cnt = prog->insn_cnt;
	if (d.j.image && flags & JIT_OBSERVED) {
		d.j.image->observed = true;
		d.j.image->dwarf = target->dwarf;
	}
	err = d.j.image ? compile(&d) : -ENOMEM;
	free(d.steps);
	free(d.live);
	free(d.funcs);
	free(d.j.insn_off);
	free(d.j.new_insn_off);
	free(d.j.was_short);
	free(d.j.func_off);
	free(d.j.pool.off);
	free(d.j.pool.words);
	free(d.j.new_func_off);
	if (err) {
		jit_image_free(d.j.image);
		if (ret_why)
			*ret_why = d.j.why ? d.j.why : d.why;
		return err;
	}
	*ret_image = d.j.image;
	return 0;
}

void jit_image_free(struct jit_image *image)
{
	if (!image)
		return;
	free(image->code);
	free(image->func_off);
	free(image->body_off);
	free(image->relocs);
	free(image->lines);
	free(image->cfi);
	free(image);
}
