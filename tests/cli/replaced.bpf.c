/* SPDX-License-Identifier: BSD-2-Clause */
/* replaced.bpf.c - tests of "skep test": helpers replaced by the test's own. With BAD each expects what is not so. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <skep/test.h>

#ifdef BAD
#define GOOD_BAD(good, bad) bad
#else
#define GOOD_BAD(good, bad) good
#endif
#define USED __attribute__((used, noinline)) static

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 2);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

__noinline __u64 five_o_clock(void)
{
	return 17;
}

__noinline __u64 later(void)
{
	return bpf_ktime_get_ns() / 1000 * 1000 + 1; /* the helper itself */
}

__noinline __u32 not_random(void)
{
	return 4;
}

USED void *no_elem(void *map, const void *key)
{
	return 0;
}

/* What a real one found, but of another element. */
USED void *other_elem(void *map, const void *key)
{
	__u32 other = *(const __u32 *)key ^ 1;

	return bpf_map_lookup_elem(&counts, &other);
}

USED long short_packet(const void *skb, __u32 off, void *to, __u32 len)
{
	return -14; /* -EFAULT */
}

USED void *no_room(void *map, __u64 size, __u64 flags)
{
	return 0;
}

USED void *anything(void *map, const void *key)
{
	return (void *)64;
}

SEC("socket") __success __retval(GOOD_BAD(17, 18)) __replace(bpf_ktime_get_ns, five_o_clock)
__description(GOOD_BAD("a clock that stands", "returns 17 (0x11), not 18"))
int clock(struct __sk_buff *skb)
{
	return bpf_ktime_get_ns();
}

SEC("socket") __success __retval(GOOD_BAD(1, 0)) __replace(bpf_ktime_get_ns, later)
__description(GOOD_BAD("a replacement that calls the helper", "returns 1 (0x1), not 0"))
int wrapped(struct __sk_buff *skb)
{
	return bpf_ktime_get_ns() % 1000;
}

/* Calls in functions that it calls, too. */
static __noinline int dice(int sides)
{
	return bpf_get_prandom_u32() % sides;
}

SEC("socket") __success __retval(GOOD_BAD(4, 5)) __replace(bpf_get_prandom_u32, not_random)
__description(GOOD_BAD("no randomness", "returns 4 (0x4), not 5"))
int thrown(struct __sk_buff *skb)
{
	return dice(6);
}

SEC("socket") __success __retval(GOOD_BAD(21, 22)) __replace(bpf_get_prandom_u32, not_random)
__replace(bpf_ktime_get_ns, five_o_clock) __description(GOOD_BAD("two at once", "returns 21 (0x15), not 22"))
int two(struct __sk_buff *skb)
{
	return dice(100) + bpf_ktime_get_ns();
}

SEC("socket") __success __retval(GOOD_BAD(-1, 0)) __map("counts:1=9") __replace(bpf_map_lookup_elem, no_elem)
__description(GOOD_BAD("a lookup that fails", "returns -1 (0xffffffff"))
int lookup(struct __sk_buff *skb)
{
	__u32 key = 1;
	__u64 *count = bpf_map_lookup_elem(&counts, &key);

	return count ? (int)*count : -1;
}

SEC("socket") __success __retval(GOOD_BAD(9, 0)) __map("counts:1=9") __replace(bpf_map_lookup_elem, other_elem)
__description(GOOD_BAD("another element", "returns 9 (0x9), not 0"))
int redirected(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counts, &key);

	return count ? (int)*count : -1;
}

SEC("tc") __success __retval(GOOD_BAD(-14, 0)) __replace(bpf_skb_load_bytes, short_packet)
__description(GOOD_BAD("a packet that cannot be read", "returns -14 (0xfffffff2"))
int load(struct __sk_buff *skb)
{
	__u8 bytes[4] = {};
	long err = bpf_skb_load_bytes(skb, 0, bytes, sizeof(bytes));

	return err ? err : bytes[0];
}

SEC("socket") __success __retval(GOOD_BAD(-12, 0)) __replace(bpf_ringbuf_reserve, no_room)
__description(GOOD_BAD("a ring buffer without room", "returns -12 (0xfffffff4"))
int record(struct __sk_buff *skb)
{
	__u64 *at = bpf_ringbuf_reserve(&ring, 8, 0);

	if (!at)
		return -12; /* -ENOMEM */
	*at = 1;
	bpf_ringbuf_submit(at, 0);
	return 0;
}

/* The verifier sees the replacement: what it gives is no value of a map. */
SEC("socket") GOOD_BAD(__failure, __success) __msg("invalid mem access 'scalar'") __replace(bpf_map_lookup_elem, anything)
__description(GOOD_BAD("the verdict is that of what is loaded", "is refused: R1 invalid mem access 'scalar'"))
int no_pointer(struct __sk_buff *skb)
{
	__u32 key = 1;
	__u64 *count = bpf_map_lookup_elem(&counts, &key);

	return count ? (int)*count : -1;
}

#ifdef BAD
static long each(__u32 i, void *ctx)
{
	return 0;
}

SEC("socket") __success __replace(bpf_loop, not_random)
__description("bpf_loop cannot be replaced: what it calls back would never run")
int loop(struct __sk_buff *skb)
{
	return bpf_loop(3, each, 0, 0);
}

SEC("socket") __success __replace(bpf_get_smp_processor_id, not_random)
__description("bpf_get_smp_processor_id cannot be replaced: nothing in the object calls it")
int not_called(struct __sk_buff *skb)
{
	return 0;
}

SEC("socket") __success __replace(bpf_ktime_get_ns, nowhere)
__description("bpf_ktime_get_ns cannot be replaced: the object has no function of the name given")
int no_function(struct __sk_buff *skb)
{
	return 0;
}

SEC("socket") __success __replace(bpf_ktime_get_ns, no_function)
__description("bpf_ktime_get_ns cannot be replaced: what shall be called instead is a program")
int a_program(struct __sk_buff *skb)
{
	return 0;
}

SEC("socket") __success __replace(bpf_dynptr_size, not_random)
__description("bpf_dynptr_size cannot be replaced: there is no helper of this name (kernel functions are not modelled)")
int kfunc(struct __sk_buff *skb)
{
	return 0;
}
#endif
