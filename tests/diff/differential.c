/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * differential.c - generated and mutated programs before skep and, where bpf(2) is permitted, the running kernel.
 *
 * usage: differential [-n COUNT] [-s SEED] [-j JSON] [-o DIR] [-tv] DATA_DIR DIVERGENCES CASE_FILE...
 *	  differential -r FILE [-s SEED] DATA_DIR DIVERGENCES
 *	-n  programs in all (200000)	-s  first seed (1)	-t  TAP, for "make test"
 *	-o  where programs go that nobody understands (.)	-r  one of those again, with both logs
 *	-v  tells of those of known classes, too
 *
 * What skep accepts runs watched in its interpreter (checker.h), then on its JIT and in the kernel: the results
 * must be the same. A disagreement about the verdict must be of a known class (classes.h). Everything else
 * fails the run.
 */
#include "checker.h"
#include "classes.h"
#include "gen.h"
#include "mutate.h"
#include "stand.h"
#include "tally.h"

#include "base/hash.h"
#include "isa/isa.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETS	   4  /* inputs of each accepted program */
#define WATCH_SETS 64 /* and of those that only skep accepts */
#define MAX_CASES  512
#define WRITE_MAX  50 /* files of programs that nobody understands */
#define WORLD_LIFE 256 /* programs that share maps: ring buffers fill up */

static struct options {
	u64 count, seed;
	const char *json, *out_dir, *replay, *data_dir, *divergences;
	bool tap, verbose;
} opts = { .count = 200000, .seed = 1, .out_dir = "." };

static struct stand kernel, interp, jit;
static struct checker checker;
static struct tally tally;
static u64 done_cnt;
static u32 written;

/* ---- what is written down --------------------------------------------------------------------------- */

static bool name_map(void *ctx, const struct bpf_insn *insn, struct strbuf *out)
{
	const struct program *p = ctx;

	if ((u32)insn->imm >= p->world->map_cnt)
		return false;
	if (insn->src_reg == BPF_PSEUDO_MAP_FD)
		strbuf_printf(out, "map[%s]", p->world->maps[insn->imm].name);
	else if (insn->src_reg == BPF_PSEUDO_MAP_VALUE)
		strbuf_printf(out, "map_value[%s] + %d", p->world->maps[insn->imm].name, insn[1].imm);
	else
		return false;
	return true;
}

/* As a text case, for people; and as code, which mutated fields survive. */
static void write_program(FILE *f, const struct program *p)
{
	const struct insn_namer namer = { .ctx = (void *)p, .imm64 = name_map };
	struct text_case head = *p->world;
	struct strbuf sb = { 0 };

	head.rights = p->rights;
	fprintf(f, "name: %s, seed %llu\n", p->source, (unsigned long long)p->seed);
	case_print_head(f, &head);
	for (u32 i = 0; i < p->cnt; i++) {
		u64 code;

		memcpy(&code, &p->insns[i], sizeof(code));
		fprintf(f, "#x %016llx\n", (unsigned long long)code);
	}
	for (u32 i = 0; i < p->cnt; i++) {
		strbuf_puts(&sb, "\t");
		insn_print(&sb, &p->insns[i], &namer);
		strbuf_putc(&sb, '\n');
		i += insn_is_wide(&p->insns[i]);
	}
	fprintf(f, "asm:\n%swant: accept\n", strbuf_str(&sb));
	strbuf_free(&sb);
}

static void tell(const struct program *p, const char *what, const char *detail)
{
	char path[512];
	FILE *f;

	printf("# %s, seed %llu: %s: %s\n", p->source, (unsigned long long)p->seed, what, detail);
	if (written >= WRITE_MAX)
		return;
	snprintf(path, sizeof(path), "%s/differential-%u.t", opts.out_dir, ++written);
	f = fopen(path, "w");
	if (!f) {
		printf("# %s cannot be written: %s\n", path, strerror(errno));
		return;
	}
	fprintf(f, "# %s: %s\n# again: differential -r %s -s %llu DATA_DIR DIVERGENCES\n", what, detail, path,
		(unsigned long long)p->seed);
	write_program(f, p);
	fclose(f);
	printf("#   written to %s\n", path);
}

static void show_progress(void)
{
	char bar[41];
	u32 full = (u32)(done_cnt * 40 / opts.count);

	if (!isatty(STDERR_FILENO) || (done_cnt % 64 && done_cnt != opts.count))
		return;
	memset(bar, '.', 40);
	memset(bar, '#', min_of(full, 40u));
	bar[40] = '\0';
	fprintf(stderr, "\r\033[K[%s] %llu/%llu", bar, (unsigned long long)done_cnt, (unsigned long long)opts.count);
	if (done_cnt == opts.count)
		fputs("\r\033[K", stderr);
}

