/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * btf.h - BTF: parse, check, look up, compare, print as C, build, and CO-RE matching.
 *
 * A struct skep_btf is immutable once parsed (any thread may read it) and reference-counted. Type
 * ids count through the base: a split BTF's first own id follows the base's last. Id 0 is void.
 * Names never share libbpf's: only src/loader and include/bpf use those.
 */
#ifndef SKEP_BTF_BTF_H
#define SKEP_BTF_BTF_H

#include "base/strbuf.h"
#include "base/types.h"
#include "base/vlog.h"

#include <linux/btf.h>

struct skep_btf;

/* vlen and kind widths differ between encodings (B-01): always through these. */
struct btf_rec; /* a type record in place: struct btf_type and what follows it */

#define BTF_PARSE_KERNEL BIT(0) /* the kernel's own: trusted names and kinds that programs may not use */

/* From a compiler: data sections may lack their size and offsets, which the loader fills in. */
#define BTF_PARSE_OBJECT BIT(1)

/* The other byte order is taken too, and converted. */
#define BTF_PARSE_FOREIGN BIT(2)

/*
 * Checks every byte of @data (hostile input) and indexes it; the bytes are copied. @base NULL for
 * a BTF of its own. 0, or what BPF_BTF_LOAD returns: -EINVAL, -E2BIG, -EEXIST (loop), -ELOOP (chain too long),
 * -524 (ENOTSUPP), -ENOMEM; @log (may be NULL) gets Linux's lines: each type, then what is wrong.
 */
int btf_parse(const void *data, u32 size, const struct skep_btf *base, u32 flags,
	      struct vlog *log, struct skep_btf **ret_btf);
void btf_get(const struct skep_btf *btf); /* atomic count behind the const */
void btf_put(const struct skep_btf *btf); /* NULL is fine */

/* Raw bytes in native order. Owned by @btf. */
const void *btf_raw(const struct skep_btf *btf, u32 *ret_size);
const struct skep_btf *btf_base(const struct skep_btf *btf);
u32 btf_first_id(const struct skep_btf *btf); /* first own id */
u32 btf_id_cnt(const struct skep_btf *btf);   /* ids are [0, cnt) */
bool btf_is_kernel(const struct skep_btf *btf);
bool btf_is_foreign(const struct skep_btf *btf); /* was of the other byte order */
/* Converts a blob in place, to or from the other byte order. A damaged header is left for the parser. */
void btf_swap(void *blob, u32 size);

/* ---- a type, decoded ---------------------------------------------------------------------- */

struct btf_t {
	u32 id;
	u32 kind;	  /* BTF_KIND_* */
	u32 vlen;
	bool kflag;
	const char *name; /* "" when anonymous */
	u32 size;	  /* kinds with a size, else 0 */
	u32 type;	  /* kinds that refer to a type, else 0 */
	const struct btf_type *raw;
	const void *tail; /* what follows the record: members, params, ... */
};
/* False when @id is out of range. Id 0 gives kind BTF_KIND_UNKN, name "void". */
bool btf_type_get(const struct skep_btf *btf, u32 id, struct btf_t *ret_t);

struct btf_memb {
	const char *name;
	u32 type;
	u32 bit_off;
	u32 bit_size; /* 0: not a bit-field */
};
bool btf_member(const struct skep_btf *btf, const struct btf_t *t, u32 i, struct btf_memb *ret_m);
struct btf_parm {
	const char *name;
	u32 type; /* last parameter with type 0 and no name: variadic */
};
bool btf_param(const struct skep_btf *btf, const struct btf_t *t, u32 i, struct btf_parm *ret_p);
/* An enumerator; 64-bit ones too. Signed values are sign-extended. */
bool btf_enumerator(const struct skep_btf *btf, const struct btf_t *t, u32 i, const char **ret_name,
		    s64 *ret_val);
struct btf_arr {
	u32 elem_type, index_type, nelems;
};
bool btf_array(const struct btf_t *t, struct btf_arr *ret_a);
struct btf_secvar {
	u32 type, off, size;
};
bool btf_secvar(const struct btf_t *t, u32 i, struct btf_secvar *ret_s);
static inline bool btf_kind_is_composite(u32 kind)
{
	return kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION;
}

static inline bool btf_kind_is_enum(u32 kind)
{
	return kind == BTF_KIND_ENUM || kind == BTF_KIND_ENUM64;
}

u32 btf_int_encoding(const struct btf_t *t); /* BTF_INT_SIGNED, ... */
u32 btf_int_bits(const struct btf_t *t);
u32 btf_var_linkage(const struct btf_t *t);
s32 btf_decl_tag_idx(const struct btf_t *t);

/* NULL when @off is outside. */
const char *btf_str(const struct skep_btf *btf, u32 off);
const char *btf_kind_name(u32 kind); /* "STRUCT" */

