/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_check.c - the cases of check.t: the verdict and last line that they want, and where bpf(2) is
 * permitted the running kernel's verdict, errno and whole log. A case of which 7.2 says otherwise than the
 * running kernel has "kernel: other", and the kernel must then differ. Also by hand:
 *	test_check FILE --judge         writes what the kernel says of each case
 *	test_check FILE --mutate N SEED changes words of the cases' blobs N times and compares
 */
#include "blob.h"

#include "btf/btf.h"

#include <linux/bpf.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOG_SIZE  (4u << 20)
#define CASES_MAX 512
#define NOTSUPP	  524

struct test_case {
	char name[200], header[512], want[1024], kernel[64];
	struct strbuf types;
};

struct answer {
	int err;
	char *log;
};

static struct test_case cases[CASES_MAX];
static u32 case_cnt;
static char skep_log[LOG_SIZE], kernel_log[LOG_SIZE];

static const struct {
	int err;
	const char *name;
} errs[] = { { 0, "ok" }, { EINVAL, "EINVAL" }, { E2BIG, "E2BIG" }, { EEXIST, "EEXIST" }, { ELOOP, "ELOOP" },
	     { NOTSUPP, "ENOTSUPP" }, { EPERM, "EPERM" }, { ENOMEM, "ENOMEM" } };

static const char *err_name(int err)
{
	for (size_t i = 0; i < ARRAY_SIZE(errs); i++)
		if (errs[i].err == err)
			return errs[i].name;
	return "?";
}

/* ---- the file ------------------------------------------------------------------------------------- */

static bool read_cases(const char *path)
{
	struct test_case *tc = NULL;
	char line[2048];
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "name: ", 6)) {
			if (case_cnt == CASES_MAX)
				break;
			tc = &cases[case_cnt++];
			snprintf(tc->name, sizeof(tc->name), "%.190s", line + 6);
		} else if (tc && !strncmp(line, "types: ", 7)) {
			strbuf_printf(&tc->types, "%s\n", line + 7);
		} else if (tc && !strncmp(line, "header: ", 8)) {
			snprintf(tc->header, sizeof(tc->header), "%.500s", line + 8);
		} else if (tc && !strncmp(line, "want: ", 6)) {
			snprintf(tc->want, sizeof(tc->want), "%.1000s", line + 6);
		} else if (tc && !strncmp(line, "kernel: ", 8)) {
			snprintf(tc->kernel, sizeof(tc->kernel), "%.60s", line + 8);
		} else if (tc && line[0] == ' ') {
			strbuf_printf(&tc->types, "%s\n", line);
		} else if (line[0] && line[0] != '#') {
			fprintf(stderr, "%s: not understood: %s\n", path, line);
			return false;
		}
	}
	if (f)
		fclose(f);
	return f && case_cnt;
}

/* ---- both judges ---------------------------------------------------------------------------------- */

static struct answer ask_skep(const struct strbuf *data)
{
	struct skep_btf *btf = NULL;
	struct vlog log;
	u32 true_size;
	int err;

	skep_log[0] = '\0';
	vlog_init(&log, VLOG_LEVEL1, skep_log, sizeof(skep_log));
	err = btf_parse(data->str, data->len, NULL, 0, &log, &btf);
	vlog_finish(&log, &true_size);
	if (!err)
		btf_put(btf);
	return (struct answer){ -err, skep_log };
}

static struct answer ask_kernel(const struct strbuf *data)
{
	union bpf_attr attr = { 0 };
	long fd;

	kernel_log[0] = '\0';
	attr.btf = (uintptr_t)data->str;
	attr.btf_size = data->len;
	attr.btf_log_buf = (uintptr_t)kernel_log;
	attr.btf_log_size = sizeof(kernel_log);
	attr.btf_log_level = 1;
	fd = syscall(SYS_bpf, BPF_BTF_LOAD, &attr, sizeof(attr));
	if (fd >= 0)
		close((int)fd);
	return (struct answer){ fd < 0 ? errno : 0, kernel_log };
}

static bool have_kernel(void)
{
	struct answer a;
	struct blob b;
	bool ok = blob_make(&b, "int INT 4 0x01000020", "");

	a = ask_kernel(&b.data);
	blob_free(&b);
	return ok && !a.err;
}

/* The last line that is not empty. */
static void last_line(const char *log, char *ret, size_t size)
{
	size_t end = strlen(log), start;

	while (end && log[end - 1] == '\n')
		end--;
	for (start = end; start && log[start - 1] != '\n'; start--)
		;
	snprintf(ret, size, "%.*s", (int)min_of(end - start, size - 1), log + start);
	for (; *ret; ret++)
		if ((u8)*ret >= 0x7f || (u8)*ret < ' ')
			*ret = *ret == '\t' ? ' ' : '?';
}

static void verdict_text(const struct answer *a, char *ret, size_t size)
{
	char line[900];

	last_line(a->log, line, sizeof(line));
	if (a->err)
		snprintf(ret, size, "%s %s", err_name(a->err), line);
	else
		snprintf(ret, size, "ok");
}

static bool same(const struct answer *a, const struct answer *b)
{
	return a->err == b->err && !strcmp(a->log, b->log);
}

/* ---- as a test ------------------------------------------------------------------------------------ */

static bool kernel_there;

