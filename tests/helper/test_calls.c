/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_calls.c - helpers as raw tracepoint and syscall programs call them: on the interpreter, as
 * machine code and, where bpf(2) is permitted on Linux 6.18 or later, in the running kernel, whose
 * answers the cases state.
 */
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include "../runtime/insns.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#define P(p)	 ((u64)(uintptr_t)(p))
#define E(e)	 ((u32)-(e))
#define BUF_SIZE 256
#define RAW_TP	 BPF_PROG_TYPE_RAW_TRACEPOINT
#define SYSCALL	 BPF_PROG_TYPE_SYSCALL

enum who { KERNEL, INTERP, JIT, WHO_CNT };
static const char *const who_names[] = { "kernel", "interpreter", "jit" };
static struct skep *skeps[WHO_CNT];
static bool asked[WHO_CNT];

static long judge(enum who who, int cmd, union bpf_attr *attr)
{
	long ret;

	if (who != KERNEL)
		return skep_bpf(skeps[who], NULL, cmd, attr, sizeof(*attr));
	ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));
	return ret < 0 ? -errno : ret;
}

static int new_map(enum who who, u32 value_size, u32 flags)
{
	union bpf_attr attr = { 0 };

	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = value_size;
	attr.max_entries = 1;
	attr.map_flags = flags;
	return (int)judge(who, BPF_MAP_CREATE, &attr);
}

static long map_op(enum who who, int cmd, int fd, void *value)
{
	union bpf_attr attr = { 0 };
	u32 key = 0;

	attr.map_fd = (u32)fd;
	if (cmd != BPF_MAP_FREEZE) {
		attr.key = P(&key);
		attr.value = P(value);
	}
	return judge(who, cmd, &attr);
}

static char load_log[65536];

static long load(enum who who, u32 type, const struct bpf_insn *insns, u32 cnt)
{
	union bpf_attr attr = { 0 };

	load_log[0] = '\0';
	attr.prog_type = type;
	attr.insns = P(insns);
	attr.insn_cnt = cnt;
	attr.license = P("GPL");
	attr.prog_flags = type == SYSCALL ? BPF_F_SLEEPABLE : 0;
	attr.log_buf = P(load_log);
	attr.log_size = sizeof(load_log);
	attr.log_level = 1;
	return judge(who, BPF_PROG_LOAD, &attr);
}

static bool kernel_answers(void)
{
	const struct bpf_insn prog[] = { MOV_K(0, 0), EXIT_() };
	struct utsname uts;
	int major = 0, minor = 0;
	long fd;

	uname(&uts);
	sscanf(uts.release, "%d.%d", &major, &minor);
	if (major < 6 || (major == 6 && minor < 18))
		return false;
	fd = load(KERNEL, RAW_TP, prog, 2);
	if (fd >= 0)
		close((int)fd);
	return fd >= 0;
}

/* ---- one program, one run --------------------------------------------------------------------- */

/* r6 is the context and r7 the buffer, BUF_SIZE bytes of 0xaa, when the case's insns begin. */
struct call_case {
	const char *name;
	u32 type;
	struct bpf_insn insns[24];
	u64 args[4];
	u32 want_ret;
	const char *want; /* the buffer begins with these bytes */
	u32 want_len;	  /* then comes 0xaa; 0: not looked at */
};

struct result {
	long err;
	u32 ret;
	u8 buf[BUF_SIZE];
};

static u32 insn_cnt(const struct bpf_insn *insns)
{
	u32 n = 0;

	while (insns[n].code != 0x95)
		n++;
	return n + 1;
}

