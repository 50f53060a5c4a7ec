/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dump.c - a loaded program as text, as bpftool prints it: rewritten instructions with their source
 * lines, and the control-flow graph. Machine code is dumpjit.c.
 */
#include "syscall/dump.h"

#include "btf/btf.h"
#include "isa/cfg.h"
#include "syscall/syscall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ----------------------------------------------------------------------------------- */

static const char *name_helper(void *ctx __unused_arg, u32 id)
{
	return skep_helper_name(id);
}

static bool name_imm64(void *ctx, const struct bpf_insn *insn, struct strbuf *out)
{
	struct dump *d = ctx;
	u32 idx = insn - d->x->insns;
	const struct xlated_sym *sym = &d->x->syms[d->x->aux[idx].sym];
	u32 id = 0, map_idx;

	if (sym->kind == SYM_FUNC) {
		strbuf_printf(out, "subprog[%+d]", (int)(d->x->subprogs[sym->idx].start - idx - 1));
		return true;
	}
	if (sym->kind != SYM_MAP && sym->kind != SYM_MAP_VALUE && sym->kind != SYM_JUMP_TABLE)
		return false;
	map_idx = sym->kind == SYM_JUMP_TABLE ? d->x->tables[sym->idx].map_idx : sym->idx;
	if (map_idx < d->info.map_cnt)
		id = d->info.maps[map_idx]->id;
	strbuf_printf(out, "map[id:%u]", id);
	if (sym->kind != SYM_MAP)
		strbuf_printf(out, "[0]+%llu", (unsigned long long)sym->off);
	return true;
}

static const char *subprog_name(const struct dump *d, u32 start)
{
	for (u32 s = 0; s < d->x->subprog_cnt; s++) {
		if (d->x->subprogs[s].start == start)
			return d->x->subprogs[s].name;
	}
	return "";
}

static bool name_call(void *ctx, const struct bpf_insn *insn, struct strbuf *out)
{
	struct dump *d = ctx;
	const char *name;

	if (insn_decode(insn) != FORM_CALL_SUBPROG)
		return false;
	name = subprog_name(d, (insn - d->x->insns) + 1 + insn->imm);
	strbuf_printf(out, "call pc%+d%s%s", insn->imm, *name ? "#" : "", name);
	return true;
}

static struct insn_namer namer_of(struct dump *d)
{
	return (struct insn_namer){ .ctx = d, .helper = name_helper, .imm64 = name_imm64, .call = name_call };
}

/* ---- lines of text -------------------------------------------------------------------------- */

void dump_insn(struct dump *d, u32 idx)
{
	struct insn_namer namer = namer_of(d);

	insn_print(&d->out, &d->x->insns[idx], &namer);
}

void dump_line(struct dump *d, const struct prog_line *line)
{
	if (!*line->text)
		return;
	strbuf_printf(&d->out, "; %s", line->text);
	if (d->flags & SKEP_DUMP_LINUM)
		strbuf_printf(&d->out, " [file:%s line_num:%u line_col:%u]", line->file, line->line, line->col);
	strbuf_putc(&d->out, '\n');
}

/* ---- prototypes ------------------------------------------------------------------------------ */

/* What stands before a name, each word with a space after it: "struct xdp_md * ". */
static void print_type(struct strbuf *out, const struct skep_btf *btf, u32 id, u32 depth)
{
	static const char *const words[] = {
		[BTF_KIND_STRUCT] = "struct ", [BTF_KIND_UNION] = "union ", [BTF_KIND_ENUM] = "enum ",
		[BTF_KIND_ENUM64] = "enum ", [BTF_KIND_VOLATILE] = "volatile ", [BTF_KIND_CONST] = "const ",
		[BTF_KIND_RESTRICT] = "restrict ",
	};
	struct btf_t t;

	if (depth > 32 || !btf_type_get(btf, id, &t))
		return;
	if (t.kind < ARRAY_SIZE(words) && words[t.kind])
		strbuf_puts(out, words[t.kind]);
	switch (t.kind) {
	case BTF_KIND_PTR:
		print_type(out, btf, t.type, depth + 1);
		strbuf_puts(out, "* ");
		break;
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		print_type(out, btf, t.type, depth + 1);
		break;
	case BTF_KIND_FWD:
		strbuf_printf(out, "%s %s ", t.kflag ? "union" : "struct", t.name);
		break;
	default:
		strbuf_printf(out, "%s ", t.name);
	}
}

