/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_skb_seq.c - tc helpers in random order on random packets: skep must return what Linux 6.18
 * returns, leave the same bytes and the same context. SKEP_TEST_ROUNDS and SKEP_TEST_SEED ask for more
 * and other ones.
 */
#include "net/private.h"
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
#define CLS  BPF_PROG_TYPE_SCHED_CLS

static struct skep *skep;
static bool kernel_asked;

static long judge(bool kernel, int cmd, union bpf_attr *attr)
{
	long ret;

	if (!kernel)
		return skep_bpf(skep, NULL, cmd, attr, sizeof(*attr));
	ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));
	return ret < 0 ? -errno : ret;
}

static char load_log[1 << 16];

static int load(bool kernel, const struct bpf_insn *insns, u32 cnt)
{
	union bpf_attr attr = { 0 };

	load_log[0] = '\0';
	attr.prog_type = CLS;
	attr.insns = P(insns);
	attr.insn_cnt = cnt;
	attr.license = P("GPL");
	attr.log_buf = P(load_log);
	attr.log_size = sizeof(load_log);
	attr.log_level = 1;
	return (int)judge(kernel, BPF_PROG_LOAD, &attr);
}

/* ---- programs of random calls -------------------------------------------------------------------- */

struct prog {
	struct bpf_insn insns[256];
	u32 cnt;
	char text[1024];
	u32 grown; /* bytes that calls may have put in front */
};

static u32 rnd(u32 below)
{
	return (u32)rand() % below;
}

static void emit(struct prog *p, struct bpf_insn insn)
{
	assert_true(p->cnt < ARRAY_SIZE(p->insns));
	p->insns[p->cnt++] = insn;
}

static void emit_imm64(struct prog *p, u8 reg, u64 val)
{
	emit(p, INSN_(0x18, reg, 0, 0, (s32)val));
	emit(p, INSN_(0, 0, 0, 0, (s32)(val >> 32)));
}

/* One of the values, which are those that mean something to some helper, or near one. */
static u64 pick_from(const u64 *vals, u32 cnt)
{
	return vals[rnd(cnt)];
}
#define PICK(...) pick_from((u64[]){ __VA_ARGS__ }, ARRAY_SIZE(((u64[]){ __VA_ARGS__ })))

/* r9 = r9 * 31 + r0: every return value counts. */
static void fold_r0(struct prog *p)
{
	emit(p, INSN_(0x27, 9, 0, 0, 31));
	emit(p, INSN_(0x0f, 9, 0, 0, 0));
}

static void call(struct prog *p, const char *name, u32 id, u64 a, u64 b, u64 c, u64 d)
{
	emit(p, MOV_X(1, 6));
	emit_imm64(p, 2, a);
	emit_imm64(p, 3, b);
	emit_imm64(p, 4, c);
	emit_imm64(p, 5, d);
	emit(p, CALL_H(id));
	fold_r0(p);
	snprintf(p->text + strlen(p->text), sizeof(p->text) - strlen(p->text),
		 "%s(%#llx, %#llx, %#llx, %#llx) ", name, (unsigned long long)a,
		 (unsigned long long)b, (unsigned long long)c, (unsigned long long)d);
}
#define CALL(name, ...) call(p, #name, BPF_FUNC_##name, __VA_ARGS__)

/* r2 or r3 is the buffer at r10 - 64. */
static void call_mem(struct prog *p, const char *name, u32 id, u32 mem_reg, u64 other, u32 size,
		     u64 flags)
{
	emit(p, MOV_X(1, 6));
	emit_imm64(p, mem_reg == 2 ? 4 : 2, mem_reg == 2 ? flags : other);
	emit(p, MOV_X((u8)mem_reg, 10));
	emit(p, ADD_K((u8)mem_reg, -64));
	emit(p, MOV_K((u8)(mem_reg + 1), (s32)size));
	emit_imm64(p, 5, flags);
	emit(p, CALL_H(id));
	fold_r0(p);
	/* What was read counts too. */
	for (s32 off = -64; off < -16; off += 8) {
		emit(p, LDX(8, 0, 10, off));
		fold_r0(p);
	}
	snprintf(p->text + strlen(p->text), sizeof(p->text) - strlen(p->text),
		 "%s(%#llx, %u, %#llx) ", name, (unsigned long long)other, size,
		 (unsigned long long)flags);
}
#define CALL_MEM(name, ...) call_mem(p, #name, BPF_FUNC_##name, __VA_ARGS__)

static u64 room_flags(void)
{
	u64 flags = 0;

	for (u32 n = rnd(4); n; n--)
		flags |= PICK(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 14ULL << 56, 20ULL << 56, 1ULL << 56,
			      0x82, 0x102, 0x0a, 0x12, 0x0c);
	return flags;
}

static void field(struct prog *p, s16 off)
{
	if (off == offsetof(struct __sk_buff, tstamp_type))
		emit(p, LDX(1, 0, 6, off));
	else
		emit(p, LDX(4, 0, 6, off));
	fold_r0(p);
}

