/* SPDX-License-Identifier: BSD-2-Clause */
/* test_helper.c - formats, checksums, numbers and loops, each against what Linux 6.18 gives. */
#include "helper/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define P(p) ((u64)(uintptr_t)(p))

/* The test's own memory may be looked into where it says so. */
static const char *seen_mem;
static size_t seen_len;

static const void *mem_at(struct helper_host *host __unused_arg,
			  const struct run_ctx *run __unused_arg, u64 addr,
			  enum helper_mem space __unused_arg, size_t *ret_room)
{
	const char *p = (const char *)(uintptr_t)addr;
	bool seen = seen_mem && p >= seen_mem && p < seen_mem + seen_len;

	*ret_room = seen ? (size_t)(seen_mem + seen_len - p) : 0;
	return seen ? p : NULL;
}

static char traced[4096];

static void trace(struct helper_host *host __unused_arg, const char *text, size_t len)
{
	snprintf(traced, sizeof(traced), "%.*s", (int)len, text);
}

static struct helper_host host = { .ptr_key = 42, .mem_at = mem_at, .trace = trace, .tgid = 77 };

/* ---- bprintf -------------------------------------------------------------------------------- */

static void formats_print_as_linux(void **state __unused_arg)
{
	static const struct {
		const char *fmt;
		u64 args[3];
		const char *want; /* NULL: refused with -EINVAL */
	} cases[] = {
		{ "plain", { 0 }, "plain" },
		{ "100%%", { 0 }, "100%" },
		{ "%d", { (u32)-1 }, "-1" },
		{ "%d", { 0x1ffffffffULL }, "-1" }, /* the low half only */
		{ "%i", { 7 }, "7" },
		{ "%u", { (u64)-1 }, "4294967295" },
		{ "%x %X", { 0xbeef, 0xbeef }, "beef BEEF" },
		{ "%ld", { (u64)-5 }, "-5" },
		{ "%lld", { (u64)-5 }, "-5" },
		{ "%lu", { (u64)-1 }, "18446744073709551615" },
		{ "%llx", { 0x123456789abcdefULL }, "123456789abcdef" },
		{ "%5d|%-5d|%05d", { 42, 42, 42 }, "   42|42   |00042" },
		{ "%+d % d", { 3, 3 }, "+3  3" },
		{ "%c%c", { 'h', 'i' }, "hi" },
		{ "%3c|", { 'x' }, "  x|" },
		{ "%px", { 0xffff888000001234ULL }, "ffff888000001234" },
		{ "%p", { 0 }, "0000000000000000" },
		{ "%pS", { 0x1234 }, "0x1234" },
		{ "%s|", { 0 }, "|" },	    /* unreadable: nothing */
		{ "%pI4", { 0 }, "0.0.0.0" }, /* unreadable: zeros */
		{ "a\tb\n", { 0 }, "a\tb\n" },
		{ "\xc3\xa4 %d", { 1 }, "\xc3\xa4 1" },
		{ "%5px|%-5px|%05px", { 0xab, 0xab, 0xab }, "   ab|ab   |000ab" },
		{ "%pxyz!", { 0xab }, "00000000000000ab!" }, /* xyz: more of the pointer */
		{ "%p", { (u64)-22 }, "ffffffffffffffea" }, /* an error number */
		/* refused: */
		{ "%", { 0 }, NULL },
		{ "%f", { 1 }, NULL },
		{ "%#x", { 1 }, NULL },
		{ "%\xc3", { 1 }, NULL },
		{ "%pksx", { 1 }, NULL },
		{ "%n", { 1 }, NULL },
		{ "%lf", { 1 }, NULL },
		{ "%llld", { 1 }, NULL },
		{ "%hd", { 1 }, NULL },
		{ "%.3d", { 1 }, NULL },
		{ "%*d", { 1, 2 }, NULL },
		{ "%sx", { 1 }, NULL },
		{ "%pz", { 1 }, NULL },
		{ "%pI5", { 1 }, NULL },
		{ "%d%d%d%d", { 1, 2, 3 }, NULL }, /* more conversions than arguments */
		{ "\x01", { 0 }, NULL },
	};
	char out[256];

	seen_mem = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		long n = bprintf(&host, NULL, out, sizeof(out), cases[i].fmt,
				 (u32)strlen(cases[i].fmt) + 1, cases[i].args, 3);

		if (!cases[i].want) {
			if (n != -EINVAL)
				fail_msg("\"%s\": %ld, want -EINVAL", cases[i].fmt, n);
			continue;
		}
		if (n != (long)strlen(cases[i].want) || strcmp(out, cases[i].want))
			fail_msg("\"%s\": %ld \"%s\", want \"%s\"", cases[i].fmt, n, out,
				 cases[i].want);
	}
}