/* "int two(struct xdp_md * ctx)"; false when BTF does not tell. */
static bool print_proto(struct dump *d, u32 func_id)
{
	const struct skep_btf *btf = d->info.btf;
	struct btf_t func, proto;
	struct btf_parm p;

	if (!btf || !btf_type_get(btf, func_id, &func) || func.kind != BTF_KIND_FUNC ||
	    !btf_type_get(btf, func.type, &proto) || proto.kind != BTF_KIND_FUNC_PROTO)
		return false;
	print_type(&d->out, btf, proto.type, 0);
	strbuf_printf(&d->out, "%s(", func.name);
	for (u32 i = 0; i < proto.vlen && btf_param(btf, &proto, i, &p); i++) {
		strbuf_puts(&d->out, i ? ", " : "");
		print_type(&d->out, btf, p.type, 0);
		strbuf_puts(&d->out, p.name);
	}
	strbuf_puts(&d->out, ")");
	return true;
}

bool dump_proto(struct dump *d, const struct xlated_subprog *sub)
{
	const char *rec = d->info.func_info;
	u32 orig = d->x->aux[sub->start].orig_idx;

	for (u32 i = 0; rec && i < d->info.func_info_cnt; i++, rec += d->info.func_info_rec_size) {
		const struct bpf_func_info *info = (const void *)rec;

		if (info->insn_off != orig)
			continue;
		if (print_proto(d, info->type_id)) {
			strbuf_puts(&d->out, ":\n");
			return true;
		}
	}
	return false;
}

/* ---- the kinds of dump ---------------------------------------------------------------------- */

static void dump_opcodes(struct dump *d, u32 idx)
{
	u32 size = insn_is_wide(&d->x->insns[idx]) ? 16 : 8;

	strbuf_puts(&d->out, "       ");
	for (u32 b = 0; b < size; b++)
		strbuf_printf(&d->out, "%s%02x", b ? " " : "", ((const u8 *)&d->x->insns[idx])[b]);
	strbuf_putc(&d->out, '\n');
}

static void dump_xlated(struct dump *d)
{
	const struct xlated_prog *x = d->x;
	u32 last_orig = UINT32_MAX, orig;
	struct prog_line line;

	for (u32 i = 0; i < x->insn_cnt; i += insn_is_wide(&x->insns[i]) ? 2 : 1) {
		for (u32 f = 0; f < x->subprog_cnt; f++) {
			if (x->subprogs[f].start == i && !dump_proto(d, &x->subprogs[f]) && x->subprogs[f].name[0])
				strbuf_printf(&d->out, "%s:\n", x->subprogs[f].name);
		}
		orig = x->aux[i].orig_idx;
		if (orig != last_orig && skep_prog_line(&d->info, orig, &line) && line.first == orig)
			dump_line(d, &line);
		last_orig = orig;
		strbuf_printf(&d->out, "%4u: ", i);
		dump_insn(d, i);
		strbuf_putc(&d->out, '\n');
		if (d->flags & SKEP_DUMP_OPCODES)
			dump_opcodes(d, i);
	}
}

static int dump_cfg(struct dump *d)
{
	struct insn_namer namer = namer_of(d);
	struct cfg cfg;
	int err = cfg_build(d->x->insns, d->x->insn_cnt, NULL, &cfg);

	if (err)
		return err;
	cfg_print_dot(&d->out, &cfg, d->x->insns, &namer);
	cfg_free(&cfg);
	return 0;
}

int skep_prog_dump(struct skep *skep, int prog_fd, uint32_t kind, uint32_t flags, char **ret_text)
{
	struct skep_prog *prog;
	struct dump d = { 0 };
	int err;

	if (flags & ~(SKEP_DUMP_OPCODES | SKEP_DUMP_LINUM | SKEP_DUMP_INSNS))
		return -EINVAL;
	err = skep_prog_from_fd(skep, prog_fd, &prog);
	if (err)
		return err;
	skep_prog_info(prog, &d.info);
	d.x = d.info.xlated;
	d.flags = flags;
	switch (kind) {
	case SKEP_DUMP_XLATED:
		dump_xlated(&d);
		break;
	case SKEP_DUMP_JITED:
		err = d.info.jited_code ? dump_jited(&d) : -ENOENT;
		break;
	case SKEP_DUMP_CFG:
		err = dump_cfg(&d);
		break;
	default:
		err = -EINVAL;
	}
	skep_prog_put(prog);
	if (!err && d.out.oom)
		err = -ENOMEM;
	if (err)
		strbuf_free(&d.out);
	else
		*ret_text = d.out.str ? d.out.str : strdup("");
	return err;
}
