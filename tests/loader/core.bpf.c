/* SPDX-License-Identifier: BSD-2-Clause */
/* core.bpf.c - every kind of CO-RE relocation, against core_target.c; what came out is in .bss. */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define PAI __attribute__((preserve_access_index))

struct inner {
	int first;
	int wanted;
} PAI;

struct subject___local {
	long early;
	struct inner nested;
	int list[4];
	unsigned int narrow : 3;
	unsigned int bits : 5;
	unsigned int grows;
	int gone;
} PAI;

enum colour___local { RED___local = 1, GREEN___local = 2, BLUE___local = 3 };
struct absent_type {
	int x;
} PAI;
struct sized___local {
	int any;
} PAI;

__u64 off_early, off_wanted, off_list2, off_grows, size_grows, exists_grows, exists_gone;
__u64 lshift_bits, rshift_bits, signed_wanted, signed_grows;
__u64 type_there, type_absent, type_size, enum_green, enum_blue_there, enum_red_there;

SEC("raw_tp/x")
int core(void *ctx)
{
	struct subject___local *s = 0;

	off_early = bpf_core_field_offset(s->early);
	off_wanted = bpf_core_field_offset(s->nested.wanted);
	off_list2 = bpf_core_field_offset(s->list[2]);
	off_grows = bpf_core_field_offset(s->grows);
	size_grows = bpf_core_field_size(s->grows);
	exists_grows = bpf_core_field_exists(s->grows);
	exists_gone = bpf_core_field_exists(s->gone);
	lshift_bits = __builtin_preserve_field_info(s->bits, BPF_FIELD_LSHIFT_U64);
	rshift_bits = __builtin_preserve_field_info(s->bits, BPF_FIELD_RSHIFT_U64);
	signed_wanted = __builtin_preserve_field_info(s->nested.wanted, BPF_FIELD_SIGNED);
	signed_grows = __builtin_preserve_field_info(s->grows, BPF_FIELD_SIGNED);
	type_there = bpf_core_type_exists(struct subject___local);
	type_absent = bpf_core_type_exists(struct absent_type);
	type_size = bpf_core_type_size(struct sized___local);
	enum_green = bpf_core_enum_value(enum colour___local, GREEN___local);
	enum_blue_there = bpf_core_enum_value_exists(enum colour___local, BLUE___local);
	enum_red_there = bpf_core_enum_value_exists(enum colour___local, RED___local);
	/* Not relocatable; poisoned, but never reached. */
	if (bpf_core_field_exists(s->gone))
		off_early += bpf_core_field_offset(s->gone);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
