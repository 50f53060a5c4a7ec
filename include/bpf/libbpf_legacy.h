/* SPDX-License-Identifier: BSD-2-Clause */
/* libbpf_legacy.h - choices that libbpf 1.0 left without effect, for applications that still make them. */
#ifndef SKEP_LIBBPF_LEGACY_H
#define SKEP_LIBBPF_LEGACY_H

#include <bpf/libbpf_common.h>

#ifdef __cplusplus
extern "C" {
#endif

enum libbpf_strict_mode {
	LIBBPF_STRICT_ALL = 0xffffffff,
	LIBBPF_STRICT_NONE = 0x00,
	LIBBPF_STRICT_CLEAN_PTRS = 0x01,
	LIBBPF_STRICT_DIRECT_ERRS = 0x02,
	LIBBPF_STRICT_SEC_NAME = 0x04,
	LIBBPF_STRICT_NO_OBJECT_LIST = 0x08,
	LIBBPF_STRICT_AUTO_RLIMIT_MEMLOCK = 0x10,
	LIBBPF_STRICT_MAP_DEFINITIONS = 0x20,
	__LIBBPF_STRICT_LAST,
};

/* Everything is strict since libbpf 1.0. Always 0. */
LIBBPF_API int libbpf_set_strict_mode(enum libbpf_strict_mode mode);

struct bpf_map;
LIBBPF_API const char *bpf_map__get_pin_path(const struct bpf_map *map);

#ifdef __cplusplus
}
#endif
#endif
