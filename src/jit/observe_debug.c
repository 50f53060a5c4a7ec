/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observe_debug.c - functions and lines of linked code as DWARF 4 sections: one compile unit a program.
 * Addresses are absolute: nothing relocates them.
 */
#include "jit/observe.h"

#include <stdlib.h>
#include <string.h>

enum {
	TAG_COMPILE_UNIT = 0x11, TAG_SUBPROGRAM = 0x2e,
	AT_NAME = 0x03, AT_STMT_LIST = 0x10, AT_LOW_PC = 0x11, AT_HIGH_PC = 0x12, AT_LANGUAGE = 0x13,
	AT_PRODUCER = 0x25, AT_EXTERNAL = 0x3f, AT_FRAME_BASE = 0x40,
	FORM_ADDR = 0x01, FORM_DATA2 = 0x05, FORM_STRING = 0x08, FORM_SEC_OFFSET = 0x17, FORM_EXPRLOC = 0x18,
	FORM_FLAG_PRESENT = 0x19,
	LANG_C99 = 0x0c, OP_CALL_FRAME_CFA = 0x9c,
	LNS_COPY = 1, LNS_ADVANCE_PC = 2, LNS_ADVANCE_LINE = 3, LNS_SET_FILE = 4, LNS_SET_COLUMN = 5,
	LNE_END_SEQUENCE = 1, LNE_SET_ADDRESS = 2,
};

enum { ABBREV_UNIT = 1, ABBREV_FUNC = 2 };

static void put_string(struct strbuf *out, const char *text)
{
	strbuf_add(out, text, strlen(text) + 1);
}

/* ---- .debug_abbrev, .debug_info ------------------------------------------------------------------------ */

static void put_abbrevs(struct strbuf *out)
{
	static const u8 rows[] = {
		ABBREV_UNIT, TAG_COMPILE_UNIT, 1, AT_PRODUCER, FORM_STRING, AT_LANGUAGE, FORM_DATA2, AT_NAME, FORM_STRING,
		AT_LOW_PC, FORM_ADDR, AT_HIGH_PC, FORM_ADDR, AT_STMT_LIST, FORM_SEC_OFFSET, 0, 0,
		ABBREV_FUNC, TAG_SUBPROGRAM, 0, AT_EXTERNAL, FORM_FLAG_PRESENT, AT_NAME, FORM_STRING,
		AT_LOW_PC, FORM_ADDR, AT_HIGH_PC, FORM_ADDR, AT_FRAME_BASE, FORM_EXPRLOC, 0, 0,
		0,
	};

	strbuf_add(out, (const char *)rows, sizeof(rows));
}

/* Fills in the length in front of what was added since @start. */
static void end_length(struct strbuf *out, size_t start)
{
	u32 size = out->len - start - 4;

	if (!out->oom)
		memcpy(out->str + start, &size, 4);
}

static void put_info(const struct observed_code *o, const char *unit_name, struct strbuf *out)
{
	size_t start = out->len;
	u32 from, to;

	put_uint(out, 0, 4);
	put_uint(out, 4, 2); /* version */
	put_uint(out, 0, 4); /* abbreviations: from the start of their section */
	put_uint(out, 8, 1); /* bytes of an address */
	put_uleb(out, ABBREV_UNIT);
	put_string(out, "skep");
	put_uint(out, LANG_C99, 2);
	put_string(out, unit_name);
	put_uint(out, (uintptr_t)o->base, 8);
	put_uint(out, (uintptr_t)o->base + o->image->code_size, 8);
	put_uint(out, 0, 4);
	for (u32 f = 0; f < o->image->func_cnt; f++) {
		observed_func(o, f, &from, &to);
		put_uleb(out, ABBREV_FUNC);
		put_string(out, o->desc->names[f]);
		put_uint(out, (uintptr_t)o->base + from, 8);
		put_uint(out, (uintptr_t)o->base + to, 8);
		put_uleb(out, 1);
		put_uint(out, OP_CALL_FRAME_CFA, 1);
	}
	put_uleb(out, 0); /* no more children */
	end_length(out, start);
}

/* ---- .debug_line --------------------------------------------------------------------------------------- */

#define FILES_MAX 64 /* what comes from further ones is told as the last one's */

