/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * values.c - __array(values, ...) in a map's definition: of a map of maps what its maps are like, of an
 * array of programs their prototype; and what stands in such a map from the start, which the compiler
 * leaves as relocations of section .maps.
 */
#include "loader/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define R_BPF_64_ABS64 2

static bool is_map_of_maps(const struct bpf_map *map)
{
	return map->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || map->type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

static int inner_def(struct bpf_map *map, const struct btf_t *def)
{
	char name[BPF_OBJ_NAME_LEN];
	struct bpf_map *inner = calloc(1, sizeof(*inner));

	if (!inner)
		return -ENOMEM;
	map->inner = inner;
	snprintf(name, sizeof(name), "%.*s.inner", (int)sizeof(name) - 7, map->name);
	inner->name = strdup(name);
	if (!inner->name)
		return -ENOMEM;
	inner->obj = map->obj;
	inner->fd = inner->inner_fd = -1;
	inner->internal = SEC_MAPS;
	inner->is_inner = true;
	return map_parse_def(inner, def);
}

int map_values(struct bpf_map *map, const struct btf_memb *m)
{
	const struct skep_btf *btf = map->obj->btf.b;
	bool of_maps = is_map_of_maps(map);
	struct btf_arr arr;
	struct btf_t t;

	if (map->is_inner) {
		pr_map_warn(map, "multi-level inner maps not supported.\n");
		return -EOPNOTSUPP;
	}
	if (!of_maps && map->type != BPF_MAP_TYPE_PROG_ARRAY) {
		pr_map_warn(map, "should be map-in-map or prog-array.\n");
		return -EINVAL;
	}
	if (map->value_size && map->value_size != 4) {
		pr_map_warn(map, "conflicting value size %u != 4.\n", map->value_size);
		return -EINVAL;
	}
	map->value_size = 4;
	if (!btf_type_get(btf, btf_skip_mods(btf, m->type), &t) || t.kind != BTF_KIND_ARRAY || !btf_array(&t, &arr) ||
	    arr.nelems) {
		pr_map_warn(map, "'%s' spec is not a zero-sized array.\n", m->name);
		return -EINVAL;
	}
	if (!btf_type_get(btf, btf_skip_mods(btf, arr.elem_type), &t) || t.kind != BTF_KIND_PTR ||
	    !btf_type_get(btf, btf_skip_mods(btf, t.type), &t) ||
	    t.kind != (of_maps ? BTF_KIND_STRUCT : BTF_KIND_FUNC_PROTO)) {
		pr_map_warn(map, "%s def is of unexpected kind %s.\n",
			of_maps ? "map-in-map inner" : "prog-array value", btf_kind_name(t.kind));
		return -EINVAL;
	}
	map->values_off = m->bit_off / 8;
	return of_maps ? inner_def(map, &t) : 0;
}

/* ---- what stands in it ------------------------------------------------------------------------------- */

static int bad_slot(const struct bpf_map *map, u64 off, const char *what, const char *sym)
{
	pr_map_warn(map, "relocation at offset %llu of section .maps: %s '%s'\n", (unsigned long long)off,
		what, sym);
	return -LIBBPF_ERRNO__RELOC;
}

static struct bpf_map *map_around(struct bpf_object *obj, u32 sec_idx, u64 off)
{
	for (u32 i = 0; i < obj->map_cnt; i++) {
		struct bpf_map *map = &obj->maps[i];

		if (map->internal == SEC_MAPS && map->sec_idx == sec_idx && off >= map->sec_off &&
		    off - map->sec_off < map->sec_size)
			return map;
	}
	return NULL;
}

static int add_slot(struct bpf_object *obj, u32 sec_idx, u64 off, const struct elf_sym *sym)
{
	struct bpf_map *map = map_around(obj, sec_idx, off);
	struct map_slot slot = { .map_idx = -1 };

	if (!map || !map->values_off || off - map->sec_off < map->values_off ||
	    (off - map->sec_off - map->values_off) % sizeof(void *)) {
		pr_warn("%s: section .maps: relocation at offset %llu, symbol '%s': no map has a slot there\n", obj->path,
			(unsigned long long)off, sym->name);
		return -LIBBPF_ERRNO__RELOC;
	}
	slot.key = (off - map->sec_off - map->values_off) / sizeof(void *);
	if (is_map_of_maps(map)) {
		slot.map_idx = sym->sec == sec_idx ? map_by_sec(obj, sec_idx, sym->value) : -1;
		if (slot.map_idx < 0)
			return bad_slot(map, off, "no map:", sym->name);
	} else {
		slot.prog = sym->sec < obj->sec_cnt && sym->type == STT_FUNC && obj->secs[sym->sec].kind == SEC_PROGS ?
				    prog_at(obj, sym->sec, sym->value / sizeof(struct bpf_insn)) : NULL;
		if (!slot.prog || slot.prog->is_subprog)
			return bad_slot(map, off, "no program:", sym->name);
	}
	return vec_push(&map->slots, slot) ? 0 : -ENOMEM;
}

static int collect_section(struct bpf_object *obj, const struct elf_sec *rel)
{
	u32 sec_idx = rel->hdr.sh_info, cnt = rel->data ? rel->data->d_size / sizeof(GElf_Rel) : 0;
	int err = 0;

	for (u32 i = 0; i < cnt && !err; i++) {
		GElf_Rel r;

		memcpy(&r, (const char *)rel->data->d_buf + i * sizeof(r), sizeof(r));
		if (GELF_R_SYM(r.r_info) >= obj->sym_cnt || GELF_R_TYPE(r.r_info) != R_BPF_64_ABS64) {
			pr_warn("%s: section .maps: relocation at offset %llu: of a symbol or kind that maps cannot have\n",
				obj->path, (unsigned long long)r.r_offset);
			return -LIBBPF_ERRNO__RELOC;
		}
		err = add_slot(obj, sec_idx, r.r_offset, &obj->syms[GELF_R_SYM(r.r_info)]);
	}
	return err;
}

int values_collect(struct bpf_object *obj)
{
	int err = 0;

	for (u32 i = 1; i < obj->sec_cnt && !err; i++) {
		const struct elf_sec *rel = &obj->secs[i];

		if (rel->hdr.sh_type == SHT_REL && obj->secs[rel->hdr.sh_info].kind == SEC_MAPS)
			err = collect_section(obj, rel);
	}
	return err;
}

static int fill_slot(struct bpf_map *map, const struct map_slot *slot)
{
	const char *kind = slot->prog ? "prog" : "map";
	const char *name = slot->prog ? slot->prog->name : map->obj->maps[slot->map_idx].name;
	int fd = slot->prog ? slot->prog->fd : map->obj->maps[slot->map_idx].fd;
	int err = sys_elem(map->obj->skep, BPF_MAP_UPDATE_ELEM, map->fd, &slot->key, &fd, 0);

	if (err)
		pr_map_warn(map, "failed to initialize slot [%u] to %s '%s' fd=%d: %s\n", slot->key, kind, name, fd,
			ERR_STR(err));
	else
		pr_debug("map '%s': slot [%u] set to %s '%s' fd=%d\n", map->name, slot->key, kind, name, fd);
	return err;
}

int maps_fill_slots(struct bpf_object *obj, bool progs)
{
	for (u32 i = 0; i < obj->map_cnt; i++) {
		struct bpf_map *map = &obj->maps[i];

		for (size_t k = 0; map->fd >= 0 && k < map->slots.cnt; k++) {
			int err = !map->slots.at[k].prog == !progs ? fill_slot(map, &map->slots.at[k]) : 0;

			if (err)
				return err;
		}
	}
	return 0;
}

/* ---- bpf_map__* ---------------------------------------------------------------------------------------- */

struct bpf_map *bpf_map__inner_map(struct bpf_map *map)
{
	NEED_PTR(map);
	return is_map_of_maps(map) ? map->inner : NULL;
}

int bpf_map__set_inner_map_fd(struct bpf_map *map, int fd)
{
	NEED(map);
	if (!is_map_of_maps(map)) {
		pr_warn("error: unsupported map type\n");
		return libbpf_err(-EINVAL);
	}
	if (map->inner_fd != -1) {
		pr_warn("error: inner_map_fd already specified\n");
		return libbpf_err(-EINVAL);
	}
	map->inner_fd = fd; /* stays the application's */
	return 0;
}
