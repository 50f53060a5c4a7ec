/* SPDX-License-Identifier: BSD-2-Clause */
/* maptests.h - Linux's tests of maps as a table: each ends its process when something is wrong. */
#ifndef TESTS_MAPTESTS_H
#define TESTS_MAPTESTS_H

#include <stdbool.h>

struct linux_test {
	const char *name;
	void (*run)(void);
	bool small; /* a few maps of a few KiB, nothing attached: may be asked of the running kernel */
};

/* Each ends with a row without a name. */
extern const struct linux_test maps_tests[], lru_tests[], lpm_tests[];

#endif
