/* SPDX-License-Identifier: BSD-2-Clause */
/* public.c - the functions of <skep/skep.h> that need no libbpf object: instances and verdicts. */
#include "btf/btf.h"
#include "isa/classic.h"
#include "jit/jit.h"
#include "map/xsk.h"
#include "net/net.h"
#include "runtime/runtime.h"
#include "syscall/fdtab.h"
#include "syscall/private.h"
#include "syscall/syscall.h"

#include <skep/skep.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)SKEP_RUN_JIT == (int)SKEP_ENGINE_JIT && (int)SKEP_RUN_INTERP == (int)SKEP_ENGINE_INTERP &&
	      (int)SKEP_RUN_AUTO == (int)SKEP_ENGINE_AUTO, "the public and the inner names differ");

/* A caller that was built against a later header may set what this version does not know. */
static bool config_known(const struct skep_config *config)
{
	const char *bytes = (const char *)config;

	for (size_t i = sizeof(*config); i < config->sz; i++) {
		if (bytes[i])
			return false;
	}
	return config->sz >= sizeof(config->sz);
}

static_assert(SKEP_OBSERVE_PERF_MAP == JIT_OBSERVE_PERF_MAP && SKEP_OBSERVE_JITDUMP == JIT_OBSERVE_JITDUMP &&
	      SKEP_OBSERVE_GDB == JIT_OBSERVE_GDB && SKEP_OBSERVE_UNWIND == JIT_OBSERVE_UNWIND, "given on as they are");

static int observe_env(u32 *ret_how)
{
	const char *list = secure_getenv("SKEP_OBSERVE");

	return list ? jit_observe_parse(list, ret_how) : 0;
}

static void given_btf_put(struct skep_opts *opts)
{
	for (u32 i = 0; i < opts->module_cnt; i++)
		btf_put(opts->modules[i]);
	free((void *)opts->modules);
	btf_put((struct skep_btf *)opts->kernel_btf);
}

/* What there is afterwards, given_btf_put() drops, also after a failure. */
static int given_btf(const struct skep_config *config, struct skep_opts *opts)
{
	struct skep_btf *btf = NULL, **modules;
	int err;

	if (!config->kernel_btf)
		return config->module_btf_cnt ? -EINVAL : 0;
	err = btf_parse(config->kernel_btf, config->kernel_btf_size, NULL, BTF_PARSE_KERNEL, NULL, &btf);
	if (err)
		return err;
	opts->kernel_btf = btf;
	modules = calloc(config->module_btf_cnt + 1, sizeof(*modules));
	if (!modules)
		return -ENOMEM;
	opts->modules = modules;
	for (u32 i = 0; i < config->module_btf_cnt && !err; i++) {
		const struct skep_btf_blob *blob = &config->module_btfs[i];

		err = btf_parse(blob->data, blob->size, btf, BTF_PARSE_KERNEL, NULL, &modules[i]);
		opts->module_cnt += !err;
	}
	return err;
}

int skep_create(const struct skep_config *config, struct skep **ret_skep)
{
	struct skep_config known = { 0 };
	struct skep_opts opts = { 0 };
	int err;

	if (config) {
		if (!config_known(config))
			return -EINVAL;
		memcpy(&known, config, min_of(config->sz, sizeof(known)));
	}
	if (known.engine > SKEP_RUN_INTERP || known.observe & ~JIT_OBSERVE_ALL || observe_env(&opts.observe))
		return -EINVAL;
	if (known.codegen & ~(SKEP_CODEGEN_NO_ENDBR | SKEP_CODEGEN_CALL_DEPTH))
		return -EINVAL;
	opts.codegen = (known.codegen & SKEP_CODEGEN_NO_ENDBR ? JIT_NO_LANDING : 0) |
		       (known.codegen & SKEP_CODEGEN_CALL_DEPTH ? JIT_CALL_DEPTH : 0);
	opts.observe |= known.observe;
	opts.count_insns = known.count_insns;
	opts.cpu_cnt = known.cpu_cnt;
	opts.engine = known.engine;
	opts.mem_limit = known.mem_limit;
	opts.virtual_time = known.virtual_time;
	opts.start_ns = known.start_ns;
	opts.tick_ns = known.tick_ns;
	opts.seeded = known.seeded;
	opts.seed = known.seed;
	opts.unprivileged_bpf = known.unprivileged_bpf;
	err = given_btf(&known, &opts);
	if (!err)
		err = skep_boot(&opts, ret_skep);
	given_btf_put(&opts);
	if (!err && known.kernel_config) {
		err = skep_set_kernel_config(*ret_skep, known.kernel_config);
		if (err)
			skep_free(*ret_skep);
	}
	return err;
}

