/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * maps.c - the maps that a case's instructions refer to. One row a table field: the tables rely on
 * these types, sizes and contents.
 */
#include "conf.h"

#include "btf/btf.h"
#include "runtime/runtime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/btf.h>

/* Types of the values with special fields; TYPE_* are their numbers. */
enum { TYPE_INT = 1, TYPE_SPIN_LOCK, TYPE_LOCKED, TYPE_TIMER, TYPE_TIMED, TYPE_REF_KFUNC, TYPE_MEMBER,
       TYPE_TAG_UNREF, TYPE_TAG_REF, TYPE_TAG_MEMBER, TYPE_PTR_UNREF, TYPE_PTR_REF, TYPE_PTR_MEMBER,
       TYPE_KPTRS };
static const char value_strs[] =
	"\0bpf_spin_lock\0val\0cnt\0l\0bpf_timer\0timer\0t\0btf_ptr\0prog_test_ref_kfunc\0ptr\0"
	"kptr_untrusted\0kptr\0prog_test_member";

struct map_row {
	const char *name;
	u32 type, key_size, value_size, max_entries, flags, btf_value;
	bool has_value; /* element 0 is a test_val */
};
#define VAL sizeof(struct test_val)
static const struct map_row map_rows[FIXUP_CNT] = {
	[FIXUP_map_hash_8b] = { "hash_8b", BPF_MAP_TYPE_HASH, 8, 8, 1, BPF_F_NO_PREALLOC },
	[FIXUP_map_hash_48b] = { "hash_48b", BPF_MAP_TYPE_HASH, 8, VAL, 1, BPF_F_NO_PREALLOC },
	[FIXUP_map_hash_16b] = { "hash_16b", BPF_MAP_TYPE_HASH, 8, 16, 1, BPF_F_NO_PREALLOC },
	[FIXUP_map_array_48b] = { "array_48b", BPF_MAP_TYPE_ARRAY, 4, VAL, 1, .has_value = true },
	[FIXUP_map_sockmap] = { "sockmap", BPF_MAP_TYPE_SOCKMAP, 4, 4, 1 },
	[FIXUP_map_sockhash] = { "sockhash", BPF_MAP_TYPE_SOCKHASH, 4, 4, 1 },
	[FIXUP_map_xskmap] = { "xskmap", BPF_MAP_TYPE_XSKMAP, 4, 4, 1 },
	[FIXUP_map_stacktrace] = { "stacktrace", BPF_MAP_TYPE_STACK_TRACE, 4, 8, 1 },
	[FIXUP_prog1] = { "prog1", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4 },
	[FIXUP_prog2] = { "prog2", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 8 },
	[FIXUP_map_in_map] = { "map_in_map", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 1 },
	[FIXUP_cgroup_storage] = { "cgroup_storage", BPF_MAP_TYPE_CGROUP_STORAGE, 16, TEST_DATA_LEN },
	[FIXUP_percpu_cgroup_storage] = { "percpu_cgroup_storage", BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 16,
					  TEST_DATA_LEN },
	[FIXUP_map_spin_lock] = { "spin_lock", BPF_MAP_TYPE_ARRAY, 4, 8, 1, .btf_value = TYPE_LOCKED },
	[FIXUP_map_array_ro] = { "array_ro", BPF_MAP_TYPE_ARRAY, 4, VAL, 1, BPF_F_RDONLY_PROG,
				 .has_value = true },
	[FIXUP_map_array_wo] = { "array_wo", BPF_MAP_TYPE_ARRAY, 4, VAL, 1, BPF_F_WRONLY_PROG,
				 .has_value = true },
	[FIXUP_map_array_small] = { "array_small", BPF_MAP_TYPE_ARRAY, 4, 1, 1, .has_value = true },
	[FIXUP_map_event_output] = { "event_output", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 1 },
	[FIXUP_map_reuseport_array] = { "reuseport_array", BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, 1 },
	[FIXUP_map_ringbuf] = { "ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096 },
	[FIXUP_map_timer] = { "timer", BPF_MAP_TYPE_ARRAY, 4, 16, 1, .btf_value = TYPE_TIMED },
	[FIXUP_map_kptr] = { "kptr", BPF_MAP_TYPE_ARRAY, 4, 24, 1, .btf_value = TYPE_KPTRS },
	[FIXUP_sk_storage_map] = { "sk_storage", BPF_MAP_TYPE_SK_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC,
				   .btf_value = TYPE_LOCKED },
};

static u32 str_off(const char *name)
{
	for (u32 off = 1; off < sizeof(value_strs); off += strlen(value_strs + off) + 1)
		if (!strcmp(value_strs + off, name))
			return off;
	abort();
}

static u32 kind(u32 kind, u32 vlen)
{
	return kind << 24 | vlen;
}

int conf_btf_load(const struct conf_judge *j, const u32 *types, u32 cnt, const char *strs, u32 len)
{
	struct btf_header hdr = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(hdr),
				  .type_len = cnt * 4, .str_off = cnt * 4, .str_len = len };
	size_t size = sizeof(hdr) + cnt * 4 + len;
	char *blob = malloc(size);
	union bpf_attr attr = { 0 };
	int fd;

	memcpy(blob, &hdr, sizeof(hdr));
	memcpy(blob + sizeof(hdr), types, cnt * 4);
	memcpy(blob + sizeof(hdr) + cnt * 4, strs, len);
	attr.btf = (u64)(uintptr_t)blob;
	attr.btf_size = size;
	fd = conf_bpf(j, BPF_BTF_LOAD, &attr);
	free(blob);
	return fd;
}

