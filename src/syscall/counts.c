/* SPDX-License-Identifier: BSD-2-Clause */
/* counts.c - how often each rewritten instruction of a program ran: what a counting build of its code counted. */
#include "syscall/dump.h"
#include "syscall/syscall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the rows are made of: their strings are offsets until all of them are there. */
struct rows {
	struct skep_insn_count *at;
	u32 cnt;
	struct strbuf text;
};

static const char *keep(struct rows *rows, const char *text)
{
	size_t off = rows->text.len;

	strbuf_add(&rows->text, text, strlen(text) + 1);
	return (const char *)off;
}

static void add_row(struct dump *d, struct rows *rows, u32 idx, u64 count)
{
	struct skep_insn_count *row = &rows->at[rows->cnt++];
	struct prog_line line = { .file = "", .text = "" };

	skep_prog_line(&d->info, d->x->aux[idx].orig_idx, &line);
	strbuf_reset(&d->out);
	dump_insn(d, idx);
	*row = (struct skep_insn_count){ .idx = idx, .count = count, .line = line.line, .col = line.col };
	row->insn = keep(rows, strbuf_str(&d->out));
	row->file = keep(rows, line.file);
	row->text = keep(rows, line.text);
}

/* Rows and strings in one block. */
static int join(struct rows *rows, struct skep_insn_count **ret_rows)
{
	size_t size = rows->cnt * sizeof(*rows->at);
	char *block = rows->text.oom ? NULL : malloc(size + rows->text.len + 1);

	if (!block)
		return -ENOMEM;
	for (u32 i = 0; i < rows->cnt; i++) {
		rows->at[i].insn = block + size + (size_t)rows->at[i].insn;
		rows->at[i].file = block + size + (size_t)rows->at[i].file;
		rows->at[i].text = block + size + (size_t)rows->at[i].text;
	}
	memcpy(block, rows->at, size);
	if (rows->text.len)
		memcpy(block + size, rows->text.str, rows->text.len);
	*ret_rows = (struct skep_insn_count *)block;
	return 0;
}

static int collect(struct skep_prog *prog, struct skep_insn_count **ret_rows, u32 *ret_cnt)
{
	struct rows rows = { 0 };
	struct dump d = { 0 };
	u64 *counts;
	int err;

	skep_prog_info(prog, &d.info);
	d.x = d.info.xlated;
	counts = calloc(d.x->insn_cnt, sizeof(*counts));
	rows.at = calloc(d.x->insn_cnt, sizeof(*rows.at));
	err = counts && rows.at ? skep_prog_counted(prog, counts) : -ENOMEM;
	for (u32 i = 0; !err && i < d.x->insn_cnt; i += insn_is_wide(&d.x->insns[i]) ? 2 : 1)
		add_row(&d, &rows, i, counts[i]);
	if (!err)
		err = join(&rows, ret_rows);
	*ret_cnt = rows.cnt;
	strbuf_free(&rows.text);
	strbuf_free(&d.out);
	free(rows.at);
	free(counts);
	return err;
}

int skep_prog_counts(struct skep *skep, int prog_fd, struct skep_insn_count **ret_counts, uint32_t *ret_cnt)
{
	struct skep_prog *prog;
	int err = skep_prog_from_fd(skep, prog_fd, &prog);

	if (err)
		return err;
	err = collect(prog, ret_counts, ret_cnt);
	skep_prog_put(prog);
	return err;
}
