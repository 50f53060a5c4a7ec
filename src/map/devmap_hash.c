/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * devmap_hash.c - devmap_hash: devices under any 32-bit key. Buckets are chosen by the key's lowest bits and
 * a new place is the first of its bucket, so keys come in the order that Linux gives. Only bpf(2) changes the
 * map, one call after the other under a mutex; programs read under RCU, so what was replaced is freed later.
 */
#include "map/devmap.h"

#include "map/private.h"

#include <errno.h>
#include <stdlib.h>

struct node {
	struct node *next; /* atomic */
	struct place place;
	u32 key;
	struct rcu_item rcu;
	struct memacct *acct;
};

struct dev_hash {
	struct skep_map map; /* first */
	struct place_devs devs;
	struct node **buckets; /* each atomic */
	u32 bucket_cnt;	       /* a power of two */
	pthread_mutex_t lock;  /* over changes */
	u32 cnt;	       /* nodes; atomic, changed under lock */
};

static struct dev_hash *dev_hash_of(const struct skep_map *map)
{
	return (struct dev_hash *)map;
}

static int dev_hash_check(const struct map_attr *attr)
{
	return attr->max_entries > 1u << 31 ? -EINVAL : devmap_check(attr);
}

static int dev_hash_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct dev_hash *hash = calloc(1, sizeof(*hash));

	if (!hash)
		return -ENOMEM;
	hash->bucket_cnt = 1;
	while (hash->bucket_cnt < attr->max_entries)
		hash->bucket_cnt *= 2;
	hash->buckets = acct_alloc(attr->acct, sizeof(*hash->buckets) * (u64)hash->bucket_cnt);
	if (!hash->buckets) {
		free(hash);
		return -ENOMEM;
	}
	pthread_mutex_init(&hash->lock, NULL);
	hash->devs = (struct place_devs){ attr->dev_exists, attr->dev_ctx };
	*ret_map = &hash->map;
	return 0;
}

static struct node *node_new(struct memacct *acct, u32 key, struct place place)
{
	struct node *node;

	if (memacct_charge(acct, sizeof(*node)))
		return NULL;
	node = malloc(sizeof(*node));
	if (node)
		*node = (struct node){ .place = { .what = place.what }, .key = key, .acct = acct };
	else
		memacct_release(acct, sizeof(*node));
	return node;
}

static void node_free(struct rcu_item *item)
{
	struct node *node = container_of(item, struct node, rcu);

	memacct_release(node->acct, sizeof(*node));
	free(node);
}

static void dev_hash_free(struct skep_map *map)
{
	struct dev_hash *hash = dev_hash_of(map);

	for (u32 i = 0; hash->cnt && i < hash->bucket_cnt; i++) {
		for (struct node *node = hash->buckets[i], *next; node; node = next, hash->cnt--) {
			next = node->next;
			node_free(&node->rcu);
		}
	}
	acct_free(map->acct, hash->buckets, sizeof(*hash->buckets) * (u64)hash->bucket_cnt);
	pthread_mutex_destroy(&hash->lock);
	free(hash);
}

/* The pointer that leads to the node with this key, or the one at the bucket's end. */
static struct node **link_to(const struct dev_hash *hash, const void *key)
{
	struct node **link, *node;
	u32 wanted;

	memcpy(&wanted, key, sizeof(wanted));
	link = &hash->buckets[wanted & (hash->bucket_cnt - 1)];
	while ((node = rcu_load(*link)) && node->key != wanted)
		link = &node->next;
	return link;
}

static void *dev_hash_lookup(struct skep_map *map, const void *key)
{
	struct node *node = rcu_load(*link_to(dev_hash_of(map), key));

	return node ? &node->place : NULL;
}

static void unlink_node(struct dev_hash *hash, struct node **link)
{
	struct node *node = *link;

	rcu_store(*link, node->next);
	__atomic_fetch_sub(&hash->cnt, 1, __ATOMIC_RELAXED);
	rcu_defer(&node->rcu, node_free);
}

