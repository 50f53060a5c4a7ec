/* SPDX-License-Identifier: BSD-2-Clause */
/* btf.h - BTF with libbpf's names; the part that skep's loader gives out. */
#ifndef SKEP_BPF_BTF_H
#define SKEP_BPF_BTF_H

#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdbool.h>

#include <bpf/libbpf_common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct btf;
struct btf_ext;

/* From an ELF file's .BTF section or a file of raw BTF. @btf_ext must be NULL. NULL and errno. */
LIBBPF_API struct btf *btf__parse(const char *path, struct btf_ext **btf_ext);
LIBBPF_API struct btf *btf__parse_elf(const char *path, struct btf_ext **btf_ext);
LIBBPF_API struct btf *btf__parse_raw(const char *path);
LIBBPF_API struct btf *btf__load_vmlinux_btf(void); /* the simulated kernel's */
LIBBPF_API struct btf *btf__new(const void *data, __u32 size); /* copies */
LIBBPF_API void btf__free(struct btf *btf);		       /* NULL is fine */
LIBBPF_API const void *btf__raw_data(const struct btf *btf, __u32 *size);
LIBBPF_API __u32 btf__type_cnt(const struct btf *btf);
LIBBPF_API const struct btf_type *btf__type_by_id(const struct btf *btf, __u32 id);
LIBBPF_API const char *btf__name_by_offset(const struct btf *btf, __u32 offset);
LIBBPF_API const char *btf__str_by_offset(const struct btf *btf, __u32 offset);
LIBBPF_API __s64 btf__resolve_size(const struct btf *btf, __u32 type_id);
LIBBPF_API int btf__resolve_type(const struct btf *btf, __u32 type_id); /* past modifiers and variables */
LIBBPF_API int btf__align_of(const struct btf *btf, __u32 id);		/* 0: it has none */
LIBBPF_API size_t btf__pointer_size(const struct btf *btf);
LIBBPF_API __s32 btf__find_by_name(const struct btf *btf, const char *type_name);
LIBBPF_API __s32 btf__find_by_name_kind(const struct btf *btf, const char *type_name, __u32 kind);

/* skep's own: where variable @var stands in section @section of an object. False: there is none. */
LIBBPF_API bool btf__find_var(const struct btf *btf, const char *section, const char *var, __u32 *offset,
			      __u32 *size);

#ifdef __cplusplus
}
#endif
#endif
