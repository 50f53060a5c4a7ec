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

/* Type records taken apart. skep itself reads BTF with functions of its own, some of the same names. */
#ifndef SKEP_BTF_BTF_H

/* Fields of words, in the wide encoding; narrow data read the same. */
#ifndef BTF_INFO_KIND
#define BTF_INFO_KIND(info)	      (((info) >> 24) & 0x7f)
#define BTF_INFO_VLEN(info)	      ((info) & 0xffffff)
#define BTF_INFO_KFLAG(info)	      ((info) >> 31)
#define BTF_INT_ENCODING(val)	      (((val) >> 24) & 0xf)
#define BTF_INT_OFFSET(val)	      (((val) >> 16) & 0xff)
#define BTF_INT_BITS(val)	      ((val) & 0xff)
#define BTF_MEMBER_BITFIELD_SIZE(val) ((val) >> 24)
#define BTF_MEMBER_BIT_OFFSET(val)    ((val) & 0xffffff)
#endif

static inline __u16 btf_kind(const struct btf_type *t)
{
	return BTF_INFO_KIND(t->info);
}

static inline __u32 btf_vlen(const struct btf_type *t)
{
	return BTF_INFO_VLEN(t->info);
}

static inline bool btf_kflag(const struct btf_type *t)
{
	return BTF_INFO_KFLAG(t->info);
}

#define ___BTF_IS(name, KIND)                                                                      \
	static inline bool btf_is_##name(const struct btf_type *t)                                 \
	{                                                                                          \
		return btf_kind(t) == BTF_KIND_##KIND;                                             \
	}
___BTF_IS(void, UNKN)
___BTF_IS(int, INT)
___BTF_IS(ptr, PTR)
___BTF_IS(array, ARRAY)
___BTF_IS(struct, STRUCT)
___BTF_IS(union, UNION)
___BTF_IS(enum, ENUM)
___BTF_IS(enum64, ENUM64)
___BTF_IS(fwd, FWD)
___BTF_IS(typedef, TYPEDEF)
___BTF_IS(volatile, VOLATILE)
___BTF_IS(const, CONST)
___BTF_IS(restrict, RESTRICT)
___BTF_IS(func, FUNC)
___BTF_IS(func_proto, FUNC_PROTO)
___BTF_IS(var, VAR)
___BTF_IS(datasec, DATASEC)
___BTF_IS(float, FLOAT)
___BTF_IS(decl_tag, DECL_TAG)
___BTF_IS(type_tag, TYPE_TAG)
#undef ___BTF_IS

static inline bool btf_is_composite(const struct btf_type *t)
{
	return btf_is_struct(t) || btf_is_union(t);
}

static inline bool btf_is_any_enum(const struct btf_type *t)
{
	return btf_is_enum(t) || btf_is_enum64(t);
}

static inline bool btf_is_mod(const struct btf_type *t)
{
	return btf_is_volatile(t) || btf_is_const(t) || btf_is_restrict(t) || btf_is_type_tag(t);
}

static inline __u8 btf_int_encoding(const struct btf_type *t)
{
	return BTF_INT_ENCODING(*(const __u32 *)(t + 1));
}

static inline __u8 btf_int_offset(const struct btf_type *t)
{
	return BTF_INT_OFFSET(*(const __u32 *)(t + 1));
}

static inline __u8 btf_int_bits(const struct btf_type *t)
{
	return BTF_INT_BITS(*(const __u32 *)(t + 1));
}

/* What follows a record, as the kind says. */
#define ___BTF_TAIL(name, type)                                                                    \
	static inline struct type *name(const struct btf_type *t)                                  \
	{                                                                                          \
		return (struct type *)(t + 1);                                                     \
	}
___BTF_TAIL(btf_array, btf_array)
___BTF_TAIL(btf_enum, btf_enum)
___BTF_TAIL(btf_enum64, btf_enum64)
___BTF_TAIL(btf_members, btf_member)
___BTF_TAIL(btf_params, btf_param)
___BTF_TAIL(btf_var, btf_var)
___BTF_TAIL(btf_var_secinfos, btf_var_secinfo)
___BTF_TAIL(btf_decl_tag, btf_decl_tag)
#undef ___BTF_TAIL

static inline __u64 btf_enum64_value(const struct btf_enum64 *e)
{
	return (__u64)e->val_hi32 << 32 | e->val_lo32;
}

static inline __u32 btf_member_bit_offset(const struct btf_type *t, __u32 member_idx)
{
	const struct btf_member *m = btf_members(t) + member_idx;

	return btf_kflag(t) ? BTF_MEMBER_BIT_OFFSET(m->offset) : m->offset;
}

static inline __u32 btf_member_bitfield_size(const struct btf_type *t, __u32 member_idx)
{
	const struct btf_member *m = btf_members(t) + member_idx;

	return btf_kflag(t) ? BTF_MEMBER_BITFIELD_SIZE(m->offset) : 0;
}

#endif /* SKEP_BTF_BTF_H */
#endif
