/* SPDX-License-Identifier: BSD-2-Clause */
/* btf.h - BTF with libbpf's names; the part that skep's loader gives out. */
#ifndef SKEP_BPF_BTF_H
#define SKEP_BPF_BTF_H

#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/libbpf_common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct btf;
struct btf_ext;

enum btf_endianness {
	BTF_LITTLE_ENDIAN = 0,
	BTF_BIG_ENDIAN = 1,
};

/* ---- from files, memory, a kernel. NULL and errno. Either byte order is read. ---- */

/* From an ELF file's .BTF section or a file of raw BTF. *@btf_ext: the file's .BTF.ext, NULL when it has none. */
LIBBPF_API struct btf *btf__parse(const char *path, struct btf_ext **btf_ext);
LIBBPF_API struct btf *btf__parse_elf(const char *path, struct btf_ext **btf_ext);
LIBBPF_API struct btf *btf__parse_raw(const char *path);
/* Split BTF, such as a module's, goes on where @base_btf ends, which must outlive it. */
LIBBPF_API struct btf *btf__parse_split(const char *path, struct btf *base_btf);
LIBBPF_API struct btf *btf__parse_elf_split(const char *path, struct btf *base_btf);
LIBBPF_API struct btf *btf__parse_raw_split(const char *path, struct btf *base_btf);
LIBBPF_API struct btf *btf__new(const void *data, __u32 size); /* copies */
LIBBPF_API struct btf *btf__new_split(const void *data, __u32 size, struct btf *base_btf);
LIBBPF_API struct btf *btf__load_vmlinux_btf(void); /* the simulated kernel's */
LIBBPF_API struct btf *btf__load_module_btf(const char *module_name, struct btf *vmlinux_btf);
LIBBPF_API struct btf *btf__load_from_kernel_by_id(__u32 id);
LIBBPF_API struct btf *btf__load_from_kernel_by_id_split(__u32 id, struct btf *base_btf);
LIBBPF_API int btf__load_into_kernel(struct btf *btf);
LIBBPF_API void btf__free(struct btf *btf); /* NULL is fine */

LIBBPF_API int btf__fd(const struct btf *btf);
LIBBPF_API void btf__set_fd(struct btf *btf, int fd);
LIBBPF_API const struct btf *btf__base_btf(const struct btf *btf);
LIBBPF_API const void *btf__raw_data(const struct btf *btf, __u32 *size);
LIBBPF_API enum btf_endianness btf__endianness(const struct btf *btf); /* of the raw data */
LIBBPF_API int btf__set_endianness(struct btf *btf, enum btf_endianness endian);

/* ---- looked at ---- */

LIBBPF_API __u32 btf__type_cnt(const struct btf *btf);
LIBBPF_API const struct btf_type *btf__type_by_id(const struct btf *btf, __u32 id);
LIBBPF_API const char *btf__name_by_offset(const struct btf *btf, __u32 offset);
LIBBPF_API const char *btf__str_by_offset(const struct btf *btf, __u32 offset);
LIBBPF_API __s64 btf__resolve_size(const struct btf *btf, __u32 type_id);
LIBBPF_API int btf__resolve_type(const struct btf *btf, __u32 type_id); /* past modifiers and variables */
LIBBPF_API int btf__align_of(const struct btf *btf, __u32 id);		/* 0: it has none */
LIBBPF_API size_t btf__pointer_size(const struct btf *btf);
LIBBPF_API int btf__set_pointer_size(struct btf *btf, size_t ptr_sz); /* 8; 4 is ENOTSUP */
LIBBPF_API __s32 btf__find_by_name(const struct btf *btf, const char *type_name);
LIBBPF_API __s32 btf__find_by_name_kind(const struct btf *btf, const char *type_name, __u32 kind);

/* ---- built: each returns the new id, elements of the type added last return 0; negative errno. What was
 * given out before (records, names, raw data) is gone with the next change. ---- */