/*
 * Linux gives a packet 64 bytes in front. When they do not suffice it moves the packet and adds the
 * distance to the offset of the transport header even if that was never set, so that afterwards
 * bpf_skb_change_tail() refuses what it took before. Nobody wants that to be copied.
 */
#define LINUX_HEADROOM 64

static void one_call(struct prog *p)
{
	u64 diff;

	switch (rnd(18)) {
	case 0:
	case 1:
	case 2:
		diff = PICK(4, 8, 20, 28, 40, 60, -4, -8, -20, -28, -40, -60, 0xfff, 0x1000, -0xfff,
			    -1, 1, 0, -30, -14, 1000, 2000);
		p->grown += (s64)diff > 0 ? (u32)diff : 0;
		CALL(skb_adjust_room, diff, PICK(0, 1, 0, 1, 2), room_flags(), 0);
		break;
	case 3:
	case 4:
		p->grown += 20;
		CALL(skb_change_proto, PICK(0xdd86, 0x0008, 0xdd86, 0x0008, 0x0608), PICK(0, 0, 0, 0, 1), 0, 0);
		break;
	case 5:
	case 6:
		p->grown += 4;
		CALL(skb_vlan_push, PICK(0x0081, 0xa888, 0, 0x0008), rnd(0x20000), 0, 0);
		break;
	case 7:
	case 8:
		CALL(skb_vlan_pop, 0, 0, 0, 0);
		break;
	case 9:
		if (p->grown > LINUX_HEADROOM)
			break;
		CALL(skb_change_tail, PICK(0, 13, 14, 18, 33, 34, 54, 64, 100, 200, 1500, 16064, 16065),
		     PICK(0, 0, 0, 1), 0, 0);
		break;
	case 10:
		p->grown += 100;
		CALL(skb_change_head, PICK(0, 4, 14, 100, 16000, 20000, (u64)-4), PICK(0, 0, 0, 1), 0, 0);
		break;
	case 11:
		CALL(csum_level, PICK(0, 1, 1, 2, 2, 3, 4), 0, 0, 0);
		break;
	case 12:
		CALL(skb_ecn_set_ce, 0, 0, 0, 0);
		break;
	case 13:
		CALL(skb_set_tstamp, PICK(0, 1, 1234567890123ULL), PICK(0, 1, 2, 3), 0, 0);
		break;
	case 14:
		CALL_MEM(skb_load_bytes_relative, 3, PICK(0, 2, 12, 20, 40, 60, 70000), 8, PICK(0, 1, 2));
		break;
	case 15:
		if (rnd(2))
			CALL_MEM(skb_set_tunnel_key, 2, 0, (u32)PICK(44, 28, 24, 22, 8, 12),
				 PICK(0, 1, 2, 4, 8, 16, 32, 15));
		else
			CALL_MEM(skb_get_tunnel_key, 2, 0, (u32)PICK(44, 28, 24, 22, 8, 12),
				 PICK(0, 1, 16, 17, 2));
		break;
	case 16:
		if (rnd(2))
			CALL_MEM(skb_set_tunnel_opt, 2, 0, (u32)PICK(4, 8, 44, 45, 48), 0);
		else
			CALL_MEM(skb_get_tunnel_opt, 2, 0, (u32)PICK(4, 8, 44, 45, 48), 0);
		break;
	default:
		switch (rnd(6)) {
		case 0:
			CALL(l3_csum_replace, PICK(24, 0, 16, 1000), rnd(0x10000), rnd(0x10000), PICK(2, 4, 0, 1));
			break;
		case 1:
			CALL(l4_csum_replace, PICK(24, 0, 16, 1000), rnd(0x10000), rnd(0x10000),
			     PICK(2, 4, 0x22, 0x12, 0x62));
			break;
		case 2:
			CALL(skb_change_type, rnd(5), 0, 0, 0);
			break;
		case 3:
			CALL(skb_pull_data, PICK(0, 20, 64, 1000), 0, 0, 0);
			break;
		case 4:
			CALL_MEM(skb_get_xfrm_state, 3, PICK(0, 1), 20, PICK(0, 1));
			break;
		default:
			CALL(skb_cgroup_classid, 0, 0, 0, 0);
			CALL(get_cgroup_classid, 0, 0, 0, 0);
			CALL(get_route_realm, 0, 0, 0, 0);
			break;
		}
	}
}

static void make_prog(struct prog *p)
{
	static const s16 fields[] = { 0, 4, 8, 16, 20, 24, 28, 32, 164, 176, 180 };

	p->cnt = 0;
	p->text[0] = '\0';
	p->grown = 0;
	emit(p, MOV_X(6, 1));
	emit(p, MOV_K(9, 7));
	for (s16 off = -64; off < 0; off = (s16)(off + 8)) {
		emit_imm64(p, 0, off == -48 || off == -40 ? 0 : 0x0102030405060700ULL + (u8)off);
		emit(p, STX(8, 10, 0, off));
	}
	for (u32 n = 1 + rnd(4); n; n--)
		one_call(p);
	/* Then what the context says. */
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		field(p, fields[i]);
	emit(p, INSN_(0x7b, 10, 9, -8, 0));
	emit(p, LDX(8, 0, 10, -8));
	emit(p, MOV_X(1, 0));
	emit(p, INSN_(0x77, 1, 0, 0, 32)); /* the upper half counts too */
	emit(p, INSN_(0xaf, 0, 1, 0, 0));
	emit(p, EXIT_());
}

