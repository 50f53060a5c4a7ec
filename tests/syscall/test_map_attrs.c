/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_map_attrs.c - random and boundary attributes of BPF_MAP_CREATE, then of commands on elements, before skep and
 * the running kernel: each call must give the same errno. Sizes are small; what is newer than the kernel
 * (6.18) is left out. SKEP_ATTRS: how many maps are tried. SKEP_SEED: what random numbers begin with.
 */
#include "map/map.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include "../runtime/progs.h"

#include <sys/syscall.h>

static u64 rnd;

static u32 pick(u32 limit)
{
	rnd = rnd * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(rnd >> 33) % limit;
}

#define PICK(list) ((list)[pick(ARRAY_SIZE(list))])

static long bpf(bool kernel, int cmd, union bpf_attr *attr)
{
	long ret;

	if (!kernel)
		return skep_bpf(skep, NULL, cmd, attr, sizeof(*attr));
	ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));
	return ret < 0 ? -errno : ret;
}

/* ---- creation --------------------------------------------------------------------------------------------- */

/* Not: what needs a BTF, a descriptor or a subsystem to be made at all, nor RHASH, which the kernel lacks. */
static const u32 types[] = {
	BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_PERF_EVENT_ARRAY,
	BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_STACK_TRACE, BPF_MAP_TYPE_CGROUP_ARRAY,
	BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_LPM_TRIE, BPF_MAP_TYPE_DEVMAP,
	BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_XSKMAP, BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK,
	BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_BLOOM_FILTER,
};

struct shape {
	u32 key_size, value_size, max_entries;
};

/* What each type takes; half of the attributes are these. */
static struct shape good_shape(u32 type)
{
	switch (type) {
	case BPF_MAP_TYPE_LPM_TRIE:
		return (struct shape){ 8, 8, 16 };
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
	case BPF_MAP_TYPE_BLOOM_FILTER:
		return (struct shape){ 0, 8, 16 };
	case BPF_MAP_TYPE_RINGBUF:
		return (struct shape){ 0, 0, 4096 };
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_STACK_TRACE:
		return (struct shape){ 4, 8, 16 };
	default:
		return (struct shape){ 4, 4, type == BPF_MAP_TYPE_CPUMAP ? 2 : 16 };
	}
}

static union bpf_attr random_map(void)
{
	static const u32 key_sizes[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 255, 256, 260, 261, 512, 513 };
	static const u32 value_sizes[] = { 0, 1, 3, 4, 5, 7, 8, 9, 12, 16, 24, 63, 64, 65, 256, 1016, 1017, 4096 };
	static const u32 entries[] = { 0, 1, 2, 3, 4, 7, 16, 17, 64, 100, 1024, 4095, 4096, 8192 };
	static const u32 flags[] = {
		BPF_F_NO_PREALLOC, BPF_F_NO_COMMON_LRU, BPF_F_NUMA_NODE, BPF_F_RDONLY, BPF_F_WRONLY,
		BPF_F_STACK_BUILD_ID, BPF_F_ZERO_SEED, BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG, BPF_F_CLONE, BPF_F_MMAPABLE,
		BPF_F_PRESERVE_ELEMS, BPF_F_INNER_MAP, BPF_F_LINK, BPF_F_SEGV_ON_FAULT, BPF_F_NO_USER_CONV, BIT(20), BIT(31),
	};
	union bpf_attr attr = { .map_type = PICK(types) };
	struct shape good = good_shape(attr.map_type);

	attr.key_size = pick(6) ? good.key_size : PICK(key_sizes);
	attr.value_size = pick(4) ? good.value_size : PICK(value_sizes);
	attr.max_entries = pick(4) ? good.max_entries : PICK(entries);
	if (attr.map_type == BPF_MAP_TYPE_LPM_TRIE && pick(8))
		attr.map_flags = BPF_F_NO_PREALLOC;
	while (!pick(3))
		attr.map_flags |= PICK(flags);
	if (attr.map_type == BPF_MAP_TYPE_CPUMAP)
		attr.max_entries = attr.max_entries % 16; /* as many CPUs as Linux was built for */
	if (!pick(16))
		attr.map_extra = 1ull << pick(34);
	if (!pick(16))
		attr.numa_node = pick(3);
	if (!pick(16))
		snprintf(attr.map_name, sizeof(attr.map_name), "%s", pick(2) ? "a.b_c" : "a-b");
	if (!pick(32))
		memset(attr.map_name, 'x', sizeof(attr.map_name));
	if (!pick(32))
		attr.btf_key_type_id = pick(2);
	if (!pick(32))
		attr.btf_value_type_id = pick(2);
	return attr;
}

/* ---- elements ----------------------------------------------------------------------------------------------- */

struct elem_call {
	int cmd;
	u64 flags;
	u32 key[130];
	u64 value[1024];
	bool no_key, no_value;
};

