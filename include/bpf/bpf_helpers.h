/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf_helpers.h - what BPF programs include: section names, map definitions, helpers. */
#ifndef __BPF_HELPERS__
#define __BPF_HELPERS__

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
#define __kptr	      __attribute__((btf_type_tag("kptr")))
#define __arg_ctx     __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))

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

/* printk-like; up to three arguments go in registers, more through an array. */
#define ___bpf_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _a, _b, _c, N, ...) N
#define ___bpf_printk_regs(fmt, args...)                                                           \
	({                                                                                         \
		static const char ____fmt[] = fmt;                                                 \
		bpf_trace_printk(____fmt, sizeof(____fmt), ##args);                                \
	})
#define ___bpf_printk_array(fmt, args...)                                                          \
	({                                                                                         \
		static const char ____fmt[] = fmt;                                                 \
		unsigned long long ____args[] = { args };                                          \
		bpf_trace_vprintk(____fmt, sizeof(____fmt), ____args, sizeof(____args));           \
	})
#define ___bpf_pick_printk(...)                                                                    \
	___bpf_nth(_, ##__VA_ARGS__, array, array, array, array, array, array, array, array, array, \
		   regs, regs, regs, regs)
#define ___bpf_concat_(a, b)   a##b
#define ___bpf_concat(a, b)    ___bpf_concat_(a, b)
#define bpf_printk(fmt, args...) ___bpf_concat(___bpf_printk_, ___bpf_pick_printk(args))(fmt, ##args)

#endif
