/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_case.c - any bytes as a file of text cases: every count stays within its array, twins make texts. */
#include "../cases/case.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct text_case *c)
{
	must(c->map_cnt <= CASE_MAX_MAPS && c->twin_cnt <= CASE_MAX_TWINS);
	must(c->set_cnt && c->set_cnt <= CASE_MAX_SETS && c->scalar_cnt <= CASE_MAX_SCALARS);
	must(c->data_len && c->data_len <= sizeof(c->data));
	must(c->want.r0_cnt <= CASE_MAX_SETS && c->want.log_cnt <= CASE_MAX_LOGS);
	free(case_text(c, NULL));
	for (u32 i = 0; i < c->twin_cnt; i++) {
		must(c->twins[i].edit_cnt <= ARRAY_SIZE(c->twins[i].edits));
		free(case_text(c, &c->twins[i]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct text_case c;
	FILE *f = size ? fmemopen((void *)data, size, "rb") : NULL;
	int line = 0;

	if (!f)
		return 0;
	while (case_next(f, "fuzz", &line, &c) == 1)
		check(&c);
	fclose(f);
	return 0;
}