static void format_must_end_in_its_size(void **state __unused_arg)
{
	char out[8];

	assert_int_equal(bprintf(&host, NULL, out, 8, "abc", 3, NULL, 0), -EINVAL);
	assert_int_equal(bprintf(&host, NULL, out, 8, "abc", 4, NULL, 0), 3);
}

static void long_text_is_cut_and_counted(void **state __unused_arg)
{
	char out[5] = "####";

	assert_int_equal(bprintf(&host, NULL, out, sizeof(out), "0123456789", 11, NULL, 0), 10);
	assert_string_equal(out, "0123");
}

static void strings_come_from_readable_memory_only(void **state __unused_arg)
{
	static const char text[] = "secret\0public";
	char out[64];
	u64 arg = P(text + 7);

	seen_mem = text + 7;
	seen_len = sizeof(text) - 7;
	assert_int_equal(bprintf(&host, NULL, out, 64, "<%s>", 5, &arg, 1), 8);
	assert_string_equal(out, "<public>");
	arg = P(text); /* one byte before what may be seen */
	assert_int_equal(bprintf(&host, NULL, out, 64, "<%s>", 5, &arg, 1), 2);
	/* Without an end inside it is a fault, not a run past it. */
	seen_len = 3;
	arg = P(text + 7);
	assert_int_equal(bprintf(&host, NULL, out, 64, "<%s>", 5, &arg, 1), 2);
	seen_len = 4;
	assert_int_equal(bprintf(&host, NULL, out, 64, "%pi4", 5, &arg, 1), 15);
	assert_string_equal(out, "112.117.098.108");
	seen_len = 3;
	assert_int_equal(bprintf(&host, NULL, out, 64, "%pI4", 5, &arg, 1), 7);
	assert_string_equal(out, "0.0.0.0");
}

static void pointers_are_hidden_but_tell_apart(void **state __unused_arg)
{
	char a[32], b[32], c[32];
	u64 x = 0x7fff12345678, y = 0x7fff12345679;

	bprintf(&host, NULL, a, 32, "%p", 3, &x, 1);
	bprintf(&host, NULL, b, 32, "%p", 3, &x, 1);
	bprintf(&host, NULL, c, 32, "%p", 3, &y, 1);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	assert_null(strstr(a, "12345678"));
	assert_int_equal(strlen(a), 16);
}

/* ---- csum ------------------------------------------------------------------------------------ */

static u32 from_hex(const char *hex, u8 *out)
{
	u32 n = 0;

	for (; hex[0]; hex += 2, n++)
		out[n] = (u8)strtoul((char[]){ hex[0], hex[1], 0 }, NULL, 16);
	return n;
}

