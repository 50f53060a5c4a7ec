/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_sk.c - test runs of programs on sockets: BPF_PROG_TEST_RUN where Linux has it (sk_lookup,
 * netfilter), and contexts that the user describes.
 */
#include "net/private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/bpf.h>

#define DATA_MAX 65535

static int check_run(const struct test_run *run, u32 max)
{
	return run->flags || run->cpu || run->batch_size ? -EINVAL : test_data_in(run, 0, max);
}

/* ---- sock_ops ------------------------------------------------------------------------------------------ */

/* Without a full socket Linux reads these as 0, so they are not to be set. */
static bool full_fields_set(const struct bpf_sock_ops *user)
{
	const u8 *at = (const u8 *)user;
	u32 first = offsetof(struct bpf_sock_ops, snd_ssthresh), end = offsetof(struct bpf_sock_ops, sk);

	for (u32 i = first; i < end; i++) {
		if (at[i])
			return true;
	}
	return user->snd_cwnd || user->srtt_us || user->bpf_sock_ops_cb_flags;
}

#define TCP_HEADER_MAX 60

/* The header's options and what follows take room from those that a program adds. */
static u32 room_for_options(u32 size)
{
	return size >= 20 && size <= TCP_HEADER_MAX ? TCP_HEADER_MAX - size : size ? 0 : TCP_HEADER_MAX - 20;
}

/* The data is the segment, from its TCP header on: where a program writes options the header alone, to which
 * they are appended. */
int sock_ops_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	u32 size = run->data_size_in;
	struct tcp_sock tp = new_tcp_sock();
	struct bpf_sock_ops_kern ops = { .tp = &tp };
	struct bpf_sock_ops user;
	u8 *data = NULL;
	bool given;
	int err = check_run(run, DATA_MAX);

	if (!err)
		err = test_ctx_in(run, &user, sizeof(user), &given);
	if (!err && !user.is_fullsock && full_fields_set(&user))
		err = -EINVAL;
	if (!err && user.op == BPF_SOCK_OPS_WRITE_HDR_OPT_CB && size < 20)
		err = -EINVAL;
	if (!err && size && !(data = malloc(max_of(size, (u32)TCP_HEADER_MAX))))
		err = -ENOMEM;
	if (err)
		return err;
	if (size)
		memcpy(data, run->data_in, size);
	ops.sk = user.is_fullsock ? &tp.sk : NULL;
	ops.skb_data = data;
	ops.skb_data_end = data + size;
	ops.skb_len = size;
	ops.remaining_opt_len = room_for_options(size);
	err = test_own_run(prog, run, &ops);
	net_sock_end(&tp.sk);
	if (!err)
		err = test_finish_data(run, data, data ? (u32)((u8 *)ops.skb_data_end - data) : 0);
	free(data);
	return err;
}

/* ---- sk_msg -------------------------------------------------------------------------------------------- */

#define MSG_ROOM 65536 /* for what programs push into a message */

int sk_msg_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	u32 size = run->data_size_in;
	struct tcp_sock tp = new_tcp_sock();
	struct sk_msg msg = { .sk = &tp.sk, .size = size, .first = size, .room = size + MSG_ROOM };
	u8 *data;
	int err = check_run(run, DATA_MAX);

	if (err)
		return err;
	data = malloc(msg.room);
	if (!data)
		return -ENOMEM;
	if (size)
		memcpy(data, run->data_in, size);
	msg.data = msg.base = data;
	msg.data_end = data + size;
	err = test_own_run(prog, run, &msg);
	net_sock_end(&tp.sk);
	if (!err)
		err = test_finish_data(run, msg.base, msg.size);
	free(data);
	return err;
}

/* ---- sk_reuseport -------------------------------------------------------------------------------------- */

/* The data is what is behind the transport header. */
int sk_reuseport_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	struct tcp_sock tp = new_sock();
	struct sk_reuseport_kern ctx = { .sk = &tp.sk };
	int err = check_run(run, BPF_SKB_MAX_LEN);

	if (err)
		return err;
	ctx.skb = skb_alloc(run->data_in, run->data_size_in);
	if (!ctx.skb)
		return -ENOMEM;
	ctx.skb->sk = &tp.sk;
	ctx.skb->mac_header = ctx.skb->network_header = (u32)(ctx.skb->data - ctx.skb->head);
	ctx.data_end = ctx.skb->data + ctx.skb->len;
	err = test_own_run(prog, run, &ctx);
	if (!err)
		err = test_finish_data(run, ctx.skb->data, ctx.skb->len);
	skb_free(ctx.skb);
	return err;
}

