/* SPDX-License-Identifier: BSD-2-Clause */
/* link.c - links: what holds a program in its place. What the place is, the link's operations know. */
#include "runtime/instance.h"

int skep_link_init(struct skep_link *link, struct skep *skep, const struct skep_link_ops *ops, u32 type,
		   struct skep_prog *prog)
{
	*link = (struct skep_link){ .refs = 1, .type = type, .skep = skep, .ops = ops, .prog = prog };
	return idtab_add(&skep->ids[OBJ_LINK], link, &link->id);
}

void skep_link_get(struct skep_link *link)
{
	__atomic_fetch_add(&link->refs, 1, __ATOMIC_RELAXED);
}

void skep_link_put(struct skep_link *link)
{
	if (__atomic_sub_fetch(&link->refs, 1, __ATOMIC_ACQ_REL))
		return;
	idtab_del(&link->skep->ids[OBJ_LINK], link->id);
	link->ops->release(link);
}

void skep_link_info(const struct skep_link *link, struct bpf_link_info *info)
{
	info->type = link->type;
	info->id = link->id;
	info->prog_id = link->prog ? link->prog->id : 0;
	link->ops->info(link, info);
}
