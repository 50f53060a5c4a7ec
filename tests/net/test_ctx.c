/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_ctx.c - contexts of all program types: what may be accessed, as the rows and the running kernel
 * (6.18 or later, where bpf(2) is permitted) have it; and whether a program finds in a field what was
 * put there, and the user what the program wrote.
 */
#include "net/net.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include "../runtime/insns.h"

#include <skep/skep.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#define P(p) ((u64)(uintptr_t)(p))
#define ALL_CAPS (VCAP_BPF | VCAP_PERFMON | VCAP_NET_ADMIN | VCAP_SYS_ADMIN)

static struct skep *skep;
static u32 engine;

/* A program type at one attach type, as the rows tell such apart. */
struct place {
	const struct prog_type_row *row;
	u32 attach_type;
};
static struct place places[128];
static u32 place_cnt;

static void find_places(void)
{
	place_cnt = 0;
	for (u32 type = 1; type < 40; type++) {
		for (u32 attach = 0; attach < 64; attach++) {
			const struct prog_type_row *row = skep_prog_type_row(skep, type, attach);
			bool known = false;

			for (u32 i = 0; i < place_cnt; i++)
				known |= places[i].row == row;
			if (!row || known || !row->modelled || !skep_attach_type_ok(type, attach))
				continue;
			assert_true(place_cnt < ARRAY_SIZE(places));
			places[place_cnt++] = (struct place){ row, attach };
		}
	}
}

static s32 good_ret(const struct place *p)
{
	return p->row->ret_checked ? (s32)p->row->ret_min : 0;
}

static u32 prog_flags(const struct place *p)
{
	return p->row->type == BPF_PROG_TYPE_SYSCALL ? BPF_F_SLEEPABLE : 0;
}

/* skep's verdict alone; *ret_why its message. */
static int verify(const struct place *p, const struct bpf_insn *insns, u32 cnt, char *why)
{
	struct prog_load load = { .v = { .insns = insns, .insn_cnt = cnt, .type = p->row->type,
					 .attach_type = p->attach_type, .flags = prog_flags(p), .gpl = true },
				  .caps = ALL_CAPS, .verify_only = true };
	struct skep_prog *prog;
	struct vresult res;
	int err = skep_prog_load(skep, &load, &res, &prog);

	strcpy(why, res.message);
	skep_vresult_free(skep, &res);
	return err;
}

static long load_attr(bool kernel, const struct place *p, const struct bpf_insn *insns, u32 cnt)
{
	union bpf_attr attr = { 0 };
	long ret;

	attr.prog_type = p->row->type;
	attr.expected_attach_type = p->attach_type;
	attr.prog_flags = prog_flags(p);
	attr.insns = P(insns);
	attr.insn_cnt = cnt;
	attr.license = P("GPL");
	if (!kernel)
		return skep_bpf(skep, NULL, BPF_PROG_LOAD, &attr, sizeof(attr));
	ret = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	return ret < 0 ? -errno : ret;
}

static bool kernel_answers(void)
{
	const struct bpf_insn prog[] = { MOV_K(0, 0), EXIT_() };
	struct place xdp = { skep_prog_type_row(skep, BPF_PROG_TYPE_XDP, 0), 0 };
	struct utsname uts;
	int major = 0, minor = 0;
	long fd;

	uname(&uts);
	sscanf(uts.release, "%d.%d", &major, &minor);
	if (major < 6 || (major == 6 && minor < 18))
		return false;
	fd = load_attr(true, &xdp, prog, 2);
	if (fd < 0)
		return false;
	close((int)fd);
	return true;
}

/* ---- what may be accessed ------------------------------------------------------------------------ */

enum access_op { READ, WRITE_REG, WRITE_IMM, ACCESS_OP_CNT };

static u32 access_prog(struct bpf_insn *insns, enum access_op op, u32 size, s16 off, s32 ret)
{
	u32 n = 0;

	insns[n++] = MOV_K(2, 0);
	insns[n++] = op == READ ? LDX(size, 2, 1, off) :
		     op == WRITE_REG ? STX(size, 1, 2, off) : ST_K(size, 1, off, 0);
	insns[n++] = MOV_K(0, ret);
	insns[n++] = EXIT_();
	return n;
}

