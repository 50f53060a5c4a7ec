/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * freplace.c - programs that take the place of functions of other programs. What may be loaded is
 * asked of the running kernel too, where bpf(2) is permitted; attached is in skep only.
 */
#include "case.h"

#include "../verifier/minibtf.h"
#include "isa/cfg.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define P(p) ((u64)(uintptr_t)(p))

static struct judge judge; /* under test */
static char load_log[65536];

static long bpf(int cmd, union bpf_attr *attr)
{
	return judge.bpf(judge.ctx, cmd, attr, sizeof(*attr));
}

/* ---- programs with types ---------------------------------------------------------------------------- */

/* "int f1(ctx)": returns i(nt), l(ong) or v(oid); takes c(ontext), s(kb), i, l, p(ointer to int), m(emory of
 * 8 bytes), M(emory of 16). */
struct func {
	const char *name;
	char ret;
	const char *args;
	bool is_static;
};

static u32 pointer_to(struct minibtf *b, const char *name, u32 size)
{
	return mb_ptr(b, mb_struct(b, name, size));
}

/* Function @i gets id *ret_first + 2 * i. */
static void *make_btf(const struct func *funcs, u32 cnt, u32 *ret_size, u32 *ret_first)
{
	static struct minibtf b;
	u32 ids[128] = { 0 }; /* by letter */

	mb_init(&b);
	ids['i'] = mb_int(&b, "int", 4);
	ids['l'] = mb_int(&b, "long", 8);
	ids['c'] = pointer_to(&b, "xdp_md", 24);
	ids['s'] = pointer_to(&b, "__sk_buff", 192);
	ids['m'] = pointer_to(&b, "mem", 8);
	ids['M'] = pointer_to(&b, "mem", 16);
	ids['p'] = mb_ptr(&b, ids['i']);
	*ret_first = ids['p'] + 2;
	for (u32 i = 0; i < cnt; i++) {
		u32 proto = mb_proto(&b, ids[(u8)funcs[i].ret]); /* 'v' has id 0 */

		for (const char *a = funcs[i].args; *a; a++)
			mb_param(&b, "a", ids[(u8)*a]);
		mb_func(&b, funcs[i].name, funcs[i].is_static ? BTF_FUNC_STATIC : BTF_FUNC_GLOBAL, proto);
	}
	return mb_blob(&b, ret_size);
}

struct prog {
	int fd, btf_fd;
	u32 first_func; /* BTF id of the first function; the next is 2 on */
};

struct wish {
	const char *text;
	struct func funcs[6]; /* main first; none: without types */
	u32 type;	      /* 0: XDP */
	int target;	      /* EXT: program, 0 none; and function */
	u32 target_id;
};

static int map_named(void *ctx __unused_arg, const char *name __unused_arg)
{
	return *(int *)ctx;
}

static int array_fd; /* the one map that texts may name */

static long load(const struct wish *wish, struct prog *ret)
{
	const struct asm_syms syms = { .ctx = &array_fd, .map = map_named };
	struct bpf_func_info infos[6];
	struct strbuf err = { 0 };
	union bpf_attr attr = { 0 };
	struct bpf_insn *insns;
	u32 cnt, func_cnt = 0, size;
	struct cfg cfg;
	void *blob;

	*ret = (struct prog){ .fd = -1, .btf_fd = -1 };
	if (insn_assemble(wish->text, &syms, &insns, &cnt, &err))
		fail_msg("%s in\n%s", strbuf_str(&err), wish->text);
	while (func_cnt < ARRAY_SIZE(wish->funcs) && wish->funcs[func_cnt].name)
		func_cnt++;
	if (func_cnt) {
		blob = make_btf(wish->funcs, func_cnt, &size, &ret->first_func);
		attr.btf = P(blob);
		attr.btf_size = size;
		ret->btf_fd = (int)bpf(BPF_BTF_LOAD, &attr);
		assert_true(ret->btf_fd >= 0);
		free(blob);
		memset(&attr, 0, sizeof(attr));
		assert_int_equal(cfg_build(insns, cnt, NULL, &cfg), 0);
		assert_int_equal(cfg.subprog_cnt, func_cnt);
		for (u32 i = 0; i < func_cnt; i++)
			infos[i] = (struct bpf_func_info){ cfg.subprogs[i].start, ret->first_func + 2 * i };
		cfg_free(&cfg);
		attr.prog_btf_fd = (u32)ret->btf_fd;
		attr.func_info = P(infos);
		attr.func_info_cnt = func_cnt;
		attr.func_info_rec_size = sizeof(infos[0]);
	}
	attr.prog_type = wish->type ? wish->type : (u32)BPF_PROG_TYPE_XDP;
	attr.attach_prog_fd = (u32)wish->target;
	attr.attach_btf_id = wish->target_id;
	attr.insns = P(insns);
	attr.insn_cnt = cnt;
	attr.license = P("GPL");
	attr.log_buf = P(load_log);
	attr.log_size = sizeof(load_log);
	attr.log_level = 1;
	load_log[0] = '\0';
	ret->fd = (int)bpf(BPF_PROG_LOAD, &attr);
	free(insns);
	return ret->fd;
}

