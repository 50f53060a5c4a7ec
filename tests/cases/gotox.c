/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gotox.c - jumps through maps of instructions: what may be jumped to, where a jump lands, what user
 * space is told. Before skep's interpreter and JIT; the running kernel may be too old for them.
 */
#include "case.h"

#include "isa/isa.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define P(p) ((u64)(uintptr_t)(p))

static struct judge judge; /* under test */
static int table = -1, other = -1;
static char load_log[65536];

static long bpf(int cmd, union bpf_attr *attr)
{
	return judge.bpf(judge.ctx, cmd, attr, sizeof(*attr));
}

static long elem(int cmd, int map, u32 key, void *value, u64 flags)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = (u32)map;
	attr.key = P(&key);
	attr.value = P(value);
	attr.flags = flags;
	return bpf(cmd, &attr);
}

static long map_of(u32 key_size, u32 value_size, u32 entries, u32 flags)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_INSN_ARRAY, .key_size = key_size,
				.value_size = value_size, .max_entries = entries, .map_flags = flags };

	return bpf(BPF_MAP_CREATE, &attr);
}

static void freeze(int map)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = (u32)map;
	assert_int_equal(bpf(BPF_MAP_FREEZE, &attr), 0);
}

static int table_of(const u32 *targets, u32 cnt)
{
	int map = (int)map_of(4, sizeof(struct bpf_insn_array_value), cnt, 0);

	assert_true(map >= 0);
	for (u32 i = 0; i < cnt; i++) {
		struct bpf_insn_array_value val = { .orig_off = targets[i] };

		assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, i, &val, BPF_ANY), 0);
	}
	return map;
}

static int map_named(void *ctx __unused_arg, const char *name)
{
	return *name == 'o' ? other : table;
}

static long load(const char *text)
{
	const struct asm_syms syms = { .map = map_named };
	struct strbuf err = { 0 };
	union bpf_attr attr = { 0 };
	struct bpf_insn *insns;
	long fd;
	u32 cnt;

	if (insn_assemble(text, &syms, &insns, &cnt, &err))
		fail_msg("%s in\n%s", strbuf_str(&err), text);
	attr.prog_type = BPF_PROG_TYPE_SYSCALL;
	attr.prog_flags = BPF_F_SLEEPABLE;
	attr.insns = P(insns);
	attr.insn_cnt = cnt;
	attr.license = P("GPL");
	attr.log_buf = P(load_log);
	attr.log_size = sizeof(load_log);
	attr.log_level = 2;
	load_log[0] = '\0';
	fd = bpf(BPF_PROG_LOAD, &attr);
	free(insns);
	return fd;
}

static u32 run(int prog, u64 in)
{
	union bpf_attr attr = { 0 };

	attr.test.prog_fd = (u32)prog;
	attr.test.ctx_in = P(&in);
	attr.test.ctx_size_in = sizeof(in);
	assert_int_equal(bpf(BPF_PROG_TEST_RUN, &attr), 0);
	return attr.test.retval;
}

static int load_with(const char *text, const u32 *targets, u32 cnt)
{
	long fd;

	table = table_of(targets, cnt);
	freeze(table);
	fd = load(text);
	if (fd < 0)
		fail_msg("%s: errno %ld:\n%s\n%s", judge.name, -fd, text, load_log);
	return (int)fd;
}

static void done(int prog)
{
	close(prog);
	close(table);
	table = -1;
}

static void refused_with(const char *text, const u32 *targets, u32 cnt, int err, const char *words)
{
	long fd;

	table = table_of(targets, cnt);
	freeze(table);
	fd = load(text);
	if (fd != -err || !strstr(load_log, words))
		fail_msg("%s: %ld instead of %d \"%s\":\n%s\n%s", judge.name, fd, -err, words, text, load_log);
	close(table);
	table = -1;
}

/* r6 is 8 times a number below 4; what the table names begins at insn 8, two insns each. */
#define INDEX "r6 = *(u64 *)(r1 + 0)\n r6 &= 3\n r6 <<= 3\n"
#define ARMS "r0 = 10\n exit\n r0 = 20\n exit\n r0 = 30\n exit\n r0 = 40\n exit\n"
#define SWITCH INDEX "r7 = map_value[t] + 0\n r7 += r6\n r7 = *(u64 *)(r7 + 0)\n gotox r7\n" ARMS
static const u32 arms[] = { 8, 10, 12, 14 };

