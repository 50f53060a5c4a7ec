/* SPDX-License-Identifier: BSD-2-Clause */
/* idtab.c - a sorted array: objects are few, walked in order, and mostly added at its end. */
#include "runtime/idtab.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

void idtab_init(struct idtab *tab)
{
	*tab = (struct idtab){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

void idtab_destroy(struct idtab *tab)
{
	free(tab->at);
	pthread_mutex_destroy(&tab->lock);
}

/* The first slot with an id of at least @id. */
static u32 lower_bound(const struct idtab *tab, u32 id)
{
	u32 lo = 0, hi = tab->cnt;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (tab->at[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The first free id at or after @from. */
static u32 free_id(const struct idtab *tab, u32 from)
{
	for (u32 i = lower_bound(tab, from); i < tab->cnt && tab->at[i].id == from; i++)
		from++;
	return from;
}

static int grow(struct idtab *tab)
{
	u32 cap = tab->cap ? 2 * tab->cap : 16;
	void *at;

	if (tab->cnt < tab->cap)
		return 0;
	at = realloc(tab->at, cap * sizeof(*tab->at));
	if (!at)
		return -ENOMEM;
	tab->at = at;
	tab->cap = cap;
	return 0;
}

int idtab_add(struct idtab *tab, void *obj, u32 *ret_id)
{
	u32 id, i;
	int err;

	pthread_mutex_lock(&tab->lock);
	err = grow(tab);
	if (err)
		goto out;
	id = free_id(tab, tab->last < INT_MAX ? tab->last + 1 : 1);
	if (id > INT_MAX)
		id = free_id(tab, 1);
	if (id > INT_MAX) {
		err = -ENOSPC;
		goto out;
	}
	i = lower_bound(tab, id);
	memmove(tab->at + i + 1, tab->at + i, (tab->cnt - i) * sizeof(*tab->at));
	tab->at[i] = (struct idtab_slot){ id, obj };
	tab->cnt++;
	tab->last = id;
	*ret_id = id;
out:
	pthread_mutex_unlock(&tab->lock);
	return err;
}

void idtab_del_locked(struct idtab *tab, u32 id)
{
	u32 i = lower_bound(tab, id);

	if (i < tab->cnt && tab->at[i].id == id)
		memmove(tab->at + i, tab->at + i + 1, (--tab->cnt - i) * sizeof(*tab->at));
}

void idtab_del(struct idtab *tab, u32 id)
{
	pthread_mutex_lock(&tab->lock);
	idtab_del_locked(tab, id);
	pthread_mutex_unlock(&tab->lock);
}

void *idtab_get(struct idtab *tab, u32 id, bool (*get)(void *obj))
{
	void *obj = NULL;
	u32 i;

	pthread_mutex_lock(&tab->lock);
	i = lower_bound(tab, id);
	if (i < tab->cnt && tab->at[i].id == id && get(tab->at[i].obj))
		obj = tab->at[i].obj;
	pthread_mutex_unlock(&tab->lock);
	return obj;
}

u32 idtab_next(struct idtab *tab, u32 id)
{
	u32 i, next;

	if (id >= INT_MAX)
		return 0;
	pthread_mutex_lock(&tab->lock);
	i = lower_bound(tab, id + 1);
	next = i < tab->cnt ? tab->at[i].id : 0;
	pthread_mutex_unlock(&tab->lock);
	return next;
}
