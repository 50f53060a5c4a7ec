/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * classic.h - classic BPF: the text that "tcpdump -ddd" prints, Linux's rules for programs of sockets and of
 * seccomp, and their translation. All functions are pure; any thread.
 */
#ifndef SKEP_ISA_CLASSIC_H
#define SKEP_ISA_CLASSIC_H

#include "base/strbuf.h"
#include "base/types.h"

#include <linux/bpf.h>
#include <linux/filter.h>

enum classic_kind {
	CLASSIC_PACKET,	 /* over a struct __sk_buff whose data begins with the link header */
	CLASSIC_SECCOMP, /* over a struct seccomp_data */
};

#define CLASSIC_MAX	  4096 /* BPF_MAXINSNS */
#define CLASSIC_DATA_SIZE 64   /* sizeof(struct seccomp_data) */

/* The number of insns on a line, then "code jt jf k" in decimal, a line each. On success *ret_insns is
 * malloc()ed. -EINVAL with "line N: ..." in @err, or -ENOMEM. */
int classic_parse(const char *text, size_t size, struct sock_filter **ret_insns, u32 *ret_cnt, struct strbuf *err);

/* What Linux checks when a filter is set. 0, or -EINVAL with "insn N: ..." in @err. */
int classic_check(const struct sock_filter *insns, u32 cnt, enum classic_kind kind, struct strbuf *err);

/*
 * Checks, then translates to a program that takes the context in r1 and returns what the filter returns. On
 * success *ret_insns is malloc()ed. -EINVAL (refused by classic_check()), -EOPNOTSUPP (an ancillary load of what
 * skep's packets do not have: "not modelled: ..."), -ENOMEM.
 */
int classic_convert(const struct sock_filter *insns, u32 cnt, enum classic_kind kind, struct bpf_insn **ret_insns,
		    u32 *ret_cnt, struct strbuf *err);

#endif