/* ---- runs ------------------------------------------------------------------------------------------------ */

static bool enter_world(const struct text_case *world)
{
	return stand_enter(&interp, world) && stand_enter(&jit, world) &&
	       (!tally.have_kernel || stand_enter(&kernel, world));
}

/* 1: nothing wrong on @sets inputs; 0: did not end in time; -1: wrong, told. @ret: of the first SETS inputs. */
static int watch(const struct program *p, u32 sets, struct result ret[SETS])
{
	checker.ctx_size = p->world->prog_type == BPF_PROG_TYPE_SYSCALL ? CTX_SIZE : 0;
	for (u32 set = 0; set < sets; set++) {
		struct result r;

		stand_run(&interp, p, set, set < SETS ? &ret[set] : &r);
		if (checker.err == -ELOOP) {
			tally.unfinished++;
			return 0;
		}
		if (checker.err) {
			tally.bad_runs++;
			tell(p, "an accepted program goes wrong", checker.why);
			return -1;
		}
	}
	return 1;
}

static bool same(const struct result *a, const struct result *b)
{
	if (a->err || b->err)
		return !a->err == !b->err;
	return a->r0 == b->r0 && a->state_size == b->state_size && !memcmp(a->state, b->state, a->state_size);
}

/* Whoever may not learn addresses, or what was left on the stack, may not load it: results are no one's business. */
static bool shows_addresses(const struct program *p)
{
	static const char *const words[] = { "leak", "pointer", "invalid read from stack", "invalid indirect", "read_ok", "stack access prohibited" };
	char why[600];
	bool shows = false;

	if (p->rights != RIGHTS_ALL)
		return false;
	stand_unload(&jit);
	stand_load(&jit, p, RIGHTS_NO_PERFMON, 1);
	stand_reason(&jit, why, sizeof(why));
	for (u32 i = 0; jit.fd < 0 && i < ARRAY_SIZE(words); i++)
		shows |= !!strstr(why, words[i]);
	return shows;
}

/* Clocks, CPU numbers, random numbers and what earlier programs left in maps are different by right. */
static bool results_are_fixed(const struct program *p)
{
	if (p->world_text && !strstr(p->source, "mutated"))
		return true;
	for (u32 i = 0; i < p->world->map_cnt; i++) {
		if (!p->world_text && p->world->maps[i].type != BPF_MAP_TYPE_ARRAY)
			return false;
	}
	for (u32 i = 0; i < p->cnt; i++) {
		/* Elements of a hash come in any order, and a callback may stop early. */
		if (insn_decode(&p->insns[i]) == FORM_CALL_HELPER &&
		    (!p->world_text || p->insns[i].imm == BPF_FUNC_for_each_map_elem))
			return false;
		i += insn_is_wide(&p->insns[i]);
	}
	return true;
}

/* Both logs at level 2, and what class that makes it; NULL: none. */
static const struct diff_class *find_class(struct outcome *o)
{
	const struct diff_class *class;

	stand_unload(&kernel);
	stand_unload(&interp);
	stand_load(&kernel, o->p, o->p->rights, 2);
	stand_load(&interp, o->p, o->p->rights, 2);
	if (o->who == KERNEL_ALONE) {
		stand_unload(&jit);
		stand_load(&jit, o->p, o->p->rights, 1);
		o->jit_accepts = jit.fd >= 0;
		stand_unload(&jit);
	}
	o->kernel_log = kernel.log;
	o->skep_log = interp.log;
	class = classify(o);
	if (class) {
		tally.classes[class - diff_classes]++;
		if (opts.verbose)
			tell(o->p, class->name, o->who == SKEP_ALONE ? o->kernel_says : o->skep_says);
	}
	return class;
}

static void results_differ(const struct program *p, u32 set, const struct result *a, const struct result *b,
			   const struct stand *of_b)
{
	struct outcome o = { .p = p, .who = BOTH_DIFFER };
	char detail[200];
	u32 at = 0;

	while (at + 1 < b->state_size && b->state[at] == a->state[at])
		at++;
	snprintf(detail, sizeof(detail), "on input %u interp gives %d, r0 0x%x, %s gives %d, r0 0x%x; packet and maps "
		 "differ from byte %u on", set, (int)a->err, a->r0, of_b->judge.name, (int)b->err, b->r0, at);
	if (checker.garbage || shows_addresses(p)) {
		tally.undetermined++;
	} else if (of_b != &kernel || !find_class(&o)) {
		tally.results_differ++;
		tell(p, "results differ", detail);
	}
}

