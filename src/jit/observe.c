/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observe.c - who is told about linked code, and what those who describe it share. Nothing here runs
 * unless somebody asked for it.
 */
#include "jit/observe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct jit_observed {
	void *frames, *gdb;
};

static const struct {
	const char *word;
	u32 flag;
} words[] = {
	{ "perf-map", JIT_OBSERVE_PERF_MAP },
	{ "jitdump", JIT_OBSERVE_JITDUMP },
	{ "gdb", JIT_OBSERVE_GDB },
	{ "unwind", JIT_OBSERVE_UNWIND },
};

int jit_observe_parse(const char *list, u32 *ret_how)
{
	u32 how = 0;

	while (*list) {
		size_t len = strcspn(list, ","), i = 0;

		while (i < ARRAY_SIZE(words) && (strlen(words[i].word) != len || strncmp(words[i].word, list, len)))
			i++;
		if (i == ARRAY_SIZE(words))
			return -EINVAL;
		how |= words[i].flag;
		list += len + (list[len] == ',');
	}
	*ret_how = how;
	return 0;
}

int jit_observe_start(u32 how)
{
	int err = how & ~JIT_OBSERVE_ALL ? -EINVAL : 0;

	if (!err && how & JIT_OBSERVE_PERF_MAP)
		err = perfmap_start();
	if (!err && how & JIT_OBSERVE_JITDUMP)
		err = jitdump_start();
	if (!err && how & JIT_OBSERVE_UNWIND)
		err = unwind_start();
	return err;
}

int jit_observe(struct jit_code *code, const struct jit_image *image, const struct jit_desc *desc, u32 how)
{
	struct observed_code o = { .base = code->base, .image = image, .desc = desc };
	struct jit_observed *seen = calloc(1, sizeof(*seen));
	int err = seen ? 0 : -ENOMEM;

	if (!err && how & JIT_OBSERVE_UNWIND)
		err = unwind_register(&o, &seen->frames);
	if (!err && how & JIT_OBSERVE_GDB)
		err = gdb_register(&o, &seen->gdb);
	if (err) {
		jit_unobserve(seen);
		return err;
	}
	if (how & JIT_OBSERVE_PERF_MAP)
		perfmap_add(&o);
	if (how & JIT_OBSERVE_JITDUMP)
		jitdump_add(&o);
	code->observed = seen;
	return 0;
}

void jit_unobserve(struct jit_observed *seen)
{
	if (!seen)
		return;
	gdb_unregister(seen->gdb);
	unwind_unregister(seen->frames);
	free(seen);
}

/* ---- files ------------------------------------------------------------------------------------------ */

int observe_create(const char *path, int flags)
{
	int fd = open(path, flags | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return -errno;
	/* The folder may be everybody's: a file that waits there under our name is not ours to write. */
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1)
		return fd;
	close(fd);
	return -EACCES;
}

/* ---- the code by functions and lines ---------------------------------------------------------------- */

void observed_func(const struct observed_code *o, u32 func, u32 *ret_start, u32 *ret_end)
{
	const struct jit_image *image = o->image;

	*ret_start = image->func_off[func];
	*ret_end = func + 1 < image->func_cnt ? image->func_off[func + 1] : image->code_size;
}

void observed_name(const struct observed_code *o, u32 func, struct strbuf *out)
{
	strbuf_puts(out, o->desc->prefix);
	strbuf_puts(out, o->desc->names[func]);
}

static bool same_place(const struct jit_src *a, const struct jit_src *b)
{
	return a->line == b->line && a->file && b->file && !strcmp(a->file, b->file);
}

void observed_lines(const struct observed_code *o, u32 func,
		    void (*emit)(void *ctx, u32 code_off, const struct jit_src *src), void *ctx)
{
	u32 from = func == JIT_ALL_FUNCS ? 0 : func, to = func == JIT_ALL_FUNCS ? o->image->func_cnt : func + 1;
	u32 row = 0;

	for (u32 f = from; f < to; f++) {
		struct jit_src last = { 0 }, src;
		u32 start, end;
		bool entry = true;

		observed_func(o, f, &start, &end);
		while (row < o->image->line_cnt && o->image->lines[row].code_off < start)
			row++;
		for (; row < o->image->line_cnt && o->image->lines[row].code_off < end; row++) {
			const struct jit_line *line = &o->image->lines[row];

			if (!o->desc->line(o->desc->ctx, line->xlated_idx, &src) || same_place(&src, &last))
				continue;
			emit(ctx, entry ? start : line->code_off, &src);
			last = src;
			entry = false;
		}
	}
}

/* ---- DWARF's numbers of variable length -------------------------------------------------------------- */

void put_uleb(struct strbuf *out, u64 value)
{
	do {
		u8 byte = value & 0x7f;

		value >>= 7;
		put_uint(out, byte | (value ? 0x80 : 0), 1);
	} while (value);
}

void put_sleb(struct strbuf *out, s64 value)
{
	bool more = true;

	while (more) {
		u8 byte = value & 0x7f;

		value >>= 7; /* arithmetic */
		more = !(value == 0 && !(byte & 0x40)) && !(value == -1 && byte & 0x40);
		put_uint(out, byte | (more ? 0x80 : 0), 1);
	}
}
