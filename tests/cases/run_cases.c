/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_cases.c - runs text cases before the judges named on the command line; prints TAP.
 *
 * usage: run_cases HELPERS_TSV JUDGE[,JUDGE...] FILE...
 *	judges: kernel (skipped where bpf(2) is not permitted), interp, jit
 * With several judges an accepted case must also give the same results before all of them.
 */
#include "case.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#define MAX_JUDGES 4

static void print_comment(const char *text)
{
	for (const char *end; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		printf("#   %.*s\n", (int)(end - text), text);
	}
}

struct outcome {
	u64 r0[CASE_MAX_SETS], state[CASE_MAX_SETS];
	bool ok, ran;
};

static bool same_results(const struct text_case *c, const struct outcome *a, const struct outcome *b,
			 char *why, size_t size)
{
	for (u32 s = 0; s < c->set_cnt && a->ran && b->ran; s++) {
		if ((u32)a->r0[s] != (u32)b->r0[s]) {
			snprintf(why, size, "input set %u: r0 0x%x before one judge, 0x%x before the other",
				 s, (u32)a->r0[s], (u32)b->r0[s]);
			return false;
		}
		if (a->state[s] != b->state[s]) {
			snprintf(why, size, "input set %u: maps or packet differ between judges", s);
			return false;
		}
	}
	return true;
}

static bool run_case(const struct text_case *c, const struct judge *judges, u32 judge_cnt,
		     char *why, size_t size)
{
	struct outcome outs[MAX_JUDGES] = { 0 };

	for (u32 j = 0; j < judge_cnt; j++) {
		char text[2048];

		if (judges[j].is_kernel && c->kernel_differs[0])
			continue;
		outs[j].ok = case_judge(c, &judges[j], text, sizeof(text), outs[j].r0, outs[j].state,
					&outs[j].ran);
		if (!outs[j].ok) {
			snprintf(why, size, "%s: %s", judges[j].name, text);
			return false;
		}
		for (u32 k = 0; k < j; k++) {
			if (!same_results(c, &outs[k], &outs[j], why, size))
				return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	static struct text_case c;
	struct judge judges[MAX_JUDGES];
	u32 judge_cnt = 0, cnt = 0, failed = 0;
	char *list, *name, why[4096];
	bool kernel_only = false, no_kernel = false;

	if (argc < 4 || !case_helpers_read(argv[1])) {
		fprintf(stderr, "usage: run_cases HELPERS_TSV JUDGE[,JUDGE...] FILE...\n");
		return 2;
	}
	kernel_only = !strcmp(argv[2], "kernel");
	for (list = argv[2]; (name = strsep(&list, ",")) && judge_cnt < MAX_JUDGES; ) {
		if (judge_make(&judges[judge_cnt], name))
			judge_cnt++;
		else if (!strcmp(name, "kernel"))
			no_kernel = true;
		else
			return 2;
	}
	for (int i = 3; i < argc; i++) {
		FILE *f = fopen(argv[i], "r");
		int line = 0, got;

		if (!f) {
			printf("not ok %u - %s cannot be read\n", ++cnt, argv[i]);
			failed++;
			continue;
		}
		while ((got = case_next(f, argv[i], &line, &c)) > 0) {
			if (kernel_only && (no_kernel || c.kernel_differs[0])) {
				printf("ok %u - %s # SKIP %s\n", ++cnt, c.name,
				       no_kernel ? "bpf(2) is not permitted here" : c.kernel_differs);
				continue;
			}
			if (run_case(&c, judges, judge_cnt, why, sizeof(why))) {
				printf("ok %u - %s%s\n", ++cnt, c.name, kernel_only ? " (kernel)" : "");
				continue;
			}
			failed++;
			printf("not ok %u - %s\n# %s:%d\n", ++cnt, c.name, c.file, c.line);
			print_comment(why);
		}
		if (got < 0) {
			printf("not ok %u - %s does not parse\n", ++cnt, argv[i]);
			failed++;
		}
		fclose(f);
	}
	for (u32 j = 0; j < judge_cnt; j++)
		judge_free(&judges[j]);
	printf("1..%u\n", cnt);
	return failed ? 1 : 0;
}
