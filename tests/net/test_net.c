/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_net.c - test runs of XDP, tc and socket-filter programs and their helpers. Each case states
 * what Linux 6.18.44 gave; where bpf(2) is permitted on such a kernel, it is asked again.
 */
#include "net/net.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include "../runtime/insns.h"

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

static struct skep *skep;

/* Asks skep, or the running kernel. */
static long judge(bool kernel, int cmd, union bpf_attr *attr)
{
	long ret;

	if (!kernel)
		return skep_bpf(skep, NULL, cmd, attr, sizeof(*attr));
	ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));
	return ret < 0 ? -errno : ret;
}

static int load(bool kernel, u32 type, const struct bpf_insn *insns, u32 cnt, u32 flags)
{
	static char log[65536];
	union bpf_attr attr = { 0 };
	long fd;

	attr.prog_type = type;
	attr.insns = P(insns);
	attr.insn_cnt = cnt;
	attr.license = P("GPL");
	attr.prog_flags = flags;
	attr.log_buf = P(log);
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	fd = judge(kernel, BPF_PROG_LOAD, &attr);
	if (fd < 0 && !(kernel && (fd == -EPERM || fd == -ENOSYS)))
		print_error("%s", log);
	return (int)fd;
}

static bool kernel_answers(void)
{
	const struct bpf_insn prog[] = { MOV_K(0, 0), EXIT_() };
	struct utsname uts;
	int major = 0, minor = 0, fd;

	uname(&uts);
	sscanf(uts.release, "%d.%d", &major, &minor);
	if (major < 6 || (major == 6 && minor < 18))
		return false;
	fd = load(true, BPF_PROG_TYPE_XDP, prog, 2, 0);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* ---- one program, one run --------------------------------------------------------------------- */

#define XDP BPF_PROG_TYPE_XDP
#define CLS BPF_PROG_TYPE_SCHED_CLS
#define SF  BPF_PROG_TYPE_SOCKET_FILTER

struct result {
	long err;
	u32 retval, size;
	u8 data[20000];
};

struct net_case {
	const char *name;
	u32 type;
	struct bpf_insn insns[24];
	u32 size;	/* of the packet: bytes 0, 1, 2, ... */
	u32 repeat;
	s64 want_err;
	u32 want_ret, want_size;
};

static u32 insn_cnt(const struct bpf_insn *insns)
{
	u32 n = 0;

	while (insns[n].code != 0x95)
		n++;
	return n + 1;
}

static void fill(u8 *pkt, u32 size)
{
	for (u32 i = 0; i < size; i++)
		pkt[i] = (u8)i;
}

static void run_case(bool kernel, const struct net_case *c, struct result *res)
{
	static u8 pkt[20000];
	union bpf_attr attr = { 0 };
	int fd = load(kernel, c->type, c->insns, insn_cnt(c->insns), 0);

	memset(res, 0, sizeof(*res));
	if (fd < 0)
		fail_msg("%s does not load: %d", c->name, fd);
	fill(pkt, c->size);
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = P(pkt);
	attr.test.data_size_in = c->size;
	attr.test.data_out = P(res->data);
	attr.test.data_size_out = sizeof(res->data);
	attr.test.repeat = c->repeat;
	res->err = judge(kernel, BPF_PROG_TEST_RUN, &attr);
	res->retval = attr.test.retval;
	res->size = res->err ? 0 : attr.test.data_size_out;
	close(fd);
}

#define SELF(h, a, b)	  MOV_K(2, a), MOV_K(3, b), CALL_H(BPF_FUNC_##h), EXIT_()
#define STORE_AT(h, o, f) ST_K(8, 10, -8, 0x11223344), MOV_K(2, o), MOV_X(3, 10), ADD_K(3, -8),    \
			  MOV_K(4, 4), MOV_K(5, f), CALL_H(BPF_FUNC_##h), EXIT_()
#define LOAD_AT(h, o)	  ST_K(8, 10, -8, -1), MOV_K(2, o), MOV_X(3, 10), ADD_K(3, -8),            \
			  MOV_K(4, 4), CALL_H(BPF_FUNC_##h), JNE_K(0, 0, 1), LDX(4, 0, 10, -8), EXIT_()
#define LOAD_FAIL(h, o)	  ST_K(8, 10, -8, -1), MOV_K(2, o), MOV_X(3, 10), ADD_K(3, -8),            \
			  MOV_K(4, 4), CALL_H(BPF_FUNC_##h), LDX(4, 0, 10, -8), EXIT_()
#define CSUM(h, o, a, b, f) MOV_K(2, o), MOV_K(3, a), MOV_K(4, b), MOV_K(5, f),                    \
			    CALL_H(BPF_FUNC_##h), EXIT_()
#define LD_ABS(code, at)  MOV_X(6, 1), INSN_(code, 0, 0, 0, at), EXIT_()
#define REDIR(i, f)	  MOV_K(1, i), MOV_K(2, f), CALL_H(BPF_FUNC_redirect), EXIT_()
#define FIELD(sz, o)	  LDX(sz, 0, 1, o), EXIT_()
#define E(e)		  ((u32)-(e))

static const struct net_case cases[] = {
	{ "xdp pass", XDP, { MOV_K(0, 2), EXIT_() }, 64, 1, 0, 2, 64 },
	{ "xdp shortest", XDP, { MOV_K(0, 2), EXIT_() }, 14, 1, 0, 2, 14 },
	{ "xdp too short", XDP, { MOV_K(0, 2), EXIT_() }, 13, 1, -EINVAL, 0, 0 },
	{ "xdp longest", XDP, { MOV_K(0, 2), EXIT_() }, 3520, 1, 0, 2, 3520 },
	{ "head +4", XDP, { SELF(xdp_adjust_head, 4, 0) }, 64, 1, 0, 0, 60 },
	{ "head +4, three times", XDP, { SELF(xdp_adjust_head, 4, 0) }, 64, 3, 0, 0, 52 },
	{ "head +50", XDP, { SELF(xdp_adjust_head, 50, 0) }, 64, 1, 0, 0, 14 },
	{ "head +51", XDP, { SELF(xdp_adjust_head, 51, 0) }, 64, 1, 0, E(EINVAL), 64 },
	{ "head -216", XDP, { SELF(xdp_adjust_head, -216, 0) }, 64, 1, 0, 0, 280 },
	{ "head -217", XDP, { SELF(xdp_adjust_head, -217, 0) }, 64, 1, 0, E(EINVAL), 64 },
	{ "head min", XDP, { SELF(xdp_adjust_head, (s32)0x80000000, 0) }, 64, 1, 0, E(EINVAL), 64 },
	{ "head max", XDP, { SELF(xdp_adjust_head, 0x7fffffff, 0) }, 64, 1, 0, E(EINVAL), 64 },
	{ "meta 0", XDP, { SELF(xdp_adjust_meta, 0, 0) }, 64, 1, 0, 0, 64 },
	{ "meta -4", XDP, { SELF(xdp_adjust_meta, -4, 0) }, 64, 1, 0, 0, 68 },
	{ "meta -3", XDP, { SELF(xdp_adjust_meta, -3, 0) }, 64, 1, 0, E(EACCES), 64 },
	{ "meta -36", XDP, { SELF(xdp_adjust_meta, -36, 0) }, 64, 1, 0, 0, 100 },
	{ "meta -216", XDP, { SELF(xdp_adjust_meta, -216, 0) }, 64, 1, 0, 0, 280 },
	{ "meta -252", XDP, { SELF(xdp_adjust_meta, -252, 0) }, 64, 1, 0, E(EINVAL), 64 },
	{ "meta +4", XDP, { SELF(xdp_adjust_meta, 4, 0) }, 64, 1, 0, E(EINVAL), 64 },
	{ "meta then head", XDP,
	  { MOV_X(6, 1), MOV_K(2, -8), CALL_H(BPF_FUNC_xdp_adjust_meta), MOV_X(1, 6), MOV_K(2, 14),
	    CALL_H(BPF_FUNC_xdp_adjust_head), EXIT_() }, 64, 1, 0, 0, 58 },
	{ "tail 0", XDP, { SELF(xdp_adjust_tail, 0, 0) }, 64, 1, 0, 0, 64 },
	{ "tail -50", XDP, { SELF(xdp_adjust_tail, -50, 0) }, 64, 1, 0, 0, 14 },
	{ "tail -51", XDP, { SELF(xdp_adjust_tail, -51, 0) }, 64, 1, 0, E(EINVAL), 64 },
	{ "tail +3456", XDP, { SELF(xdp_adjust_tail, 3456, 0) }, 64, 1, 0, 0, 3520 },
	{ "tail +3457", XDP, { SELF(xdp_adjust_tail, 3457, 0) }, 64, 1, 0, E(EINVAL), 64 },
	{ "tail shrinks, then grows zeros", XDP,
	  { MOV_X(6, 1), MOV_K(2, -8), CALL_H(BPF_FUNC_xdp_adjust_tail), MOV_X(1, 6), MOV_K(2, 8),
	    CALL_H(BPF_FUNC_xdp_adjust_tail), EXIT_() }, 64, 1, 0, 0, 64 },
	{ "buff_len", XDP, { CALL_H(BPF_FUNC_xdp_get_buff_len), EXIT_() }, 77, 1, 0, 77, 77 },
	{ "xdp load 0", XDP, { LOAD_AT(xdp_load_bytes, 0) }, 64, 1, 0, 0x03020100, 64 },
	{ "xdp load 60", XDP, { LOAD_AT(xdp_load_bytes, 60) }, 64, 1, 0, 0x3f3e3d3c, 64 },
	{ "xdp load 61", XDP, { LOAD_AT(xdp_load_bytes, 61) }, 64, 1, 0, E(EINVAL), 64 },
	{ "xdp load -1", XDP, { LOAD_AT(xdp_load_bytes, -1) }, 64, 1, 0, E(EFAULT), 64 },
	{ "xdp load 65535", XDP, { LOAD_AT(xdp_load_bytes, 65535) }, 64, 1, 0, E(EINVAL), 64 },
	{ "xdp load 65536", XDP, { LOAD_AT(xdp_load_bytes, 65536) }, 64, 1, 0, E(EFAULT), 64 },
	{ "xdp store 60", XDP,
	  { ST_K(8, 10, -8, 0x11223344), MOV_K(2, 60), MOV_X(3, 10), ADD_K(3, -8), MOV_K(4, 4),
	    CALL_H(BPF_FUNC_xdp_store_bytes), EXIT_() }, 64, 1, 0, 0, 64 },
	{ "xdp redirect", XDP, { REDIR(99, 0) }, 64, 1, 0, 4, 64 },
	{ "xdp redirect flags", XDP, { REDIR(1, 1) }, 64, 1, 0, 0, 64 },
	{ "xdp ifindex", XDP, { FIELD(4, 12) }, 64, 1, 0, 1, 64 },
	{ "xdp queue", XDP, { FIELD(4, 16) }, 64, 1, 0, 0, 64 },

	{ "cls pass", CLS, { MOV_K(0, 2), EXIT_() }, 64, 1, 0, 2, 64 },
	{ "cls shortest", CLS, { MOV_K(0, 2), EXIT_() }, 14, 1, 0, 2, 14 },
	{ "cls too short", CLS, { MOV_K(0, 2), EXIT_() }, 13, 1, -EINVAL, 0, 0 },
	{ "cls longest", CLS, { MOV_K(0, 2), EXIT_() }, 3712, 1, 0, 2, 3712 },
	{ "cls too long", CLS, { MOV_K(0, 2), EXIT_() }, 3713, 1, -EINVAL, 0, 0 },
	{ "sf clears the header", SF, { MOV_K(0, 2), EXIT_() }, 64, 1, 0, 2, 64 },
	{ "cls len", CLS, { FIELD(4, 0) }, 64, 1, 0, 64, 64 },
	{ "sf len", SF, { FIELD(4, 0) }, 64, 1, 0, 50, 64 },
	{ "pkt_type", CLS, { FIELD(4, 4) }, 64, 1, 0, 3, 64 },
	{ "protocol", CLS, { FIELD(4, 16) }, 64, 1, 0, 0x0d0c, 64 },
	{ "vlan_present", CLS, { FIELD(4, 20) }, 64, 1, 0, 0, 64 },
	{ "ifindex", CLS, { FIELD(4, 40) }, 64, 1, 0, 1, 64 },
	{ "wire_len", CLS, { FIELD(4, 160) }, 64, 1, 0, 0, 64 },
	{ "len, high byte", CLS, { FIELD(1, 1) }, 0x234, 1, 0, 2, 0x234 },
	{ "mark set", CLS, { ST_K(4, 1, 8, 55), FIELD(4, 8) }, 64, 1, 0, 55, 64 },
	{ "priority set", CLS, { ST_K(4, 1, 32, 66), FIELD(4, 32) }, 64, 1, 0, 66, 64 },
	{ "tc_index set", CLS, { ST_K(4, 1, 44, 0x12345), FIELD(4, 44) }, 64, 1, 0, 0x2345, 64 },
	{ "cb byte", CLS, { ST_K(4, 1, 48, 0x01020304), ST_K(1, 1, 49, 0x77), FIELD(4, 48) },
	  64, 1, 0, 0x01027704, 64 },
	{ "cb end", CLS, { ST_K(4, 1, 64, -2), FIELD(2, 66) }, 64, 1, 0, 0xffff, 64 },
	{ "data", CLS,
	  { LDX(4, 2, 1, 76), LDX(4, 3, 1, 80), MOV_K(0, -1), MOV_X(4, 2), ADD_K(4, 34),
	    JGT_X(4, 3, 1), LDX(1, 0, 2, 33), EXIT_() }, 64, 1, 0, 33, 64 },
	{ "xdp data", XDP,
	  { LDX(4, 2, 1, 0), LDX(4, 3, 1, 4), MOV_K(0, 0), MOV_X(4, 2), ADD_K(4, 14),
	    JGT_X(4, 3, 2), ST_K(1, 2, 13, 0x5a), LDX(1, 0, 2, 13), EXIT_() }, 64, 1, 0, 0x5a, 64 },
	{ "load 0", CLS, { LOAD_AT(skb_load_bytes, 0) }, 64, 1, 0, 0x03020100, 64 },
	{ "load 61", CLS, { LOAD_AT(skb_load_bytes, 61) }, 64, 1, 0, E(EFAULT), 64 },
	{ "load -1", CLS, { LOAD_AT(skb_load_bytes, -1) }, 64, 1, 0, E(EFAULT), 64 },
	{ "sf load 0", SF, { LOAD_AT(skb_load_bytes, 0) }, 64, 1, 0, 0x11100f0e, 64 },
	{ "sf load 49", SF, { LOAD_AT(skb_load_bytes, 49) }, 64, 1, 0, E(EFAULT), 64 },
	{ "a failed load clears", CLS, { LOAD_FAIL(skb_load_bytes, 62) }, 64, 1, 0, 0, 64 },
	{ "load relative, mac", CLS,
	  { MOV_K(2, 2), MOV_X(3, 10), ADD_K(3, -8), MOV_K(4, 4), MOV_K(5, 0),
	    CALL_H(BPF_FUNC_skb_load_bytes_relative), LDX(4, 0, 10, -8), EXIT_() },
	  64, 1, 0, 0x05040302, 64 },
	{ "load relative, net", CLS,
	  { MOV_K(2, 2), MOV_X(3, 10), ADD_K(3, -8), MOV_K(4, 4), MOV_K(5, 1),
	    CALL_H(BPF_FUNC_skb_load_bytes_relative), LDX(4, 0, 10, -8), EXIT_() },
	  64, 1, 0, 0x13121110, 64 },
	{ "store 0", CLS, { STORE_AT(skb_store_bytes, 0, 0) }, 64, 1, 0, 0, 64 },
	{ "store 60", CLS, { STORE_AT(skb_store_bytes, 60, 3) }, 64, 1, 0, 0, 64 },
	{ "store 61", CLS, { STORE_AT(skb_store_bytes, 61, 0) }, 64, 1, 0, E(EFAULT), 64 },
	{ "store flags", CLS, { STORE_AT(skb_store_bytes, 0, 4) }, 64, 1, 0, E(EINVAL), 64 },
	{ "ld_abs", SF, { LD_ABS(0x28, 2) }, 64, 1, 0, 0x1011, 64 },
	{ "ld_abs byte", CLS, { LD_ABS(0x30, 33) }, 64, 1, 0, 33, 64 },
	{ "ld_abs word at the end", SF, { LD_ABS(0x20, 46) }, 64, 1, 0, 0x3c3d3e3f, 64 },
	{ "ld_abs past the end", SF, { LD_ABS(0x20, 47) }, 64, 1, 0, 0, 64 },
	{ "ld_abs network header", CLS, { LD_ABS(0x30, -0x100000 + 1) }, 64, 1, 0, 15, 64 },
	{ "ld_abs link header", SF, { LD_ABS(0x30, -0x200000 + 1) }, 64, 1, 0, 1, 64 },
	{ "ld_ind", SF, { MOV_X(6, 1), MOV_K(7, 4), INSN_(0x48, 0, 7, 0, -2), EXIT_() },
	  64, 1, 0, 0x1011, 64 },
	{ "pull 64", CLS, { SELF(skb_pull_data, 64, 0) }, 64, 1, 0, 0, 64 },
	{ "pull 65", CLS, { SELF(skb_pull_data, 65, 0) }, 64, 1, 0, E(ENOMEM), 64 },
	{ "change_tail 14", CLS, { SELF(skb_change_tail, 14, 0) }, 64, 1, 0, 0, 14 },
	{ "change_tail 13", CLS, { SELF(skb_change_tail, 13, 0) }, 64, 1, 0, E(EINVAL), 64 },
	{ "change_tail 16064", CLS, { SELF(skb_change_tail, 16064, 0) }, 64, 1, 0, 0, 16064 },
	{ "change_tail 16065", CLS, { SELF(skb_change_tail, 16065, 0) }, 64, 1, 0, E(EINVAL), 64 },
	{ "change_tail flags", CLS, { SELF(skb_change_tail, 64, 1) }, 64, 1, 0, E(EINVAL), 64 },
	{ "change_head 4", CLS, { SELF(skb_change_head, 4, 0) }, 64, 1, 0, 0, 68 },
	{ "change_head 4, three times", CLS, { SELF(skb_change_head, 4, 0) }, 64, 3, 0, 0, 76 },
	{ "change_head 16000", CLS, { SELF(skb_change_head, 16000, 0) }, 64, 1, 0, 0, 16064 },
	{ "change_head 16001", CLS, { SELF(skb_change_head, 16001, 0) }, 64, 1, 0, E(EINVAL), 64 },
	{ "change_type", CLS,
	  { MOV_X(6, 1), MOV_K(2, 0), CALL_H(BPF_FUNC_skb_change_type), LDX(4, 0, 6, 4), EXIT_() },
	  64, 1, 0, 0, 64 },
	{ "change_type 4", CLS, { SELF(skb_change_type, 4, 0) }, 64, 1, 0, E(EINVAL), 64 },
	{ "set_hash", CLS,
	  { MOV_X(6, 1), MOV_K(2, 77), CALL_H(BPF_FUNC_set_hash), LDX(4, 0, 6, 68), EXIT_() },
	  64, 1, 0, 77, 64 },
	{ "csum_update", CLS, { SELF(csum_update, 1, 0) }, 64, 1, 0, E(524), 64 },
	{ "tc redirect", CLS, { REDIR(1, 0) }, 64, 1, 0, 7, 64 },
	{ "tc redirect ingress", CLS, { REDIR(1, 1) }, 64, 1, 0, 7, 64 },
	{ "tc redirect flags", CLS, { REDIR(1, 8) }, 64, 1, 0, 2, 64 },
	{ "l3 16 bits", CLS, { CSUM(l3_csum_replace, 24, 0x1234, 0x4321, 2) }, 64, 1, 0, 0, 64 },
	{ "l3 32 bits", CLS, { CSUM(l3_csum_replace, 24, 0x12345678, -77, 4) }, 64, 1, 0, 0, 64 },
	{ "l3 difference", CLS, { CSUM(l3_csum_replace, 24, 0, 0x2222, 0) }, 64, 1, 0, 0, 64 },
	{ "l3 difference with from", CLS, { CSUM(l3_csum_replace, 24, 1, 2, 0) },
	  64, 1, 0, E(EINVAL), 64 },
	{ "l3 odd size", CLS, { CSUM(l3_csum_replace, 24, 1, 2, 3) }, 64, 1, 0, E(EINVAL), 64 },
	{ "l3 odd offset", CLS, { CSUM(l3_csum_replace, 25, 1, 2, 2) }, 64, 1, 0, E(EFAULT), 64 },
	{ "l3 past the end", CLS, { CSUM(l3_csum_replace, 64, 1, 2, 2) }, 64, 1, 0, E(EFAULT), 64 },
	{ "l3 flags", CLS, { CSUM(l3_csum_replace, 24, 1, 2, 0x10) }, 64, 1, 0, E(EINVAL), 64 },
	{ "l4 16 bits", CLS, { CSUM(l4_csum_replace, 24, 0x1234, 0x4321, 2) }, 64, 1, 0, 0, 64 },
	{ "l4 32 bits", CLS, { CSUM(l4_csum_replace, 24, -1, 0x7fffffff, 4) }, 64, 1, 0, 0, 64 },
	{ "l4 pseudo", CLS, { CSUM(l4_csum_replace, 24, 1, 2, 0x14) }, 64, 1, 0, 0, 64 },
	{ "l4 mangled", CLS, { CSUM(l4_csum_replace, 24, 1, 2, 0x22) }, 64, 1, 0, 0, 64 },
	{ "l4 to zero, mangled", CLS, { CSUM(l4_csum_replace, 24, 0, 0x1918, 0x22) },
	  64, 1, 0, 0, 64 },
	{ "l4 flags", CLS, { CSUM(l4_csum_replace, 24, 1, 2, 8) }, 64, 1, 0, E(EINVAL), 64 },
	/* RFC 1624's both zeros. */
	{ "l4 same value", CLS, { CSUM(l4_csum_replace, 24, 0x55, 0x55, 2) }, 64, 1, 0, 0, 64 },
	{ "l3 by ones", CLS, { CSUM(l3_csum_replace, 0, 0xffff, 0, 2) }, 64, 1, 0, 0, 64 },
};

static void stated_answers(void **state __unused_arg)
{
	static struct result got;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct net_case *c = &cases[i];

		run_case(false, c, &got);
		if (got.err != c->want_err || got.retval != c->want_ret || got.size != c->want_size)
			fail_msg("%s: err %ld ret %#x size %u, want %lld %#x %u", c->name, got.err,
				 got.retval, got.size, (long long)c->want_err, c->want_ret,
				 c->want_size);
	}
}

static void same_as_the_kernel(void **state __unused_arg)
{
	static struct result ours, theirs;

	if (!kernel_answers())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct net_case *c = &cases[i];

		run_case(false, c, &ours);
		run_case(true, c, &theirs);
		if (ours.err != theirs.err || ours.retval != theirs.retval ||
		    ours.size != theirs.size)
			fail_msg("%s: err %ld ret %#x size %u, kernel %ld %#x %u", c->name, ours.err,
				 ours.retval, ours.size, theirs.err, theirs.retval, theirs.size);
		if (memcmp(ours.data, theirs.data, ours.size))
			fail_msg("%s: other bytes than the kernel's", c->name);
	}
}

/* ---- contexts and sizes --------------------------------------------------------------------- */

struct ctx_case {
	u32 type;
	u32 words[48]; /* struct xdp_md or struct __sk_buff */
	u32 ctx_size_in, ctx_size_out, data_size, data_room;
	u8 ethertype[2];
	u32 flags, cpu, batch;
	long want;
};

#define MD(...)	 XDP, { __VA_ARGS__ }, 24, 24, 64, 4096, { 0 }
#define SKB(...) CLS, { __VA_ARGS__ }, 192, 192, 64, 4096, { 0 }
#define AT(off)	 [(off) / 4]

static const struct ctx_case ctx_cases[] = {
	{ MD(0, 64), 0, 0, 0, 0 },
	{ MD(4, 64), 0, 0, 0, 0 },
	{ MD(3, 64), 0, 0, 0, -EINVAL },
	{ MD(48, 64), 0, 0, 0, 0 },
	{ MD(52, 64), 0, 0, 0, -EINVAL },
	{ MD(64, 64), 0, 0, 0, -EINVAL },
	{ MD(0, 65), 0, 0, 0, -EINVAL },
	{ MD(0, 64, 4), 0, 0, 0, -EINVAL },
	{ MD(0, 64, 0, 1), 0, 0, 0, 0 },
	{ MD(0, 64, 0, 0, 1), 0, 0, 0, -EINVAL },
	{ MD(0, 64, 0, 1, 1), 0, 0, 0, -EINVAL },
	{ MD(0, 64, 0, 99), 0, 0, 0, -ENODEV },
	{ MD(0, 64, 0, 0, 0, 1), 0, 0, 0, -EINVAL },
	{ MD(0, 64), 1, 0, 0, -EINVAL },
	{ MD(0, 64), 0, 1, 0, 0 },
	{ MD(0, 64), 0, 0, 1, -EINVAL },
	{ XDP, { 0, 64 }, 28, 12, 64, 4096, { 0 }, 0, 0, 0, -ENOSPC },
	{ XDP, { 0, 64, 0, 0, 0, 0, 1 }, 28, 24, 64, 4096, { 0 }, 0, 0, 0, -E2BIG },
	{ XDP, { 0, 64 }, 16, 24, 64, 4096, { 0 }, 0, 0, 0, 0 },
	{ XDP, { 0 }, 0, 0, 64, 20, { 0 }, 0, 0, 0, -ENOSPC },
	{ XDP, { 0 }, 0, 24, 64, 20, { 0 }, 0, 0, 0, -EINVAL },
	{ SKB(0), 0, 0, 0, 0 },
	{ SKB(AT(0) = 64), 0, 0, 0, -EINVAL },	    /* len */
	{ SKB(AT(4) = 1), 0, 0, 0, -EINVAL },	    /* pkt_type */
	{ SKB(AT(8) = 70000), 0, 0, 0, 0 },	    /* mark */
	{ SKB(AT(12) = 1), 0, 0, 0, -EINVAL },	    /* queue_mapping */
	{ SKB(AT(32) = 5, AT(36) = 7), 0, 0, 0, 0 }, /* priority, ingress_ifindex */
	{ SKB(AT(40) = 1), 0, 0, 0, 0 },	    /* ifindex */
	{ SKB(AT(40) = 7), 0, 0, 0, -ENODEV },
	{ SKB(AT(44) = 1), 0, 0, 0, -EINVAL },	    /* tc_index */
	{ SKB(AT(48) = 1, AT(64) = 2), 0, 0, 0, 0 }, /* cb */
	{ SKB(AT(68) = 1), 0, 0, 0, -EINVAL },	    /* hash */
	{ SKB(AT(80) = 64), 0, 0, 0, -EINVAL },	    /* data_end */
	{ SKB(AT(152) = 5), 0, 0, 0, 0 },	    /* tstamp */
	{ SKB(AT(160) = 63), 0, 0, 0, -EINVAL },    /* wire_len */
	{ SKB(AT(160) = 100), 0, 0, 0, 0 },
	{ SKB(AT(160) = 65537), 0, 0, 0, -EINVAL },
	{ SKB(AT(164) = 65535), 0, 0, 0, 0 },	    /* gso_segs */
	{ SKB(AT(164) = 65536), 0, 0, 0, -EINVAL },
	{ SKB(AT(168) = 1), 0, 0, 0, -EINVAL },	    /* sk */
	{ SKB(AT(176) = 70000), 0, 0, 0, 0 },	    /* gso_size */
	{ SKB(AT(180) = 1), 0, 0, 0, -EINVAL },	    /* tstamp_type */
	{ SKB(AT(184) = 9), 0, 0, 0, 0 },	    /* hwtstamp */
	{ SKB(0), 1, 0, 0, -EINVAL },
	{ SKB(0), 0, 1, 0, -EINVAL },
	{ SKB(0), 0, 0, 1, -EINVAL },
};

/* What says IP must have an IP header. */
static const struct ctx_case n10_cases[] = {
	{ CLS, { 0 }, 0, 0, 33, 4096, { 0x08, 0x00 }, 0, 0, 0, -EINVAL },
	{ CLS, { 0 }, 0, 0, 34, 4096, { 0x08, 0x00 }, 0, 0, 0, 0 },
	{ CLS, { 0 }, 0, 0, 53, 4096, { 0x86, 0xdd }, 0, 0, 0, -EINVAL },
	{ CLS, { 0 }, 0, 0, 54, 4096, { 0x86, 0xdd }, 0, 0, 0, 0 },
	{ SF, { 0 }, 0, 0, 33, 4096, { 0x08, 0x00 }, 0, 0, 0, -EINVAL },
	{ SF, { 0 }, 0, 0, 34, 4096, { 0x08, 0x00 }, 0, 0, 0, 0 },
	{ BPF_PROG_TYPE_LWT_IN, { 0 }, 0, 0, 33, 4096, { 0x08, 0x00 }, 0, 0, 0, -EINVAL },
	{ BPF_PROG_TYPE_LWT_IN, { 0 }, 0, 0, 34, 4096, { 0x08, 0x00 }, 0, 0, 0, 0 },
	{ BPF_PROG_TYPE_LWT_XMIT, { 0 }, 0, 0, 53, 4096, { 0x86, 0xdd }, 0, 0, 0, -EINVAL },
	{ BPF_PROG_TYPE_LWT_XMIT, { 0 }, 0, 0, 54, 4096, { 0x86, 0xdd }, 0, 0, 0, 0 },
};

struct ctx_result {
	long err;
	u32 size, ctx_size, words[48];
};

static void run_ctx_case(bool kernel, const struct ctx_case *c, struct ctx_result *res)
{
	const struct bpf_insn prog[] = { MOV_K(0, 2), EXIT_() };
	u8 pkt[4096], out[4096];
	union bpf_attr attr = { 0 };
	int fd = load(kernel, c->type, prog, 2, 0);

	assert_true(fd >= 0);
	memset(res, 0, sizeof(*res));
	fill(pkt, sizeof(pkt));
	if (c->ethertype[0])
		memcpy(pkt + 12, c->ethertype, 2);
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = P(pkt);
	attr.test.data_size_in = c->data_size;
	attr.test.data_out = P(out);
	attr.test.data_size_out = c->data_room;
	attr.test.ctx_in = c->ctx_size_in ? P(c->words) : 0;
	attr.test.ctx_size_in = c->ctx_size_in;
	/* A room without a buffer is refused: the case with 20 bytes of room for data. */
	attr.test.ctx_out = c->ctx_size_out && c->data_room != 20 ? P(res->words) : 0;
	attr.test.ctx_size_out = c->ctx_size_out;
	attr.test.flags = c->flags;
	attr.test.cpu = c->cpu;
	attr.test.batch_size = c->batch;
	res->err = judge(kernel, BPF_PROG_TEST_RUN, &attr);
	res->size = attr.test.data_size_out;
	res->ctx_size = attr.test.ctx_size_out;
	close(fd);
}

static void judge_ctx_cases(const struct ctx_case *list, size_t cnt)
{
	bool kernel = kernel_answers();
	struct ctx_result ours, theirs;

	for (size_t i = 0; i < cnt; i++) {
		run_ctx_case(false, &list[i], &ours);
		if (ours.err != list[i].want)
			fail_msg("case %zu: %ld, want %ld", i, ours.err, list[i].want);
		if (!kernel)
			continue;
		run_ctx_case(true, &list[i], &theirs);
		if (ours.err != theirs.err || ours.size != theirs.size ||
		    ours.ctx_size != theirs.ctx_size ||
		    memcmp(ours.words, theirs.words, sizeof(ours.words)))
			fail_msg("case %zu: %ld size %u ctx %u; kernel %ld size %u ctx %u", i,
				 ours.err, ours.size, ours.ctx_size, theirs.err, theirs.size,
				 theirs.ctx_size);
	}
}

static void contexts_in_and_out(void **state __unused_arg)
{
	judge_ctx_cases(ctx_cases, ARRAY_SIZE(ctx_cases));
}

static void n10_short_ip_headers_are_refused(void **state __unused_arg)
{
	judge_ctx_cases(n10_cases, ARRAY_SIZE(n10_cases));
}

static void what_is_not_modelled_says_so(void **state __unused_arg)
{
	const struct bpf_insn prog[] = { MOV_K(0, 2), EXIT_() };
	static u8 pkt[9000];
	union bpf_attr attr = { 0 };
	int fd = load(false, XDP, prog, 2, 0);

	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = P(pkt);
	attr.test.data_size_in = 3521; /* Linux makes fragments */
	assert_int_equal(judge(false, BPF_PROG_TEST_RUN, &attr), -EOPNOTSUPP);
	attr.test.data_size_in = 64;
	attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	assert_int_equal(judge(false, BPF_PROG_TEST_RUN, &attr), -EOPNOTSUPP);
	assert_non_null(skep_bpf_why(skep));
	close(fd);
	fd = load(false, CLS, prog, 2, 0);
	attr.test.prog_fd = (u32)fd;
	attr.test.flags = BPF_F_TEST_SKB_CHECKSUM_COMPLETE;
	assert_int_equal(judge(false, BPF_PROG_TEST_RUN, &attr), -EOPNOTSUPP);
	assert_non_null(skep_bpf_why(skep));
	close(fd);
}

static void devices(void **state __unused_arg)
{
	const struct bpf_insn prog[] = { LDX(4, 0, 1, 12), EXIT_() };
	struct xdp_md md = { .data_end = 64 };
	u8 pkt[64] = { 0 };
	union bpf_attr attr = { 0 };
	u32 ifindex, other;
	int fd = load(false, XDP, prog, 2, 0);

	assert_int_equal(net_dev_add(skep, "eth0", 2, &ifindex), 0);
	assert_int_equal(net_dev_add(skep, "eth0", 2, &other), -EEXIST);
	assert_int_equal(net_dev_add(skep, "a-name-that-is-too-long", 2, &other), -EINVAL);
	assert_int_equal(ifindex, 2);
	assert_string_equal(net_dev_name(net_dev_by_index(skep, 1)), "lo");
	assert_null(net_dev_by_index(skep, 3));
	md.ingress_ifindex = ifindex;
	md.rx_queue_index = 1;
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = P(pkt);
	attr.test.data_size_in = sizeof(pkt);
	attr.test.ctx_in = P(&md);
	attr.test.ctx_size_in = sizeof(md);
	assert_int_equal(judge(false, BPF_PROG_TEST_RUN, &attr), 0);
	assert_int_equal(attr.test.retval, 2);
	md.rx_queue_index = 2;
	assert_int_equal(judge(false, BPF_PROG_TEST_RUN, &attr), -EINVAL);
	close(fd);
}

static void names_of_return_values(void **state __unused_arg)
{
	const struct prog_type_ops *xdp = skep_prog_type_ops(skep, XDP);
	const struct prog_type_ops *cls = skep_prog_type_ops(skep, CLS);

	assert_string_equal(xdp->retval_name(1), "XDP_DROP");
	assert_null(xdp->retval_name(5));
	assert_string_equal(cls->retval_name((u32)-1), "TC_ACT_UNSPEC");
	assert_string_equal(cls->retval_name(2), "TC_ACT_SHOT");
	assert_null(cls->retval_name(9));
}

/* Every field that Linux lets these programs read is found. */
static void every_field_has_a_way(void **state __unused_arg)
{
	static const u32 types[] = { XDP, CLS, SF, BPF_PROG_TYPE_SCHED_ACT };

	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		const struct prog_type_row *row = skep_prog_type_row(skep, types[t], 0);

		assert_true(row->modelled);
		for (u32 i = 0; i < row->ctx.row_cnt; i++) {
			if (row->ctx.rows[i].val == CTX_NOT_MODELLED)
				fail_msg("%s: %s", row->name, row->ctx.rows[i].field);
		}
		for (u32 i = 0; i < row->ctx.conv_cnt; i++)
			assert_in_range(row->ctx.convs[i].load_cnt, 1, 4);
	}
}

static u32 engine;

static int boot(void **state __unused_arg)
{
	return skep_boot(&(struct skep_opts){ .cpu_cnt = 2, .engine = engine }, &skep);
}

static int end(void **state __unused_arg)
{
	skep_free(skep);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_has_a_way), cmocka_unit_test(stated_answers),
		cmocka_unit_test(same_as_the_kernel),	 cmocka_unit_test(contexts_in_and_out),
		{ "N-10 a test run refuses IPv4 and IPv6 input without a whole header",
		  n10_short_ip_headers_are_refused, NULL, NULL, NULL },
		cmocka_unit_test(what_is_not_modelled_says_so), cmocka_unit_test(devices),
		cmocka_unit_test(names_of_return_values),
	};

	int failed;

	/* Machine code where there is a JIT for this host, then the interpreter. */
	engine = SKEP_ENGINE_AUTO;
	failed = cmocka_run_group_tests_name("auto", tests, boot, end);
	engine = SKEP_ENGINE_INTERP;
	return failed + cmocka_run_group_tests_name("interp", tests, boot, end);
}