int skep_time_advance(struct skep *skep, uint64_t ns)
{
	return skep_advance_time(skep, ns);
}

void skep_destroy(struct skep *skep)
{
	if (skep)
		skep_free(skep);
}

static_assert(SKEP_CAP_BPF == VCAP_BPF && SKEP_CAP_PERFMON == VCAP_PERFMON && SKEP_CAP_NET_ADMIN == VCAP_NET_ADMIN &&
	      SKEP_CAP_SYS_ADMIN == VCAP_SYS_ADMIN, "the public and the inner numbers differ");

void skep_set_caps(uint32_t caps)
{
	const struct skep_cred limited = { .caps = caps & SKEP_CAP_ALL, .uid = 1000 };

	skep_limit_thread(limited.caps == SKEP_CAP_ALL ? NULL : &limited);
}

long skep_bpf_call(struct skep *skep, int cmd, union bpf_attr *attr, uint32_t size)
{
	return skep_bpf(skep, NULL, cmd, attr, size);
}

static_assert((int)SKEP_MEM_KERNEL == HELPER_MEM_KERNEL && (int)SKEP_MEM_USER == HELPER_MEM_USER,
	      "the public and the inner names differ");

int skep_mem_register(struct skep *skep, enum skep_mem_space space, uint64_t addr, const void *mem,
		      uint64_t size)
{
	if (space != SKEP_MEM_KERNEL && space != SKEP_MEM_USER)
		return -EINVAL;
	return skep_mem_add(skep, (enum helper_mem)space, addr, mem, size);
}

int skep_mem_unregister(struct skep *skep, enum skep_mem_space space, uint64_t addr)
{
	if (space != SKEP_MEM_KERNEL && space != SKEP_MEM_USER)
		return -EINVAL;
	return skep_mem_del(skep, (enum helper_mem)space, addr);
}

/* ---- devices ---------------------------------------------------------------------------------- */

int skep_dev_add(struct skep *skep, const char *name, uint32_t rx_queues, uint32_t *ret_ifindex)
{
	return net_dev_add(skep, name, rx_queues, ret_ifindex);
}

int skep_route_add(struct skep *skep, const struct skep_route *route)
{
	return net_route_add(skep, route);
}

int skep_neigh_add(struct skep *skep, const struct skep_neigh *neigh)
{
	return net_neigh_add(skep, neigh);
}

int skep_dev_forward(struct skep *skep, uint32_t ifindex, bool on)
{
	return net_dev_forward(skep, ifindex, on);
}

int skep_sock_add(struct skep *skep, const struct skep_sock *sock)
{
	return net_sock_add(skep, sock);
}

int skep_dev_counts(struct skep *skep, uint32_t ifindex, struct skep_dev_counts *ret_counts)
{
	const struct net_device *dev = net_dev_by_index(skep, ifindex);
	struct net_counts c;

	if (!dev)
		return -ENODEV;
	net_dev_counts(dev, &c);
	*ret_counts = (struct skep_dev_counts){ .tx_packets = c.tx_packets, .tx_bytes = c.tx_bytes,
						.rx_packets = c.rx_packets, .rx_bytes = c.rx_bytes };
	return 0;
}

int skep_xsk_open(struct skep *skep, uint32_t ifindex, uint32_t queue, uint32_t rx_frames)
{
	const struct net_device *dev = net_dev_by_index(skep, ifindex);
	struct xsk *xsk;
	int err;

	if (!dev)
		return -ENODEV;
	if (queue >= net_dev_rx_queues(dev))
		return -EINVAL;
	err = xsk_new(ifindex, queue, rx_frames, skep_memacct(skep), &xsk);
	return err ? err : fdtab_open(skep, FD_XSK, xsk, FD_READ | FD_WRITE);
}

int skep_xsk_receive(struct skep *skep, int fd, void *buf, uint32_t size)
{
	struct xsk *xsk;
	int ret = fdtab_get(skep, fd, FD_XSK, (void **)&xsk, NULL);

	if (ret)
		return ret;
	ret = xsk_receive(xsk, buf, size);
	xsk_put(xsk);
	return ret;
}

