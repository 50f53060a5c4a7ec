/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link.c - an image into executable memory of this process.
 *
 * Executable memory is a pool for the process (DESIGN.md names it), behind pool_lock: chunks of
 * a memfd, mapped read-execute for good. To write, the pages are mapped a second time, read-write
 * at another address, for the time of the copy: no mapping is ever both, and between two links no
 * writable one exists. Programs share pages; a granule is GRANULE bytes. Before and behind a chunk is a page
 * that nobody may touch. Where in its granules a program begins is random, as in Linux, so that knowing where
 * one is does not tell where the next one's instructions are; around it are traps.
 *
 * A forked child shares the memfds with its parent, and would allocate what the parent allocates:
 * a child starts chunks of its own and never writes into those it inherited.
 *
 * Observed programs have chunks with private mappings and whole pages: only there can a debugger put a
 * breakpoint (ptrace writes no page of a shared mapping that may not be written). Such a page is a copy
 * from then on, which is dropped before another program comes there.
 */
#include "jit/target.h"

#include "core/vcpu.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define GRANULE	   64
#define CHUNK_SIZE (1024 * 1024)
#define PAD_STEP   32	/* fetching code is no slower from any of these places */
#define PAD_ROOM   256

struct chunk {
	struct chunk *next;
	int fd;
	pid_t owner;
	u8 *exec; /* the pages before and behind it are guards */
	size_t size;
	u32 granule_cnt, used_cnt;
	bool observed;
	u8 used[]; /* by granule */
};

__thread u64 jit_call_depth;

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static struct chunk *pool;

struct linked {
	struct jit_code code;
	struct chunk *chunk;
	u32 first, cnt; /* granules */
	u32 pad;	/* bytes in them before the code */
	u32 table_cnt;
};

static int exec_memfd(void)
{
	int fd = memfd_create("skep-jit", MFD_CLOEXEC | MFD_EXEC);

	/* Before Linux 6.3 the flag is unknown, and every memfd may be executable. */
	return fd < 0 && errno == EINVAL ? memfd_create("skep-jit", MFD_CLOEXEC) : fd;
}

/* Maps @fd between two pages without rights. NULL: no memory. */
static u8 *map_guarded(int fd, size_t size, int sharing)
{
	size_t page = sysconf(_SC_PAGESIZE);
	u8 *all = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (all == MAP_FAILED)
		return NULL;
	if (mmap(all + page, size, PROT_READ | PROT_EXEC, sharing | MAP_FIXED, fd, 0) == MAP_FAILED) {
		munmap(all, size + 2 * page);
		return NULL;
	}
	return all + page;
}

static void unmap_guarded(u8 *exec, size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);

	munmap(exec - page, size + 2 * page);
}

static struct chunk *chunk_new(size_t need, bool observed)
{
	size_t size = round_up_to(max_of(need, (size_t)CHUNK_SIZE), CHUNK_SIZE);
	struct chunk *c = calloc(1, sizeof(*c) + size / GRANULE);

	if (!c)
		return NULL;
	c->size = size;
	c->granule_cnt = size / GRANULE;
	c->owner = getpid();
	c->observed = observed;
	c->fd = exec_memfd();
	if (c->fd < 0)
		goto free_chunk;
	if (ftruncate(c->fd, size))
		goto close_fd;
	c->exec = map_guarded(c->fd, size, observed ? MAP_PRIVATE : MAP_SHARED);
	if (!c->exec)
		goto close_fd;
	c->next = pool;
	pool = c;
	return c;
close_fd:
	close(c->fd);
free_chunk:
	free(c);
	return NULL;
}

static bool find_run(const struct chunk *c, u32 cnt, u32 *ret_first)
{
	u32 run = 0;

	if (c->granule_cnt - c->used_cnt < cnt)
		return false;
	for (u32 i = 0; i < c->granule_cnt; i++) {
		run = c->used[i] ? 0 : run + 1;
		if (run == cnt) {
			*ret_first = i + 1 - cnt;
			return true;
		}
	}
	return false;
}

/* A random one of the places that @room bytes have for @size and a trap behind it. */
static int pick_pad(size_t room, size_t size, u32 *ret_pad)
{
	u32 rnd;

	if (getentropy(&rnd, sizeof(rnd)))
		return -EIO;
	*ret_pad = rnd % ((room - size - 1) / PAD_STEP + 1) * PAD_STEP;
	return 0;
}