/* ---- where it goes ----------------------------------------------------------------------------- */

static void each_element_is_its_own(void **state __unused_arg)
{
	int prog = load_with(SWITCH, arms, 4);

	for (u64 i = 0; i < 8; i++)
		assert_int_equal(run(prog, i), 10 + 10 * (i & 3));
	done(prog);
}

static void elements_may_be_the_same(void **state __unused_arg)
{
	static const u32 same[] = { 12, 8, 12, 8 };
	static const u32 want[] = { 30, 10, 30, 10 };
	int prog;

	/* What no element names and nothing falls into cannot be there. */
	refused_with(SWITCH, same, 4, EINVAL, "unreachable insn 10");
	prog = load_with(INDEX "r7 = map_value[t] + 0\n r7 += r6\n r7 = *(u64 *)(r7 + 0)\n gotox r7\n"
			       "r0 = 10\n exit\n r0 = 20\n goto +1\n r0 = 30\n exit\n",
			 (u32[]){ 12, 8, 10, 8 }, 4);
	for (u64 i = 0; i < 4; i++)
		assert_int_equal(run(prog, i), i == 0 ? 30 : i == 2 ? 20 : want[i]);
	done(prog);
}

/* V-21: however a place in the table is written, it is that place. */
static void v21_offsets_are_honoured(void **state __unused_arg)
{
	static const char *const ways[] = {
		"r7 = map_value[t] + 16\n r7 = *(u64 *)(r7 + 0)\n r1 = 0\n gotox r7\n",
		"r7 = map_value[t] + 0\n r7 = *(u64 *)(r7 + 16)\n r1 = 0\n gotox r7\n",
		"r7 = map_value[t] + 8\n r7 = *(u64 *)(r7 + 8)\n r1 = 0\n gotox r7\n",
		"r7 = map_value[t] + 24\n r7 = *(u64 *)(r7 - 8)\n r1 = 0\n gotox r7\n",
		"r7 = map_value[t] + 0\n r7 += 16\n r7 = *(u64 *)(r7 + 0)\n gotox r7\n",
		"r7 = map_value[t] + 8\n r7 += 16\n r7 = *(u64 *)(r7 - 8)\n gotox r7\n",
	};
	static const u32 targets[] = { 8, 10, 12, 14 };

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		char text[512];
		int prog;

		snprintf(text, sizeof(text), "r0 = 0\n r1 = 0\n r2 = 0\n%s" ARMS, ways[i]);
		prog = load_with(text, targets, 4);
		assert_int_equal(run(prog, 0), 30);
		done(prog);
	}
	/* One element further is not there. */
	refused_with("r7 = map_value[t] + 24\n r7 = *(u64 *)(r7 + 8)\n gotox r7\n r0 = 0\n exit", (u32[]){ 4 }, 1,
		     EINVAL, "invalid access to map value pointer, value_size=16 off=24");
	refused_with("r7 = map_value[t] + 0\n r7 = *(u64 *)(r7 + 16)\n gotox r7\n r0 = 0\n exit", (u32[]){ 4, 4 }, 2,
		     EACCES, "invalid access to map value, value_size=16 off=16 size=8");
}

/* V-21: part of the table, with an offset that is not known. */
static void v21_ranges_keep_their_offset(void **state __unused_arg)
{
	int prog = load_with("r6 = *(u64 *)(r1 + 0)\n r6 &= 8\n r0 = 0\n r7 = map_value[t] + 0\n r7 += r6\n"
			     "r7 = *(u64 *)(r7 + 16)\n gotox r7\n" ARMS,
			     arms, 4);

	assert_int_equal(run(prog, 0), 30);
	assert_int_equal(run(prog, 8), 40);
	done(prog);
}

