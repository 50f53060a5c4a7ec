/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * maps.c - maps of an object: those defined in .maps (BTF tells type, sizes and flags), and one for
 * each data section. Creating them, and giving data sections their contents.
 */
#include "loader/internal.h"

#include "syscall/syscall.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- collecting -------------------------------------------------------------------------------- */

static struct bpf_map *new_map(struct bpf_object *obj)
{
	struct bpf_map *maps = realloc(obj->maps, (obj->map_cnt + 1) * sizeof(*maps));

	if (!maps)
		return NULL;
	obj->maps = maps;
	memset(&maps[obj->map_cnt], 0, sizeof(*maps));
	maps[obj->map_cnt].obj = obj;
	maps[obj->map_cnt].fd = maps[obj->map_cnt].inner_fd = -1;
	maps[obj->map_cnt].autocreate = true;
	return &maps[obj->map_cnt++];
}

static int bad_map(const struct bpf_map *map, const char *what)
{
	pr_map_warn(map, "%s.\n", what);
	return -EINVAL;
}

/* __uint(name, n): a pointer to an array of n elements. */
static bool uint_member(const struct skep_btf *btf, u32 type, u32 *ret_num)
{
	struct btf_arr arr;
	struct btf_t t;

	if (!btf_type_get(btf, btf_skip_mods(btf, type), &t) || t.kind != BTF_KIND_PTR ||
	    !btf_type_get(btf, t.type, &t) || t.kind != BTF_KIND_ARRAY || !btf_array(&t, &arr))
		return false;
	*ret_num = arr.nelems;
	return true;
}

/* __ulong(name, n): an enum whose one value is n, which may need 64 bits. */
static bool ulong_member(const struct skep_btf *btf, u32 type, u64 *ret_num)
{
	const char *name;
	struct btf_t t;
	u32 num;
	s64 val;

	if (btf_type_get(btf, btf_skip_mods(btf, type), &t) &&
	    (t.kind == BTF_KIND_ENUM || t.kind == BTF_KIND_ENUM64)) {
		if (t.vlen != 1 || !btf_enumerator(btf, &t, 0, &name, &val))
			return false;
		*ret_num = t.kind == BTF_KIND_ENUM ? (u32)val : (u64)val;
		return true;
	}
	if (!uint_member(btf, type, &num))
		return false;
	*ret_num = num;
	return true;
}

/* A number given twice, or against its type's size. */
static int conflict(const struct bpf_map *map, const char *what, long long a, long long b)
{
	pr_map_warn(map, "conflicting %s size %lld != %lld.\n", what, a, b);
	return -EINVAL;
}

static int sized_type(struct bpf_object *obj, struct bpf_map *map, const char *what, u32 type, u32 *size, u32 *ret_id)
{
	struct btf_t t;
	s64 bytes;

	if (!btf_type_get(obj->btf.b, btf_skip_mods(obj->btf.b, type), &t) || t.kind != BTF_KIND_PTR)
		return bad_map(map, "key and value are given by __type()");
	bytes = btf_type_size(obj->btf.b, t.type);
	if (bytes < 0 || bytes > INT32_MAX)
		return bad_map(map, "the type of key or value has no size");
	if (*size && *size != bytes)
		return conflict(map, what, *size, bytes);
	*size = bytes;
	*ret_id = t.type;
	return 0;
}

/* __uint(pinning, ...): enum libbpf_pin_type of <bpf/bpf_helpers.h>. */
static int map_pinning(struct bpf_map *map, u32 how)
{
	if (how > 1) {
		pr_map_warn(map, "invalid pinning value %u.\n", how);
		return -EINVAL;
	}
	if (how && map->is_inner)
		return bad_map(map, "inner def can't be pinned");
	return how && !map->pin_path ? map_pin_by_name(map) : 0;
}

