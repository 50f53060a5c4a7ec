/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe.c - what the default instance (or, for comparing, the running kernel) can do, found out by doing it: a map
 * is created, a program of two insns is loaded. Answers are kept, by what the caller may do, so that each question
 * is put once.
 *
 * Exception to "no state outside of an instance": the kept answers, which are about the default instance. Guard:
 * cache_lock. They are forgotten when another instance becomes the default one.
 */
#include "loader/internal.h"

#include "base/u64map.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define ENOTSUPP_KERNEL 524 /* no errno of libc */
#define LOG_SIZE	4096 /* of programs of two insns */

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static struct u64map cache;
static unsigned long asked; /* programs and maps that probes tried */

void probes_forget(void)
{
	pthread_mutex_lock(&cache_lock);
	u64map_free(&cache);
	cache = (struct u64map){ 0 };
	pthread_mutex_unlock(&cache_lock);
}

unsigned long probes_asked(void)
{
	return __atomic_load_n(&asked, __ATOMIC_RELAXED);
}

static void count_question(void)
{
	__atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
}

/* ---- who asks ---------------------------------------------------------------------------------------- */

/* May the thread load programs of that type? Capabilities are looked at before insns are, and there are none. */
static bool may_load(enum bpf_prog_type type)
{
	union bpf_attr attr = { .prog_type = type, .insn_cnt = 1 };

	return loader_bpf(NULL, BPF_PROG_LOAD, &attr) != -EPERM;
}

/* Bits for the capabilities that answers depend on, without asking for any object. */
static u64 who_asks(void)
{
	union bpf_attr ids = { .start_id = UINT32_MAX };

	return may_load(BPF_PROG_TYPE_CGROUP_DEVICE) | may_load(BPF_PROG_TYPE_XDP) << 1 |
	       may_load(BPF_PROG_TYPE_KPROBE) << 2 | (loader_bpf(NULL, BPF_MAP_GET_NEXT_ID, &ids) != -EPERM) << 3;
}

enum feature { FEATURE_MAP, FEATURE_PROG, FEATURE_HELPER };

static u64 cache_key(enum feature what, u32 type, u32 helper)
{
	return (who_asks() | (u64)loader_on_kernel() << 4 | (u64)what << 5) << 56 | (u64)type << 32 | helper;
}

static bool cached(u64 key, int *ret_answer)
{
	const u64 *val;

	pthread_mutex_lock(&cache_lock);
	val = u64map_get(&cache, key);
	if (val)
		*ret_answer = (int)*val;
	pthread_mutex_unlock(&cache_lock);
	return val;
}

/* Yes and no are kept. That somebody may not ask, or memory is short, is not; that the answer cannot be kept only
 * costs a question. */
static int keep(u64 key, int answer)
{
	if (answer < 0)
		return answer;
	pthread_mutex_lock(&cache_lock);
	u64map_put(&cache, key, answer);
	pthread_mutex_unlock(&cache_lock);
	return answer;
}

/* Errors that are about the caller or the machine, not about the feature. */
static bool is_no_answer(int err)
{
	return err == -EPERM || err == -ENOMEM || err == -EMFILE || err == -ENFILE || err == -EAGAIN || err == -EINTR;
}

/* ---- map types --------------------------------------------------------------------------------------- */

