/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutate_fuzz.c - the programs of text cases with a few fields changed, before two judges. What one
 * accepts and the other refuses is printed with both reasons and the seed that repeats it: accepted
 * by skep only is a hole until shown otherwise.
 *
 * usage: mutate_fuzz HELPERS_TSV KERNEL_JUDGE,SKEP_JUDGE COUNT SEED FILE...
 */
#include "base/hash.h"
#include "case.h"
#include "isa/cfg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_CASES 512
#define LOG_SIZE  (1 << 20)

static struct {
	char name[64];
	int id;
} helpers[512];
static u32 helper_cnt;

struct run {
	struct judge judge;
	const struct text_case *c;
	int fds[CASE_MAX_MAPS];
	char log[LOG_SIZE];
	long verdict;
};
static struct run runs[2];
static struct text_case cases[MAX_CASES];
static u64 rnd_state;

static u32 rnd(u32 below)
{
	rnd_state += 0x9e3779b97f4a7c15ULL;
	return (u32)(hash_u64(rnd_state, 3) >> 32) % below;
}

static void read_helpers(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[4096];

	while (f && helper_cnt < ARRAY_SIZE(helpers) && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%d\t%63s", &helpers[helper_cnt].id, helpers[helper_cnt].name) == 2)
			helper_cnt++;
	}
	if (f)
		fclose(f);
}

static int find_helper(void *ctx __unused_arg, const char *name)
{
	for (u32 i = 0; i < helper_cnt; i++) {
		if (!strcmp(helpers[i].name, name))
			return helpers[i].id;
	}
	return -1;
}

/* Maps are named by their number in the case; each judge has its own descriptors for them. */
static int find_map(void *ctx, const char *name)
{
	const struct text_case *c = ctx;

	for (u32 i = 0; i < c->map_cnt; i++) {
		if (!strcmp(c->maps[i].name, name))
			return i;
	}
	return -1;
}

static bool is_map_load(const struct bpf_insn *insn)
{
	return insn_is_wide(insn) && (insn->src_reg == BPF_PSEUDO_MAP_FD ||
				      insn->src_reg == BPF_PSEUDO_MAP_VALUE);
}

/* ---- changes -------------------------------------------------------------------------------- */

static void change_reg(struct bpf_insn *insn)
{
	if (rnd(2))
		insn->dst_reg = rnd(11);
	else
		insn->src_reg = rnd(11);
}

static void change_number(struct bpf_insn *insn)
{
	static const s32 steps[] = { 1, -1, 2, -2, 4, -4, 8, -8, 16, -16, 64, 255 };
	s32 step = steps[rnd(ARRAY_SIZE(steps))];

	if (rnd(2))
		insn->off += step;
	else
		insn->imm += step;
}

static void change_op(struct bpf_insn *insn)
{
	switch (rnd(3)) {
	case 0:
		insn->code = (insn->code & 0x0f) | rnd(16) << 4;
		break;
	case 1:
		insn->code ^= 0x08;
		break;
	default:
		insn->code = (insn->code & ~0x18) | rnd(4) << 3;
		break;
	}
}

static void change(struct bpf_insn *insns, u32 cnt)
{
	u32 at = rnd(cnt), other = rnd(cnt);

	/* Constants of two slots stay as they are, or most changes end there. */
	for (u32 i = 0; i < cnt; i++) {
		if (insn_is_wide(&insns[i])) {
			if (at == i || at == i + 1 || other == i || other == i + 1)
				return;
			i++;
		}
	}
	switch (rnd(8)) {
	case 0:
	case 1:
		change_reg(&insns[at]);
		break;
	case 2:
	case 3:
	case 4:
		change_number(&insns[at]);
		break;
	case 5:
		change_op(&insns[at]);
		break;
	case 6:
		insns[at] = insns[other];
		break;
	default: {
		struct bpf_insn tmp = insns[at];

		insns[at] = insns[other];
		insns[other] = tmp;
	}
	}
}

/* ---- judging -------------------------------------------------------------------------------- */

static bool make_maps(struct run *r)
{
	for (u32 i = 0; i < r->c->map_cnt; i++) {
		const struct case_map *m = &r->c->maps[i];
		union bpf_attr attr = { 0 };

		attr.map_type = m->type;
		attr.key_size = m->key_size;
		attr.value_size = m->value_size;
		attr.max_entries = m->max_entries;
		attr.map_flags = m->flags;
		r->fds[i] = r->judge.bpf(r->judge.ctx, BPF_MAP_CREATE, &attr, sizeof(attr));
		if (r->fds[i] < 0)
			return false;
	}
	return true;
}