static void run_case(void **state)
{
	const struct test_case *tc = *state;
	struct answer ours, theirs;
	struct blob b;
	char got[1024];

	assert_true(blob_make(&b, strbuf_str(&tc->types), tc->header));
	ours = ask_skep(&b.data);
	verdict_text(&ours, got, sizeof(got));
	assert_string_equal(got, tc->want);
	if (kernel_there) {
		theirs = ask_kernel(&b.data);
		if (!strncmp(tc->kernel, "other", 5)) {
			assert_false(same(&ours, &theirs));
		} else {
			assert_string_equal(ours.log, theirs.log);
			assert_int_equal(ours.err, theirs.err);
		}
	}
	blob_free(&b);
}

static void kernel_judges(void **state __unused_arg)
{
	if (!kernel_there) {
		print_message("# BPF_BTF_LOAD is not permitted here: only what the cases want was compared\n");
		skip();
	}
}

/* ---- by hand -------------------------------------------------------------------------------------- */

static int judge(void)
{
	for (u32 i = 0; i < case_cnt; i++) {
		struct answer ours, theirs;
		char got[1024], want[1024];
		struct blob b;

		if (!blob_make(&b, strbuf_str(&cases[i].types), cases[i].header))
			return 1;
		theirs = ask_kernel(&b.data);
		ours = ask_skep(&b.data);
		verdict_text(&theirs, want, sizeof(want));
		verdict_text(&ours, got, sizeof(got));
		printf("name: %s\nkernel wants: %s\n", cases[i].name, want);
		if (!same(&ours, &theirs))
			printf("   skep says: %s%s\n", got, strcmp(got, want) ? "" : " (after other lines)");
		blob_free(&b);
	}
	return 0;
}

static u64 rng;

static u32 rnd(u32 below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (u32)((rng >> 11) % below);
}

static void mutate(struct strbuf *data)
{
	u32 words = data->len / 4;

	for (u32 n = 1 + rnd(3); n; n--) {
		u32 at = rnd(20) ? 6 + rnd(words > 7 ? words - 6 : 1) : rnd(6), val, *w;

		if (at >= words)
			continue;
		w = (u32 *)(void *)data->str + at;
		val = *w;
		switch (rnd(8)) {
		case 0: val ^= 1u << rnd(32); break;
		case 1: val += 1; break;
		case 2: val -= 1; break;
		case 3: val = rnd(12); break;
		case 4: val = ((u32 *)(void *)data->str)[rnd(words)]; break;
		case 5: val = (1 + rnd(19)) << 24 | rnd(3) | rnd(2) << 31; break;
		case 6: val = rnd(70); break;
		default: val = rnd(2) ? 0 : UINT32_MAX >> rnd(31);
		}
		*w = val;
	}
}

/* What 7.2 has changed, and loops that 6.18 does not see: named in docs/divergences.md. */
static bool expected_difference(const struct answer *ours, const struct answer *theirs)
{
	return strstr(theirs->log, "Unsupported btf_header") || strstr(theirs->log, "Invalid btf_info:") ||
	       strstr(theirs->log, "Type tags don't precede") ||
	       strstr(ours->log, "Invalid offset+size") ||
	       (strstr(ours->log, "Loop detected") && !strstr(theirs->log, "Loop detected")) ||
	       (!theirs->err && (strstr(ours->log, "Member exceeds struct_size") || strstr(ours->log, "Invalid size")));
}

static int mutations(u32 cnt, u64 seed)
{
	u32 bad = 0, accepted = 0;

	rng = seed * 2654435761u + 88172645463325252ull;
	for (u32 i = 0; i < cnt; i++) {
		const struct test_case *tc = &cases[rnd(case_cnt)];
		struct answer ours, theirs;
		struct blob b;

		if (!blob_make(&b, strbuf_str(&tc->types), tc->header))
			return 1;
		/* Special fields: what the kernel says of them is not modelled. */
		if (b.data.len < 4096 && strncmp(tc->name, "special", 7)) {
			mutate(&b.data);
			theirs = ask_kernel(&b.data);
			ours = ask_skep(&b.data);
			accepted += !ours.err;
			if (!same(&ours, &theirs) && !expected_difference(&ours, &theirs)) {
				printf("---- %u: from \"%s\"\nkernel %s\n%s\nskep %s\n%s\n", i, tc->name, err_name(theirs.err),
				       theirs.log, err_name(ours.err), ours.log);
				bad++;
			}
		}
		blob_free(&b);
	}
	printf("%u mutated blobs, %u accepted, %u unexplained differences\n", cnt, accepted, bad);
	return bad != 0;
}

static void mutated_blobs_agree(void **state __unused_arg)
{
	if (!kernel_there)
		skip();
	assert_int_equal(mutations(3000, 1), 0);
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[CASES_MAX + 2];
	u32 n = 0;
	int ret;

	if (argc < 2 || !read_cases(argv[1]))
		return 2;
	if (argc == 3 && !strcmp(argv[2], "--judge"))
		return judge();
	if (argc == 5 && !strcmp(argv[2], "--mutate"))
		return mutations(strtoul(argv[3], NULL, 0), strtoull(argv[4], NULL, 0));
	kernel_there = have_kernel();
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(kernel_judges);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(mutated_blobs_agree);
	for (u32 i = 0; i < case_cnt; i++)
		tests[n++] = (struct CMUnitTest){ cases[i].name, run_case, NULL, NULL, &cases[i] };
	ret = _cmocka_run_group_tests("btf check", tests, n, NULL, NULL);
	for (u32 i = 0; i < case_cnt; i++)
		strbuf_free(&cases[i].types);
	return ret;
}
