/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * msg_helpers.c - helpers on messages that a socket sends. Linux keeps a message in pieces, of which the
 * program sees the first one until it pulls more together. Here the bytes lie behind each other, and of the
 * pieces the length of the first is kept, so that programs find no more at data than there.
 */
#include "net/private.h"

#include <string.h>

#include <linux/bpf.h>

static struct sk_msg *msg_of(u64 reg)
{
	return (struct sk_msg *)(uintptr_t)reg;
}

/* Linux's pointers go back to the first piece whenever pieces change. */
static void show_first(struct sk_msg *msg)
{
	msg->data = msg->base;
	msg->data_end = msg->base + msg->first;
}

NET_HELPER(apply_bytes)
{
	msg_of(r1)->apply_bytes = (u32)r2;
	return 0;
}

NET_HELPER(cork_bytes)
{
	msg_of(r1)->cork_bytes = (u32)r2;
	return 0;
}

NET_HELPER(pull_data)
{
	struct sk_msg *msg = msg_of(r1);
	u32 start = (u32)r2, end = (u32)r3;

	if (r4 || end <= start || end > msg->size)
		return -EINVAL;
	if (start < msg->first)
		msg->first = max_of(msg->first, end);
	msg->data = msg->base + start;
	msg->data_end = msg->base + end;
	return 0;
}

/* The new bytes are a piece of their own, and what they split are two. */
NET_HELPER(push_data)
{
	struct sk_msg *msg = msg_of(r1);
	u32 start = (u32)r2, len = (u32)r3;

	if (r4)
		return -EINVAL;
	if (!len)
		return 0;
	if (start > msg->size)
		return -EINVAL;
	if (len > msg->room - msg->size)
		return -ENOMEM;
	memmove(msg->base + start + len, msg->base + start, msg->size - start);
	memset(msg->base + start, 0, len);
	msg->size += len;
	msg->first = start ? min_of(msg->first, start) : len;
	show_first(msg);
	return 0;
}

NET_HELPER(pop_data)
{
	struct sk_msg *msg = msg_of(r1);
	u32 start = (u32)r2, len = (u32)r3;

	if (r4)
		return -EINVAL;
	if (!len)
		return 0;
	if (start >= msg->size || len > msg->size - start)
		return -EINVAL;
	memmove(msg->base + start, msg->base + start + len, msg->size - start - len);
	msg->size -= len;
	if (start)
		msg->first = min_of(msg->first, start);
	else
		msg->first = msg->first > len ? msg->first - len : msg->size;
	show_first(msg);
	return 0;
}

int msg_register(struct skep *skep)
{
	static const struct net_helper helpers[] = {
		{ BPF_FUNC_msg_apply_bytes, apply_bytes }, { BPF_FUNC_msg_cork_bytes, cork_bytes },
		{ BPF_FUNC_msg_pull_data, pull_data },	   { BPF_FUNC_msg_push_data, push_data },
		{ BPF_FUNC_msg_pop_data, pop_data },
	};
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(helpers) && !err; i++)
		err = skep_register_helper(skep, BPF_PROG_TYPE_SK_MSG, helpers[i].id, helpers[i].fn);
	return err;
}