static void run_case(enum who who, const struct call_case *c, const void *format, struct result *res)
{
	int map = new_map(who, BUF_SIZE, 0), fmt = -1;
	struct bpf_insn prog[64] = { MOV_X(6, 1), LD_MAP_VAL(7, map, 0) };
	union bpf_attr attr = { 0 };
	u64 args[12] = { 0 };
	u32 cnt = 3;

	assert_true(map >= 0);
	if (format) {
		fmt = new_map(who, 64, BPF_F_RDONLY_PROG);
		assert_true(fmt >= 0);
		assert_int_equal(map_op(who, BPF_MAP_UPDATE_ELEM, fmt, (void *)(uintptr_t)format), 0);
		assert_int_equal(map_op(who, BPF_MAP_FREEZE, fmt, NULL), 0);
		prog[cnt++] = INSN_(0x18, 8, 2, 0, fmt);
		prog[cnt++] = INSN_(0, 0, 0, 0, 0);
	}
	memcpy(prog + cnt, c->insns, insn_cnt(c->insns) * sizeof(*prog));
	cnt += insn_cnt(c->insns);
	memset(res->buf, 0xaa, BUF_SIZE);
	assert_int_equal(map_op(who, BPF_MAP_UPDATE_ELEM, map, res->buf), 0);
	res->err = load(who, c->type, prog, cnt);
	if (res->err >= 0) {
		attr.test.prog_fd = (u32)res->err;
		memcpy(args, c->args, sizeof(c->args));
		attr.test.ctx_in = P(args);
		attr.test.ctx_size_in = sizeof(args);
		res->err = judge(who, BPF_PROG_TEST_RUN, &attr);
		res->ret = attr.test.retval;
		close((int)attr.test.prog_fd);
		assert_int_equal(map_op(who, BPF_MAP_LOOKUP_ELEM, map, res->buf), 0);
	}
	close(map);
	if (fmt >= 0)
		close(fmt);
}

static void check_case(enum who who, const struct call_case *c)
{
	struct result res;

	run_case(who, c, NULL, &res);
	if (res.err)
		fail_msg("%s, %s: error %ld\n%s", c->name, who_names[who], res.err, load_log);
	if (res.ret != c->want_ret)
		fail_msg("%s, %s: returned %d, want %d", c->name, who_names[who], (int)res.ret,
			 (int)c->want_ret);
	for (u32 i = 0; i < BUF_SIZE && c->want; i++) {
		u8 want = i < c->want_len ? (u8)c->want[i] : 0xaa;

		if (res.buf[i] != want)
			fail_msg("%s, %s: byte %u is %#x, want %#x", c->name, who_names[who], i,
				 res.buf[i], want);
	}
}

/* ---- memory that the verifier has not looked at ------------------------------------------------- */

/* The last 16 bytes before a page that nobody may touch. */
static char *user_end;
#define USER_LEN 16

