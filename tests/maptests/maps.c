/* SPDX-License-Identifier: BSD-2-Clause */
/* maps.c - test_maps.c and map_tests of Linux, each function a row. */
#define __run_parallel run_now
static void run_now(unsigned int tasks, void (*fn)(unsigned int task, void *data), void *data);
#include "tools/testing/selftests/bpf/test_maps.c"

#include "maptests.h"

#include <pthread.h>

/* ---- the same function many times at once ------------------------------------------------------------ */

/* A descriptor of skep is good for nothing in a forked child (docs/divergences.md): a test whose children use their
 * parent's map runs them as threads. */
static bool by_threads;

struct task {
	pthread_t thread;
	unsigned int nr;
	void (*fn)(unsigned int task, void *data);
	void *data;
};

static void *run_task(void *arg)
{
	struct task *task = arg;

	task->fn(task->nr, task->data);
	return NULL;
}

static void run_now(unsigned int tasks, void (*fn)(unsigned int task, void *data), void *data)
{
	struct task task[tasks];

	if (!by_threads) {
		run_forked(tasks, fn, data);
		return;
	}
	for (unsigned int i = 0; i < tasks; i++) {
		task[i] = (struct task){ .nr = i, .fn = fn, .data = data };
		assert(!pthread_create(&task[i].thread, NULL, run_task, &task[i]));
	}
	for (unsigned int i = 0; i < tasks; i++)
		pthread_join(task[i].thread, NULL);
}

/* ---- what test_progs would bring ------------------------------------------------------------------------ */

int bpf_prog_test_load(const char *file, enum bpf_prog_type type, struct bpf_object **obj, int *fd)
{
	printf("%s is not built here\n", file);
	exit(1);
}

/* ---- the table -------------------------------------------------------------------------------------------- */

#define PLAIN(test)                                                                                \
	static void run_##test(void)                                                               \
	{                                                                                          \
		test();                                                                            \
	}
#define TASK(test)                                                                                 \
	static void run_##test(void)                                                               \
	{                                                                                          \
		test(0, NULL);                                                                     \
	}
#define UNPREALLOCATED(test)                                                                       \
	static void unpreallocated_##test(void)                                                    \
	{                                                                                          \
		map_opts.map_flags = BPF_F_NO_PREALLOC;                                            \
		run_##test();                                                                      \
	}
/* Those that Linux runs twice, and of which map_opts changes the maps. */
#define TWICE(kind, test) kind(test) UNPREALLOCATED(test)

TWICE(TASK, test_hashmap)
TWICE(TASK, test_hashmap_percpu)
TWICE(TASK, test_hashmap_walk)
TWICE(PLAIN, test_hashmap_zero_seed)
TASK(test_arraymap)
TASK(test_arraymap_percpu)
PLAIN(test_arraymap_percpu_many_keys)
TASK(test_devmap)
TASK(test_devmap_hash)
TASK(test_sockmap)
TWICE(PLAIN, test_map_large)
TWICE(PLAIN, test_map_stress)
TWICE(PLAIN, test_map_rdonly)
TWICE(PLAIN, test_map_wronly)
PLAIN(test_reuseport_array)
TASK(test_queuemap)
TASK(test_stackmap)
PLAIN(test_map_in_map)

static void run_test_map_parallel(void)
{
	by_threads = true;
	test_map_parallel();
}
UNPREALLOCATED(test_map_parallel)

void test_array_map_batch_ops(void);
void test_htab_map_batch_ops(void);
void test_lpm_trie_map_batch_ops(void);
void test_map_in_map_batch_ops_array(void);
void test_map_in_map_batch_ops_hash(void);
void test_sk_storage_map(void);

#define ROW(test) { #test, run_##test }
#define ROWS(test) ROW(test), { #test ", BPF_F_NO_PREALLOC", unpreallocated_##test }
#define FOREIGN(test) { #test, test }

const struct linux_test maps_tests[] = {
	ROWS(test_hashmap),
	ROWS(test_hashmap_percpu),
	ROWS(test_hashmap_walk),
	ROWS(test_hashmap_zero_seed),
	ROW(test_arraymap),
	ROW(test_arraymap_percpu),
	ROW(test_arraymap_percpu_many_keys),
	ROW(test_devmap),
	ROW(test_devmap_hash),
	ROW(test_sockmap),
	ROWS(test_map_large),
	ROWS(test_map_parallel),
	ROWS(test_map_stress),
	ROWS(test_map_rdonly),
	ROWS(test_map_wronly),
	ROW(test_reuseport_array),
	ROW(test_queuemap),
	ROW(test_stackmap),
	ROW(test_map_in_map),
	FOREIGN(test_array_map_batch_ops),
	FOREIGN(test_htab_map_batch_ops),
	FOREIGN(test_lpm_trie_map_batch_ops),
	FOREIGN(test_map_in_map_batch_ops_array),
	FOREIGN(test_map_in_map_batch_ops_hash),
	FOREIGN(test_sk_storage_map),
	{ 0 },
};
