/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lpm.c - lpm_trie: the longest prefix that a key has in common with an element. A key is a prefix
 * length in bits, then bytes, the first bit of a byte being its highest.
 *
 * Each node has a prefix; its children's prefixes begin with it, and their next bit says which
 * child they are. Where two prefixes part without an element of their own stands a node without a
 * value ("branch"), which always has two children. So a walk gets longer prefixes with every step
 * and ends after at most max_prefix + 1 of them, whatever writers do meanwhile.
 *
 * Readers take no lock: nodes are complete before they are linked, one pointer is changed at a
 * time, and a node is used again only after a grace period. Writers share one resilient lock.
 */
#include "core/alloc.h"
#include "map/private.h"

#include <errno.h>
#include <stdlib.h>

#define LEN_SIZE   4	/* of the prefix length before a key's bytes */
#define BYTES_MAX  256
#define PREFIX_MAX (BYTES_MAX * 8)
#define VALUE_MAX  ((4u << 20) - (BYTES_MAX + LEN_SIZE) - 32) /* what Linux's allocator leaves */
#define NODES_MAX  BIT(30)

struct lpm_node {
	struct lpm_node *child[2]; /* atomic */
	u32 prefix_len;
	bool branch; /* has no value; atomic */
	struct lpm_map *lpm;
	struct rcu_item rcu;
	u8 bytes[]; /* byte_cnt of them, then on 8 bytes the value */
};

struct lpm_map {
	struct skep_map map; /* first */
	struct lpm_node *root; /* atomic */
	u32 byte_cnt, max_prefix, value_off;
	struct rlock lock;
	u32 elem_cnt; /* atomic */
	struct slab slab;
};

/* What bpf(2) and programs pass as a key. */
struct lpm_key {
	u32 prefix_len;
	const u8 *bytes;
};

static struct lpm_map *lpm_of(const struct skep_map *map)
{
	return (struct lpm_map *)map;
}

static struct lpm_key key_of(const void *key)
{
	struct lpm_key k = { .bytes = (const u8 *)key + LEN_SIZE };

	memcpy(&k.prefix_len, key, LEN_SIZE);
	return k;
}

static int lpm_check(const struct map_attr *attr)
{
	u32 ok = BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | MAP_ACCESS_FLAGS;

	if (!attr->max_entries || !(attr->flags & BPF_F_NO_PREALLOC) || (attr->flags & ~ok) ||
	    !map_access_ok(attr->flags) || attr->key_size < LEN_SIZE + 1 ||
	    attr->key_size > LEN_SIZE + BYTES_MAX || !attr->value_size || attr->value_size > VALUE_MAX)
		return -EINVAL;
	return 0;
}

/* Every element may need a branch; what waits for its grace period comes on top. */
static u32 node_total(u32 max_entries)
{
	u64 cnt = 2ull * max_entries + max_of(2ull * max_entries, 65536ull);

	return (u32)min_of(cnt, (u64)NODES_MAX);
}

static int lpm_alloc(const struct map_attr *attr, struct skep_map **ret_map)
{
	struct lpm_map *lpm = calloc(1, sizeof(*lpm));
	u64 node_size;
	int err;

	if (!lpm)
		return -ENOMEM;
	lpm->byte_cnt = attr->key_size - LEN_SIZE;
	lpm->max_prefix = lpm->byte_cnt * 8;
	lpm->value_off = round_up_to(offsetof(struct lpm_node, bytes) + lpm->byte_cnt, 8);
	node_size = lpm->value_off + round_up_to(attr->value_size, 8);
	err = slab_init(&lpm->slab, attr->acct, node_size, node_total(attr->max_entries), attr->cpu_cnt, 0);
	if (err) {
		free(lpm);
		return err;
	}
	*ret_map = &lpm->map;
	return 0;
}

static void lpm_free(struct skep_map *map)
{
	struct lpm_map *lpm = lpm_of(map);

	slab_free(&lpm->slab);
	free(lpm);
}

/* ---- prefixes --------------------------------------------------------------------------------- */

static inline u32 bit_at(const u8 *bytes, u32 nr)
{
	return bytes[nr / 8] >> (7 - nr % 8) & 1;
}

static inline u64 load_be64(const u8 *bytes)
{
	u64 word;

	memcpy(&word, bytes, 8);
	return __builtin_bswap64(word);
}
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "load_be64() swaps"
#endif

/* How many bits the node and the key have in common. */
static inline u32 common_len(const struct lpm_map *lpm, const struct lpm_node *node,
			     const struct lpm_key *key)
{
	u32 limit = min_of(node->prefix_len, key->prefix_len), at = 0;
	u64 diff;
	u8 byte;

	for (; at < limit && at / 8 + 8 <= lpm->byte_cnt; at += 64) {
		diff = load_be64(node->bytes + at / 8) ^ load_be64(key->bytes + at / 8);
		if (diff)
			return min_of(limit, at + (u32)__builtin_clzll(diff));
	}
	for (; at < limit; at += 8) {
		byte = node->bytes[at / 8] ^ key->bytes[at / 8];
		if (byte)
			return min_of(limit, at + (u32)__builtin_clz(byte) - 24);
	}
	return limit;
}