/* What the rows say: 1 yes, 0 no, -1 yes in Linux and not modelled here. */
static int row_says(const struct ctx_view *view, enum access_op op, u32 size, u32 off)
{
	static const u8 need[ACCESS_OP_CNT] = { CTX_READ, CTX_WRITE, CTX_WRITE_IMM };

	for (u32 i = 0; i < view->row_cnt; i++) {
		const struct ctx_row *row = &view->rows[i];

		if (row->off == off && row->size == size && (row->access & need[op]))
			return row->val == CTX_NOT_MODELLED ? -1 : 1;
	}
	for (u32 i = 0; i < view->range_cnt; i++) {
		const struct ctx_range *r = &view->ranges[i];

		if (off >= r->from && off + size <= r->to && !(off % size) && (r->sizes & size) &&
		    (r->access & need[op]))
			return r->val == CTX_NOT_MODELLED ? -1 : 1;
	}
	return 0;
}

/* Views that were shown once need no second time for types that share them. */
static bool seen_before(u32 at)
{
	const struct ctx_view *mine = &places[at].row->ctx;

	for (u32 i = 0; i < at; i++) {
		const struct ctx_view *other = &places[i].row->ctx;

		if (places[i].row->type == places[at].row->type && other->row_cnt == mine->row_cnt &&
		    other->range_cnt == mine->range_cnt &&
		    (!mine->row_cnt ||
		     !memcmp(mine->rows, other->rows, mine->row_cnt * sizeof(*mine->rows))))
			return true;
	}
	return false;
}

static u32 grid_end(const struct ctx_view *view)
{
	u32 end = 0;

	for (u32 i = 0; i < view->row_cnt; i++)
		end = max_of(end, view->rows[i].off + (u32)view->rows[i].size);
	for (u32 i = 0; i < view->range_cnt; i++)
		end = max_of(end, (u32)view->ranges[i].to);
	return end + 16;
}

static void check_access(const struct place *p, enum access_op op, u32 size, u32 off, bool kernel)
{
	struct bpf_insn insns[8];
	u32 cnt = access_prog(insns, op, size, (s16)off, good_ret(p));
	char why[512];
	int want = row_says(&p->row->ctx, op, size, off), err;
	long fd;

	err = verify(p, insns, cnt, why);
	if ((want > 0) != !err || (want < 0 && strncmp(why, "not modelled", 12)))
		fail_msg("%s/%u op %d off %u size %u: %d %s", p->row->name, p->attach_type, op, off, size,
			 err, why);
	if (!want) {
		snprintf(why, sizeof(why), "invalid bpf_context access off=%u size=%u", off, size);
		assert_int_equal(err, -EACCES);
	}
	if (!kernel || p->row->type == BPF_PROG_TYPE_LIRC_MODE2) /* few kernels have that */
		return;
	fd = load_attr(true, p, insns, cnt);
	if (fd >= 0)
		close((int)fd);
	if ((want != 0) != (fd >= 0))
		fail_msg("the kernel on %s/%u op %d off %u size %u: %ld", p->row->name, p->attach_type, op,
			 off, size, fd);
}

static void contexts_as_the_rows_and_the_kernel(void **state __unused_arg)
{
	bool kernel = kernel_answers();

	for (u32 i = 0; i < place_cnt; i++) {
		u32 end = grid_end(&places[i].row->ctx);

		if (places[i].row->ctx_is_mem || seen_before(i))
			continue;
		for (u32 size = 8; size; size /= 2) {
			for (u32 off = 0; off < end; off += size) {
				if (off == 256 && end > 512) /* the middle of a long record */
					off = end - 64;
				for (enum access_op op = 0; op < ACCESS_OP_CNT; op++)
					check_access(&places[i], op, size, off, kernel);
			}
		}
	}
	if (!kernel)
		print_message("bpf(2) of a 6.18 kernel is not permitted here: rows were not compared with it\n");
}

/* No misaligned access, none that straddles the end, whatever the size. */
static void misaligned_is_refused(void **state __unused_arg)
{
	struct bpf_insn insns[8];
	char why[512];

	for (u32 i = 0; i < place_cnt; i++) {
		if (places[i].row->ctx_is_mem)
			continue;
		for (u32 size = 2; size <= 8; size *= 2) {
			u32 cnt = access_prog(insns, READ, size, (s16)(size / 2), good_ret(&places[i]));

			if (size / 2 % size && !verify(&places[i], insns, cnt, why))
				fail_msg("%s: size %u at %u", places[i].row->name, size, size / 2);
		}
	}
}

/* ---- what may be returned ------------------------------------------------------------------------ */

