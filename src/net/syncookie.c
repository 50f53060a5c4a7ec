/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syncookie.c - numbers that stand for a half-open connection (D. J. Bernstein, 1996): the sequence number of
 * a SYN-ACK, from which its ACK tells that there was a SYN lately, and what its largest segment was.
 *
 *	cookie = mix(ends) + sequence number of the SYN + (minute << 24) + ((mix(ends, minute) + class) & 0xffffff)
 *
 * A cookie is good for two minutes. The keys are the instance's; another machine's differ as well.
 *
 * Listening sockets that nobody floods make no cookies and expect none (net.ipv4.tcp_syncookies is 1):
 * bpf_tcp_gen_syncookie() and bpf_tcp_check_syncookie() find that out after their checks.
 */
#include "net/private.h"

#include <arpa/inet.h>
#include <string.h>

#include <linux/bpf.h>

#define TCP_HLEN    20
#define MSS_DEFAULT 536
#define MAX_AGE	    2 /* minutes */
#define LOW	    0xffffffu

static const u16 mss4[] = { 536, 1300, 1440, 1460 };
static const u16 mss6[] = { 1220, 1420, 1440, 8940 };

/* What is hashed: both addresses and ports. */
struct ends {
	u8 bytes[36];
	bool v6;
};

static struct ends ends_of(const u8 *ip, bool v6, const u8 *tcp)
{
	struct ends e = { .v6 = v6 };

	memcpy(e.bytes, ip + (v6 ? 8 : 12), v6 ? 32 : 8);
	memcpy(e.bytes + 32, tcp, 4);
	return e;
}

