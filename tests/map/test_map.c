/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_map.c - map creation and bpf(2) operations against the tables of what Linux answers
 * (argv: map-types.tsv map-ops.tsv), then what each type does.
 */
#include "btf/btf.h"
#include "core/clock.h"
#include "core/rcu.h"
#include "core/vcpu.h"
#include "map/map.h"

#include <errno.h>
#include <linux/btf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define CPUS  4
#define TYPES 24 /* that skep models and the tables have */

static const char *types_tsv, *ops_tsv;
#include "fixture.h"

/* The descriptor 77 is a hash; the others are open, but nothing of ours. */
static int map_by_fd(void *ctx __unused_arg, int fd, struct skep_map **ret_map)
{
	struct map_attr attr = { .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8,
				 .max_entries = 4, .cpu_cnt = CPUS, .acct = &mem };

	return fd == 77 ? map_create(&attr, ret_map, NULL) : -EINVAL;
}

static int prog_by_fd(void *ctx __unused_arg, int fd __unused_arg,
		      struct map_prog **ret_prog __unused_arg)
{
	return -EINVAL;
}

static int perf_by_fd(void *ctx __unused_arg, int fd __unused_arg,
		      struct perf_event **ret_event __unused_arg)
{
	return -EBADF;
}

/* The probe's descriptor 0 was no socket. */
static int xsk_by_fd(void *ctx __unused_arg, int fd __unused_arg, struct xsk **ret_xsk __unused_arg)
{
	return -ENOTSOCK;
}

static const struct map_objs objs = { .map_by_fd = map_by_fd, .prog_by_fd = prog_by_fd,
				       .perf_by_fd = perf_by_fd, .xsk_by_fd = xsk_by_fd };

static struct map_attr attr_of(u32 type, u32 key, u32 value, u32 max, u32 flags)
{
	return (struct map_attr){ .type = type, .key_size = key, .value_size = value, .max_entries = max,
				  .flags = flags, .cpu_cnt = CPUS, .acct = &mem, .seed = 12345,
				  .objs = &objs, .inner_fd = 77 };
}

static struct skep_map *make(u32 type, u32 key, u32 value, u32 max, u32 flags)
{
	struct map_attr attr = attr_of(type, key, value, max, flags);
	struct skep_map *map = NULL;

	assert_int_equal(map_create(&attr, &map, NULL), 0);
	return map;
}

/* ---- the tables ----------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int err;
} errnos[] = {
	{ "OK", 0 }, { "EINVAL", -EINVAL }, { "E2BIG", -E2BIG }, { "ENOENT", -ENOENT },
	{ "EEXIST", -EEXIST }, { "EBADF", -EBADF }, { "ENOTSUPP", -ENOTSUPP }, { "EPERM", -EPERM }, { "EOPNOTSUPP", -EOPNOTSUPP },
	{ "ENOTSOCK", -ENOTSOCK },
};

static int errno_named(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(errnos); i++) {
		if (!strcmp(errnos[i].name, name))
			return errnos[i].err;
	}
	fail_msg("errno %s is not in the test's table", name);
	return 1;
}

static const struct {
	const char *name;
	u32 bit;
} flags[] = {
	{ "BPF_F_NO_PREALLOC", 0 }, { "BPF_F_NO_COMMON_LRU", 1 }, { "BPF_F_NUMA_NODE", 2 },
	{ "BPF_F_RDONLY", 3 }, { "BPF_F_WRONLY", 4 }, { "BPF_F_STACK_BUILD_ID", 5 },
	{ "BPF_F_ZERO_SEED", 6 }, { "BPF_F_RDONLY_PROG", 7 }, { "BPF_F_WRONLY_PROG", 8 },
	{ "BPF_F_CLONE", 9 }, { "BPF_F_MMAPABLE", 10 }, { "BPF_F_PRESERVE_ELEMS", 11 },
	{ "BPF_F_INNER_MAP", 12 }, { "BPF_F_LINK", 13 }, { "BPF_F_PATH_FD", 14 },
	{ "BPF_F_SEGV_ON_FAULT", 17 }, { "BPF_F_NO_USER_CONV", 18 }, { "BPF_F_RB_OVERWRITE", 19 },
	{ "bit20", 20 },
};

static u32 flag_named(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(flags); i++) {
		if (!strcmp(flags[i].name, name))
			return BIT(flags[i].bit);
	}
	fail_msg("flag %s is not in the test's table", name);
	return 0;
}

#define COLUMNS 24
struct row {
	char line[8192];
	char *col[COLUMNS];
};

static FILE *open_table(const char *path, struct row *head)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_non_null(fgets(head->line, sizeof(head->line), f));
	return f;
}

static bool split(struct row *row)
{
	char *at = row->line;

	row->line[strcspn(row->line, "\n")] = 0;
	memset(row->col, 0, sizeof(row->col));
	for (u32 i = 0; i < COLUMNS && at; i++)
		row->col[i] = strsep(&at, "\t");
	return row->col[0][0] && row->col[0][0] != '#';
}

static bool next_row(FILE *f, struct row *row)
{
	while (fgets(row->line, sizeof(row->line), f)) {
		if (split(row))
			return true;
	}
	return false;
}

/* "+btf" in the table: keys and values are int. */
static void give_btf(struct map_attr *attr, const char *base)
{
	static const struct skep_btf *btf;
	static const struct {
		struct btf_header hdr;
		u32 types[4];
		char strings[8];
	} bytes = { { .magic = 0xeb9f, .version = 1, .hdr_len = sizeof(struct btf_header), .type_len = 16, .str_off = 16,
		      .str_len = 8 }, { 1, 1 << 24, 4, 1 << 24 | 32 }, "\0int" };
	struct skep_btf *parsed;

	if (!strstr(base, "+btf"))
		return;
	if (!btf) {
		assert_int_equal(btf_parse(&bytes, sizeof(bytes), NULL, 0, NULL, &parsed), 0);
		btf = parsed;
	}
	attr->btf = btf;
	attr->btf_key_type_id = attr->btf_value_type_id = 1;
}

