/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vec.h - an array that grows: VEC(type) name; zero-initialised is empty.
 *	VEC(u32) starts = { 0 };
 *	if (!vec_push(&starts, 7))
 *		return -ENOMEM;
 *	for (size_t i = 0; i < starts.cnt; i++) use(starts.at[i]);
 *	vec_free(&starts);
 */
#ifndef SKEP_BASE_VEC_H
#define SKEP_BASE_VEC_H

#include "base/types.h"

#include <stdlib.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *at;                                                                          \
		size_t cnt, cap;                                                                   \
	}

/* False when memory is short; the vector is then unchanged. */
bool vec_reserve_raw(void **at, size_t *cap, size_t need, size_t elem_size);

#define vec_reserve(v, need)                                                                       \
	vec_reserve_raw((void **)&(v)->at, &(v)->cap, (need), sizeof(*(v)->at))
#define vec_push(v, elem)                                                                          \
	(vec_reserve((v), (v)->cnt + 1) ? ((v)->at[(v)->cnt++] = (elem), true) : false)
#define vec_pop(v) ((v)->at[--(v)->cnt])
#define vec_free(v)                                                                                \
	do {                                                                                       \
		free((v)->at);                                                                     \
		(v)->at = NULL;                                                                    \
		(v)->cnt = (v)->cap = 0;                                                           \
	} while (0)

#endif
