/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf_helpers.h - what BPF programs include: section names, map definitions, helpers. */
#ifndef __BPF_HELPERS__
#define __BPF_HELPERS__

#include <bpf/bpf_args.h>
#include <bpf/bpf_helper_defs.h>

/* Map definitions: a member whose type carries a number or a type, never a value. */
#define __uint(name, val)  int(*name)[val]
#define __type(name, val)  typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define __ulong(name, val) enum { name##__##val##__value = (val) } name

#define SEC(name)                                                                                  \
	_Pragma("GCC diagnostic push")                                                             \
	_Pragma("GCC diagnostic ignored \"-Wignored-attributes\"")                                 \
	__attribute__((section(name), used))                                                       \
	_Pragma("GCC diagnostic pop")

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif
#ifndef __hidden
#define __hidden __attribute__((visibility("hidden")))
#endif
#define __kconfig     __attribute__((section(".kconfig")))
#define __ksym	      __attribute__((section(".ksyms")))

/* What pointers in map values, and parameters of global functions, are to the verifier. */
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __kptr		 __attribute__((btf_type_tag("kptr")))
#define __percpu_kptr	 __attribute__((btf_type_tag("percpu_kptr")))
#define __uptr		 __attribute__((btf_type_tag("uptr")))
#define __arg_ctx	 __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_nonnull	 __attribute__((btf_decl_tag("arg:nonnull")))
#define __arg_nullable	 __attribute__((btf_decl_tag("arg:nullable")))
#define __arg_trusted	 __attribute__((btf_decl_tag("arg:trusted")))
#define __arg_untrusted	 __attribute__((btf_decl_tag("arg:untrusted")))
#define __arg_arena	 __attribute__((btf_decl_tag("arg:arena")))
#define __exception_cb(name) __attribute__((btf_decl_tag("exception_callback:" #name)))

/* Of a weak extern: whether the kernel has it. */
#define bpf_ksym_exists(sym)                                                                       \
	({                                                                                         \
		_Static_assert(!__builtin_constant_p(!!sym), #sym " should be marked as __weak");   \
		!!sym;                                                                             \
	})

#ifndef KERNEL_VERSION
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#endif
#ifndef NULL
#define NULL ((void *)0)
#endif

#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
#ifndef container_of
#define container_of(ptr, type, member) ((type *)((void *)(ptr) - offsetof(type, member)))
#endif

/* Keeps the compiler from moving memory accesses over this point, or from knowing a value. */
#ifndef barrier
#define barrier() asm volatile("" ::: "memory")
#endif
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif

enum libbpf_pin_type { LIBBPF_PIN_NONE, LIBBPF_PIN_BY_NAME };
enum libbpf_tristate { TRI_NO = 0, TRI_YES = 1, TRI_MODULE = 2 };

/* A tail call whose index the compiler must keep a constant, so that a JIT can make it a jump. */
static __always_inline void bpf_tail_call_static(void *ctx, const void *map, const __u32 slot)
{
	asm volatile("r1 = %[ctx]\n\t"
		     "r2 = %[map]\n\t"
		     "r3 = %[slot]\n\t"
		     "call 12"
		     :
		     : [ctx] "r"(ctx), [map] "r"(map), [slot] "i"(slot)
		     : "r0", "r1", "r2", "r3", "r4", "r5");
}

/* printk-like; up to three arguments go in registers, more through an array. */
#define ___bpf_printk_few(fmt, args...)                                                            \
	({                                                                                         \
		static const char ____fmt[] = fmt;                                                 \
		bpf_trace_printk(____fmt, sizeof(____fmt), ##args);                                \
	})
#define ___bpf_printk_many(fmt, args...)                                                           \
	({                                                                                         \
		static const char ____fmt[] = fmt;                                                 \
		unsigned long long ____args[___bpf_argc(args)];                                    \
		___bpf_fill(____args, args)                                                        \
		bpf_trace_vprintk(____fmt, sizeof(____fmt), ____args, sizeof(____args));           \
	})
#define ___bpf_printk0	___bpf_printk_few
#define ___bpf_printk1	___bpf_printk_few
#define ___bpf_printk2	___bpf_printk_few
#define ___bpf_printk3	___bpf_printk_few
#define ___bpf_printk4	___bpf_printk_many
#define ___bpf_printk5	___bpf_printk_many
#define ___bpf_printk6	___bpf_printk_many
#define ___bpf_printk7	___bpf_printk_many
#define ___bpf_printk8	___bpf_printk_many
#define ___bpf_printk9	___bpf_printk_many
#define ___bpf_printk10 ___bpf_printk_many
#define ___bpf_printk11 ___bpf_printk_many
#define ___bpf_printk12 ___bpf_printk_many
#define bpf_printk(fmt, args...) ___bpf_do(___bpf_printk, ##args)(fmt, ##args)

/* snprintf() into an array; the length with the final NUL, negative on error. */
#define BPF_SNPRINTF(out, out_size, fmt, args...)                                                  \
	({                                                                                         \
		static const char ____fmt[] = fmt;                                                 \
		unsigned long long ____args[___bpf_argc(args) ?: 1];                               \
		___bpf_fill(____args, ##args)                                                      \
		bpf_snprintf(out, out_size, ____fmt, ____args, ___bpf_argc(args) * 8);              \
	})

/* fprintf() into the file of an iterator. */
#define BPF_SEQ_PRINTF(seq, fmt, args...)                                                          \
	({                                                                                         \
		static const char ____fmt[] = fmt;                                                 \
		unsigned long long ____args[___bpf_argc(args) ?: 1];                               \
		___bpf_fill(____args, ##args)                                                      \
		bpf_seq_printf(seq, ____fmt, sizeof(____fmt), ____args, ___bpf_argc(args) * 8);     \
	})

#endif