static u32 checked;

static void expect_create(const struct map_attr *attr, int want, const char *what, const char *item)
{
	struct skep_map *map = NULL;
	int err = map_create(attr, &map, NULL);

	if (err != want)
		fail_msg("%s %s=%s: %d, Linux gives %d", map_type_name(attr->type), what, item, err, want);
	checked++;
	if (!err)
		map_put(map);
}

/* One column pair: sizes that fit, and "size:ERRNO" for the others. */
static void check_sizes(struct map_attr attr, size_t field, char *good, char *bad, const char *what)
{
	u32 *size = (u32 *)((char *)&attr + field);
	char *item, *colon;

	while ((item = strsep(&good, ","))) {
		if (!*item)
			continue;
		*size = strtoul(item, NULL, 0);
		expect_create(&attr, 0, what, item);
	}
	while ((item = strsep(&bad, " "))) {
		colon = strchr(item, ':');
		if (!colon)
			continue;
		*size = strtoul(item, NULL, 0);
		expect_create(&attr, errno_named(colon + 1), what, item);
	}
}

static void check_flags(struct map_attr attr, char *good, char *bad)
{
	u32 base = attr.flags;
	char *item, *colon;

	while ((item = strsep(&good, ","))) {
		attr.flags = base ^ flag_named(item);
		expect_create(&attr, 0, "flag", item);
	}
	while ((item = strsep(&bad, " "))) {
		colon = strchr(item, ':');
		if (!colon)
			continue;
		*colon = 0;
		attr.flags = base ^ flag_named(item);
		/* Newer than the kernel that was probed, and refused by name: see below. */
		if (attr.type == BPF_MAP_TYPE_RINGBUF && attr.flags == BPF_F_RB_OVERWRITE)
			continue;
		expect_create(&attr, errno_named(colon + 1), "flag", item);
	}
}

static void creation_answers_as_linux(void **state __unused_arg)
{
	struct row row;
	FILE *f = open_table(types_tsv, &row);
	u32 types = 0;

	checked = 0;
	while (next_row(f, &row)) {
		u32 type = atoi(row.col[1]), key, value, max, base;
		struct map_attr attr;

		if (!map_ops_of(type) || row.col[2][0] == '0') /* newer than what was probed */
			continue;
		assert_int_equal(sscanf(row.col[3], "key=%u value=%u max_entries=%u flags=%x", &key, &value,
					&max, &base), 4);
		attr = attr_of(type, key, value, max, base);
		give_btf(&attr, row.col[3]);
		types++;
		expect_create(&attr, 0, "base", "");
		check_sizes(attr, offsetof(struct map_attr, key_size), row.col[4], row.col[5], "key_size");
		check_sizes(attr, offsetof(struct map_attr, value_size), row.col[6], row.col[7], "value_size");
		check_sizes(attr, offsetof(struct map_attr, max_entries), row.col[8], row.col[9], "max_entries");
		check_flags(attr, row.col[10], row.col[11]);
		attr.extra = 1;
		expect_create(&attr, errno_named(row.col[12]), "map_extra", "1");
	}
	fclose(f);
	assert_int_equal(types, TYPES);
	assert_true(checked > 900);
	for (u32 i = 0; i < 3; i++) /* maps of maps, their maps */
		rcu_drain();
	assert_int_equal(mem.used, 0);
}

static void names_are_bpftools(void **state __unused_arg)
{
	struct row row;
	FILE *f = open_table(types_tsv, &row);
	struct map_attr attr;
	struct skep_map *map;
	const char *why;
	char name[64], want[128];
	u32 i;

	while (next_row(f, &row)) {
		u32 type = atoi(row.col[1]);

		for (i = 0; row.col[0][13 + i]; i++)
			name[i] = row.col[0][13 + i] == '_' ? '_' : row.col[0][13 + i] | 0x20;
		name[i] = 0;
		assert_string_equal(map_type_name(type), name);
		if (map_ops_of(type)) {
			assert_string_equal(map_ops_of(type)->name, name);
			continue;
		}
		attr = attr_of(type, 4, 4, 4, 0);
		why = NULL;
		assert_int_equal(map_create(&attr, &map, &why), -EOPNOTSUPP);
		snprintf(want, sizeof(want), "not modelled: map type %s", name);
		assert_string_equal(why, want);
	}
	fclose(f);
	for (u32 type = 36; type < 40; type++) {
		attr = attr_of(type, 4, 4, 4, 0);
		assert_null(map_type_name(type));
		assert_int_equal(map_create(&attr, &map, &why), -EINVAL);
		assert_null(why);
	}
	attr = attr_of(BPF_MAP_TYPE_UNSPEC, 4, 4, 4, 0);
	assert_int_equal(map_create(&attr, &map, &why), -EINVAL);
	attr = attr_of(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, BPF_F_RB_OVERWRITE);
	assert_int_equal(map_create(&attr, &map, &why), -EOPNOTSUPP);
	assert_string_equal(why, "not modelled: map flag BPF_F_RB_OVERWRITE");
}

