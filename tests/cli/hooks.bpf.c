/* SPDX-License-Identifier: BSD-2-Clause */
/* hooks.bpf.c - programs of types that Linux has no test run for, for test_hooks.py. */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/connect4")
int proxy(struct bpf_sock_addr *ctx)
{
	if (ctx->user_port == bpf_htons(25))
		return 0;
	if (ctx->sk->protocol == 6) {
		ctx->user_ip4 = bpf_htonl(0x7f000001);
		ctx->user_port = bpf_htons(8080);
	}
	return 1;
}

SEC("cgroup/setsockopt")
int first_byte(struct bpf_sockopt *ctx)
{
	__u8 *val = ctx->optval, *end = ctx->optval_end;

	if (val + 1 > end)
		return 0;
	val[0]++;
	return 1;
}

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16);
	__uint(key_size, 4);
	__uint(value_size, 32);
} stacks SEC(".maps");

SEC("kprobe/anywhere")
int where(void *ctx)
{
	return bpf_get_stackid(ctx, &stacks, 0) >= 0 && bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK) >= 0;
}

struct pt_regs {
	__u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
} __attribute__((preserve_access_index));

SEC("kprobe/anything")
int first_arg(struct pt_regs *ctx)
{
	return ctx->di + 1;
}

SEC("sk_msg")
int long_messages(struct sk_msg_md *ctx)
{
	return ctx->size > 4 ? SK_PASS : SK_DROP;
}

char _license[] SEC("license") = "GPL";
