/* SPDX-License-Identifier: BSD-2-Clause */
/* idtab.h - ids of one kind of object, handed out in a cycle as Linux does: an id that was just
 * freed does not come back at once. Thread-safe. */
#ifndef SKEP_RUNTIME_IDTAB_H
#define SKEP_RUNTIME_IDTAB_H

#include "base/types.h"

#include <pthread.h>

struct idtab {
	pthread_mutex_t lock;
	struct idtab_slot {
		u32 id;
		void *obj;
	} *at; /* ascending by id */
	u32 cnt, cap;
	u32 last; /* the last id handed out */
};

void idtab_init(struct idtab *tab);
void idtab_destroy(struct idtab *tab);
/* 0, -ENOMEM, -ENOSPC. *ret_id is written before the object can be found. */
int idtab_add(struct idtab *tab, void *obj, u32 *ret_id);
void idtab_del(struct idtab *tab, u32 id);
void idtab_del_locked(struct idtab *tab, u32 id); /* the caller holds tab->lock */
/* The object with @id when @get says that it took a reference: @get runs under the table's lock,
 * which keeps the object from going away in between. NULL otherwise. */
void *idtab_get(struct idtab *tab, u32 id, bool (*get)(void *obj));
/* The smallest id above @id, 0 when there is none. */
u32 idtab_next(struct idtab *tab, u32 id);

#endif
