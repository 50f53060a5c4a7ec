/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unit.bpf.c - tests of "skep test". With BAD each function expects something that is not so: it must fail, and for
 * the reason that its description gives.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <skep/test.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 8);
} hits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} each_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

int target(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, 4);
	__uint(max_entries, 1);
	__array(values, int(void *));
} jumps SEC(".maps") = { .values = { (void *)&target } };

#ifdef BAD
#define GOOD_BAD(good, bad) bad
#else
#define GOOD_BAD(good, bad) good
#endif

SEC("xdp") __success __retval(GOOD_BAD(XDP_PASS, XDP_DROP))
__description(GOOD_BAD("a return value by name", "returns 2 (0x2, XDP_PASS), not XDP_DROP"))
int by_name(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("tc") __success __retval(GOOD_BAD(-1, -2)) __description(GOOD_BAD("a negative number", "returns -1 (0xffffffff"))
int negative(struct __sk_buff *skb)
{
	return -1;
}

SEC("xdp") GOOD_BAD(__failure, __success) __msg("invalid access to packet, off=0 size=1")
__description(GOOD_BAD("a refusal", "is refused: invalid access to packet"))
int refused(struct xdp_md *ctx)
{
	return *(char *)(long)ctx->data;
}

SEC("xdp") GOOD_BAD(__success, __failure) __description(GOOD_BAD("it loads", "loads, and must be refused"))
int loads(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("socket") __success __log_level(2)
__msg("0: R1=ctx() R10=fp0") __not_msg(GOOD_BAD("R9=", "w0 = 1")) __msg("{{[0-9]+}}: (95) exit") __msg("processed {{[2-9]|1[0-9]}} insns")
__description(GOOD_BAD("messages in order", "\"w0 = 1\" is there, and must not be"))
int messages(struct __sk_buff *skb)
{
	return 1;
}

SEC("socket") __success __log_level(2) __msg(GOOD_BAD("w0 = 1", "processed")) __msg(GOOD_BAD("processed", "w0 = 1"))
__description(GOOD_BAD("their order counts", "\"w0 = 1\" is not there behind \"processed\""))
int order(struct __sk_buff *skb)
{
	return 1;
}

SEC("xdp") __success __retval(1)
__data_in("01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e") __data_out(GOOD_BAD("ff", "fe") "02030405060708090a0b0c0d0e")
__description(GOOD_BAD("a packet", "data: ff 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e"))
int packet(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;

	if (data + 14 > (__u8 *)(long)ctx->data_end)
		return 0;
	data[0] = 0xff;
	return 1;
}

SEC("tc") __success __ctx("mark=7,cb[0]=1") __ctx_out(GOOD_BAD("mark=8", "mark=9") ",cb[1]=3")
__description(GOOD_BAD("a context", "context: mark is not as in"))
int context(struct __sk_buff *skb)
{
	skb->mark++;
	skb->cb[1] = 3;
	return 0;
}

SEC("socket") __success __retval(1) __map("hits:5=7,each_cpu:0=1") __map_out("each_cpu:0=2")
__map_out(GOOD_BAD("hits:5=8", "hits:5=9")) __description(GOOD_BAD("maps", "hits:5 is 08 00 00 00 00 00 00 00, not 9"))
int maps(struct __sk_buff *skb)
{
	__u32 five = 5, zero = 0;
	__u64 *hit = bpf_map_lookup_elem(&hits, &five), *here = bpf_map_lookup_elem(&each_cpu, &zero);

	if (!hit || !here)
		return 0;
	++*hit;
	++*here;
	return 1;
}

SEC("tc") __success __event("ring:05000000") __event("events:06 00 00 00") __event(GOOD_BAD("ring:07 00 00 00", "ring:08 00 00 00"))
__description(GOOD_BAD("records, in order by map", "ring: 07 00 00 00"))
int tells(struct __sk_buff *skb)
{
	__u32 what = 5;

	bpf_ringbuf_output(&ring, &what, sizeof(what), 0);
	what = 6;
	bpf_perf_event_output(skb, &events, BPF_F_CURRENT_CPU, &what, sizeof(what));
	what = 7;
	bpf_ringbuf_output(&ring, &what, sizeof(what), 0);
	return 0;
}

SEC("socket") __success __event("ring:01") GOOD_BAD(, __event("ring:01"))
__description(GOOD_BAD("one record", "ring: record 1 did not come"))
int one_record(struct __sk_buff *skb)
{
	__u8 what = 1;

	bpf_ringbuf_output(&ring, &what, sizeof(what), 0);
	return 0;
}

SEC("socket") __success __repeat(2) __trace("round 64") __trace(GOOD_BAD("round 64", "round 65"))
__description(GOOD_BAD("the trace", "\"round 65\" is not there behind \"round 64\""))
int traces(struct __sk_buff *skb)
{
	bpf_printk("round %d", skb->len);
	return 0;
}

SEC("socket") __success __failure_unpriv __msg_unpriv(GOOD_BAD("R0 leaks addr as return value", "nothing of that"))
__description(GOOD_BAD("a caller without capabilities", "\"nothing of that\" is not there"))
int leaks(struct __sk_buff *skb)
{
	void *out;

	asm volatile("%0 = %1" : "=r"(out) : "r"(skb));
	return (long)out;
}

SEC("socket") __success __success_unpriv __retval(3) __retval_unpriv(GOOD_BAD(3, 4))
__description(GOOD_BAD("both callers", "returns 3 (0x3), not 4"))
int both(struct __sk_buff *skb)
{
	return 3;
}

/* A plain tracepoint needs CAP_BPF and CAP_PERFMON. */
SEC("tracepoint/x/y") __success __success_unpriv
#ifdef BAD
__caps_unpriv(CAP_BPF)
#else
__caps_unpriv(CAP_BPF | CAP_PERFMON)
#endif
__description(GOOD_BAD("a caller with some capabilities", "cannot be loaded: "))
int some_caps(void *ctx)
{
	return 0;
}

SEC("socket") __success __xlated(GOOD_BAD("0: w0 = 5", "0: w0 = 6")) __xlated("exit")
__description(GOOD_BAD("the program after rewriting", "no line \"0: w0 = 6\""))
int rewritten(struct __sk_buff *skb)
{
	return 5;
}

SEC("socket") __success __xlated("{{r[0-9]}} = *(u32 *)(r1 +{{[0-9]+}})")
#ifdef BAD
__description("\"exit\" is not in the next line, \"1: w0 = 1\"")
#else
__xlated("...")
__description("lines in between")
#endif
__xlated("exit")
int between(struct __sk_buff *skb)
{
	int len = skb->len;

	asm volatile("w0 = 1; r1 = %0" ::"r"(len) : "r0", "r1");
	return 1;
}

SEC("socket") __success __retval(GOOD_BAD(7, 8)) __description(GOOD_BAD("a tail call into another", "returns 7"))
int jumps_away(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &jumps, 0);
	return 1;
}

SEC("socket") __auxiliary __auxiliary_unpriv
int target(struct __sk_buff *skb)
{
	return 7;
}

/* A clock that ticks by the reading, and randomness that repeats. */
SEC("socket") __success __clock(1000) __retval(GOOD_BAD(1, 2)) __description(GOOD_BAD("a clock of its own", "returns 1"))
int clock(struct __sk_buff *skb)
{
	__u64 now = bpf_ktime_get_ns(), then = bpf_ktime_get_ns();

	return now >= 1000 && then > now && then < 2000;
}

SEC("socket") __failure
#ifdef BAD
__flag(BPF_F_STRICT_ALIGNMENT) __flag(!BPF_F_STRICT_ALIGNMENT)
#else
__flag(BPF_F_STRICT_ALIGNMENT)
#endif
__msg("misaligned value access")
__description(GOOD_BAD("flags of the load", "loads, and must be refused"))
int aligned(struct __sk_buff *skb)
{
	__u32 five = 5;
	__u8 *hit = bpf_map_lookup_elem(&hits, &five);

	return hit ? *(volatile __u32 *)(hit + 1) : 0;
}

/* What it returns the test compares. */
SEC("socket") GOOD_BAD(__success, __failure) __seed(7) __ctx("mark=0") __description(GOOD_BAD("a seed", "loads"))
int seeded(struct __sk_buff *skb)
{
	return bpf_get_prandom_u32();
}

/* For coverage: a loop, and what a mark of 3 does not reach. */
SEC("tc") __success __ctx("mark=3") __retval(GOOD_BAD(30, 31)) __description(GOOD_BAD("ways", "returns 30"))
int ways(struct __sk_buff *skb)
{
	__u32 sum = 0;

	for (__u32 i = 0; i < skb->mark && i < 16; i++)
		asm volatile("%0 += 10" : "+r"(sum));
	if (skb->len > 1000) {
		__u32 then = bpf_get_prandom_u32();

		if (then > 5)
			skb->mark = 7;
	}
	return sum;
}

SEC("socket") __success __arch("PDP11") __description("another machine")
int elsewhere(struct __sk_buff *skb)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