static inline struct lpm_node *load_node(struct lpm_node *const *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static inline bool is_branch(const struct lpm_node *node)
{
	return __atomic_load_n(&node->branch, __ATOMIC_RELAXED);
}

static inline void *node_value(const struct lpm_map *lpm, const struct lpm_node *node)
{
	return (char *)node + lpm->value_off;
}

static void *lpm_lookup(struct skep_map *map, const void *raw_key)
{
	struct lpm_map *lpm = lpm_of(map);
	struct lpm_key key = key_of(raw_key);
	struct lpm_node *node, *found = NULL;
	u32 len;

	if (key.prefix_len > lpm->max_prefix)
		return NULL;
	for (node = load_node(&lpm->root); node;
	     node = load_node(&node->child[bit_at(key.bytes, node->prefix_len)])) {
		len = common_len(lpm, node, &key);
		if (len < node->prefix_len)
			break;
		if (!is_branch(node))
			found = node;
		if (len == lpm->max_prefix)
			break;
	}
	return found ? node_value(lpm, found) : NULL;
}

/* ---- writers, locked ---------------------------------------------------------------------------- */

static void node_after_period(struct rcu_item *item)
{
	struct lpm_node *node = container_of(item, struct lpm_node, rcu);
	struct slab *slab = &node->lpm->slab;

	slab_put(slab, 0, (u32)(((char *)node - slab->mem) / slab->obj_size));
}

static void node_release(struct lpm_node *node)
{
	rcu_defer(&node->rcu, node_after_period);
}

static struct lpm_node *node_new(struct lpm_map *lpm, u32 prefix_len, const u8 *bytes, bool branch)
{
	u32 idx = slab_get(&lpm->slab, vcpu_hint());
	struct lpm_node *node;

	if (idx == SLAB_NONE)
		return NULL;
	node = slab_at(&lpm->slab, idx);
	node->child[0] = node->child[1] = NULL;
	node->prefix_len = prefix_len;
	node->branch = branch;
	node->lpm = lpm;
	memcpy(node->bytes, bytes, lpm->byte_cnt);
	return node;
}

static void node_unused(struct lpm_map *lpm, struct lpm_node *node)
{
	slab_put(&lpm->slab, vcpu_hint(), (u32)(((char *)node - lpm->slab.mem) / lpm->slab.obj_size));
}

/* Where the key's place is: a slot that is empty, or holds the node with this very prefix, or one
 * that has less in common with the key than its own prefix is long. */
struct place {
	struct lpm_node **slot, **parent_slot; /* the parent's, NULL without one */
	struct lpm_node *node, *parent;
	u32 len; /* what node and key have in common */
};

static struct place find_place(struct lpm_map *lpm, const struct lpm_key *key)
{
	struct place at = { .slot = &lpm->root };

	while ((at.node = *at.slot)) {
		at.len = common_len(lpm, at.node, key);
		if (at.node->prefix_len != at.len || at.node->prefix_len == key->prefix_len)
			break;
		at.parent_slot = at.slot;
		at.parent = at.node;
		at.slot = &at.node->child[bit_at(key->bytes, at.node->prefix_len)];
	}
	return at;
}

static void slot_set(struct lpm_node **slot, struct lpm_node *node)
{
	__atomic_store_n(slot, node, __ATOMIC_RELEASE);
}

static int check_add(const struct lpm_map *lpm, u64 flags)
{
	if (flags == BPF_EXIST)
		return -ENOENT;
	return lpm->elem_cnt >= lpm->map.max_entries ? -ENOSPC : 0;
}

static int put_new(struct lpm_map *lpm, struct place *at, struct lpm_node *new, const struct lpm_key *key,
		   u64 flags)
{
	struct lpm_node *branch;
	bool exact = at->node && at->node->prefix_len == at->len;
	int err;

	if (exact && !is_branch(at->node)) {
		err = flags == BPF_NOEXIST ? -EEXIST : 0;
	} else {
		err = check_add(lpm, flags);
		if (!err)
			__atomic_store_n(&lpm->elem_cnt, lpm->elem_cnt + 1, __ATOMIC_RELAXED);
	}
	if (err)
		return err;
	if (!at->node) {
		slot_set(at->slot, new);
	} else if (exact) {
		new->child[0] = at->node->child[0];
		new->child[1] = at->node->child[1];
		slot_set(at->slot, new);
		node_release(at->node);
	} else if (at->len == key->prefix_len) {
		new->child[bit_at(at->node->bytes, at->len)] = at->node;
		slot_set(at->slot, new);
	} else {
		branch = node_new(lpm, at->len, at->node->bytes, true);
		if (!branch) {
			__atomic_store_n(&lpm->elem_cnt, lpm->elem_cnt - 1, __ATOMIC_RELAXED);
			return -ENOMEM;
		}
		branch->child[bit_at(key->bytes, at->len)] = new;
		branch->child[!bit_at(key->bytes, at->len)] = at->node;
		slot_set(at->slot, branch);
	}
	return 0;
}

static long lpm_update(struct skep_map *map, const void *raw_key, const void *value, u64 flags)
{
	struct lpm_map *lpm = lpm_of(map);
	struct lpm_key key = key_of(raw_key);
	struct lpm_node *new;
	struct place at;
	int err;

	if (unlikely(flags > BPF_EXIST || key.prefix_len > lpm->max_prefix))
		return -EINVAL;
	new = node_new(lpm, key.prefix_len, key.bytes, false);
	if (!new)
		return -ENOMEM;
	value_copy(node_value(lpm, new), value, map->value_size);
	err = rlock_take(&lpm->lock);
	if (!err) {
		at = find_place(lpm, &key);
		err = put_new(lpm, &at, new, &key, flags);
		rlock_drop(&lpm->lock);
	}
	if (err)
		node_unused(lpm, new);
	return err;
}

/* A branch that would be left with one child goes with the element. */
static void take_out(struct lpm_map *lpm, const struct place *at)
{
	struct lpm_node *node = at->node, *parent = at->parent;

	__atomic_store_n(&lpm->elem_cnt, lpm->elem_cnt - 1, __ATOMIC_RELAXED);
	if (node->child[0] && node->child[1]) {
		__atomic_store_n(&node->branch, true, __ATOMIC_RELAXED);
		return;
	}
	if (parent && is_branch(parent) && !node->child[0] && !node->child[1]) {
		slot_set(at->parent_slot, parent->child[parent->child[0] == node]);
		node_release(parent);
	} else {
		slot_set(at->slot, node->child[0] ? node->child[0] : node->child[1]);
	}
	node_release(node);
}

static long lpm_delete(struct skep_map *map, const void *raw_key)
{
	struct lpm_map *lpm = lpm_of(map);
	struct lpm_key key = key_of(raw_key);
	struct place at;
	int err;

	if (key.prefix_len > lpm->max_prefix)
		return -EINVAL;
	err = rlock_take(&lpm->lock);
	if (err)
		return err;
	at = find_place(lpm, &key);
	if (at.node && at.node->prefix_len == key.prefix_len && at.len == key.prefix_len &&
	    !is_branch(at.node))
		take_out(lpm, &at);
	else
		err = -ENOENT;
	rlock_drop(&lpm->lock);
	return err;
}

/* ---- walking -------------------------------------------------------------------------------------- */

static int give_key(const struct lpm_map *lpm, const struct lpm_node *node, void *ret_next)
{
	memcpy(ret_next, &node->prefix_len, LEN_SIZE);
	memcpy((char *)ret_next + LEN_SIZE, node->bytes, lpm->byte_cnt);
	return 0;
}

/* The element that Linux names first below @root: always to the left, else to the right. */
static int first_below(const struct lpm_map *lpm, const struct lpm_node *root, void *ret_next)
{
	const struct lpm_node *last = NULL, *next;

	for (const struct lpm_node *node = root; node; node = next) {
		next = load_node(&node->child[0]);
		if (is_branch(node))
			continue;
		last = node;
		if (!next)
			next = load_node(&node->child[1]);
	}
	return last ? give_key(lpm, last, ret_next) : -ENOENT;
}

/* Children before their parent, the left one first. A key that is not there: from the beginning. */
static int lpm_next_key(struct skep_map *map, const void *raw_key, void *ret_next)
{
	const struct lpm_node *path[PREFIX_MAX + 1], *node, *root, *sibling;
	struct lpm_map *lpm = lpm_of(map);
	struct lpm_key key;
	u32 depth = 0, len = 0;

	root = load_node(&lpm->root);
	if (!root)
		return -ENOENT;
	if (!raw_key)
		return first_below(lpm, root, ret_next);
	key = key_of(raw_key);
	if (key.prefix_len > lpm->max_prefix)
		return first_below(lpm, root, ret_next);
	for (node = root; node; node = load_node(&node->child[bit_at(key.bytes, node->prefix_len)])) {
		path[depth++] = node;
		len = common_len(lpm, node, &key);
		if (node->prefix_len != len || node->prefix_len == key.prefix_len)
			break;
	}
	if (!node || node->prefix_len != len || is_branch(node))
		return first_below(lpm, root, ret_next);
	for (depth--; depth > 0; depth--) {
		const struct lpm_node *parent = path[depth - 1];

		if (load_node(&parent->child[0]) == path[depth]) {
			sibling = load_node(&parent->child[1]);
			if (sibling)
				return first_below(lpm, sibling, ret_next);
		}
		if (!is_branch(parent))
			return give_key(lpm, parent, ret_next);
	}
	return -ENOENT;
}

static u64 lpm_mem_usage(const struct skep_map *map)
{
	return sizeof(struct lpm_map) + slab_mem_usage(&lpm_of(map)->slab);
}

const struct map_ops lpm_trie_map_ops = {
	.name = "lpm_trie",
	.check = lpm_check,
	.alloc = lpm_alloc,
	.free = lpm_free,
	.lookup = lpm_lookup,
	.update = lpm_update,
	.delete = lpm_delete,
	.next_key = lpm_next_key,
	.mem_usage = lpm_mem_usage,
};