static long replace(struct dev_hash *hash, const void *key, struct place given, u64 flags)
{
	struct node **link = link_to(hash, key), **head, *node;
	u32 number;
	int err;

	if (*link && flags & BPF_NOEXIST)
		return -EEXIST;
	err = place_check_dev(&hash->devs, given);
	if (err)
		return err;
	if (!*link && hash->cnt >= hash->map.max_entries)
		return -E2BIG;
	memcpy(&number, key, sizeof(number));
	node = node_new(hash->map.acct, number, given);
	if (!node)
		return -ENOMEM;
	/* Whoever looks now finds one of the two: the new one stands in front. */
	head = &hash->buckets[number & (hash->bucket_cnt - 1)];
	node->next = *head;
	rcu_store(*head, node);
	__atomic_fetch_add(&hash->cnt, 1, __ATOMIC_RELAXED);
	if (link == head)
		link = &node->next;
	if (*link)
		unlink_node(hash, link);
	return 0;
}

/* As in Linux BPF_EXIST asks for nothing here. */
static long dev_hash_update(struct skep_map *map, const void *key, const void *value, u64 flags)
{
	struct place given = place_of_value(map, value);
	struct dev_hash *hash = dev_hash_of(map);
	long err;

	if (flags > BPF_EXIST || !given.what)
		return -EINVAL;
	pthread_mutex_lock(&hash->lock);
	err = replace(hash, key, given, flags);
	pthread_mutex_unlock(&hash->lock);
	return err;
}

static long dev_hash_delete(struct skep_map *map, const void *key)
{
	struct dev_hash *hash = dev_hash_of(map);
	struct node **link;
	long err = -ENOENT;

	pthread_mutex_lock(&hash->lock);
	link = link_to(hash, key);
	if (*link) {
		unlink_node(hash, link);
		err = 0;
	}
	pthread_mutex_unlock(&hash->lock);
	return err;
}

static int dev_hash_next_key(struct skep_map *map, const void *key, void *ret_next)
{
	const struct dev_hash *hash = dev_hash_of(map);
	const struct node *node = key ? rcu_load(*link_to(hash, key)) : NULL;
	u64 i = 0;

	if (node) {
		i = (node->key & (hash->bucket_cnt - 1)) + 1ull;
		node = rcu_load(node->next);
	}
	for (; !node && i < hash->bucket_cnt; i++)
		node = rcu_load(hash->buckets[i]);
	if (!node)
		return -ENOENT;
	memcpy(ret_next, &node->key, sizeof(node->key));
	return 0;
}

static long dev_hash_for_each(struct skep_map *map,
			      long (*fn)(void *ctx, struct skep_map *map, void *key, void *value), void *ctx, u64 flags)
{
	const struct dev_hash *hash = dev_hash_of(map);
	struct node *node;
	long cnt = 0;

	if (flags)
		return -EINVAL;
	for (u32 i = 0; i < hash->bucket_cnt; i++) {
		for (node = rcu_load(hash->buckets[i]); node; node = rcu_load(node->next)) {
			cnt++;
			if (fn(ctx, map, &node->key, &node->place))
				return cnt;
		}
	}
	return cnt;
}

static u64 dev_hash_mem_usage(const struct skep_map *map)
{
	const struct dev_hash *hash = dev_hash_of(map);

	return sizeof(*hash) + sizeof(*hash->buckets) * (u64)hash->bucket_cnt +
	       sizeof(struct node) * (u64)__atomic_load_n(&hash->cnt, __ATOMIC_RELAXED);
}

/* A lookup gives the place itself, so programs must not write there. */
const struct map_ops devmap_hash_ops = {
	.name = "devmap_hash",
	.flags_always = BPF_F_RDONLY_PROG,
	.check = dev_hash_check,
	.alloc = dev_hash_alloc,
	.free = dev_hash_free,
	.lookup = dev_hash_lookup,
	.update = dev_hash_update,
	.delete = dev_hash_delete,
	.next_key = dev_hash_next_key,
	.for_each = dev_hash_for_each,
	.mem_usage = dev_hash_mem_usage,
};