/* Answers of Linux 6.18.44 on x86-64. */
static void csum_diff_as_linux(void **state __unused_arg)
{
	static const struct {
		const char *from, *to;
		u32 seed, want;
	} cases[] = {
		{ "", "", 0x0, 0x0 },
		{ "", "", 0x7fffffff, 0x7fff },
		{ "", "", 0xffffffff, 0xffff },
		{ "4420823c", "", 0x0, 0xa339 },
		{ "fde6f1c2", "", 0x1, 0x5611 },
		{ "6b30f90e", "", 0x7fffffff, 0x409b },
		{ "c7dd01e4", "", 0xffffffff, 0x3e36 },
		{ "887534a2", "", 0xffff, 0xe842 },
		{ "", "0f0b0d04", 0x0, 0xf1c },
		{ "", "c36ed80e", 0x1, 0x7d9c },
		{ "", "71e0fd77", 0x7fffffff, 0xd86e },
		{ "", "b07670eb", 0xffffffff, 0x6221 },
		{ "", "940bd533", 0xffff, 0x3f69 },
		{ "5f973daad8619b91", "ffc911f57cced458", 0x0, 0xb151 },
		{ "bbbf2ce03753c9bd", "fa0ff0169dc95756", 0x1, 0x95f6 },
		{ "74066676cfb0b4eb", "8902c44269da1cf6", 0x7fffffff, 0x7c74 },
		{ "ba66d3f8b6d4b100", "a9ea0e755a5c2e82", 0xffffffff, 0x94b },
		{ "10242a08e7078f7f", "89385eb094235551", 0xffff, 0xaa20 },
		{ "82568b96e8a4fef23a0c9fc5afd7608437816bdd",
		  "0a7309cb4a1252e4da70e6720fcaa4da1e98406c", 0x0, 0xb002 },
		{ "189c24279e9851d5814204136feb5713c166b132",
		  "69dd63fc35c797ff08a6cd90095066a745addb6d", 0x1, 0xcb17 },
		{ "25892426", "0b0594b7fcf04e33a727585b4c48a39c", 0x0, 0x9990 },
		{ "2d77f803", "5aa2e0737aa0fdf573d3ac8c701824bc", 0xffffffff, 0x6643 },
		{ "c454142e8233882a4729e37bc3ddcb54", "a6e040f9", 0x0, 0x214b },
		{ "8e65ecd19c57e665b801c7dacfac22fc", "7e940ad0", 0xffff, 0xea18 },
		/* Both zeros of one's complement. */
		{ "ffffffffffffffff", "ffffffffffffffff", 0, 0xffff },
		{ "0000000000000000", "0000000000000000", 0, 0xffff },
		{ "ffffffffffffffff", "", 0, 0x0 },
		{ "", "ffffffffffffffff", 0, 0xffff },
		{ "0000000000000000", "", 0, 0x0 },
	};
	u8 from[32], to[32];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 f = from_hex(cases[i].from, from), t = from_hex(cases[i].to, to);
		u64 got = helper_csum_diff(P(from), f, P(to), t, cases[i].seed);

		if (got != cases[i].want)
			fail_msg("case %zu: %#llx, want %#x", i, (unsigned long long)got,
				 cases[i].want);
	}
	assert_int_equal((s64)helper_csum_diff(P(from), 2, 0, 0, 0), -EINVAL);
	assert_int_equal((s64)helper_csum_diff(P(from), 4, P(to), 7, 0), -EINVAL);
}

/* Against RFC 1071 word by word: any length, any alignment. */
static void csum_bytes_as_rfc1071(void **state __unused_arg)
{
	u8 buf[80];

	srand(7);
	for (int n = 0; n < 2000; n++) {
		u32 len = (u32)rand() % 70, start = (u32)rand() % 8;
		u32 sum = (u32)rand(), naive;
		u64 total = (sum & 0xffff) + (sum >> 16);

		for (u32 i = 0; i < sizeof(buf); i++)
			buf[i] = (u8)rand();
		for (u32 i = 0; i < len; i += 2) {
			u16 word = 0;

			memcpy(&word, buf + start + i, i + 1 < len ? 2 : 1);
			total += word;
		}
		while (total >> 16)
			total = (total & 0xffff) + (total >> 16);
		naive = (u32)total;
		assert_int_equal(csum_fold(csum_bytes(buf + start, len, sum)) % 0xffff,
				 naive % 0xffff);
	}
}

/* ---- numbers and strings ---------------------------------------------------------------------- */

