/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * testrun.c - what test runs of all program types share: bytes in and out, repetition, and contexts
 * that the user fills in. Which fields there are, and where they really are, the rows of the program
 * type's view say, the same that its accesses are rewritten by.
 */
#include "runtime/instance.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

int test_data_in(const struct test_run *run, u32 min, u32 max)
{
	if (run->data_size_in < min || run->data_size_in > max)
		return -EINVAL;
	return run->data_size_in && !run->data_in ? -EFAULT : 0;
}

int test_finish_data(struct test_run *run, const void *data, u32 size)
{
	u32 room = run->data_size_out, copy = size;
	int err = 0;

	if (room && size > room) {
		copy = room;
		err = -ENOSPC;
	}
	if (run->data_out)
		memcpy(run->data_out, data, copy);
	run->data_size_out = size;
	return err;
}

int test_ctx_in(const struct test_run *run, void *ctx, u32 size, bool *ret_given)
{
	const u8 *in = run->ctx_in;

	memset(ctx, 0, size);
	*ret_given = in || run->ctx_out;
	if (!in)
		return 0;
	if (run->ctx_size_in > max_of(size, (u32)TEST_CTX_MAX))
		return -E2BIG; /* also if all the rest is zero */
	for (u32 i = size; i < run->ctx_size_in; i++)
		if (in[i])
			return -E2BIG;
	memcpy(ctx, in, min_of(size, run->ctx_size_in));
	return 0;
}

int test_ctx_out(struct test_run *run, const void *ctx, u32 size)
{
	u32 copy = min_of(size, run->ctx_size_out);
	int err = copy < size ? -ENOSPC : 0;

	if (!run->ctx_out)
		return 0;
	memcpy(run->ctx_out, ctx, copy);
	run->ctx_size_out = size;
	return err;
}

struct repeat {
	void *ctx;
	u32 left;
	bool ran;
	struct skep *skep;
	const struct repeat_hooks *hooks; /* may be NULL */
};

static void *next_ctx(void *arg, u32 prev_ret)
{
	struct repeat *r = arg;

	if (r->hooks && r->ran)
		r->hooks->after(r->skep, r->ctx, prev_ret);
	if (!r->left--)
		return NULL;
	if (r->hooks)
		r->hooks->before(r->ctx);
	r->ran = true;
	return r->ctx;
}

int test_repeat(struct skep_prog *prog, struct test_run *run, void *hook_ctx)
{
	return test_repeat_hooked(prog, run, hook_ctx, NULL);
}

static u64 storage_size(const struct skep_map *map)
{
	return round_up_to(map->value_size, 8);
}

static void storage_free(const struct skep_prog *prog, struct run_env *env)
{
	for (u32 i = 0; i < ARRAY_SIZE(env->storage); i++) {
		if (env->storage[i])
			acct_free(&prog->skep->acct, env->storage[i], storage_size(prog->in_maps.kind.storage[i]));
	}
}

/* As long as the test run an attachment's values live, all 0 at first. A run stays on its vCPU: of a value for
 * each CPU it sees one. */
static int storage_make(const struct skep_prog *prog, struct run_env *env)
{
	for (u32 i = 0; i < ARRAY_SIZE(env->storage); i++) {
		const struct skep_map *map = prog->in_maps.kind.storage[i];

		if (!map)
			continue;
		env->storage[i] = acct_alloc(&prog->skep->acct, storage_size(map));
		if (!env->storage[i]) {
			storage_free(prog, env);
			return -ENOMEM;
		}
	}
	return 0;
}

int test_repeat_hooked(struct skep_prog *prog, struct test_run *run, void *hook_ctx,
		       const struct repeat_hooks *hooks)
{
	struct repeat r = { .ctx = hook_ctx, .left = run->repeat ? run->repeat : 1,
			    .skep = skep_prog_skep(prog), .hooks = hooks };
	/* A thread's first vCPU takes its time (it registers with RCU); that is no run of the program. */
	struct vcpu *vcpu = vcpu_enter(skep_vcpus(skep_prog_skep(prog)));
	struct run_env own = { .given = run->given, .hook_ret = &run->hook_ret };
	const struct run_env *outer;
	u64 start, cnt;

	if (!vcpu)
		return -EAGAIN;
	if (storage_make(prog, &own)) {
		vcpu_leave(vcpu);
		return -ENOMEM;
	}
	outer = vcpu->env;
	vcpu->env = &own;
	start = host_now_ns();
	run->retval = skep_prog_run_batch(prog, next_ctx, &r, &cnt);
	if (cnt)
		run->duration_ns = (u32)min_of((host_now_ns() - start) / cnt, (u64)UINT_MAX);
	vcpu->env = outer;
	storage_free(prog, &own);
	vcpu_leave(vcpu);
	return cnt ? 0 : -EAGAIN;
}

/* ---- contexts by their rows ------------------------------------------------------------------- */

#define CTX_MAX 256

static bool is_inside(const struct ctx_row *a, const struct ctx_row *b)
{
	return a != b && a->off >= b->off && a->off + a->size <= b->off + b->size;
}