static int load_value_types(const struct conf_judge *j)
{
	const u32 lock = str_off("bpf_spin_lock"), timer = str_off("bpf_timer"), ptr = str_off("ptr");
	const u32 types[] = {
		0, kind(BTF_KIND_INT, 0), 4, BTF_INT_SIGNED << 24 | 32,
		lock, kind(BTF_KIND_STRUCT, 1), 4, str_off("val"), TYPE_INT, 0,
		str_off("val"), kind(BTF_KIND_STRUCT, 2), 8, str_off("cnt"), TYPE_INT, 0,
			str_off("l"), TYPE_SPIN_LOCK, 32,
		timer, kind(BTF_KIND_STRUCT, 0), 16,
		str_off("timer"), kind(BTF_KIND_STRUCT, 1), 16, str_off("t"), TYPE_TIMER, 0,
		str_off("prog_test_ref_kfunc"), kind(BTF_KIND_STRUCT, 0), 0,
		str_off("prog_test_member"), kind(BTF_KIND_STRUCT, 0), 0,
		str_off("kptr_untrusted"), kind(BTF_KIND_TYPE_TAG, 0), TYPE_REF_KFUNC,
		str_off("kptr"), kind(BTF_KIND_TYPE_TAG, 0), TYPE_REF_KFUNC,
		str_off("kptr"), kind(BTF_KIND_TYPE_TAG, 0), TYPE_MEMBER,
		0, kind(BTF_KIND_PTR, 0), TYPE_TAG_UNREF,
		0, kind(BTF_KIND_PTR, 0), TYPE_TAG_REF,
		0, kind(BTF_KIND_PTR, 0), TYPE_TAG_MEMBER,
		str_off("btf_ptr"), kind(BTF_KIND_STRUCT, 3), 24, ptr, TYPE_PTR_UNREF, 0,
			ptr, TYPE_PTR_REF, 64, ptr, TYPE_PTR_MEMBER, 128,
	};

	return conf_btf_load(j, types, ARRAY_SIZE(types), value_strs, sizeof(value_strs));
}

static int add_fd(struct fixed *f, int fd)
{
	if (fd >= 0)
		f->fds[f->fd_cnt++] = fd;
	return fd;
}

static int update(const struct conf_judge *j, int map, u32 key, const void *value)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = map;
	attr.key = (u64)(uintptr_t)&key;
	attr.value = (u64)(uintptr_t)value;
	return conf_bpf(j, BPF_MAP_UPDATE_ELEM, &attr);
}

static const struct map_row inner = { "inner", BPF_MAP_TYPE_ARRAY, 4, 4, 1, .flags = 0 };

static int make_map(const struct conf_judge *j, struct fixed *f, const struct map_row *row)
{
	static const struct test_val val = { .index = 7 * sizeof(int), .foo[6] = (int)0xabcdef12 };
	union bpf_attr attr = { 0 };
	int fd;

	attr.map_type = row->type;
	attr.key_size = row->key_size;
	attr.value_size = row->value_size;
	attr.max_entries = row->max_entries;
	attr.map_flags = row->flags;
	if (row->btf_value) {
		fd = add_fd(f, load_value_types(j));
		if (fd < 0)
			return fd;
		attr.btf_fd = fd;
		attr.btf_key_type_id = TYPE_INT;
		attr.btf_value_type_id = row->btf_value;
	}
	if (row->type == BPF_MAP_TYPE_ARRAY_OF_MAPS) {
		fd = make_map(j, f, &inner);
		if (fd < 0)
			return fd;
		attr.inner_map_fd = fd;
	}
	fd = add_fd(f, conf_bpf(j, BPF_MAP_CREATE, &attr));
	if (fd >= 0 && row->has_value)
		update(j, fd, 0, &val);
	return fd;
}