static int map_member(struct bpf_object *obj, struct bpf_map *map, const struct btf_memb *m)
{
	u32 num = 0;
	struct {
		const char *name;
		u32 *to;
	} nums[] = {
		{ "type", (u32 *)&map->type },	       { "max_entries", &map->max_entries },
		{ "map_flags", &map->flags },	       { "key_size", &map->key_size },
		{ "value_size", &map->value_size },    { "numa_node", &map->numa_node },
	};

	for (u32 i = 0; i < ARRAY_SIZE(nums); i++) {
		if (strcmp(m->name, nums[i].name))
			continue;
		if (!uint_member(obj->btf.b, m->type, &num))
			return bad_map(map, "numbers are given by __uint()");
		if (*nums[i].to && *nums[i].to != num)
			return conflict(map, i < 3 ? nums[i].name : i == 3 ? "key" : "value", num, *nums[i].to);
		*nums[i].to = num;
		return 0;
	}
	if (!strcmp(m->name, "map_extra")) {
		if (!ulong_member(obj->btf.b, m->type, &map->extra))
			return bad_map(map, "map_extra is given by __ulong() or __uint()");
		return 0;
	}
	if (!strcmp(m->name, "key"))
		return sized_type(obj, map, m->name, m->type, &map->key_size, &map->btf_key);
	if (!strcmp(m->name, "value"))
		return sized_type(obj, map, m->name, m->type, &map->value_size, &map->btf_value);
	if (!strcmp(m->name, "pinning")) {
		if (!uint_member(obj->btf.b, m->type, &num))
			return bad_map(map, "numbers are given by __uint()");
		return map_pinning(map, num);
	}
	if (!strcmp(m->name, "values"))
		return map_values(map, m);
	if (obj->relaxed_maps) {
		pr_debug("map '%s': ignoring unknown field '%s'.\n", map->name, m->name);
		return 0;
	}
	pr_map_warn(map, "unknown field '%s'.\n", m->name);
	return -EOPNOTSUPP;
}

/* The kernel wants a power of two of whole pages. */
static u32 ringbuf_size(u32 size)
{
	u32 page = sysconf(_SC_PAGESIZE);

	if (!size || (size % page == 0 && !(size & (size - 1))))
		return size;
	for (u32 n = page; n && n <= 1u << 31; n <<= 1) {
		if (n > size)
			return n;
	}
	return size;
}

static bool is_ringbuf(const struct bpf_map *map)
{
	return map->type == BPF_MAP_TYPE_RINGBUF || map->type == BPF_MAP_TYPE_USER_RINGBUF;
}

int map_parse_def(struct bpf_map *map, const struct btf_t *def)
{
	struct bpf_object *obj = map->obj;
	struct btf_memb m;
	int err = 0;

	for (u32 i = 0; i < def->vlen && !err; i++) {
		if (!btf_member(obj->btf.b, def, i, &m))
			return -EINVAL;
		if (!strcmp(m.name, "values") && i + 1 < def->vlen)
			return bad_map(map, "'values' member should be last");
		err = map_member(obj, map, &m);
	}
	if (!err && map->type == BPF_MAP_TYPE_UNSPEC)
		err = bad_map(map, "map type isn't specified");
	if (is_ringbuf(map))
		map->max_entries = ringbuf_size(map->max_entries);
	return err;
}

static int collect_defined(struct bpf_object *obj, u32 sec_idx, const struct btf_secvar *sv)
{
	const struct elf_sec *sec = &obj->secs[sec_idx];
	struct bpf_map *map = new_map(obj);
	struct btf_t var, def;

	if (!map)
		return -ENOMEM;
	map->sec_idx = sec_idx;
	map->sec_off = sv->off;
	if (!btf_type_get(obj->btf.b, sv->type, &var) || !var.name[0])
		return bad_map(map, "its definition has no name");
	map->name = strdup(var.name);
	map->internal = SEC_MAPS;
	if (!map->name)
		return -ENOMEM;
	if ((u64)sv->off + sv->size > sec->hdr.sh_size)
		return bad_map(map, "its definition lies outside of section .maps");
	if (!btf_type_get(obj->btf.b, btf_skip_mods(obj->btf.b, var.type), &def) || def.kind != BTF_KIND_STRUCT)
		return bad_map(map, "its definition is not a struct");
	map->sec_size = sv->size;
	return map_parse_def(map, &def);
}

static int collect_definitions(struct bpf_object *obj)
{
	struct btf_secvar sv;
	struct btf_t sec;
	u32 sec_idx = 0;
	int err;

	for (u32 i = 1; i < obj->sec_cnt && !sec_idx; i++) {
		if (obj->secs[i].kind == SEC_MAPS)
			sec_idx = i;
	}
	if (!sec_idx)
		return 0;
	if (!btf_type_get(obj->btf.b, btf_find(obj->btf.b, ".maps", BTF_KIND_DATASEC), &sec) || !sec.id) {
		pr_warn("%s: section .maps: no BTF for it\n", obj->path);
		return -EINVAL;
	}
	for (u32 i = 0; i < sec.vlen; i++) {
		if (!btf_secvar(&sec, i, &sv))
			return -EINVAL;
		err = collect_defined(obj, sec_idx, &sv);
		if (err)
			return err;
	}
	return 0;
}

