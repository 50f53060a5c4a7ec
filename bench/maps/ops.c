/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ops.c - bench_map_ops: what map operations cost, in skep and in the running kernel, in one run: from
 * programs (machine code, through test runs) and from user space. Times are of the thread's CPU, so that
 * a busy machine disturbs little; of several rounds, which alternate between the engines, the best counts.
 *
 * usage: bench_map_ops [-q] [-n WORD] ops.bpf.o
 * -q: quick, fewer rounds, small maps; -n: only rows whose name contains WORD
 *
 * What the same program costs without the operation is taken off. No map of the kernel gets larger than
 * KERNEL_MAX: such rows show skep alone.
 */
#include "ops.h"

#include "base/types.h"
#include "core/vcpu.h"
#include "runtime/runtime.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <skep/skep.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define KERNEL_MAX (60ull << 20)
#define NO_KEY	   0x40000000u /* keys from here on are in no map */
#define LARGE	   (1u << 20)

enum { SKEP, KERNEL, ENGINE_CNT };

struct row {
	const char *name, *prog;
	u32 type, flags, key_size, entries, fill, base, mask;
	double goal; /* times the kernel's; 0: the kernel has no such thing */
	bool scales; /* with two threads, on keys of their own */
};

struct loaded {
	struct bpf_object *obj;
	int map, prog, keys;
	double ns;
};

static struct skep *skep;
static const char *only = "", *object;
static u32 rounds = 7, repeat = 200;
static bool quick, with_kernel = true;

static u64 cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static struct skep *new_instance(void)
{
	struct skep_config config = { .sz = sizeof(config), .engine = SKEP_RUN_JIT };
	struct skep *made;

	if (skep_create(&config, &made))
		exit(1);
	return made;
}

static void use(u32 engine)
{
	skep_use_kernel(engine == KERNEL);
	skep_default_instance_set(skep);
}

/* What Linux needs at least for hashes: a head, key and value; two words a bucket. */
static u64 kernel_size(const struct row *row)
{
	u64 elem = 48 + ((row->key_size + 7) & ~7u) + 8;

	return row->type == BPF_MAP_TYPE_ARRAY ? 8ull * row->entries : (elem + 16) * row->entries;
}

static bool kernel_has(const struct row *row)
{
	return with_kernel && row->goal > 0 && kernel_size(row) <= KERNEL_MAX;
}

/* ---- a row on an engine ------------------------------------------------------------------------- */

static void choose_programs(struct bpf_object *obj, const char *name)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj) {
		const char *its = bpf_program__name(prog);

		bpf_program__set_autoload(prog, !strcmp(its, "keys") || !strcmp(its, name));
	}
}

static bool configure(struct bpf_object *obj, const struct row *row)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, "m"),
		       *rodata = bpf_object__find_map_by_name(obj, ".rodata");
	u32 half = row->scales ? (row->mask + 1) / 2 : 0;
	struct ops_config config = { { row->base, row->base + half }, row->scales ? row->mask / 2 : row->mask };

	return map && rodata && !bpf_map__set_type(map, row->type) && !bpf_map__set_map_flags(map, row->flags) &&
	       !bpf_map__set_key_size(map, row->key_size) && !bpf_map__set_max_entries(map, row->entries) &&
	       !bpf_map__set_initial_value(rodata, &config, sizeof(config));
}

static bool fill(const struct row *row, int map)
{
	u64 values[VCPU_MAX] = { 1 };
	u32 key[16] = { 32 };

	for (u32 i = 0; i < row->fill; i++) {
		key[row->type == BPF_MAP_TYPE_LPM_TRIE] = i;
		if (bpf_map_update_elem(map, key, values, BPF_ANY))
			return false;
	}
	return true;
}

static bool load(u32 engine, const struct row *row, struct loaded *l)
{
	use(engine);
	l->obj = bpf_object__open_file(object, NULL);
	if (!l->obj)
		return false;
	choose_programs(l->obj, row->prog);
	if (!configure(l->obj, row) || bpf_object__load(l->obj))
		return false;
	l->map = bpf_object__find_map_fd_by_name(l->obj, "m");
	l->prog = bpf_program__fd(bpf_object__find_program_by_name(l->obj, row->prog));
	l->keys = bpf_program__fd(bpf_object__find_program_by_name(l->obj, "keys"));
	return fill(row, l->map);
}

static int ignore_record(void *ctx __unused_arg, void *data __unused_arg, size_t size __unused_arg)
{
	return 0;
}