static int load_small(const struct conf_judge *j, struct fixed *f, u32 type, const struct bpf_insn *insns,
		      u32 cnt)
{
	union bpf_attr attr = { 0 };

	attr.prog_type = type;
	attr.insns = (u64)(uintptr_t)insns;
	attr.insn_cnt = cnt;
	attr.license = (u64)(uintptr_t)"GPL";
	return add_fd(f, conf_bpf(j, BPF_PROG_LOAD, &attr));
}

/* What tail calls reach: at @first a program that returns 42, at 1 one that calls itself without end
 * and at last returns 41, at 2 one that returns 24. */
static int fill_prog_array(const struct conf_judge *j, struct fixed *f, u32 type, int map, u32 first)
{
	const u8 mov = BPF_ALU64 | BPF_MOV | BPF_K, call = BPF_JMP | BPF_CALL, end = BPF_JMP | BPF_EXIT;
	const struct bpf_insn ret42[] = { { mov, 0, 0, 0, 42 }, { .code = end } };
	const struct bpf_insn ret24[] = { { mov, 0, 0, 0, 24 }, { .code = end } };
	const struct bpf_insn again[] = {
		{ mov, 3, 0, 0, 1 }, { BPF_LD | BPF_DW | BPF_IMM, 2, BPF_PSEUDO_MAP_FD, 0, map }, { 0 },
		{ call, 0, 0, 0, BPF_FUNC_tail_call }, { mov, 0, 0, 0, 41 }, { .code = end },
	};
	const struct {
		u32 key, cnt;
		const struct bpf_insn *insns;
	} progs[] = { { first, 2, ret42 }, { 1, 6, again }, { 2, 2, ret24 } };

	for (u32 i = 0; i < ARRAY_SIZE(progs); i++) {
		int fd = load_small(j, f, type, progs[i].insns, progs[i].cnt);
		int err = fd < 0 ? fd : update(j, map, progs[i].key, &fd);

		if (err)
			return err;
	}
	return 0;
}

static int fix_one(const struct conf_judge *j, struct bpf_test *t, struct fixed *f, enum fixup which,
		   const int *places)
{
	u32 type = t->prog_type ? t->prog_type : BPF_PROG_TYPE_SOCKET_FILTER;
	int err = 0, map = make_map(j, f, &map_rows[which]);

	if (map < 0)
		return map;
	if (which == FIXUP_prog1 || which == FIXUP_prog2)
		err = fill_prog_array(j, f, type, map, which == FIXUP_prog1 ? 0 : 7);
	for (u32 i = 0; i < MAX_FIXUPS && places[i]; i++)
		f->insns[places[i]].imm = map;
	return err;
}

/* Kernel functions by name: 0, which no function has, when the judge's kernel lacks it. */
static void fix_kfuncs(const struct conf_judge *j, struct bpf_test *t, struct fixed *f)
{
	for (u32 i = 0; i < MAX_FIXUPS && t->fixup_kfunc_btf_id[i].kfunc; i++) {
		const struct kfunc_place *k = &t->fixup_kfunc_btf_id[i];
		u32 id = 0;

		if (!j->judge.is_kernel)
			id = btf_find(skep_kernel_btf(j->judge.ctx), k->kfunc, BTF_KIND_FUNC);
		f->insns[k->insn_idx].imm = id;
	}
}

static u32 literal_len(const struct bpf_insn *insns)
{
	u32 len = MAX_INSNS;

	while (len > 1 && !insns[len - 1].code && !insns[len - 1].imm)
		len--;
	return len;
}

int fix_insns(const struct conf_judge *j, struct bpf_test *t, struct fixed *f, char why[128])
{
	enum fixup which = 0;
	int err = 0;

	*f = (struct fixed){ .insns = t->insns, .insn_cnt = literal_len(t->insns) };
	if (t->fill_insns) {
		f->insns = t->fill_insns;
		f->insn_cnt = t->prog_len;
	}
#define F(field)                                                                                   \
	if (!err && t->fixup_##field[0])                                                           \
		err = fix_one(j, t, f, which = FIXUP_##field, t->fixup_##field);
	FIXUPS(F)
	F(sk_storage_map)
#undef F
	if (err)
		snprintf(why, 128, "map %s: error %d", map_rows[which].name, -err);
	else
		fix_kfuncs(j, t, f);
	return err;
}

void fixed_put(struct fixed *f)
{
	for (u32 i = 0; i < f->fd_cnt; i++)
		close(f->fds[i]);
}