static struct prog must_load(const struct wish *wish)
{
	struct prog p;

	if (load(wish, &p) < 0)
		fail_msg("%s: errno %d:\n%s\n%s", judge.name, -p.fd, wish->text, load_log);
	return p;
}

static void prog_close(struct prog *p)
{
	if (p->fd >= 0)
		close(p->fd);
	if (p->btf_fd >= 0)
		close(p->btf_fd);
}

/* Returns 1 + 10 + 100 as loaded. */
static const struct wish dispatcher = {
	.text = "r6 = r1\n call one\n r7 = r0\n r1 = r6\n call ten\n r7 += r0\n r1 = 7\n call stat\n r0 += r7\n"
		"r8 = r0\n r1 = 2\n *(u64 *)(r10 - 8) = 0\n r2 = r10\n r2 += -8\n call memo\n r0 = r8\n exit\n"
		"one: r0 = 1\n exit\n ten: r0 = 10\n exit\n stat: r0 = 100\n exit\n memo: r0 = 0\n exit",
	.funcs = { { "disp", 'i', "c", false }, { "one", 'i', "c", false }, { "ten", 'i', "c", false },
		   { "stat", 'i', "i", true }, { "memo", 'i', "im", false } },
};
enum { DISP, ONE, TEN, STAT, MEMO };

static u32 func_id(const struct prog *p, u32 i)
{
	return p->first_func + 2 * i;
}

static u32 run(int prog)
{
	u8 packet[64] = { 0 };
	union bpf_attr attr = { 0 };

	attr.test.prog_fd = (u32)prog;
	attr.test.data_in = P(packet);
	attr.test.data_size_in = sizeof(packet);
	attr.test.repeat = 1;
	assert_int_equal(bpf(BPF_PROG_TEST_RUN, &attr), 0);
	return attr.test.retval;
}

/* ---- what may be loaded ------------------------------------------------------------------------------- */

#define FIVE "r0 = 5\n exit"

