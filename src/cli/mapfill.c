/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mapfill.c - elements given on the command line. A key or value is a number of up to 8 bytes, an address or
 * bytes; it is put into as many bytes as the map says. Values of per-CPU maps are the same on every CPU.
 */
#include "cli/mapfill.h"

#include "cli/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

/* "hex:0a0b": as many bytes as there are, without blanks. */
static bool hex_bytes(const char *text, u8 *at, u32 size)
{
	u32 cnt;

	return !strchr(text, ' ') && value_hex(text, at, size, &cnt) && cnt == size;
}

/* "10.0.0.0/8", a key of a trie: the length, then the address. */
static bool prefix(const char *text, u8 *at, u32 size)
{
	const char *slash = strchr(text, '/');
	char addr[64];
	u64 bits;

	if (!slash || size < 8 || (size_t)(slash - text) >= sizeof(addr) ||
	    !cli_number(slash + 1, (size - 4) * 8ull, &bits))
		return false;
	memcpy(addr, text, slash - text);
	addr[slash - text] = '\0';
	value_store(at, bits, 4, false);
	return value_address(addr, at + 4, size - 4);
}

/* @what: "key" or "value". */
static bool put(const struct bpf_map *map, const char *what, const char *text, u8 *at, u32 size)
{
	bool port = !strncmp(text, "port:", 5), hex = !strncmp(text, "hex:", 4);
	enum value_result result = VALUE_NO_NUMBER;

	memset(at, 0, size);
	if (hex && hex_bytes(text + 4, at, size))
		return true;
	if (hex)
		return !cli_fail("--map: %s: %s %s: %u bytes are wanted, two digits each", bpf_map__name(map), what, text, size);
	if (value_address(text, at, size) || prefix(text, at, size))
		return true;
	if (size && port && size >= 2)
		result = value_number(text + 5, at, 2, true);
	else if (size)
		result = value_number(text, at, size, false);
	if (result == VALUE_TOO_LARGE)
		return !cli_fail("--map: %s: %s %s does not fit its %u bytes", bpf_map__name(map), what, text, port ? 2 : size);
	if (result == VALUE_NO_NUMBER)
		return !cli_fail("--map: %s: %s \"%s\" is no number, port:NUMBER, net:NUMBER, hex:BYTES or address of %u bytes",
				 bpf_map__name(map), what, text, size);
	return true;
}

static const struct bpf_map *find_map(const struct bpf_object *obj, const char *path, const char *name)
{
	struct nearest near = { .word = name };
	const struct bpf_map *map = cli_find_map(obj, name, strlen(name));

	if (map)
		return map;
	bpf_object__for_each_map(map, obj)
		nearest_try(&near, bpf_map__name(map));
	if (near.best)
		cli_fail("--map: %s has no map %s; did you mean %s?", path, name, near.best);
	else
		cli_fail("--map: %s has no map %s", path, name);
	return NULL;
}

/* Numbers of descriptors would mean what this process happens to have open. */
static bool holds_descriptors(u32 type)
{
	return type == BPF_MAP_TYPE_PROG_ARRAY || type == BPF_MAP_TYPE_PERF_EVENT_ARRAY ||
	       type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS ||
	       type == BPF_MAP_TYPE_CGROUP_ARRAY || type == BPF_MAP_TYPE_XSKMAP || type == BPF_MAP_TYPE_SOCKMAP ||
	       type == BPF_MAP_TYPE_SOCKHASH || type == BPF_MAP_TYPE_REUSEPORT_SOCKARRAY;
}

static const char *why(int err)
{
	switch (err) {
	case -E2BIG:
		return "the map is full, or the key beyond its end";
	case -EPERM:
		return "the map is read-only";
	case -524: /* ENOTSUPP, Linux's own */
	case -EOPNOTSUPP:
		return "maps of this type take no such element";
	default:
		return cli_strerror(err);
	}
}

/* "NAME:KEY=VALUE" as bytes; of per-CPU maps the value once for each CPU, 8 bytes aligned. */
struct elem {
	const struct bpf_map *map;
	const char *key_text, *value_text;
	u8 *key, *value;
	u32 copies, step;
};

