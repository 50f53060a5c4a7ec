/* SPDX-License-Identifier: BSD-2-Clause */
/* lpm.c - test_lpm_map.c of Linux. Those of its tests that look only at its own model of a trie are left out. */
#include "tools/testing/selftests/bpf/test_lpm_map.c"

#include "maptests.h"

static void random_keys(void)
{
	srand(0xf00ba1);
	for (int bytes = 1; bytes <= 16; bytes++)
		test_lpm_map(bytes);
}

const struct linux_test lpm_tests[] = {
	{ "test_lpm_map", random_keys },
	{ "test_lpm_ipaddr", test_lpm_ipaddr },
	{ "test_lpm_delete", test_lpm_delete },
	{ "test_lpm_get_next_key", test_lpm_get_next_key },
	{ "test_lpm_multi_thread", test_lpm_multi_thread },
	{ 0 },
};
