/* SPDX-License-Identifier: BSD-2-Clause */
/* test_base.c - strings, vectors, the u64 map, hashes and the verifier's log buffer. */
#include "base/hash.h"
#include "base/strbuf.h"
#include "base/u64map.h"
#include "base/vec.h"
#include "base/vlog.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void strbuf_grows_and_resets(void **state __unused_arg)
{
	struct strbuf sb = { 0 };
	char want[3001];

	assert_string_equal(strbuf_str(&sb), "");
	for (int i = 0; i < 1000; i++) {
		strbuf_printf(&sb, "%d", i % 10);
		strbuf_putc(&sb, 'a');
		strbuf_add(&sb, "bcd", 1);
		memcpy(want + 3 * i, (char[]){ '0' + i % 10, 'a', 'b' }, 3);
	}
	want[3000] = 0;
	assert_string_equal(strbuf_str(&sb), want);
	assert_int_equal(sb.len, 3000);
	strbuf_reset(&sb);
	assert_string_equal(strbuf_str(&sb), "");
	strbuf_puts(&sb, "x\0y");
	assert_int_equal(sb.len, 1);
	assert_false(sb.oom);
	sb.oom = true; /* after a failed allocation additions are dropped, the text stays */
	strbuf_puts(&sb, "more");
	assert_string_equal(strbuf_str(&sb), "x");
	strbuf_free(&sb);
	assert_int_equal(sb.len, 0);
}

static void vec_push_pop_reserve(void **state __unused_arg)
{
	VEC(u32) v = { 0 };
	void *at = NULL;
	size_t cap = 0;

	for (u32 i = 0; i < 10000; i++)
		assert_true(vec_push(&v, i));
	assert_int_equal(v.cnt, 10000);
	for (u32 i = 10000; i-- > 0;)
		assert_int_equal(vec_pop(&v), i);
	assert_true(vec_reserve(&v, 50000));
	assert_true(v.cap >= 50000);
	vec_free(&v);
	assert_null(v.at);
	/* Sizes that overflow fail and change nothing. */
	assert_false(vec_reserve_raw(&at, &cap, SIZE_MAX, 8));
	assert_false(vec_reserve_raw(&at, &cap, SIZE_MAX / 4, 8));
	assert_null(at);
	assert_int_equal(cap, 0);
}

static void u64map_against_a_model(void **state __unused_arg)
{
	static u64 model[5000];
	struct u64map m = { 0 };
	u32 rnd = 1;

	assert_null(u64map_get(&m, 0));
	for (u32 i = 1; i < 20000; i++) {
		u64 k = (rnd = rnd * 1664525 + 1013904223) >> 8;

		k %= ARRAY_SIZE(model);
		/* Keys of all magnitudes, 0 and the largest among them. */
		assert_true(u64map_put(&m, k ? UINT64_MAX / k : 0, i));
		model[k] = i;
	}
	for (u64 k = 0; k < ARRAY_SIZE(model); k++) {
		u64 *val = u64map_get(&m, k ? UINT64_MAX / k : 0);

		assert_int_equal(!!val, !!model[k]);
		if (val)
			assert_int_equal(*val, model[k]);
	}
	assert_null(u64map_get(&m, 12345));
	u64map_free(&m);
	assert_null(u64map_get(&m, 0));
}

/* Length, seed and every bit matter; low bits spread. */
static void hash_depends_on_all(void **state __unused_arg)
{
	u8 bytes[40] = { 0 };
	u32 buckets[256] = { 0 }, most = 0;

	for (u32 len = 0; len < sizeof(bytes); len++) {
		u64 h = hash_bytes(bytes, len, 1);

		assert_true(h != hash_bytes(bytes, len, 2));
		assert_true(len == 0 || h != hash_bytes(bytes, len - 1, 1));
		for (u32 bit = 0; bit < 8 * len; bit++) {
			bytes[bit / 8] ^= 1 << bit % 8;
			assert_true(hash_bytes(bytes, len, 1) != h);
			bytes[bit / 8] ^= 1 << bit % 8;
		}
		assert_true(hash_bytes(bytes, len, 1) == h);
	}
	for (u64 i = 0; i < 25600; i++)
		buckets[hash_u64(i, 0) & 255]++;
	for (u32 i = 0; i < 256; i++)
		most = max_of(most, buckets[i]);
	assert_in_range(most, 100, 160);
}