static bool make_elem(struct elem *e)
{
	u32 key_size = bpf_map__key_size(e->map), size = bpf_map__value_size(e->map), type = bpf_map__type(e->map);
	bool percpu = type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
		      type == BPF_MAP_TYPE_LRU_PERCPU_HASH;

	e->copies = percpu ? libbpf_num_possible_cpus() : 1;
	e->step = (size + 7) / 8 * 8;
	e->key = calloc(1, key_size + 1);
	e->value = calloc(e->copies, (size_t)e->step + 1);
	if (!e->key || !e->value)
		return !cli_fail("out of memory");
	if (!put(e->map, "key", e->key_text, e->key, key_size) || !put(e->map, "value", e->value_text, e->value, size))
		return false;
	for (u32 i = 1; i < e->copies; i++)
		memcpy(e->value + (size_t)i * e->step, e->value, size);
	return true;
}

static void free_elem(struct elem *e)
{
	free(e->key);
	free(e->value);
}

static const void *key_of(const struct elem *e)
{
	return bpf_map__key_size(e->map) ? e->key : NULL;
}

static bool set_elem(const struct elem *e)
{
	int err = bpf_map_update_elem(bpf_map__fd(e->map), key_of(e), e->value, BPF_ANY);

	return !err || !cli_fail("--map: %s:%s=%s: %s", bpf_map__name(e->map), e->key_text, e->value_text, why(err));
}

/* Of a per-CPU map one CPU's will do. */
static bool check_elem(const struct elem *e)
{
	u32 size = bpf_map__value_size(e->map);
	u8 *there = calloc(e->copies, (size_t)e->step + 1);
	struct strbuf hex = { 0 };
	bool same = false;

	if (!there)
		return !cli_fail("out of memory");
	if (bpf_map_lookup_elem(bpf_map__fd(e->map), key_of(e), there)) {
		free(there);
		return !cli_fail("%s has no %s", bpf_map__name(e->map), e->key_text);
	}
	for (u32 i = 0; i < e->copies; i++)
		same |= !memcmp(there + (size_t)i * e->step, e->value, size);
	cli_add_hex(&hex, there, size);
	if (!same)
		cli_fail("%s:%s is %s, not %s", bpf_map__name(e->map), e->key_text, strbuf_str(&hex), e->value_text);
	strbuf_free(&hex);
	free(there);
	return same;
}

/* @one is "NAME:KEY=VALUE", taken apart in place. */
static bool with_one(const struct bpf_object *obj, const char *path, char *one, bool (*act)(const struct elem *))
{
	char *key = strchr(one, ':'), *value = key ? strchr(key, '=') : NULL;
	struct elem e = { 0 };
	bool ok;

	if (!value)
		return !cli_fail("--map: \"%s\" is not NAME:KEY=VALUE", one);
	*key++ = '\0';
	*value++ = '\0';
	e.key_text = key;
	e.value_text = value;
	e.map = find_map(obj, path, one);
	if (!e.map)
		return false;
	if (holds_descriptors(bpf_map__type(e.map)))
		return !cli_fail("--map: %s: what a map of this type holds cannot be given here", one);
	if (bpf_map__fd(e.map) < 0)
		return !cli_fail("--map: %s: the map was not made", one);
	ok = make_elem(&e) && act(&e);
	free_elem(&e);
	return ok;
}

static bool with_each(const struct bpf_object *obj, const char *path, const char *text,
		      bool (*act)(const struct elem *))
{
	char *copy = strdup(text), *rest = copy, *one;
	bool ok = copy || !cli_fail("out of memory");

	while (ok && (one = strsep(&rest, ",")))
		ok = with_one(obj, path, one, act);
	free(copy);
	return ok;
}

bool mapfill(const struct bpf_object *obj, const char *path, const char *text)
{
	return with_each(obj, path, text, set_elem);
}

bool mapfill_check(const struct bpf_object *obj, const char *path, const char *text)
{
	return with_each(obj, path, text, check_elem);
}