static void compare_results(const struct program *p, const struct result of_interp[SETS])
{
	struct result r;

	stand_load(&jit, p, p->rights, 0);
	for (u32 set = 0; set < SETS; set++) {
		struct stand *differs = NULL;

		stand_run(&jit, p, set, &r);
		if (!same(&of_interp[set], &r))
			differs = &jit;
		if (!differs && kernel.fd >= 0) {
			stand_run(&kernel, p, set, &r);
			if (!same(&of_interp[set], &r))
				differs = &kernel;
		}
		if (differs) {
			results_differ(p, set, &of_interp[set], &r, differs);
			break;
		}
	}
	stand_unload(&jit);
}

/* ---- verdicts --------------------------------------------------------------------------------------------- */

static void disagree(const struct program *p, struct source_tally *s, bool watched)
{
	struct outcome o = { .p = p, .who = kernel.fd >= 0 ? KERNEL_ALONE : SKEP_ALONE, .watched = watched };
	char text[1300];

	if (o.who == SKEP_ALONE)
		stand_reason(&kernel, o.kernel_says, sizeof(o.kernel_says));
	else
		stand_reason(&interp, o.skep_says, sizeof(o.skep_says));
	if (strstr(o.skep_says, "not modelled")) {
		s->not_modelled++;
		return;
	}
	*(o.who == SKEP_ALONE ? &s->skep_only : &s->kernel_only) += 1;
	if (find_class(&o))
		return;
	tally.unclassified++;
	snprintf(text, sizeof(text), "%s: %s", o.who == SKEP_ALONE ? "skep accepts, the kernel says" : "the kernel accepts, skep says",
		 o.who == SKEP_ALONE ? o.kernel_says : o.skep_says);
	tell(p, "verdicts differ and no class fits", text);
}

static void judge(const struct program *p)
{
	struct source_tally *s = tally_source(&tally, p->source);
	struct result res[SETS];
	bool agree, skep_takes;
	int watched = 0;

	s->programs++;
	stand_load(&interp, p, p->rights, 1);
	if (tally.have_kernel)
		stand_load(&kernel, p, p->rights, 1);
	skep_takes = interp.fd >= 0;
	agree = !tally.have_kernel || skep_takes == (kernel.fd >= 0);
	if (skep_takes && !p->world->no_run) {
		watched = watch(p, agree ? SETS : WATCH_SETS, res);
		s->ran++;
	}
	if (agree && skep_takes) {
		s->both++;
		if (watched > 0 && results_are_fixed(p)) {
			s->compared++;
			compare_results(p, res);
		}
	} else if (agree) {
		s->none++;
	} else {
		disagree(p, s, watched > 0);
	}
	stand_unload(&interp);
	if (tally.have_kernel)
		stand_unload(&kernel);
	done_cnt++;
	show_progress();
	if (skep_takes && !watched)
		enter_world(p->world); /* stopped halfway: maps are no longer alike */
}

/* ---- where programs come from --------------------------------------------------------------------------- */

static bool read_world(const char *text, struct text_case *ret_world)
{
	FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int line = 0;
	bool ok = f && case_next(f, "world", &line, ret_world) > 0;

	if (f)
		fclose(f);
	return ok;
}

/* One generated program in four is one step away from what the generator made. */
static const char *generate(struct program *p, struct gen *g, u64 seed)
{
	static const char *const names[2][2] = { { "numbers", "shapes" }, { "numbers, mutated", "shapes, mutated" } };
	bool shapes = hash_u64(seed, 5) & 1, mutated = !(hash_u64(seed, 6) & 3);

	gen_program(g, seed, shapes);
	p->cnt = g->cnt;
	memcpy(p->insns, g->insns, g->cnt * sizeof(g->insns[0]));
	p->seed = seed;
	p->rights = hash_u64(seed, 8) % 8 ? RIGHTS_ALL : RIGHTS_NO_PERFMON;
	if (mutated)
		mutate(p->insns, p->cnt, seed);
	return names[mutated][shapes];
}