static void what_fits(void **state __unused_arg)
{
	struct prog d = must_load(&dispatcher);
	struct prog plain = must_load(&(struct wish){ .text = FIVE });
	const struct {
		const char *what;
		struct wish wish;
		long err;
		const char *log; /* in it; NULL: not looked at */
		bool own; /* skep only: Linux does not look */
	} cases[] = {
		{ "a function", { FIVE, { { "e", 'i', "c", false } }, 0, d.fd, func_id(&d, ONE) }, 0, NULL, false },
		{ "main", { FIVE, { { "e", 'i', "c", false } }, 0, d.fd, func_id(&d, DISP) }, 0, NULL, false },
		{ "memory", { FIVE, { { "e", 'i', "im", false } }, 0, d.fd, func_id(&d, MEMO) }, 0, NULL, false },
		{ "static target", { FIVE, { { "e", 'i', "i", false } }, 0, d.fd, func_id(&d, STAT) }, -EINVAL,
		  "Cannot replace static functions", false },
		{ "static extension", { FIVE, { { "e", 'i', "c", true } }, 0, d.fd, func_id(&d, ONE) }, -EINVAL,
		  "e() is not a global function", false },
		{ "fewer arguments", { FIVE, { { "e", 'i', "", false } }, 0, d.fd, func_id(&d, ONE) }, -EINVAL,
		  "e() has 0 args while one() has 1 args", false },
		{ "kind of argument", { FIVE, { { "e", 'i', "i", false } }, 0, d.fd, func_id(&d, ONE) }, -EINVAL,
		  "arg0 in e() is INT while one() has PTR", false },
		{ "size of argument", { FIVE, { { "e", 'i', "lm", false } }, 0, d.fd, func_id(&d, MEMO) }, -EINVAL,
		  "arg0 in e() has size 8 while memo() has 4", false },
		{ "another context", { FIVE, { { "e", 'i', "s", false } }, 0, d.fd, func_id(&d, ONE) }, -EINVAL,
		  "arg0 e(struct __sk_buff *) doesn't match one(struct xdp_md *)", false },
		{ "pointer to int", { FIVE, { { "e", 'i', "p", false } }, 0, d.fd, func_id(&d, ONE) }, -EINVAL,
		  "arg0 in e() is not a pointer to context", false },
		{ "larger memory", { FIVE, { { "e", 'i', "iM", false } }, 0, d.fd, func_id(&d, MEMO) }, -EINVAL,
		  "arg1 in e() has size 16 while memo() has 8", true },
		{ "return type", { FIVE, { { "e", 'v', "c", false } }, 0, d.fd, func_id(&d, ONE) }, -EINVAL,
		  "Return type UNKNOWN of e() doesn't match type INT of one()", false },
		{ "packet data", { "r2 = 0\n call 44\n r0 = 1\n exit", { { "e", 'i', "c", false } }, 0, d.fd,
		    func_id(&d, ONE) }, -EINVAL,
		  "Extension program changes packet data, while original does not", false },
		{ "no types", { FIVE, { { 0 } }, 0, d.fd, func_id(&d, ONE) }, -EINVAL,
		  "Program extension requires BTF", false },
		{ "no function", { FIVE, { { "e", 'i', "c", false } }, 0, d.fd, 0 }, -EINVAL,
		  "Tracing programs must provide btf_id", false },
		{ "no such type", { FIVE, { { "e", 'i', "c", false } }, 0, d.fd, 9999 }, -EINVAL,
		  "attach_btf_id 9999 is invalid", false },
		{ "not a function", { FIVE, { { "e", 'i', "c", false } }, 0, d.fd, 1 }, -EINVAL,
		  "Subprog int doesn't exist", false },
		{ "target without types", { FIVE, { { "e", 'i', "c", false } }, 0, plain.fd, 1 }, -EINVAL,
		  "Tracing program can only be attached to another program annotated with BTF", false },
		{ "no program", { FIVE, { { "e", 'i', "c", false } }, 0, d.btf_fd, func_id(&d, ONE) }, -EINVAL,
		  NULL, true },
		{ "a kernel function", { FIVE, { { "e", 'i', "c", false } }, 0, 0, 1 }, -EINVAL,
		  "Cannot replace kernel functions", false },
		/* under the rules of the target's type */
		{ "its context", { "r0 = *(u32 *)(r1 + 0)\n r0 = 1\n exit", { { "e", 'i', "c", false } }, 0, d.fd,
		    func_id(&d, ONE) }, 0, NULL, false },
		{ "not behind it", { "r0 = *(u32 *)(r1 + 24)\n r0 = 1\n exit", { { "e", 'i', "c", false } }, 0, d.fd,
		    func_id(&d, ONE) }, -EACCES, "invalid bpf_context access off=24 size=4", false },
		{ "no number in r0", { "exit", { { "e", 'i', "c", false } }, 0, d.fd, func_id(&d, ONE) }, -EACCES,
		  "R0 !read_ok", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wish wish = cases[i].wish;
		struct prog p;
		long ret;

		if (cases[i].own && judge.is_kernel)
			continue;
		wish.type = BPF_PROG_TYPE_EXT;
		ret = load(&wish, &p);
		if ((ret < 0 ? ret : 0) != cases[i].err || (cases[i].log && !strstr(load_log, cases[i].log)))
			fail_msg("%s: %s: %ld:\n%s", judge.name, cases[i].what, ret, load_log);
		prog_close(&p);
	}
	prog_close(&d);
	prog_close(&plain);
}

static struct prog load_ext(const struct prog *d, u32 func, const char *text)
{
	struct wish wish = { .text = text, .funcs = { { "ext", 'i', "c", false } }, .type = BPF_PROG_TYPE_EXT,
			     .target = d->fd, .target_id = func_id(d, func) };

	return must_load(&wish);
}

static void extensions_are_not_extended(void **state __unused_arg)
{
	struct prog d = must_load(&dispatcher), e = load_ext(&d, ONE, FIVE), p;
	struct wish wish = { .text = FIVE, .funcs = { { "e2", 'i', "c", false } }, .type = BPF_PROG_TYPE_EXT,
			     .target = e.fd, .target_id = e.first_func };

	assert_int_equal(load(&wish, &p), -EINVAL);
	if (!strstr(load_log, "Cannot recursively attach"))
		fail_msg("%s: %s", judge.name, load_log);
	prog_close(&p);
	prog_close(&e);
	prog_close(&d);
}

/* ---- in their places (skep only) ------------------------------------------------------------------------ */

static long link_create(int prog, int target, u32 btf_id)
{
	union bpf_attr attr = { 0 };

	attr.link_create.prog_fd = (u32)prog;
	attr.link_create.target_fd = (u32)target;
	attr.link_create.target_btf_id = btf_id;
	return bpf(BPF_LINK_CREATE, &attr);
}

static long raw_open(int prog)
{
	union bpf_attr attr = { 0 };

	attr.raw_tracepoint.prog_fd = (u32)prog;
	return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}

/* As libxdp does it: a dispatcher, and one program a slot. */
static void two_slots_of_a_dispatcher(void **state __unused_arg)
{
	struct prog d, e1, e2, e3;
	int l1, l2;

	if (judge.is_kernel)
		return;
	d = must_load(&dispatcher);
	e1 = load_ext(&d, ONE, FIVE);
	e2 = load_ext(&d, TEN, "r6 = 1\n r7 = 2\n r8 = 3\n r9 = 4\n *(u64 *)(r10 - 512) = 1\n r0 = 50\n exit");
	e3 = load_ext(&d, TEN, "r0 = 60\n exit");
	assert_int_equal(run(d.fd), 111);
	l1 = (int)raw_open(e1.fd);
	assert_true(l1 >= 0);
	assert_int_equal(run(d.fd), 115);
	l2 = (int)link_create(e2.fd, 0, 0);
	assert_true(l2 >= 0);
	assert_int_equal(run(d.fd), 155);
	assert_int_equal(link_create(e3.fd, 0, 0), -EBUSY); /* taken */
	close(l1);
	assert_int_equal(run(d.fd), 151);
	close(l2);
	assert_int_equal(run(d.fd), 111);
	l2 = (int)link_create(e3.fd, 0, 0);
	assert_true(l2 >= 0);
	assert_int_equal(run(d.fd), 161);
	close(l2);
	assert_int_equal(run(d.fd), 111);
	prog_close(&e1);
	prog_close(&e2);
	prog_close(&e3);
	prog_close(&d);
}

static void main_is_replaced_too(void **state __unused_arg)
{
	struct prog d, e;
	int l;

	if (judge.is_kernel)
		return;
	d = must_load(&dispatcher);
	e = load_ext(&d, DISP, FIVE);
	l = (int)link_create(e.fd, 0, 0);
	assert_true(l >= 0);
	assert_int_equal(run(d.fd), 5);
	close(l);
	assert_int_equal(run(d.fd), 111);
	prog_close(&e);
	prog_close(&d);
}

static void targets_are_chosen_at_attach(void **state __unused_arg)
{
	struct wish other = dispatcher;
	struct prog d, d2, d3, e;
	int l1, l2;

	if (judge.is_kernel)
		return;
	other.text = "r6 = r1\n call one\n r0 += 1000\n exit\n one: r0 = 1\n exit";
	memset(&other.funcs[2], 0, sizeof(other.funcs[2]));
	d = must_load(&dispatcher);
	d2 = must_load(&other);
	other.funcs[1].args = "i";
	other.text = "r6 = r1\n r1 = 1\n call one\n r0 += 1000\n exit\n one: r0 = 1\n exit";
	d3 = must_load(&other);
	e = load_ext(&d, ONE, FIVE);
	assert_int_equal(link_create(e.fd, d2.fd, 0), -EINVAL); /* both or none */
	assert_int_equal(link_create(e.fd, 0, func_id(&d2, ONE)), -EINVAL);
	assert_int_equal(link_create(e.fd, d3.fd, func_id(&d3, ONE)), -EINVAL); /* does not fit */
	l1 = (int)link_create(e.fd, d2.fd, func_id(&d2, ONE));
	assert_true(l1 >= 0);
	assert_int_equal(run(d2.fd), 1005);
	assert_int_equal(run(d.fd), 111);
	assert_int_equal(raw_open(e.fd), -EINVAL); /* the place named at load is forgotten */
	l2 = (int)link_create(e.fd, d.fd, func_id(&d, TEN));
	assert_true(l2 >= 0);
	assert_int_equal(run(d.fd), 106);
	/* What is in place holds all it needs. */
	close(e.fd);
	close(e.btf_fd);
	assert_int_equal(run(d.fd), 106);
	close(l1);
	close(l2);
	assert_int_equal(run(d2.fd), 1001);
	assert_int_equal(run(d.fd), 111);
	prog_close(&d);
	prog_close(&d2);
	prog_close(&d3);
}

static void what_a_link_says(void **state __unused_arg)
{
	struct bpf_link_info info = { 0 };
	union bpf_attr attr = { 0 };
	struct prog d, e;
	int l, again;

	if (judge.is_kernel)
		return;
	d = must_load(&dispatcher);
	e = load_ext(&d, ONE, FIVE);
	l = (int)raw_open(e.fd);
	attr.info.bpf_fd = (u32)l;
	attr.info.info = P(&info);
	attr.info.info_len = sizeof(info);
	assert_int_equal(bpf(BPF_OBJ_GET_INFO_BY_FD, &attr), 0);
	assert_int_equal(info.type, BPF_LINK_TYPE_TRACING);
	assert_int_equal(info.tracing.target_btf_id, func_id(&d, ONE));
	assert_true(info.prog_id && info.tracing.target_obj_id && info.prog_id != info.tracing.target_obj_id);
	memset(&attr, 0, sizeof(attr));
	attr.link_id = info.id;
	again = (int)bpf(BPF_LINK_GET_FD_BY_ID, &attr);
	assert_true(again >= 0);
	memset(&attr, 0, sizeof(attr));
	assert_int_equal(bpf(BPF_LINK_GET_NEXT_ID, &attr), 0);
	assert_int_equal(attr.next_id, info.id);
	memset(&attr, 0, sizeof(attr));
	attr.link_detach.link_fd = (u32)l;
	assert_int_equal(bpf(BPF_LINK_DETACH, &attr), -EOPNOTSUPP);
	close(l);
	assert_int_equal(run(d.fd), 115); /* the other descriptor */
	close(again);
	assert_int_equal(run(d.fd), 111);
	memset(&attr, 0, sizeof(attr));
	attr.link_id = info.id;
	assert_int_equal(bpf(BPF_LINK_GET_FD_BY_ID, &attr), -ENOENT);
	prog_close(&e);
	prog_close(&d);
}

/* Members of program arrays are not extended, and what is extended becomes no member. */
static void not_both_jumped_to_and_extended(void **state __unused_arg)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_PROG_ARRAY, .key_size = 4, .value_size = 4,
				.max_entries = 1 };
	struct prog d, e;
	int map, l;
	u32 key = 0;

	if (judge.is_kernel)
		return;
	d = must_load(&dispatcher);
	e = load_ext(&d, ONE, FIVE);
	map = (int)bpf(BPF_MAP_CREATE, &attr);
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (u32)map;
	attr.key = P(&key);
	attr.value = P(&e.fd);
	assert_int_equal(bpf(BPF_MAP_UPDATE_ELEM, &attr), -EINVAL); /* never an extension */
	attr.value = P(&d.fd);
	assert_int_equal(bpf(BPF_MAP_UPDATE_ELEM, &attr), 0);
	assert_int_equal(raw_open(e.fd), -EBUSY);
	attr.value = 0;
	assert_int_equal(bpf(BPF_MAP_DELETE_ELEM, &attr), 0);
	attr.value = P(&d.fd);
	l = (int)raw_open(e.fd);
	assert_true(l >= 0);
	assert_int_equal(bpf(BPF_MAP_UPDATE_ELEM, &attr), -EBUSY);
	assert_int_equal(run(d.fd), 115);
	close(l);
	assert_int_equal(run(d.fd), 111);
	assert_int_equal(bpf(BPF_MAP_UPDATE_ELEM, &attr), 0);
	close(map);
	prog_close(&e);
	prog_close(&d);
}

