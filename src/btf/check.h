/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.h - what checking one blob shares: check.c looks at each record alone, resolve.c at what records
 * refer to, checklog.c writes down both as Linux does at log level 1.
 */
#ifndef SKEP_BTF_CHECK_H
#define SKEP_BTF_CHECK_H

#include "btf/private.h"

struct checker {
	struct skep_btf *btf;
	struct vlog *log;
	/*
	 * Not a program's: the kernel's own or a compiler's. Names may hold any character, sections may wait
	 * for their layout, externs are allowed. What readers lean on is checked all the same.
	 */
	bool lax;
	bool resolving; /* the second half: a member's line needs its type's line first */
	u32 member_type; /* where a member's modifiers led: what its line then shows; 0: as written */
};

/* Each gives the errno back, so that a check reads "return say_...(c, t, -EINVAL, "...")". */
int say(struct checker *c, int err, const char *fmt, ...) __printf_like(3, 4);
/* "[id] KIND name message" */
int say_basic(struct checker *c, const struct btf_t *t, int err, const char *fmt, ...) __printf_like(4, 5);
/* "[id] KIND name details message"; @fmt NULL: no message */
int say_type(struct checker *c, const struct btf_t *t, int err, const char *fmt, ...) __printf_like(4, 5);
/* A line for member or variable @i, after its type's when resolving. */
int say_member(struct checker *c, const struct btf_t *t, u32 i, int err, const char *fmt, ...) __printf_like(5, 6);
int say_secvar(struct checker *c, const struct btf_t *t, u32 i, int err, const char *fmt, ...) __printf_like(5, 6);
void say_enumerator(struct checker *c, const struct btf_t *t, u32 i);

bool is_modifier(u32 kind); /* typedef, const, volatile, restrict, type tag */
bool name_is_identifier(const char *name);

/* 0, -EINVAL, -EEXIST (loop), -E2BIG (too deep), -ELOOP, -ENOMEM. */
int check_references(struct checker *c);

#endif