static int op_result(struct skep_map *map, const char *op, void *key, void *value)
{
	u64 off;
	int fd, err;

	if (!strcmp(op, "lookup") || !strcmp(op, "lookup_after"))
		return map_sys_lookup(map, key, value, 0);
	if (!strcmp(op, "update_exist") || !strcmp(op, "update_exist_again"))
		return map_sys_update(map, key, value, BPF_EXIST);
	if (!strcmp(op, "update_noexist") || !strcmp(op, "update_noexist_again"))
		return map_sys_update(map, key, value, BPF_NOEXIST);
	if (!strcmp(op, "update_any"))
		return map_sys_update(map, key, value, BPF_ANY);
	if (!strcmp(op, "update_flag_lock4"))
		return map_sys_update(map, key, value, BPF_F_LOCK);
	if (!strcmp(op, "update_flag_16"))
		return map_sys_update(map, key, value, 16);
	if (!strcmp(op, "get_next_key_null"))
		return map_sys_next_key(map, NULL, value);
	if (!strcmp(op, "get_next_key"))
		return map_sys_next_key(map, key, value);
	if (!strcmp(op, "lookup_and_delete")) {
		err = map_sys_lookup_and_delete(map, key, value, 0);
		map_sys_update(map, key, value, 0);
		return err;
	}
	if (!strcmp(op, "delete") || !strcmp(op, "delete_missing"))
		return map_sys_delete(map, key);
	if (!strcmp(op, "freeze"))
		return map_sys_freeze(map);
	if (!strcmp(op, "update_after_freeze"))
		return map_sys_update(map, key, value, 0);
	if (!strcmp(op, "mmap"))
		return map_sys_mmap_file(map, 0, 4096, PROT_READ, &fd, &off);
	return 1; /* not an operation of this room */
}

/* As the tables' makers made a map of the type. */
static struct map_attr base_attr(const char *type_name)
{
	u32 type, key, value, max, base;
	struct map_attr attr;
	struct row row;
	FILE *f = open_table(types_tsv, &row);

	while (next_row(f, &row)) {
		if (strcmp(row.col[0], type_name) || !map_ops_of(atoi(row.col[1])))
			continue;
		type = atoi(row.col[1]);
		assert_int_equal(sscanf(row.col[3], "key=%u value=%u max_entries=%u flags=%x", &key, &value,
					&max, &base), 4);
		attr = attr_of(type, key, value, max, base);
		give_btf(&attr, row.col[3]);
		fclose(f);
		return attr;
	}
	fclose(f);
	return attr_of(0, 0, 0, 0, 0);
}

static void operations_answer_as_linux(void **state __unused_arg)
{
	static u64 value[CPUS * 64];
	struct row head, row;
	FILE *f = open_table(ops_tsv, &head);
	u32 types = 0, ops = 0;

	assert_true(split(&head));
	while (next_row(f, &row)) {
		struct map_attr attr = base_attr(row.col[0]);
		struct skep_map *map, *frozen;
		u32 key[2] = { 0 };

		if (!attr.type)
			continue;
		if (attr.type == BPF_MAP_TYPE_LPM_TRIE)
			key[0] = 8, key[1] = 1;
		types++;
		assert_int_equal(map_create(&attr, &map, NULL), 0);
		assert_int_equal(map_create(&attr, &frozen, NULL), 0);
		for (u32 i = 1; head.col[i] && row.col[i]; i++) {
			bool after = !strcmp(head.col[i], "freeze") || !strcmp(head.col[i], "update_after_freeze");
			int err;

			/* The probe's values were 0: no device, no queue. */
			if (attr.type == BPF_MAP_TYPE_DEVMAP ||
			    attr.type == BPF_MAP_TYPE_DEVMAP_HASH || attr.type == BPF_MAP_TYPE_CPUMAP)
				value[0] = 0;
			err = op_result(after ? frozen : map, head.col[i], key, value);

			if (err == 1)
				continue;
			/* BPF_F_ALL_CPUS is newer than the kernel that was probed. */
			if (!strcmp(head.col[i], "update_flag_16")) {
				int want = attr.type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE ? -ENOENT : 0;

				assert_int_equal(err, map->ops->lookup_percpu ? want : -EINVAL);
				continue;
			}
			if (err != errno_named(row.col[i]))
				fail_msg("%s %s: %d, Linux gives %s", row.col[0], head.col[i], err, row.col[i]);
			ops++;
		}
		map_put(map);
		map_put(frozen);
	}
	fclose(f);
	assert_int_equal(types, TYPES);
	assert_true(ops > 60);
}

/* ---- the running kernel as judge ------------------------------------------------------------- */

static long kernel_bpf(int cmd, union bpf_attr *attr)
{
	long ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

static long kernel_elem(int cmd, int fd, const void *key, void *value, u64 op_flags)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd;
	attr.key = (uintptr_t)key;
	attr.value = (uintptr_t)value;
	attr.flags = op_flags;
	return syscall(SYS_bpf, cmd, &attr, 32) < 0 ? -errno : 0;
}

