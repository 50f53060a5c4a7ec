/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * classic.c - a vector of classic BPF: checked and translated by src/isa/classic.c, then loaded as a socket
 * filter (so that the verifier looks at it, and packet loads are rewritten) and run over a packet like the one
 * that Linux's test makes up. Bytes that Linux puts into a fragment follow the others here.
 */
#include "vectors.h"

#include "isa/classic.h"
#include "net/private.h"
#include "syscall/syscall.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER_LEN 14 /* Ethernet's */

/* As Linux's test does it; what tables.c knows of the packet. */
static void describe(struct sk_buff *skb, struct net_device *dev, u32 size)
{
	*dev = (struct net_device){ .name = "vector", .ifindex = (s32)vector_skb.ifindex };
	skb->dev = dev;
	skb->mac_header = (u32)(skb->data - skb->head);
	skb->network_header = skb->mac_header + min_of(size, (u32)HEADER_LEN);
	skb->protocol = htons(vector_skb.protocol);
	skb->pkt_type = (u8)vector_skb.pkt_type;
	skb->mark = vector_skb.mark;
	skb->hash = vector_skb.hash;
	skb->queue_mapping = (u16)vector_skb.queue;
	skb->vlan_tci = (u16)vector_skb.vlan_tci;
	skb->vlan_proto = htons(vector_skb.protocol);
}

static bool run_once(struct skep_prog *prog, const struct vector *v, const struct vector_run *run, u32 *ret_value)
{
	u8 bytes[2 * VECTOR_DATA_MAX];
	u32 size = run->data_size + (v->frag ? VECTOR_DATA_MAX : 0);
	struct net_device dev;
	struct sk_buff *skb;

	if (v->no_data) {
		*ret_value = skep_prog_run(prog, NULL);
		return true;
	}
	memcpy(bytes, v->data, run->data_size);
	if (v->frag)
		memcpy(bytes + run->data_size, v->frag, VECTOR_DATA_MAX);
	skb = skb_alloc(bytes, size);
	if (!skb)
		return false;
	describe(skb, &dev, run->data_size);
	*ret_value = skep_prog_run(prog, skb);
	skb_free(skb);
	return true;
}

static int run_loaded(struct skep_prog *prog, const struct vector *v, char *why, size_t size)
{
	for (u32 i = 0; i < 2 * v->run_cnt; i++) {
		const struct vector_run *run = &v->runs[i / 2];
		u32 got;

		if (!run_once(prog, v, run, &got))
			return -ENOMEM;
		if (got != run->result) {
			snprintf(why, size, "result %u is %#x, should be %#x", i / 2, got, run->result);
			return 0;
		}
	}
	return 1;
}

static int load(struct skep *skep, const struct bpf_insn *insns, u32 cnt, struct skep_prog **ret_prog, char *why,
		size_t size)
{
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = cnt };
	int fd, err;

	attr.insns = (uintptr_t)insns;
	attr.license = (uintptr_t)"GPL";
	fd = (int)skep_bpf(skep, NULL, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0) {
		snprintf(why, size, "the verifier refuses it: %s", strerror(-fd));
		return fd;
	}
	err = skep_prog_from_fd(skep, fd, ret_prog);
	close(fd);
	return err;
}

static int run_converted(struct skep *skep, const struct vector *v, const struct bpf_insn *insns, u32 cnt, char *why,
			 size_t size)
{
	struct skep_prog *prog;
	int ret = load(skep, insns, cnt, &prog, why, size);

	if (ret)
		return ret;
	ret = run_loaded(prog, v, why, size);
	skep_prog_put(prog);
	return ret;
}

int classic_run(struct skep *skep, const struct vector *v, char *why, size_t size)
{
	struct strbuf err = { 0 };
	struct bpf_insn *insns;
	u32 cnt;
	int ret;

	ret = classic_convert((const struct sock_filter *)v->insns, v->insn_cnt, CLASSIC_PACKET, &insns, &cnt, &err);
	if (v->want_err) {
		snprintf(why, size, "%d, should be %d", ret, v->want_err);
		if (!ret)
			free(insns);
		ret = ret == v->want_err;
	} else if (ret) {
		snprintf(why, size, "%s", strbuf_str(&err));
	} else {
		ret = run_converted(skep, v, insns, cnt, why, size);
		free(insns);
	}
	strbuf_free(&err);
	return ret;
}
