/* SPDX-License-Identifier: BSD-2-Clause */
/* mincore.bpf.c - CO-RE relocations of every kind on types of a kernel; or, with KERNEL, those types. */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#ifndef KERNEL
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

#ifdef KERNEL
typedef struct {
	long unused[2];
	int counter;
} count_t;
struct away {
	int hidden;
};
struct vehicle {
	long unused;
	const count_t wheels;
	struct away *far;
	union {
		struct {
			unsigned char deep[6][2];
			int before;
		};
		long other;
	};
	struct vehicle *trailer;
	int (*honk)(struct vehicle *v, struct away *far);
	unsigned int slow : 3;
	unsigned int speed : 11;
};
enum fuel { DIESEL = 8, PETROL = 9, HAY = 1234 };
struct crate {
	char padding[72];
	struct away inside;
	enum fuel kind;
};
struct matched {
	int first;
	struct away *far;
	struct crate box;
	unsigned int rest;
};
struct unrelated {
	struct crate left, right;
};
struct vehicle vehicle;
struct matched matched;
struct unrelated unrelated;
enum fuel fuel;
#else
typedef struct {
	int counter;
} count_t;
struct away {
	int hidden;
};
struct vehicle {
	count_t wheels;
	struct away *far;
	unsigned char deep[6][2];
	struct vehicle *trailer;
	unsigned int speed : 3;
	int gone;
};
enum fuel { PETROL = 1, HAY = 2, STEAM = 3 };
struct crate {
	struct away inside;
	enum fuel___less { DIESEL = 8 } kind;
};
struct matched {
	struct away *far;
	unsigned int rest;
};
#endif

#ifndef KERNEL
#pragma clang attribute pop

__u64 sum;

SEC("raw_tp/x")
int core(void *ctx)
{
	struct vehicle *v = ctx;

	sum += bpf_core_field_offset(v->wheels.counter);
	sum += bpf_core_field_offset(v->deep[3][1]);
	sum += bpf_core_field_size(v->far);
	sum += bpf_core_field_exists(v->trailer) + 2 * bpf_core_field_exists(v->gone);
	sum += __builtin_preserve_field_info(v->speed, BPF_FIELD_LSHIFT_U64);
	sum += __builtin_preserve_field_info(v->speed, BPF_FIELD_RSHIFT_U64);
	sum += bpf_core_type_size(struct crate);
	sum += bpf_core_type_exists(count_t);
	sum += bpf_core_type_exists(struct matched); /* the test makes "matches" of it, which old compilers cannot */
	sum += bpf_core_enum_value(enum fuel, HAY) + bpf_core_enum_value_exists(enum fuel, STEAM);
	return BPF_CORE_READ(v, trailer, trailer, wheels.counter);
}

char LICENSE[] SEC("license") = "GPL";
#endif