/* What a smallest map of a type is like; 4, 4, 1 and no flags where there is no row. */
static const struct map_shape {
	enum bpf_map_type type;
	u32 key_size, value_size, max_entries, flags;
	u64 extra;
	bool with_btf; /* key and value are ints */
	bool of_maps;
} map_shapes[] = {
	{ BPF_MAP_TYPE_STACK_TRACE, 4, 8, 1, 0, 0, false, false },
	{ BPF_MAP_TYPE_LPM_TRIE, 8, 8, 1, BPF_F_NO_PREALLOC, 0, false, false },
	{ BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 1, 0, 0, false, true },
	{ BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 1, 0, 0, false, true },
	{ BPF_MAP_TYPE_CGROUP_STORAGE, 8, 8, 0, 0, 0, false, false },
	{ BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 8, 8, 0, 0, 0, false, false },
	{ BPF_MAP_TYPE_QUEUE, 0, 4, 1, 0, 0, false, false },
	{ BPF_MAP_TYPE_STACK, 0, 4, 1, 0, 0, false, false },
	{ BPF_MAP_TYPE_BLOOM_FILTER, 0, 4, 1, 0, 0, false, false },
	{ BPF_MAP_TYPE_SK_STORAGE, 4, 4, 0, BPF_F_NO_PREALLOC, 0, true, false },
	{ BPF_MAP_TYPE_INODE_STORAGE, 4, 4, 0, BPF_F_NO_PREALLOC, 0, true, false },
	{ BPF_MAP_TYPE_TASK_STORAGE, 4, 4, 0, BPF_F_NO_PREALLOC, 0, true, false },
	{ BPF_MAP_TYPE_CGRP_STORAGE, 4, 4, 0, BPF_F_NO_PREALLOC, 0, true, false },
	{ BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, 0, false, false },
	{ BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0, 0, false, false },
	{ BPF_MAP_TYPE_ARENA, 0, 0, 1, BPF_F_MMAPABLE, 0, false, false },
	{ BPF_MAP_TYPE_INSN_ARRAY, 4, sizeof(struct bpf_insn_array_value), 1, 0, 0, false, false },
	{ BPF_MAP_TYPE_RHASH, 4, 4, 1, BPF_F_NO_PREALLOC, 0, false, false },
};

static struct map_shape shape_of(enum bpf_map_type type)
{
	for (u32 i = 0; i < ARRAY_SIZE(map_shapes); i++) {
		if (map_shapes[i].type == type)
			return map_shapes[i];
	}
	return (struct map_shape){ type, 4, 4, 1, 0, 0, false, false };
}

/* Type 1 is an int, and nothing else is there. */
static int load_int_btf(void)
{
	struct btf_writer *w = btf_writer_new(NULL);
	s32 id = w ? btf_add_int(w, "int", 4, BTF_INT_SIGNED) : -ENOMEM;
	void *data = NULL;
	u32 size;
	int ret;

	ret = id < 0 ? id : btf_writer_finish(w, &data, &size);
	if (!ret)
		ret = sys_btf_load(NULL, data, size, NULL);
	free(data);
	btf_writer_free(w);
	return ret;
}

static int try_map(enum bpf_map_type type)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	struct map_shape shape = shape_of(type);
	int fd = 0, with = -1;

	if (shape.with_btf)
		with = load_int_btf();
	else if (shape.of_maps)
		with = sys_map_create(NULL, BPF_MAP_TYPE_HASH, NULL, 4, 4, 1, NULL);
	if ((shape.with_btf || shape.of_maps) && with < 0)
		return with;
	if (shape.with_btf) {
		opts.btf_fd = with;
		opts.btf_key_type_id = opts.btf_value_type_id = 1;
	} else if (shape.of_maps) {
		opts.inner_map_fd = with;
	} else if (type == BPF_MAP_TYPE_STRUCT_OPS) {
		/* There is no structure 1 for programs to implement: who looks for it knows the type. */
		opts.btf_vmlinux_value_type_id = 1;
	}
	opts.map_flags = shape.flags;
	opts.map_extra = shape.extra;
	count_question();
	fd = sys_map_create(NULL, type, NULL, shape.key_size, shape.value_size, shape.max_entries, &opts);
	if (with >= 0)
		close(with);
	if (fd >= 0)
		close(fd);
	return fd;
}

int libbpf_probe_bpf_map_type(enum bpf_map_type map_type, const void *opts)
{
	u64 key = cache_key(FEATURE_MAP, map_type, 0);
	int answer;

	if (opts)
		return libbpf_err(-EINVAL);
	if (map_type <= BPF_MAP_TYPE_UNSPEC || !libbpf_bpf_map_type_str(map_type))
		return libbpf_err(-EOPNOTSUPP);
	if (cached(key, &answer))
		return answer;
	answer = try_map(map_type);
	if (map_type == BPF_MAP_TYPE_STRUCT_OPS && answer == -ENOTSUPP_KERNEL)
		answer = 0;
	return libbpf_err(is_no_answer(answer) ? answer : keep(key, answer >= 0));
}

/* ---- program types ----------------------------------------------------------------------------------- */