/* The same random operations on a kernel's hash and ours: same results, same values. */
static void same_as_running_kernel(void **state __unused_arg)
{
	static const u32 kinds[] = { BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY };
	struct skep_clock rnd;

	clock_init(&rnd);
	clock_set_seed(&rnd, 7);
	for (u32 t = 0; t < 4; t++) {
		u32 type = kinds[t % 2], mflags = t == 2 ? BPF_F_NO_PREALLOC : 0;
		union bpf_attr attr;
		struct skep_map *map;
		int fd;

		memset(&attr, 0, sizeof(attr));
		attr.map_type = type;
		attr.key_size = 4;
		attr.value_size = 12;
		attr.max_entries = 16;
		attr.map_flags = mflags;
		fd = (int)kernel_bpf(BPF_MAP_CREATE, &attr);
		if (fd < 0)
			skip();
		map = make(type, 4, 12, 16, mflags);
		for (int i = 0; i < 4000; i++) {
			u32 key = clock_random(&rnd) % 24, op = clock_random(&rnd) % 6;
			u32 a[3] = { clock_random(&rnd), i, key }, b[3];
			u64 uflags = clock_random(&rnd) % 5;
			long want, got;

			memcpy(b, a, sizeof(b));
			switch (op) {
			case 0:
				want = kernel_elem(BPF_MAP_LOOKUP_ELEM, fd, &key, a, 0);
				got = map_sys_lookup(map, &key, b, 0);
				break;
			case 1:
				want = kernel_elem(BPF_MAP_DELETE_ELEM, fd, &key, NULL, 0);
				got = map_sys_delete(map, &key);
				break;
			case 2:
				want = kernel_elem(BPF_MAP_LOOKUP_AND_DELETE_ELEM, fd, &key, a, 0);
				got = map_sys_lookup_and_delete(map, &key, b, 0);
				break;
			default:
				want = kernel_elem(BPF_MAP_UPDATE_ELEM, fd, &key, a, uflags);
				got = map_sys_update(map, &key, b, uflags);
			}
			if (want != got)
				fail_msg("op %u key %u flags %u: kernel %ld, skep %ld", op, key, (u32)uflags,
					 want, got);
			assert_memory_equal(a, b, sizeof(a));
		}
		map_put(map);
		close(fd);
	}
}

/* ---- what each type does -------------------------------------------------------------------- */

static void array_works(void **state __unused_arg)
{
	struct skep_map *map = make(BPF_MAP_TYPE_ARRAY, 4, 5, 3, 0), *one;
	u32 key = 2;
	u64 addr, value = 0x1122334455;
	char out[8] = { 0 }, *p;

	assert_int_equal(map_sys_update(map, &key, &value, 0), 0);
	p = map->ops->lookup(map, &key);
	assert_memory_equal(p, &value, 5);
	assert_int_equal((uintptr_t)p % 8, 0);
	assert_int_equal(map_sys_lookup(map, &key, out, 0), 0);
	assert_memory_equal(out, &value, 5);
	key = 3;
	assert_null(map->ops->lookup(map, &key));
	assert_int_equal(map_sys_update(map, &key, &value, 0), -E2BIG);
	assert_int_equal(map_sys_lookup(map, &key, out, 0), -ENOENT);
	assert_int_equal(map_sys_lookup(map, &key, out, BPF_F_CPU), -EINVAL);
	assert_int_equal(map->ops->direct_value(map, 0, &addr), -ENOTSUPP);
	one = make(BPF_MAP_TYPE_ARRAY, 4, 64, 1, BPF_F_RDONLY_PROG);
	key = 0;
	assert_int_equal(one->ops->direct_value(one, 63, &addr), 0);
	assert_int_equal(addr, (u64)(uintptr_t)one->ops->lookup(one, &key) + 63);
	assert_int_equal(one->ops->direct_value(one, 64, &addr), -EINVAL);
	map_put(one);
	map_put(map);
}

static void array_mapped_twice(void **state __unused_arg)
{
	struct skep_map *map = make(BPF_MAP_TYPE_ARRAY, 4, 8, 1024, BPF_F_MMAPABLE);
	u64 off, *a, *b, *value;
	u32 key = 700;
	int fd;

	assert_int_equal(map_sys_mmap_file(map, 0, 8193, PROT_READ, &fd, &off), -EINVAL);
	assert_int_equal(map_sys_mmap_file(map, 4096, 8192, PROT_READ, &fd, &off), -EINVAL);
	assert_int_equal(map_sys_mmap_file(map, 0, 8192, PROT_READ | PROT_WRITE, &fd, &off), 0);
	a = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, off);
	assert_ptr_not_equal(a, MAP_FAILED);
	assert_int_equal(map_sys_mmap_file(map, 4096, 4096, PROT_READ, &fd, &off), 0);
	b = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, off);
	value = map->ops->lookup(map, &key);
	a[700] = 42;
	assert_int_equal(*value, 42);
	assert_int_equal(b[700 - 512], 42);
	*value = 43;
	assert_int_equal(a[700], 43);
	/* A writable mapping is a writer. */
	assert_int_equal(map_sys_freeze(map), -EBUSY);
	map_write_end(map);
	assert_int_equal(map_sys_freeze(map), 0);
	assert_int_equal(map_sys_freeze(map), -EBUSY);
	assert_int_equal(map_sys_mmap_file(map, 0, 8192, PROT_READ | PROT_WRITE, &fd, &off), -EPERM);
	assert_int_equal(map_sys_delete(map, &key), -EPERM);
	munmap(a, 8192);
	munmap(b, 4096);
	map_put(map);
	map = make(BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_MMAPABLE | BPF_F_RDONLY_PROG);
	assert_int_equal(map_sys_mmap_file(map, 0, 4096, PROT_WRITE, &fd, &off), -EACCES);
	assert_int_equal(map_sys_freeze(map), 0); /* the refused mapping is no writer */
	map_put(map);
}

