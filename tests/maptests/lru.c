/* SPDX-License-Identifier: BSD-2-Clause */
/* lru.c - test_lru_map.c of Linux: each function with both types of maps, with common lists and with a CPU's own. */
#include "tools/testing/selftests/bpf/test_lru_map.c"

#include "maptests.h"

static void prepare(void)
{
	setbuf(stdout, NULL);
	nr_cpus = bpf_num_possible_cpus();
}

#define NR(nr, ...)                                                                                \
	static void common_##nr(void)                                                              \
	{                                                                                          \
		unsigned int free_cnt = LOCAL_FREE_TARGET;                                         \
		prepare();                                                                         \
		(void)free_cnt;                                                                    \
		test_lru_sanity##nr(BPF_MAP_TYPE_LRU_HASH, 0 __VA_ARGS__);                         \
		test_lru_sanity##nr(BPF_MAP_TYPE_LRU_PERCPU_HASH, 0 __VA_ARGS__);                  \
	}                                                                                          \
	static void own_##nr(void)                                                                 \
	{                                                                                          \
		unsigned int free_cnt = PERCPU_FREE_TARGET;                                        \
		prepare();                                                                         \
		(void)free_cnt;                                                                    \
		test_lru_sanity##nr(BPF_MAP_TYPE_LRU_HASH, BPF_F_NO_COMMON_LRU __VA_ARGS__);       \
		test_lru_sanity##nr(BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_F_NO_COMMON_LRU __VA_ARGS__); \
	}
#define FREE_CNT , free_cnt

NR(0)
NR(1, FREE_CNT)
NR(2, FREE_CNT)
NR(3, FREE_CNT)
NR(4, FREE_CNT)
NR(5)
NR(6, FREE_CNT)
NR(7)
NR(8)

#define ROWS(nr)                                                                                   \
	{ "test_lru_sanity" #nr, common_##nr, true }, { "test_lru_sanity" #nr ", BPF_F_NO_COMMON_LRU", own_##nr, true }

const struct linux_test lru_tests[] = {
	ROWS(0), ROWS(1), ROWS(2), ROWS(3), ROWS(4), ROWS(5), ROWS(6), ROWS(7), ROWS(8), { 0 },
};