static void an_address_survives_the_stack(void **state __unused_arg)
{
	int prog = load_with("r6 = 0\n r5 = 0\n r7 = map_value[t] + 0\n r7 = *(u64 *)(r7 + 8)\n"
			     "*(u64 *)(r10 - 8) = r7\n r8 = *(u64 *)(r10 - 8)\n gotox r8\n" ARMS,
			     arms, 4);

	assert_int_equal(run(prog, 0), 20);
	done(prog);
}

/* 0: r8 counts down; the table leads back to the top or out. */
static void loops_end(void **state __unused_arg)
{
	static const char text[] = "r8 = 5\n r0 = 0\n r0 += 1\n r8 += -1\n r6 = 0\n if r8 != 0 goto +1\n r6 = 8\n"
				   "r7 = map_value[t] + 0\n r7 += r6\n r7 = *(u64 *)(r7 + 0)\n gotox r7\n exit\n";
	static const char endless[] = "r0 = 0\n r7 = map_value[t] + 0\n r7 = *(u64 *)(r7 + 0)\n gotox r7\n exit\n";
	int prog = load_with(text, (u32[]){ 2, 12 }, 2);

	assert_int_equal(run(prog, 0), 5);
	done(prog);
	refused_with(endless, (u32[]){ 1, 5 }, 2, EINVAL, "infinite loop detected");
}

static void functions_have_their_own(void **state __unused_arg)
{
	/* Main's table leads to 8 and 10, the function's (the other map) to 17 and 19. */
	static const char text[] =
		"r6 = *(u64 *)(r1 + 0)\n r6 &= 8\n r7 = map_value[t] + 0\n r7 += r6\n r7 = *(u64 *)(r7 + 0)\n"
		"r1 = r6\n gotox r7\n"
		"r0 = 1\n exit\n call f\n exit\n"
		"f: r7 = map_value[o] + 0\n r7 += r1\n r7 = *(u64 *)(r7 + 0)\n gotox r7\n r0 = 3\n exit\n r0 = 4\n exit\n";
	int prog;

	other = table_of((u32[]){ 17, 19 }, 2);
	freeze(other);
	prog = load_with(text, (u32[]){ 8, 10 }, 2);
	assert_int_equal(run(prog, 0), 1);
	assert_int_equal(run(prog, 8), 4);
	done(prog);
	/* The program has the maps until no read side can run it any more: others, which nobody had. */
	close(other);
	other = table_of((u32[]){ 17, 19 }, 2);
	freeze(other);
	refused_with(text, (u32[]){ 8, 17 }, 2, EINVAL, "jump table for insn 7 points outside of the subprog [0,12]");
	close(other);
	other = -1;
}

/* An address that the caller passes is no way out of the function. */
static void no_function_is_left(void **state __unused_arg)
{
	static const char text[] =
		"r7 = map_value[t] + 0\n r7 = *(u64 *)(r7 + 0)\n r0 = 0\n if r0 == 1 goto +1\n gotox r7\n r0 = 1\n"
		"r1 = r7\n call f\n exit\n"
		"f: r7 = map_value[o] + 0\n r7 = *(u64 *)(r7 + 0)\n gotox r%d\n r0 = 3\n exit\n";
	char leaves[512], stays[512];
	int prog;

	snprintf(leaves, sizeof(leaves), text, 1);
	snprintf(stays, sizeof(stays), text, 7);
	other = table_of((u32[]){ 14 }, 1);
	freeze(other);
	refused_with(leaves, (u32[]){ 6 }, 1, EINVAL, "jump table for insn 13 points outside of the subprog [10,16]");
	prog = load_with(stays, (u32[]){ 6 }, 1);
	assert_int_equal(run(prog, 0), 3);
	done(prog);
	close(other);
	other = -1;
}

/* ---- what may not be ------------------------------------------------------------------------------ */

static void only_addresses_of_insns(void **state __unused_arg)
{
	static const u32 two[] = { 4, 4 };

	refused_with("r0 = 0\n r7 = map_value[t] + 0\n gotox r0\n exit", two, 2, EINVAL,
		     "R0 has type scalar, expected PTR_TO_INSN");
	refused_with("r0 = 0\n r7 = map_value[t] + 0\n gotox r7\n exit", two, 2, EINVAL,
		     "R7 has type map_value, expected PTR_TO_INSN");
	refused_with("r0 = 0\n r7 = map_value[t] + 0\n gotox r3\n exit", two, 2, EINVAL,
		     "R3 has type ?, expected PTR_TO_INSN");
	refused_with("r0 = 0\n r0 = 0\n gotox r0\n exit", two, 1, EINVAL,
		     "no jump tables found for subprog starting at 0");
}

