/* SPDX-License-Identifier: BSD-2-Clause */
#include "fakehost.h"

#include "isa/cfg.h"
#include "minibtf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct ctx_row xdp_rows[] = {
	{ 0, 4, CTX_READ, CTX_PACKET, "data" },
	{ 4, 4, CTX_READ, CTX_PACKET_END, "data_end" },
	{ 8, 4, CTX_READ, CTX_PACKET_META, "data_meta" },
	{ 12, 4, CTX_READ, CTX_SCALAR, "ingress_ifindex" },
	{ 16, 4, CTX_READ, CTX_SCALAR, "rx_queue_index" },
};

/* The structure behind the context: pointers of 8 bytes, then what a chain of two loads reaches. */
static const struct ctx_conv xdp_convs[] = {
	{ .off = 0, .size = 4, .load_cnt = 1, .load = { { 0, 8 } } },
	{ .off = 4, .size = 4, .load_cnt = 1, .load = { { 8, 8 } } },
	{ .off = 8, .size = 4, .load_cnt = 1, .load = { { 16, 8 } } },
	{ .off = 12, .size = 4, .load_cnt = 3, .load = { { 24, 8 }, { 0, 8 }, { 40, 4 } } },
	{ .off = 16, .size = 4, .load_cnt = 2, .load = { { 24, 8 }, { 8, 4 } } },
};

static const struct ctx_row skb_rows[] = {
	{ 0, 4, CTX_READ, CTX_SCALAR, "len" },
	{ 0, 2, CTX_READ, CTX_SCALAR, "len" },
	{ 2, 2, CTX_READ, CTX_SCALAR, "len+2" },
	{ 0, 1, CTX_READ, CTX_SCALAR, "len" },
	{ 1, 1, CTX_READ, CTX_SCALAR, "len+1" },
	{ 8, 4, CTX_READ | CTX_WRITE, CTX_SCALAR, "mark" },
	{ 16, 4, CTX_READ, CTX_SCALAR, "protocol" },
	{ 20, 4, CTX_READ, CTX_SCALAR, "vlan_present" },
	{ 48, 4, CTX_READ | CTX_WRITE | CTX_WRITE_IMM, CTX_SCALAR, "cb" },
	{ 48, 8, CTX_READ | CTX_WRITE | CTX_WRITE_IMM, CTX_SCALAR, "cb" },
	{ 168, 8, CTX_READ, CTX_NOT_MODELLED, "sk" },
};

static const struct ctx_conv skb_convs[] = {
	{ .off = 0, .size = 4, .load_cnt = 1, .load = { { 112, 4 } } },
	{ .off = 8, .size = 4, .load_cnt = 1, .load = { { 168, 4 } } },
	{ .off = 16, .size = 4, .load_cnt = 1, .load = { { 180, 2 } } },
	{ .off = 20, .size = 4, .load_cnt = 1, .load = { { 182, 1 } }, .shift = 3, .mask = 1 },
	{ .off = 48, .size = 4, .load_cnt = 1, .load = { { 40, 4 } } },
	{ .off = 48, .size = 8, .load_cnt = 1, .load = { { 40, 8 } } },
};

