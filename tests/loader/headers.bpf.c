/* SPDX-License-Identifier: BSD-2-Clause */
/* headers.bpf.c - macros of the headers for BPF programs, each used once. */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define PAI __attribute__((preserve_access_index))
struct tail {
	int v;
	char name[16];
	unsigned int bits : 5;
	signed int sbits : 4;
} PAI;
struct hop {
	struct tail *const tail;
} PAI;
struct head {
	int z;
	struct hop *hop;
	struct {
		struct hop *hop2;
	} in;
} PAI;

int walked, text_len, there, sum, printed;
unsigned int ubits;
int sbits, sbits_read, direct_ubits, direct_sbits;
char name[16], text[16];
struct tail in_memory = { .v = 1, .bits = 21, .sbits = -3 };

SEC("?raw_tp/reads")
int BPF_PROG(reads, struct head *h)
{
	struct tail *t = BPF_CORE_READ(h, hop, tail);

	walked = BPF_CORE_READ(h, hop, tail, v) + BPF_PROBE_READ(h, in.hop2, tail, v) + BPF_CORE_READ(h, z);
	text_len = BPF_CORE_READ_STR_INTO(&name, h, hop, tail, name);
	ubits = BPF_CORE_READ_BITFIELD_PROBED(t, bits);
	sbits = BPF_CORE_READ_BITFIELD_PROBED(t, sbits);
	t = &in_memory;
	sbits_read = BPF_CORE_READ_BITFIELD_PROBED(t, sbits);
	return 0;
}

SEC("raw_tp/words")
int BPF_PROG(words, int x, struct head *h, char c, int more)
{
	struct tail *t = &in_memory;

	there = bpf_core_field_exists(struct head, in.hop2) + bpf_core_field_exists(h->z);
	sum = x + c;
	direct_ubits = BPF_CORE_READ_BITFIELD(t, bits);
	direct_sbits = BPF_CORE_READ_BITFIELD(t, sbits);
	BPF_CORE_WRITE_BITFIELD(t, bits, 9);
	BPF_CORE_WRITE_BITFIELD(t, sbits, 5);
	bpf_printk("none");
	bpf_printk("one %d", x);
	bpf_printk("four %d %d %d %d", 1, 2, 3, more);
	printed = BPF_SNPRINTF(text, sizeof(text), "%d-%d", x, 7);
	return bpf_htons(0x1234) + (bpf_ntohl(0x56000000) == 0x56);
}

SEC("raw_tp/none")
int BPF_PROG(no_words)
{
	return ctx[0];
}

char LICENSE[] SEC("license") = "GPL";