static void strtol_as_linux(void **state __unused_arg)
{
	static const struct {
		const char *text;
		u64 flags;
		s64 ret, val;
	} cases[] = {
		{ "0", 0, 1, 0 },	     { "42", 0, 2, 42 },
		{ "42abc", 0, 2, 42 },	     { "  -17", 0, 5, -17 },
		{ "0x1F", 0, 4, 31 },	     { "0x1F", 16, 4, 31 },
		{ "1F", 16, 2, 31 },	     { "017", 0, 3, 15 },
		{ "017", 10, 3, 17 },	     { "08", 0, 1, 0 },
		{ "0x", 0, 1, 0 },	     { "-9223372036854775808", 10, 20, INT64_MIN },
		{ "9223372036854775807", 10, 19, INT64_MAX },
		{ "9223372036854775808", 10, -ERANGE, 0 },
		{ "-9223372036854775809", 10, -ERANGE, 0 },
		{ "18446744073709551616", 10, -ERANGE, 0 },
		{ "", 0, -EINVAL, 0 },	     { "   ", 0, -EINVAL, 0 },
		{ "-", 0, -EINVAL, 0 },	     { "+5", 0, -EINVAL, 0 },
		{ "abc", 0, -EINVAL, 0 },    { "--5", 0, -EINVAL, 0 },
		{ "5", 2, -EINVAL, 0 },	     { "5", 10 | 1 << 5, -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		s64 val = 99, ret;

		ret = (s64)helper_strtol(P(cases[i].text), strlen(cases[i].text), cases[i].flags,
					 P(&val), 0);
		if (ret != cases[i].ret || val != cases[i].val)
			fail_msg("\"%s\": %lld %lld", cases[i].text, (long long)ret, (long long)val);
	}
}

static void strtoul_takes_no_sign(void **state __unused_arg)
{
	u64 val;

	assert_int_equal(helper_strtoul(P("18446744073709551615"), 20, 10, P(&val), 0), 20);
	assert_true(val == UINT64_MAX);
	assert_int_equal((s64)helper_strtoul(P("-1"), 2, 10, P(&val), 0), -EINVAL);
	assert_int_equal(val, 0);
	/* The size ends the text, not a NUL. */
	assert_int_equal(helper_strtoul(P("1234"), 2, 10, P(&val), 0), 2);
	assert_int_equal(val, 12);
}

static void strncmp_stops_at_size_and_nul(void **state __unused_arg)
{
	assert_int_equal(helper_strncmp(P("abc"), 3, P("abc"), 0, 0), 0);
	assert_int_equal((s64)helper_strncmp(P("abc"), 3, P("abd"), 0, 0), -1);
	assert_int_equal((s64)helper_strncmp(P("b"), 1, P("a"), 0, 0), 1);
	assert_int_equal(helper_strncmp(P("abX"), 2, P("abY"), 0, 0), 0);
	assert_int_equal(helper_strncmp(P("a\0X"), 3, P("a\0Y"), 0, 0), 0);
	assert_int_equal((s64)helper_strncmp(P("\xff"), 1, P("\x01"), 0, 0), 1);
}

/* ---- inside a run ------------------------------------------------------------------------------ */

static u64 calls, stop_at;

static u64 count_call(struct run_ctx *run __unused_arg, u64 func, const u64 args[5])
{
	assert_int_equal(func, 0xf00d);
	assert_int_equal(args[0], calls);
	assert_int_equal(args[1], 0xc7);
	return ++calls == stop_at;
}

static struct vcpu_set *set;
static struct vcpu *vcpu;
static struct run_ctx run;

static int enter(void **state __unused_arg)
{
	clock_init(&host.clock);
	clock_set_virtual(&host.clock, 5000000000, 0);
	set = vcpu_set_new(1);
	vcpu = vcpu_enter(set);
	run = (struct run_ctx){ .skep = (struct skep *)&host, .call_func = count_call };
	vcpu->run = &run;
	return 0;
}

static int leave(void **state __unused_arg)
{
	vcpu->run = NULL;
	vcpu_leave(vcpu);
	vcpu_set_free(set);
	return 0;
}

static void loop_counts_and_stops(void **state __unused_arg)
{
	calls = stop_at = 0;
	assert_int_equal(helper_loop(1000, 0xf00d, 0xc7, 0, 0), 1000);
	assert_int_equal(calls, 1000);
	calls = 0;
	stop_at = 3;
	assert_int_equal(helper_loop(1000, 0xf00d, 0xc7, 0, 0), 3);
	calls = stop_at = 0;
	assert_int_equal(helper_loop(0, 0xf00d, 0xc7, 0, 0), 0);
	assert_int_equal((s64)helper_loop(1, 0xf00d, 0xc7, 1, 0), -EINVAL);
	assert_int_equal((s64)helper_loop((8 << 20) + 1, 0xf00d, 0xc7, 0, 0), -E2BIG);
	assert_int_equal(calls, 0);
}

static void trace_printk_writes_a_line(void **state __unused_arg)
{
	assert_int_equal(helper_trace_printk(P("n=%d %x"), 8, 5, 255, 0), 6);
	assert_non_null(strstr(traced, "bpf_trace_printk: n=5 ff"));
	assert_non_null(strstr(traced, " [000] "));
	assert_non_null(strstr(traced, "    5.000000: "));
	traced[0] = '\0';
	assert_int_equal((s64)helper_trace_printk(P("%f"), 3, 5, 0, 0), -EINVAL);
	assert_string_equal(traced, "");
	/* Four conversions, three registers. */
	assert_int_equal((s64)helper_trace_printk(P("%d%d%d%d"), 9, 1, 2, 3), -EINVAL);
}

static void trace_vprintk_checks_its_array(void **state __unused_arg)
{
	u64 args[12] = { 1, 2, 3, 4 };

	assert_int_equal(helper_trace_vprintk(P("%d%d%d%d"), 9, P(args), 32, 0), 4);
	assert_non_null(strstr(traced, ": 1234"));
	assert_int_equal((s64)helper_trace_vprintk(P("%d"), 3, P(args), 12, 0), -EINVAL);
	assert_int_equal((s64)helper_trace_vprintk(P("%d"), 3, P(args), 104, 0), -EINVAL);
	assert_int_equal((s64)helper_trace_vprintk(P("%d"), 3, 0, 8, 0), -EINVAL);
	assert_int_equal(helper_trace_vprintk(P("x"), 2, 0, 0, 0), 1);
}

static void snprintf_counts_its_end(void **state __unused_arg)
{
	u64 args[1] = { 12345 };
	char out[4];

	assert_int_equal(helper_snprintf(P(out), sizeof(out), P("%d"), P(args), 8), 6);
	assert_string_equal(out, "123");
}

static void who_runs(void **state __unused_arg)
{
	char comm[32];

	memset(comm, 'x', sizeof(comm));
	assert_int_equal(helper_get_current_pid_tgid(0, 0, 0, 0, 0) >> 32, 77);
	assert_int_equal(helper_get_current_comm(P(comm), 4, 0, 0, 0), 0);
	assert_int_equal(comm[3], 0);
	assert_int_equal(comm[4], 'x');
	assert_int_equal(helper_get_smp_processor_id(0, 0, 0, 0, 0), 0);
	assert_int_equal(helper_ktime_get_ns(0, 0, 0, 0, 0), 5000000000);
	assert_int_equal(helper_jiffies64(0, 0, 0, 0, 0), 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_print_as_linux),
		cmocka_unit_test(format_must_end_in_its_size),
		cmocka_unit_test(long_text_is_cut_and_counted),
		cmocka_unit_test(strings_come_from_readable_memory_only),
		cmocka_unit_test(pointers_are_hidden_but_tell_apart),
		cmocka_unit_test(csum_diff_as_linux),
		cmocka_unit_test(csum_bytes_as_rfc1071),
		cmocka_unit_test(strtol_as_linux),
		cmocka_unit_test(strtoul_takes_no_sign),
		cmocka_unit_test(strncmp_stops_at_size_and_nul),
		cmocka_unit_test_setup_teardown(loop_counts_and_stops, enter, leave),
		cmocka_unit_test_setup_teardown(trace_printk_writes_a_line, enter, leave),
		cmocka_unit_test_setup_teardown(trace_vprintk_checks_its_array, enter, leave),
		cmocka_unit_test_setup_teardown(snprintf_counts_its_end, enter, leave),
		cmocka_unit_test_setup_teardown(who_runs, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
