/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * late.h - libraries that are loaded when they are first used. capstone alone has 77,000 relocations, which every start
 * of the command, and of every application of libskep.so, would pay for. capstone.c and pcap.c define functions under
 * the library's own names, so callers do not know; what is linked in statically does without both.
 */
#ifndef SKEP_LATE_LATE_H
#define SKEP_LATE_LATE_H

#include <stdbool.h>

struct late {
	const char *names[2];	   /* file names to try; NULL: none */
	const char *const *symbols; /* all that are called, NULL-terminated: one without them is as good as none */
	void *handle;		   /* NULL: not loaded */
};

/* Loads it unless it is. False: it is not there. Threads: any. */
bool late_load(struct late *lib);
/* One of its symbols, kept in *at; the library has been loaded. Threads: any. */
void *late_find(struct late *lib, const char *symbol, void **at);

/* The same with the type of our function of that name. */
#define LATE_FUNC(lib, name, at) ((__typeof__(&name))late_find(lib, #name, at))

/* Defines the function @name, which calls the library's. */
#define LATE(lib, ret, name, params, args)                  \
	ret name params                                     \
	{                                                   \
		static void *at;                            \
                                                            \
		return LATE_FUNC(lib, name, &at) args;      \
	}

#endif
