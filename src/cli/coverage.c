/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * coverage.c - instructions are counted, not jumps. How often a condition held follows from that: as many runs come
 * into an instruction as leave it, so each edge that is the only one not yet known of its instruction can be
 * computed; what cannot is left out. A line ran as often as its most frequent instruction.
 */
#include "cli/coverage.h"

#include "base/vec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cov_line {
	char *file;
	u32 line;
	u64 runs;
};

/* A condition of a program: those of one place are told apart by program and instruction. */
struct cov_branch {
	char *file, *prog;
	u32 line, idx;
	bool known;
	u64 taken, passed;
};

struct coverage {
	VEC(struct cov_line) lines;
	VEC(struct cov_branch) branches;
};

struct coverage *coverage_new(void)
{
	return calloc(1, sizeof(struct coverage));
}

void coverage_free(struct coverage *cov)
{
	if (!cov)
		return;
	for (size_t i = 0; i < cov->lines.cnt; i++)
		free(cov->lines.at[i].file);
	for (size_t i = 0; i < cov->branches.cnt; i++) {
		free(cov->branches.at[i].file);
		free(cov->branches.at[i].prog);
	}
	vec_free(&cov->lines);
	vec_free(&cov->branches);
	free(cov);
}

/* ---- edges ------------------------------------------------------------------------------------------------------ */

struct edge {
	u32 to; /* row */
	u64 runs;
	bool known;
};

struct flow {
	const struct skep_insn_count *rows;
	u32 cnt;
	struct edge *edges; /* two for each row: falls through, jumps; to == UINT32_MAX: none */
	bool *entered;	    /* by a call: more come in than edges tell */
	bool *left;	    /* by a tail call: fewer leave */
	bool indirect;	    /* a jump of which nobody knows where to: no edges are computed */
};

#define NOWHERE UINT32_MAX
#define FALLS(row) (2 * (row))
#define JUMPS(row) (2 * (row) + 1)

static u32 row_at(const struct flow *f, s64 idx)
{
	u32 low = 0, high = f->cnt;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (f->rows[mid].idx < idx)
			low = mid + 1;
		else
			high = mid;
	}
	return low < f->cnt && f->rows[low].idx == idx ? low : NOWHERE;
}

/* "... pc+4": where that is; @mark: what stands in front of it. */
static u32 target(const struct flow *f, u32 row, const char *mark)
{
	const char *at = strstr(f->rows[row].insn, mark);

	return at ? row_at(f, (s64)f->rows[row].idx + 1 + strtoll(at + strlen(mark), NULL, 10)) : NOWHERE;
}

static void add_edges(struct flow *f, u32 row)
{
	const char *text = f->rows[row].insn, *op = strchr(text, ')');
	u32 next = row + 1 < f->cnt ? row + 1 : NOWHERE, to;
	bool cond, jump;

	op = op ? op + 2 : text;
	cond = !strncmp(op, "if ", 3);
	jump = !strncmp(op, "goto ", 5) || !strncmp(op, "gotol ", 6);
	f->indirect |= !strncmp(op, "gotox ", 6) || !strncmp(op, "may_goto ", 9);
	f->left[row] = strstr(op, "bpf_tail_call") != NULL;
	to = !strncmp(op, "call pc", 7) ? target(f, row, "call pc") : target(f, row, "subprog[");
	if (to != NOWHERE)
		f->entered[to] = true;
	f->edges[FALLS(row)] = (struct edge){ .to = jump || !strncmp(op, "exit", 4) ? NOWHERE : next };
	f->edges[JUMPS(row)] = (struct edge){ .to = cond || jump ? target(f, row, "pc") : NOWHERE };
}

/* @sum: what the edges that are known carry; the only unknown one carries the rest of @runs. */
static bool settle(struct edge **edges, u32 cnt, u64 runs)
{
	struct edge *open = NULL;
	u64 sum = 0;

	for (u32 i = 0; i < cnt; i++) {
		if (edges[i]->known)
			sum += edges[i]->runs;
		else if (open)
			return false;
		else
			open = edges[i];
	}
	if (!open || sum > runs)
		return false;
	open->runs = runs - sum;
	open->known = true;
	return true;
}

static bool settle_out(struct flow *f, u32 row)
{
	struct edge *out[2];
	u32 cnt = 0;

	for (u32 i = 0; i < 2; i++) {
		if (f->edges[2 * row + i].to != NOWHERE)
			out[cnt++] = &f->edges[2 * row + i];
	}
	return cnt && !f->left[row] && settle(out, cnt, f->rows[row].count);
}

