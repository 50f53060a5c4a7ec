/* SPDX-License-Identifier: BSD-2-Clause */
/* types.c - registration of program types and helpers, and questions about Linux's tables. */
#include "runtime/instance.h"

#include <stdlib.h>
#include <string.h>

static bool conv_covers(const struct ctx_conv *convs, u32 cnt, const struct ctx_row *row)
{
	for (u32 i = 0; i < cnt; i++)
		if (convs[i].off <= row->off && row->off + row->size <= convs[i].off + convs[i].size)
			return true;
	return false;
}

/* Gives the view a copy of its fields in which those that @convs cannot reach are not modelled. */
static int bind_view(struct ctx_view *view, const struct ctx_conv *convs, u32 conv_cnt)
{
	struct ctx_row *rows;

	view->convs = convs;
	view->conv_cnt = conv_cnt;
	if (!convs || !view->row_cnt)
		return 0;
	rows = malloc(view->row_cnt * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	memcpy(rows, view->rows, view->row_cnt * sizeof(*rows));
	for (u32 i = 0; i < view->row_cnt; i++)
		if (!conv_covers(convs, conv_cnt, rows + i))
			rows[i].val = CTX_NOT_MODELLED;
	view->rows = rows;
	return 0;
}

int skep_register_view(struct skep *skep, enum view_kind kind, const struct ctx_conv *convs, u32 conv_cnt)
{
	if (kind <= VIEW_CTX || kind >= VIEW_CNT)
		return -EINVAL;
	if (skep->views[kind].rows)
		return -EEXIST;
	skep->views[kind] = tab_views[kind];
	return bind_view(&skep->views[kind], convs, conv_cnt);
}

int skep_register_prog_type(struct skep *skep, const struct prog_type_ops *ops)
{
	bool found = false;
	int err;

	if ((u32)ops->type >= PROG_TYPE_MAX)
		return -EINVAL;
	if (skep->types[ops->type])
		return -EEXIST;
	for (u32 i = 0; i < tab_prog_cnt; i++) {
		/* A type that the tables do not model has no rows: nobody can run it. */
		if (tab_progs[i].row.type != ops->type || !tab_progs[i].row.modelled)
			continue;
		err = bind_view(&skep->progs[i].row.ctx, ops->convs, ops->conv_cnt);
		if (err)
			return err;
		skep->progs[i].row.modelled = true;
		found = true;
	}
	if (!found)
		return -EINVAL;
	skep->types[ops->type] = ops;
	return 0;
}

static int register_one(struct skep *skep, u32 type, u32 helper_id, helper_fn fn)
{
	helper_fn **tab = &skep->helpers[type];

	if (!*tab)
		*tab = calloc(tab_helper_cnt, sizeof(**tab));
	if (!*tab)
		return -ENOMEM;
	if ((*tab)[helper_id])
		return -EEXIST;
	(*tab)[helper_id] = fn;
	return 0;
}

int skep_register_helper(struct skep *skep, u32 prog_type, u32 helper_id, helper_fn fn)
{
	if (helper_id >= tab_helper_cnt || !tab_helpers[helper_id].name || prog_type >= PROG_TYPE_MAX)
		return -EINVAL;
	/* The slot of type UNSPEC stands for every type; skep_helper_fn() looks there last. */
	return register_one(skep, prog_type, helper_id, fn);
}

void skep_register_devs(struct skep *skep, bool (*dev_exists)(void *skep, u32 ifindex))
{
	skep->dev_exists = dev_exists;
}

helper_fn skep_helper_fn(const struct skep *skep, u32 prog_type, u32 helper_id)
{
	if (prog_type >= PROG_TYPE_MAX || helper_id >= tab_helper_cnt)
		return NULL;
	if (skep->helpers[prog_type] && skep->helpers[prog_type][helper_id])
		return skep->helpers[prog_type][helper_id];
	return skep->helpers[BPF_PROG_TYPE_UNSPEC][helper_id];
}

const struct prog_type_ops *skep_prog_type_ops(struct skep *skep, u32 type)
{
	return type < PROG_TYPE_MAX ? skep->types[type] : NULL;
}

const struct prog_type_row *skep_prog_type_row(struct skep *skep, u32 type, u32 attach_type)
{
	const struct prog_type_row *any = NULL;

	for (u32 i = 0; i < tab_prog_cnt; i++) {
		const struct tab_prog *prog = &skep->progs[i];

		if ((u32)prog->row.type != type)
			continue;
		if (prog->attach_given && prog->attach_type == attach_type)
			return &prog->row;
		if (!prog->attach_given)
			any = &prog->row;
	}
	return any;
}

bool skep_attach_type_ok(u32 type, u32 attach_type)
{
	for (u32 i = 0; i < tab_attach_cnt; i++) {
		const struct tab_attach *t = &tab_attaches[i];

		if (t->prog_type != type || !t->cnt)
			continue;
		for (u32 j = 0; j < t->cnt; j++)
			if (t->values[j] == attach_type)
				return true;
		return false;
	}
	return true;
}

const char *skep_helper_name(u32 helper_id)
{
	return helper_id < tab_helper_cnt ? tab_helpers[helper_id].name : NULL;
}

int skep_helper_id(const char *name)
{
	for (u32 i = 0; i < tab_helper_cnt; i++) {
		const char *known = tab_helpers[i].name;

		if (known && (!strcmp(known, name) || !strcmp(known + strlen("bpf_"), name)))
			return (int)i;
	}
	return -ENOENT;
}