static void load(struct run *r, const struct bpf_insn *insns, u32 cnt)
{
	struct bpf_insn *own = malloc(cnt * sizeof(*own));
	union bpf_attr attr = { 0 };

	memcpy(own, insns, cnt * sizeof(*own));
	for (u32 i = 0; i < cnt; i++) {
		if (is_map_load(&own[i]) && (u32)own[i].imm < r->c->map_cnt)
			own[i].imm = r->fds[own[i].imm];
	}
	attr.prog_type = r->c->prog_type;
	attr.expected_attach_type = r->c->attach_type;
	attr.prog_flags = r->c->prog_flags |
			  (r->c->prog_type == BPF_PROG_TYPE_SYSCALL ? BPF_F_SLEEPABLE : 0);
	attr.insns = (u64)(uintptr_t)own;
	attr.insn_cnt = cnt;
	attr.license = (u64)(uintptr_t)(r->c->gpl ? "GPL" : "Proprietary");
	attr.log_buf = (u64)(uintptr_t)r->log;
	attr.log_size = LOG_SIZE;
	attr.log_level = 2;
	r->log[0] = '\0';
	r->verdict = r->judge.bpf(r->judge.ctx, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (r->verdict >= 0) {
		close(r->verdict);
		r->verdict = 0;
	}
	free(own);
}

/* The line before the statistics. */
static const char *reason(const struct run *r, char *buf, size_t size)
{
	const char *end = strstr(r->log, "\nprocessed "), *at, *line;

	at = strstr(r->log, "\nverification time");
	if (at && (!end || at < end))
		end = at;
	if (!end)
		end = r->log + strlen(r->log);
	for (line = end; line > r->log && line[-1] != '\n'; line--)
		;
	snprintf(buf, size, "%.*s", (int)(end - line), line);
	return buf;
}

static void print_prog(const struct bpf_insn *insns, u32 cnt)
{
	struct strbuf sb = { 0 };

	for (u32 i = 0; i < cnt; i++) {
		strbuf_printf(&sb, "#   %u: ", i);
		insn_print(&sb, &insns[i], NULL);
		strbuf_putc(&sb, '\n');
		i += insn_is_wide(&insns[i]);
	}
	fputs(strbuf_str(&sb), stdout);
	strbuf_free(&sb);
}

static u32 both, none, only_kernel, only_skep, not_modelled, msg_differs;

static void judge(const struct text_case *c, u64 seed, bool verbose)
{
	const struct asm_syms syms = { .ctx = (void *)c, .map = find_map, .helper = find_helper };
	struct strbuf err = { 0 };
	struct bpf_insn *insns;
	char *text, a[300], b[300];
	u32 cnt;

	rnd_state = seed * 0x2545f4914f6cdd1dULL;
	text = case_text(c, c->twin_cnt && rnd(2) ? &c->twins[rnd(c->twin_cnt)] : NULL);
	if (!text || insn_assemble(text, &syms, &insns, &cnt, &err)) {
		strbuf_free(&err);
		free(text);
		return;
	}
	for (u32 n = 1 + rnd(3); n; n--)
		change(insns, cnt);
	for (u32 j = 0; j < 2; j++)
		load(&runs[j], insns, cnt);
	reason(&runs[0], a, sizeof(a));
	reason(&runs[1], b, sizeof(b));
	if (!runs[0].verdict && !runs[1].verdict) {
		both++;
	} else if (runs[0].verdict && runs[1].verdict) {
		none++;
		if (strcmp(a, b)) {
			msg_differs++;
			if (verbose)
				printf("# seed %llu \"%s\"\n#   kernel %s\n#   skep   %s\n",
				       (unsigned long long)seed, c->name, a, b);
		}
	} else if (strstr(b, "not modelled")) {
		not_modelled++;
	} else {
		*(runs[1].verdict ? &only_kernel : &only_skep) += 1;
		printf("# seed %llu \"%s\": %s accepts, the other: %s\n", (unsigned long long)seed,
		       c->name, runs[1].verdict ? "kernel" : "SKEP", runs[1].verdict ? b : a);
		print_prog(insns, cnt);
	}
	free(insns);
	free(text);
}

int main(int argc, char **argv)
{
	u32 case_cnt = 0, count;
	u64 seed;
	bool verbose = getenv("MUTATE_MESSAGES");

	if (argc < 6)
		return 2;
	read_helpers(argv[1]);
	for (u32 j = 0; j < 2; j++) {
		char *name = strsep(&argv[2], ",");

		if (!name || !judge_make(&runs[j].judge, name)) {
			printf("1..0 # SKIP no such judge here\n");
			return 0;
		}
	}
	count = strtoul(argv[3], NULL, 0);
	seed = strtoull(argv[4], NULL, 0);
	for (int i = 5; i < argc; i++) {
		FILE *f = fopen(argv[i], "r");
		int line = 0;

		while (f && case_cnt < MAX_CASES && case_next(f, argv[i], &line, &cases[case_cnt]) > 0)
			case_cnt++;
		if (f)
			fclose(f);
	}
	/* By case, so that each one's maps are made once. */
	for (u32 n = 0; n < case_cnt; n++) {
		bool ok = true;

		for (u32 j = 0; j < 2 && ok; j++) {
			runs[j].c = &cases[n];
			ok = make_maps(&runs[j]);
		}
		for (u32 k = 0; ok && k < count; k++)
			judge(&cases[n], seed + k, verbose);
		for (u32 j = 0; j < 2; j++) {
			for (u32 i = 0; i < cases[n].map_cnt; i++)
				close(runs[j].fds[i]);
		}
	}
	printf("# %u accepted by both, %u refused by both (%u with other words), %u not modelled, %u by the kernel only, %u by skep only\n",
	       both, none, msg_differs, not_modelled, only_kernel, only_skep);
	printf("1..1\n%sok 1 - mutated cases from seed %llu on\n", only_kernel || only_skep ? "not " : "",
	       (unsigned long long)seed);
	return only_skep > 0;
}
