/* SPDX-License-Identifier: BSD-2-Clause */
/* libbpf_legacy.h - choices that libbpf 1.0 left without effect, for applications that still make them. */
#ifndef SKEP_LIBBPF_LEGACY_H
#define SKEP_LIBBPF_LEGACY_H

#include <linux/bpf.h>

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
struct bpf_program;
struct btf;
struct btf_ext;

/* The same as functions without "get" in their names, and as btf__load_vmlinux_btf(). */
LIBBPF_API enum bpf_prog_type bpf_program__get_type(const struct bpf_program *prog);
LIBBPF_API enum bpf_attach_type bpf_program__get_expected_attach_type(const struct bpf_program *prog);
LIBBPF_API const void *btf__get_raw_data(const struct btf *btf, __u32 *size);
LIBBPF_API const void *btf_ext__get_raw_data(const struct btf_ext *btf_ext, __u32 *size);
LIBBPF_API struct btf *libbpf_find_kernel_btf(void);
LIBBPF_API const char *bpf_map__get_pin_path(const struct bpf_map *map);

#ifdef __cplusplus
}
#endif
#endif
