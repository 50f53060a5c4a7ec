/* SPDX-License-Identifier: BSD-2-Clause */
/* types.h - integer names, compiler hints and array arithmetic that every room uses. */
#ifndef SKEP_BASE_TYPES_H
#define SKEP_BASE_TYPES_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define ARRAY_SIZE(a)	     (sizeof(a) / sizeof((a)[0]))
#define BIT(n)		     (1U << (n))
#define BIT_ULL(n)	     (1ULL << (n))
#define likely(x)	     __builtin_expect(!!(x), 1)
#define unlikely(x)	     __builtin_expect(!!(x), 0)
#define __printf_like(f, a)  __attribute__((format(printf, f, a)))

/* Built with ThreadSanitizer, as gcc and as clang say it. */
#if defined(__SANITIZE_THREAD__)
#define SKEP_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SKEP_TSAN 1
#endif
#endif
#define __must_check	     __attribute__((warn_unused_result))
#define __noinline	     __attribute__((noinline))
#define __cacheline_aligned  __attribute__((aligned(64)))
#define __unused_arg	     __attribute__((unused))

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#define min_of(a, b)                                                                               \
	({                                                                                         \
		__typeof__(a) min_a_ = (a);                                                        \
		__typeof__(b) min_b_ = (b);                                                        \
		min_a_ < min_b_ ? min_a_ : min_b_;                                                 \
	})
#define max_of(a, b)                                                                               \
	({                                                                                         \
		__typeof__(a) max_a_ = (a);                                                        \
		__typeof__(b) max_b_ = (b);                                                        \
		max_a_ > max_b_ ? max_a_ : max_b_;                                                 \
	})

/* @to is a power of two. */
static inline u64 round_up_to(u64 n, u64 to)
{
	return (n + to - 1) & ~(to - 1);
}

/*
 * What must hold at this point unless skep itself is wrong. Test builds (-DSKEP_CHECKS=1) stop
 * there; others do not evaluate it. Never guards against input: input is refused with an error.
 */
#ifndef SKEP_CHECKS
#define SKEP_CHECKS 0
#endif
#define skep_assert(cond)                                                                          \
	do {                                                                                       \
		if (SKEP_CHECKS && !(cond))                                                        \
			skep_assert_failed(__FILE__, __LINE__, #cond);                             \
	} while (0)
_Noreturn void skep_assert_failed(const char *file, int line, const char *cond);

#endif
