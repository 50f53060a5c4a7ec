/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skeleton.c - what "bpftool gen skeleton" headers call: an object in memory, and pointers to its maps,
 * programs and data by name. Attaching is not modelled; a skeleton whose programs are only test-run
 * works.
 */
#include "loader/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ITEM(base, i, size) ((void *)((char *)(base) + (size_t)(i) * (size)))

static int find_maps(const struct bpf_object *obj, struct bpf_map_skeleton *maps, int cnt, int size)
{
	for (int i = 0; i < cnt; i++) {
		struct bpf_map_skeleton *m = ITEM(maps, i, size);

		*m->map = bpf_object__find_map_by_name(obj, m->name);
		if (!*m->map) {
			pr_warn("failed to find skeleton map '%s'\n", m->name);
			return -ESRCH;
		}
		if (m->mmaped)
			*m->mmaped = (*m->map)->data;
	}
	return 0;
}

static int find_progs(const struct bpf_object *obj, struct bpf_prog_skeleton *progs, int cnt, int size)
{
	for (int i = 0; i < cnt; i++) {
		struct bpf_prog_skeleton *p = ITEM(progs, i, size);

		*p->prog = bpf_object__find_program_by_name(obj, p->name);
		if (!*p->prog) {
			pr_warn("failed to find skeleton program '%s'\n", p->name);
			return -ESRCH;
		}
	}
	return 0;
}

int bpf_object__open_skeleton(struct bpf_object_skeleton *s, const struct bpf_object_open_opts *opts)
{
	struct bpf_object_open_opts named = { .sz = sizeof(named) };
	struct bpf_object *obj;
	int err;

	NEED(s && s->obj);
	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	if (opts)
		memcpy(&named, opts, min_of(opts->sz, sizeof(named)));
	named.sz = sizeof(named);
	if (!named.object_name)
		named.object_name = s->name;
	obj = bpf_object__open_mem(s->data, s->data_sz, &named);
	if (!obj) {
		err = -errno;
		pr_warn("failed to initialize skeleton BPF object '%s': %s\n", s->name, ERR_STR(err));
		return libbpf_err(err);
	}
	*s->obj = obj;
	err = find_maps(obj, s->maps, s->map_cnt, s->map_skel_sz);
	if (err)
		pr_warn("failed to populate skeleton maps for '%s': %s\n", s->name, ERR_STR(err));
	else if ((err = find_progs(obj, s->progs, s->prog_cnt, s->prog_skel_sz)))
		pr_warn("failed to populate skeleton progs for '%s': %s\n", s->name, ERR_STR(err));
	return libbpf_err(err);
}

int bpf_object__load_skeleton(struct bpf_object_skeleton *s)
{
	int err;

	NEED(s && s->obj);
	err = bpf_object__load(*s->obj);
	if (err) {
		pr_warn("failed to load BPF skeleton '%s': %s\n", s->name, ERR_STR(err));
		return libbpf_err(err);
	}
	for (int i = 0; i < s->map_cnt; i++) {
		struct bpf_map_skeleton *m = ITEM(s->maps, i, s->map_skel_sz);

		if (m->mmaped)
			*m->mmaped = (*m->map)->data;
	}
	return 0;
}

/* Programs whose section does not tell where to (SEC("xdp")) the application attaches itself. */
int bpf_object__attach_skeleton(struct bpf_object_skeleton *s)
{
	NEED(s);
	for (int i = 0; i < s->prog_cnt; i++) {
		struct bpf_prog_skeleton *p = ITEM(s->progs, i, s->prog_skel_sz);
		struct bpf_program *prog = *p->prog;

		NEED(prog);
		if (!prog->autoload || prog->no_autoattach || !prog->can_attach || (p->link && *p->link))
			continue;
		if (!p->link)
			return libbpf_err(-EINVAL);
		*p->link = bpf_program__attach(prog);
		if (!*p->link && errno) {
			int err = -errno;

			pr_warn("prog '%s': failed to auto-attach: %s\n", prog->name, ERR_STR(err));
			return libbpf_err(err);
		}
	}
	return 0;
}

void bpf_object__detach_skeleton(struct bpf_object_skeleton *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->prog_cnt; i++) {
		struct bpf_prog_skeleton *p = ITEM(s->progs, i, s->prog_skel_sz);

		if (!p->link)
			continue;
		bpf_link__destroy(*p->link);
		*p->link = NULL;
	}
}

void bpf_object__destroy_skeleton(struct bpf_object_skeleton *s)
{
	if (!s)
		return;
	bpf_object__detach_skeleton(s);
	if (s->obj)
		bpf_object__close(*s->obj);
	free(s->maps);
	free(s->progs);
	free(s);
}

int bpf_object__open_subskeleton(struct bpf_object_subskeleton *s)
{
	int err;

	NEED(s && s->obj);
	err = find_maps(s->obj, s->maps, s->map_cnt, s->map_skel_sz);
	if (!err)
		err = find_progs(s->obj, s->progs, s->prog_cnt, s->prog_skel_sz);
	for (int i = 0; i < s->var_cnt && !err; i++) {
		struct bpf_var_skeleton *v = ITEM(s->vars, i, s->var_skel_sz);
		const struct bpf_map *map = *v->map;
		__u32 off, size;

		if (map->data && btf__find_var(bpf_object__btf(s->obj), map->sec_name, v->name, &off, &size))
			*v->addr = (char *)map->data + off;
	}
	return libbpf_err(err);
}

void bpf_object__destroy_subskeleton(struct bpf_object_subskeleton *s)
{
	if (!s)
		return;
	free(s->maps);
	free(s->progs);
	free(s->vars);
	free(s);
}