/* splitmix64's last step: every bit of the sum depends on every bit before it. */
static u64 stir(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static u32 mix(const struct ends *e, u32 minute, u32 which)
{
	struct helper_host *host = helper_host();
	u64 sum = stir(host->ptr_key ^ which);

	for (u32 i = 0; i < sizeof(e->bytes); i += 4) {
		u32 word;

		memcpy(&word, e->bytes + i, 4);
		sum = stir(sum + word);
	}
	return (u32)(stir(sum + minute + host->ptr_key) >> 16);
}

static u32 minute_now(void)
{
	return (u32)(clock_read(&helper_host()->clock, CLOCK_KTIME) / 60000000000ULL);
}

static u32 read_be32(const u8 *at)
{
	u32 val;

	memcpy(&val, at, 4);
	return ntohl(val);
}

static u32 class_of(bool v6, u32 *mss)
{
	const u16 *table = v6 ? mss6 : mss4;
	u32 i = ARRAY_SIZE(mss4) - 1;

	while (i && *mss < table[i])
		i--;
	*mss = table[i];
	return i;
}

static u32 cookie_make(const u8 *ip, bool v6, const u8 *tcp, u32 *mss)
{
	struct ends e = ends_of(ip, v6, tcp);
	u32 minute = minute_now();

	return mix(&e, 0, 0) + read_be32(tcp + 4) + (minute << 24) + ((mix(&e, minute, 1) + class_of(v6, mss)) & LOW);
}

/* The ACK's numbers are one further than those of the SYN and the SYN-ACK. */
static bool cookie_is_good(const u8 *ip, bool v6, const u8 *tcp)
{
	struct ends e = ends_of(ip, v6, tcp);
	u32 seq = read_be32(tcp + 4) - 1, rest = read_be32(tcp + 8) - 1 - mix(&e, 0, 0) - seq;
	u32 minute = minute_now(), age = (minute - (rest >> 24)) & 0xff;

	if (age >= MAX_AGE)
		return false;
	return ((rest - mix(&e, minute - age, 1)) & LOW) < ARRAY_SIZE(mss4);
}

/* The largest segment that the options name, 0: none. */
static u32 mss_option(const u8 *tcp, u32 len)
{
	u32 at = TCP_HLEN, mss = 0;

	while (at < len && tcp[at]) {
		if (tcp[at] == 1) {
			at++;
			continue;
		}
		if (at + 2 > len || tcp[at + 1] < 2 || at + tcp[at + 1] > len)
			break;
		if (tcp[at] == 2 && tcp[at + 1] == 4)
			mss = (u32)tcp[at + 2] << 8 | tcp[at + 3];
		at += tcp[at + 1];
	}
	return mss;
}

static u64 raw_gen(const u8 *ip, bool v6, const u8 *tcp, u32 len)
{
	u32 mss, cookie;

	if (len < TCP_HLEN || len != (tcp[12] >> 4) * 4u)
		return -EINVAL;
	mss = mss_option(tcp, len);
	mss = mss ? mss : v6 ? 1280 - 60 : MSS_DEFAULT;
	cookie = cookie_make(ip, v6, tcp, &mss);
	return cookie | (u64)mss << 32;
}

#define BYTES(reg) ((const u8 *)(uintptr_t)(reg))

NET_HELPER(raw_gen4)
{
	return raw_gen(BYTES(r1), false, BYTES(r2), (u32)r3);
}

NET_HELPER(raw_gen6)
{
	return raw_gen(BYTES(r1), true, BYTES(r2), (u32)r3);
}

NET_HELPER(raw_check4)
{
	return cookie_is_good(BYTES(r1), false, BYTES(r2)) ? 0 : -EACCES;
}

NET_HELPER(raw_check6)
{
	return cookie_is_good(BYTES(r1), true, BYTES(r2)) ? 0 : -EACCES;
}

/* ---- of a listening socket ------------------------------------------------------------------------------ */

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_ACK 16

static bool can_listen(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP && sk->__sk_common.skc_state == BPF_TCP_LISTEN;
}

/* 0 when the header's version is one that the socket takes. */
static int check_version(const struct sock *sk, const u8 *ip, u32 len)
{
	switch (*ip >> 4) {
	case 4:
		return 0;
	case 6:
		return len < 40 || sk->__sk_common.skc_family != AF_INET6 ? -EINVAL : 0;
	default:
		return -EPROTONOSUPPORT;
	}
}

NET_HELPER(gen_syncookie)
{
	const struct sock *sk = (const struct sock *)(uintptr_t)r1;
	const u8 *ip = BYTES(r2), *tcp = BYTES(r4);
	int err;

	if (!sk || (u32)r5 < TCP_HLEN || (u32)r5 != (tcp[12] >> 4) * 4u || !can_listen(sk))
		return -EINVAL;
	if ((tcp[13] & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) != TCP_SYN || (u32)r3 < 20)
		return -EINVAL;
	err = check_version(sk, ip, (u32)r3);
	return (u64)(s64)(err ? err : -ENOENT);
}

/* That there was no flood lately is known before the version is looked at. */
NET_HELPER(check_syncookie)
{
	const struct sock *sk = (const struct sock *)(uintptr_t)r1;
	const u8 *tcp = BYTES(r4);

	if (!sk || (u32)r5 < TCP_HLEN || !can_listen(sk))
		return -EINVAL;
	if ((tcp[13] & (TCP_ACK | TCP_RST | TCP_SYN)) != TCP_ACK)
		return -ENOENT;
	return (u32)r3 < 20 ? -EINVAL : -ENOENT;
}

int syncookie_register(struct skep *skep)
{
	static const struct net_helper helpers[] = {
		{ BPF_FUNC_tcp_gen_syncookie, gen_syncookie },
		{ BPF_FUNC_tcp_check_syncookie, check_syncookie },
		{ BPF_FUNC_tcp_raw_gen_syncookie_ipv4, raw_gen4 },
		{ BPF_FUNC_tcp_raw_gen_syncookie_ipv6, raw_gen6 },
		{ BPF_FUNC_tcp_raw_check_syncookie_ipv4, raw_check4 },
		{ BPF_FUNC_tcp_raw_check_syncookie_ipv6, raw_check6 },
	};
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(helpers) && !err; i++)
		err = skep_register_helper(skep, BPF_PROG_TYPE_UNSPEC, helpers[i].id, helpers[i].fn);
	return err;
}