/* M-06 too: BPF_F_ALL_CPUS and BPF_F_CPU. */
static void check_percpu(u32 type)
{
	struct skep_map *map = make(type, 4, 12, 8, 0);
	u8 all[CPUS * 16], one[12];
	struct vcpu *vcpu;
	u32 key = 3;
	u8 *p;

	assert_int_equal(map_sys_value_size(map), sizeof(all));
	assert_int_equal(map_sys_value_size_of(map, BPF_F_CPU), 12);
	for (u32 i = 0; i < sizeof(all); i++)
		all[i] = i + 1;
	assert_int_equal(map_sys_update(map, &key, all, 0), 0);
	for (u32 cpu = 0; cpu < CPUS; cpu++) {
		assert_int_equal(vcpu_bind(vcpus, cpu), 0);
		vcpu = vcpu_enter(vcpus);
		p = map->ops->lookup(map, &key);
		assert_ptr_equal(p, map->ops->lookup_percpu(map, &key, cpu));
		assert_memory_equal(p, all + 16 * cpu, 12);
		memset(one, 100 + cpu, sizeof(one));
		assert_int_equal(map->ops->update(map, &key, one, BPF_EXIST), 0);
		vcpu_leave(vcpu);
	}
	vcpu_unbind(vcpus);
	assert_int_equal(map_sys_lookup(map, &key, all, 0), 0);
	for (u32 cpu = 0; cpu < CPUS; cpu++) {
		assert_int_equal(all[16 * cpu], 100 + cpu);
		assert_int_equal(all[16 * cpu + 11], 100 + cpu);
		assert_int_equal(all[16 * cpu + 12], 0);
	}
	memset(one, 7, sizeof(one));
	assert_int_equal(map_sys_update(map, &key, one, BPF_F_CPU | 2ull << 32), 0);
	assert_int_equal(map_sys_lookup(map, &key, all, 0), 0);
	assert_true(all[16] == 101 && all[32] == 7 && all[48] == 103);
	assert_int_equal(map_sys_lookup(map, &key, one, BPF_F_CPU | 3ull << 32), 0);
	assert_int_equal(one[0], 103);
	assert_int_equal(map_sys_update(map, &key, one, BPF_F_ALL_CPUS), 0);
	assert_int_equal(map_sys_lookup(map, &key, all, 0), 0);
	assert_true(all[0] == 103 && all[16] == 103 && all[32] == 103 && all[48] == 103);
	assert_int_equal(map_sys_update(map, &key, one, BPF_F_CPU | (u64)CPUS << 32), -ERANGE);
	assert_int_equal(map_sys_update(map, &key, one, BPF_F_CPU | BPF_F_ALL_CPUS), -EINVAL);
	assert_int_equal(map_sys_update(map, &key, one, 1ull << 32), -EINVAL);
	assert_int_equal(map_sys_lookup(map, &key, one, BPF_F_ALL_CPUS), -EINVAL);
	assert_null(map->ops->lookup_percpu(map, &key, CPUS));
	map_put(map);
}

static void M06_percpu_array_cpu_flags(void **state __unused_arg)
{
	check_percpu(BPF_MAP_TYPE_PERCPU_ARRAY);
}

static void M06_percpu_hash_cpu_flags(void **state __unused_arg)
{
	struct skep_map *map;
	u64 all[CPUS] = { 9, 9, 9, 9 }, mine = 5;
	struct vcpu *vcpu;
	u32 key = 1;

	check_percpu(BPF_MAP_TYPE_PERCPU_HASH);
	/* A program's new element: its own value, zero elsewhere, also where an element is used again. */
	map = make(BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 1, 0);
	assert_int_equal(map_sys_update(map, &key, all, 0), 0);
	assert_int_equal(map_sys_delete(map, &key), 0);
	vcpu_bind(vcpus, 1);
	vcpu = vcpu_enter(vcpus);
	assert_int_equal(map->ops->update(map, &key, &mine, 0), 0);
	vcpu_leave(vcpu);
	vcpu_unbind(vcpus);
	memset(all, 0xff, sizeof(all));
	assert_int_equal(map_sys_lookup_and_delete(map, &key, all, 0), 0);
	assert_true(all[0] == 0 && all[1] == 5 && all[2] == 0 && all[3] == 0);
	assert_int_equal(map_sys_lookup(map, &key, all, 0), -ENOENT);
	map_put(map);
}

