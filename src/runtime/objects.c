/* SPDX-License-Identifier: BSD-2-Clause */
/* objects.c - maps and BTF objects of an instance, and how all objects are found by id. */
#include "runtime/instance.h"

#include <stdlib.h>

/* A BTF object with an id; the id goes when nothing uses the object any more. */
struct btf_obj {
	const struct skep_btf *btf;
	u32 id, uses; /* uses: under the table's lock */
};

void objects_init(struct skep *skep)
{
	for (u32 i = 0; i < OBJ_KIND_CNT; i++)
		idtab_init(&skep->ids[i]);
}

void objects_destroy(struct skep *skep)
{
	struct idtab *btfs = &skep->ids[OBJ_BTF];

	for (u32 i = 0; i < btfs->cnt; i++) {
		struct btf_obj *obj = btfs->at[i].obj;

		btf_put(obj->btf);
		free(obj);
	}
	for (u32 i = 0; i < OBJ_KIND_CNT; i++)
		idtab_destroy(&skep->ids[i]);
	for (u32 i = 0; skep->progs && i < tab_prog_cnt; i++)
		if (skep->progs[i].row.ctx.rows != tab_progs[i].row.ctx.rows)
			free((void *)skep->progs[i].row.ctx.rows);
	for (u32 i = 0; i < VIEW_CNT; i++)
		if (skep->views[i].rows != tab_views[i].rows)
			free((void *)skep->views[i].rows);
}

static void map_gone(struct skep_map *map, void *ctx)
{
	struct skep *skep = ctx;

	idtab_del(&skep->ids[OBJ_MAP], map->id);
	if (map->btf)
		skep_btf_unuse(skep, map->btf);
}

int skep_map_create(struct skep *skep, const struct map_attr *attr, struct skep_map **ret_map,
		    const char **ret_why)
{
	struct map_attr full = *attr;
	struct skep_map *map;
	int err;

	full.acct = &skep->acct;
	full.objs = &skep->objs;
	full.cpu_cnt = skep_cpu_cnt(skep);
	full.timers = &skep->timers;
	full.dev_exists = skep->dev_exists;
	full.dev_ctx = skep;
	full.seed = attr->flags & BPF_F_ZERO_SEED ? 0 : skep->seed;
	err = map_create(&full, &map, ret_why);
	if (err)
		return err;
	if (map->btf)
		skep_btf_use(skep, map->btf);
	err = idtab_add(&skep->ids[OBJ_MAP], map, &map->id);
	/* Also without an id (0 is never handed out): what map_gone() undoes has been done. */
	map->on_free_ctx = skep;
	map->on_free = map_gone;
	if (err) {
		map_put(map);
		return err;
	}
	*ret_map = map;
	return 0;
}

/* A reference unless the last one is already gone: then the object is on its way out. */
static bool refs_get(u32 *refs)
{
	u32 cnt = __atomic_load_n(refs, __ATOMIC_RELAXED);

	while (cnt)
		if (__atomic_compare_exchange_n(refs, &cnt, cnt + 1, true, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

static bool map_get_unless_zero(void *obj)
{
	return refs_get(&((struct skep_map *)obj)->refs);
}

static bool prog_get_unless_zero(void *obj)
{
	return refs_get(&((struct skep_prog *)obj)->refs);
}

static bool link_get_unless_zero(void *obj)
{
	return refs_get(&((struct skep_link *)obj)->refs);
}

struct skep_link *skep_link_by_id(struct skep *skep, u32 id)
{
	return idtab_get(&skep->ids[OBJ_LINK], id, link_get_unless_zero);
}

static bool btf_obj_get(void *obj)
{
	btf_get(((struct btf_obj *)obj)->btf);
	return true;
}

struct skep_map *skep_map_by_id(struct skep *skep, u32 id)
{
	return idtab_get(&skep->ids[OBJ_MAP], id, map_get_unless_zero);
}

struct skep_prog *skep_prog_by_id(struct skep *skep, u32 id)
{
	return idtab_get(&skep->ids[OBJ_PROG], id, prog_get_unless_zero);
}

struct skep_btf *skep_btf_by_id(struct skep *skep, u32 id)
{
	struct btf_obj *obj = idtab_get(&skep->ids[OBJ_BTF], id, btf_obj_get);

	return obj ? (struct skep_btf *)obj->btf : NULL;
}

int skep_next_id(struct skep *skep, enum obj_kind kind, u32 id, u32 *ret_next)
{
	u32 next = idtab_next(&skep->ids[kind], id);

	if (!next)
		return -ENOENT;
	*ret_next = next;
	return 0;
}

int skep_btf_add(struct skep *skep, struct skep_btf *btf, u32 *ret_id)
{
	struct btf_obj *obj = malloc(sizeof(*obj));
	int err;

	if (!obj)
		return -ENOMEM;
	*obj = (struct btf_obj){ .btf = btf, .uses = 1 };
	btf_get(btf);
	err = idtab_add(&skep->ids[OBJ_BTF], obj, &obj->id);
	if (err) {
		btf_put(btf);
		free(obj);
		return err;
	}
	*ret_id = obj->id;
	return 0;
}

/* With the table locked. */
static struct btf_obj *find_btf(struct idtab *tab, const struct skep_btf *btf)
{
	for (u32 i = 0; i < tab->cnt; i++)
		if (((struct btf_obj *)tab->at[i].obj)->btf == btf)
			return tab->at[i].obj;
	return NULL;
}

u32 skep_btf_id(struct skep *skep, const struct skep_btf *btf)
{
	struct idtab *tab = &skep->ids[OBJ_BTF];
	struct btf_obj *obj;
	u32 id;

	pthread_mutex_lock(&tab->lock);
	obj = find_btf(tab, btf);
	id = obj ? obj->id : 0;
	pthread_mutex_unlock(&tab->lock);
	return id;
}

void skep_btf_use(struct skep *skep, const struct skep_btf *btf)
{
	struct idtab *tab = &skep->ids[OBJ_BTF];
	struct btf_obj *obj;

	pthread_mutex_lock(&tab->lock);
	obj = find_btf(tab, btf);
	if (obj)
		obj->uses++;
	pthread_mutex_unlock(&tab->lock);
}

void skep_btf_unuse(struct skep *skep, const struct skep_btf *btf)
{
	struct idtab *tab = &skep->ids[OBJ_BTF];
	struct btf_obj *obj;
	bool last;

	pthread_mutex_lock(&tab->lock);
	obj = find_btf(tab, btf);
	last = obj && !--obj->uses;
	if (last)
		idtab_del_locked(tab, obj->id);
	pthread_mutex_unlock(&tab->lock);
	if (!last)
		return;
	btf_put(obj->btf);
	free(obj);
}