/* ns an operation. */
static double time_prog(int prog, u8 who, u32 cnt)
{
	u8 packet[64] = { who };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet), .repeat = cnt);
	u64 start = cpu_ns();

	if (bpf_prog_test_run_opts(prog, &opts)) {
		fprintf(stderr, "bench_map_ops: a test run is refused: %s\n", strerror(errno));
		exit(1);
	}
	return (double)(cpu_ns() - start) / cnt / OPS;
}

static double least(double best, double ns)
{
	return best > 0 && best < ns ? best : ns;
}

/* Best of all rounds on both engines, what keys cost taken off. */
static void time_rounds(struct loaded *l, u32 cnt)
{
	double keys[ENGINE_CNT] = { 0 };

	for (u32 round = 0; round < rounds; round++) {
		for (u32 e = 0; e < ENGINE_CNT; e++) {
			if (!l[e].obj)
				continue;
			use(e);
			keys[e] = least(keys[e], time_prog(l[e].keys, 0, cnt));
			l[e].ns = least(l[e].ns, time_prog(l[e].prog, 0, cnt));
		}
	}
	for (u32 e = 0; e < ENGINE_CNT; e++) {
		if (l[e].obj)
			l[e].ns = l[e].ns > keys[e] + 0.05 ? l[e].ns - keys[e] : 0.05;
	}
}

/* ---- what is reported ------------------------------------------------------------------------------- */

static u32 missed, judged;

static void print_row(const char *name, const struct row *row, double ns, double kernel_ns, double goal)
{
	printf("%-34s key %2u  entries %8u  %8.2f ns", name, row->key_size, row->entries, ns);
	if (kernel_ns > 0) {
		bool ok = ns <= kernel_ns * goal;

		printf("  kernel %8.2f ns  ratio %5.2f  goal %4.2f%s", kernel_ns, ns / kernel_ns, goal, ok ? "" : "  MISSED");
		judged++;
		missed += !ok;
	}
	putchar('\n');
	fflush(stdout);
}

static void drop(struct loaded *l)
{
	for (u32 e = 0; e < ENGINE_CNT; e++) {
		use(e);
		bpf_object__close(l[e].obj);
	}
}

static bool load_both(const struct row *row, struct loaded *l)
{
	memset(l, 0, ENGINE_CNT * sizeof(*l));
	for (u32 e = 0; e < ENGINE_CNT; e++) {
		if (e == KERNEL && !kernel_has(row))
			continue;
		if (load(e, row, &l[e]))
			continue;
		if (e == SKEP) {
			fprintf(stderr, "bench_map_ops: %s: cannot load: %s\n", row->name, strerror(errno));
			exit(1);
		}
		fprintf(stderr, "bench_map_ops: %s: the kernel refuses\n", row->name);
		bpf_object__close(l[e].obj);
		l[e].obj = NULL;
	}
	return true;
}

/* ---- two threads --------------------------------------------------------------------------------------- */

struct runner {
	pthread_t thread;
	pthread_barrier_t *start;
	int prog;
	u8 who;
	double ns;
};

static void *run_main(void *arg)
{
	struct runner *r = arg;

	time_prog(r->prog, r->who, 1); /* a thread's first run takes a virtual CPU */
	pthread_barrier_wait(r->start);
	r->ns = time_prog(r->prog, r->who, repeat * 4);
	return NULL;
}

/* How often the work of one thread two of them do in the time of one. */
static double scaling(int prog)
{
	double one = 0, two = 0;

	for (u32 round = 0; round < rounds; round++) {
		pthread_barrier_t start;
		struct runner r[2];

		one = least(one, time_prog(prog, 0, repeat * 4));
		pthread_barrier_init(&start, NULL, 2);
		for (u32 i = 0; i < 2; i++) {
			r[i] = (struct runner){ .start = &start, .prog = prog, .who = (u8)i };
			if (pthread_create(&r[i].thread, NULL, run_main, &r[i]))
				exit(1);
		}
		for (u32 i = 0; i < 2; i++)
			pthread_join(r[i].thread, NULL);
		pthread_barrier_destroy(&start);
		two = least(two, (r[0].ns + r[1].ns) / 2);
	}
	return 2 * one / two;
}