static const struct prog_type_row types[] = {
	{ .type = BPF_PROG_TYPE_XDP, .name = "XDP",
	  .ctx = { .name = "xdp_md", .rows = xdp_rows, .row_cnt = ARRAY_SIZE(xdp_rows),
		   .convs = xdp_convs, .conv_cnt = ARRAY_SIZE(xdp_convs) },
	  .ctx_size = 24, .pkt_read = true, .pkt_write = true, .modelled = true },
	{ .type = BPF_PROG_TYPE_SOCKET_FILTER, .name = "SOCKET_FILTER",
	  .ctx = { .name = "__sk_buff", .rows = skb_rows, .row_cnt = ARRAY_SIZE(skb_rows),
		   .convs = skb_convs, .conv_cnt = ARRAY_SIZE(skb_convs) },
	  .ctx_size = 192, .ld_abs = true, .modelled = true },
	{ .type = BPF_PROG_TYPE_SYSCALL, .name = "SYSCALL", .ctx = { .name = "bpf_syscall_ctx" },
	  .ctx_size = 65535, .ctx_is_mem = true, .sleepable_ok = true, .modelled = true },
	{ .type = BPF_PROG_TYPE_CGROUP_SKB, .name = "CGROUP_SKB",
	  .ctx = { .name = "__sk_buff", .rows = skb_rows, .row_cnt = 1, .convs = skb_convs, .conv_cnt = 1 },
	  .ctx_size = 192,
	  .modelled = true, .ret_checked = true, .ret_min = 0, .ret_max = 1 },
	{ .type = BPF_PROG_TYPE_LIRC_MODE2, .name = "LIRC_MODE2", .ctx = { .name = "u32" },
	  .modelled = false },
};

static const struct ctx_row sock_rows[] = {
	{ 4, 4, CTX_READ, CTX_SCALAR, "family" },
	{ 8, 4, CTX_READ, CTX_SCALAR, "type" },
};
static const struct ctx_conv sock_convs[] = {
	{ .off = 4, .size = 8, .load_cnt = 1, .load = { { 16, 8 } } },
};

static const struct ctx_view *fake_view(void *ctx __unused_arg, enum view_kind kind)
{
	static const struct ctx_view sock = { .name = "bpf_sock", .rows = sock_rows, .row_cnt = ARRAY_SIZE(sock_rows),
					      .convs = sock_convs, .conv_cnt = ARRAY_SIZE(sock_convs) };

	return kind == VIEW_SOCK ? &sock : NULL;
}

static const struct prog_type_row *fake_prog_type(void *ctx __unused_arg, u32 type,
						  u32 attach_type __unused_arg)
{
	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].type == type)
			return &types[i];
	}
	return NULL;
}

#define MEM_IN (ARG_PTR_TO_MEM | ARG_MEM_RDONLY)

