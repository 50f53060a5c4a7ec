/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tables.c - the generated tables, ids and the tag's hash: samples that people know by heart. */
#include "base/sha256.h"
#include "runtime/idtab.h"
#include "runtime/tables.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct tab_prog *prog_of(u32 type, u32 attach)
{
	const struct tab_prog *any = NULL;

	for (u32 i = 0; i < tab_prog_cnt; i++) {
		if ((u32)tab_progs[i].row.type != type)
			continue;
		if (!tab_progs[i].attach_given)
			any = &tab_progs[i];
		else if (tab_progs[i].attach_type == attach)
			return &tab_progs[i];
	}
	return any;
}

static const struct helper_proto *variant_of(u32 type, u32 id)
{
	for (u32 i = 0; i < tab_variant_cnt; i++)
		if (tab_variants[i].prog_type == type && tab_variants[i].proto.id == id)
			return &tab_variants[i].proto;
	return &tab_helpers[id];
}

static void prototypes_by_number(void **state __unused_arg)
{
	const struct helper_proto *p = &tab_helpers[BPF_FUNC_map_update_elem];

	assert_int_equal(tab_helper_cnt, BPF_FUNC_cgrp_storage_delete + 1);
	assert_null(tab_helpers[0].name);
	for (u32 i = 1; i < tab_helper_cnt; i++)
		assert_int_equal(tab_helpers[i].id, i);
	assert_string_equal(p->name, "bpf_map_update_elem");
	assert_int_equal(p->arg[0], ARG_CONST_MAP_PTR);
	assert_int_equal(p->arg[1], ARG_PTR_TO_MAP_KEY);
	assert_int_equal(p->arg[2], ARG_PTR_TO_MAP_VALUE);
	assert_int_equal(p->arg[3], ARG_ANYTHING);
	assert_int_equal(p->arg[4], ARG_DONTCARE);
	assert_int_equal(p->ret, RET_INTEGER);
	assert_true(p->pkt_access && !p->gpl_only && !p->changes_pkt_data);
	assert_int_equal(tab_helpers[BPF_FUNC_map_lookup_elem].ret,
			 RET_PTR_TO_MAP_VALUE | RET_MAYBE_NULL);
	assert_int_equal(tab_helpers[BPF_FUNC_ringbuf_reserve].ret,
			 RET_PTR_TO_MEM | RET_MAYBE_NULL | RET_MEM_RINGBUF);
	assert_int_equal(tab_helpers[BPF_FUNC_ringbuf_submit].arg[0],
			 ARG_PTR_TO_RINGBUF_MEM | ARG_OBJ_RELEASE);
	assert_int_equal(tab_helpers[BPF_FUNC_probe_read].arg[0],
			 ARG_PTR_TO_MEM | ARG_MEM_UNINIT | ARG_MEM_WRITE);
	assert_int_equal(tab_helpers[BPF_FUNC_strtol].arg[3],
			 ARG_PTR_TO_MEM | ARG_MEM_UNINIT | ARG_MEM_WRITE | ARG_MEM_FIXED_SIZE |
				 ARG_MEM_ALIGNED);
	assert_int_equal(tab_helpers[BPF_FUNC_strtol].arg_size[3], 8);
	assert_true(tab_helpers[BPF_FUNC_trace_printk].gpl_only);
	assert_true(tab_helpers[BPF_FUNC_copy_from_user].might_sleep);
	assert_true(tab_helpers[BPF_FUNC_xdp_adjust_head].changes_pkt_data);
	assert_true(tab_helpers[BPF_FUNC_tail_call].changes_pkt_data);
	assert_false(tab_helpers[BPF_FUNC_skb_load_bytes].changes_pkt_data);
}

/* What verifier.h has no word for must not look like something it has. */
static void unknown_kinds_are_marked(void **state __unused_arg)
{
	assert_true(tab_helpers[BPF_FUNC_dynptr_data].ret & RET_UNKNOWN_FLAG);
	assert_true(tab_helpers[BPF_FUNC_per_cpu_ptr].ret & RET_UNKNOWN_FLAG);
	assert_true(tab_helpers[BPF_FUNC_get_current_task_btf].ret & RET_UNKNOWN_FLAG);
	assert_true(tab_helpers[BPF_FUNC_seq_write].arg[0] & ARG_UNKNOWN_FLAG);
	assert_true(tab_helpers[BPF_FUNC_ringbuf_submit_dynptr].arg[0] & ARG_UNKNOWN_FLAG);
	for (u32 i = 0; i < tab_helper_cnt; i++) {
		assert_true(RET_BASE(tab_helpers[i].ret) < RET_TYPE_CNT);
		for (u32 a = 0; a < 5; a++)
			assert_true(ARG_BASE(tab_helpers[i].arg[a]) < ARG_TYPE_CNT);
	}
}

static void variants_by_program_type(void **state __unused_arg)
{
	assert_true(variant_of(BPF_PROG_TYPE_XDP, BPF_FUNC_get_smp_processor_id)->allow_fastcall);
	assert_false(variant_of(BPF_PROG_TYPE_SOCKET_FILTER,
				BPF_FUNC_get_smp_processor_id)->allow_fastcall);
	assert_int_equal(variant_of(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len)->arg[0],
			 ARG_PTR_TO_CTX);
}