static void print_scaling(const struct row *row, struct loaded *l)
{
	double x[ENGINE_CNT] = { 0 };

	for (u32 e = 0; e < ENGINE_CNT; e++) {
		if (!l[e].obj)
			continue;
		use(e);
		x[e] = scaling(l[e].prog);
	}
	printf("%-34s two threads do %.2f times one's work, goal 1.80%s", row->name, x[SKEP],
	       x[SKEP] < 1.8 ? "  MISSED" : "");
	if (x[KERNEL] > 0)
		printf("  (kernel %.2f)", x[KERNEL]);
	putchar('\n');
	judged++;
	missed += x[SKEP] < 1.8;
}

/* ---- rows ------------------------------------------------------------------------------------------------ */

#define HASH	BPF_MAP_TYPE_HASH
#define LRU	BPF_MAP_TYPE_LRU_HASH
#define ONE_K	1024, 1024

static const struct row rows[] = {
	{ "array lookup", "lookup", BPF_MAP_TYPE_ARRAY, 0, 4, ONE_K, 0, 1023, 1.0, true },
	{ "array lookup", "lookup", BPF_MAP_TYPE_ARRAY, 0, 4, LARGE, LARGE, 0, LARGE - 1, 1.0, true },
	{ "array update", "update", BPF_MAP_TYPE_ARRAY, 0, 4, ONE_K, 0, 1023, 1.0, true },
	{ "percpu_array lookup", "lookup", BPF_MAP_TYPE_PERCPU_ARRAY, 0, 4, ONE_K, 0, 1023, 1.0, true },
	{ "hash lookup hit", "lookup", HASH, 0, 4, ONE_K, 0, 1023, 0.7, true },
	{ "hash lookup hit", "lookup", HASH, 0, 8, ONE_K, 0, 1023, 0.7, false },
	{ "hash lookup hit", "lookup", HASH, 0, 16, ONE_K, 0, 1023, 0.7, false },
	{ "hash lookup hit", "lookup", HASH, 0, 64, ONE_K, 0, 1023, 0.7, false },
	{ "hash lookup miss", "lookup", HASH, 0, 4, ONE_K, NO_KEY, 1023, 0.7, false },
	{ "hash lookup miss", "lookup", HASH, 0, 8, ONE_K, NO_KEY, 1023, 0.7, false },
	{ "hash lookup miss", "lookup", HASH, 0, 16, ONE_K, NO_KEY, 1023, 0.7, false },
	{ "hash lookup miss", "lookup", HASH, 0, 64, ONE_K, NO_KEY, 1023, 0.7, false },
	{ "hash lookup hit", "lookup", HASH, 0, 8, LARGE / 2, LARGE / 2, 0, LARGE / 2 - 1, 0.7, true },
	{ "hash lookup miss", "lookup", HASH, 0, 8, LARGE / 2, LARGE / 2, NO_KEY, LARGE / 2 - 1, 0.7, false },
	{ "hash lookup hit", "lookup", HASH, 0, 8, LARGE, LARGE, 0, LARGE - 1, 0.7, false },
	{ "hash lookup miss", "lookup", HASH, 0, 8, LARGE, LARGE, NO_KEY, LARGE - 1, 0.7, false },
	{ "hash update of an element", "update", HASH, 0, 8, ONE_K, 0, 1023, 1.0, true },
	{ "hash update of an element", "update", HASH, 0, 8, LARGE / 2, LARGE / 2, 0, LARGE / 2 - 1, 1.0, true },
	{ "hash update, full", "update", HASH, 0, 8, ONE_K, NO_KEY, 1023, 1.0, false },
	{ "hash update, delete", "update_delete", HASH, 0, 4, 1024, 512, NO_KEY, 1023, 0.4, true },
	{ "hash update, delete", "update_delete", HASH, 0, 8, 1024, 512, NO_KEY, 1023, 0.4, false },
	{ "hash update, delete", "update_delete", HASH, 0, 16, 1024, 512, NO_KEY, 1023, 0.4, false },
	{ "hash update, delete", "update_delete", HASH, 0, 64, 1024, 512, NO_KEY, 1023, 0.4, false },
	{ "hash update, delete", "update_delete", HASH, 0, 8, LARGE / 2, LARGE / 4, NO_KEY, LARGE - 1, 0.4, true },
	{ "hash delete, miss", "delete", HASH, 0, 8, ONE_K, NO_KEY, 1023, 1.0, false },
	{ "hash no prealloc lookup hit", "lookup", HASH, BPF_F_NO_PREALLOC, 8, ONE_K, 0, 1023, 0.7, false },
	{ "hash no prealloc update, delete", "update_delete", HASH, BPF_F_NO_PREALLOC, 8, LARGE / 2, 512, NO_KEY, 1023, 1.0,
	  false },
	{ "percpu_hash lookup hit", "lookup", BPF_MAP_TYPE_PERCPU_HASH, 0, 8, ONE_K, 0, 1023, 1.0, false },
	{ "percpu_hash update", "update", BPF_MAP_TYPE_PERCPU_HASH, 0, 8, ONE_K, 0, 1023, 1.0, true },
	{ "lru_hash lookup hit", "lookup", LRU, 0, 8, 65536, 1024, 0, 1023, 1.0, true },
	{ "lru_hash update of an element", "update", LRU, 0, 8, 65536, 1024, 0, 1023, 1.0, true },
	{ "lru_hash update, evicting", "update", LRU, 0, 8, 16384, 16384, 0, 0xffffff, 0.5, true },
	{ "lru_hash own lists, evicting", "update", LRU, BPF_F_NO_COMMON_LRU, 8, 16384, 16384, 0, 0xffffff, 0.5, true },
	{ "lpm_trie lookup hit", "lookup_prefix", BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, 8, ONE_K, 0, 1023, 1.0, false },
	{ "lpm_trie lookup hit", "lookup_prefix", BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, 8, LARGE / 4, LARGE / 4, 0,
	  LARGE / 4 - 1, 1.0, false },
	{ "lpm_trie update", "update_prefix", BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, 8, 65536, 1024, 0, 1023, 1.0, false },
	{ "rhash lookup hit", "lookup", BPF_MAP_TYPE_RHASH, BPF_F_NO_PREALLOC, 8, ONE_K, 0, 1023, 0, true },
	{ "rhash lookup hit", "lookup", BPF_MAP_TYPE_RHASH, BPF_F_NO_PREALLOC, 8, LARGE, LARGE, 0, LARGE - 1, 0, false },
	{ "rhash update, delete", "update_delete", BPF_MAP_TYPE_RHASH, BPF_F_NO_PREALLOC, 8, LARGE / 2, 512, NO_KEY, 1023, 0,
	  true },
	{ "queue push, pop", "push_pop", BPF_MAP_TYPE_QUEUE, 0, 0, 1024, 0, 0, 1023, 1.0, false },
	{ "stack push, pop", "push_pop", BPF_MAP_TYPE_STACK, 0, 0, 1024, 0, 0, 1023, 1.0, false },
	{ "bloom_filter push", "push", BPF_MAP_TYPE_BLOOM_FILTER, 0, 0, 1024, 0, 0, 1023, 1.0, false },
	{ "bloom_filter peek", "peek", BPF_MAP_TYPE_BLOOM_FILTER, 0, 0, 1024, 0, 0, 1023, 1.0, false },
};