/* Every key size, against a plain model; full, walked, emptied. */
static void check_hash(u32 key_size, u32 max, u32 mflags)
{
	struct skep_map *map = make(BPF_MAP_TYPE_HASH, key_size, 8, max, mflags);
	u8 *key = calloc(1, key_size), *next = calloc(1, key_size);
	u32 keys = key_size == 1 ? 256 : 2 * max, live = 0, walked = 0;
	u64 *model = calloc(keys, 8), value;
	struct skep_clock rnd;

	clock_init(&rnd);
	clock_set_seed(&rnd, key_size);
	for (u32 i = 0; i < 20 * keys; i++) {
		u32 k = clock_random(&rnd) % keys, op = clock_random(&rnd) % 4;
		int err;

		/* Keys that differ in their last bytes only, or in their first. */
		memset(key, 0xab, key_size);
		memcpy(key + (k & 1 ? key_size - min_of(key_size, 4u) : 0), &k, min_of(key_size, 4u));
		switch (op) {
		case 0:
			err = map_sys_delete(map, key);
			assert_int_equal(err, model[k] ? 0 : -ENOENT);
			live -= !!model[k];
			model[k] = 0;
			break;
		case 1:
			err = map_sys_lookup(map, key, &value, 0);
			assert_int_equal(err, model[k] ? 0 : -ENOENT);
			if (!err)
				assert_int_equal(value, model[k]);
			break;
		default:
			value = i + 1;
			err = map_sys_update(map, key, &value, 0);
			assert_int_equal(err, model[k] || live < max ? 0 : -E2BIG);
			if (err)
				break;
			live += !model[k];
			model[k] = value;
		}
	}
	for (int err = map_sys_next_key(map, NULL, next); !err;
	     err = map_sys_next_key(map, key, next)) {
		memcpy(key, next, key_size);
		assert_int_equal(map_sys_lookup(map, key, &value, 0), 0);
		assert_true(++walked <= live);
	}
	assert_int_equal(walked, live);
	memset(key, 0xcd, key_size); /* not there: from the beginning */
	if (live && key_size > 1)
		assert_int_equal(map_sys_next_key(map, key, next), 0);
	free(key);
	free(next);
	free(model);
	map_put(map);
	rcu_drain();
}

static void hash_works_for_all_key_sizes(void **state __unused_arg)
{
	static const u32 sizes[] = { 1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 24, 40, 65, 4096 };

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		check_hash(sizes[i], 100, 0);
		check_hash(sizes[i], 100, BPF_F_NO_PREALLOC);
	}
	check_hash(4, 1, 0);
	check_hash(8, 1, BPF_F_NO_PREALLOC);
	assert_int_equal(mem.used, 0);
}

static void hash_full_can_replace(void **state __unused_arg)
{
	for (u32 mflags = 0; mflags < 2; mflags++) {
		struct skep_map *map = make(BPF_MAP_TYPE_HASH, 4, 8, 4, mflags);
		u64 value;

		for (u32 round = 0; round < 1000; round++) {
			for (u32 key = 0; key < 4; key++) {
				value = round * 4 + key;
				assert_int_equal(map_sys_update(map, &key, &value, 0), 0);
			}
			u32 fifth = 4;

			assert_int_equal(map_sys_update(map, &fifth, &value, 0), -E2BIG);
		}
		for (u32 key = 0; key < 4; key++) {
			assert_int_equal(map_sys_lookup(map, &key, &value, 0), 0);
			assert_int_equal(value, 999 * 4 + key);
		}
		map_put(map);
	}
}

static long sum_elem(void *ctx, struct skep_map *map __unused_arg, void *key, void *value)
{
	u64 *sum = ctx;

	assert_int_equal(*(u32 *)key * 10, *(u64 *)value);
	*sum += *(u64 *)value;
	return *sum > 1000000;
}

static long delete_elem(void *ctx __unused_arg, struct skep_map *map, void *key, void *value __unused_arg)
{
	return map->ops->delete (map, key);
}

static void for_each_visits_all(void **state __unused_arg)
{
	static const u32 kinds[] = { BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY };

	for (u32 t = 0; t < 2; t++) {
		struct skep_map *map = make(kinds[t], 4, 8, 100, 0);
		u64 sum = 0;

		for (u32 key = 0; key < 100; key++) {
			u64 value = key * 10;

			assert_int_equal(map_sys_update(map, &key, &value, 0), 0);
		}
		rcu_enter();
		assert_int_equal(map->ops->for_each(map, sum_elem, &sum, 1), -EINVAL);
		assert_int_equal(map->ops->for_each(map, sum_elem, &sum, 0), 100);
		assert_int_equal(sum, 49500);
		sum = 1000000;
		assert_in_range(map->ops->for_each(map, sum_elem, &sum, 0), 1, 2);
		if (kinds[t] == BPF_MAP_TYPE_HASH) {
			sum = 0;
			assert_int_equal(map->ops->for_each(map, delete_elem, NULL, 0), 100);
			assert_int_equal(map->ops->for_each(map, sum_elem, &sum, 0), 0);
		}
		rcu_leave();
		map_put(map);
	}
}

