/* SPDX-License-Identifier: BSD-2-Clause */
/* libbpf_common.h - what the libbpf-compatible headers share. */
#ifndef SKEP_LIBBPF_COMMON_H
#define SKEP_LIBBPF_COMMON_H

#include <string.h>

#ifndef LIBBPF_API
#define LIBBPF_API __attribute__((visibility("default")))
#endif

/* An options structure with its size set and all else zero but what is named:
 * LIBBPF_OPTS(bpf_test_run_opts, opts, .repeat = 3); */
#define LIBBPF_OPTS(TYPE, NAME, ...)                                                               \
	struct TYPE NAME = ({                                                                      \
		memset(&NAME, 0, sizeof(struct TYPE));                                             \
		(struct TYPE){ .sz = sizeof(struct TYPE), __VA_ARGS__ };                           \
	})
#define DECLARE_LIBBPF_OPTS LIBBPF_OPTS

/* The same for a structure that exists. */
#define LIBBPF_OPTS_RESET(NAME, ...)                                                               \
	do {                                                                                       \
		__typeof__(NAME) ___##NAME = {                                                     \
			.sz = sizeof(NAME),                                                        \
			__VA_ARGS__                                                                \
		};                                                                                 \
		memset(&NAME, 0, sizeof(NAME));                                                    \
		memcpy(&NAME, &___##NAME, sizeof(NAME));                                           \
	} while (0)

#endif