static void addresses_are_read_whole(void **state __unused_arg)
{
	static const u32 two[] = { 5, 5 };
#define READ(insn) "r0 = 0\n r7 = map_value[t] + 0\n " insn "\n gotox r7\n exit"

	refused_with(READ("r7 = *(u32 *)(r7 + 0)"), two, 2, EACCES, "Invalid read of 4 bytes from insn_array");
	refused_with(READ("r7 = *(u8 *)(r7 + 0)"), two, 2, EACCES, "Invalid read of 1 bytes from insn_array");
	refused_with(READ("r7 = *(u64 *)(r7 + 4)"), two, 2, EACCES, "misaligned value access off 0+4 size 8");
	refused_with(READ("r7 = *(u64 *)(r7 + 16)"), two, 2, EACCES,
		     "invalid access to map value, value_size=16 off=16 size=8");
	refused_with(READ("r7 = *(u64 *)(r7 - 8)"), two, 2, EACCES,
		     "invalid access to map value, value_size=16 off=-8 size=8");
	refused_with(READ("*(u64 *)(r7 + 8) = r0"), two, 2, EACCES, "write into map forbidden, value_size=16 off=8 size=8");
	refused_with(READ("lock *(u64 *)(r7 + 8) += r0"), two, 2, EACCES, "write into map forbidden");
	refused_with("r0 = 0\n r7 = map_value[t] + 0\n r7 = *(u64 *)(r7 + 0)\n r7 += 8\n gotox r7\n exit",
		     (u32[]){ 6 }, 1, EACCES, "R7 pointer arithmetic on insn prohibited");
	refused_with("r0 = 0\n r7 = map_value[t] + 0\n r7 = *(u64 *)(r7 + 0)\n r7 = *(u64 *)(r7 + 0)\n exit", two, 2,
		     EACCES, "R7 invalid mem access 'insn'");
	refused_with("r0 = 0\n r7 = map_value[t] + 0\n r1 = *(u64 *)(r1 + 0)\n r7 += r1\n r7 = *(u64 *)(r7 + 0)\n"
		     "gotox r7\n exit", (u32[]){ 7 }, 1, EINVAL, "unbounded min value");
}

static void helpers_do_not_see_them(void **state __unused_arg)
{
	refused_with("*(u32 *)(r10 - 4) = 0\n r2 = r10\n r2 += -4\n r1 = map[t]\n call 1\n r0 = 0\n exit", (u32[]){ 6 },
		     1, EINVAL, "cannot pass map_type 34 into func bpf_map_lookup_elem#1");
	refused_with("r1 = map_value[t] + 0\n r2 = 8\n call 6\n r0 = 0\n exit", (u32[]){ 4 }, 1, EOPNOTSUPP,
		     "not modelled: addresses of instructions as memory of a helper");
}

static void tables_name_insns_of_the_program(void **state __unused_arg)
{
	static const char words[] = "Failed to properly initialize insn array";

	refused_with(SWITCH, (u32[]){ 8, 10, 12, 16 }, 4, EINVAL, words);
	refused_with(SWITCH, (u32[]){ 8, 10, 12, 4 }, 4, EINVAL, words); /* half of a constant */
	table = table_of(arms, 4);
	assert_int_equal(load(SWITCH), -EINVAL); /* not frozen */
	assert_non_null(strstr(load_log, words));
	close(table);
}

/* ---- the map ----------------------------------------------------------------------------------------- */

static void attributes_of_the_map(void **state __unused_arg)
{
	assert_int_equal(map_of(8, 16, 1, 0), -EINVAL);
	assert_int_equal(map_of(4, 8, 1, 0), -EINVAL);
	assert_int_equal(map_of(4, 16, 0, 0), -EINVAL);
	assert_int_equal(map_of(4, 16, 1, BPF_F_RDONLY_PROG), -EINVAL);
	assert_int_equal(map_of(4, 16, 1, BPF_F_MMAPABLE), -EINVAL);
}