/* Up to 8 characters of the object's name, then the section's: "xdp_lb.rodata", 15 in all. Sections
 * with a name of their own (".data.mine") keep that. */
static char *internal_name(const struct bpf_object *obj, const char *sec)
{
	size_t tail = max_of(strlen(sec), (size_t)7), head = tail < BPF_OBJ_NAME_LEN - 1 ? BPF_OBJ_NAME_LEN - 1 - tail : 0;
	char name[BPF_OBJ_NAME_LEN];

	if (strchr(sec + 1, '.'))
		head = 0;
	snprintf(name, sizeof(name), "%.*s%s", (int)head, obj->name, sec);
	for (char *p = name; *p; p++) {
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.", *p))
			*p = '_';
	}
	return strdup(name);
}

static size_t mapped_size(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return round_up_to(round_up_to(size, 8), page);
}

/* Only global variables are for the application; the rest may change with each compilation. */
static bool has_global_var(const struct bpf_object *obj, u32 datasec)
{
	struct btf_secvar sv;
	struct btf_t sec, var;

	if (!datasec || !btf_type_get(obj->btf.b, datasec, &sec))
		return false;
	for (u32 i = 0; btf_secvar(&sec, i, &sv); i++) {
		if (btf_type_get(obj->btf.b, sv.type, &var) && btf_var_linkage(&var) != BTF_VAR_STATIC)
			return true;
	}
	return false;
}

/* @sec: its name; @from NULL: zeros. */
static int add_internal(struct bpf_object *obj, const char *sec, enum sec_kind kind, u32 size, const Elf_Data *from)
{
	struct bpf_map *map = new_map(obj);

	if (!map)
		return -ENOMEM;
	map->name = internal_name(obj, sec);
	map->sec_name = strdup(sec);
	map->internal = kind;
	map->type = BPF_MAP_TYPE_ARRAY;
	map->key_size = 4;
	map->value_size = size;
	map->max_entries = 1;
	map->btf_value = obj->btf.b ? btf_find(obj->btf.b, sec, BTF_KIND_DATASEC) : 0;
	map->flags = kind == SEC_RODATA ? BPF_F_RDONLY_PROG : 0;
	if (has_global_var(obj, map->btf_value))
		map->flags |= BPF_F_MMAPABLE;
	map->data_size = mapped_size(size);
	map->data = mmap(NULL, map->data_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			 0);
	if (map->data == MAP_FAILED) {
		map->data = NULL;
		return -ENOMEM;
	}
	if (!map->name || !map->sec_name)
		return -ENOMEM;
	if (from)
		memcpy(map->data, from->d_buf, from->d_size);
	return 0;
}

static int collect_data(struct bpf_object *obj, u32 sec_idx)
{
	struct elf_sec *sec = &obj->secs[sec_idx];
	int err;

	if (!sec->hdr.sh_size)
		return 0;
	err = add_internal(obj, sec->name, sec->kind, sec->hdr.sh_size, sec->data);
	if (err)
		return err;
	sec->map_idx = obj->map_cnt - 1;
	obj->maps[sec->map_idx].sec_idx = sec_idx;
	return 0;
}

int externs_map(struct bpf_object *obj)
{
	u32 size = 0;
	int err;

	for (size_t i = 0; i < obj->externs.cnt; i++) {
		const struct extern_sym *ext = &obj->externs.at[i];

		if (ext->is_kconfig)
			size = max_of(size, ext->off + ext->size);
	}
	if (!size)
		return 0;
	err = add_internal(obj, ".kconfig", SEC_RODATA, size, NULL);
	if (err)
		return err;
	obj->kconfig_map = obj->map_cnt - 1;
	obj->maps[obj->kconfig_map].is_kconfig = true;
	return 0;
}

