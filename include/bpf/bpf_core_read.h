/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf_core_read.h - compile once, run everywhere: accesses whose offsets, sizes and existence the
 * loader takes from the kernel's BTF.
 */
#ifndef __BPF_CORE_READ_H__
#define __BPF_CORE_READ_H__

#include <bpf/bpf_args.h>
#include <bpf/bpf_helpers.h>

/* Kinds of the compiler's builtins, as enum bpf_core_relo_kind numbers them within each builtin. */
enum bpf_field_info_kind {
	BPF_FIELD_BYTE_OFFSET = 0,
	BPF_FIELD_BYTE_SIZE = 1,
	BPF_FIELD_EXISTS = 2,
	BPF_FIELD_SIGNED = 3,
	BPF_FIELD_LSHIFT_U64 = 4,
	BPF_FIELD_RSHIFT_U64 = 5,
};
enum bpf_type_id_kind { BPF_TYPE_ID_LOCAL = 0, BPF_TYPE_ID_TARGET = 1 };
enum bpf_type_info_kind { BPF_TYPE_EXISTS = 0, BPF_TYPE_SIZE = 1, BPF_TYPE_MATCHES = 2 };
enum bpf_enum_value_kind { BPF_ENUMVAL_EXISTS = 0, BPF_ENUMVAL_VALUE = 1 };

/* A field is given as an expression (s->a.b) or as type and member (struct foo, a.b). */
#define ___core_expr1(field)	   field
#define ___core_expr2(type, field) ((typeof(type) *)0)->field
#define ___core_expr(...)	   ___bpf_do(___core_expr, __VA_ARGS__)(__VA_ARGS__)

#define bpf_core_field_exists(...)                                                                 \
	__builtin_preserve_field_info(___core_expr(__VA_ARGS__), BPF_FIELD_EXISTS)
#define bpf_core_field_size(...)                                                                   \
	__builtin_preserve_field_info(___core_expr(__VA_ARGS__), BPF_FIELD_BYTE_SIZE)
#define bpf_core_field_offset(...)                                                                 \
	__builtin_preserve_field_info(___core_expr(__VA_ARGS__), BPF_FIELD_BYTE_OFFSET)

#define bpf_core_type_exists(type)    __builtin_preserve_type_info(*(typeof(type) *)0, BPF_TYPE_EXISTS)
#define bpf_core_type_matches(type)   __builtin_preserve_type_info(*(typeof(type) *)0, BPF_TYPE_MATCHES)
#define bpf_core_type_size(type)      __builtin_preserve_type_info(*(typeof(type) *)0, BPF_TYPE_SIZE)
#define bpf_core_type_id_local(type)  __builtin_btf_type_id(*(typeof(type) *)0, BPF_TYPE_ID_LOCAL)
#define bpf_core_type_id_kernel(type) __builtin_btf_type_id(*(typeof(type) *)0, BPF_TYPE_ID_TARGET)

/* The compiler wants the enumerator dressed up as a pointer to its enum. */
#define bpf_core_enum_value_exists(enum_type, enum_value)                                          \
	__builtin_preserve_enum_value(*(typeof(enum_type) *)enum_value, BPF_ENUMVAL_EXISTS)
#define bpf_core_enum_value(enum_type, enum_value)                                                 \
	__builtin_preserve_enum_value(*(typeof(enum_type) *)enum_value, BPF_ENUMVAL_VALUE)

/* ---- reads of one member ---------------------------------------------------------------------------- */

