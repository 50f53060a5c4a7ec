/* SPDX-License-Identifier: BSD-2-Clause */
/* globals.bpf.c - variables of every section and linkage; sum() adds them up in .bss. */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

int in_data = 10;
static volatile int static_data = 20;
__u64 in_bss;
static volatile int static_bss;
const volatile int in_rodata = 30;
static const volatile int static_rodata[4] = { 1, 2, 3, 40 };
__hidden int hidden_data = 50;
int mine SEC(".data.mine") = 60;
const volatile int mine_ro SEC(".rodata.mine") = 70;
const volatile bool want_text = false;
int text_len;

SEC("xdp")
int sum(struct xdp_md *ctx)
{
	static volatile int in_function = 80;
	int at = 3;

	barrier_var(at);
	in_data++;
	static_bss += 5;
	/* Off when it is loaded so: the verifier must see a constant to drop it. */
	if (want_text) {
		const char *text = "twelve chars";

		for (int i = 0; i < 12; i++)
			text_len += text[i] != 0;
	}
	in_bss = in_data + static_data + static_bss + in_rodata + static_rodata[at & 3] + hidden_data + mine + mine_ro +
		 in_function;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
