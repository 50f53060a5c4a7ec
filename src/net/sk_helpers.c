/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sk_helpers.c - helpers on sockets. No socket of the simulated machine waits for the last step of a
 * handshake: each is a full one or in TIME_WAIT. Where a socket may be TCP's there is a struct tcp_sock
 * around it, so that a cast never looks past its end.
 */
#include "net/private.h"

#include <netinet/in.h>

#include <linux/bpf.h>

#define TCP_TIME_WAIT	 6
#define TCP_LISTEN	 10
#define TCP_NEW_SYN_RECV 12

static struct sock *sock_of(u64 reg)
{
	return (struct sock *)(uintptr_t)reg;
}

bool sock_is_full(const struct sock *sk)
{
	u8 state = sk->__sk_common.skc_state;

	return state != TCP_TIME_WAIT && state != TCP_NEW_SYN_RECV;
}

NET_HELPER(sk_fullsock)
{
	return sock_is_full(sock_of(r1)) ? r1 : 0;
}

NET_HELPER(as_tcp_sock)
{
	return sock_is_full(sock_of(r1)) && sock_of(r1)->sk_protocol == IPPROTO_TCP ? r1 : 0;
}

NET_HELPER(listener_sock)
{
	return sock_of(r1)->__sk_common.skc_state == TCP_LISTEN ? r1 : 0;
}

u64 net_sock_cookie(struct sock *sk)
{
	if (sk && !sk->sk_cookie)
		sk->sk_cookie = net_new_cookie(helper_run()->skep);
	return sk ? sk->sk_cookie : 0;
}

NET_HELPER(cookie_of_sock)
{
	return net_sock_cookie(sock_of(r1));
}

NET_HELPER(cookie_of_ops)
{
	return net_sock_cookie(&((struct bpf_sock_ops_kern *)(uintptr_t)r1)->tp->sk);
}

/* The machine's only network namespace, the first one, with or without a socket. */
NET_HELPER(netns_cookie)
{
	return 1;
}

/* Nobody puts tasks or sockets into classes (net_cls), or routes into realms. */
NET_HELPER(no_class)
{
	return 0;
}

static const struct net_helper helpers[] = {
	{ BPF_FUNC_get_netns_cookie, netns_cookie },
	{ BPF_FUNC_get_cgroup_classid, no_class },
	{ BPF_FUNC_sk_fullsock, sk_fullsock },
	{ BPF_FUNC_tcp_sock, as_tcp_sock },
	{ BPF_FUNC_get_listener_sock, listener_sock },
};

int sk_helpers_register(struct skep *skep)
{
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(helpers) && !err; i++)
		err = skep_register_helper(skep, BPF_PROG_TYPE_UNSPEC, helpers[i].id, helpers[i].fn);
	if (!err)
		err = skep_register_helper(skep, BPF_PROG_TYPE_SK_REUSEPORT, BPF_FUNC_get_socket_cookie, cookie_of_sock);
	return err ? err : skep_register_helper(skep, BPF_PROG_TYPE_SOCK_OPS, BPF_FUNC_get_socket_cookie, cookie_of_ops);
}