/* Follows typedef, const, volatile, restrict, type tags. */
u32 btf_skip_mods(const struct skep_btf *btf, u32 id);
/* Only modifiers; stops at a typedef. */
u32 btf_skip_quals(const struct skep_btf *btf, u32 id);
/* Bytes; -EINVAL for what has none, -E2BIG when it overflows. */
s64 btf_type_size(const struct skep_btf *btf, u32 id);
s64 btf_type_align(const struct skep_btf *btf, u32 id);
/* First type of that name and kind, 0 when there is none. Looks in the base too. */
u32 btf_find(const struct skep_btf *btf, const char *name, u32 kind);
/* The next of that name and kind after @after. */
u32 btf_find_next(const struct skep_btf *btf, const char *name, u32 kind, u32 after);
/* A declaration tag "name" or "name:..." on component @idx (-1: the type itself); the tag's text
 * after the colon ("" without), NULL when absent. */
const char *btf_find_tag(const struct skep_btf *btf, u32 id, s32 idx, const char *name);

/* ---- print -------------------------------------------------------------------------------- */

/* "bpftool btf dump": one type, raw form, as "[1] INT 'int' size=4 bits_offset=0 ...". */
void btf_print_raw(struct strbuf *out, const struct skep_btf *btf, u32 id);
/* All types as C in an order that compiles ("format c"). 0, -ENOMEM, -EINVAL, -E2BIG
 * (hostile: types in place inside of types in place; cut short). */
int btf_print_c(struct strbuf *out, const struct skep_btf *btf);
/* The same piecemeal: what @id needs that was not written yet, then itself. */
struct btf_cdump;
struct btf_cdump *btf_cdump_new(const struct skep_btf *btf); /* NULL: no memory; @btf must outlive it */
int btf_cdump_type(struct btf_cdump *cd, struct strbuf *out, u32 id); /* 0, -EINVAL, -ENOMEM, -E2BIG */
/* @level: tabs in front of lines inside of it. */
int btf_cdump_decl(struct btf_cdump *cd, struct strbuf *out, u32 id, const char *name, u32 level);
void btf_cdump_free(struct btf_cdump *cd);
/* A declaration such as "struct foo *bar[3]". */
void btf_print_decl(struct strbuf *out, const struct skep_btf *btf, u32 id, const char *name);

/* ---- compare ------------------------------------------------------------------------------ */

/* Same structure, names included; through both BTFs. Cycles are handled. */
bool btf_equal(const struct skep_btf *a, u32 a_id, const struct skep_btf *b, u32 b_id);

/* ---- build ---------------------------------------------------------------------------------- */

/*
 * Types that grow one by one. @base stays referenced. Nothing is checked but what one call can see: parse the
 * finished blob. Single-threaded, readers of the view included.
 */
struct btf_writer;
struct btf_writer *btf_writer_new(const struct skep_btf *base); /* NULL: no memory */
/* Starts as a copy of @btf's own types. */
struct btf_writer *btf_writer_from(const struct skep_btf *btf);
void btf_writer_free(struct btf_writer *w);
/* What is there now, as BTF; records and strings in it move with the next addition. */
const struct skep_btf *btf_writer_view(const struct btf_writer *w);
/* All return the new id (elements: 0), or negative errno; strings are de-duplicated, NULL is no name. */
s32 btf_add_int(struct btf_writer *w, const char *name, u32 size, u32 encoding);
s32 btf_add_float(struct btf_writer *w, const char *name, u32 size);
s32 btf_add_ref(struct btf_writer *w, u32 kind, const char *name, u32 type); /* PTR, CONST, TYPEDEF, FWD, TYPE_TAG, ... */
s32 btf_add_array(struct btf_writer *w, u32 index_type, u32 elem_type, u32 nelems);
s32 btf_add_composite(struct btf_writer *w, u32 kind, const char *name, u32 size); /* STRUCT, UNION */
/* Elements belong to the type that was added last. */
s32 btf_add_member(struct btf_writer *w, const char *name, u32 type, u32 bit_off, u32 bit_size);
s32 btf_add_enum(struct btf_writer *w, const char *name, u32 size, bool is_signed, bool is64);
s32 btf_add_enumerator(struct btf_writer *w, const char *name, s64 value); /* below 0 makes a 32-bit enum signed */
s32 btf_add_func_proto(struct btf_writer *w, u32 ret_type);
s32 btf_add_param(struct btf_writer *w, const char *name, u32 type);
s32 btf_add_func(struct btf_writer *w, const char *name, u32 linkage, u32 proto);
s32 btf_add_var(struct btf_writer *w, const char *name, u32 linkage, u32 type);
s32 btf_add_datasec(struct btf_writer *w, const char *name, u32 size);
s32 btf_add_secvar(struct btf_writer *w, u32 type, u32 off, u32 size);
s32 btf_add_decl_tag(struct btf_writer *w, const char *value, u32 type, s32 idx);
/* A record of @src, with its strings; type ids go through @new_id (NULL: stay). */
s32 btf_add_record(struct btf_writer *w, const struct skep_btf *src, const struct btf_type *rec,
		   u32 (*new_id)(void *ctx, u32 id), void *ctx);