static bool stop; /* atomic */

static void *run_on_and_on(void *arg)
{
	u64 *bad = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		u32 ret = run((int)bad[1]);

		if (ret != 111 && ret != 115)
			bad[0]++;
	}
	return NULL;
}

static void places_change_while_programs_run(void **state __unused_arg)
{
	u64 args[2][2];
	pthread_t threads[2];
	struct prog d, e;

	if (judge.is_kernel)
		return;
	d = must_load(&dispatcher);
	__atomic_store_n(&stop, false, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++) {
		args[i][0] = 0;
		args[i][1] = (u64)d.fd;
		assert_int_equal(pthread_create(&threads[i], NULL, run_on_and_on, args[i]), 0);
	}
	for (int i = 0; i < 100; i++) {
		int l;

		e = load_ext(&d, ONE, FIVE);
		l = (int)raw_open(e.fd);
		assert_true(l >= 0);
		prog_close(&e);
		close(l);
		assert_int_equal(run(d.fd), 111);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(args[i][0], 0);
	}
	prog_close(&d);
}

static void without_machine_code(void **state __unused_arg)
{
	struct wish wish = { .text = FIVE, .funcs = { { "e", 'i', "c", false } }, .type = BPF_PROG_TYPE_EXT };
	struct prog d = must_load(&dispatcher), p;

	wish.target = d.fd;
	wish.target_id = func_id(&d, ONE);
	assert_int_equal(run(d.fd), 111);
	assert_int_equal(load(&wish, &p), -EINVAL);
	assert_non_null(strstr(load_log, "Extension programs should be JITed"));
	prog_close(&p);
	prog_close(&d);
}

