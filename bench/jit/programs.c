/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * programs.c - what bench_jit times, compiled for BPF and natively. Each is a function of its packet, so
 * that all engines must return the same number.
 */
#include "prog.h"
#include "maps.h"

BENCH(empty)
{
	return 2;
}

BENCH(fnv)
{
	u64 h = 0xcbf29ce484222325ull;

	INPUT(ctx, p);
	for (u32 i = 0; i < 256; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return (u32)(h ^ h >> 32);
}

BENCH(jhash)
{
	u32 a = 0xdeadbeef, b = a, c = a;

	INPUT(ctx, p);
	for (u32 i = 0; i < 252; i += 12) {
		a += READ32(p, i);
		b += READ32(p, i + 4);
		c += READ32(p, i + 8);
		a -= c; a ^= ROL32(c, 4); c += b;
		b -= a; b ^= ROL32(a, 6); a += c;
		c -= b; c ^= ROL32(b, 8); b += a;
		a -= c; a ^= ROL32(c, 16); c += b;
		b -= a; b ^= ROL32(a, 19); a += c;
		c -= b; c ^= ROL32(b, 4); b += a;
	}
	return c;
}

#define SIP_ROUND(a, b, c, d)                                                                      \
	do {                                                                                       \
		a += b; b = ROL64(b, 13); b ^= a; a = ROL64(a, 32);                                \
		c += d; d = ROL64(d, 16); d ^= c;                                                  \
		a += d; d = ROL64(d, 21); d ^= a;                                                  \
		c += b; b = ROL64(b, 17); b ^= c; c = ROL64(c, 32);                                \
	} while (0)

BENCH(siphash)
{
	u64 a = 0x736f6d6570736575ull, b = 0x646f72616e646f6dull;
	u64 c = 0x6c7967656e657261ull, d = 0x7465646279746573ull;

	INPUT(ctx, p);
	for (u32 i = 0; i < 512; i += 8) {
		u64 m = READ64(p, i);

		d ^= m;
		SIP_ROUND(a, b, c, d);
		SIP_ROUND(a, b, c, d);
		a ^= m;
	}
	c ^= 0xff;
	for (u32 i = 0; i < 4; i++)
		SIP_ROUND(a, b, c, d);
	a ^= b ^ c ^ d;
	return (u32)(a ^ a >> 32);
}

BENCH(murmur)
{
	const u64 m = 0xc6a4a7935bd1e995ull;
	u64 h = 512 * m;

	INPUT(ctx, p);
	for (u32 i = 0; i < 512; i += 8) {
		u64 k = READ64(p, i) * m;

		k ^= k >> 47;
		h ^= k * m;
		h *= m;
	}
	h ^= h >> 47;
	return (u32)(h * m);
}

BENCH(checksum)
{
	u64 sum = 0;

	INPUT(ctx, p);
	for (u32 i = 0; i < 1024; i += 4)
		sum += READ32(p, i);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

BENCH(crc32)
{
	u32 crc = ~0u;

	INPUT(ctx, p);
	for (u32 i = 0; i < 64; i++) {
		crc ^= p[i];
		for (u32 k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* The packet's first bytes are a valid header with options. */
BENCH(parse)
{
	u32 sum, at, end;

	INPUT(ctx, p);
	if (p[12] != 8 || p[13] != 0)
		return 1;
	if (p[14] != 0x45 || p[23] != 6)
		return 2;
	sum = READ32(p, 26) ^ READ32(p, 30) ^ READ32(p, 34);
	end = 34 + (p[46] >> 4) * 4;
	at = 54;
	for (u32 i = 0; i < 40 && at < end; i++) {
		const u8 *opt = p + at;
		u8 kind, len;

		if (opt + 2 > DATA_END(ctx))
			return 4;
		kind = opt[0];
		if (kind == 0)
			break;
		if (kind == 1) {
			at = (at + 1) & 127;
			continue;
		}
		len = opt[1];
		if (len < 2)
			return 5;
		sum = sum * 31 + kind * 256 + len;
		at = (at + len) & 127;
	}
	return sum;
}

BENCH(varint)
{
	u64 value = 0, sum = 0;
	u32 shift = 0;

	INPUT(ctx, p);
	for (u32 i = 256; i < 512; i++) {
		u8 b = p[i];

		value |= (u64)(b & 0x7f) << (shift & 63);
		shift += 7;
		if (b & 0x80 && shift < 63)
			continue;
		sum += value;
		value = 0;
		shift = 0;
	}
	return (u32)(sum ^ sum >> 32);
}

BENCH(isort)
{
	u32 v[16], sum = 0;

	INPUT(ctx, p);
	for (u32 i = 0; i < 16; i++)
		v[i] = READ32(p, 128 + 4 * i);
	for (u32 i = 1; i < 16; i++) {
		for (u32 k = i; k > 0; k--) {
			u32 a = v[k - 1], b = v[k];

			if (a <= b)
				break;
			v[k - 1] = b;
			v[k] = a;
		}
	}
	for (u32 i = 0; i < 16; i++)
		sum = sum * 3 + v[i];
	return sum;
}

BENCH(sieve)
{
	u8 composite[256];
	u32 sum = 0;

	INPUT(ctx, p);
	for (u32 i = 0; i < 256; i += 8)
		*(volatile u64 *)(composite + i) = 0;
	for (u32 i = 2; i < 16; i++)
		for (u32 k = i * i; k < 256; k += i)
			composite[k] = 1;
	for (u32 i = 2; i < 256; i++)
		if (!composite[i])
			sum += i ^ p[0];
	return sum;
}

static const u8 digits[64] = {
	'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P',
	'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f',
	'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v',
	'w', 'x', 'y', 'z', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '/',
};

BENCH(base64)
{
	u8 out[256];
	u32 at = 0, sum = 0;

	INPUT(ctx, p);
	for (u32 i = 0; i < 192; i += 3, at += 4) {
		u32 v = p[i] << 16 | p[i + 1] << 8 | p[i + 2];

		out[at] = digits[v >> 18];
		out[at + 1] = digits[v >> 12 & 63];
		out[at + 2] = digits[v >> 6 & 63];
		out[at + 3] = digits[v & 63];
	}
	for (u32 i = 0; i < 256; i += 4)
		sum = sum * 5 + *(volatile u32 *)(out + i);
	return sum;
}

BENCH(bits)
{
	u64 sum = 0;

	INPUT(ctx, p);
	for (u32 i = 0; i < 256; i += 8) {
		u64 v = READ64(p, i), c = v, r = v, n = v;

		c -= c >> 1 & 0x5555555555555555ull;
		c = (c & 0x3333333333333333ull) + (c >> 2 & 0x3333333333333333ull);
		c = (c + (c >> 4)) & 0x0f0f0f0f0f0f0f0full;
		c = c * 0x0101010101010101ull >> 56;
		r = (r >> 1 & 0x5555555555555555ull) | (r & 0x5555555555555555ull) << 1;
		r = (r >> 2 & 0x3333333333333333ull) | (r & 0x3333333333333333ull) << 2;
		n |= n >> 1;
		n |= n >> 2;
		n |= n >> 4;
		sum += c + (r ^ (n & -n));
	}
	return (u32)(sum ^ sum >> 32);
}

BENCH(divconst)
{
	u64 sum = 0;

	INPUT(ctx, p);
	for (u32 i = 0; i < 256; i += 8) {
		u64 v = READ64(p, i);
		u32 w = v;

		sum += v / 10 + v % 1000 + v / 7 + w / 10 + w % 60 + w / 86400 + v % 1000000007;
	}
	return (u32)(sum ^ sum >> 32);
}

BENCH(divvar)
{
	u64 sum = 0;

	INPUT(ctx, p);
	for (u32 i = 0; i < 256; i += 8) {
		u64 v = READ64(p, i), d = READ32(p, i + 256) | 1;
		u32 w = v, e = p[i] | 1;

		sum += v / d + v % d + w / e + w % e;
	}
	return (u32)(sum ^ sum >> 32);
}

/* Bytes 512 and 640 of the packet begin the same 100 letters. */
BENCH(strcmp_)
{
	u32 sum = 0;

	INPUT(ctx, p);
	for (u32 k = 0; k < 4; k++) {
		u32 i;

		for (i = 0; i < 120; i++) {
			u8 a = p[512 + i], b = p[640 + i];

			if (a != b || !a)
				break;
		}
		sum = sum * 7 + i + (p[k] & 1);
	}
	return sum;
}

/* Words, numbers and signs in text. */
BENCH(machine)
{
	u32 state = 0, words = 0, numbers = 0, signs = 0, value = 0;

	INPUT(ctx, p);
	for (u32 i = 512; i < 1024; i++) {
		u8 c = p[i];

		switch (state) {
		case 0:
			if (c >= '0' && c <= '9') {
				state = 1;
				value = c - '0';
			} else if ((c | 32) >= 'a' && (c | 32) <= 'z') {
				state = 2;
				words++;
			} else if (c != ' ') {
				signs++;
			}
			break;
		case 1:
			if (c >= '0' && c <= '9') {
				value = value * 10 + c - '0';
			} else {
				numbers += value;
				state = 0;
			}
			break;
		default:
			if ((c | 32) < 'a' || (c | 32) > 'z')
				state = c == '_' ? 2 : 0;
		}
	}
	return words * 1000003 + numbers * 31 + signs;
}

BENCH(matmul)
{
	u32 out[64], sum = 0;

	INPUT(ctx, p);
	for (u32 i = 0; i < 8; i++) {
		for (u32 k = 0; k < 8; k++) {
			u32 dot = 0;

			for (u32 n = 0; n < 8; n++)
				dot += READ32(p, 32 * i + 4 * n) * READ32(p, 256 + 32 * n + 4 * k);
			out[8 * i + k] = dot;
		}
	}
	for (u32 i = 0; i < 64; i++)
		sum = sum * 3 + *(volatile u32 *)&out[i];
	return sum;
}

BENCH(minmax)
{
	u32 lows = 0, highs = 0, clamped = 0, near = 0;

	INPUT(ctx, p);
	for (u32 i = 0; i < 256; i += 4) {
		u32 v = READ32(p, i), w = READ32(p, i + 256);
		s64 d = (s64)(v >> 8) - (w >> 8);

		lows += v < w ? v : w;
		highs ^= v > w ? v : w;
		clamped += v > 0xc0000000 ? 0xc0000000 : v < 0x40000000 ? 0x40000000 : v;
		near += d < 0 ? -d : d;
	}
	return lows ^ highs ^ clamped ^ near;
}

BENCH(prng)
{
	u64 x, sum = 0;

	INPUT(ctx, p);
	x = READ64(p, 0) | 1;
	for (u32 i = 0; i < 16; i++) {
		for (u32 k = 0; k < 16; k++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			sum += x;
		}
		sum ^= sum >> 3;
	}
	return (u32)(sum ^ sum >> 32);
}

BENCH(bswap)
{
	u64 sum = 0;

	INPUT(ctx, p);
	for (u32 i = 0; i < 512; i += 16) {
		sum += __builtin_bswap64(READ64(p, i));
		sum ^= __builtin_bswap32(READ32(p, i + 8));
		sum += __builtin_bswap16(*(const u16 *)(p + i + 12));
	}
	return (u32)(sum ^ sum >> 32);
}

static __noinline u64 mix(u64 a, u64 b)
{
	a ^= b * 0x9e3779b97f4a7c15ull;
	return a ^ a >> 29;
}

static __noinline u64 mix_more(u64 a, u64 b, u64 c)
{
	return mix(a + c, b) + mix(b, c);
}

BENCH(calls)
{
	u64 h = 1;

	INPUT(ctx, p);
	for (u32 i = 0; i < 176; i += 8)
		h = mix_more(h, READ64(p, i), i);
	return (u32)(h ^ h >> 32);
}

struct loop_ctx {
	u64 sum, step;
};

static long loop_body(u64 i, void *data)
{
	struct loop_ctx *c = data;

	c->sum = (c->sum ^ i) * 31 + c->step;
	return 0;
}

BENCH(callback)
{
	struct loop_ctx c;

	INPUT(ctx, p);
	c.sum = READ32(p, 0);
	c.step = READ32(p, 4);
	bpf_loop(64, loop_body, &c, 0);
	return (u32)(c.sum ^ c.sum >> 32);
}

BENCH(map_array)
{
	u64 sum = 0;

	INPUT(ctx, p);
	for (u32 i = 0; i < 32; i++) {
		u32 key = p[i];
		u64 *value = bpf_map_lookup_elem(&array, &key);

		if (!value)
			return 1;
		*value ^= key;
		sum += key;
	}
	return (u32)sum;
}

BENCH(map_percpu)
{
	u64 sum = 0;

	INPUT(ctx, p);
	for (u32 i = 0; i < 32; i++) {
		u32 key = p[i];
		u64 *value = bpf_map_lookup_elem(&percpu, &key);

		if (!value)
			return 1;
		*value += key;
		sum += key;
	}
	return (u32)sum;
}

BENCH(map_hash)
{
	u64 sum = 0;

	INPUT(ctx, p);
	for (u32 i = 0; i < 16; i++) {
		u64 key = p[i] & 0x7f;
		u64 *value = bpf_map_lookup_elem(&hash, &key);

		sum += value ? *value : 3;
	}
	return (u32)sum;
}

#ifdef __bpf__
char LICENSE[] SEC("license") = "Dual BSD/GPL";
#endif