int maps_collect(struct bpf_object *obj)
{
	int err = collect_definitions(obj);

	for (u32 i = 1; i < obj->sec_cnt && !err; i++) {
		enum sec_kind kind = obj->secs[i].kind;

		if (kind == SEC_DATA || kind == SEC_RODATA || kind == SEC_BSS)
			err = collect_data(obj, i);
	}
	return err;
}

int map_by_sec(const struct bpf_object *obj, u32 sec_idx, u32 off)
{
	for (u32 i = 0; i < obj->map_cnt; i++) {
		if (obj->maps[i].sec_idx == sec_idx && obj->maps[i].internal == SEC_MAPS && obj->maps[i].sec_off == off)
			return i;
	}
	return -1;
}

/* ---- creating ------------------------------------------------------------------------------------ */

/* From here on the contents are the map's own, at the address that the application may have kept:
 * mremap() puts the new pages there in one step. */
static int go_live(struct bpf_map *map)
{
	int prot = PROT_READ | (map->internal == SEC_RODATA ? 0 : PROT_WRITE);
	struct skep *skep = map->obj->skep;
	void *live;

	if (!(map->flags & BPF_F_MMAPABLE)) {
		munmap(map->data, map->data_size);
		map->data = NULL;
		return 0;
	}
	if (!skep)
		live = mmap(NULL, map->data_size, prot, MAP_SHARED, map->fd, 0);
	else
		live = skep_mmap(skep, map->fd, map->data_size, prot, MAP_SHARED, 0);
	if (!live || live == MAP_FAILED)
		return -errno;
	map->live_prot = prot;
	map->mapped_from_skep = skep != NULL;
	if (mremap(live, map->data_size, map->data_size, MREMAP_MAYMOVE | MREMAP_FIXED, map->data) == MAP_FAILED) {
		munmap(map->data, map->data_size);
		map->data = live;
	}
	map->data_is_live = true;
	return 0;
}

static int fill_data(struct bpf_map *map)
{
	struct skep *skep = map->obj->skep;
	u32 zero = 0;
	int err = sys_elem(skep, BPF_MAP_UPDATE_ELEM, map->fd, &zero, map->data, 0);

	if (err) {
		pr_map_warn(map, "failed to set initial contents: %s\n", ERR_STR(err));
		return err;
	}
	if (map->internal == SEC_RODATA) {
		err = sys_map_freeze(skep, map->fd);
		if (err) {
			pr_map_warn(map, "failed to freeze as read-only: %s\n", ERR_STR(err));
			return err;
		}
	}
	err = go_live(map);
	if (err)
		pr_map_warn(map, "failed to re-mmap() contents: %s\n", ERR_STR(err));
	return err;
}

/* Keys and values of these are the kernel's own; BTF may not describe them. */
static bool has_btf(enum bpf_map_type type)
{
	static const enum bpf_map_type without[] = {
		BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_MAP_TYPE_CGROUP_ARRAY, BPF_MAP_TYPE_STACK_TRACE,
		BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH,
		BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_XSKMAP, BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_SOCKHASH,
		BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK, BPF_MAP_TYPE_ARENA,
	};

	for (u32 i = 0; i < ARRAY_SIZE(without); i++) {
		if (type == without[i])
			return false;
	}
	return true;
}

static int make_fd_with(struct bpf_map *map, int inner_fd)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = map->flags, .map_extra = map->extra,
		    .numa_node = map->numa_node, .map_ifindex = map->ifindex,
		    .inner_map_fd = inner_fd < 0 ? 0 : inner_fd);
	struct bpf_object *obj = map->obj;
	u8 hash[32];
	int fd;

	if (map->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY && !map->max_entries)
		map->max_entries = sys_cpu_cnt(obj->skep);
	if (map->excl_prog) {
		fd = prog_hash(map->excl_prog, hash);
		if (fd)
			return fd;
		opts.excl_prog_hash = hash;
		opts.excl_prog_hash_size = sizeof(hash);
	}

	if (obj->btf_fd >= 0 && has_btf(map->type)) {
		opts.btf_fd = obj->btf_fd;
		opts.btf_key_type_id = map->btf_key;
		opts.btf_value_type_id = map->btf_value;
	}
	fd = sys_map_create(obj->skep, map->type, map->name, map->key_size, map->value_size, map->max_entries, &opts);
	if (fd >= 0 || fd == -EOPNOTSUPP || !(opts.btf_key_type_id | opts.btf_value_type_id))
		return fd;
	pr_info("map '%s': failed to create: %s. Retrying without BTF.\n", map->name, ERR_STR(fd));
	opts.btf_fd = opts.btf_key_type_id = opts.btf_value_type_id = 0;
	map->btf_key = map->btf_value = 0;
	return sys_map_create(obj->skep, map->type, map->name, map->key_size, map->value_size, map->max_entries, &opts);
}