static bool judge_generated(u64 count)
{
	static struct text_case worlds[GEN_TYPE_CNT];
	static struct program p;
	static struct gen g;

	for (u32 t = 0; t < GEN_TYPE_CNT; t++) {
		if (!read_world(gen_world(t), &worlds[t]))
			return false;
	}
	/* By type, so that few worlds are made. */
	for (u32 t = 0; t < GEN_TYPE_CNT; t++) {
		for (u64 i = 0, in_world = 0; i < count; i++) {
			const char *source = generate(&p, &g, opts.seed + i);

			if (g.type != t)
				continue;
			p.source = source;
			p.world = &worlds[t];
			p.world_text = gen_world(t);
			if (!(in_world++ % WORLD_LIFE) && !enter_world(p.world))
				return false;
			judge(&p);
		}
	}
	return true;
}

static int map_index(void *ctx, const char *name)
{
	const struct text_case *c = ctx;

	for (u32 i = 0; i < c->map_cnt; i++) {
		if (!strcmp(c->maps[i].name, name))
			return (int)i;
	}
	return -1;
}

static int helper_id(void *ctx __unused_arg, const char *name)
{
	return case_helper_id(name);
}

static bool assemble(struct program *p, const struct text_case *c, const struct case_twin *twin)
{
	const struct asm_syms syms = { .ctx = (void *)(uintptr_t)c, .map = map_index, .helper = helper_id };
	char *text = case_text(c, twin);
	struct strbuf err = { 0 };
	struct bpf_insn *insns;
	bool ok = text && !insn_assemble(text, &syms, &insns, &p->cnt, &err);

	if (ok) {
		ok = p->cnt <= MAX_INSNS;
		memcpy(p->insns, insns, min_of(p->cnt, (u32)MAX_INSNS) * sizeof(*insns));
		free(insns);
	}
	free(text);
	strbuf_free(&err);
	return ok;
}

static void judge_mutants(const struct text_case *c, u64 count, u64 seed)
{
	static struct program p;

	p = (struct program){ .world = c, .source = "cases, mutated", .rights = c->rights };
	/* The kernel may permit callers without any capability nothing: both are asked the same. */
	if (p.rights == RIGHTS_NONE)
		p.rights = RIGHTS_NO_PERFMON;
	for (u64 i = 0; i < count; i++) {
		u64 pick = hash_u64(seed + i, 11);

		p.seed = seed + i;
		if (!assemble(&p, c, c->twin_cnt && pick & 1 ? &c->twins[(pick >> 1) % c->twin_cnt] : NULL))
			continue;
		mutate(p.insns, p.cnt, p.seed);
		judge(&p);
	}
}

static bool judge_cases(u64 count, char **files, int file_cnt)
{
	static struct text_case cases[MAX_CASES];
	u32 cnt = 0;

	for (int i = 0; i < file_cnt; i++) {
		FILE *f = fopen(files[i], "r");
		int line = 0;

		while (f && cnt < MAX_CASES && case_next(f, files[i], &line, &cases[cnt]) > 0)
			cnt++;
		if (!f)
			return false;
		fclose(f);
	}
	for (u32 n = 0; n < cnt; n++) {
		u64 share = count * (n + 1) / cnt - count * n / cnt;

		/* Maps that the running kernel lacks. */
		if (share && enter_world(&cases[n]))
			judge_mutants(&cases[n], share, opts.seed + count * n / cnt);
	}
	return true;
}

/* ---- once more ---------------------------------------------------------------------------------------------- */

static bool read_replay(struct program *p, struct text_case *world)
{
	FILE *f = fopen(opts.replay, "r");
	unsigned long long code;
	char line[4096];
	int nr = 0;

	if (!f || case_next(f, opts.replay, &nr, world) <= 0)
		return false;
	*p = (struct program){ .world = world, .source = "replay", .seed = opts.seed, .rights = world->rights };
	if (strstr(world->name, "numbers") || strstr(world->name, "shapes"))
		p->world_text = "";
	rewind(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "#x %llx", &code) == 1 && p->cnt < MAX_INSNS) {
			u64 word = code;

			memcpy(&p->insns[p->cnt++], &word, sizeof(word));
		}
	}
	fclose(f);
	return p->cnt || assemble(p, world, NULL);
}

static int replay(void)
{
	static struct program p;
	static struct text_case world;

	if (!read_replay(&p, &world) || !enter_world(&world)) {
		fprintf(stderr, "differential: %s is no program that can be judged\n", opts.replay);
		return 2;
	}
	stand_load(&interp, &p, p.rights, 2);
	printf("skep (%ld):\n%s\n", interp.fd, interp.log);
	stand_unload(&interp);
	if (tally.have_kernel) {
		stand_load(&kernel, &p, p.rights, 2);
		printf("kernel (%ld):\n%s\n", kernel.fd, kernel.log);
		stand_unload(&kernel);
	}
	written = WRITE_MAX;
	judge(&p);
	tally_print(&tally, stdout, "");
	return tally.unclassified || tally.results_differ || tally.bad_runs;
}

