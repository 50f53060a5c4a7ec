/* SPDX-License-Identifier: BSD-2-Clause */
/* case_maps.c - the maps of a case before one judge. */
#include "case.h"

#include <string.h>
#include <unistd.h>

static long bpf(const struct judge *j, int cmd, union bpf_attr *attr)
{
	return j->bpf(j->ctx, cmd, attr, sizeof(*attr));
}

static int find(const struct text_case *c, const int *fds, const char *name)
{
	for (u32 i = 0; i < c->map_cnt; i++) {
		if (!strcmp(c->maps[i].name, name))
			return fds[i];
	}
	return -1;
}

static bool put_inner(const struct judge *j, int fd, int inner_fd)
{
	u64 key[8] = { 0 }, value = inner_fd;
	union bpf_attr attr = { 0 };

	attr.map_fd = fd;
	attr.key = (u64)(uintptr_t)key;
	attr.value = (u64)(uintptr_t)&value;
	return !bpf(j, BPF_MAP_UPDATE_ELEM, &attr);
}

bool case_maps_make(const struct judge *j, const struct text_case *c, int ret_fds[CASE_MAX_MAPS], char *why,
		    size_t why_size)
{
	for (u32 i = 0; i < CASE_MAX_MAPS; i++)
		ret_fds[i] = -1;
	for (u32 i = 0; i < c->map_cnt; i++) {
		const struct case_map *m = &c->maps[i];
		union bpf_attr attr = { 0 };

		attr.map_type = m->type;
		attr.key_size = m->key_size;
		attr.value_size = m->value_size;
		attr.max_entries = m->max_entries;
		attr.map_flags = m->flags;
		if (m->inner[0])
			attr.inner_map_fd = find(c, ret_fds, m->inner);
		ret_fds[i] = bpf(j, BPF_MAP_CREATE, &attr);
		if (ret_fds[i] < 0) {
			snprintf(why, why_size, "map %s: error %d", m->name, -ret_fds[i]);
			return false;
		}
		if (m->inner[0] && !put_inner(j, ret_fds[i], find(c, ret_fds, m->inner))) {
			snprintf(why, why_size, "map %s: cannot hold map %s", m->name, m->inner);
			return false;
		}
	}
	return true;
}

void case_maps_close(const struct text_case *c, int fds[CASE_MAX_MAPS])
{
	for (u32 i = 0; i < c->map_cnt; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}