/* Observed programs begin with their pages: who debugs is to find the same addresses again. */
static int pool_alloc(struct linked *l, size_t size, bool observed)
{
	size_t room = observed ? round_up_to(size + 1, (size_t)sysconf(_SC_PAGESIZE)) : size + 1 + PAD_ROOM;
	struct chunk *c;
	int err;

	l->cnt = (room + GRANULE - 1) / GRANULE;
	err = observed ? 0 : pick_pad((size_t)l->cnt * GRANULE, size, &l->pad);
	if (err)
		return err;
	for (c = pool; c; c = c->next)
		if (c->owner == getpid() && c->observed == observed && find_run(c, l->cnt, &l->first))
			break;
	if (!c) {
		c = chunk_new(room, observed);
		l->first = 0;
	}
	if (!c)
		return -ENOMEM;
	memset(c->used + l->first, 1, l->cnt);
	c->used_cnt += l->cnt;
	l->chunk = c;
	return 0;
}

/* Copies @code (NULL: filler) over the granules of @l, through a mapping for that time only. */
static int pool_write(const struct linked *l, const u8 *code, size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t start = (size_t)l->first * GRANULE, room = (size_t)l->cnt * GRANULE;
	size_t base = start / page * page, len = start + room - base;
	u8 *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, l->chunk->fd, base);

	if (map == MAP_FAILED)
		return -ENOMEM;
	memset(map + (start - base), jit_host_filler(), room);
	if (code)
		memcpy(map + (start - base) + l->pad, code, size);
	munmap(map, len);
	if (l->chunk->observed)
		madvise(l->chunk->exec + base, len, MADV_DONTNEED);
	return 0;
}

static void pool_free(struct linked *l)
{
	struct chunk **at = &pool, *c = l->chunk;

	if (c->owner != getpid())
		return; /* the parent's */
	pool_write(l, NULL, 0);
	memset(c->used + l->first, 0, l->cnt);
	c->used_cnt -= l->cnt;
	if (c->used_cnt || (pool == c && !c->next))
		return; /* the last chunk stays: a program loaded again and again costs no mapping */
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	unmap_guarded(c->exec, c->size);
	close(c->fd);
	free(c);
}

/* ---- symbols --------------------------------------------------------------------------- */

u32 jit_code_off(const struct jit_image *image, u32 xlated_idx)
{
	u32 lo = 0, hi = image->line_cnt;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (image->lines[mid].xlated_idx < xlated_idx)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < image->line_cnt ? image->lines[lo].code_off : image->code_size;
}

static void free_tables(u64 **tables, u32 cnt)
{
	for (u32 i = 0; tables && i < cnt; i++)
		free(tables[i]);
	free(tables);
}

static u64 **make_tables(const struct jit_image *image, const struct xlated_prog *prog, const u8 *base)
{
	u64 **tables = calloc(prog->table_cnt + 1, sizeof(*tables));

	for (u32 t = 0; tables && t < prog->table_cnt; t++) {
		const struct xlated_table *table = &prog->tables[t];

		tables[t] = calloc(table->cnt, sizeof(u64));
		if (!tables[t]) {
			free_tables(tables, t);
			return NULL;
		}
		for (u32 i = 0; i < table->cnt; i++)
			if (table->targets[i] != INSN_GONE)
				tables[t][i] = (uintptr_t)base + jit_code_off(image, table->targets[i]);
	}
	return tables;
}

static int sym_value(const struct jit_image *image, const struct xlated_sym *sym,
		     const struct sym_resolver *resolver, const u8 *base, u64 *const *tables, u64 *ret_value)
{
	if (sym->kind == SYM_JUMP_TABLE) {
		*ret_value = (uintptr_t)tables[sym->idx] + sym->off;
		return 0;
	}
	if (sym->kind != SYM_FUNC)
		return resolver ? resolver->resolve(resolver->ctx, sym, ret_value) : -ENOENT;
	if (sym->idx >= image->func_cnt)
		return -EINVAL;
	*ret_value = (uintptr_t)base + image->func_off[sym->idx];
	return 0;
}

/* Each symbol is resolved once, however many insns name it. */
static int resolve_syms(const struct jit_image *image, const struct xlated_prog *prog,
			const struct sym_resolver *resolver, const u8 *base, u64 *const *tables, u64 *values)
{
	for (u32 i = 1; i < prog->sym_cnt; i++) {
		int err = sym_value(image, &prog->syms[i], resolver, base, tables, &values[i]);

		if (err)
			return err;
	}
	return 0;
}

/* Variables in the block of static TLS (initial-exec) are equally far in every thread. */
static s32 tls_off(const void *var)
{
	return (s32)((const char *)var - (const char *)__builtin_thread_pointer());
}