struct btf_new_opts {
	size_t sz;
	struct btf *base_btf;
	bool add_layout; /* tell the sizes of kinds (7.2; older kernels refuse it) */
	size_t :0;
};
enum btf_fwd_kind {
	BTF_FWD_STRUCT = 0,
	BTF_FWD_UNION = 1,
	BTF_FWD_ENUM = 2,
};
LIBBPF_API struct btf *btf__new_empty(void);
LIBBPF_API struct btf *btf__new_empty_split(struct btf *base_btf);
LIBBPF_API struct btf *btf__new_empty_opts(struct btf_new_opts *opts);
LIBBPF_API int btf__find_str(struct btf *btf, const char *s);
LIBBPF_API int btf__add_str(struct btf *btf, const char *s);
LIBBPF_API int btf__add_type(struct btf *btf, const struct btf *src_btf, const struct btf_type *src_type);
LIBBPF_API int btf__add_btf(struct btf *btf, const struct btf *src_btf);
LIBBPF_API int btf__add_int(struct btf *btf, const char *name, size_t byte_sz, int encoding);
LIBBPF_API int btf__add_float(struct btf *btf, const char *name, size_t byte_sz);
LIBBPF_API int btf__add_ptr(struct btf *btf, int ref_type_id);
LIBBPF_API int btf__add_array(struct btf *btf, int index_type_id, int elem_type_id, __u32 nr_elems);
LIBBPF_API int btf__add_struct(struct btf *btf, const char *name, __u32 sz);
LIBBPF_API int btf__add_union(struct btf *btf, const char *name, __u32 sz);
LIBBPF_API int btf__add_field(struct btf *btf, const char *name, int field_type_id, __u32 bit_offset, __u32 bit_size);
LIBBPF_API int btf__add_enum(struct btf *btf, const char *name, __u32 bytes_sz);
LIBBPF_API int btf__add_enum_value(struct btf *btf, const char *name, __s64 value);
LIBBPF_API int btf__add_enum64(struct btf *btf, const char *name, __u32 bytes_sz, bool is_signed);
LIBBPF_API int btf__add_enum64_value(struct btf *btf, const char *name, __u64 value);
LIBBPF_API int btf__add_fwd(struct btf *btf, const char *name, enum btf_fwd_kind fwd_kind);
LIBBPF_API int btf__add_typedef(struct btf *btf, const char *name, int ref_type_id);
LIBBPF_API int btf__add_volatile(struct btf *btf, int ref_type_id);
LIBBPF_API int btf__add_const(struct btf *btf, int ref_type_id);
LIBBPF_API int btf__add_restrict(struct btf *btf, int ref_type_id);
LIBBPF_API int btf__add_type_tag(struct btf *btf, const char *value, int ref_type_id);
LIBBPF_API int btf__add_type_attr(struct btf *btf, const char *value, int ref_type_id);
LIBBPF_API int btf__add_func(struct btf *btf, const char *name, enum btf_func_linkage linkage, int proto_type_id);
LIBBPF_API int btf__add_func_proto(struct btf *btf, int ret_type_id);
LIBBPF_API int btf__add_func_param(struct btf *btf, const char *name, int type_id);
LIBBPF_API int btf__add_var(struct btf *btf, const char *name, int linkage, int type_id);
LIBBPF_API int btf__add_datasec(struct btf *btf, const char *name, __u32 byte_sz);
LIBBPF_API int btf__add_datasec_var_info(struct btf *btf, int var_type_id, __u32 offset, __u32 byte_sz);
LIBBPF_API int btf__add_decl_tag(struct btf *btf, const char *value, int ref_type_id, int component_idx);
LIBBPF_API int btf__add_decl_attr(struct btf *btf, const char *value, int ref_type_id, int component_idx);

/* ---- all types at once. A .BTF.ext that belongs to it follows. ---- */

struct btf_dedup_opts {
	size_t sz;
	struct btf_ext *btf_ext;
	bool force_collisions; /* no effect */
	size_t :0;
};
/* Types that are the same structure become one; "struct s;" the struct s that has one definition. */
LIBBPF_API int btf__dedup(struct btf *btf, const struct btf_dedup_opts *opts);
struct btf_permute_opts {
	size_t sz;
	struct btf_ext *btf_ext;
	size_t :0;
};
/* Type i becomes type @id_map[i]; of split BTF the map begins with its first own type, else with void. */
LIBBPF_API int btf__permute(struct btf *btf, __u32 *id_map, __u32 id_map_cnt, const struct btf_permute_opts *opts);

/* ---- split BTF whose base may change ---- */

/*
 * Of split BTF two new ones, each to be freed: a base of only what identifies the types that are used of it, by name
 * and size, and split BTF on it that has everything else. -EINVAL of BTF that is not split.
 */
LIBBPF_API int btf__distill_base(const struct btf *src_btf, struct btf **new_base_btf, struct btf **new_split_btf);
/*
 * Split BTF on such a base goes on from @base_btf instead, under other ids; that must outlive it. -EINVAL: a type is not in it, has
 * another size, or there are several. Then nothing has changed.
 */
LIBBPF_API int btf__relocate(struct btf *btf, const struct btf *base_btf);

/* ---- .BTF.ext ---- */

LIBBPF_API struct btf_ext *btf_ext__new(const __u8 *data, __u32 size);
LIBBPF_API void btf_ext__free(struct btf_ext *btf_ext);
LIBBPF_API const void *btf_ext__raw_data(const struct btf_ext *btf_ext, __u32 *size);
LIBBPF_API enum btf_endianness btf_ext__endianness(const struct btf_ext *btf_ext);
LIBBPF_API int btf_ext__set_endianness(struct btf_ext *btf_ext, enum btf_endianness endian);

/* ---- as C, through a function like vprintf() ---- */

struct btf_dump;
struct btf_dump_opts {
	size_t sz;
};
struct btf_dump_emit_type_decl_opts {
	size_t sz;
	const char *field_name; /* what is declared; NULL: nothing, as in a cast */
	int indent_level;	/* of the lines after the first */
	bool strip_mods;	/* without const, volatile, restrict, inside of it too */
	size_t :0;
};
struct btf_dump_type_data_opts {
	size_t sz;
	const char *indent_str;
	int indent_level;
	bool compact, skip_names, emit_zeroes, emit_strings;
	size_t :0;
};
typedef void (*btf_dump_printf_fn_t)(void *ctx, const char *fmt, va_list args);
/* Sees the types that @btf has now. */
LIBBPF_API struct btf_dump *btf_dump__new(const struct btf *btf, btf_dump_printf_fn_t printf_fn, void *ctx,
					  const struct btf_dump_opts *opts);
LIBBPF_API void btf_dump__free(struct btf_dump *d);
/* Type @id, after what it needs and was not written yet. */
LIBBPF_API int btf_dump__dump_type(struct btf_dump *d, __u32 id);
LIBBPF_API int btf_dump__emit_type_decl(struct btf_dump *d, __u32 id, const struct btf_dump_emit_type_decl_opts *opts);
LIBBPF_API int btf_dump__dump_type_data(struct btf_dump *d, __u32 id, const void *data, size_t data_sz,
					const struct btf_dump_type_data_opts *opts); /* ENOTSUP */

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