static const struct helper_proto helpers[] = {
	{ .id = BPF_FUNC_map_lookup_elem, .name = "bpf_map_lookup_elem", .pkt_access = true,
	  .ret = RET_PTR_TO_MAP_VALUE | RET_MAYBE_NULL,
	  .arg = { ARG_CONST_MAP_PTR, ARG_PTR_TO_MAP_KEY } },
	{ .id = BPF_FUNC_map_update_elem, .name = "bpf_map_update_elem", .pkt_access = true,
	  .ret = RET_INTEGER,
	  .arg = { ARG_CONST_MAP_PTR, ARG_PTR_TO_MAP_KEY, ARG_PTR_TO_MAP_VALUE, ARG_ANYTHING } },
	{ .id = BPF_FUNC_map_delete_elem, .name = "bpf_map_delete_elem", .pkt_access = true,
	  .ret = RET_INTEGER, .arg = { ARG_CONST_MAP_PTR, ARG_PTR_TO_MAP_KEY } },
	{ .id = BPF_FUNC_ktime_get_ns, .name = "bpf_ktime_get_ns", .ret = RET_INTEGER },
	{ .id = BPF_FUNC_get_prandom_u32, .name = "bpf_get_prandom_u32", .ret = RET_INTEGER },
	{ .id = BPF_FUNC_get_smp_processor_id, .name = "bpf_get_smp_processor_id",
	  .ret = RET_INTEGER, .allow_fastcall = true },
	{ .id = BPF_FUNC_trace_printk, .name = "bpf_trace_printk", .gpl_only = true,
	  .ret = RET_INTEGER, .arg = { MEM_IN, ARG_CONST_SIZE } },
	{ .id = BPF_FUNC_skb_load_bytes, .name = "bpf_skb_load_bytes", .ret = RET_INTEGER,
	  .arg = { ARG_PTR_TO_CTX, ARG_ANYTHING, ARG_PTR_TO_MEM | ARG_MEM_UNINIT | ARG_MEM_WRITE,
		   ARG_CONST_SIZE } },
	{ .id = BPF_FUNC_csum_diff, .name = "bpf_csum_diff", .pkt_access = true, .ret = RET_INTEGER,
	  .arg = { MEM_IN | ARG_MAYBE_NULL, ARG_CONST_SIZE_OR_ZERO, MEM_IN | ARG_MAYBE_NULL,
		   ARG_CONST_SIZE_OR_ZERO, ARG_ANYTHING } },
	{ .id = BPF_FUNC_xdp_adjust_head, .name = "bpf_xdp_adjust_head", .ret = RET_INTEGER,
	  .arg = { ARG_PTR_TO_CTX, ARG_ANYTHING }, .changes_pkt_data = true },
	{ .id = BPF_FUNC_perf_event_output, .name = "bpf_perf_event_output", .gpl_only = true,
	  .ret = RET_INTEGER,
	  .arg = { ARG_PTR_TO_CTX, ARG_CONST_MAP_PTR, ARG_ANYTHING, MEM_IN,
		   ARG_CONST_SIZE_OR_ZERO } },
	{ .id = BPF_FUNC_ringbuf_output, .name = "bpf_ringbuf_output", .ret = RET_INTEGER,
	  .arg = { ARG_CONST_MAP_PTR, MEM_IN, ARG_CONST_SIZE_OR_ZERO, ARG_ANYTHING } },
	{ .id = BPF_FUNC_ringbuf_reserve, .name = "bpf_ringbuf_reserve",
	  .ret = RET_PTR_TO_MEM | RET_MAYBE_NULL | RET_MEM_RINGBUF,
	  .arg = { ARG_CONST_MAP_PTR, ARG_CONST_ALLOC_SIZE_OR_ZERO, ARG_ANYTHING } },
	{ .id = BPF_FUNC_ringbuf_submit, .name = "bpf_ringbuf_submit", .ret = RET_VOID,
	  .arg = { ARG_PTR_TO_RINGBUF_MEM | ARG_OBJ_RELEASE, ARG_ANYTHING } },
	{ .id = BPF_FUNC_ringbuf_discard, .name = "bpf_ringbuf_discard", .ret = RET_VOID,
	  .arg = { ARG_PTR_TO_RINGBUF_MEM | ARG_OBJ_RELEASE, ARG_ANYTHING } },
	{ .id = BPF_FUNC_sk_lookup_tcp, .name = "bpf_sk_lookup_tcp", .pkt_access = true,
	  .ret = RET_PTR_TO_SOCKET | RET_MAYBE_NULL,
	  .arg = { ARG_PTR_TO_CTX, MEM_IN, ARG_CONST_SIZE, ARG_ANYTHING, ARG_ANYTHING } },
	{ .id = BPF_FUNC_sk_release, .name = "bpf_sk_release", .ret = RET_INTEGER,
	  .arg = { ARG_PTR_TO_BTF_ID_SOCK_COMMON | ARG_OBJ_RELEASE } },
	{ .id = BPF_FUNC_sk_fullsock, .name = "bpf_sk_fullsock",
	  .ret = RET_PTR_TO_SOCKET | RET_MAYBE_NULL, .arg = { ARG_PTR_TO_SOCK_COMMON } },
	{ .id = BPF_FUNC_for_each_map_elem, .name = "bpf_for_each_map_elem", .ret = RET_INTEGER,
	  .arg = { ARG_CONST_MAP_PTR, ARG_PTR_TO_FUNC, ARG_PTR_TO_STACK | ARG_MAYBE_NULL,
		   ARG_ANYTHING } },
	{ .id = BPF_FUNC_loop, .name = "bpf_loop", .ret = RET_INTEGER,
	  .arg = { ARG_ANYTHING, ARG_PTR_TO_FUNC, ARG_PTR_TO_STACK | ARG_MAYBE_NULL,
		   ARG_ANYTHING } },
	{ .id = BPF_FUNC_get_numa_node_id, .name = "bpf_get_numa_node_id", .ret = RET_INTEGER,
	  .deprecated = "bpf_get_smp_processor_id" },
	{ .id = BPF_FUNC_copy_from_user, .name = "bpf_copy_from_user", .might_sleep = true,
	  .ret = RET_INTEGER,
	  .arg = { ARG_PTR_TO_MEM | ARG_MEM_UNINIT | ARG_MEM_WRITE, ARG_CONST_SIZE_OR_ZERO,
		   ARG_ANYTHING } },
};