static void vlog_init_rules(void **state __unused_arg)
{
	struct vlog log;
	char buf[64];

	assert_int_equal(vlog_init(&log, 0, NULL, 0), 0);
	assert_false(vlog_wanted(&log));
	assert_int_equal(vlog_init(&log, 1, buf, 0), -EINVAL);
	assert_int_equal(vlog_init(&log, 1, NULL, 10), -EINVAL);
	assert_int_equal(vlog_init(&log, 0, buf, 10), -EINVAL);
	assert_int_equal(vlog_init(&log, 16, buf, 10), -EINVAL);
	assert_int_equal(vlog_init(&log, 1, buf, (UINT32_MAX >> 2) + 1), -EINVAL);
	assert_int_equal(vlog_init(&log, 15, buf, 10), 0);
	assert_true(vlog_wanted(&log));
}

static void vlog_rotates_and_keeps_the_end(void **state __unused_arg)
{
	struct vlog log;
	char buf[11];
	u32 true_size;

	for (u32 len = 0; len < 40; len++) {
		char want[41];

		for (u32 i = 0; i < len; i++)
			want[i] = 'a' + i % 26;
		want[len] = 0;
		vlog_init(&log, VLOG_LEVEL1, buf, sizeof(buf));
		for (u32 i = 0; i < len; i++)
			vlog_printf(&log, "%c", want[i]);
		assert_int_equal(vlog_finish(&log, &true_size), len > 10 ? -ENOSPC : 0);
		assert_string_equal(buf, len > 10 ? want + len - 10 : want);
		assert_int_equal(true_size, len + 1);
	}
}

static void vlog_fixed_keeps_the_start(void **state __unused_arg)
{
	struct vlog log;
	char buf[6];
	u32 true_size;

	vlog_init(&log, VLOG_LEVEL1 | VLOG_FIXED, buf, sizeof(buf));
	vlog_printf(&log, "abc");
	vlog_printf(&log, "defgh");
	assert_int_equal(vlog_finish(&log, &true_size), -ENOSPC);
	assert_string_equal(buf, "abcde");
	assert_int_equal(true_size, 9);
}

static void vlog_rewinds(void **state __unused_arg)
{
	struct vlog log;
	char buf[8];
	u32 true_size;
	u64 pos;

	vlog_init(&log, VLOG_LEVEL1, buf, sizeof(buf));
	vlog_printf(&log, "ab");
	pos = log.end;
	vlog_printf(&log, "cde");
	vlog_rewind(&log, pos);
	vlog_printf(&log, "X");
	assert_int_equal(vlog_finish(&log, &true_size), 0);
	assert_string_equal(buf, "abX");
	assert_int_equal(true_size, 6); /* the longest it was */
	/* Back to before what the ring still has: nothing of that comes back. */
	vlog_init(&log, VLOG_LEVEL1, buf, sizeof(buf));
	vlog_printf(&log, "0123456789abcdef");
	vlog_rewind(&log, 4);
	vlog_printf(&log, "Z");
	assert_int_equal(vlog_finish(&log, &true_size), -ENOSPC);
	assert_string_equal(buf, "Z");
}

static void vlog_measures_without_a_buffer(void **state __unused_arg)
{
	char long_text[2000];
	struct vlog log;
	u32 true_size;
	char buf[2100];

	memset(long_text, 'q', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = 0;
	vlog_init(&log, VLOG_LEVEL1, buf, sizeof(buf));
	vlog_printf(&log, "%s", long_text); /* longer than the formatter's own buffer */
	assert_int_equal(vlog_finish(&log, &true_size), 0);
	assert_string_equal(buf, long_text);
	assert_int_equal(vlog_init(&log, VLOG_STATS, NULL, 0), 0);
	vlog_printf(&log, "%s", long_text);
	assert_int_equal(vlog_finish(&log, &true_size), 0);
	assert_int_equal(true_size, sizeof(long_text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strbuf_grows_and_resets),
		cmocka_unit_test(vec_push_pop_reserve),
		cmocka_unit_test(u64map_against_a_model),
		cmocka_unit_test(hash_depends_on_all),
		cmocka_unit_test(vlog_init_rules),
		cmocka_unit_test(vlog_rotates_and_keeps_the_end),
		cmocka_unit_test(vlog_fixed_keeps_the_start),
		cmocka_unit_test(vlog_rewinds),
		cmocka_unit_test(vlog_measures_without_a_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
