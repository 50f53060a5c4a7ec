/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dump.c - a loaded program as text, as bpftool prints it: rewritten instructions with their source
 * lines, machine code, and the control-flow graph.
 */
#include "btf/btf.h"
#include "isa/cfg.h"
#include "jit/jit.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include <skep/skep.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_CAPSTONE
#include <capstone/capstone.h>
#endif

struct dump {
	struct skep_prog_info info;
	const struct xlated_prog *x;
	struct strbuf out;
};

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

/* ---- source lines -------------------------------------------------------------------------- */

/* The text of the source line that begins at @orig_idx, NULL when none begins there. */
static const char *line_at(const struct dump *d, u32 orig_idx)
{
	const char *rec = d->info.line_info;

	for (u32 i = 0; rec && i < d->info.line_info_cnt; i++, rec += d->info.line_info_rec_size) {
		const struct bpf_line_info *line = (const void *)rec;
		const char *text;

		if (line->insn_off != orig_idx)
			continue;
		text = btf_str(d->info.btf, line->line_off);
		while (text && (*text == ' ' || *text == '\t'))
			text++;
		return text && *text ? text : NULL;
	}
	return NULL;
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

/* The line that begins a subprogram. */
static void print_func(struct dump *d, const struct xlated_subprog *sub)
{
	const char *rec = d->info.func_info;
	u32 orig = d->x->aux[sub->start].orig_idx;

	for (u32 i = 0; rec && i < d->info.func_info_cnt; i++, rec += d->info.func_info_rec_size) {
		const struct bpf_func_info *info = (const void *)rec;

		if (info->insn_off != orig)
			continue;
		if (print_proto(d, info->type_id)) {
			strbuf_puts(&d->out, ":\n");
			return;
		}
	}
	if (sub->name[0])
		strbuf_printf(&d->out, "%s:\n", sub->name);
}

/* ---- the kinds of dump ---------------------------------------------------------------------- */

static void dump_xlated(struct dump *d, bool opcodes)
{
	struct insn_namer namer = namer_of(d);
	const struct xlated_prog *x = d->x;
	u32 last_orig = UINT32_MAX;

	for (u32 i = 0; i < x->insn_cnt; i += insn_is_wide(&x->insns[i]) ? 2 : 1) {
		const char *line;

		for (u32 f = 0; f < x->subprog_cnt; f++) {
			if (x->subprogs[f].start == i)
				print_func(d, &x->subprogs[f]);
		}
		line = x->aux[i].orig_idx != last_orig ? line_at(d, x->aux[i].orig_idx) : NULL;
		last_orig = x->aux[i].orig_idx;
		if (line)
			strbuf_printf(&d->out, "; %s\n", line);
		strbuf_printf(&d->out, "%4u: ", i);
		insn_print(&d->out, &x->insns[i], &namer);
		strbuf_putc(&d->out, '\n');
		for (u32 slot = 0; opcodes && slot < (insn_is_wide(&x->insns[i]) ? 2 : 1); slot++) {
			strbuf_puts(&d->out, slot ? "" : "       ");
			for (u32 b = 0; b < 8; b++)
				strbuf_printf(&d->out, "%s%02x", b || slot ? " " : "",
					      ((const u8 *)&x->insns[i + slot])[b]);
			if (slot || !insn_is_wide(&x->insns[i]))
				strbuf_putc(&d->out, '\n');
		}
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

#ifdef HAVE_CAPSTONE
static int disassemble(struct dump *d)
{
	cs_insn *insn;
	csh cs;

	if (cs_open(CS_ARCH_X86, CS_MODE_64, &cs))
		return -ENOMEM;
	cs_option(cs, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	insn = cs_malloc(cs);
	for (u32 f = 0; insn && f < d->info.jit_image->func_cnt; f++) {
		u32 off = d->info.jit_image->func_off[f];
		u32 end = f + 1 < d->info.jit_image->func_cnt ? d->info.jit_image->func_off[f + 1] :
								d->info.jited_size;
		const u8 *code = d->info.jited_code + off;
		size_t left = end - off;
		u64 addr = 0;

		strbuf_printf(&d->out, "%s:\n", f < d->x->subprog_cnt ? d->x->subprogs[f].name : "");
		while (left && cs_disasm_iter(cs, &code, &left, &addr, insn))
			strbuf_printf(&d->out, "%4llx:\t%s\t%s\n", (unsigned long long)insn->address,
				      insn->mnemonic, insn->op_str);
		for (; left; left--, code++, addr++)
			strbuf_printf(&d->out, "%4llx:\t.byte\t0x%02x\n", (unsigned long long)addr, *code);
	}
	if (insn)
		cs_free(insn, 1);
	cs_close(&cs);
	return insn ? 0 : -ENOMEM;
}
#else
static int disassemble(struct dump *d)
{
	for (u32 i = 0; i < d->info.jited_size; i++)
		strbuf_printf(&d->out, "%s%02x%s", i % 16 ? " " : "", d->info.jited_code[i],
			      i % 16 == 15 || i + 1 == d->info.jited_size ? "\n" : "");
	return 0;
}
#endif

int skep_prog_dump(struct skep *skep, int prog_fd, enum skep_dump_kind kind, char **ret_text)
{
	struct skep_prog *prog;
	struct dump d = { 0 };
	int err;

	err = skep_prog_from_fd(skep, prog_fd, &prog);
	if (err)
		return err;
	skep_prog_info(prog, &d.info);
	d.x = d.info.xlated;
	switch (kind) {
	case SKEP_DUMP_XLATED:
	case SKEP_DUMP_XLATED_OPCODES:
		dump_xlated(&d, kind == SKEP_DUMP_XLATED_OPCODES);
		break;
	case SKEP_DUMP_JITED:
		err = d.info.jited_code ? disassemble(&d) : -ENOENT;
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