#define ARG(n) LDX(8, 3, 6, 8 * (n))
#define READ_(h, size, src) MOV_X(1, 7), MOV_K(2, size), src, CALL_H(BPF_FUNC_##h), EXIT_()
#define SELF_STR(h, size) ST_K(8, 10, -8, 0x006f6c6c), MOV_X(1, 7), MOV_K(2, size), MOV_X(3, 10),  \
			  ADD_K(3, -8), CALL_H(BPF_FUNC_##h), EXIT_()

static void probes(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	u64 at = P(user_end), str = P(user_end + 10);
	const struct call_case cases[] = {
		{ "user", RAW_TP, { READ_(probe_read_user, 8, ARG(0)) }, { at }, 0, "user mem", 8 },
		{ "user, nothing", RAW_TP, { READ_(probe_read_user, 0, ARG(0)) }, { at }, 0, "", 0 },
		{ "user, to the end", RAW_TP, { READ_(probe_read_user, 8, ARG(0)) }, { at + 8 }, 0,
		  "ory end", 8 },
		{ "user, past the end", RAW_TP, { READ_(probe_read_user, 8, ARG(0)) }, { at + 9 },
		  E(EFAULT), "\0\0\0\0\0\0\0\0", 8 },
		{ "user, NULL", RAW_TP, { READ_(probe_read_user, 4, ARG(0)) }, { 0 }, E(EFAULT),
		  "\0\0\0\0", 4 },
		{ "user, a kernel address", RAW_TP,
		  { READ_(probe_read_user, 4, MOV_K(3, -4096)) }, { 0 }, E(EFAULT), "\0\0\0\0", 4 },
		{ "user string", RAW_TP, { READ_(probe_read_user_str, 16, ARG(0)) }, { at }, 16,
		  "user memory end", 16 },
		{ "user string, cut", RAW_TP, { READ_(probe_read_user_str, 5, ARG(0)) }, { at }, 5,
		  "user", 5 },
		{ "user string, one byte", RAW_TP, { READ_(probe_read_user_str, 1, ARG(0)) }, { at },
		  1, "", 1 },
		{ "user string, nothing", RAW_TP, { READ_(probe_read_user_str, 0, ARG(0)) }, { at },
		  0, "", 0 },
		{ "user string, NULL", RAW_TP, { READ_(probe_read_user_str, 4, ARG(0)) }, { 0 },
		  E(EFAULT), "\0\0\0\0", 4 },
		{ "user string, past the end", RAW_TP,
		  { READ_(probe_read_user_str, 8, ARG(0)) }, { at + USER_LEN }, E(EFAULT),
		  "\0\0\0\0\0\0\0\0", 8 },
		{ "kernel: own stack", RAW_TP, { SELF_STR(probe_read_kernel, 8) }, { 0 }, 0,
		  "llo\0\0\0\0\0", 8 },
		{ "kernel: own value", RAW_TP,
		  { ST_K(8, 7, 32, 7), READ_(probe_read_kernel, 8, MOV_X(3, 7)) }, { 0 }, 0, NULL, 0 },
		{ "kernel: the context", RAW_TP, { READ_(probe_read_kernel, 8, MOV_X(3, 6)) },
		  { 0x0706050403020100 }, 0, "\0\1\2\3\4\5\6\7", 8 },
		{ "kernel string", RAW_TP, { SELF_STR(probe_read_kernel_str, 8) }, { 0 }, 4, "llo", 4 },
		{ "kernel string, cut", RAW_TP, { SELF_STR(probe_read_kernel_str, 3) }, { 0 }, 3,
		  "ll", 3 },
		{ "kernel: NULL", RAW_TP, { READ_(probe_read_kernel, 4, ARG(0)) }, { 0 }, E(ERANGE),
		  "\0\0\0\0", 4 },
		{ "kernel: a user address", RAW_TP, { READ_(probe_read_kernel, 4, ARG(0)) }, { at },
		  E(ERANGE), "\0\0\0\0", 4 },
		{ "kernel string: a user address", RAW_TP,
		  { READ_(probe_read_kernel_str, 4, ARG(0)) }, { at }, E(ERANGE), "\0\0\0\0", 4 },
		{ "kernel: no address", RAW_TP, { READ_(probe_read_kernel, 4, ARG(0)) }, { 1ULL << 63 },
		  E(ERANGE), "\0\0\0\0", 4 },
		{ "kernel: unmapped", RAW_TP, { READ_(probe_read_kernel, 4, MOV_K(3, -4096)) }, { 0 },
		  E(EFAULT), "\0\0\0\0", 4 },
		{ "either: user", RAW_TP, { READ_(probe_read, 8, ARG(0)) }, { at }, 0, "user mem", 8 },
		{ "either: kernel", RAW_TP, { SELF_STR(probe_read, 8) }, { 0 }, 0, "llo\0\0\0\0\0", 8 },
		{ "either: NULL", RAW_TP, { READ_(probe_read, 4, ARG(0)) }, { 0 }, E(EFAULT),
		  "\0\0\0\0", 4 },
		{ "either string: user", RAW_TP, { READ_(probe_read_str, 16, ARG(0)) }, { str }, 6,
		  "y end", 6 },
		{ "either string: kernel", RAW_TP, { SELF_STR(probe_read_str, 8) }, { 0 }, 4, "llo", 4 },
		{ "copy", SYSCALL, { READ_(copy_from_user, 8, ARG(0)) }, { at }, 0, "user mem", 8 },
		{ "copy, past the end", SYSCALL, { READ_(copy_from_user, 8, ARG(0)) }, { at + 9 },
		  E(EFAULT), "\0\0\0\0\0\0\0\0", 8 },
	};

	if (!asked[who])
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_case(who, &cases[i]);
}

/* Addresses that programs see need not be the host's; regions side by side are read as one. */
static void registered_memory(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	struct skep *skep = skeps[who];
	const u64 at = 0xffff888000001000ULL;
	const struct call_case both = { "two regions", RAW_TP, { READ_(probe_read_kernel, 8, ARG(0)) },
					{ at + 4 }, 0, "one two ", 8 },
			       str = { "a string over two", RAW_TP,
				       { READ_(probe_read_kernel_str, 32, ARG(0)) }, { at + 4 }, 12,
				       "one two end", 12 },
			       other = { "the other space", RAW_TP,
					 { READ_(probe_read_user, 4, ARG(0)) }, { at }, E(EFAULT),
					 "\0\0\0\0", 4 },
			       gone = { "after it went", RAW_TP,
					{ READ_(probe_read_kernel, 8, ARG(0)) }, { at + 4 }, E(EFAULT),
					"\0\0\0\0\0\0\0\0", 8 };

	if (!asked[who])
		skip();
	assert_int_equal(skep_mem_add(skep, HELPER_MEM_KERNEL, at + 8, "two end", 8), 0);
	assert_int_equal(skep_mem_add(skep, HELPER_MEM_KERNEL, at, "....one ", 8), 0);
	assert_int_equal(skep_mem_add(skep, HELPER_MEM_KERNEL, at + 7, "x", 1), -EEXIST);
	assert_int_equal(skep_mem_add(skep, HELPER_MEM_KERNEL, at - 1, "xy", 2), -EEXIST);
	assert_int_equal(skep_mem_add(skep, HELPER_MEM_KERNEL, at - 1, "x", 1), 0);
	assert_int_equal(skep_mem_add(skep, HELPER_MEM_KERNEL, at, "", 0), -EINVAL);
	assert_int_equal(skep_mem_add(skep, HELPER_MEM_KERNEL, (u64)-1, "xy", 2), -EINVAL);
	check_case(who, &both);
	check_case(who, &str);
	check_case(who, &other);
	assert_int_equal(skep_mem_del(skep, HELPER_MEM_KERNEL, at + 1), -ENOENT);
	assert_int_equal(skep_mem_del(skep, HELPER_MEM_KERNEL, at + 8), 0);
	check_case(who, &gone);
	assert_int_equal(skep_mem_del(skep, HELPER_MEM_KERNEL, at), 0);
	assert_int_equal(skep_mem_del(skep, HELPER_MEM_KERNEL, at - 1), 0);
	assert_int_equal(skep_mem_del(skep, HELPER_MEM_KERNEL, at), -ENOENT);
}

/* ---- who and where ------------------------------------------------------------------------------ */

#define NS_TGID(size) MOV_X(3, 7), LDX(8, 1, 6, 0), LDX(8, 2, 6, 8), MOV_K(4, size),               \
		      CALL_H(BPF_FUNC_get_ns_current_pid_tgid), EXIT_()
#define BRANCHES(flags) MOV_X(1, 7), MOV_K(2, 24), MOV_K(3, flags),                                \
			CALL_H(BPF_FUNC_get_branch_snapshot), EXIT_()

static void whereabouts(void **state)
{
	enum who who = (enum who)(uintptr_t)*state;
	struct bpf_pidns_info info = { .pid = (u32)gettid(), .tgid = (u32)getpid() };
	struct stat ns;
	const struct call_case fixed[] = {
		{ "branches, flags", RAW_TP, { BRANCHES(1) }, { 0 }, E(EINVAL), NULL, 0 },
		{ "cookie", RAW_TP, { MOV_X(1, 6), CALL_H(BPF_FUNC_get_attach_cookie), EXIT_() },
		  { 0 }, 0, NULL, 0 },
	};

	if (!asked[who])
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		check_case(who, &fixed[i]);
	if (stat("/proc/self/ns/pid", &ns))
		skip();
	const struct call_case ns_cases[] = {
		{ "own namespace", RAW_TP, { NS_TGID(8) }, { ns.st_dev, ns.st_ino }, 0,
		  (const char *)&info, 8 },
		{ "another inode", RAW_TP, { NS_TGID(8) }, { ns.st_dev, ns.st_ino + 1 }, E(EINVAL),
		  "\0\0\0\0\0\0\0\0", 8 },
		{ "another device", RAW_TP, { NS_TGID(8) }, { ns.st_dev + 1, ns.st_ino }, E(EINVAL),
		  "\0\0\0\0\0\0\0\0", 8 },
		{ "a device of 64 bits", RAW_TP, { NS_TGID(8) }, { ns.st_dev + (1ULL << 32), ns.st_ino },
		  E(EINVAL), "\0\0\0\0\0\0\0\0", 8 },
		{ "another size", RAW_TP, { NS_TGID(12) }, { ns.st_dev, ns.st_ino }, E(EINVAL),
		  "\0\0\0\0\0\0\0\0\0\0\0\0", 12 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(ns_cases); i++)
		check_case(who, &ns_cases[i]);
}

/* ---- formats ------------------------------------------------------------------------------------ */

/* bpf_snprintf() into the buffer, with two arguments from the context. */
#define SNPRINTF(size, cnt)                                                                        \
	LDX(8, 1, 6, 0), STX(8, 10, 1, -16), LDX(8, 1, 6, 8), STX(8, 10, 1, -8), MOV_X(1, 7),      \
		MOV_K(2, size), MOV_X(3, 8), MOV_X(4, 10), ADD_K(4, -16), MOV_K(5, 8 * (cnt)),     \
		CALL_H(BPF_FUNC_snprintf), EXIT_()

static u32 differ;

/* What a hidden pointer or a symbol looks like is the judge's own; an error number is none. */
static bool own_print(const char *fmt)
{
	return strstr(fmt, "p") && !strstr(fmt, "px");
}

static void same_format(const char *fmt, const u64 given[2])
{
	const u64 args[2] = { own_print(fmt) ? (u64)-14 : given[0], own_print(fmt) ? 0 : given[1] };
	struct call_case c = { "format", RAW_TP, { SNPRINTF(200, 2) }, { args[0], args[1] }, 0,
			       NULL, 0 };
	char text[64] = "";
	struct result want, got;

	memcpy(text, fmt, strlen(fmt));
	run_case(asked[KERNEL] ? KERNEL : INTERP, &c, text, &want);
	for (enum who who = INTERP; who <= JIT; who++) {
		run_case(who, &c, text, &got);
		if (got.err == want.err && (got.err || (got.ret == want.ret &&
							  !memcmp(got.buf, want.buf, BUF_SIZE))))
			continue;
		differ++;
		print_error("\"%s\", %s: error %ld, %d \"%.200s\"; want error %ld, %d \"%.200s\"\n",
			    fmt, who_names[who], got.err, (int)got.ret, got.buf, want.err,
			    (int)want.ret, want.buf);
	}
}

static void formats(void **state __unused_arg)
{
	static const char *const fmts[] = {
		"", "plain", "100%%", "%d %u", "%i", "%5d|%-5d|", "%05d|%+d", "% d|%x", "%#x %X",
		"%ld %lu", "%lld %llu", "%llx", "%lX", "%c%c", "%5c|%-5c|", "%px %px", "%016lx",
		"%10llx|", "%-10llx|", "%-#10llx|", "%+-8d|", "%03d|%-03d|", "%0+5d", "%s", "%ps",
		"%pI4 %pi4", "%pI6", "%pi6", "%d%d", "%d%%%d", "%p%d", "%px%d", "%d %d %d",
		/* refused: */
		"%", "%f", "%n", "%hd", "%hhd", "%llld", "%.3d", "%*d", "%sx", "%pz", "%pI5", "%pI",
		"%j", "%zd", "%td", "%qd", "%5", "%-", "%l", "%ll", "%lc", "%ls", "%a", "%o", "%%%",
		"a\001b", "a\377b", "%\377d", "%5\377d", "%d\377", "%p\377", "%s\377", "\303\244 %d", "%d\n\t", "%S", "%C", "%pks", "%pus", "%pks%d", "%pk", "%pu", "%pKx",
		"%pK|", "%5s|%-3s|", "%5px|", "%20px|", "%1d|%09d", "%d|%0d", "%99d|", "%s%d", "%s %d",
		"%s,%d", "%d,%s|", "%c|%5d",
	};
	static const u64 args[][2] = { { 1, 2 }, { (u64)-7, 0x123456789abcdefULL } };

	for (size_t i = 0; i < ARRAY_SIZE(fmts); i++)
		for (size_t j = 0; j < ARRAY_SIZE(args); j++)
			same_format(fmts[i], args[j]);
	assert_int_equal(differ, 0);
}

/* All formats that a small grammar gives. */
static void more_formats(void **state __unused_arg)
{
	static const char *const parts[] = { "%", "0", "-", "+", "#", " ", "5", "l", "d", "x", "u",
					     "s", "c", "p", "k", "K", "I", "4", "6", "i", "X", ".", "B" };
	u64 args[2];

	srand(11);
	for (int n = 0; n < 250; n++) {
		char fmt[64] = "%";
		u32 len = 1, cnt = 1 + (u32)rand() % 5;

		while (cnt--)
			len += (u32)sprintf(fmt + len, "%s", parts[(u32)rand() % ARRAY_SIZE(parts)]);
		args[0] = (u64)rand();
		args[1] = (u64)-rand();
		same_format(fmt, args);
	}
	assert_int_equal(differ, 0);
}

/* ---- main ---------------------------------------------------------------------------------------- */

static int set_up(void **state __unused_arg)
{
	long page = sysconf(_SC_PAGESIZE);
	char *mem = mmap(NULL, (size_t)(2 * page), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED || mprotect(mem + page, (size_t)page, PROT_NONE))
		return -1;
	user_end = mem + page - USER_LEN;
	memcpy(user_end, "user memory end", USER_LEN);
	asked[KERNEL] = kernel_answers();
	if (!asked[KERNEL])
		print_message("bpf(2) of Linux 6.18 or later is not to be had: it is not asked\n");
	for (enum who who = INTERP; who <= JIT; who++) {
		struct skep_opts opts = { .engine = who == JIT ? SKEP_ENGINE_JIT : SKEP_ENGINE_INTERP,
					  .cpu_cnt = 1 };

		asked[who] = !skep_boot(&opts, &skeps[who]);
		if (asked[who] && skep_mem_add(skeps[who], HELPER_MEM_USER, P(user_end), user_end,
					       USER_LEN))
			return -1;
	}
	return asked[INTERP] ? 0 : -1;
}

static int tear_down(void **state __unused_arg)
{
	for (enum who who = INTERP; who <= JIT; who++)
		skep_free(skeps[who]);
	return 0;
}

#define THREE(name, fn)                                                                            \
	{ name ", kernel", fn, NULL, NULL, (void *)(uintptr_t)KERNEL },                            \
	{ name ", interpreter", fn, NULL, NULL, (void *)(uintptr_t)INTERP },                       \
	{ name ", jit", fn, NULL, NULL, (void *)(uintptr_t)JIT }

int main(void)
{
	const struct CMUnitTest tests[] = {
		THREE("probed memory", probes),
		{ "registered memory, interpreter", registered_memory, NULL, NULL,
		  (void *)(uintptr_t)INTERP },
		{ "registered memory, jit", registered_memory, NULL, NULL, (void *)(uintptr_t)JIT },
		THREE("namespace and cookie", whereabouts),
		cmocka_unit_test(formats),
		cmocka_unit_test(more_formats),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