static void elements_of_the_map(void **state __unused_arg)
{
	struct bpf_insn_array_value val = { .orig_off = 3 };
	int map = table_of((u32[]){ 1, 2 }, 2);

	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 2, &val, BPF_ANY), -E2BIG);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 0, &val, BPF_NOEXIST), -EEXIST);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 1, &val, BPF_EXIST), 0);
	val.xlated_off = 1;
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 0, &val, BPF_ANY), -EINVAL);
	assert_int_equal(elem(BPF_MAP_DELETE_ELEM, map, 0, NULL, 0), -EINVAL);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, map, 1, &val, 0), 0);
	assert_int_equal(val.orig_off, 3);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, map, 2, &val, 0), -ENOENT);
	freeze(map);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 0, &val, BPF_ANY), -EPERM);
	close(map);
}

static void one_program_has_it(void **state __unused_arg)
{
	int prog = load_with(SWITCH, arms, 4);
	long again;

	assert_int_equal(load(SWITCH), -EBUSY);
	assert_non_null(strstr(load_log, "Failed to properly initialize insn array"));
	close(prog);
	/* It is freed when no read side can run it any more. */
	for (int i = 0; (again = load(SWITCH)) == -EBUSY && i < 10000; i++)
		usleep(1000);
	assert_true(again >= 0);
	done((int)again);
}

/* User space reads where its instructions went; those that nothing reaches are gone. */
static void places_are_told(void **state __unused_arg)
{
	struct bpf_insn_array_value val;
	int prog = load_with("r6 = *(u64 *)(r1 + 0)\n r6 &= 8\n r0 = 0\n if r0 == 0 goto +1\n r0 = 1\n"
			     "r7 = map_value[t] + 0\n r7 += r6\n r7 = *(u64 *)(r7 + 0)\n gotox r7\n"
			     "r0 = 10\n exit\n r0 = 20\n exit\n r0 = 30\n exit",
			     (u32[]){ 10, 12, 14 }, 3);
	static const u32 xlated[] = { 8, 10, UINT32_MAX };
	u32 last = 0;

	assert_int_equal(run(prog, 8), 20);
	for (u32 i = 0; i < 3; i++) {
		assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, table, i, &val, 0), 0);
		assert_int_equal(val.orig_off, 10 + 2 * i);
		assert_int_equal(val.xlated_off, xlated[i]);
		if (!strncmp(judge.name, "jit", 3) && i < 2) {
			assert_true(val.jitted_off > last);
			last = val.jitted_off;
		} else {
			assert_int_equal(val.jitted_off, 0);
		}
	}
	done(prog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_element_is_its_own),
		cmocka_unit_test(elements_may_be_the_same),
		cmocka_unit_test(v21_offsets_are_honoured),
		cmocka_unit_test(v21_ranges_keep_their_offset),
		cmocka_unit_test(an_address_survives_the_stack),
		cmocka_unit_test(loops_end),
		cmocka_unit_test(functions_have_their_own),
		cmocka_unit_test(no_function_is_left),
		cmocka_unit_test(only_addresses_of_insns),
		cmocka_unit_test(addresses_are_read_whole),
		cmocka_unit_test(helpers_do_not_see_them),
		cmocka_unit_test(tables_name_insns_of_the_program),
		cmocka_unit_test(attributes_of_the_map),
		cmocka_unit_test(elements_of_the_map),
		cmocka_unit_test(one_program_has_it),
		cmocka_unit_test(places_are_told),
	};
	static const char *const judges[] = { "interp", "jit", "jit-blind", "jit-depth", "jit-unmarked" };
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(judges); i++) {
		char name[64];

		if (!judge_make(&judge, judges[i])) {
			printf("# skipped: %s: not here\n", judges[i]);
			continue;
		}
		snprintf(name, sizeof(name), "gotox, %s", judges[i]);
		failed |= _cmocka_run_group_tests(name, tests, ARRAY_SIZE(tests), NULL, NULL);
		judge_free(&judge);
	}
	return failed;
}
