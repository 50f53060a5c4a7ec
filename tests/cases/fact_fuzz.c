/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fact_fuzz.c - generated programs that the verifier accepts run in the checking interpreter: before
 * each insn every register must hold a number that the joined fact of that insn allows. A number
 * outside is a hole in the analysis, whether or not it led to a bad access.
 *
 * usage: fact_fuzz COUNT [SEED]
 */
#include "gen.h"

#include "interp/interp.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETS	   6
#define MAX_STEPS  100000
#define IN_FD	   3
#define VAL_FD	   4

struct fuzz {
	struct skep *skep;
	struct skep_map *maps[2]; /* input, value */
	struct gen gen;
	const struct xlated_prog *x;
	struct skep_map *const *used;
	struct reg_fact (*facts)[11];
	u64 seed, checked, narrow;
	char why[256];
};

static int map_by_fd(void *ctx, int fd, struct skep_map **ret_map)
{
	struct fuzz *f = ctx;

	if (fd != IN_FD && fd != VAL_FD)
		return -EBADF;
	*ret_map = f->maps[fd - IN_FD];
	map_get(*ret_map);
	return 0;
}

static int resolve(void *ctx, const struct xlated_sym *sym, u64 *ret_value)
{
	struct fuzz *f = ctx;

	if (sym->kind != SYM_MAP_VALUE)
		return -EOPNOTSUPP;
	return f->used[sym->idx]->ops->direct_value(f->used[sym->idx], sym->off, ret_value);
}

static bool check(void *ctx, u32 xlated_idx, const u64 regs[ISA_REG_CNT])
{
	struct fuzz *f = ctx;
	u32 orig = f->x->aux[xlated_idx].orig_idx;

	/* Facts stand before the insn as loaded, not between the ones that it was rewritten to. */
	if (xlated_idx && f->x->aux[xlated_idx - 1].orig_idx == orig)
		return true;
	for (u32 r = 0; r < BPF_REG_10; r++) {
		const struct reg_fact *fact = &f->facts[orig][r];

		if (fact->kind != FACT_SCALAR)
			continue;
		f->checked++;
		f->narrow += !scalar_is_unknown(&fact->scalar);
		if (scalar_has(&fact->scalar, regs[r]))
			continue;
		snprintf(f->why, sizeof(f->why), "seed %llu: before insn %u r%u is 0x%llx, outside of its fact "
			 "(known bits 0x%llx of mask 0x%llx, arc 0x%llx + 0x%llx, low 0x%x + 0x%x)",
			 (unsigned long long)f->seed, orig, r, (unsigned long long)regs[r],
			 (unsigned long long)fact->scalar.bits.value, (unsigned long long)~fact->scalar.bits.mask,
			 (unsigned long long)fact->scalar.r64.base, (unsigned long long)fact->scalar.r64.len,
			 fact->scalar.r32.base, fact->scalar.r32.len);
		return false;
	}
	return true;
}

static bool run_all(struct fuzz *f)
{
	struct sym_resolver resolver = { .ctx = f, .resolve = resolve };
	struct interp_prog *ip;
	bool ok = true;

	if (interp_link(f->x, &resolver, &ip)) {
		snprintf(f->why, sizeof(f->why), "seed %llu: cannot be linked", (unsigned long long)f->seed);
		return false;
	}
	for (u32 set = 0; ok && set < SETS; set++) {
		u64 in[GEN_IN_SIZE / 8], zero[GEN_VAL_SIZE / 8] = { 0 }, ret;
		u32 key = 0;

		gen_inputs(f->seed, set, in);
		map_sys_update(f->maps[0], &key, in, 0);
		map_sys_update(f->maps[1], &key, zero, 0);
		ok = !interp_run_checked(ip, zero, check, f, MAX_STEPS, &ret);
	}
	interp_unlink(ip);
	return ok;
}

/* 1 accepted and right, 0 refused, -1 wrong. */
static int one(struct fuzz *f, u64 seed)
{
	struct prog_load load = { .map_by_fd = map_by_fd, .fd_ctx = f, .caps = ~0u, .opts.flags = VOPT_FACTS };
	struct skep_prog_info info;
	struct skep_prog *prog;
	struct vresult res;
	int ret = 0;

	f->seed = seed;
	f->gen = (struct gen){ .in_fd = IN_FD, .val_fd = VAL_FD };
	gen_program(&f->gen, seed);
	load.v = (struct vprog){ .insns = f->gen.insns, .insn_cnt = f->gen.cnt, .gpl = true,
				 .type = BPF_PROG_TYPE_SOCKET_FILTER };
	if (!skep_prog_load(f->skep, &load, &res, &prog)) {
		skep_prog_info(prog, &info);
		f->x = info.xlated;
		f->used = info.maps;
		f->facts = res.facts;
		ret = res.facts && run_all(f) ? 1 : -1;
		skep_prog_put(prog);
	}
	skep_vresult_free(f->skep, &res);
	return ret;
}

static void print_gen(const struct gen *g)
{
	struct strbuf sb = { 0 };

	for (u32 i = 0; i < g->cnt; i++) {
		strbuf_printf(&sb, "#   %u: ", i);
		insn_print(&sb, &g->insns[i], NULL);
		strbuf_putc(&sb, '\n');
		i += insn_is_wide(&g->insns[i]);
	}
	fputs(strbuf_str(&sb), stdout);
	strbuf_free(&sb);
}

static bool make_maps(struct fuzz *f)
{
	struct map_attr attr = { .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = GEN_IN_SIZE, .max_entries = 1 };
	const char *why;

	if (skep_map_create(f->skep, &attr, &f->maps[0], &why))
		return false;
	attr.value_size = GEN_VAL_SIZE;
	return !skep_map_create(f->skep, &attr, &f->maps[1], &why);
}

int main(int argc, char **argv)
{
	struct skep_opts opts = { .engine = SKEP_ENGINE_INTERP, .cpu_cnt = 1 };
	static struct fuzz f;
	u64 count, seed, accepted = 0, wrong = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: fact_fuzz COUNT [SEED]\n");
		return 2;
	}
	count = strtoull(argv[1], NULL, 0);
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	if (skep_boot(&opts, &f.skep) || !make_maps(&f))
		return 2;
	for (u64 i = 0; i < count; i++) {
		int res = one(&f, seed + i);

		accepted += res > 0;
		if (res < 0) {
			wrong++;
			printf("# %s\n", f.why);
			if (getenv("FACT_FUZZ_PRINT"))
				print_gen(&f.gen);
		}
	}
	printf("# %llu of %llu accepted; %llu registers checked, %llu of them against more than \"any number\"\n",
	       (unsigned long long)accepted, (unsigned long long)count, (unsigned long long)f.checked,
	       (unsigned long long)f.narrow);
	map_put(f.maps[0]);
	map_put(f.maps[1]);
	skep_free(f.skep);
	/* A generator that is never accepted, or facts that say nothing, would prove nothing. */
	printf("1..1\n%s 1 - V-04 joined facts hold in the checking interpreter\n",
	       !wrong && accepted * 10 >= count && f.narrow * 4 >= f.checked ? "ok" : "not ok");
	return wrong || accepted * 10 < count || f.narrow * 4 < f.checked;
}
