/* SPDX-License-Identifier: BSD-2-Clause */
/* skb.c - a socket buffer: one linear piece of memory with room on both sides. */
#include "net/private.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Room in front and behind for the longest packet, so that growing rarely moves bytes. */
#define ROOM BPF_SKB_MAX_LEN

struct sk_buff *skb_alloc(const void *data, u32 len)
{
	struct sk_buff *skb = calloc(1, sizeof(*skb));

	if (!skb)
		return NULL;
	skb->size = ROOM + max_of(len, (u32)ROOM);
	skb->head = calloc(1, skb->size + sizeof(*skb->shinfo));
	if (!skb->head) {
		free(skb);
		return NULL;
	}
	skb->shinfo = (struct skb_shared_info *)(skb->head + skb->size);
	skb->data = skb->head + ROOM;
	skb->transport_header = HEADER_UNSET;
	skb->len = len;
	if (len)
		memcpy(skb->data, data, len);
	return skb;
}

void skb_free(struct sk_buff *skb)
{
	if (!skb)
		return;
	free(skb->head);
	free(skb);
}

/* Puts the packet where it has @front free bytes before it. Pointers into it become invalid, as
 * the verifier knows for every helper that comes here. */
static void move_to(struct sk_buff *skb, u32 front)
{
	s64 delta = (s64)front - (skb->data - skb->head);
	u32 *headers[] = { &skb->mac_header, &skb->network_header, &skb->transport_header,
			   &skb->inner_mac_header, &skb->inner_network_header,
			   &skb->inner_transport_header };

	memmove(skb->head + front, skb->data, skb->len);
	skb->data = skb->head + front;
	for (u32 i = 0; i < ARRAY_SIZE(headers); i++)
		if (*headers[i] != HEADER_UNSET)
			*headers[i] = (u32)(*headers[i] + delta);
}

u8 *skb_push(struct sk_buff *skb, u32 len)
{
	if ((u64)(skb->data - skb->head) < len)
		move_to(skb, skb->size - skb->len);
	skb->data -= len;
	skb->len += len;
	return skb->data;
}

void skb_pull(struct sk_buff *skb, u32 len)
{
	skb->data += len;
	skb->len -= len;
}

void skb_set_len(struct sk_buff *skb, u32 len)
{
	if (len > skb->len) {
		if (skb->data - skb->head + (u64)len > skb->size)
			move_to(skb, skb->size - ROOM);
		memset(skb->data + skb->len, 0, len - skb->len);
	}
	skb->len = len;
}

void skb_clear_hash(struct sk_buff *skb)
{
	skb->hash = 0;
	skb->l4_hash = skb->sw_hash = false;
}

void skb_compute_data_pointers(struct sk_buff *skb)
{
	skb->bpf_cb.data_meta = skb->data;
	skb->bpf_cb.data_end = skb->data + skb->len;
}

static u8 pkt_type(const u8 *dest, const struct net_device *dev)
{
	if (!memcmp(dest, dev->dev_addr, 6))
		return PACKET_HOST;
	if (!(dest[0] & 1))
		return PACKET_OTHERHOST;
	return memcmp(dest, dev->broadcast, 6) ? PACKET_MULTICAST : PACKET_BROADCAST;
}

/* Below 0x600 it is a length: then the frame is 802.3 when the next two bytes are ff ff (Novell's raw
 * IPX), else 802.2. Both have numbers of their own. */
u16 skb_encap_proto(u16 type, const u8 *rest, u32 rest_len)
{
	if (type < 0x600)
		type = rest_len >= 2 && rest[0] == 0xff && rest[1] == 0xff ? 0x0001 : 0x0004;
	return htons(type);
}

void skb_eth_type(struct sk_buff *skb, struct net_device *dev)
{
	const u8 *eth = skb->data;

	skb->dev = dev;
	skb->pkt_type = pkt_type(eth, dev);
	skb->mac_header = (u32)(skb->data - skb->head);
	skb_pull(skb, ETH_HLEN);
	skb->network_header = (u32)(skb->data - skb->head);
		skb->protocol = skb_encap_proto((u16)(eth[12] << 8 | eth[13]), skb->data, skb->len);
}