struct line_rows {
	struct strbuf *out;
	const char *files[FILES_MAX];
	u32 file_cnt;
	/* the machine that reads the rows */
	u32 at, file, line, col;
};

static u32 file_number(const struct line_rows *rows, const char *file)
{
	u32 i = 0;

	while (i + 1 < rows->file_cnt && strcmp(rows->files[i], file))
		i++;
	return i + 1;
}

static void note_file(void *ctx, u32 code_off __unused_arg, const struct jit_src *src)
{
	struct line_rows *rows = ctx;

	for (u32 i = 0; i < rows->file_cnt; i++)
		if (!strcmp(rows->files[i], src->file))
			return;
	if (rows->file_cnt < FILES_MAX)
		rows->files[rows->file_cnt++] = src->file;
}

static void put_line_header(const struct line_rows *rows)
{
	static const u8 operand_cnts[] = { 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1 };
	struct strbuf *out = rows->out;
	size_t start;

	put_uint(out, 4, 2); /* version */
	start = out->len;
	put_uint(out, 0, 4);
	put_uint(out, 1, 1); /* least length of an instruction */
	put_uint(out, 1, 1); /* operations in one */
	put_uint(out, 1, 1); /* rows are statements */
	put_uint(out, (u8)-5, 1); /* special opcodes: not used here */
	put_uint(out, 14, 1);
	put_uint(out, sizeof(operand_cnts) + 1, 1);
	strbuf_add(out, (const char *)operand_cnts, sizeof(operand_cnts));
	put_uint(out, 0, 1); /* no folders: names are whole */
	for (u32 i = 0; i < rows->file_cnt; i++) {
		put_string(out, rows->files[i]);
		put_uleb(out, 0);
		put_uleb(out, 0);
		put_uleb(out, 0);
	}
	put_uint(out, 0, 1);
	end_length(out, start);
}

static void put_row(void *ctx, u32 code_off, const struct jit_src *src)
{
	struct line_rows *rows = ctx;
	u32 file = file_number(rows, src->file);

	if (file != rows->file) {
		put_uint(rows->out, LNS_SET_FILE, 1);
		put_uleb(rows->out, file);
	}
	if (src->col != rows->col) {
		put_uint(rows->out, LNS_SET_COLUMN, 1);
		put_uleb(rows->out, src->col);
	}
	put_uint(rows->out, LNS_ADVANCE_PC, 1);
	put_uleb(rows->out, code_off - rows->at);
	put_uint(rows->out, LNS_ADVANCE_LINE, 1);
	put_sleb(rows->out, (s64)src->line - rows->line);
	put_uint(rows->out, LNS_COPY, 1);
	rows->at = code_off;
	rows->file = file;
	rows->line = src->line;
	rows->col = src->col;
}

static void put_lines(const struct observed_code *o, struct line_rows *rows)
{
	struct strbuf *out = rows->out;
	size_t start = out->len;

	put_uint(out, 0, 4);
	put_line_header(rows);
	put_uint(out, 0, 1);
	put_uleb(out, 9);
	put_uint(out, LNE_SET_ADDRESS, 1);
	put_uint(out, (uintptr_t)o->base, 8);
	rows->file = rows->line = 1;
	observed_lines(o, JIT_ALL_FUNCS, put_row, rows);
	put_uint(out, LNS_ADVANCE_PC, 1);
	put_uleb(out, o->image->code_size - rows->at);
	put_uint(out, 0, 1);
	put_uleb(out, 1);
	put_uint(out, LNE_END_SEQUENCE, 1);
	end_length(out, start);
}

void debug_sections(const struct observed_code *o, struct debug_sections *ret)
{
	struct line_rows rows = { .out = &ret->line };

	*ret = (struct debug_sections){ 0 };
	observed_lines(o, JIT_ALL_FUNCS, note_file, &rows);
	put_abbrevs(&ret->abbrev);
	put_info(o, rows.file_cnt ? rows.files[0] : o->desc->names[0], &ret->info);
	put_lines(o, &rows);
}

void debug_sections_free(struct debug_sections *s)
{
	strbuf_free(&s->abbrev);
	strbuf_free(&s->info);
	strbuf_free(&s->line);
}
