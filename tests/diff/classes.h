/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * classes.h - kinds of disagreement that are understood: who accepts, what the other one said, what the program
 * is like, and for all that skep alone accepts, that a watched run found nothing wrong. docs/divergences.md
 * has a line "differential `NAME`" for each, which names the FEATURES id or argues why it is safe.
 */
#ifndef SKEP_TESTS_CLASSES_H
#define SKEP_TESTS_CLASSES_H

#include "stand.h"

enum who_accepts { KERNEL_ALONE, SKEP_ALONE, BOTH_DIFFER /* in what a run gives */ };

struct outcome {
	const struct program *p;
	enum who_accepts who;
	char kernel_says[600], skep_says[600]; /* the reason of who refused; else "" */
	const char *skep_log, *kernel_log;     /* level 2 */
	bool jit_accepts; /* skep's verdict with machine code, where frames are smaller */
	bool watched; /* skep accepts, not the kernel: ran on WATCH_SETS inputs, facts held, each access was in an object */
};

struct diff_class {
	const char *name, *feature; /* feature: FEATURES ids, "" when the line in the docs argues */
	enum who_accepts who;
	bool (*is)(const struct outcome *o);
};
extern const struct diff_class diff_classes[];
extern const u32 diff_class_cnt;

/* The first class that holds; NULL: nobody has understood this yet. */
const struct diff_class *classify(const struct outcome *o);
/* Each class has its line in the docs and its ids in data/features.tsv; prints what is missing. */
bool classes_are_documented(const char *divergences, const char *features);

#endif