/* All own types of @src, renumbered to follow ours; the first one's new id. All or nothing. */
s32 btf_add_all(struct btf_writer *w, const struct skep_btf *src);
/* Offsets of strings; -ENOENT, -ENOMEM, -E2BIG. */
s64 btf_find_str(struct btf_writer *w, const char *s);
s64 btf_add_str(struct btf_writer *w, const char *s);
/* Changes in place, by id: what loaders must adjust before a load. */
int btf_set_size(struct btf_writer *w, u32 id, u32 size);
int btf_set_secvar(struct btf_writer *w, u32 datasec, u32 i, u32 off, u32 size);
int btf_set_linkage(struct btf_writer *w, u32 func_or_var, u32 linkage);
int btf_set_kflag(struct btf_writer *w, u32 id); /* a tag that is an attribute, a union's forward */
/* Forgets types from @cnt on; strings stay. */
void btf_writer_truncate(struct btf_writer *w, u32 cnt);
/* The blob will tell the sizes of kinds (7.2; older kernels refuse it). */
void btf_writer_add_layout(struct btf_writer *w);
/* The blob, malloc()ed. */
int btf_writer_finish(struct btf_writer *w, void **ret_data, u32 *ret_size);

/*
 * @btf with types that are the same structure made one, forwards resolved where the name has one definition
 * (how: dedup.c). Of split BTF the base stays, and own types that the base has go. @ret_new_ids (may be NULL):
 * the new id of each old one, btf_id_cnt(@btf) of them, malloc()ed. 0, -ENOMEM, -E2BIG, -EINVAL
 * (hashes collide).
 */
int btf_dedup(const struct skep_btf *btf, struct btf_writer **ret_w, u32 **ret_new_ids);

/* ---- .BTF.ext ------------------------------------------------------------------------------ */

struct btf_ext_rec {
	const char *sec; /* section name, "?" when there was no BTF to look it up in */
	u32 sec_off;	 /* the name's offset */
	u32 insn_off;	 /* bytes, within the section */
	const void *rec; /* rec_size bytes, native order, starting with insn_off */
};
struct btf_ext_info {
	u32 rec_size, rec_cnt;
	struct btf_ext_rec *recs; /* in file order */
};
struct btf_ext {
	struct btf_ext_info func, line, core;
	void *data; /* private copy, native order */
	u32 size;
	bool foreign;  /* was of the other byte order */
	void *swapped; /* the user's: freed with it */
};
void btf_ext_swap(void *data, u32 size);
/* Either byte order. @btf may be NULL: then names are not looked up. */
int btf_ext_parse(const void *data, u32 size, const struct skep_btf *btf, struct btf_ext **ret_ext,
		  struct strbuf *err);
void btf_ext_free(struct btf_ext *ext);
/* Calls @fn for every type id ('T') and string offset ('S') in it, which it may change. */
typedef void (*btf_ext_word_fn)(void *ctx, char kind, u32 *word);
void btf_ext_words(struct btf_ext *ext, btf_ext_word_fn fn, void *ctx);

/* ---- CO-RE --------------------------------------------------------------------------------- */

/* Same kind all the way down pointers, arrays and prototypes; what structs hold does not matter. */
bool core_types_compatible(const struct skep_btf *a_btf, u32 a, const struct skep_btf *b_btf, u32 b);

/* Values as enum bpf_core_relo_kind. */
struct core_relo {
	u32 insn_off, type_id, access_str_off, kind;
};
struct core_spec_result {
	bool poison;   /* no candidate has the field: the insn must never run */
	u64 orig_val, new_val;
	bool has_orig; /* orig_val must be what the insn holds now */
	u32 target_id;
	u32 new_mem_size; /* for loads and stores of a field whose size changed; 0: unchanged */
	bool fail_mem_size; /* size changed in a way that the insn cannot follow */
};

/* Where types are looked for: in the kernel's BTF; when it has none of that name, in those of its modules. */
struct core_target {
	const struct skep_btf *kernel;
	struct skep_btf *const *modules; /* split from @kernel */
	u32 module_cnt;
};

/* Finds what @relo is in @targ. @err tells why it cannot be done (also for poison). 0, -EINVAL
 * (bad relocation), -ENOENT with poison set, -ESRCH ambiguous. */
int core_resolve(const struct skep_btf *local, const struct core_relo *relo,
		 const struct core_target *targ, struct core_spec_result *ret, struct strbuf *err);
/* Patches one insn (two slots for LD_IMM64) by @res. 0, -EINVAL with @err. */
struct bpf_insn;
int core_patch(struct bpf_insn *insn, u32 insn_idx, const struct core_relo *relo,
	       const struct core_spec_result *res, struct strbuf *err);

#endif