/* A map of maps is told by an example what its maps are like. */
static int make_fd(struct bpf_map *map)
{
	int fd = map->inner_fd, own = -1;

	if (map->inner && fd < 0) {
		own = fd = make_fd_with(map->inner, -1);
		if (fd < 0) {
			pr_map_warn(map, "failed to create inner map: %s\n", ERR_STR(fd));
			return fd;
		}
	}
	fd = make_fd_with(map, fd);
	if (own >= 0)
		close(own);
	return fd;
}

/* An errno alone does not tell which of its attributes was wrong. */
static int cannot_create(const struct bpf_map *map, int err)
{
	const char *why = err == -EOPNOTSUPP && map->obj->skep ? skep_bpf_why(map->obj->skep) : NULL;
	const char *type = libbpf_bpf_map_type_str(map->type);

	if (why)
		pr_map_warn(map, "failed to create: %s\n", why);
	else if (!type)
		pr_map_warn(map, "failed to create: unknown map type %u: %s\n", map->type, ERR_STR(err));
	else
		pr_map_warn(map, "failed to create: %s with key_size %u, value_size %u, max_entries %u, map_flags 0x%x: %s\n",
			    type, map->key_size, map->value_size, map->max_entries, map->flags, ERR_STR(err));
	return err;
}

static int create(struct bpf_map *map)
{
	int fd = make_fd(map);

	if (fd < 0)
		return cannot_create(map, fd);
	map->fd = fd;
	return map->internal == SEC_MAPS ? 0 : fill_data(map);
}

/* Found where it says it is pinned, else made and pinned. When somebody else pins one there meanwhile,
 * that one is taken. Who gave the map a descriptor wants that one. */
static int find_or_create(struct bpf_map *map)
{
	bool retried = false;
	int err = 0;

	for (;; retried = true) {
		if (map->pin_path) {
			err = map_reuse_pinned(map);
			if (!err && retried && map->fd < 0)
				err = -ENOENT;
			if (err)
				break;
		}
		if (map->fd < 0)
			err = create(map);
		if (err || !map->pin_path || map->pinned)
			return err;
		err = bpf_map__pin(map, NULL);
		if (err != -EEXIST || retried)
			break;
		close(map->fd);
		map->fd = -1;
	}
	if (err)
		pr_map_warn(map, "cannot be used at '%s': %s\n", map->pin_path, ERR_STR(err));
	return err;
}

int maps_create(struct bpf_object *obj)
{
	for (u32 i = 0; i < obj->map_cnt; i++) {
		int err = obj->maps[i].autocreate ? find_or_create(&obj->maps[i]) : 0;

		if (err)
			return err;
	}
	return maps_fill_slots(obj, false);
}

void maps_unload(struct bpf_object *obj)
{
	for (u32 i = 0; i < obj->map_cnt; i++) {
		struct bpf_map *map = &obj->maps[i];

		if (map->data && map->mapped_from_skep)
			skep_munmap(obj->skep, map->fd, map->data, map->data_size, map->live_prot);
		else if (map->data)
			munmap(map->data, map->data_size);
		map->data = NULL;
		map->data_is_live = map->mapped_from_skep = false;
		if (map->fd >= 0)
			close(map->fd);
		map->fd = -1;
	}
}

void maps_close(struct bpf_object *obj)
{
	maps_unload(obj);
	for (u32 i = 0; i < obj->map_cnt; i++) {
		struct bpf_map *map = &obj->maps[i];

		free(map->name);
		free(map->sec_name);
		free(map->pin_path);
		if (map->inner)
			free(map->inner->name);
		free(map->inner);
		vec_free(&map->slots);
	}
	free(obj->maps);
}

/* ---- bpf_map__* ----------------------------------------------------------------------------------- */

static bool is_own(const struct bpf_object *obj, const struct bpf_map *map)
{
	if (!map || (map->obj == obj && !map->is_inner))
		return true;
	pr_map_warn(map, "is none of object '%s'\n", obj->name);
	return false;
}