static enum helper_avail fake_helper(void *ctx __unused_arg, const struct prog_type_row *type,
				     u32 attach_type __unused_arg, u32 id,
				     const struct helper_proto **ret_proto)
{
	*ret_proto = NULL;
	for (u32 i = 0; i < ARRAY_SIZE(helpers); i++) {
		if (helpers[i].id != id)
			continue;
		*ret_proto = &helpers[i];
		if (id == BPF_FUNC_xdp_adjust_head && type->type != BPF_PROG_TYPE_XDP)
			return HELPER_NOT_ALLOWED;
		if (id == BPF_FUNC_skb_load_bytes && type->type != BPF_PROG_TYPE_SOCKET_FILTER)
			return HELPER_NOT_ALLOWED;
		return HELPER_OK;
	}
	return HELPER_UNKNOWN;
}

static bool fake_helper_map_ok(void *ctx __unused_arg, u32 helper_id, u32 map_type)
{
	bool ringbuf = helper_id == BPF_FUNC_ringbuf_output ||
		       helper_id == BPF_FUNC_ringbuf_reserve;

	if (helper_id == BPF_FUNC_perf_event_output)
		return map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
	return ringbuf == (map_type == BPF_MAP_TYPE_RINGBUF);
}

static bool fake_prog_map_ok(void *ctx __unused_arg, const struct prog_type_row *type __unused_arg,
			     u32 map_type)
{
	return map_type != BPF_MAP_TYPE_BLOOM_FILTER;
}

static int fake_map_get(void *ctx, int fd, struct map_desc *ret_map)
{
	struct fakehost *fh = ctx;

	if (fd < FAKE_FD0 || fd >= (int)(FAKE_FD0 + fh->map_cnt))
		return -EBADF;
	*ret_map = fh->maps[fd - FAKE_FD0];
	fh->map_refs++;
	return 0;
}

static void fake_map_put(void *ctx, const struct map_desc *map __unused_arg)
{
	((struct fakehost *)ctx)->map_refs--;
}

void fakehost_init(struct fakehost *fh)
{
	*fh = (struct fakehost){ 0 };
	fh->host = (struct vhost){
		.ctx = fh,
		.caps = VCAP_BPF | VCAP_PERFMON | VCAP_NET_ADMIN | VCAP_SYS_ADMIN,
		.jit = true,
		.prog_type = fake_prog_type,
		.view = fake_view,
		.helper = fake_helper,
		.helper_map_ok = fake_helper_map_ok,
		.prog_map_ok = fake_prog_map_ok,
		.map_get = fake_map_get,
		.map_put = fake_map_put,
	};
}

int fakehost_add_map(struct fakehost *fh, u32 type, u32 key_size, u32 value_size, u32 max_entries,
		     u32 flags)
{
	struct map_desc *map = &fh->maps[fh->map_cnt];

	if (fh->map_cnt == FAKE_MAP_CNT)
		abort();
	*map = (struct map_desc){
		.cookie = map,
		.id = 100 + fh->map_cnt,
		.type = type,
		.key_size = key_size,
		.value_size = value_size,
		.max_entries = max_entries,
		.map_flags = flags,
		.direct_value = type == BPF_MAP_TYPE_ARRAY && max_entries == 1,
	};
	snprintf(map->name, sizeof(map->name), "m%u", fh->map_cnt);
	return FAKE_FD0 + fh->map_cnt++;
}