static void return_values_as_the_rows(void **state __unused_arg)
{
	static const s32 vals[] = { -4096, -1, 0, 1, 2, 3, 4, 255, 65536 };
	bool kernel = kernel_answers();
	char why[512];

	for (u32 i = 0; i < place_cnt; i++) {
		const struct prog_type_row *row = places[i].row;

		for (size_t v = 0; v < ARRAY_SIZE(vals); v++) {
			const struct bpf_insn prog[] = { MOV_K(0, vals[v]), EXIT_() };
			bool want = !row->ret_checked || (vals[v] >= row->ret_min && vals[v] <= row->ret_max);
			long fd;

			if (!verify(&places[i], prog, 2, why) != want)
				fail_msg("%s/%u returns %d: %s", row->name, places[i].attach_type, vals[v], why);
			if (!kernel || row->type == BPF_PROG_TYPE_LIRC_MODE2)
				continue;
			fd = load_attr(true, &places[i], prog, 2);
			if (fd >= 0)
				close((int)fd);
			if ((fd >= 0) != want)
				fail_msg("the kernel on %s/%u returning %d: %ld", row->name,
					 places[i].attach_type, vals[v], fd);
		}
	}
}

/* ---- values -------------------------------------------------------------------------------------- */

#define CTX_ROOM 8192
static int cell; /* an array of one u64: what the program read */

static int new_cell(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8,
				.max_entries = 1 };

	return (int)skep_bpf(skep, NULL, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static u64 cell_value(void)
{
	union bpf_attr attr = { 0 };
	u32 key = 0;
	u64 val = 0;

	attr.map_fd = (u32)cell;
	attr.key = P(&key);
	attr.value = P(&val);
	assert_int_equal(skep_bpf(skep, NULL, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)), 0);
	return val;
}

/* The program reads a field into the cell. */
static int load_reader(const struct place *p, u32 size, s16 off)
{
	const struct bpf_insn insns[] = {
		LDX(size, 2, 1, off), LD_MAP_VAL(3, cell, 0), STX(8, 3, 2, 0),
		MOV_K(0, good_ret(p)), EXIT_(),
	};
	long fd = load_attr(false, p, insns, ARRAY_SIZE(insns));

	if (fd < 0)
		fail_msg("%s/%u: reading %u bytes at %d: %ld", p->row->name, p->attach_type, size, off, fd);
	return (int)fd;
}

static bool takes_data(u32 type)
{
	switch (type) {
	case BPF_PROG_TYPE_CGROUP_SOCK:
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
	case BPF_PROG_TYPE_CGROUP_DEVICE:
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_SK_LOOKUP:
	case BPF_PROG_TYPE_SYSCALL:
	case BPF_PROG_TYPE_LIRC_MODE2:
		return false;
	default:
		return true;
	}
}

static int run_on(const struct place *p, int fd, u8 *ctx, u32 size, struct skep_test *test)
{
	static u8 data[64];

	*test = (struct skep_test){ .sz = sizeof(*test), .ctx_in = ctx, .ctx_size_in = size,
				    .ctx_out = ctx, .ctx_size_out = CTX_ROOM,
				    .data_in = takes_data(p->row->type) ? data : NULL,
				    .data_size_in = takes_data(p->row->type) ? sizeof(data) : 0 };
	return skep_prog_test(skep, fd, test);
}

static const u8 pattern[8] = { 0x91, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7, 0x88 };

/* Sets the whole field that @row is part of: bytes [off, off + size). The kernel's structure may hold
 * fewer bytes of it: then less is set. Returns the error of the last try. */
static int set_and_run(const struct place *p, int fd, u8 *ctx, u32 ctx_size, u32 off, u32 size, struct skep_test *test)
{
	int err = -ERANGE;

	for (u32 keep = size; keep && err == -ERANGE; keep /= 2) {
		memset(ctx, 0, CTX_ROOM);
		/* Most fields of sock_ops are a full socket's. */
		if (p->row->type == BPF_PROG_TYPE_SOCK_OPS)
			ctx[offsetof(struct bpf_sock_ops, is_fullsock)] = 1;
		memcpy(ctx + off, pattern, keep);
		err = run_on(p, fd, ctx, ctx_size, test);
	}
	return err;
}

static const struct ctx_row *widest(const struct ctx_view *view, const struct ctx_row *row)
{
	const struct ctx_row *best = row;

	for (u32 i = 0; i < view->row_cnt; i++) {
		const struct ctx_row *other = &view->rows[i];

		if (other->val == CTX_SCALAR && (other->access & CTX_READ) && other->off <= row->off &&
		    other->off + other->size >= row->off + row->size && other->size > best->size)
			best = other;
	}
	return best;
}