/* ---- the whole ------------------------------------------------------------------------------------------------ */

static bool tap_line(u32 nr, bool ok, const char *name, const char *skip)
{
	printf("%s %u - %s%s%s\n", ok ? "ok" : "not ok", nr, name, skip ? " # SKIP " : "", skip ? skip : "");
	return ok;
}

static bool verdict(bool documented)
{
	const char *skip = tally.have_kernel ? NULL : "bpf(2) is not permitted here";
	struct source_tally sum = tally_sum(&tally);
	bool ok = true;

	tally_print(&tally, stdout, opts.tap ? "# " : "");
	printf("1..5\n");
	/* Facts that say nothing, or a generator whose programs nobody accepts, would prove nothing. */
	ok &= tap_line(1, !tally.bad_runs && tally.numbers_narrow * 4 >= tally.numbers_checked && tally.accesses,
		       "V-04 joined facts hold and accesses stay in their objects in watched runs", NULL);
	ok &= tap_line(2, !tally.results_differ, "results of generated programs are the same on all engines", NULL);
	ok &= tap_line(3, (sum.both + sum.kernel_only + sum.skep_only) * 4 >= sum.programs,
		       "a quarter of the generated programs is accepted", NULL);
	ok &= tap_line(4, skip || !tally.unclassified, "verdicts on generated programs are the running kernel's, or of a known class", skip);
	ok &= tap_line(5, documented, "classes of disagreement are documented", NULL);
	return ok;
}

static bool read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:s:j:o:r:tv")) != -1) {
		switch (c) {
		case 'n':
			opts.count = strtoull(optarg, NULL, 0);
			break;
		case 's':
			opts.seed = strtoull(optarg, NULL, 0);
			break;
		case 'j':
			opts.json = optarg;
			break;
		case 'o':
			opts.out_dir = optarg;
			break;
		case 'r':
			opts.replay = optarg;
			break;
		case 't':
			opts.tap = true;
			break;
		case 'v':
			opts.verbose = true;
			break;
		default:
			return false;
		}
	}
	if (argc - optind < 2 || !opts.count)
		return false;
	opts.data_dir = argv[optind++];
	opts.divergences = argv[optind++];
	return true;
}

static bool open_stands(void)
{
	if (!stand_open(&interp, "interp") || !stand_open(&jit, "jit"))
		return false;
	tally.have_kernel = stand_open(&kernel, "kernel");
	tally.seed = opts.seed;
	checker_start(&checker, interp.judge.ctx);
	return true;
}

static void close_stands(void)
{
	checker_stop(&checker);
	stand_close(&interp);
	stand_close(&jit);
	if (tally.have_kernel)
		stand_close(&kernel);
}

int main(int argc, char **argv)
{
	char helpers[4096], features[4096];
	u64 mutants;
	bool ok;

	if (!read_options(argc, argv)) {
		fprintf(stderr, "usage: differential [-n COUNT] [-s SEED] [-j JSON] [-o DIR] [-tv] DATA_DIR DIVERGENCES CASE_FILE...\n"
				"       differential -r FILE [-s SEED] DATA_DIR DIVERGENCES\n");
		return 2;
	}
	snprintf(helpers, sizeof(helpers), "%s/helpers.tsv", opts.data_dir);
	snprintf(features, sizeof(features), "%s/features.tsv", opts.data_dir);
	if (!case_helpers_read(helpers) || !open_stands()) {
		fprintf(stderr, "differential: cannot start\n");
		return 2;
	}
	if (opts.replay)
		return replay();
	mutants = optind < argc ? opts.count / 4 : 0;
	ok = judge_generated(opts.count - mutants) && judge_cases(mutants, argv + optind, argc - optind);
	tally.numbers_checked = checker.checked;
	tally.numbers_narrow = checker.narrow;
	tally.accesses = checker.accesses;
	if (!ok)
		fprintf(stderr, "differential: a world cannot be made\n");
	ok &= verdict(classes_are_documented(opts.divergences, features));
	if (opts.json && !tally_write_json(&tally, opts.json)) {
		fprintf(stderr, "differential: %s cannot be written\n", opts.json);
		ok = false;
	}
	close_stands();
	return !ok;
}