static int sym_map(void *ctx __unused_arg, const char *name)
{
	return !strncmp(name, "fd", 2) ? atoi(name + 2) : -1;
}

static int sym_helper(void *ctx __unused_arg, const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(helpers); i++) {
		if (!strcmp(helpers[i].name, name))
			return helpers[i].id;
	}
	return -1;
}

/* BTF and func_info for every subprogram, unless the test brought its own. */
static void add_btf(struct vprog *p, struct fake_run *run)
{
	static __thread struct minibtf b;
	struct cfg cfg;
	u32 proto;
	char name[16];

	if (p->btf || cfg_build(run->insns, run->insn_cnt, NULL, &cfg))
		return; /* ill-formed programs have no subprograms to name */
	if (cfg.subprog_cnt > 1) {
		mb_init(&b);
		proto = mb_proto(&b, mb_int(&b, "int", 4));
		run->funcs = calloc(cfg.subprog_cnt, sizeof(*run->funcs));
		for (u32 i = 0; i < cfg.subprog_cnt; i++) {
			snprintf(name, sizeof(name), "f%u", i);
			run->funcs[i] = (struct bpf_func_info){
				.insn_off = cfg.subprogs[i].start,
				.type_id = mb_func(&b, name, BTF_FUNC_STATIC, proto),
			};
		}
		run->btf = mb_parse(&b);
		p->btf = run->btf;
		p->func_info = run->funcs;
		p->func_info_rec_size = sizeof(*run->funcs);
		p->func_info_cnt = cfg.subprog_cnt;
	}
	cfg_free(&cfg);
}

void fakehost_verify(struct fakehost *fh, u32 type, const char *text, const struct vprog *prog,
		     struct fake_run *run)
{
	struct asm_syms syms = { .map = sym_map, .helper = sym_helper };
	struct vprog p = prog ? *prog : (struct vprog){ .gpl = true };
	struct strbuf err = { 0 };
	struct vopts opts = { 0 };
	struct vlog log;
	u32 size;

	memset(run, 0, sizeof(*run));
	if (text) {
		if (insn_assemble(text, &syms, &run->insns, &run->insn_cnt, &err)) {
			fprintf(stderr, "test program: %s\n%s\n", strbuf_str(&err), text);
			abort();
		}
		p.insns = run->insns;
		p.insn_cnt = run->insn_cnt;
		add_btf(&p, run);
	}
	strbuf_free(&err);
	p.type = type;
	if (type == BPF_PROG_TYPE_SYSCALL)
		p.flags |= BPF_F_SLEEPABLE;
	vlog_init(&log, VLOG_LEVEL1 | VLOG_LEVEL2 | VLOG_STATS, run->log_buf, sizeof(run->log_buf));
	opts.log = &log;
	opts.flags = VOPT_FACTS;
	if (verifier_run(&p, &fh->host, &opts, &run->res))
		abort();
	vlog_finish(&log, &size);
}

void fakehost_release(struct fakehost *fh, struct fake_run *run)
{
	vresult_free(&fh->host, &run->res);
	free(run->insns);
	free(run->funcs);
	btf_put(run->btf);
}

bool fakehost_expect(struct fakehost *fh, u32 type, const char *text, int err, const char *msg)
{
	static __thread struct fake_run run;
	bool ok;

	fakehost_verify(fh, type, text, NULL, &run);
	ok = run.res.err == err && (!msg || !strcmp(run.res.message, msg));
	if (!ok)
		fprintf(stderr, "expected %d \"%s\", got %d \"%s\":\n%s\n%s\n", err, msg ? msg : "",
			run.res.err, run.res.message, text, run.log_buf);
	fakehost_release(fh, &run);
	if (fh->map_refs) {
		fprintf(stderr, "%d map references left\n", fh->map_refs);
		ok = false;
	}
	return ok;
}
