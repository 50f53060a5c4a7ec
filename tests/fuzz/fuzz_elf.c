/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_elf.c - any bytes as an object: opened, and when that works loaded with all its programs. One
 * instance for all runs, as an application has; what an object made must go with it.
 */
#include "base/types.h"

#include <bpf/libbpf.h>
#include <skep/skep.h>

#include <stdlib.h>

#define VALUE_MAX (1u << 20) /* larger .bss only costs time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct skep *skep;
	struct bpf_object *obj;
	struct bpf_program *prog;
	struct bpf_map *map;
	bool load = true;

	if (!skep) {
		struct skep_config config = { .sz = sizeof(config), .cpu_cnt = 1, .engine = SKEP_RUN_INTERP,
					      .mem_limit = 64 << 20 };

		if (skep_create(&config, &skep))
			abort();
		skep_default_instance_set(skep);
		libbpf_set_print(NULL);
	}
	obj = bpf_object__open_mem(data, size, NULL);
	if (!obj)
		return 0;
	bpf_object__for_each_program(prog, obj)
		bpf_program__set_autoload(prog, true);
	bpf_object__for_each_map(map, obj) {
		if (bpf_map__value_size(map) > VALUE_MAX || bpf_map__max_entries(map) > VALUE_MAX)
			load = false;
	}
	if (load)
		bpf_object__load(obj);
	bpf_object__close(obj);
	return 0;
}