static void matrix_cells(void **state __unused_arg)
{
	s32 xdp = prog_of(BPF_PROG_TYPE_XDP, 0)->column;
	s32 cls = prog_of(BPF_PROG_TYPE_SCHED_CLS, 0)->column;
	s32 sys = prog_of(BPF_PROG_TYPE_SYSCALL, 0)->column;

	assert_int_equal(tab_helper_avail(BPF_FUNC_map_lookup_elem, xdp), TAB_YES);
	assert_int_equal(tab_helper_avail(BPF_FUNC_skb_load_bytes, xdp), TAB_NO);
	assert_int_equal(tab_helper_avail(BPF_FUNC_skb_load_bytes, cls), TAB_YES);
	assert_int_equal(tab_helper_avail(BPF_FUNC_xdp_adjust_head, cls), TAB_NO);
	assert_int_equal(tab_helper_avail(BPF_FUNC_sys_bpf, xdp), TAB_NO);
	assert_true(tab_helper_avail(BPF_FUNC_sys_bpf, sys) == TAB_YES ||
		    tab_helper_avail(BPF_FUNC_sys_bpf, sys) == TAB_SLEEPABLE);
	assert_int_equal(tab_helper_avail(BPF_FUNC_map_lookup_elem, -1), TAB_UNPROBED);
	assert_int_equal(tab_helper_avail(100000, xdp), TAB_UNPROBED);
	assert_int_equal(tab_helper_caps[BPF_FUNC_trace_printk], VCAP_BPF | VCAP_PERFMON);
	assert_int_equal(tab_helper_caps[BPF_FUNC_map_lookup_elem], 0);
}