/* Fields that come from elsewhere cannot be chosen: -EINVAL, and there are few of them. */
static bool is_fixed(const struct ctx_view *view, const struct ctx_row *row)
{
	for (u32 i = 0; i < view->conv_cnt; i++) {
		const struct ctx_conv *conv = &view->convs[i];

		if (conv->off <= row->off && row->off + row->size <= conv->off + conv->size)
			return conv->fixed || conv->as_bool;
	}
	return false;
}

/* Does the kernel's structure have no more of the field than @row reads? */
static bool reads_all(const struct ctx_view *view, const struct ctx_row *row)
{
	const struct ctx_conv *best = NULL;

	for (u32 i = 0; i < view->conv_cnt; i++) {
		const struct ctx_conv *conv = &view->convs[i];

		if (conv->off <= row->off && row->off + row->size <= conv->off + conv->size &&
		    (!best || conv->size < best->size))
			best = conv;
	}
	return best && best->load[best->load_cnt - 1].size < best->size && row->size >= best->load[best->load_cnt - 1].size;
}

static void read_back(const struct place *p, const struct ctx_row *row)
{
	const struct ctx_view *view = &p->row->ctx;
	const struct ctx_row *field = widest(view, row);
	struct skep_test test;
	u8 ctx[CTX_ROOM];
	u64 want = 0, got;
	int fd, err;

	if (row->val != CTX_SCALAR || !(row->access & CTX_READ) || is_fixed(view, field))
		return;
	fd = load_reader(p, row->size, (s16)row->off);
	err = set_and_run(p, fd, ctx, p->row->ctx_size, field->off, field->size, &test);
	if (err)
		fail_msg("%s/%u %s off %u: %d", p->row->name, p->attach_type, row->field, row->off, err);
	/* As it came back: nobody changed it. Who reads as much as there is reads from its start on: 6.18 gives
	 * pkt_type for two bytes at pkt_type + 2. */
	memcpy(&want, ctx + (reads_all(view, row) ? field->off : row->off), row->size);
	got = cell_value();
	if (got != want || (row->off == field->off && !want))
		fail_msg("%s/%u %s off %u size %u: the program read %llx of %llx", p->row->name, p->attach_type,
			 row->field, row->off, row->size, (unsigned long long)got, (unsigned long long)want);
	assert_int_equal(test.ctx_size_out, p->row->ctx_size);
	close(fd);
}

/* A field that may be written: the value is in the context afterwards, all of it or its lower bytes. */
static void write_through(const struct place *p, const struct ctx_row *row, bool imm)
{
	s32 val = row->size == 8 ? -0x1234567 : 0x00007a5b;
	const struct bpf_insn insns[] = {
		MOV_K(2, val), imm ? ST_K(row->size, 1, row->off, val) : STX(row->size, 1, 2, row->off),
		MOV_K(0, good_ret(p)), EXIT_(),
	};
	struct skep_test test;
	u8 ctx[CTX_ROOM] = { 0 };
	s64 want = val;
	int err, fd;

	if (row->val != CTX_SCALAR || !(row->access & (imm ? CTX_WRITE_IMM : CTX_WRITE)) ||
	    !(row->access & CTX_READ))
		return;
	fd = (int)load_attr(false, p, insns, ARRAY_SIZE(insns));
	assert_true(fd >= 0);
	err = run_on(p, fd, ctx, p->row->ctx_size, &test);
	if (err || memcmp(ctx + row->off, &want, row->size))
		fail_msg("%s/%u %s off %u size %u: %d", p->row->name, p->attach_type, row->field, row->off,
			 row->size, err);
	close(fd);
}

static bool has_own_run(const struct place *p)
{
	return skep_prog_type_ops(skep, p->row->type)->own_run;
}

static void fields_hold_what_was_set(void **state __unused_arg)
{
	for (u32 i = 0; i < place_cnt; i++) {
		const struct ctx_view *view = &places[i].row->ctx;

		if (!has_own_run(&places[i]) || seen_before(i))
			continue;
		for (u32 r = 0; r < view->row_cnt; r++) {
			read_back(&places[i], &view->rows[r]);
			write_through(&places[i], &view->rows[r], false);
			write_through(&places[i], &view->rows[r], true);
		}
	}
}