static void limits_are_kept(void **state __unused_arg)
{
	struct map_attr attr = attr_of(BPF_MAP_TYPE_ARRAY, 4, 1 << 20, 1 << 20, 0);
	struct skep_map *map;

	rcu_drain();
	mem.limit = 64 << 20;
	assert_int_equal(map_create(&attr, &map, NULL), -ENOMEM);
	attr.type = BPF_MAP_TYPE_HASH;
	assert_int_equal(map_create(&attr, &map, NULL), -ENOMEM);
	attr = attr_of(BPF_MAP_TYPE_RINGBUF, 0, 0, 1u << 31, 0);
	assert_int_equal(map_create(&attr, &map, NULL), -ENOMEM);
	attr = attr_of(BPF_MAP_TYPE_HASH, 4, 4 << 20, 1, 0);
	assert_int_equal(map_create(&attr, &map, NULL), -E2BIG);
	attr = attr_of(BPF_MAP_TYPE_ARRAY, 4, 0x80000000u, 1, 0);
	assert_int_equal(map_create(&attr, &map, NULL), -E2BIG);
	attr = attr_of(BPF_MAP_TYPE_HASH, 4, 8, UINT32_MAX, BPF_F_NO_PREALLOC);
	assert_int_equal(map_create(&attr, &map, NULL), -E2BIG);
	assert_int_equal(mem.used, 0);
	/* Without preallocation the limit is met by use. */
	map = make(BPF_MAP_TYPE_HASH, 4, 1 << 20, 1000, BPF_F_NO_PREALLOC);
	char *value = calloc(1, 1 << 20);
	u32 key;

	for (key = 0; key < 1000 && !map_sys_update(map, &key, value, 0); key++)
		;
	assert_int_equal(key, 63);
	assert_int_equal(map_sys_update(map, &key, value, 0), -ENOMEM);
	free(value);
	assert_true(map_mem_usage(map) > 63 << 20);
	map_put(map);
	rcu_drain();
	assert_int_equal(mem.used, 0);
	mem.limit = 0;
	attr = attr_of(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
	strcpy(attr.name, "a.b_C9");
	assert_int_equal(map_create(&attr, &map, NULL), 0);
	assert_string_equal(map->name, "a.b_C9");
	map_put(map);
	strcpy(attr.name, "a-b");
	assert_int_equal(map_create(&attr, &map, NULL), -EINVAL);
	memset(attr.name, 'x', sizeof(attr.name));
	assert_int_equal(map_create(&attr, &map, NULL), -EINVAL);
}

static int drop_id_calls;
static void drop_id(struct skep_map *map __unused_arg, void *ctx)
{
	drop_id_calls += ctx == &drop_id_calls;
}

static void references_keep_a_map(void **state __unused_arg)
{
	struct skep_map *map = make(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);

	map->on_free = drop_id;
	map->on_free_ctx = &drop_id_calls;
	map_get(map);
	map_put(map);
	assert_int_equal(drop_id_calls, 0);
	map_put(map);
	assert_int_equal(drop_id_calls, 1);
	rcu_drain();
	assert_int_equal(mem.used, 0);
}

/* ---- ring buffer ---------------------------------------------------------------------------- */

struct seen {
	u32 cnt;
	u64 sum;
	size_t last_size;
	int stop_at;
};

static int see(void *ctx, void *data, size_t size)
{
	struct seen *seen = ctx;

	seen->cnt++;
	seen->last_size = size;
	seen->sum += *(u32 *)data;
	return seen->stop_at && (int)seen->cnt == seen->stop_at ? -7 : 0;
}

static bool readable(int fd)
{
	u64 cnt;

	return read(fd, &cnt, sizeof(cnt)) == sizeof(cnt);
}

static void ringbuf_records(void **state __unused_arg)
{
	struct skep_map *map = make(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	struct seen seen = { 0 };
	u32 one = 1, *a, *b, *c;

	assert_int_equal(ringbuf_query(map, BPF_RB_RING_SIZE), 4096);
	assert_int_equal(ringbuf_output(map, &one, sizeof(one), 0), 0);
	assert_int_equal(ringbuf_query(map, BPF_RB_AVAIL_DATA), 16);
	assert_int_equal(ringbuf_consume(map, see, &seen), 1);
	assert_int_equal(seen.last_size, 4);
	a = ringbuf_reserve(map, 4, 0);
	b = ringbuf_reserve(map, 8, 0);
	c = ringbuf_reserve(map, 16, 0);
	*a = 10;
	*b = 20;
	*c = 30;
	ringbuf_submit(b, 0);
	assert_int_equal(ringbuf_consume(map, see, &seen), 0); /* a is first */
	ringbuf_submit(a, 0);
	assert_int_equal(ringbuf_consume(map, see, &seen), 2);
	ringbuf_discard(c, 0);
	assert_int_equal(ringbuf_consume(map, see, &seen), 0);
	assert_int_equal(seen.sum, 31);
	assert_int_equal(ringbuf_query(map, BPF_RB_AVAIL_DATA), 0);
	assert_int_equal(ringbuf_query(map, BPF_RB_CONS_POS), 72);
	assert_int_equal(ringbuf_query(map, BPF_RB_PROD_POS), 72);
	assert_int_equal(ringbuf_query(map, 99), 0);
	assert_int_equal(ringbuf_output(map, &one, 4, 4), -EINVAL);
	assert_null(ringbuf_reserve(map, 4, 1));
	/* Two records wait, the function stops at the first: it counts as consumed. */
	ringbuf_output(map, &one, 4, 0);
	ringbuf_output(map, &one, 4, 0);
	seen = (struct seen){ .stop_at = 1 };
	assert_int_equal(ringbuf_consume(map, see, &seen), -7);
	assert_int_equal(ringbuf_consume(map, see, &seen), 1);
	map_put(map);
}

static void ringbuf_full_and_sizes(void **state __unused_arg)
{
	struct skep_map *map = make(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	struct seen seen = { 0 };
	char big[4096] = { 1 };
	void *first;
	u32 n;

	assert_null(ringbuf_reserve(map, 4096, 0));
	assert_null(ringbuf_reserve(map, 4088, 0)); /* positions may differ by 4095 at most */
	assert_null(ringbuf_reserve(map, UINT64_MAX, 0));
	assert_int_equal(ringbuf_output(map, big, 4080, 0), 0);
	assert_int_equal(ringbuf_output(map, big, 8, 0), -EAGAIN);
	assert_int_equal(ringbuf_consume(map, see, &seen), 1);
	for (n = 0; !ringbuf_output(map, big, 56, 0); n++)
		;
	assert_int_equal(n, 63);
	assert_int_equal(ringbuf_consume(map, see, &seen), 63);
	/* A busy record holds up what follows, also where the consumer says it is past it. */
	first = ringbuf_reserve(map, 56, 0);
	for (n = 0; !ringbuf_output(map, big, 56, 0); n++)
		;
	assert_int_equal(n, 62);
	assert_int_equal(ringbuf_consume(map, see, &seen), 0);
	ringbuf_submit(first, 0);
	assert_int_equal(ringbuf_consume(map, see, &seen), 63);
	map_put(map);
}

/* A consumer that has nothing but the mapped file, as libbpf's: records over the end in one piece. */
static void ringbuf_mapped_consumer(void **state __unused_arg)
{
	struct skep_map *map = make(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	u64 off, *cons, pos = 0;
	u32 len, want = 0, seen = 0;
	char *prod, *rec;
	int fd;

	assert_int_equal(map_sys_mmap_file(map, 0, 8192, PROT_READ | PROT_WRITE, &fd, &off), -EPERM);
	assert_int_equal(map_sys_mmap_file(map, 4096, 4096, PROT_READ | PROT_WRITE, &fd, &off), -EPERM);
	assert_int_equal(map_sys_mmap_file(map, 4096, 4096 + 2 * 4096 + 1, PROT_READ, &fd, &off), -EINVAL);
	assert_int_equal(map_sys_mmap_file(map, 0, 4096, PROT_READ | PROT_WRITE, &fd, &off), 0);
	cons = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, off);
	assert_int_equal(map_sys_mmap_file(map, 4096, 4096 + 2 * 4096, PROT_READ, &fd, &off), 0);
	prod = mmap(NULL, 4096 + 2 * 4096, PROT_READ, MAP_SHARED, fd, off);
	assert_true(cons != MAP_FAILED && prod != MAP_FAILED);
	for (u32 i = 0; i < 1000; i++) {
		u32 size = 4 + i % 300 * 4, words[300];

		for (u32 w = 0; w < size / 4; w++)
			words[w] = i + w;
		assert_int_equal(ringbuf_output(map, words, size, 0), 0);
		while (pos < __atomic_load_n((u64 *)prod, __ATOMIC_ACQUIRE)) {
			rec = prod + 4096 + (pos & 4095);
			len = __atomic_load_n((u32 *)rec, __ATOMIC_ACQUIRE);
			assert_int_equal(len & (BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT), 0);
			assert_int_equal(len, 4 + want % 300 * 4);
			for (u32 w = 0; w < len / 4; w++)
				assert_int_equal(((u32 *)(rec + 8))[w], want + w);
			want++;
			seen++;
			pos += (len + 8 + 7) & ~7u;
			__atomic_store_n(cons, pos, __ATOMIC_RELEASE);
		}
	}
	assert_int_equal(seen, 1000);
	/* A consumer position from nowhere stops producers, and no more than that. */
	*cons = pos + 1000000;
	assert_null(ringbuf_reserve(map, 8, 0));
	*cons = pos;
	rec = ringbuf_reserve(map, 8, 0);
	assert_non_null(rec);
	ringbuf_discard(rec, 0);
	munmap(cons, 4096);
	munmap(prod, 4096 + 2 * 4096);
	map_put(map);
}

static void ringbuf_wakeups(void **state __unused_arg)
{
	struct skep_map *map = make(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	int fd = map->ops->poll_fd(map);
	struct seen seen = { 0 };
	u32 one = 1;

	assert_false(readable(fd));
	ringbuf_output(map, &one, 4, 0);
	assert_true(readable(fd));
	ringbuf_output(map, &one, 4, 0); /* the consumer is behind: it will find this one anyway */
	assert_false(readable(fd));
	ringbuf_output(map, &one, 4, BPF_RB_FORCE_WAKEUP);
	assert_true(readable(fd));
	assert_int_equal(ringbuf_consume(map, see, &seen), 3);
	ringbuf_output(map, &one, 4, BPF_RB_NO_WAKEUP);
	assert_false(readable(fd));
	ringbuf_output(map, &one, 4, BPF_RB_FORCE_WAKEUP);
	assert_int_equal(ringbuf_consume(map, see, &seen), 2); /* and reads the descriptor empty */
	assert_false(readable(fd));
	map_put(map);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creation_answers_as_linux),
		cmocka_unit_test(names_are_bpftools),
		cmocka_unit_test(operations_answer_as_linux),
		cmocka_unit_test(same_as_running_kernel),
		cmocka_unit_test(array_works),
		cmocka_unit_test(array_mapped_twice),
		cmocka_unit_test(M06_percpu_array_cpu_flags),
		cmocka_unit_test(M06_percpu_hash_cpu_flags),
		cmocka_unit_test(hash_works_for_all_key_sizes),
		cmocka_unit_test(hash_full_can_replace),
		cmocka_unit_test(for_each_visits_all),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(references_keep_a_map),
		cmocka_unit_test(ringbuf_records),
		cmocka_unit_test(ringbuf_full_and_sizes),
		cmocka_unit_test(ringbuf_mapped_consumer),
		cmocka_unit_test(ringbuf_wakeups),
	};

	if (argc < 3) {
		fprintf(stderr, "usage: test_map map-types.tsv map-ops.tsv\n");
		return 2;
	}
	types_tsv = argv[1];
	ops_tsv = argv[2];
	return cmocka_run_group_tests(tests, setup, teardown);
}
