/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_skb.c - test runs of programs on socket buffers: BPF_PROG_TEST_RUN with Linux's rules, and for
 * types that Linux cannot test-run a way of our own, where every field can be set.
 */
#include "net/private.h"

#include <arpa/inet.h>
#include <string.h>

#include <linux/bpf.h>

#define SKB_LINEAR_MAX (4096 - NET_SKB_PAD - SKB_SHINFO_SIZE)
#define GSO_SIZE_MAX   65536
#define GSO_SEGS_MAX   65535
#define ETH_P_IP_      0x0800
#define ETH_P_IPV6_    0x86dd
#define IPV4_HDR_MIN   20
#define IPV6_HDR_MIN   40

/* The fields of struct __sk_buff that may be given; all bytes elsewhere must be 0. */
#define FIELD(name) { offsetof(struct __sk_buff, name), sizeof(((struct __sk_buff *)0)->name) }
static const struct {
	u16 off, size;
} settable[] = {
	FIELD(mark), FIELD(priority), FIELD(ingress_ifindex), FIELD(ifindex), FIELD(cb),
	FIELD(tstamp), FIELD(wire_len), FIELD(gso_segs), FIELD(gso_size), FIELD(hwtstamp),
};

static bool others_zero(const struct __sk_buff *user)
{
	const u8 *bytes = (const u8 *)user;
	u8 rest[sizeof(*user)];

	memcpy(rest, bytes, sizeof(rest));
	for (u32 i = 0; i < ARRAY_SIZE(settable); i++)
		memset(rest + settable[i].off, 0, settable[i].size);
	for (u32 i = 0; i < sizeof(rest); i++)
		if (rest[i])
			return false;
	return true;
}

static int skb_from_user(struct sk_buff *skb, const struct __sk_buff *user)
{
	if (!others_zero(user))
		return -EINVAL;
	if (user->wire_len && (user->wire_len < skb->len || user->wire_len > GSO_SIZE_MAX))
		return -EINVAL;
	if (user->gso_segs > GSO_SEGS_MAX)
		return -EINVAL;
	skb->mark = user->mark;
	skb->priority = user->priority;
	skb->skb_iif = (s32)user->ingress_ifindex;
	skb->tstamp = user->tstamp;
	memcpy(skb->bpf_cb.data, user->cb, sizeof(skb->bpf_cb.data));
	skb->bpf_cb.pkt_len = user->wire_len ? user->wire_len : skb->len;
	skb->shinfo->gso_segs = (u16)user->gso_segs;
	skb->shinfo->gso_size = (u16)user->gso_size;
	skb->shinfo->hwtstamp = user->hwtstamp;
	return 0;
}

/* Only what a program may have changed; the rest of @user stays as it came. */
static void skb_to_user(const struct sk_buff *skb, struct __sk_buff *user)
{
	user->mark = skb->mark;
	user->priority = skb->priority;
	user->ingress_ifindex = (u32)skb->skb_iif;
	user->ifindex = (u32)skb->dev->ifindex;
	user->tstamp = skb->tstamp;
	memcpy(user->cb, skb->bpf_cb.data, sizeof(skb->bpf_cb.data));
	user->wire_len = skb->bpf_cb.pkt_len;
	user->gso_segs = skb->shinfo->gso_segs;
	user->hwtstamp = skb->shinfo->hwtstamp;
}

/* A packet that says it is IP must hold an IP header (N-10): what follows reads it. */
static bool ip_too_short(const struct sk_buff *skb)
{
	switch (ntohs(skb->protocol)) {
	case ETH_P_IP_:
		return skb->len < IPV4_HDR_MIN;
	case ETH_P_IPV6_:
		return skb->len < IPV6_HDR_MIN;
	default:
		return false;
	}
}

/* Whether a type's programs begin at the Ethernet header, and whether they may follow data. */
static bool sees_ethernet(u32 type)
{
	return type == BPF_PROG_TYPE_SCHED_CLS || type == BPF_PROG_TYPE_SCHED_ACT;
}

static bool sees_data(u32 type)
{
	return type != BPF_PROG_TYPE_SOCKET_FILTER;
}

/* Whose verdict may be that the packet goes elsewhere. */
static bool sends_packets(u32 type)
{
	return type == BPF_PROG_TYPE_SCHED_CLS || type == BPF_PROG_TYPE_SCHED_ACT;
}

