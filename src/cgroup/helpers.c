/* SPDX-License-Identifier: BSD-2-Clause */
/* helpers.c - helpers of programs that control groups run: what the operation answers, sysctls, cookies. */
#include "cgroup/private.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/bpf.h>

#define CGROUP_HELPER(name)                                                                        \
	static u64 name(u64 r1 __unused_arg, u64 r2 __unused_arg, u64 r3 __unused_arg,             \
			u64 r4 __unused_arg, u64 r5 __unused_arg)

/* ---- what the operation answers ------------------------------------------------------------------ */

/* NULL: nothing was asked, as where an application runs the program. */
static s32 *hook_ret(void)
{
	const struct run_env *env = vcpu_current()->env;

	return env ? env->hook_ret : NULL;
}

CGROUP_HELPER(get_retval)
{
	return hook_ret() ? (u64)(s64)*hook_ret() : 0;
}

CGROUP_HELPER(set_retval)
{
	if (hook_ret())
		*hook_ret() = (s32)r1;
	return 0;
}

/* ---- sysctls --------------------------------------------------------------------------------------- */

static struct bpf_sysctl_kern *sysctl_of(u64 reg)
{
	return (struct bpf_sysctl_kern *)(uintptr_t)reg;
}

/* The length without its NUL; -E2BIG: cut. */
CGROUP_HELPER(sysctl_get_name)
{
	const char *name = sysctl_of(r1)->name, *base = strrchr(name, '/');
	char *to = (char *)(uintptr_t)r2;
	size_t room = r3, len;

	if (r4 & BPF_F_SYSCTL_BASE_NAME && base)
		name = base + 1;
	len = strlen(name);
	if (!room)
		return -E2BIG;
	memcpy(to, name, min_of(len, room - 1));
	to[min_of(len, room - 1)] = '\0';
	return len < room ? len : (u64)-E2BIG;
}

/* All of @to is written, as the verifier was told. */
static u64 copy_value(u64 to, u64 room, const char *value, u32 len)
{
	char *at = (char *)(uintptr_t)to;

	if (!room)
		return -E2BIG;
	memset(at, 0, room);
	if (!len)
		return -EINVAL;
	memcpy(at, value, min_of((u64)len, room - 1));
	return room > len ? len : (u64)-E2BIG;
}

CGROUP_HELPER(sysctl_get_current_value)
{
	const struct bpf_sysctl_kern *ctx = sysctl_of(r1);

	return copy_value(r2, r3, ctx->cur_val, ctx->cur_len);
}

CGROUP_HELPER(sysctl_get_new_value)
{
	const struct bpf_sysctl_kern *ctx = sysctl_of(r1);

	return copy_value(r2, r3, ctx->new_val, ctx->write ? ctx->new_len : 0);
}

CGROUP_HELPER(sysctl_set_new_value)
{
	struct bpf_sysctl_kern *ctx = sysctl_of(r1);

	if (!ctx->write || !ctx->new_len || !r3)
		return -EINVAL;
	if (r3 > SYSCTL_VAL_MAX - 1)
		return -E2BIG;
	memcpy(ctx->new_val, (const void *)(uintptr_t)r2, r3);
	ctx->new_len = (u32)r3;
	ctx->new_updated = true;
	return 0;
}

/* ---- sockets --------------------------------------------------------------------------------------- */

CGROUP_HELPER(sock_cookie)
{
	return net_sock_cookie((struct sock *)(uintptr_t)r1);
}

CGROUP_HELPER(sock_addr_cookie)
{
	return net_sock_cookie(((struct bpf_sock_addr_kern *)(uintptr_t)r1)->sk);
}

CGROUP_HELPER(sock_addr_setsockopt)
{
	return (u64)(s64)sock_setsockopt(((struct bpf_sock_addr_kern *)(uintptr_t)r1)->sk, (s32)r2, (s32)r3,
					 (const void *)(uintptr_t)r4, (u32)r5);
}

