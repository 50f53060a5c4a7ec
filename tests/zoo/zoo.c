/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zoo.c - puts bugs that Linux's verifier had back into skep's (src/verifier/zoo.h), one at a time: the case
 * that names the bug holds without it, and does not with it. The verifier in this program is compiled for that.
 *
 * usage: zoo HELPERS_TSV FILE...
 */
#include "../cases/case.h"

#include "verifier/zoo.h"

#include <string.h>

enum zoo_bug zoo_bug;

static const char *const bug_names[ZOO_CNT] = {
#define ZOO(name, text) [ZOO_##name] = text,
	ZOO_BUGS(ZOO)
#undef ZOO
};

static enum zoo_bug bug_by_name(const char *name)
{
	for (u32 i = 1; i < ZOO_CNT; i++) {
		if (!strcmp(bug_names[i], name))
			return i;
	}
	return ZOO_NONE;
}

static bool holds(const struct judge *judge, const struct text_case *c, enum zoo_bug bug, char *why, size_t size)
{
	u64 r0[CASE_MAX_SETS], state[CASE_MAX_SETS];
	bool ran, ok;

	zoo_bug = bug;
	ok = case_judge(c, judge, why, size, r0, state, &ran);
	zoo_bug = ZOO_NONE;
	return ok;
}

static bool noticed(const struct judge *judge, const struct text_case *c, char *why, size_t size)
{
	enum zoo_bug bug = bug_by_name(c->bug);

	if (!bug) {
		snprintf(why, size, "no bug is called \"%s\"", c->bug);
		return false;
	}
	if (!holds(judge, c, ZOO_NONE, why, size))
		return false;
	if (holds(judge, c, bug, why, size)) {
		snprintf(why, size, "with the bug the case holds all the same");
		return false;
	}
	/* Refused for another reason is not noticed: the bug must let the program in. */
	return c->want.accept || strstr(why, "the case is accepted");
}

int main(int argc, char **argv)
{
	static struct text_case c;
	bool seen[ZOO_CNT] = { true };
	struct judge judge;
	u32 nr = 0, failed = 0;
	char why[4096];

	if (argc < 3 || !case_helpers_read(argv[1]) || !judge_make(&judge, "interp"))
		return 2;
	for (int i = 2; i < argc; i++) {
		FILE *f = fopen(argv[i], "r");
		int line = 0;

		if (!f)
			return 2;
		while (case_next(f, argv[i], &line, &c) > 0) {
			bool ok = noticed(&judge, &c, why, sizeof(why));

			seen[bug_by_name(c.bug)] = true;
			failed += !ok;
			printf("%s %u - zoo: \"%s\" is noticed: %s\n", ok ? "ok" : "not ok", ++nr, c.bug, c.name);
			if (!ok)
				printf("# %s:%d: %s\n", c.file, c.line, why);
		}
		fclose(f);
	}
	for (u32 i = 1; i < ZOO_CNT; i++) {
		failed += !seen[i];
		if (!seen[i])
			printf("not ok %u - zoo: \"%s\" has a case\n", ++nr, bug_names[i]);
	}
	judge_free(&judge);
	printf("1..%u\n", nr);
	return failed > 0;
}