/* The socket of a test run: closed, of the packet's family, between the packet's addresses. */
static void sock_of_packet(struct tcp_sock *tp, const struct sk_buff *skb)
{
	struct sock_common *skc = &tp->sk.__sk_common;

	*tp = new_sock();
	if (skb->protocol == htons(ETH_P_IP_)) {
		skc->skc_family = AF_INET;
		memcpy(&skc->skc_rcv_saddr, skb->data + 12, 4);
		memcpy(&skc->skc_daddr, skb->data + 16, 4);
	} else if (skb->protocol == htons(ETH_P_IPV6_)) {
		skc->skc_family = AF_INET6;
		memcpy(skc->skc_v6_rcv_saddr, skb->data + 8, 16);
		memcpy(skc->skc_v6_daddr, skb->data + 24, 16);
	}
}

static int run_skb(struct skep_prog *prog, struct test_run *run, struct sk_buff *skb, u32 type,
		   struct __sk_buff *user, bool user_given)
{
	bool is_l2 = sees_ethernet(type);
	struct tcp_sock tp;
	int err;

	sock_of_packet(&tp, skb);
	skb->sk = &tp.sk;
	if (is_l2)
		skb_push(skb, ETH_HLEN);
	if (sees_data(type)) {
		skb->direct_access = true;
		skb_compute_data_pointers(skb);
	}
	err = user_given ? skb_from_user(skb, user) : 0;
	if (!err)
		err = test_repeat_hooked(prog, run, skb, sends_packets(type) ? &skb_packet_hooks : NULL);
	net_sock_end(&tp.sk);
	if (err)
		return err;
	/* A program that never saw the Ethernet header does not give it back either. */
	if (!is_l2)
		memset(skb_push(skb, ETH_HLEN), 0, ETH_HLEN);
	skb_to_user(skb, user);
	err = test_finish_data(run, skb->data, skb->len);
	return err || !user_given ? err : test_ctx_out(run, user, sizeof(*user));
}

int skb_test_run(struct skep *skep, struct skep_prog *prog, struct test_run *run)
{
	struct net_device *dev;
	struct skep_prog_info info;
	struct __sk_buff user;
	struct sk_buff *skb;
	bool user_given = false;
	int err;

	if (run->flags & ~BPF_F_TEST_SKB_CHECKSUM_COMPLETE || run->cpu || run->batch_size)
		return -EINVAL;
	if (run->flags)
		return -EOPNOTSUPP; /* CHECKSUM_COMPLETE is not modelled */
	err = test_data_in(run, ETH_HLEN, SKB_LINEAR_MAX);
	if (!err)
		err = test_ctx_in(run, &user, sizeof(user), &user_given);
	if (err)
		return err;
	dev = net_dev_by_index(skep, user.ifindex > 1 ? user.ifindex : 1);
	if (!dev)
		return -ENODEV;
	skb = skb_alloc(run->data_in, run->data_size_in);
	if (!skb)
		return -ENOMEM;
	skb_eth_type(skb, dev);
	skep_prog_info(prog, &info);
	err = ip_too_short(skb) ? -EINVAL
				: run_skb(prog, run, skb, info.type, &user, user_given);
	skb_free(skb);
	return err;
}

/* The packet is what the program finds at data: a segment of a stream, or an IPv6 packet. */
int skb_own_run(struct skep *skep, struct skep_prog *prog, struct test_run *run)
{
	struct tcp_sock tp = new_sock();
	struct skep_prog_info info;
	struct net_device *dev;
	struct __sk_buff user;
	struct sk_buff *skb;
	bool given;
	int err;

	if (run->flags || run->cpu || run->batch_size)
		return -EINVAL;
	err = test_data_in(run, 0, SKB_LINEAR_MAX);
	if (!err)
		err = test_ctx_in(run, &user, sizeof(user), &given);
	if (err)
		return err;
	dev = net_dev_by_index(skep, user.ifindex ? user.ifindex : 1);
	if (!dev)
		return -ENODEV;
	skb = skb_alloc(run->data_in, run->data_size_in);
	if (!skb)
		return -ENOMEM;
	skb->dev = dev;
	skb->sk = &tp.sk;
	skb->direct_access = true;
	skb->mac_header = skb->network_header = (u32)(skb->data - skb->head);
	skep_prog_info(prog, &info);
	if (sees_ethernet(info.type) && skb->len >= ETH_HLEN)
		skb->network_header += ETH_HLEN;
	skb_compute_data_pointers(skb);
	err = test_own_run(prog, run, skb);
	net_sock_end(&tp.sk);
	if (!err)
		err = test_finish_data(run, skb->data, skb->len);
	skb_free(skb);
	return err;
}