struct bpf_map *bpf_object__next_map(const struct bpf_object *obj, const struct bpf_map *map)
{
	u32 idx;

	NEED_PTR(obj && is_own(obj, map));
	idx = map ? map - obj->maps + 1 : 0;
	return idx < obj->map_cnt ? &obj->maps[idx] : NULL;
}

struct bpf_map *bpf_object__prev_map(const struct bpf_object *obj, const struct bpf_map *map)
{
	u32 idx;

	NEED_PTR(obj && is_own(obj, map));
	idx = map ? map - obj->maps : obj->map_cnt;
	return idx ? &obj->maps[idx - 1] : NULL;
}

struct bpf_map *bpf_object__find_map_by_name(const struct bpf_object *obj, const char *name)
{
	NEED_PTR(obj && name);
	for (u32 i = 0; i < obj->map_cnt; i++) {
		const struct bpf_map *map = &obj->maps[i];

		/* Internal maps answer to their section's name too. */
		if (!strcmp(map->name, name) ||
		    (map->internal != SEC_MAPS && !strcmp(map->sec_name, name)))
			return &obj->maps[i];
	}
	return libbpf_err_ptr(-ENOENT);
}

int bpf_object__find_map_fd_by_name(const struct bpf_object *obj, const char *name)
{
	return bpf_map__fd(bpf_object__find_map_by_name(obj, name));
}

const char *bpf_map__name(const struct bpf_map *map)
{
	return map ? map->name : NULL;
}

int bpf_map__fd(const struct bpf_map *map)
{
	return map ? map->fd : libbpf_err(-EINVAL);
}

/* What may be changed until the map exists. */
#define MAP_FIELD(ctype, name, member)                                                             \
	ctype bpf_map__##name(const struct bpf_map *map)                                           \
	{                                                                                          \
		return map ? map->member : (ctype)0;                                               \
	}                                                                                          \
	int bpf_map__set_##name(struct bpf_map *map, ctype val)                                    \
	{                                                                                          \
		NEED(map);                                                                         \
		if (map->fd >= 0)                                                                  \
			return libbpf_err(-EBUSY);                                                 \
		map->member = val;                                                                 \
		return 0;                                                                          \
	}
MAP_FIELD(enum bpf_map_type, type, type)
MAP_FIELD(__u32, key_size, key_size)
MAP_FIELD(__u32, map_flags, flags)
MAP_FIELD(__u32, numa_node, numa_node)
MAP_FIELD(__u64, map_extra, extra)
MAP_FIELD(bool, autocreate, autocreate)

__u32 bpf_map__max_entries(const struct bpf_map *map)
{
	NEED_OR(map, 0);
	return map->max_entries;
}

int bpf_map__set_max_entries(struct bpf_map *map, __u32 max_entries)
{
	NEED(map);
	if (map->fd >= 0)
		return libbpf_err(-EBUSY);
	map->max_entries = is_ringbuf(map) ? ringbuf_size(max_entries) : max_entries;
	return 0;
}

int bpf_map__reuse_fd(struct bpf_map *map, int fd)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = { .info = { .bpf_fd = fd, .info_len = sizeof(info), .info = (uintptr_t)&info } };
	int err, own;

	NEED(map);
	err = loader_bpf(map->obj->skep, BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (err)
		return libbpf_err(err);
	own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (own < 0)
		return libbpf_err(-errno);
	if (map->fd >= 0)
		close(map->fd);
	map->fd = own;
	map->type = info.type;
	map->key_size = info.key_size;
	map->value_size = info.value_size;
	map->max_entries = info.max_entries;
	map->flags = info.map_flags;
	map->btf_key = info.btf_key_type_id;
	map->btf_value = info.btf_value_type_id;
	map->extra = info.map_extra;
	return 0;
}

__u32 bpf_map__value_size(const struct bpf_map *map)
{
	NEED_OR(map, 0);
	return map->value_size;
}

int bpf_map__set_value_size(struct bpf_map *map, __u32 size)
{
	NEED(map);
	if (map->fd >= 0)
		return libbpf_err(-EBUSY);
	if (map->internal != SEC_MAPS)
		return libbpf_err(-EOPNOTSUPP);
	map->value_size = size;
	map->btf_value = 0; /* the type does not have that size */
	return 0;
}