/* ---- sk_lookup ----------------------------------------------------------------------------------------- */

static bool lookup_tail_zero(const struct bpf_sk_lookup *user)
{
	const u8 *at = (const u8 *)user;

	for (u32 i = offsetof(struct bpf_sk_lookup, ingress_ifindex); i < sizeof(*user); i++) {
		if (at[i])
			return false;
	}
	return true;
}

static int lookup_from_user(struct bpf_sk_lookup_kern *ctx, const struct bpf_sk_lookup *user)
{
	if (user->cookie || !lookup_tail_zero(user))
		return -EINVAL;
	if (user->local_port > UINT16_MAX)
		return -ERANGE;
	ctx->family = (u16)user->family;
	ctx->protocol = (u16)user->protocol;
	ctx->dport = (u16)user->local_port;
	memcpy(&ctx->sport, &user->remote_port, 2);
	switch (ctx->family) {
	case AF_INET:
		ctx->saddr4 = user->remote_ip4;
		ctx->daddr4 = user->local_ip4;
		return 0;
	case AF_INET6:
		memcpy(ctx->saddr6, user->remote_ip6, 16);
		memcpy(ctx->daddr6, user->local_ip6, 16);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

int sk_lookup_test_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	struct bpf_sk_lookup_kern ctx = { 0 };
	struct bpf_sk_lookup user;
	bool given;
	int err;

	if (run->flags || run->cpu || run->batch_size || run->data_in || run->data_size_in ||
	    run->data_out || run->data_size_out)
		return -EINVAL;
	err = test_ctx_in(run, &user, sizeof(user), &given);
	if (!err)
		err = given ? lookup_from_user(&ctx, &user) : -EINVAL;
	if (!err)
		err = test_repeat(prog, run, &ctx);
	return err ? err : test_ctx_out(run, &user, sizeof(user));
}

int sk_lookup_own_run(struct skep *skep __unused_arg, struct skep_prog *prog, struct test_run *run)
{
	struct bpf_sk_lookup_kern ctx = { 0 };
	int err = check_run(run, 0);

	run->data_size_out = 0;
	return err ? err : test_own_run(prog, run, &ctx);
}

/* ---- netfilter ----------------------------------------------------------------------------------------- */

#define NFPROTO_IPV4	 2
#define NFPROTO_IPV6	 10
#define NF_INET_LOCAL_OUT 3
#define NF_DATA_MAX	 (4096 - NET_SKB_PAD - SKB_SHINFO_SIZE)

/* The context is the kernel's struct nf_hook_state: where the packet is, and pointers, which are not for
 * the user. Only what a local sender's packet meets can be run. */
static int hook_from_user(struct nf_hook_state *state, const struct nf_hook_state *user)
{
	if (user->in || user->out || user->sk || user->net || user->okfn)
		return -EINVAL;
	if (user->pf != NFPROTO_IPV4 && user->pf != NFPROTO_IPV6)
		return -EINVAL;
	if (user->hook != NF_INET_LOCAL_OUT)
		return -EPROTO;
	state->pf = user->pf;
	state->hook = user->hook;
	return 0;
}

int nf_test_run(struct skep *skep, struct skep_prog *prog, struct test_run *run)
{
	struct nf_hook_state state = { .hook = NF_INET_LOCAL_OUT, .pf = NFPROTO_IPV4 }, user;
	struct bpf_nf_ctx ctx = { .state = &state };
	bool given;
	int err;

	if (run->flags || run->cpu || run->batch_size)
		return -EINVAL;
	err = test_data_in(run, 20, NF_DATA_MAX);
	if (!err)
		err = test_ctx_in(run, &user, sizeof(user), &given);
	if (!err && run->ctx_in)
		err = hook_from_user(&state, &user);
	if (err)
		return err;
	ctx.skb = skb_alloc(run->data_in, run->data_size_in);
	if (!ctx.skb)
		return -ENOMEM;
	state.out = ctx.skb->dev = net_dev_by_index(skep, 1);
	ctx.skb->protocol = *ctx.skb->data >> 4 == 4 ? 0x0008 : 0xdd86;
	ctx.skb->network_header = (u32)(ctx.skb->data - ctx.skb->head);
	err = test_repeat(prog, run, &ctx);
	skb_free(ctx.skb);
	/* Nothing but the verdict comes back. */
	run->data_size_out = 0;
	run->data_out = run->ctx_out = NULL;
	return err;
}