/* All edges by where they lead; starts[row] ... starts[row + 1] are those into it. */
static bool settle_all(struct flow *f)
{
	struct edge **into = calloc(2 * (size_t)f->cnt + 1, sizeof(*into));
	u32 *starts = calloc((size_t)f->cnt + 2, sizeof(*starts)), *fill = calloc((size_t)f->cnt + 1, sizeof(*fill));
	bool ok = into && starts && fill, moved = ok;

	for (u32 e = 0; ok && e < 2 * f->cnt; e++) {
		if (f->edges[e].to != NOWHERE)
			starts[f->edges[e].to + 1]++;
	}
	for (u32 i = 0; ok && i < f->cnt; i++)
		starts[i + 1] += starts[i];
	for (u32 e = 0; ok && e < 2 * f->cnt; e++) {
		u32 to = f->edges[e].to;

		if (to != NOWHERE)
			into[starts[to] + fill[to]++] = &f->edges[e];
	}
	while (moved) {
		moved = false;
		for (u32 i = 0; i < f->cnt; i++) {
			moved |= settle_out(f, i);
			if (i && !f->entered[i])
				moved |= settle(into + starts[i], starts[i + 1] - starts[i], f->rows[i].count);
		}
	}
	free(into);
	free(starts);
	free(fill);
	return ok;
}

/* ---- one program ---------------------------------------------------------------------------------------------- */

/* Of one program; those of others and other runs are added up when all is written. */
static bool add_line(struct coverage *cov, const char *file, u32 line, u64 runs)
{
	struct cov_line row = { .file = strdup(file), .line = line, .runs = runs };

	if (row.file && vec_push(&cov->lines, row))
		return true;
	free(row.file);
	return false;
}

static bool add_branch(struct coverage *cov, const struct skep_insn_count *row, const char *prog, const struct edge *falls,
		       const struct edge *jumps)
{
	struct cov_branch b = { .file = strdup(row->file), .prog = strdup(prog), .line = row->line, .idx = row->idx,
				.known = falls->known && jumps->known, .taken = jumps->runs, .passed = falls->runs };

	if (b.file && b.prog && vec_push(&cov->branches, b))
		return true;
	free(b.file);
	free(b.prog);
	return false;
}

static int by_place(const void *a, const void *b)
{
	const struct skep_insn_count *x = *(const struct skep_insn_count *const *)a, *y = *(const struct skep_insn_count *const *)b;
	int files = strcmp(x->file, y->file);

	return files ? files : (x->line > y->line) - (x->line < y->line);
}

/* The instructions of a line need not stand together. */
static bool add_lines(struct coverage *cov, const struct skep_insn_count *rows, u32 cnt)
{
	const struct skep_insn_count **sorted = calloc((size_t)cnt + 1, sizeof(*sorted));
	u32 placed = 0, end;
	bool ok = sorted;

	for (u32 i = 0; ok && i < cnt; i++) {
		if (*rows[i].file)
			sorted[placed++] = &rows[i];
	}
	if (ok)
		qsort(sorted, placed, sizeof(*sorted), by_place);
	for (u32 i = 0; ok && i < placed; i = end) {
		u64 most = 0;

		for (end = i; end < placed && !by_place(&sorted[i], &sorted[end]); end++)
			most = max_of(most, sorted[end]->count);
		ok = add_line(cov, sorted[i]->file, sorted[i]->line, most);
	}
	free(sorted);
	return ok;
}

static bool add_branches(struct coverage *cov, struct flow *f, const char *prog)
{
	for (u32 i = 0; i < f->cnt; i++)
		add_edges(f, i);
	if (f->indirect)
		return true;
	if (!settle_all(f))
		return false;
	for (u32 i = 0; i < f->cnt; i++) {
		const struct edge *falls = &f->edges[FALLS(i)], *jumps = &f->edges[JUMPS(i)];

		if (falls->to != NOWHERE && jumps->to != NOWHERE && *f->rows[i].file &&
		    !add_branch(cov, &f->rows[i], prog, falls, jumps))
			return false;
	}
	return true;
}