static bool wanted(const struct row *row)
{
	return strstr(row->name, only) && (!quick || row->entries < LARGE / 4);
}

static void from_programs(void)
{
	struct loaded l[ENGINE_CNT];

	puts("From programs:");
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!wanted(&rows[i]))
			continue;
		load_both(&rows[i], l);
		time_rounds(l, repeat);
		print_row(rows[i].name, &rows[i], l[SKEP].ns, l[KERNEL].ns, rows[i].goal);
		if (rows[i].scales)
			print_scaling(&rows[i], l);
		drop(l);
	}
}

/* ---- ring buffer ------------------------------------------------------------------------------------------- */

/* The library reads no ring of the kernel: whatever is there counts as read. */
static void empty_kernel_ring(int fd)
{
	long page = sysconf(_SC_PAGESIZE);
	u64 *consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
	    *producer = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, page);

	if (consumer == MAP_FAILED || producer == MAP_FAILED)
		exit(1);
	__atomic_store_n(consumer, __atomic_load_n(producer, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
	munmap(consumer, page);
	munmap(producer, page);
}

/* ns a record to take @cnt out. */
static double empty_ring(int fd, u32 cnt)
{
	struct ring_buffer *rb = ring_buffer__new(fd, ignore_record, NULL, NULL);
	u64 start = cpu_ns();
	int got = rb ? ring_buffer__consume(rb) : 0;
	double ns = (double)(cpu_ns() - start) / cnt;

	ring_buffer__free(rb);
	if (got == (int)cnt)
		return ns;
	fprintf(stderr, "bench_map_ops: %d of %u records arrived\n", got, cnt);
	exit(1);
}

static void ring_buffer(void)
{
	static const struct row row = { "ringbuf record in", "record", HASH, 0, 4, 1, 0, 0, 1023, 0.75, false },
				out_row = { "ringbuf record out, user space", "record", HASH, 0, 4, 1, 0, 0, 1023, 0, false };
	u32 runs = RING_SIZE / 16 / OPS - 1; /* nearly full */
	double in[ENGINE_CNT] = { 0 }, out = 0;
	struct loaded l[ENGINE_CNT];

	if (!wanted(&row))
		return;
	load_both(&row, l);
	for (u32 round = 0; round < 3 * rounds; round++) {
		for (u32 e = 0; e < ENGINE_CNT; e++) {
			int fd = l[e].obj ? bpf_object__find_map_fd_by_name(l[e].obj, "ring") : -1;

			if (fd < 0)
				continue;
			use(e);
			in[e] = least(in[e], time_prog(l[e].prog, 0, runs) - time_prog(l[e].keys, 0, runs));
			if (e == KERNEL)
				empty_kernel_ring(fd);
			else
				out = least(out, empty_ring(fd, runs * OPS));
		}
	}
	drop(l);
	print_row(row.name, &row, in[SKEP], in[KERNEL], row.goal);
	print_row(out_row.name, &out_row, out, 0, 0);
}

/* ---- user space --------------------------------------------------------------------------------------------- */

enum user_op { USER_LOOKUP, USER_UPDATE, USER_DELETE_MISS, USER_OP_CNT };

static const char *const user_op_names[] = { "lookup", "update", "delete, miss" };

static double time_user(int map, enum user_op op, u32 entries, u32 calls)
{
	u64 value[VCPU_MAX] = { 0 }, start = cpu_ns();

	for (u32 i = 0; i < calls; i++) {
		u32 key[16] = { i * 2654435761u % entries };

		if (op == USER_LOOKUP)
			bpf_map_lookup_elem(map, key, value);
		else if (op == USER_UPDATE)
			bpf_map_update_elem(map, key, value, BPF_ANY);
		else
			bpf_map_delete_elem(map, &(u64){ NO_KEY + i });
	}
	return (double)(cpu_ns() - start) / calls;
}

static void from_user_space(void)
{
	static const struct row user_rows[] = {
		{ "array", "keys", BPF_MAP_TYPE_ARRAY, 0, 4, ONE_K, 0, 0, 1.0, false },
		{ "hash", "keys", HASH, 0, 8, ONE_K, 0, 0, 1.0, false },
		{ "lru_hash", "keys", LRU, 0, 8, ONE_K, 0, 0, 1.0, false },
		{ "rhash", "keys", BPF_MAP_TYPE_RHASH, BPF_F_NO_PREALLOC, 8, ONE_K, 0, 0, 0, false },
	};
	struct loaded l[ENGINE_CNT];

	puts("From user space:");
	for (u32 i = 0; i < ARRAY_SIZE(user_rows); i++) {
		const struct row *row = &user_rows[i];

		if (!wanted(row))
			continue;
		load_both(row, l);
		for (u32 op = 0; op < USER_OP_CNT - (row->type == BPF_MAP_TYPE_ARRAY); op++) {
			double ns[ENGINE_CNT] = { 0 };
			char name[64];

			for (u32 round = 0; round < rounds; round++) {
				for (u32 e = 0; e < ENGINE_CNT; e++) {
					use(e);
					if (l[e].obj)
						ns[e] = least(ns[e], time_user(l[e].map, op, row->entries, 20000));
				}
			}
			snprintf(name, sizeof(name), "%s %s", row->name, user_op_names[op]);
			print_row(name, row, ns[SKEP], ns[KERNEL], row->goal);
		}
		drop(l);
	}
}

/* ---- growth, memory -------------------------------------------------------------------------------------------- */

static int cmp_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* Every insertion timed by itself, which costs as much again; quantiles of the thread's CPU time. */
static void grow(u32 type, u32 flags, u32 entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);
	struct skep *outer = skep;
	u32 *ns = malloc(entries * sizeof(*ns));
	u64 value = 1, total = 0;
	int map;

	skep = new_instance(); /* whose memory is the map's alone */
	use(SKEP);
	map = bpf_map_create(type, "grow", 8, 8, entries, &opts);
	if (!ns || map < 0)
		exit(1);
	for (u64 key = 0; key < entries; key++) {
		u64 start = cpu_ns();

		if (bpf_map_update_elem(map, &key, &value, BPF_NOEXIST)) {
			fprintf(stderr, "bench_map_ops: entry %llu: %s\n", (unsigned long long)key, strerror(errno));
			exit(1);
		}
		ns[key] = (u32)(cpu_ns() - start);
		total += ns[key];
	}
	qsort(ns, entries, sizeof(*ns), cmp_u32);
	printf("%-34s to %u entries: mean %llu, p50 %u, p99 %u, p99.99 %u, max %u ns; %.1f bytes an entry\n",
	       type == HASH ? "hash filled" : "rhash grown", entries, (unsigned long long)(total / entries), ns[entries / 2],
	       ns[entries / 100 * 99], ns[entries / 10000 * 9999], ns[entries - 1],
	       (double)skep_memacct(skep)->used / entries);
	fflush(stdout);
	free(ns);
	close(map);
	skep_destroy(skep);
	skep = outer;
	use(SKEP);
}