struct sent_sink {
	skep_sent_fn fn;
	void *ctx;
};

static void on_sent(void *ctx, const struct net_sent *sent)
{
	const struct sent_sink *sink = ctx;
	struct skep_sent shown = { .cpu = sent->cpu, .ingress = sent->ingress, .data = sent->data,
				   .size = sent->len, .err = sent->err,
				   .xsk_queue = sent->xsk ? (int32_t)sent->xsk->queue_id : -1 };

	if (sent->dev) {
		shown.dev = net_dev_name(sent->dev);
		shown.ifindex = net_dev_ifindex(sent->dev);
	}
	sink->fn(sink->ctx, &shown);
}

static void free_sent_sink(struct skep *skep __unused_arg, void *sink)
{
	free(sink);
}

void skep_on_sent(struct skep *skep, skep_sent_fn fn, void *ctx)
{
	struct sent_sink *sink = skep_room_get(skep, SKEP_ROOM_SENT);

	if (!fn) {
		net_on_sent(skep, NULL, NULL);
		return;
	}
	if (!sink) {
		sink = calloc(1, sizeof(*sink));
		if (!sink)
			return;
		skep_room_set(skep, SKEP_ROOM_SENT, sink, free_sent_sink);
	}
	*sink = (struct sent_sink){ fn, ctx };
	net_on_sent(skep, on_sent, sink);
}

/* ---- verdicts --------------------------------------------------------------------------------- */

struct verdict_sink {
	skep_verdict_fn fn;
	void *ctx;
};

void skep_explain(struct skep *skep, bool on)
{
	skep_explain_refusals(skep, on);
}

static void show_causes(const struct vexplain *from, struct skep_cause *to)
{
	for (u32 i = 0; i < from->cause_cnt; i++) {
		const struct vcause *c = &from->causes[i];

		to[i] = (struct skep_cause){ .insn_idx = c->insn_idx, .times = c->times, .role = c->role,
					     .insn = c->insn ?: "", .known = c->known ?: "", .source = c->source };
	}
}

void skep_measure(struct skep *skep, bool on)
{
	skep_measure_loads(skep, on);
}

static void on_load(void *ctx, const struct prog_load *load, const struct vresult *res,
		    const struct skep_prog *prog)
{
	const struct verdict_sink *sink = ctx;
	struct skep_cause *causes = calloc(res->explain.cause_cnt + 1, sizeof(*causes));
	struct skep_verdict v = {
		.prog_name = load->v.name,
		.prog_type = load->v.type,
		.err = res->err,
		.reason = res->err ? reject_reason_name(res->reason) : "",
		.message = res->err ? res->message : "",
		.explanation = res->err ? reject_reason_explain(res->reason) : "",
		.source = res->err ? res->source : "",
		.insn_idx = res->insn_idx,
		.insn_cnt = load->v.insn_cnt,
		.insns_processed = res->stats.insns_processed,
		.total_states = res->stats.total_states,
		.peak_states = res->stats.peak_states,
		.max_states_per_insn = res->stats.max_states_per_insn,
		.stack_depth = res->stats.max_stack_depth,
		.verify_ns = res->stats.verification_ns,
		.state_bytes = res->stats.state_bytes,
		.required = res->explain.required ?: "",
		.known = res->explain.known ?: "",
		.causes = causes,
		.cause_cnt = causes ? res->explain.cause_cnt : 0,
		.causes_left_out = res->explain.left_out,
	};
	struct shown_cost cost = { 0 };
	struct skep_prog_info info;

	if (prog) {
		skep_prog_info(prog, &info);
		v.prepare_ns = info.prepare_ns;
	}
	if (show_cost(&res->cost, load->v.name, &cost)) {
		v.cost = cost.places;
		v.cost_cnt = res->cost.place_cnt;
		v.misses = cost.misses;
		v.miss_cnt = res->cost.miss_cnt;
	}
	if (causes)
		show_causes(&res->explain, causes);
	sink->fn(sink->ctx, &v);
	shown_cost_free(&cost, &res->cost);
	free(causes);
}

static void free_sink(struct skep *skep __unused_arg, void *sink)
{
	free(sink);
}

