/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diff_fuzz.c - generated programs before several judges: the same verdict, and for accepted ones
 * the same results. A program that skep accepts and the kernel refuses is a hole until shown
 * otherwise; the reverse is a loss of precision. Both are printed, with the seed that repeats them.
 *
 * usage: diff_fuzz [-u] JUDGE[,JUDGE...] COUNT [SEED]
 *	-u  loads without CAP_PERFMON
 *
 * Programs are made to be accepted about half of the time: arithmetic on unknown numbers, bounds by
 * masks and comparisons, then accesses to a map value and the stack through what was bounded.
 */
#include "case.h"
#include "gen.h"

#include "base/hash.h"
#include "isa/isa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_SIZE  (1 << 18)
#define SETS	  6

/* ---- before one judge ------------------------------------------------------------------------ */

struct stand {
	struct judge judge;
	int in_fd, val_fd;
	char *log;
	long fd;
	u32 r0[SETS];
	u8 val[SETS][GEN_VAL_SIZE];
};

static long bpf(struct stand *s, int cmd, union bpf_attr *attr)
{
	return s->judge.bpf(s->judge.ctx, cmd, attr, sizeof(*attr));
}

static int make_map(struct stand *s, u32 size)
{
	union bpf_attr attr = { 0 };

	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = size;
	attr.max_entries = 1;
	return bpf(s, BPF_MAP_CREATE, &attr);
}

static long elem(struct stand *s, int cmd, int fd, void *value)
{
	union bpf_attr attr = { 0 };
	u32 key = 0;

	attr.map_fd = fd;
	attr.key = (u64)(uintptr_t)&key;
	attr.value = (u64)(uintptr_t)value;
	return bpf(s, cmd, &attr);
}

static bool run(struct stand *s, u64 seed)
{
	static const u8 packet[64];

	for (u32 set = 0; set < SETS; set++) {
		u64 in[GEN_IN_SIZE / 8], zero[GEN_VAL_SIZE / 8] = { 0 };
		union bpf_attr attr = { 0 };

		gen_inputs(seed, set, in);
		if (elem(s, BPF_MAP_UPDATE_ELEM, s->in_fd, in) || elem(s, BPF_MAP_UPDATE_ELEM, s->val_fd, zero))
			return false;
		attr.test.prog_fd = s->fd;
		attr.test.data_in = (u64)(uintptr_t)packet;
		attr.test.data_size_in = sizeof(packet);
		attr.test.repeat = 1;
		if (bpf(s, BPF_PROG_TEST_RUN, &attr) || elem(s, BPF_MAP_LOOKUP_ELEM, s->val_fd, s->val[set]))
			return false;
		s->r0[set] = attr.test.retval;
	}
	return true;
}

static enum judge_rights rights;

static void load(struct stand *s, const struct gen *g)
{
	struct bpf_insn insns[GEN_MAX_INSNS];
	union bpf_attr attr = { 0 };

	memcpy(insns, g->insns, sizeof(insns));
	for (u32 i = 0; i < g->cnt; i++) {
		if (insns[i].code == 0x18)
			insns[i].imm = insns[i].dst_reg == 6 ? s->in_fd : s->val_fd;
	}
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (u64)(uintptr_t)insns;
	attr.insn_cnt = g->cnt;
	attr.license = (u64)(uintptr_t) "GPL";
	attr.log_buf = (u64)(uintptr_t)s->log;
	attr.log_size = LOG_SIZE;
	attr.log_level = 1;
	s->log[0] = '\0';
	s->fd = judge_load(&s->judge, &attr, rights);
}

static const char *why(const char *log)
{
	static char line[512];
	const char *p = strstr(log, "\nprocessed "), *start;

	if (!p)
		return log;
	for (start = p; start > log && start[-1] != '\n'; start--)
		;
	snprintf(line, sizeof(line), "%.*s", (int)min_of(p - start, (ptrdiff_t)500), start);
	return line;
}

static void print_prog(const struct gen *g)
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