/* Plain contexts: numbers at any aligned place. */
static void ranges_hold_what_was_set(void **state __unused_arg)
{
	for (u32 i = 0; i < place_cnt; i++) {
		const struct ctx_view *view = &places[i].row->ctx;

		for (u32 r = 0; r < view->range_cnt && has_own_run(&places[i]); r++) {
			const struct ctx_range *range = &view->ranges[r];

			for (u32 size = 1; size <= 8; size *= 2) {
				u32 first = (range->from + size - 1) / size * size, last = range->to - size;
				struct ctx_row row = { .size = (u8)size, .access = CTX_READ,
						       .val = range->val, .field = "" };

				/* The pointer to the buffer is not for the user. */
				if (!(range->sizes & size) || (range->to == 8 && range->from < 8))
					continue;
				row.off = (u16)first;
				read_back(&places[i], &row);
				row.off = (u16)(last / size * size);
				read_back(&places[i], &row);
			}
		}
	}
}

/* What is no number that the program may read cannot be set, and nothing lies behind the context. */
static void bad_contexts_are_refused(void **state __unused_arg)
{
	for (u32 i = 0; i < place_cnt; i++) {
		const struct prog_type_row *row = places[i].row;
		const struct bpf_insn insns[] = { MOV_K(0, good_ret(&places[i])), EXIT_() };
		u8 ctx[CTX_ROOM + 8] = { 0 };
		struct skep_test test;
		int fd;

		if (!has_own_run(&places[i]) || seen_before(i) || row->ctx_is_mem)
			continue;
		fd = (int)load_attr(false, &places[i], insns, 2);
		assert_true(fd >= 0);
		ctx[row->ctx_size] = 1;
		if (row->ctx_size < CTX_ROOM)
			assert_int_equal(run_on(&places[i], fd, ctx, row->ctx_size + 1, &test), -E2BIG);
		ctx[row->ctx_size] = 0;
		for (u32 off = 0; off < row->ctx_size && row->ctx.row_cnt; off++) {
			bool settable = false;

			for (u32 r = 0; r < row->ctx.row_cnt; r++)
				settable |= row->ctx.rows[r].val == CTX_SCALAR && row->ctx.rows[r].off <= off &&
					    off < row->ctx.rows[r].off + row->ctx.rows[r].size;
			if (settable || !row->ctx.convs)
				continue;
			memset(ctx, 0, sizeof(ctx));
			ctx[off] = 1;
			if (run_on(&places[i], fd, ctx, row->ctx_size, &test) != -EINVAL)
				fail_msg("%s: byte %u can be set", row->name, off);
		}
		close(fd);
	}
}

static void bad_calls_are_refused(void **state __unused_arg)
{
	struct skep_test test = { .sz = sizeof(test) - 1 };

	assert_int_equal(skep_prog_test(skep, 0, &test), -EINVAL);
	test = (struct skep_test){ .sz = sizeof(test), .ctx_size_in = 4 };
	assert_int_equal(skep_prog_test(skep, 0, &test), -EINVAL);
	test = (struct skep_test){ .sz = sizeof(test) };
	assert_int_equal(skep_prog_test(skep, -1, &test), -EBADF);
	assert_true(skep_prog_test(skep, cell, &test) < 0);
}

static int boot(void **state __unused_arg)
{
	int err = skep_boot(&(struct skep_opts){ .cpu_cnt = 2, .engine = engine }, &skep);

	if (err)
		return err;
	find_places();
	assert_in_range(place_cnt, 10, ARRAY_SIZE(places));
	cell = new_cell();
	return cell < 0;
}

static int end(void **state __unused_arg)
{
	close(cell);
	skep_free(skep);
	return 0;
}

int main(void)
{
	const struct CMUnitTest verdicts[] = {
		cmocka_unit_test(contexts_as_the_rows_and_the_kernel),
		cmocka_unit_test(misaligned_is_refused),
		cmocka_unit_test(return_values_as_the_rows),
	};
	const struct CMUnitTest values[] = {
		cmocka_unit_test(fields_hold_what_was_set),
		cmocka_unit_test(ranges_hold_what_was_set),
		cmocka_unit_test(bad_contexts_are_refused),
		cmocka_unit_test(bad_calls_are_refused),
	};
	int failed = cmocka_run_group_tests(verdicts, boot, end);

	engine = SKEP_ENGINE_INTERP;
	failed += cmocka_run_group_tests_name("values (interpreter)", values, boot, end);
	engine = SKEP_ENGINE_AUTO;
	return failed + cmocka_run_group_tests_name("values", values, boot, end);
}
