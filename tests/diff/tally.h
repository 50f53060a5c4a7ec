/* SPDX-License-Identifier: BSD-2-Clause */
/* tally.h - what came of the programs, as a table and as JSON. */
#ifndef SKEP_TESTS_TALLY_H
#define SKEP_TESTS_TALLY_H

#include "classes.h"

#include <stdio.h>

struct source_tally {
	const char *name;
	u64 programs, both, none, kernel_only, skep_only, not_modelled;
	u64 ran, compared; /* accepted programs watched; whose results were compared */
};

#define MAX_SOURCES 8
struct tally {
	bool have_kernel;
	u64 seed;
	struct source_tally sources[MAX_SOURCES];
	u32 source_cnt;
	u64 classes[32]; /* by diff_classes[] */
	u64 unclassified, results_differ, undetermined, unfinished, bad_runs;
	u64 numbers_checked, numbers_narrow, accesses;
};

struct source_tally *tally_source(struct tally *t, const char *name);
struct source_tally tally_sum(const struct tally *t);
void tally_print(const struct tally *t, FILE *f, const char *prefix);
bool tally_write_json(const struct tally *t, const char *path);

#endif
