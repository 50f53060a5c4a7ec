/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observe_jitdump.c - jit-PID.dump, which "perf inject --jit" joins with a recording: code, source lines and
 * unwinding information of each function (Linux tools/perf/Documentation/jitdump-specification.txt). perf
 * finds the file because one page of it is mapped executable, and orders records by CLOCK_MONOTONIC: record
 * with "perf record -k mono".
 */
#include "jit/observe.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define JITDUMP_MAGIC 0x4a695444

enum { JIT_CODE_LOAD = 0, JIT_CODE_DEBUG_INFO = 2, JIT_CODE_UNWINDING_INFO = 4 };

/* Of the process, as a recording is. A forked child has its own from its first function on. */
static struct {
	pthread_mutex_t lock;
	int fd;
	pid_t pid;
	void *marker;
	u64 code_index;
	bool failed; /* the file ends in part of a record: nothing may follow */
} dump = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* ---- the file ------------------------------------------------------------------------------------- */

static void flush(struct strbuf *out)
{
	if (!dump.failed && !out->oom)
		dump.failed = write(dump.fd, out->str, out->len) != (ssize_t)out->len;
	strbuf_free(out);
}

static void put_file_header(struct strbuf *out)
{
	put_uint(out, JITDUMP_MAGIC, 4);
	put_uint(out, 1, 4);  /* version */
	put_uint(out, 40, 4); /* size of this */
	put_uint(out, EM_X86_64, 4);
	put_uint(out, 0, 4);
	put_uint(out, getpid(), 4);
	put_uint(out, now_ns(), 8);
	put_uint(out, 0, 8); /* flags: timestamps are of the clock */
}

/* A child's marker is its parent's until it gets its own. */
static int open_dump(void)
{
	const char *dir = secure_getenv("JITDUMPDIR");
	struct strbuf path = { 0 }, head = { 0 };
	size_t page = sysconf(_SC_PAGESIZE);
	void *marker;
	int fd;

	if (dump.fd >= 0 && dump.pid == getpid())
		return 0;
	strbuf_printf(&path, "%s/jit-%d.dump", dir && *dir ? dir : "/tmp", (int)getpid());
	fd = path.oom ? -ENOMEM : observe_create(path.str, O_RDWR | O_APPEND);
	strbuf_free(&path);
	if (fd < 0)
		return fd;
	marker = ftruncate(fd, 0) ? MAP_FAILED : mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (marker == MAP_FAILED) {
		close(fd);
		return -EACCES;
	}
	if (dump.fd >= 0) {
		close(dump.fd);
		munmap(dump.marker, page);
	}
	dump.fd = fd;
	dump.pid = getpid();
	dump.marker = marker;
	dump.code_index = 0;
	dump.failed = false;
	put_file_header(&head);
	flush(&head);
	return dump.failed ? -EIO : 0;
}

int jitdump_start(void)
{
	int err;

	pthread_mutex_lock(&dump.lock);
	err = open_dump();
	pthread_mutex_unlock(&dump.lock);
	return err;
}

/* ---- records --------------------------------------------------------------------------------------- */

static size_t begin_record(struct strbuf *out, u32 id)
{
	size_t start = out->len;

	put_uint(out, id, 4);
	put_uint(out, 0, 4); /* size, when it is known */
	put_uint(out, now_ns(), 8);
	return start;
}

static void end_record(struct strbuf *out, size_t start)
{
	u32 size;

	while (!out->oom && (out->len - start) % 8)
		put_uint(out, 0, 1);
	size = out->len - start;
	if (!out->oom)
		memcpy(out->str + start + 4, &size, 4);
}

struct debug_rows {
	struct strbuf *out;
	u64 base, cnt;
};

static void put_debug_row(void *ctx, u32 code_off, const struct jit_src *src)
{
	struct debug_rows *rows = ctx;

	put_uint(rows->out, rows->base + code_off, 8);
	put_uint(rows->out, src->line, 4);
	put_uint(rows->out, 0, 4); /* discriminator */
	strbuf_add(rows->out, src->file, strlen(src->file) + 1);
	rows->cnt++;
}

static void put_debug_info(const struct observed_code *o, u32 func, u32 code_off, struct strbuf *out)
{
	struct strbuf lines = { 0 };
	struct debug_rows rows = { .out = &lines, .base = (uintptr_t)o->base };
	size_t start;

	observed_lines(o, func, put_debug_row, &rows);
	if (rows.cnt && !lines.oom) {
		start = begin_record(out, JIT_CODE_DEBUG_INFO);
		put_uint(out, rows.base + code_off, 8);
		put_uint(out, rows.cnt, 8);
		strbuf_add(out, lines.str, lines.len);
		end_record(out, start);
	}
	strbuf_free(&lines);
}

/* perf lays it out behind the code, at the next multiple of 8. */
static void put_unwinding(const struct observed_code *o, u32 func, u32 code_size, struct strbuf *out)
{
	u64 section = round_up_to(code_size, 8);
	struct strbuf frames = { 0 };
	size_t start;

	if (o->image->dwarf)
		unwind_section(o, func, true, section, &frames);
	if (frames.len && !frames.oom) {
		put_uint(&frames, 0, 4); /* ends the list; another 4 keep the table at a multiple of 8 */
		put_uint(&frames, 0, 4);
		unwind_header(frames.len, unwind_fde_off(&frames), section, &frames);
		start = begin_record(out, JIT_CODE_UNWINDING_INFO);
		put_uint(out, frames.len, 8);
		put_uint(out, UNWIND_HDR_SIZE, 8);
		put_uint(out, 0, 8); /* it is not mapped in the process */
		strbuf_add(out, frames.str, frames.len);
		end_record(out, start);
	}
	strbuf_free(&frames);
}

static void put_code(const struct observed_code *o, u32 func, struct strbuf *out)
{
	struct strbuf name = { 0 };
	u32 from, to;
	size_t start;

	observed_func(o, func, &from, &to);
	observed_name(o, func, &name);
	start = begin_record(out, JIT_CODE_LOAD);
	put_uint(out, getpid(), 4);
	put_uint(out, syscall(SYS_gettid), 4);
	put_uint(out, (uintptr_t)o->base + from, 8);
	put_uint(out, (uintptr_t)o->base + from, 8);
	put_uint(out, to - from, 8);
	put_uint(out, dump.code_index++, 8);
	strbuf_add(out, strbuf_str(&name), name.len + 1);
	strbuf_add(out, (const char *)o->base + from, to - from);
	end_record(out, start);
	strbuf_free(&name);
}

/* What describes a function precedes it. */
void jitdump_add(const struct observed_code *o)
{
	struct strbuf out = { 0 };
	u32 from, to;

	pthread_mutex_lock(&dump.lock);
	if (!open_dump()) {
		for (u32 f = 0; f < o->image->func_cnt; f++) {
			observed_func(o, f, &from, &to);
			put_debug_info(o, f, from, &out);
			put_unwinding(o, f, to - from, &out);
			put_code(o, f, &out);
		}
		flush(&out);
	}
	pthread_mutex_unlock(&dump.lock);
}