static bool is_hash(u32 type)
{
	return type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static void random_call(struct elem_call *c, const union bpf_attr *map)
{
	static const int cmds[] = { BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM,
				    BPF_MAP_GET_NEXT_KEY, BPF_MAP_LOOKUP_AND_DELETE_ELEM, BPF_MAP_FREEZE };
	static const u64 flags[] = { BPF_ANY, BPF_ANY, BPF_ANY, BPF_NOEXIST, BPF_EXIST, 3, BPF_F_LOCK, BPF_F_LOCK | 1, 32, 256 };
	static const u32 keys[] = { 0, 1, 2, 3, 15, 16, 17, 32, 33, 64, UINT32_MAX };
	bool has_key = map->key_size;

	memset(c, 0, sizeof(*c));
	c->cmd = PICK(cmds);
	if (c->cmd == BPF_MAP_FREEZE && pick(8))
		c->cmd = BPF_MAP_LOOKUP_ELEM;
	c->flags = PICK(flags);
	c->key[0] = PICK(keys);
	c->key[1] = pick(3);
	c->value[0] = pick(4) ? 0 : pick(8);
	if (map->map_type == BPF_MAP_TYPE_DEVMAP || map->map_type == BPF_MAP_TYPE_DEVMAP_HASH)
		c->value[0] = 0; /* devices are each machine's own */
	if (map->map_type == BPF_MAP_TYPE_PROG_ARRAY || map->map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY ||
	    map->map_type == BPF_MAP_TYPE_CGROUP_ARRAY || map->map_type == BPF_MAP_TYPE_XSKMAP)
		c->value[0] = 100000 + pick(8); /* no open descriptor */
	c->no_key = has_key ? !pick(16) : pick(8) != 0;
	c->no_value = !pick(24);
	/* The order of a hash is its secret. */
	if (c->cmd == BPF_MAP_GET_NEXT_KEY && is_hash(map->map_type))
		c->no_key = true;
	/* Linux of now looks at flags after it has looked whether the descriptor may read. */
	if (c->cmd == BPF_MAP_LOOKUP_ELEM && map->map_flags & BPF_F_WRONLY)
		c->flags = 0;
}

static long do_call(bool kernel, int fd, const struct elem_call *c)
{
	static struct elem_call copy;
	union bpf_attr attr = { .map_fd = (u32)fd };

	copy = *c;
	if (c->cmd != BPF_MAP_FREEZE) {
		attr.key = c->no_key ? 0 : (uintptr_t)copy.key;
		attr.value = c->no_value ? 0 : (uintptr_t)copy.value;
	}
	if (c->cmd == BPF_MAP_LOOKUP_ELEM || c->cmd == BPF_MAP_UPDATE_ELEM || c->cmd == BPF_MAP_LOOKUP_AND_DELETE_ELEM)
		attr.flags = c->flags;
	return bpf(kernel, c->cmd, &attr);
}

static u32 maps_made, calls_made, calls_ok, differ;

static void compare_calls(const union bpf_attr *map, const int fds[2])
{
	static struct elem_call c;

	for (u32 i = 0; i < 12; i++) {
		long ret[2];

		random_call(&c, map);
		for (u32 k = 0; k < 2; k++)
			ret[k] = do_call(k, fds[k], &c);
		calls_made++;
		calls_ok += !ret[1];
		if (ret[0] == ret[1])
			continue;
		differ++;
		print_message("# type %u key %u value %u entries %u flags %#x: command %d, flags %#llx, key %u%s%s: skep %ld, kernel %ld\n",
			      map->map_type, map->key_size, map->value_size, map->max_entries, map->map_flags, c.cmd,
			      (unsigned long long)c.flags, c.key[0], c.no_key ? ", no key" : "", c.no_value ? ", no value" : "",
			      ret[0], ret[1]);
	}
}

static void compare_map(void)
{
	union bpf_attr attr = random_map(), given;
	int fds[2];

	for (u32 k = 0; k < 2; k++) {
		given = attr;
		fds[k] = (int)bpf(k, BPF_MAP_CREATE, &given);
	}
	if (fds[0] >= 0 && fds[1] >= 0) {
		maps_made++;
		compare_calls(&attr, fds);
	} else if (fds[0] != fds[1]) {
		differ++;
		print_message("# type %u key %u value %u entries %u flags %#x extra %#llx node %u btf %u %u name %.16s: skep %d, kernel %d\n",
			      attr.map_type, attr.key_size, attr.value_size, attr.max_entries, attr.map_flags,
			      (unsigned long long)attr.map_extra, attr.numa_node, attr.btf_key_type_id,
			      attr.btf_value_type_id, attr.map_name, fds[0], fds[1]);
	}
	for (u32 k = 0; k < 2; k++) {
		if (fds[k] >= 0)
			close(fds[k]);
	}
}

static void errors_are_the_kernels(void **state __unused_arg)
{
	const char *cnt = getenv("SKEP_ATTRS"), *seed = getenv("SKEP_SEED");

	if (!kernel_answers()) {
		puts("# bpf(2) is not permitted here");
		skip();
	}
	rnd = seed ? strtoull(seed, NULL, 0) : 1;
	for (u32 i = 0; i < (cnt ? (u32)atoi(cnt) : 3000); i++)
		compare_map();
	print_message("%u maps made, %u calls on them, %u of which did something\n", maps_made, calls_made, calls_ok);
	assert_int_equal(differ, 0);
	assert_true(maps_made > 0 && calls_ok > 0 && calls_ok < calls_made);
}

static int boot_like_host(void **state __unused_arg)
{
	return skep_boot(&(struct skep_opts){ .cpu_cnt = (u32)sysconf(_SC_NPROCESSORS_CONF) }, &skep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_the_kernels),
	};

	return cmocka_run_group_tests(tests, boot_like_host, end);
}
