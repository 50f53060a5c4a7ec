/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hdropt.c - options of a TCP header that sock_ops programs read and write. The header is what the run was
 * given as data; what is written is appended to it.
 */
#include "net/private.h"

#include <string.h>

#include <linux/bpf.h>

#define TCP_HLEN   20
#define OPT_EOL	   0
#define OPT_NOP	   1
#define OPT_EXP253 253 /* for experiments: two or four bytes behind tell whose (RFC 6994) */
#define OPT_EXP254 254

static struct bpf_sock_ops_kern *ops_of(u64 reg)
{
	return (struct bpf_sock_ops_kern *)(uintptr_t)reg;
}

static bool is_experimental(u8 kind)
{
	return kind == OPT_EXP253 || kind == OPT_EXP254;
}

/* The option in [at, end). NULL and *ret_err: -ENOMSG: there is none; -EINVAL: they are damaged. *ret_ended:
 * they end before the header does. */
static const u8 *find_option(const u8 *at, const u8 *end, u8 kind, const u8 *magic, u32 magic_len, bool *ret_ended,
			     int *ret_err)
{
	*ret_ended = false;
	*ret_err = -ENOMSG;
	while (at < end && *at != OPT_EOL) {
		if (*at == OPT_NOP) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] < 2 || end - at < at[1]) {
			*ret_err = -EINVAL;
			return NULL;
		}
		if (*at == kind) {
			if (magic_len > at[1] - 2u)
				return NULL;
			if (!magic_len || !memcmp(at + 2, magic, magic_len))
				return at;
		}
		at += at[1];
	}
	*ret_ended = at < end;
	return NULL;
}

/* What is searched for: kind and length, 0 but for experimental options, whose magic follows. */
static int check_search(const u8 *search, u32 size)
{
	if (search[1] > size || search[0] == OPT_NOP || search[0] == OPT_EOL)
		return -EINVAL;
	if (is_experimental(search[0]))
		return search[1] == 4 || search[1] == 6 ? 0 : -EINVAL;
	return search[1] ? -EINVAL : 0;
}

NET_HELPER(load_hdr_opt)
{
	const struct bpf_sock_ops_kern *ops = ops_of(r1);
	u8 *search = (u8 *)(uintptr_t)r2;
	const u8 *found, *header = ops->skb_data;
	u32 size = (u32)r3;
	bool ended;
	int err;

	if (!sock_ops_locked(ops))
		return -EOPNOTSUPP;
	if (size < 2 || r4 & ~(u64)BPF_LOAD_HDR_OPT_TCP_SYN)
		return -EINVAL;
	err = check_search(search, size);
	if (err)
		return (u64)(s64)err;
	if (r4)
		return -ENOENT; /* nobody saved the SYN */
	if (!header || ops->op == BPF_SOCK_OPS_HDR_OPT_LEN_CB)
		return -EPERM;
	if ((u8 *)ops->skb_data_end - header < TCP_HLEN)
		return -ENOMSG;
	found = find_option(header + TCP_HLEN, ops->skb_data_end, search[0], search + 2,
			    search[1] ? search[1] - 2u : 0, &ended, &err);
	if (!found)
		return (u64)(s64)err;
	memcpy(search, found, min_of((u32)found[1], size));
	return found[1] > size ? (u64)-ENOSPC : found[1];
}

NET_HELPER(store_hdr_opt)
{
	struct bpf_sock_ops_kern *ops = ops_of(r1);
	const u8 *opt = (const u8 *)(uintptr_t)r2, *header = ops->skb_data;
	u32 size = (u32)r3, len;
	bool ended, experimental;
	int err;

	if (ops->op != BPF_SOCK_OPS_WRITE_HDR_OPT_CB)
		return -EPERM;
	if (size < 2 || r4)
		return -EINVAL;
	len = opt[1];
	experimental = is_experimental(opt[0]);
	if (len > size || opt[0] == OPT_NOP || opt[0] == OPT_EOL)
		return -EINVAL;
	if (len > ops->remaining_opt_len)
		return -ENOSPC;
	if (experimental && len < 4)
		return -EINVAL;
	if (find_option(header + TCP_HLEN, ops->skb_data_end, opt[0], opt + 2, experimental ? 2 : 0, &ended, &err))
		return -EEXIST;
	if (err != -ENOMSG)
		return (u64)(s64)err;
	if (ended)
		return -ENOSPC;
	memcpy(ops->skb_data_end, opt, len);
	ops->skb_data_end = (u8 *)ops->skb_data_end + len;
	ops->remaining_opt_len -= len;
	return 0;
}

NET_HELPER(reserve_hdr_opt)
{
	struct bpf_sock_ops_kern *ops = ops_of(r1);
	u32 len = (u32)r2;

	if (ops->op != BPF_SOCK_OPS_HDR_OPT_LEN_CB)
		return -EPERM;
	if (r3 || len < 2)
		return -EINVAL;
	if (len > ops->remaining_opt_len)
		return -ENOSPC;
	ops->remaining_opt_len -= len;
	return 0;
}

int hdropt_register(struct skep *skep)
{
	static const struct net_helper helpers[] = {
		{ BPF_FUNC_load_hdr_opt, load_hdr_opt },
		{ BPF_FUNC_store_hdr_opt, store_hdr_opt },
		{ BPF_FUNC_reserve_hdr_opt, reserve_hdr_opt },
	};
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(helpers) && !err; i++)
		err = skep_register_helper(skep, BPF_PROG_TYPE_SOCK_OPS, helpers[i].id, helpers[i].fn);
	return err;
}