/* ---- packets --------------------------------------------------------------------------------------- */

static u32 make_packet(u8 *pkt)
{
	static const u16 types[] = { 0x0800, 0x0800, 0x0800, 0x86dd, 0x86dd, 0x8100, 0x88a8, 0x0806, 0x0004 };
	u16 type = types[rnd(ARRAY_SIZE(types))];
	u32 size = 54 + rnd(200);

	for (u32 i = 0; i < size; i++)
		pkt[i] = (u8)rand();
	pkt[0] &= 0xfe;
	pkt[12] = (u8)(type >> 8);
	pkt[13] = (u8)type;
	if (type == 0x8100 || type == 0x88a8) {
		type = types[rnd(ARRAY_SIZE(types))];
		pkt[16] = (u8)(type >> 8);
		pkt[17] = (u8)type;
	}
	pkt[14] = type == 0x86dd ? 0x60 : 0x45;
	return size;
}

struct result {
	long err;
	u32 retval, size;
	struct __sk_buff ctx;
	u8 data[40000];
};

static void run(bool kernel, const struct prog *p, const u8 *pkt, u32 size, u32 gso_size,
		struct result *res)
{
	struct __sk_buff in = { .gso_size = gso_size, .gso_segs = gso_size ? 3 : 0 };
	union bpf_attr attr = { 0 };
	int fd = load(kernel, p->insns, p->cnt);

	memset(res, 0, sizeof(*res));
	if (fd < 0)
		fail_msg("%s, %s: does not load: %d\n%s", kernel ? "kernel" : "skep", p->text, fd,
			 load_log + (strlen(load_log) > 400 ? strlen(load_log) - 400 : 0));
	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = P(pkt);
	attr.test.data_size_in = size;
	attr.test.data_out = P(res->data);
	attr.test.data_size_out = sizeof(res->data);
	attr.test.ctx_in = P(&in);
	attr.test.ctx_size_in = sizeof(in);
	attr.test.ctx_out = P(&res->ctx);
	attr.test.ctx_size_out = sizeof(res->ctx);
	res->err = judge(kernel, BPF_PROG_TEST_RUN, &attr);
	res->retval = attr.test.retval;
	res->size = attr.test.data_size_out;
	close(fd);
}

static bool same(const struct result *a, const struct result *b)
{
	return a->err == b->err && a->retval == b->retval && a->size == b->size &&
	       !memcmp(&a->ctx, &b->ctx, sizeof(a->ctx)) && !memcmp(a->data, b->data, a->size);
}

static void sequences(void **state __unused_arg)
{
	static struct result ours, theirs;
	static struct prog p;
	u32 rounds = getenv("SKEP_TEST_ROUNDS") ? (u32)atoi(getenv("SKEP_TEST_ROUNDS")) : 600;
	u32 differ = 0;
	u8 pkt[512];

	if (!kernel_asked)
		skip();
	srand(getenv("SKEP_TEST_SEED") ? (u32)atoi(getenv("SKEP_TEST_SEED")) : 5);
	for (u32 i = 0; i < rounds && differ < 20; i++) {
		u32 size = make_packet(pkt), gso_size = rnd(6) ? 0 : 500;

		make_prog(&p);
		run(false, &p, pkt, size, gso_size, &ours);
		run(true, &p, pkt, size, gso_size, &theirs);
		if (same(&ours, &theirs))
			continue;
		differ++;
		print_error("%u: %s\n  packet %02x%02x %02x%02x, %u bytes, gso %u: err %ld ret %#x size %u, "
			    "kernel: err %ld ret %#x size %u%s%s\n", i, p.text, pkt[12], pkt[13], pkt[16],
			    pkt[17], size, gso_size, ours.err, ours.retval, ours.size, theirs.err,
			    theirs.retval, theirs.size,
			    memcmp(ours.data, theirs.data, ours.size) ? ", other bytes" : "",
			    memcmp(&ours.ctx, &theirs.ctx, sizeof(ours.ctx)) ? ", other context" : "");
	}
	assert_int_equal(differ, 0);
}

/* ---- main --------------------------------------------------------------------------------------------- */

static int set_up(void **state __unused_arg)
{
	const struct bpf_insn prog[] = { MOV_K(0, 0), EXIT_() };
	struct utsname uts;
	int major = 0, minor = 0, fd;

	uname(&uts);
	sscanf(uts.release, "%d.%d", &major, &minor);
	if (major > 6 || (major == 6 && minor >= 18)) {
		fd = load(true, prog, 2);
		kernel_asked = fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	if (!kernel_asked)
		print_message("bpf(2) of Linux 6.18 or later is not to be had: it is not asked\n");
	return skep_boot(&(struct skep_opts){ .cpu_cnt = 1 }, &skep);
}

static int tear_down(void **state __unused_arg)
{
	skep_free(skep);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