static int relocate(const struct jit_image *image, const struct xlated_prog *prog,
		    const u64 *values, const u64 *targets, u64 *counts, u8 *code)
{
	for (u32 i = 0; i < image->reloc_cnt; i++) {
		const struct jit_reloc *rel = &image->relocs[i];
		u64 value;
		s32 off;

		if (rel->kind == JIT_REL_VCPU || rel->kind == JIT_REL_DEPTH) {
			off = tls_off(rel->kind == JIT_REL_VCPU ? (void *)&vcpu_current_tls : &jit_call_depth);
			memcpy(code + rel->code_off, &off, sizeof(off));
			continue;
		}
		if (rel->kind == JIT_REL_COUNT) {
			if (rel->sym >= image->count_cnt)
				return -EINVAL;
			value = (uintptr_t)&counts[rel->sym];
			memcpy(code + rel->code_off, &value, sizeof(value));
			continue;
		}
		if (rel->kind == JIT_REL_SYM32)
			return -EINVAL; /* addresses here have 8 bytes */
		if (rel->sym >= (rel->kind == JIT_REL_TARGET ? image->func_cnt : prog->sym_cnt))
			return -EINVAL;
		value = rel->kind == JIT_REL_TARGET ? (uintptr_t)&targets[rel->sym] :
						      values[rel->sym] + rel->addend;
		memcpy(code + rel->code_off, &value, sizeof(value));
	}
	return 0;
}

static int link_at(const struct jit_image *image, const struct xlated_prog *prog,
		   const struct sym_resolver *resolver, struct linked *l)
{
	const u8 *base = l->chunk->exec + (size_t)l->first * GRANULE + l->pad;
	u64 *values = calloc(prog->sym_cnt + 1, sizeof(u64));
	u64 *addrs = calloc(3 * (size_t)image->func_cnt, sizeof(u64));
	u64 *targets = addrs ? addrs + image->func_cnt : NULL;
	u64 *bodies = addrs ? targets + image->func_cnt : NULL;
	u64 **tables = make_tables(image, prog, base);
	u64 *counts = image->count_cnt ? calloc(image->count_cnt, sizeof(u64)) : NULL;
	u8 *code = malloc(image->code_size);
	int err = -ENOMEM;

	if (!values || !addrs || !tables || !code || (image->count_cnt && !counts))
		goto out;
	memcpy(code, image->code, image->code_size);
	err = resolve_syms(image, prog, resolver, base, tables, values);
	if (!err)
		err = relocate(image, prog, values, targets, counts, code);
	if (!err)
		err = pool_write(l, code, image->code_size);
	if (err)
		goto out;
	__builtin___clear_cache((char *)base, (char *)base + image->code_size);
	for (u32 i = 0; i < image->func_cnt; i++)
		addrs[i] = (uintptr_t)base + image->func_off[i];
	for (u32 i = 0; i < image->func_cnt && image->body_off; i++)
		targets[i] = bodies[i] = (uintptr_t)base + image->body_off[i];
	l->code = (struct jit_code){
		.entry = (u64(*)(void *))(uintptr_t)addrs[0], .base = base,
		.size = image->code_size, .func_addrs = addrs, .func_cnt = image->func_cnt,
		.targets = image->body_off ? targets : NULL, .bodies = image->body_off ? bodies : NULL,
		.tables = tables, .counts = counts,
	};
	l->table_cnt = prog->table_cnt;
	addrs = NULL;
	tables = NULL;
	counts = NULL;
out:
	free(counts);
	free_tables(tables, prog->table_cnt);
	free(code);
	free(addrs);
	free(values);
	return err;
}

int jit_link(const struct jit_image *image, const struct xlated_prog *prog,
	     const struct sym_resolver *resolver, struct jit_code **ret_code)
{
	struct linked *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	pthread_mutex_lock(&pool_lock);
	err = pool_alloc(l, image->code_size, image->observed);
	pthread_mutex_unlock(&pool_lock);
	if (err)
		goto free_linked;
	/* The resolver may take its own locks: pool_lock is not held over it. */
	err = link_at(image, prog, resolver, l);
	if (err)
		goto free_code;
	*ret_code = &l->code;
	return 0;
free_code:
	pthread_mutex_lock(&pool_lock);
	pool_free(l);
	pthread_mutex_unlock(&pool_lock);
free_linked:
	free(l);
	return err;
}

void jit_unlink(struct jit_code *code)
{
	struct linked *l;

	if (!code)
		return;
	l = container_of(code, struct linked, code);
	jit_unobserve(code->observed);
	pthread_mutex_lock(&pool_lock);
	pool_free(l);
	pthread_mutex_unlock(&pool_lock);
	free((void *)code->func_addrs);
	free(code->counts);
	free_tables(code->tables, l->table_cnt);
	free(l);
}

JIT_CALLER u64 jit_call_func(struct run_ctx *run __unused_arg, u64 func, const u64 args[5])
{
	u64 (*fn)(u64, u64, u64, u64, u64) = (void *)(uintptr_t)func;

	return fn(args[0], args[1], args[2], args[3], args[4]);
}