bool coverage_add(struct coverage *cov, struct skep *skep, int prog_fd, const char *prog)
{
	struct skep_insn_count *rows;
	struct flow f = { 0 };
	bool ok;
	int err = skep_prog_counts(skep, prog_fd, &rows, &f.cnt);

	if (err)
		return err != -ENOMEM;
	f.rows = rows;
	f.edges = calloc(2 * (size_t)f.cnt + 1, sizeof(*f.edges));
	f.entered = calloc((size_t)f.cnt + 1, sizeof(*f.entered));
	f.left = calloc((size_t)f.cnt + 1, sizeof(*f.left));
	ok = f.edges && f.entered && f.left && add_lines(cov, rows, f.cnt) && add_branches(cov, &f, prog);
	free(f.edges);
	free(f.entered);
	free(f.left);
	free(rows);
	return ok;
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

static int by_line(const void *a, const void *b)
{
	const struct cov_line *x = a, *y = b;
	int files = strcmp(x->file, y->file);

	return files ? files : (x->line > y->line) - (x->line < y->line);
}

static int by_branch(const void *a, const void *b)
{
	const struct cov_branch *x = a, *y = b;
	int files = strcmp(x->file, y->file), progs = strcmp(x->prog, y->prog);

	if (files || x->line != y->line)
		return files ? files : (x->line > y->line) - (x->line < y->line);
	return progs ? progs : (x->idx > y->idx) - (x->idx < y->idx);
}

static void merge_lines(struct coverage *cov)
{
	size_t cnt = 0;

	qsort(cov->lines.at, cov->lines.cnt, sizeof(*cov->lines.at), by_line);
	for (size_t i = 0; i < cov->lines.cnt; i++) {
		struct cov_line *line = &cov->lines.at[i];

		if (cnt && !by_line(&cov->lines.at[cnt - 1], line)) {
			cov->lines.at[cnt - 1].runs += line->runs;
			free(line->file);
		} else {
			cov->lines.at[cnt++] = *line;
		}
	}
	cov->lines.cnt = cnt;
}

static void merge_branches(struct coverage *cov)
{
	size_t cnt = 0;

	qsort(cov->branches.at, cov->branches.cnt, sizeof(*cov->branches.at), by_branch);
	for (size_t i = 0; i < cov->branches.cnt; i++) {
		struct cov_branch *b = &cov->branches.at[i], *last = cnt ? &cov->branches.at[cnt - 1] : NULL;

		if (last && !by_branch(last, b)) {
			last->taken += b->taken;
			last->passed += b->passed;
			last->known &= b->known;
			free(b->file);
			free(b->prog);
		} else {
			cov->branches.at[cnt++] = *b;
		}
	}
	cov->branches.cnt = cnt;
}

/* "-": the condition was never evaluated. */
static void put_runs(FILE *out, const struct cov_branch *b, u64 runs)
{
	if (b->taken || b->passed)
		fprintf(out, "%llu\n", (unsigned long long)runs);
	else
		fputs("-\n", out);
}

static void write_branches(const struct coverage *cov, const char *file, FILE *out)
{
	u32 line = 0, block = 0, found = 0, hit = 0;

	for (size_t i = 0; i < cov->branches.cnt; i++) {
		const struct cov_branch *b = &cov->branches.at[i];

		if (strcmp(b->file, file) || !b->known)
			continue;
		block = b->line == line ? block + 1 : 0;
		line = b->line;
		fprintf(out, "BRDA:%u,%u,0,", line, block);
		put_runs(out, b, b->passed);
		fprintf(out, "BRDA:%u,%u,1,", line, block);
		put_runs(out, b, b->taken);
		found += 2;
		hit += (b->passed != 0) + (b->taken != 0);
	}
	fprintf(out, "BRF:%u\nBRH:%u\n", found, hit);
}

static void write_file(const struct coverage *cov, size_t first, size_t end, FILE *out)
{
	const char *file = cov->lines.at[first].file;
	char *whole = realpath(file, NULL);
	u32 hit = 0;

	fprintf(out, "TN:\nSF:%s\n", whole ? whole : file);
	free(whole);
	write_branches(cov, file, out);
	for (size_t i = first; i < end; i++) {
		fprintf(out, "DA:%u,%llu\n", cov->lines.at[i].line, (unsigned long long)cov->lines.at[i].runs);
		hit += cov->lines.at[i].runs != 0;
	}
	fprintf(out, "LF:%zu\nLH:%u\nend_of_record\n", end - first, hit);
}

bool coverage_write(struct coverage *cov, const char *path)
{
	FILE *out = fopen(path, "w");
	bool ok;

	if (!out)
		return !cli_fail("%s: %s", path, strerror(errno));
	if (cov->lines.cnt)
		merge_lines(cov);
	if (cov->branches.cnt)
		merge_branches(cov);
	for (size_t i = 0, end; i < cov->lines.cnt; i = end) {
		for (end = i + 1; end < cov->lines.cnt && !strcmp(cov->lines.at[end].file, cov->lines.at[i].file);)
			end++;
		write_file(cov, i, end, out);
	}
	ok = !ferror(out);
	ok &= !fclose(out);
	return ok || !cli_fail("%s: %s", path, strerror(errno));
}