struct tally {
	u64 accepted, refused, verdicts_differ, results_differ;
};

static void compare(struct stand *stands, u32 cnt, const struct gen *g, u64 seed, struct tally *t)
{
	struct stand *a = &stands[0];

	for (u32 j = 1; j < cnt; j++) {
		struct stand *b = &stands[j];

		if ((a->fd < 0) != (b->fd < 0)) {
			struct stand *no = a->fd < 0 ? a : b, *yes = a->fd < 0 ? b : a;

			t->verdicts_differ++;
			printf("# seed %llu: %s accepts, %s refuses: %s\n", (unsigned long long)seed,
			       yes->judge.name, no->judge.name, why(no->log));
			if (getenv("DIFF_FUZZ_PRINT"))
				print_prog(g);
			return;
		}
		if (a->fd >= 0 && (memcmp(a->r0, b->r0, sizeof(a->r0)) || memcmp(a->val, b->val, sizeof(a->val)))) {
			t->results_differ++;
			printf("# seed %llu: %s and %s give different results\n", (unsigned long long)seed,
			       a->judge.name, b->judge.name);
			if (getenv("DIFF_FUZZ_PRINT"))
				print_prog(g);
			return;
		}
	}
	t->accepted += a->fd >= 0;
	t->refused += a->fd < 0;
}

int main(int argc, char **argv)
{
	struct stand stands[3] = { 0 };
	struct tally t = { 0 };
	u32 cnt = 0;
	u64 count, seed;
	char *list, *name;
	bool ok;

	if (argc > 1 && !strcmp(argv[1], "-u")) {
		rights = RIGHTS_NO_PERFMON;
		argc--;
		argv++;
	}
	if (argc < 3) {
		fprintf(stderr, "usage: diff_fuzz [-u] JUDGE[,JUDGE...] COUNT [SEED]\n");
		return 2;
	}
	count = strtoull(argv[2], NULL, 0);
	seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
	for (list = argv[1]; (name = strsep(&list, ",")) && cnt < ARRAY_SIZE(stands); cnt++) {
		struct stand *s = &stands[cnt];

		if (!judge_make(&s->judge, name)) {
			printf("1..1\nok 1 - generated programs # SKIP no judge %s here\n", name);
			return 0;
		}
		s->in_fd = make_map(s, GEN_IN_SIZE);
		s->val_fd = make_map(s, GEN_VAL_SIZE);
		s->log = malloc(LOG_SIZE);
		if (s->in_fd < 0 || s->val_fd < 0 || !s->log)
			return 2;
	}
	for (u64 i = 0; i < count; i++) {
		struct gen g = { 0 };

		gen_program(&g, seed + i);
		for (u32 j = 0; j < cnt; j++) {
			load(&stands[j], &g);
			if (stands[j].fd >= 0 && !run(&stands[j], seed + i))
				printf("# seed %llu: %s cannot run it\n", (unsigned long long)(seed + i), stands[j].judge.name);
		}
		compare(stands, cnt, &g, seed + i, &t);
		for (u32 j = 0; j < cnt; j++) {
			if (stands[j].fd >= 0)
				close(stands[j].fd);
		}
	}
	for (u32 j = 0; j < cnt; j++) {
		close(stands[j].in_fd);
		close(stands[j].val_fd);
		free(stands[j].log);
		judge_free(&stands[j].judge);
	}
	printf("# %llu accepted, %llu refused by all; verdicts differ on %llu, results on %llu\n",
	       (unsigned long long)t.accepted, (unsigned long long)t.refused,
	       (unsigned long long)t.verdicts_differ, (unsigned long long)t.results_differ);
	/* Too few accepted would mean that the generator tests nothing. */
	ok = !t.verdicts_differ && !t.results_differ && t.accepted * 10 >= count;
	printf("1..1\n%s 1 - generated programs before %u judges from seed %llu on\n", ok ? "ok" : "not ok", cnt,
	       (unsigned long long)seed);
	return !ok;
}
