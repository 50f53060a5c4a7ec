/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sk_storage.c - values that programs keep for sockets, in maps of type sk_storage. A socket that ends with its
 * run takes them out: it notes, with a reference, in which maps it has some.
 */
#include "map/sk_storage.h"

#include "net/private.h"

#include <string.h>

#include <linux/bpf.h>

#define VALUE_ZEROS 65536

/* False: no more maps than that. */
static bool note_map(struct sock *sk, struct skep_map *map)
{
	if (sk->sk_lasts)
		return true;
	for (u32 i = 0; i < ARRAY_SIZE(sk->sk_storage_maps); i++) {
		if (sk->sk_storage_maps[i] == map)
			return true;
		if (!sk->sk_storage_maps[i]) {
			map_get(map);
			sk->sk_storage_maps[i] = map;
			return true;
		}
	}
	return false;
}

NET_HELPER(storage_get)
{
	static const u8 zeros[VALUE_ZEROS]; /* at least the largest value */
	struct skep_map *map = (struct skep_map *)(uintptr_t)r1;
	struct sock *sk = (struct sock *)(uintptr_t)r2;
	const void *value = r3 ? (const void *)(uintptr_t)r3 : zeros;
	void *found;

	if (!sk || !sock_is_full(sk) || r4 > BPF_SK_STORAGE_GET_F_CREATE)
		return 0;
	found = sk_storage_find(map, net_sock_cookie(sk));
	if (!found && r4 && note_map(sk, map))
		found = sk_storage_make(map, net_sock_cookie(sk), value);
	return (u64)(uintptr_t)found;
}

NET_HELPER(storage_delete)
{
	struct sock *sk = (struct sock *)(uintptr_t)r2;

	if (!sk || !sock_is_full(sk))
		return -EINVAL;
	return (u64)sk_storage_drop((struct skep_map *)(uintptr_t)r1, net_sock_cookie(sk));
}

void net_sock_end(struct sock *sk)
{
	for (u32 i = 0; i < ARRAY_SIZE(sk->sk_storage_maps) && sk->sk_storage_maps[i]; i++) {
		struct skep_map *map = sk->sk_storage_maps[i];

		rcu_enter();
		sk_storage_drop(map, sk->sk_cookie);
		rcu_leave();
		map_put(map);
		sk->sk_storage_maps[i] = NULL;
	}
}

int sk_storage_register(struct skep *skep)
{
	int err = skep_register_helper(skep, BPF_PROG_TYPE_UNSPEC, BPF_FUNC_sk_storage_get, storage_get);

	return err ? err : skep_register_helper(skep, BPF_PROG_TYPE_UNSPEC, BPF_FUNC_sk_storage_delete, storage_delete);
}