static void growth(void)
{
	u32 entries = quick ? 200000 : 10000000;

	if (!strstr("rhash growth", only))
		return;
	puts("Growth, from user space:");
	grow(HASH, 0, entries);
	grow(BPF_MAP_TYPE_RHASH, BPF_F_NO_PREALLOC, entries);
}

static u64 kernel_memlock(int map)
{
	unsigned long long bytes = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", map);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "memlock: %llu", &bytes);
	if (f)
		fclose(f);
	return bytes;
}

static double bytes_per_entry(u32 engine, u32 type, u32 flags, u32 key_size, u32 entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);
	struct skep *outer = skep;
	u32 key[16] = { 32 };
	u64 value = 1, used;
	int map;

	skep = new_instance(); /* whose memory is the map's alone */
	use(engine);
	map = bpf_map_create(type, "bytes", key_size, 8, entries, &opts);
	for (u32 i = 0; i < entries; i++) {
		key[type == BPF_MAP_TYPE_LPM_TRIE] = i;
		bpf_map_update_elem(map, key, &value, BPF_ANY);
	}
	used = engine == KERNEL ? kernel_memlock(map) : skep_memacct(skep)->used;
	if (map >= 0)
		close(map);
	skep_default_instance_set(outer);
	skep_destroy(skep);
	skep = outer;
	return (double)used / entries;
}