/* Some machines permit bpf(2) without it. */
static bool kernel_permits_extensions(void)
{
	struct prog d = must_load(&dispatcher), p;
	struct wish wish = { .text = FIVE, .funcs = { { "e", 'i', "c", false } }, .type = BPF_PROG_TYPE_EXT,
			     .target = d.fd, .target_id = func_id(&d, ONE) };
	bool permits = load(&wish, &p) != -EPERM;

	prog_close(&p);
	prog_close(&d);
	return permits;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits),
		cmocka_unit_test(extensions_are_not_extended),
		cmocka_unit_test(two_slots_of_a_dispatcher),
		cmocka_unit_test(main_is_replaced_too),
		cmocka_unit_test(targets_are_chosen_at_attach),
		cmocka_unit_test(what_a_link_says),
		cmocka_unit_test(not_both_jumped_to_and_extended),
		cmocka_unit_test(places_change_while_programs_run),
	};
	const struct CMUnitTest interp_tests[] = { cmocka_unit_test(without_machine_code) };
	int failed = 0;

	if (judge_make(&judge, "jit")) {
		failed |= _cmocka_run_group_tests("freplace, jit", tests, ARRAY_SIZE(tests), NULL, NULL);
		judge_free(&judge);
	}
	if (!judge_make(&judge, "kernel") || !kernel_permits_extensions())
		printf("# skipped: kernel: extensions are not permitted here\n");
	else
		failed |= _cmocka_run_group_tests("freplace, kernel", tests, 2, NULL, NULL);
	if (judge_make(&judge, "interp")) {
		failed |= _cmocka_run_group_tests("freplace, interp", interp_tests, 1, NULL, NULL);
		judge_free(&judge);
	}
	return failed;
}