static void maps_and_helpers(void **state __unused_arg)
{
	static const struct {
		u32 helper, map;
		bool ok;
	} cases[] = {
		{ BPF_FUNC_map_lookup_elem, BPF_MAP_TYPE_HASH, true },
		{ BPF_FUNC_map_lookup_elem, BPF_MAP_TYPE_PROG_ARRAY, false },
		{ BPF_FUNC_map_lookup_elem, BPF_MAP_TYPE_RINGBUF, false },
		{ BPF_FUNC_map_lookup_elem, BPF_MAP_TYPE_RHASH, true },
		{ BPF_FUNC_map_delete_elem, BPF_MAP_TYPE_ARRAY, true },
		{ BPF_FUNC_map_push_elem, BPF_MAP_TYPE_QUEUE, true },
		{ BPF_FUNC_map_push_elem, BPF_MAP_TYPE_HASH, false },
		{ BPF_FUNC_map_pop_elem, BPF_MAP_TYPE_BLOOM_FILTER, false },
		{ BPF_FUNC_ringbuf_reserve, BPF_MAP_TYPE_RINGBUF, true },
		{ BPF_FUNC_ringbuf_output, BPF_MAP_TYPE_ARRAY, false },
		{ BPF_FUNC_map_lookup_percpu_elem, BPF_MAP_TYPE_PERCPU_HASH, true },
		{ BPF_FUNC_map_lookup_percpu_elem, BPF_MAP_TYPE_HASH, false },
		{ BPF_FUNC_for_each_map_elem, BPF_MAP_TYPE_HASH, true },
		{ BPF_FUNC_for_each_map_elem, BPF_MAP_TYPE_LPM_TRIE, false },
		{ BPF_FUNC_tail_call, BPF_MAP_TYPE_PROG_ARRAY, true },
		{ BPF_FUNC_tail_call, BPF_MAP_TYPE_ARRAY, false },
		{ BPF_FUNC_map_lookup_elem, 9999, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (tab_helper_map_ok(cases[i].helper, cases[i].map) != cases[i].ok)
			fail_msg("helper %u, map %u", cases[i].helper, cases[i].map);
}

static const struct ctx_row *row_at(const struct prog_type_row *t, u32 off, u32 size)
{
	for (u32 i = 0; i < t->ctx.row_cnt; i++)
		if (t->ctx.rows[i].off == off && t->ctx.rows[i].size == size)
			return &t->ctx.rows[i];
	return NULL;
}

static void contexts(void **state __unused_arg)
{
	const struct prog_type_row *xdp = &prog_of(BPF_PROG_TYPE_XDP, 0)->row;
	const struct prog_type_row *cls = &prog_of(BPF_PROG_TYPE_SCHED_CLS, 0)->row;
	const struct prog_type_row *tp = &prog_of(BPF_PROG_TYPE_RAW_TRACEPOINT, 0)->row;
	const struct prog_type_row *sys = &prog_of(BPF_PROG_TYPE_SYSCALL, 0)->row;

	assert_string_equal(xdp->ctx.name, "xdp_md");
	assert_int_equal(xdp->ctx_size, sizeof(struct xdp_md));
	assert_int_equal(row_at(xdp, 0, 4)->val, CTX_PACKET);
	assert_int_equal(row_at(xdp, 4, 4)->val, CTX_PACKET_END);
	assert_int_equal(row_at(xdp, 8, 4)->val, CTX_PACKET_META);
	assert_null(row_at(xdp, 0, 8));
	assert_null(row_at(xdp, 20, 4));
	assert_non_null(row_at(&prog_of(BPF_PROG_TYPE_XDP, BPF_XDP_DEVMAP)->row, 20, 4));
	assert_true(xdp->pkt_read && xdp->pkt_write && !xdp->ld_abs && !xdp->sleepable_ok);
	assert_true(cls->ld_abs);
	assert_int_equal(row_at(cls, 8, 4)->access, CTX_READ | CTX_WRITE | CTX_WRITE_IMM);
	assert_int_equal(row_at(cls, 8, 2)->access, CTX_READ);
	assert_int_equal(row_at(cls, 168, 8)->val, CTX_SOCK_COMMON_OR_NULL);
	assert_int_equal(row_at(&prog_of(BPF_PROG_TYPE_NETFILTER, BPF_NETFILTER)->row, 8, 8)->val,
			 CTX_NOT_MODELLED); /* a kernel type */
	assert_false(prog_of(BPF_PROG_TYPE_SOCKET_FILTER, 0)->row.pkt_read);
	assert_int_equal(tp->ctx.range_cnt, 1);
	assert_int_equal(tp->ctx.ranges[0].from, 0);
	assert_int_equal(tp->ctx.ranges[0].to, 96);
	assert_int_equal(tp->ctx.ranges[0].sizes, 1 | 2 | 4 | 8);
	assert_int_equal(tp->ctx_size, 96);
	assert_int_equal(prog_of(BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0)->row.ctx.ranges[0].val, CTX_TP_BUFFER);
	assert_true(prog_of(BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT)->row.pkt_any_helper);
	assert_string_equal(tab_views[VIEW_TCP_SOCK].name, "bpf_tcp_sock");
	assert_true(sys->ctx_is_mem && sys->sleepable_ok && sys->ctx_size == 65535);
	assert_false(prog_of(BPF_PROG_TYPE_TRACING, 0)->row.modelled);
	assert_string_equal(prog_of(BPF_PROG_TYPE_TRACING, 0)->row.name, "TRACING");
	/* One row an attach type: a sleepable program has that of its type. */
	assert_int_equal(prog_of(BPF_PROG_TYPE_KPROBE, 0)->column, 1);
	assert_true(prog_of(BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_SESSION)->row.ret_checked);
	assert_null(prog_of(200, 0));
}

static void ids_go_round(void **state __unused_arg)
{
	struct idtab tab;
	u32 a, b, c;
	int obj;

	idtab_init(&tab);
	assert_int_equal(idtab_add(&tab, &obj, &a), 0);
	assert_int_equal(idtab_add(&tab, &obj, &b), 0);
	assert_int_equal(a, 1);
	assert_int_equal(b, 2);
	idtab_del(&tab, b);
	assert_int_equal(idtab_add(&tab, &obj, &b), 0);
	assert_int_equal(b, 3); /* not 2 again */
	assert_int_equal(idtab_next(&tab, 0), 1);
	assert_int_equal(idtab_next(&tab, 1), 3);
	assert_int_equal(idtab_next(&tab, 3), 0);
	assert_int_equal(idtab_next(&tab, INT_MAX), 0);
	/* At the end of the numbers it starts over, past those still in use. */
	tab.last = INT_MAX - 1;
	assert_int_equal(idtab_add(&tab, &obj, &c), 0);
	assert_int_equal(c, INT_MAX);
	assert_int_equal(idtab_add(&tab, &obj, &c), 0);
	assert_int_equal(c, 2);
	assert_int_equal(idtab_next(&tab, 3), INT_MAX);
	idtab_destroy(&tab);
}

/* FIPS 180-4 examples, and lengths around a block's end. */
static void sha256_vectors(void **state __unused_arg)
{
	static const u8 abc[32] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
				    0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
				    0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
	static const u8 two[4] = { 0x24, 0x8d, 0x6a, 0x61 }, none[4] = { 0xe3, 0xb0, 0xc4, 0x42 };
	static const u8 a55[4] = { 0x9f, 0x43, 0x90, 0xf8 }, a64[4] = { 0xff, 0xe0, 0x54, 0xfe };
	u8 digest[32], buf[64];

	sha256("abc", 3, digest);
	assert_memory_equal(digest, abc, 32);
	sha256("", 0, digest);
	assert_memory_equal(digest, none, 4);
	sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, digest);
	assert_memory_equal(digest, two, 4);
	memset(buf, 'a', sizeof(buf));
	sha256(buf, 55, digest);
	assert_memory_equal(digest, a55, 4);
	sha256(buf, 64, digest);
	assert_memory_equal(digest, a64, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prototypes_by_number), cmocka_unit_test(unknown_kinds_are_marked),
		cmocka_unit_test(variants_by_program_type), cmocka_unit_test(matrix_cells),
		cmocka_unit_test(maps_and_helpers),	cmocka_unit_test(contexts),
		cmocka_unit_test(ids_go_round),		cmocka_unit_test(sha256_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
