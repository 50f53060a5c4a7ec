/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dumpjit.c - machine code of a loaded program as text, in bpftool's form: names of functions, source
 * lines, and on request the rewritten instruction that each piece of code was made for. Without
 * capstone the bytes stand in place of instructions.
 */
#include "syscall/dump.h"

#include <errno.h>

#ifdef HAVE_CAPSTONE
#include <capstone/capstone.h>
#endif

/* One function, from its entry to the next one's. */
struct walk {
	u32 off, end;	  /* bytes of the code */
	u32 line, line_end; /* rows of jit_image.lines */
	u32 shown;	  /* prog_line.first of the last source line */
};

/* ---- what stands above an instruction ----------------------------------------------------------- */

static void show_source(struct dump *d, struct walk *w, u32 xlated_idx)
{
	struct prog_line line;

	if (!skep_prog_line(&d->info, d->x->aux[xlated_idx].orig_idx, &line) || line.first == w->shown)
		return;
	w->shown = line.first;
	dump_line(d, &line);
}

/* Everything that begins at or before byte @at and was not told yet. */
static void annotate(struct dump *d, struct walk *w, u32 at)
{
	const struct jit_line *lines = d->info.jit_image->lines;

	for (; w->line < w->line_end && lines[w->line].code_off <= at; w->line++) {
		show_source(d, w, lines[w->line].xlated_idx);
		if (!(d->flags & SKEP_DUMP_INSNS))
			continue;
		strbuf_printf(&d->out, "# %u: ", lines[w->line].xlated_idx);
		dump_insn(d, lines[w->line].xlated_idx);
		strbuf_putc(&d->out, '\n');
	}
}

/* As bpftool has it: the bytes in a line of their own. */
static void show_bytes(struct dump *d, const u8 *bytes, u32 size)
{
	if (!(d->flags & SKEP_DUMP_OPCODES))
		return;
	strbuf_putc(&d->out, '\t');
	for (u32 i = 0; i < size; i++)
		strbuf_printf(&d->out, "%02x ", bytes[i]);
	strbuf_putc(&d->out, '\n');
}

static void begin_func(struct dump *d, u32 func_idx, struct walk *w)
{
	const struct jit_image *image = d->info.jit_image;
	const struct xlated_subprog *sub = &d->x->subprogs[func_idx];

	w->off = image->func_off[func_idx];
	w->end = func_idx + 1 < image->func_cnt ? image->func_off[func_idx + 1] : d->info.jited_size;
	while (w->line_end < image->line_cnt && image->lines[w->line_end].xlated_idx < sub->end)
		w->line_end++;
	w->shown = UINT32_MAX;
	dump_proto(d, sub);
	strbuf_printf(&d->out, "%s:\n", sub->name);
	show_source(d, w, sub->start); /* the code before the first insn is that line's too */
}

/* ---- instructions ------------------------------------------------------------------------------- */

/* As data: what the disassembler cannot read, or all of it where there is none. */
static void dump_bytes(struct dump *d, struct walk *w, u64 addr)
{
	for (u32 base = w->off - addr; w->off < w->end; w->off++) {
		annotate(d, w, w->off);
		strbuf_printf(&d->out, "%4x:\t.byte\t0x%02x\n", w->off - base, d->info.jited_code[w->off]);
	}
}

#ifdef HAVE_CAPSTONE
static void dump_func(struct dump *d, csh cs, cs_insn *insn, struct walk *w)
{
	const u8 *code = d->info.jited_code + w->off;
	size_t left = w->end - w->off;
	u64 addr = 0;

	while (left && cs_disasm_iter(cs, &code, &left, &addr, insn)) {
		annotate(d, w, w->off);
		strbuf_printf(&d->out, "%4llx:\t%s\t%s\n", (unsigned long long)insn->address, insn->mnemonic,
			      insn->op_str);
		show_bytes(d, d->info.jited_code + w->off, insn->size);
		w->off = w->end - left;
	}
	dump_bytes(d, w, addr);
}

int dump_jited(struct dump *d)
{
	struct walk w = { 0 };
	cs_insn *insn;
	csh cs;

	if (cs_open(CS_ARCH_X86, CS_MODE_64, &cs))
		return -ENOMEM;
	cs_option(cs, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	insn = cs_malloc(cs);
	for (u32 f = 0; insn && f < d->info.jit_image->func_cnt; f++) {
		begin_func(d, f, &w);
		dump_func(d, cs, insn, &w);
	}
	if (insn)
		cs_free(insn, 1);
	cs_close(&cs);
	return insn ? 0 : -ENOMEM;
}
#else
int dump_jited(struct dump *d)
{
	struct walk w = { 0 };

	for (u32 f = 0; f < d->info.jit_image->func_cnt; f++) {
		begin_func(d, f, &w);
		dump_bytes(d, &w, 0);
	}
	return 0;
}
#endif