#define bpf_core_read(dst, sz, src)                                                                \
	bpf_probe_read_kernel(dst, sz, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_user(dst, sz, src)                                                           \
	bpf_probe_read_user(dst, sz, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_str(dst, sz, src)                                                            \
	bpf_probe_read_kernel_str(dst, sz, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_user_str(dst, sz, src)                                                       \
	bpf_probe_read_user_str(dst, sz, (const void *)__builtin_preserve_access_index(src))

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;
#define bpf_core_cast(ptr, type) ((typeof(type) *)bpf_rdonly_cast((ptr), bpf_core_type_id_kernel(type)))

/* ---- reads along pointers ---------------------------------------------------------------------------- */

/* src->a->b->...: for its type only. */
#define ___core_arrow1(s, f) (s)->f
#define ___core_arrow2(s, f, ...) ___core_arrow1((s)->f, __VA_ARGS__)
#define ___core_arrow3(s, f, ...) ___core_arrow2((s)->f, __VA_ARGS__)
#define ___core_arrow4(s, f, ...) ___core_arrow3((s)->f, __VA_ARGS__)
#define ___core_arrow5(s, f, ...) ___core_arrow4((s)->f, __VA_ARGS__)
#define ___core_arrow6(s, f, ...) ___core_arrow5((s)->f, __VA_ARGS__)
#define ___core_arrow7(s, f, ...) ___core_arrow6((s)->f, __VA_ARGS__)
#define ___core_arrow8(s, f, ...) ___core_arrow7((s)->f, __VA_ARGS__)
#define ___core_arrow9(s, f, ...) ___core_arrow8((s)->f, __VA_ARGS__)
#define ___core_arrow10(s, f, ...) ___core_arrow9((s)->f, __VA_ARGS__)

/* Reads the pointers on the way one by one into locals; @last reads the last member into *@dst. The
 * locals have numbers, for an inner one's initialiser must not name itself. */
#define ___core_walk1(addr, step, last, dst, s, f) last((void *)(dst), sizeof(*(dst)), addr((s)->f))
#define ___core_walk2(addr, step, last, dst, s, f, ...)                                              \
	({                                                                                         \
		typeof((s)->f) ___p2;                                                              \
		step((void *)&___p2, sizeof(___p2), addr((s)->f));                                \
		___core_walk1(addr, step, last, dst, ___p2, __VA_ARGS__);                        \
	})
#define ___core_walk3(addr, step, last, dst, s, f, ...)                                              \
	({                                                                                         \
		typeof((s)->f) ___p3;                                                              \
		step((void *)&___p3, sizeof(___p3), addr((s)->f));                                \
		___core_walk2(addr, step, last, dst, ___p3, __VA_ARGS__);                        \
	})
#define ___core_walk4(addr, step, last, dst, s, f, ...)                                              \
	({                                                                                         \
		typeof((s)->f) ___p4;                                                              \
		step((void *)&___p4, sizeof(___p4), addr((s)->f));                                \
		___core_walk3(addr, step, last, dst, ___p4, __VA_ARGS__);                        \
	})
#define ___core_walk5(addr, step, last, dst, s, f, ...)                                              \
	({                                                                                         \
		typeof((s)->f) ___p5;                                                              \
		step((void *)&___p5, sizeof(___p5), addr((s)->f));                                \
		___core_walk4(addr, step, last, dst, ___p5, __VA_ARGS__);                        \
	})
#define ___core_walk6(addr, step, last, dst, s, f, ...)                                              \
	({                                                                                         \
		typeof((s)->f) ___p6;                                                              \
		step((void *)&___p6, sizeof(___p6), addr((s)->f));                                \
		___core_walk5(addr, step, last, dst, ___p6, __VA_ARGS__);                        \
	})
#define ___core_walk7(addr, step, last, dst, s, f, ...)                                              \
	({                                                                                         \
		typeof((s)->f) ___p7;                                                              \
		step((void *)&___p7, sizeof(___p7), addr((s)->f));                                \
		___core_walk6(addr, step, last, dst, ___p7, __VA_ARGS__);                        \
	})
#define ___core_walk8(addr, step, last, dst, s, f, ...)                                              \
	({                                                                                         \
		typeof((s)->f) ___p8;                                                              \
		step((void *)&___p8, sizeof(___p8), addr((s)->f));                                \
		___core_walk7(addr, step, last, dst, ___p8, __VA_ARGS__);                        \
	})
#define ___core_walk9(addr, step, last, dst, s, f, ...)                                              \
	({                                                                                         \
		typeof((s)->f) ___p9;                                                              \
		step((void *)&___p9, sizeof(___p9), addr((s)->f));                                \
		___core_walk8(addr, step, last, dst, ___p9, __VA_ARGS__);                        \
	})
#define ___core_walk10(addr, step, last, dst, s, f, ...)                                              \
	({                                                                                         \
		typeof((s)->f) ___p10;                                                              \
		step((void *)&___p10, sizeof(___p10), addr((s)->f));                                \
		___core_walk9(addr, step, last, dst, ___p10, __VA_ARGS__);                        \
	})

/* The address of a member, its offset relocated or not. */
#define ___core_reloc_addr(member) ((const void *)__builtin_preserve_access_index(&member))
#define ___core_plain_addr(member) ((const void *)&member)
#define ___core_walk(addr, step, last, dst, src, ...)                                              \
	___bpf_do(___core_walk, __VA_ARGS__)(addr, step, last, dst, (src), __VA_ARGS__)
#define ___core_value(into, src, ...)                                                              \
	({                                                                                         \
		typeof(___bpf_do(___core_arrow, __VA_ARGS__)((src), __VA_ARGS__)) ___val;           \
		into(&___val, src, __VA_ARGS__);                                                    \
		___val;                                                                            \
	})

/* BPF_CORE_READ_INTO(&dst, task, mm, exe_file, f_inode): dst = task->mm->exe_file->f_inode. Returns what
 * the last read returned. _STR_ copies a string into an array. */
#define BPF_CORE_READ_INTO(dst, src, ...)                                                          \
	___core_walk(___core_reloc_addr, bpf_probe_read_kernel, bpf_probe_read_kernel, dst, src, __VA_ARGS__)
#define BPF_CORE_READ_USER_INTO(dst, src, ...)                                                     \
	___core_walk(___core_reloc_addr, bpf_probe_read_user, bpf_probe_read_user, dst, src, __VA_ARGS__)
#define BPF_PROBE_READ_INTO(dst, src, ...)                                                         \
	___core_walk(___core_plain_addr, bpf_probe_read_kernel, bpf_probe_read_kernel, dst, src, __VA_ARGS__)
#define BPF_PROBE_READ_USER_INTO(dst, src, ...)                                                    \
	___core_walk(___core_plain_addr, bpf_probe_read_user, bpf_probe_read_user, dst, src, __VA_ARGS__)

#define BPF_CORE_READ_STR_INTO(dst, src, ...)                                                      \
	___core_walk(___core_reloc_addr, bpf_probe_read_kernel, bpf_probe_read_kernel_str, dst, src, __VA_ARGS__)
#define BPF_CORE_READ_USER_STR_INTO(dst, src, ...)                                                 \
	___core_walk(___core_reloc_addr, bpf_probe_read_user, bpf_probe_read_user_str, dst, src, __VA_ARGS__)
#define BPF_PROBE_READ_STR_INTO(dst, src, ...)                                                     \
	___core_walk(___core_plain_addr, bpf_probe_read_kernel, bpf_probe_read_kernel_str, dst, src, __VA_ARGS__)
#define BPF_PROBE_READ_USER_STR_INTO(dst, src, ...)                                                \
	___core_walk(___core_plain_addr, bpf_probe_read_user, bpf_probe_read_user_str, dst, src, __VA_ARGS__)

/* BPF_CORE_READ(task, mm, exe_file, f_inode): the value itself, unspecified when a read faults. */
#define BPF_CORE_READ(src, ...)	      ___core_value(BPF_CORE_READ_INTO, src, __VA_ARGS__)
#define BPF_CORE_READ_USER(src, ...)  ___core_value(BPF_CORE_READ_USER_INTO, src, __VA_ARGS__)
#define BPF_PROBE_READ(src, ...)      ___core_value(BPF_PROBE_READ_INTO, src, __VA_ARGS__)
#define BPF_PROBE_READ_USER(src, ...) ___core_value(BPF_PROBE_READ_USER_INTO, src, __VA_ARGS__)

/* ---- bit-fields ---------------------------------------------------------------------------------------- */

#define ___core_info(s, field, what) __builtin_preserve_field_info((s)->field, BPF_FIELD_##what)

/* From the 8 bytes that hold it, the field moved to the top and down again. */
#define ___core_extract(s, field, val)                                                             \
	({                                                                                         \
		unsigned long long ___bits = (val) << ___core_info(s, field, LSHIFT_U64);           \
		___core_info(s, field, SIGNED) ?                                                   \
			(unsigned long long)((long long)___bits >> ___core_info(s, field, RSHIFT_U64)) : \
			___bits >> ___core_info(s, field, RSHIFT_U64);                              \
	})

/* By the program's own loads: for memory that it may read directly. The offset goes through a register
 * that the compiler knows nothing about, else it would merge it into the loads and lose its relocation. */
#define BPF_CORE_READ_BITFIELD(s, field)                                                           \
	({                                                                                         \
		const void *___at = (const void *)(s) + ___core_info(s, field, BYTE_OFFSET);        \
		unsigned long long ___unit = 0;                                                    \
                                                                                                   \
		asm volatile("" : "+r"(___at));                                                    \
		switch (___core_info(s, field, BYTE_SIZE)) {                                       \
		case 1:                                                                            \
			___unit = *(const __u8 *)___at;                                            \
			break;                                                                     \
		case 2:                                                                            \
			___unit = *(const __u16 *)___at;                                           \
			break;                                                                     \
		case 4:                                                                            \
			___unit = *(const __u32 *)___at;                                           \
			break;                                                                     \
		case 8:                                                                            \
			___unit = *(const __u64 *)___at;                                           \
			break;                                                                     \
		}                                                                                  \
		___core_extract(s, field, ___unit);                                                \
	})

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ___core_unit(val, size) ((void *)&(val))
#else
#define ___core_unit(val, size) ((void *)&(val) + (8 - (size)))
#endif

#define BPF_CORE_READ_BITFIELD_PROBED(s, field)                                                    \
	({                                                                                         \
		unsigned long long ___unit = 0;                                                    \
		__u32 ___size = ___core_info(s, field, BYTE_SIZE);                                  \
                                                                                                   \
		bpf_probe_read_kernel(___core_unit(___unit, ___size), ___size,                      \
				      (const void *)(s) + ___core_info(s, field, BYTE_OFFSET));     \
		___core_extract(s, field, ___unit);                                                \
	})

#define ___core_put(type, at, mask, bits) (*(type *)(at) = (*(type *)(at) & ~(type)(mask)) | (type)(bits))
#define BPF_CORE_WRITE_BITFIELD(s, field, new_val)                                                 \
	({                                                                                         \
		void *___at = (void *)(s) + ___core_info(s, field, BYTE_OFFSET);                    \
		__u32 ___right = ___core_info(s, field, RSHIFT_U64);                                \
		__u32 ___up = ___right - ___core_info(s, field, LSHIFT_U64);                        \
		__u64 ___mask = ~0ULL >> ___right << ___up;                                        \
		__u64 ___bits = ((__u64)(new_val) << ___up) & ___mask;                              \
                                                                                                   \
		asm volatile("" : "+r"(___at));                                                    \
		switch (___core_info(s, field, BYTE_SIZE)) {                                       \
		case 1:                                                                            \
			___core_put(__u8, ___at, ___mask, ___bits);                                \
			break;                                                                     \
		case 2:                                                                            \
			___core_put(__u16, ___at, ___mask, ___bits);                               \
			break;                                                                     \
		case 4:                                                                            \
			___core_put(__u32, ___at, ___mask, ___bits);                               \
			break;                                                                     \
		case 8:                                                                            \
			___core_put(__u64, ___at, ___mask, ___bits);                               \
			break;                                                                     \
		}                                                                                  \
	})

#endif