void skep_on_verdict(struct skep *skep, skep_verdict_fn fn, void *ctx)
{
	struct verdict_sink *sink = skep_room_get(skep, SKEP_ROOM_VERDICT);

	if (!fn) {
		skep_on_load(skep, NULL, NULL);
		return;
	}
	if (!sink) {
		sink = calloc(1, sizeof(*sink));
		if (!sink)
			return;
		skep_room_set(skep, SKEP_ROOM_VERDICT, sink, free_sink);
	}
	*sink = (struct verdict_sink){ fn, ctx };
	skep_on_load(skep, on_load, sink);
}

/* ---- test runs --------------------------------------------------------------------------------- */

static int run_test(struct skep *skep, struct skep_prog *prog, struct test_run *run)
{
	struct skep_prog_info info;
	const struct prog_type_ops *ops;

	skep_prog_info(prog, &info);
	ops = skep_prog_type_ops(skep, info.type);
	if (ops && ops->own_run)
		return ops->own_run(skep, prog, run);
	return ops && ops->test_run ? ops->test_run(skep, prog, run) : -ENOTSUPP;
}

int skep_prog_test(struct skep *skep, int prog_fd, struct skep_test *test)
{
	struct test_run run;
	struct skep_prog *prog;
	int err;

	if (test->sz != sizeof(*test) || !test->ctx_in != !test->ctx_size_in ||
	    !test->data_in != !test->data_size_in || !test->kernel_stack != !test->kernel_stack_cnt ||
	    !test->user_stack != !test->user_stack_cnt)
		return -EINVAL;
	err = skep_prog_from_fd(skep, prog_fd, &prog);
	if (err)
		return err;
	/* To test runs a room of 0 means that there is enough. */
	run = (struct test_run){
		.ctx_in = test->ctx_in, .ctx_size_in = test->ctx_size_in,
		.ctx_out = test->ctx_size_out ? test->ctx_out : NULL, .ctx_size_out = test->ctx_size_out,
		.data_in = test->data_in, .data_size_in = test->data_size_in,
		.data_out = test->data_size_out ? test->data_out : NULL,
		.data_size_out = test->data_size_out, .repeat = test->repeat,
		.given = { .kernel_stack = { test->kernel_stack, test->kernel_stack_cnt },
			   .user_stack = { test->user_stack, test->user_stack_cnt },
			   .attach_cookie = test->attach_cookie, .func_ip = test->func_ip },
		.hook_ret = test->hook_ret,
	};
	memcpy(run.given.event_value, test->event_value, sizeof(run.given.event_value));
	err = run_test(skep, prog, &run);
	if (!err || err == -ENOSPC) {
		test->retval = run.retval;
		test->duration_ns = run.duration_ns;
		test->hook_ret = run.hook_ret;
		test->ctx_size_out = run.ctx_out ? run.ctx_size_out : 0;
		test->data_size_out = run.data_size_out;
	}
	skep_prog_put(prog);
	return err;
}

/* ---- words -------------------------------------------------------------------------------------- */

const char *skep_retval_name(struct skep *skep, uint32_t prog_type, uint32_t retval)
{
	const struct prog_type_ops *ops = skep_prog_type_ops(skep, prog_type);

	return ops && ops->retval_name ? ops->retval_name(retval) : NULL;
}

char *skep_trace_text(struct skep *skep)
{
	return skep_trace_read(skep);
}

const char *skep_version(void)
{
	return SKEP_VERSION;
}

const char *skep_profile(void)
{
	return "bpf-next 2026-06 (Linux 7.2)";
}

int skep_classic_convert(const char *text, size_t size, uint32_t kind, struct bpf_insn **ret_insns, uint32_t *ret_cnt,
			 char *err, size_t err_size)
{
	enum classic_kind inner = kind == SKEP_CLASSIC_SECCOMP ? CLASSIC_SECCOMP : CLASSIC_PACKET;
	struct strbuf why = { 0 };
	struct sock_filter *classic;
	u32 cnt;
	int ret = -EINVAL;

	if (kind > SKEP_CLASSIC_SECCOMP)
		strbuf_printf(&why, "unknown kind %u", kind);
	else
		ret = classic_parse(text, size, &classic, &cnt, &why);
	if (!ret) {
		ret = classic_convert(classic, cnt, inner, ret_insns, ret_cnt, &why);
		free(classic);
	}
	if (ret && err_size)
		snprintf(err, err_size, "%s", why.len ? strbuf_str(&why) : "out of memory");
	strbuf_free(&why);
	return ret;
}
