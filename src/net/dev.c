/* SPDX-License-Identifier: BSD-2-Clause */
/* dev.c - the instance's network devices: a list that only grows. */
#include "net/private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct dev_node {
	struct net_device dev; /* first */
	struct net_counts counts; /* atomic */
	struct dev_node *next;
};

struct net_state {
	pthread_mutex_t lock;
	struct dev_node *devs; /* newest first */
	u32 last_ifindex;
	net_sent_fn on_sent;
	void *on_sent_ctx;
	u64 dropped, last_cookie; /* atomic */
};

static void net_free(struct skep *skep __unused_arg, void *arg)
{
	struct net_state *net = arg;
	struct dev_node *next;

	for (struct dev_node *n = net->devs; n; n = next) {
		next = n->next;
		free(n);
	}
	pthread_mutex_destroy(&net->lock);
	free(net);
}

static bool name_taken(const struct net_state *net, const char *name)
{
	for (const struct dev_node *n = net->devs; n; n = n->next)
		if (!strcmp(n->dev.name, name))
			return true;
	return false;
}

int net_dev_add(struct skep *skep, const char *name, u32 rx_queue_cnt, u32 *ret_ifindex)
{
	struct net_state *net = skep_room_get(skep, SKEP_ROOM_NET);
	struct dev_node *n;
	size_t len = strlen(name);

	if (!rx_queue_cnt || !len || len >= sizeof(n->dev.name))
		return -EINVAL;
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	memcpy(n->dev.name, name, len);
	n->dev.mtu = 1500;
	n->dev.hard_header_len = ETH_HLEN;
	n->dev.real_num_rx_queues = rx_queue_cnt;
	memset(n->dev.broadcast, 0xff, sizeof(n->dev.broadcast));
	pthread_mutex_lock(&net->lock);
	if (name_taken(net, name)) {
		pthread_mutex_unlock(&net->lock);
		free(n);
		return -EEXIST;
	}
	n->dev.ifindex = (s32)++net->last_ifindex;
	/* A locally administered address that tells devices apart: 02:00 and the index. */
	n->dev.dev_addr[0] = 2;
	for (int i = 0; i < 4; i++)
		n->dev.dev_addr[5 - i] = (u8)(n->dev.ifindex >> (8 * i));
	n->next = net->devs;
	__atomic_store_n(&net->devs, n, __ATOMIC_RELEASE);
	*ret_ifindex = (u32)n->dev.ifindex;
	pthread_mutex_unlock(&net->lock);
	return 0;
}

struct net_device *net_dev_by_index(struct skep *skep, u32 ifindex)
{
	struct net_state *net = skep_room_get(skep, SKEP_ROOM_NET);

	for (struct dev_node *n = __atomic_load_n(&net->devs, __ATOMIC_ACQUIRE); n; n = n->next)
		if ((u32)n->dev.ifindex == ifindex)
			return &n->dev;
	return NULL;
}

struct net_device *net_dev_by_name(struct skep *skep, const char *name)
{
	struct net_state *net = skep_room_get(skep, SKEP_ROOM_NET);

	for (struct dev_node *n = __atomic_load_n(&net->devs, __ATOMIC_ACQUIRE); n; n = n->next)
		if (!strcmp(n->dev.name, name))
			return &n->dev;
	return NULL;
}

const char *net_dev_name(const struct net_device *dev)
{
	return dev->name;
}

u32 net_dev_rx_queues(const struct net_device *dev)
{
	return dev->real_num_rx_queues;
}

u32 net_dev_ifindex(const struct net_device *dev)
{
	return (u32)dev->ifindex;
}

/* ---- what arrives --------------------------------------------------------------------------- */

void net_on_sent(struct skep *skep, net_sent_fn fn, void *ctx)
{
	struct net_state *net = skep_room_get(skep, SKEP_ROOM_NET);

	net->on_sent = fn;
	net->on_sent_ctx = ctx;
}

static void count(u64 *packets, u64 *bytes, u32 len)
{
	__atomic_fetch_add(packets, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(bytes, len, __ATOMIC_RELAXED);
}

static void count_at_dev(const struct net_sent *sent)
{
	struct dev_node *node = container_of((struct net_device *)sent->dev, struct dev_node, dev);

	if (sent->ingress)
		count(&node->counts.rx_packets, &node->counts.rx_bytes, sent->len);
	else
		count(&node->counts.tx_packets, &node->counts.tx_bytes, sent->len);
}

void net_deliver(struct skep *skep, struct net_sent *sent)
{
	struct net_state *net = skep_room_get(skep, SKEP_ROOM_NET);
	const struct net_device *dev = sent->dev;

	if (!sent->err && !dev && sent->cpu < 0 && !sent->xsk)
		sent->err = -ENODEV;
	if (!sent->err && dev && sent->len > dev->mtu + dev->hard_header_len + VLAN_HLEN)
		sent->err = -EMSGSIZE;
	if (sent->err)
		__atomic_fetch_add(&net->dropped, 1, __ATOMIC_RELAXED);
	else if (dev)
		count_at_dev(sent);
	if (net->on_sent)
		net->on_sent(net->on_sent_ctx, sent);
}

void net_dev_counts(const struct net_device *dev, struct net_counts *ret)
{
	const struct dev_node *node = container_of((struct net_device *)dev, struct dev_node, dev);

	ret->tx_packets = __atomic_load_n(&node->counts.tx_packets, __ATOMIC_RELAXED);
	ret->tx_bytes = __atomic_load_n(&node->counts.tx_bytes, __ATOMIC_RELAXED);
	ret->rx_packets = __atomic_load_n(&node->counts.rx_packets, __ATOMIC_RELAXED);
	ret->rx_bytes = __atomic_load_n(&node->counts.rx_bytes, __ATOMIC_RELAXED);
}

u64 net_dropped(struct skep *skep)
{
	struct net_state *net = skep_room_get(skep, SKEP_ROOM_NET);

	return __atomic_load_n(&net->dropped, __ATOMIC_RELAXED);
}

u64 net_new_cookie(struct skep *skep)
{
	struct net_state *net = skep_room_get(skep, SKEP_ROOM_NET);

	return __atomic_add_fetch(&net->last_cookie, 1, __ATOMIC_RELAXED);
}

static bool dev_exists(void *skep, u32 ifindex)
{
	return net_dev_by_index(skep, ifindex);
}

/* lo has no addresses, and a broadcast address of zeros: an all-ones frame is multicast there. */
int dev_init(struct skep *skep)
{
	struct net_state *net = calloc(1, sizeof(*net));
	struct net_device *lo;
	u32 ifindex;
	int err;

	if (!net)
		return -ENOMEM;
	pthread_mutex_init(&net->lock, NULL);
	skep_room_set(skep, SKEP_ROOM_NET, net, net_free);
	skep_register_devs(skep, dev_exists);
	err = net_dev_add(skep, "lo", 1, &ifindex);
	if (err)
		return err;
	lo = net_dev_by_index(skep, ifindex);
	lo->mtu = 65536;
	memset(lo->dev_addr, 0, sizeof(lo->dev_addr));
	memset(lo->broadcast, 0, sizeof(lo->broadcast));
	return 0;
}