__u32 bpf_map__btf_key_type_id(const struct bpf_map *map)
{
	NEED_OR(map, 0);
	return map->btf_key;
}

__u32 bpf_map__btf_value_type_id(const struct bpf_map *map)
{
	NEED_OR(map, 0);
	return map->btf_value;
}

bool bpf_map__is_internal(const struct bpf_map *map)
{
	NEED_OR(map, false);
	return map->internal != SEC_MAPS;
}

void *bpf_map__initial_value(const struct bpf_map *map, size_t *psize)
{
	NEED_PTR(map);
	if (!map->data)
		return NULL;
	if (psize)
		*psize = map->value_size;
	return map->data;
}

int bpf_map__set_initial_value(struct bpf_map *map, const void *data, size_t size)
{
	NEED(map && data);
	if (map->fd >= 0)
		return libbpf_err(-EBUSY);
	if (!map->data || map->is_kconfig || size != map->value_size)
		return libbpf_err(-EINVAL);
	memcpy(map->data, data, size);
	return 0;
}

static bool is_percpu(const struct bpf_map *map)
{
	return map->type == BPF_MAP_TYPE_PERCPU_ARRAY || map->type == BPF_MAP_TYPE_PERCPU_HASH ||
	       map->type == BPF_MAP_TYPE_LRU_PERCPU_HASH || map->type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

static int check_sizes(const struct bpf_map *map, size_t key_sz, size_t value_sz, bool with_value)
{
	size_t want = map->value_size;

	if (is_percpu(map))
		want = round_up_to(want, 8) * sys_cpu_cnt(map->obj->skep);
	if (map->fd < 0)
		return -ENOENT;
	return key_sz != map->key_size || (with_value && value_sz != want) ? -EINVAL : 0;
}

static int checked_elem(int cmd, const struct bpf_map *map, const void *key, size_t key_sz, const void *value,
			size_t value_sz, __u64 flags)
{
	int err;

	NEED(map);
	err = check_sizes(map, key_sz, value_sz, cmd != BPF_MAP_DELETE_ELEM && cmd != BPF_MAP_GET_NEXT_KEY);
	return libbpf_err(err ? err : sys_elem(map->obj->skep, cmd, map->fd, key, value, flags));
}

int bpf_map__lookup_elem(const struct bpf_map *map, const void *key, size_t key_sz, void *value, size_t value_sz,
			 __u64 flags)
{
	return checked_elem(BPF_MAP_LOOKUP_ELEM, map, key, key_sz, value, value_sz, flags);
}

int bpf_map__update_elem(const struct bpf_map *map, const void *key, size_t key_sz, const void *value,
			 size_t value_sz, __u64 flags)
{
	return checked_elem(BPF_MAP_UPDATE_ELEM, map, key, key_sz, value, value_sz, flags);
}

int bpf_map__lookup_and_delete_elem(const struct bpf_map *map, const void *key, size_t key_sz, void *value,
				    size_t value_sz, __u64 flags)
{
	return checked_elem(BPF_MAP_LOOKUP_AND_DELETE_ELEM, map, key, key_sz, value, value_sz, flags);
}

int bpf_map__delete_elem(const struct bpf_map *map, const void *key, size_t key_sz, __u64 flags)
{
	return checked_elem(BPF_MAP_DELETE_ELEM, map, key, key_sz, NULL, 0, flags);
}

int bpf_map__get_next_key(const struct bpf_map *map, const void *cur_key, void *next_key, size_t key_sz)
{
	return checked_elem(BPF_MAP_GET_NEXT_KEY, map, cur_key, key_sz, next_key, 0, 0);
}

__u32 bpf_map__ifindex(const struct bpf_map *map)
{
	return map ? map->ifindex : 0;
}

int bpf_map__set_ifindex(struct bpf_map *map, __u32 ifindex)
{
	if (!map)
		return libbpf_err(-EINVAL);
	if (map->fd >= 0)
		return libbpf_err(-EBUSY);
	map->ifindex = ifindex;
	return 0;
}

bool bpf_map__autoattach(const struct bpf_map *map)
{
	return map && !map->no_autoattach;
}

int bpf_map__set_autoattach(struct bpf_map *map, bool autoattach)
{
	if (!map)
		return libbpf_err(-EINVAL);
	map->no_autoattach = !autoattach;
	return 0;
}