/* What a program of a type is loaded with, where that is not nothing. */
static const struct prog_shape {
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	u32 flags;
	/* Is about a type of the kernel, and 1 is none: whoever says this has looked for it. */
	const char *looked;
} prog_shapes[] = {
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT, 0, NULL },
	{ BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT, 0, NULL },
	{ BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, 0, NULL },
	{ BPF_PROG_TYPE_LIRC_MODE2, BPF_LIRC_MODE2, 0, NULL },
	{ BPF_PROG_TYPE_NETFILTER, BPF_NETFILTER, 0, NULL },
	{ BPF_PROG_TYPE_SYSCALL, 0, BPF_F_SLEEPABLE, NULL },
	{ BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, 0, "attach_btf_id 1 is not a function" },
	{ BPF_PROG_TYPE_LSM, BPF_LSM_MAC, 0, "attach_btf_id 1 is not a function" },
	{ BPF_PROG_TYPE_STRUCT_OPS, 0, 0, "attach_btf_id 1 is not a supported struct" },
	{ BPF_PROG_TYPE_EXT, 0, 0, "Cannot replace kernel functions" },
};

static struct prog_shape prog_shape_of(enum bpf_prog_type type)
{
	for (u32 i = 0; i < ARRAY_SIZE(prog_shapes); i++) {
		if (prog_shapes[i].type == type)
			return prog_shapes[i];
	}
	return (struct prog_shape){ type, 0, 0, NULL };
}

static int try_prog(const struct prog_shape *shape, const struct bpf_insn *insns, u32 cnt, char *log)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	int fd;

	opts.expected_attach_type = shape->attach_type;
	opts.prog_flags = shape->flags;
	opts.attach_btf_id = shape->looked ? 1 : 0;
	opts.log_buf = log;
	opts.log_size = LOG_SIZE;
	opts.log_level = 1;
	log[0] = '\0';
	count_question();
	fd = sys_prog_load(NULL, shape->type, "probe", "GPL", insns, cnt, &opts);
	if (fd >= 0)
		close(fd);
	return fd;
}

static const struct bpf_insn insn_exit = { .code = BPF_JMP | BPF_EXIT };

int libbpf_probe_bpf_prog_type(enum bpf_prog_type prog_type, const void *opts)
{
	const struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, insn_exit };
	const struct prog_shape shape = prog_shape_of(prog_type);
	u64 key = cache_key(FEATURE_PROG, prog_type, 0);
	char log[LOG_SIZE];
	int answer;

	if (opts)
		return libbpf_err(-EINVAL);
	if (!libbpf_bpf_prog_type_str(prog_type))
		return libbpf_err(-EOPNOTSUPP);
	if (cached(key, &answer))
		return answer;
	answer = try_prog(&shape, insns, ARRAY_SIZE(insns), log);
	if (is_no_answer(answer))
		return libbpf_err(answer);
	return keep(key, answer >= 0 || (shape.looked && strstr(log, shape.looked)));
}

/* ---- helpers ----------------------------------------------------------------------------------------- */

/* The helper is called with whatever is in the registers: unless it cannot be called at all, that is what is
 * complained about. */
static bool helper_is_unknown(const char *log)
{
	static const char *const texts[] = { "unknown func", "invalid func", "program of this type cannot use helper",
					     "not modelled" };

	for (u32 i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strstr(log, texts[i]))
			return true;
	}
	return false;
}

int libbpf_probe_bpf_helper(enum bpf_prog_type prog_type, enum bpf_func_id helper_id, const void *opts)
{
	const struct bpf_insn insns[] = { { .code = BPF_JMP | BPF_CALL, .imm = helper_id }, insn_exit };
	const struct prog_shape shape = prog_shape_of(prog_type);
	u64 key = cache_key(FEATURE_HELPER, prog_type, helper_id);
	char log[LOG_SIZE];
	int answer;

	if (opts)
		return libbpf_err(-EINVAL);
	/* What helpers these may call depends on what they attach to. */
	if (shape.looked || !libbpf_bpf_prog_type_str(prog_type))
		return libbpf_err(-EOPNOTSUPP);
	if (cached(key, &answer))
		return answer;
	answer = libbpf_probe_bpf_prog_type(prog_type, NULL);
	if (answer <= 0)
		return answer < 0 ? answer : keep(key, 0);
	answer = try_prog(&shape, insns, ARRAY_SIZE(insns), log);
	if (is_no_answer(answer))
		return libbpf_err(answer);
	/* Refused without a word: nothing was looked at. */
	return keep(key, answer >= 0 || (log[0] && !helper_is_unknown(log)));
}