CGROUP_HELPER(sock_addr_getsockopt)
{
	return (u64)(s64)sock_getsockopt(((struct bpf_sock_addr_kern *)(uintptr_t)r1)->sk, (s32)r2, (s32)r3,
					 (void *)(uintptr_t)r4, (u32)r5);
}

/* Bits that are the same machine's whatever devices it has. */
static bool is_own_addr4(u32 addr)
{
	return !addr || (ntohl(addr) >> 24) == 127 || (ntohl(addr) >> 28) == 14 || addr == UINT32_MAX;
}

static bool is_own_addr6(const u8 *addr)
{
	return !memcmp(addr, &in6addr_any, 16) || !memcmp(addr, &in6addr_loopback, 16) || addr[0] == 0xff;
}

static bool is_bound(const struct sock *sk)
{
	return sk->__sk_common.skc_state != TCP_CLOSE || sk->__sk_common.skc_num;
}

static int bind4(struct sock *sk, const struct sockaddr_in *addr)
{
	if (!is_own_addr4(addr->sin_addr.s_addr))
		return -EADDRNOTAVAIL;
	if (is_bound(sk))
		return -EINVAL;
	sk->__sk_common.skc_rcv_saddr = addr->sin_addr.s_addr;
	sk->__sk_common.skc_num = ntohs(addr->sin_port);
	return 0;
}

static int bind6(struct sock *sk, const struct sockaddr_in6 *addr)
{
	const u8 *bytes = addr->sin6_addr.s6_addr;

	if (bytes[0] == 0xff && sk->sk_type == SOCK_STREAM)
		return -EINVAL;
	if (is_bound(sk))
		return -EINVAL;
	if (!is_own_addr6(bytes))
		return -EADDRNOTAVAIL;
	memcpy(sk->__sk_common.skc_v6_rcv_saddr, bytes, 16);
	sk->__sk_common.skc_num = ntohs(addr->sin6_port);
	return 0;
}

/* Before the socket connects, from where it does. */
CGROUP_HELPER(bind_addr)
{
	struct sock *sk = ((struct bpf_sock_addr_kern *)(uintptr_t)r1)->sk;
	struct sockaddr_in6 addr = { 0 };
	int err = -EAFNOSUPPORT;

	if (r3 < sizeof(addr.sin6_family))
		return -EINVAL;
	memcpy(&addr, (const void *)(uintptr_t)r2, min_of((size_t)r3, sizeof(addr)));
	if (addr.sin6_family == AF_INET)
		err = r3 < sizeof(struct sockaddr_in) ? -EINVAL : bind4(sk, (const struct sockaddr_in *)&addr);
	else if (addr.sin6_family == AF_INET6) /* without the scope it is RFC 2133's */
		err = r3 < offsetof(struct sockaddr_in6, sin6_scope_id) ? -EINVAL : bind6(sk, &addr);
	return (u64)(s64)err;
}

int cgroup_helpers_register(struct skep *skep)
{
	static const struct {
		u32 type, id;
		helper_fn fn;
	} rows[] = {
		{ BPF_PROG_TYPE_UNSPEC, BPF_FUNC_get_retval, get_retval },
		{ BPF_PROG_TYPE_UNSPEC, BPF_FUNC_set_retval, set_retval },
		{ BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_FUNC_sysctl_get_name, sysctl_get_name },
		{ BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_FUNC_sysctl_get_current_value, sysctl_get_current_value },
		{ BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_FUNC_sysctl_get_new_value, sysctl_get_new_value },
		{ BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_FUNC_sysctl_set_new_value, sysctl_set_new_value },
		{ BPF_PROG_TYPE_CGROUP_SOCK, BPF_FUNC_get_socket_cookie, sock_cookie },
		{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_FUNC_get_socket_cookie, sock_addr_cookie },
		{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_FUNC_setsockopt, sock_addr_setsockopt },
		{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_FUNC_getsockopt, sock_addr_getsockopt },
		{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_FUNC_bind, bind_addr },
	};
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(rows) && !err; i++)
		err = skep_register_helper(skep, rows[i].type, rows[i].id, rows[i].fn);
	return err;
}