static void memory(void)
{
	static const struct {
		const char *name;
		u32 type, flags, key_size;
	} kinds[] = {
		{ "array", BPF_MAP_TYPE_ARRAY, 0, 4 },
		{ "hash", HASH, 0, 8 },
		{ "hash", HASH, 0, 64 },
		{ "hash no prealloc", HASH, BPF_F_NO_PREALLOC, 8 },
		{ "lru_hash", LRU, 0, 8 },
		{ "rhash", BPF_MAP_TYPE_RHASH, BPF_F_NO_PREALLOC, 8 },
		{ "lpm_trie", BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, 8 },
	};

	puts("Bytes an entry, of 100000 with values of 8 bytes:");
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		double bytes[ENGINE_CNT] = { 0 };

		if (!strstr(kinds[i].name, only))
			continue;
		for (u32 e = 0; e < (with_kernel ? ENGINE_CNT : KERNEL); e++)
			bytes[e] = bytes_per_entry(e, kinds[i].type, kinds[i].flags, kinds[i].key_size, 100000);
		printf("%-34s key %2u  %6.1f", kinds[i].name, kinds[i].key_size, bytes[SKEP]);
		if (bytes[KERNEL] > 0)
			printf("  kernel %6.1f", bytes[KERNEL]);
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "qn:")) > 0) {
		if (opt == 'q')
			quick = true;
		else if (opt == 'n')
			only = optarg;
		else
			return 2;
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "usage: bench_map_ops [-q] [-n WORD] ops.bpf.o\n");
		return 2;
	}
	object = argv[optind];
	if (quick) {
		rounds = 3;
		repeat = 50;
	}
	skep = new_instance();
	with_kernel = bytes_per_entry(KERNEL, BPF_MAP_TYPE_ARRAY, 0, 4, 1) > 0;
	if (!with_kernel)
		puts("bpf(2) is not permitted here: skep alone.");
	from_programs();
	ring_buffer();
	from_user_space();
	memory();
	growth();
	printf("%u of %u goals missed\n", missed, judged);
	use(SKEP);
	skep_default_instance_set(NULL);
	skep_destroy(skep);
	return 0;
}