/* A number that the program may read, and not part of a wider one. */
static bool is_field(const struct ctx_view *view, const struct ctx_row *row)
{
	if (row->val != CTX_SCALAR || !(row->access & CTX_READ))
		return false;
	for (u32 i = 0; i < view->row_cnt; i++) {
		if (is_inside(row, &view->rows[i]) && view->rows[i].val == CTX_SCALAR &&
		    (view->rows[i].access & CTX_READ))
			return false;
	}
	return true;
}

/* The narrowest one, as accesses are rewritten. */
static const struct ctx_conv *conv_of(const struct ctx_view *view, const struct ctx_row *row)
{
	const struct ctx_conv *best = NULL;

	for (u32 i = 0; i < view->conv_cnt; i++) {
		const struct ctx_conv *conv = &view->convs[i];

		if (conv->off <= row->off && row->off + row->size <= conv->off + conv->size &&
		    (!best || conv->size < best->size))
			best = conv;
	}
	return best;
}

/* Where the bytes of @row are, *ret_size how many of them are kept. */
static u8 *place_of(const struct ctx_conv *conv, const struct ctx_row *row, void *hook_ctx, u32 *ret_size)
{
	u32 last = conv->load_cnt - 1u, delta = row->off - conv->off;
	u8 *at = hook_ctx;

	for (u32 i = 0; i < last; i++)
		at = *(u8 **)(at + conv->load[i].off);
	*ret_size = delta < conv->load[last].size ? min_of((u32)row->size, conv->load[last].size - delta) : 0;
	return at + conv->load[last].off + delta;
}

static bool is_zero(const u8 *bytes, u32 size)
{
	for (u32 i = 0; i < size; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

static int set_field(const struct ctx_view *view, const struct ctx_row *row, void *hook_ctx, const u8 *user)
{
	const struct ctx_conv *conv = conv_of(view, row);
	u32 size;
	u8 *at;

	if (conv->as_bool) /* follows from another field */
		return 0;
	if (conv->shift || conv->mask || conv->be16)
		return -EOPNOTSUPP; /* no field that can be set is kept that way */
	at = place_of(conv, row, hook_ctx, &size);
	if (conv->fixed)
		return is_zero(user + row->off, row->size) || !memcmp(at, user + row->off, size) ? 0 : -EINVAL;
	if (!is_zero(user + row->off + size, row->size - size))
		return -ERANGE;
	memcpy(at, user + row->off, size);
	return 0;
}

static void get_field(const struct ctx_view *view, const struct ctx_row *row, void *hook_ctx, u8 *user)
{
	const struct ctx_conv *conv = conv_of(view, row);
	u32 size;
	u8 *at = place_of(conv, row, hook_ctx, &size);

	memset(user + row->off, 0, row->size);
	if (!conv->as_bool) {
		memcpy(user + row->off, at, size);
		return;
	}
	for (u32 i = 0; i < size; i++)
		user[row->off] |= at[i] != 0;
}

static const struct ctx_view *view_of(const struct skep_prog *prog, u32 *ret_size)
{
	const struct prog_type_row *row = skep_prog_type_row(prog->skep, prog->type, prog->attach_type);

	*ret_size = row->ctx_size;
	return &row->ctx;
}

/* Bytes that are part of no field cannot be given a value. */
static bool others_zero(const struct ctx_view *view, const u8 *user, u32 size)
{
	u8 rest[CTX_MAX];

	memcpy(rest, user, size);
	for (u32 i = 0; i < view->row_cnt; i++) {
		if (view->rows[i].val == CTX_SCALAR && (view->rows[i].access & CTX_READ))
			memset(rest + view->rows[i].off, 0, view->rows[i].size);
	}
	return is_zero(rest, size);
}

/* On -ENOSPC the results stand: the caller had too little room for the context. */
int test_own_run(struct skep_prog *prog, struct test_run *run, void *hook_ctx)
{
	u32 size;
	const struct ctx_view *view = view_of(prog, &size);
	u8 user[CTX_MAX];
	bool given;
	int err;

	if (size > CTX_MAX || !view->convs)
		return -EOPNOTSUPP;
	err = test_ctx_in(run, user, size, &given);
	if (!err && !others_zero(view, user, size))
		err = -EINVAL;
	for (u32 i = 0; i < view->row_cnt && !err; i++) {
		if (is_field(view, &view->rows[i]))
			err = set_field(view, &view->rows[i], hook_ctx, user);
	}
	if (!err)
		err = test_repeat(prog, run, hook_ctx);
	if (err)
		return err;
	for (u32 i = 0; i < view->row_cnt; i++) {
		if (is_field(view, &view->rows[i]))
			get_field(view, &view->rows[i], hook_ctx, user);
	}
	return test_ctx_out(run, user, size);
}

int test_plain_run(struct skep_prog *prog, struct test_run *run, void *ctx, u32 size)
{
	bool given;
	int err = test_ctx_in(run, ctx, size, &given);

	if (!err)
		err = test_repeat(prog, run, ctx);
	return err ? err : test_ctx_out(run, ctx, size);
}
