/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_insns.c - any instructions: what the verifier accepts gives the same on the interpreter, which checks
 * each access, and as machine code: return values, map contents, packets.
 *
 * The first byte chooses: insns as they are; or a generated program (tests/diff/gen.c) of a seed, into which
 * the rest of the bytes are written over single insns; its bit 3, whether the stack is written first, without
 * which what programs read of it, and so all results, may differ. Maps are named by number: GEN_MAP_IN and
 * GEN_MAP_VAL are there.
 */
#include "../diff/gen.h"

#include "base/strbuf.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include <skep/skep.h>

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETS	    3
#define STEPS_MAX   50000 /* of a verification: what takes longer finds no more, and a million take half a minute here */
#define PACKET_SIZE 64
#define STORES	    64

struct side {
	struct skep *skep;
	u32 steps; /* of the last verification */
	int in_fd, val_fd, prog_fd;
	u32 retval[SETS];
	u8 value[SETS][GEN_VAL_SIZE], packet[SETS][PACKET_SIZE];
};

static long call(const struct side *s, int cmd, union bpf_attr *attr)
{
	return skep_bpf(s->skep, NULL, cmd, attr, sizeof(*attr));
}

static int make_map(const struct side *s, u32 size)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = size, .max_entries = 1 };

	return (int)call(s, BPF_MAP_CREATE, &attr);
}

static void note_steps(void *ctx, const struct skep_verdict *verdict)
{
	((struct side *)ctx)->steps = verdict->insns_processed;
}

static void make_side(struct side *s, u32 engine)
{
	struct skep_opts opts = { .cpu_cnt = 1, .engine = engine, .mem_limit = 64 << 20 };

	if (skep_boot(&opts, &s->skep))
		abort();
	skep_on_verdict(s->skep, note_steps, s);
	s->in_fd = make_map(s, GEN_IN_SIZE);
	s->val_fd = make_map(s, GEN_VAL_SIZE);
	if (s->in_fd < 0 || s->val_fd < 0)
		abort();
}

static void set_value(const struct side *s, int fd, const void *value)
{
	u32 key = 0;
	union bpf_attr attr = { .map_fd = (u32)fd, .key = (uintptr_t)&key };

	attr.value = (uintptr_t)value;
	if (call(s, BPF_MAP_UPDATE_ELEM, &attr))
		abort();
}

static void get_value(const struct side *s, int fd, void *value)
{
	u32 key = 0;
	union bpf_attr attr = { .map_fd = (u32)fd, .key = (uintptr_t)&key };

	attr.value = (uintptr_t)value;
	if (call(s, BPF_MAP_LOOKUP_ELEM, &attr))
		abort();
}

static int load(const struct side *s, const struct bpf_insn *insns, u32 cnt, u32 type, const struct skep_cred *cred)
{
	static struct bpf_insn own[STORES + GEN_MAX_INSNS];
	union bpf_attr attr = { .prog_type = type, .insn_cnt = cnt, .insns = (uintptr_t)own, .license = (uintptr_t)"GPL" };

	memcpy(own, insns, cnt * sizeof(*insns));
	for (u32 i = 0; i < cnt; i++) {
		if (own[i].code != (BPF_LD | BPF_IMM | BPF_DW) ||
		    (own[i].src_reg != BPF_PSEUDO_MAP_FD && own[i].src_reg != BPF_PSEUDO_MAP_VALUE))
			continue;
		own[i].imm = own[i].imm == GEN_MAP_IN ? s->in_fd : own[i].imm == GEN_MAP_VAL ? s->val_fd : -1;
	}
	return (int)skep_bpf(s->skep, cred, BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* With CAP_PERFMON a program may return addresses, which no two engines have alike. */
static bool tells_no_address(const struct side *s, const struct bpf_insn *insns, u32 cnt, u32 type)
{
	static const struct skep_cred no_perfmon = { .caps = VCAP_BPF | VCAP_NET_ADMIN, .uid = 1000 };
	int fd = load(s, insns, cnt, type, &no_perfmon);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool run_sets(struct side *s, u64 seed)
{
	for (u32 set = 0; set < SETS; set++) {
		static const u64 zeros[GEN_VAL_SIZE / 8];
		u64 in[GEN_IN_SIZE / 8];
		union bpf_attr attr = { .test.prog_fd = (u32)s->prog_fd, .test.data_size_in = PACKET_SIZE,
					.test.data_size_out = PACKET_SIZE };
		u8 packet[PACKET_SIZE];

		gen_inputs(seed, set, in);
		set_value(s, s->in_fd, in);
		set_value(s, s->val_fd, zeros);
		memcpy(packet, in, sizeof(packet));
		memset(s->packet[set], 0, PACKET_SIZE);
		attr.test.data_in = (uintptr_t)packet;
		attr.test.data_out = (uintptr_t)s->packet[set];
		if (call(s, BPF_PROG_TEST_RUN, &attr))
			return false;
		s->retval[set] = attr.test.retval;
		get_value(s, s->val_fd, s->value[set]);
	}
	return true;
}

/* How much stack their frames take depends on the engine, as in Linux, and so may the verdict; and a program with
 * CAP_PERFMON may read what was never written there. */
static bool frames_count(const struct bpf_insn *insns, u32 cnt)
{
	for (u32 i = 0; i < cnt; i++) {
		if ((insns[i].code == (BPF_JMP | BPF_CALL) && insns[i].src_reg) || insns[i].code == (BPF_JMP | BPF_JCOND) ||
		    (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW) && insns[i].src_reg == BPF_PSEUDO_FUNC))
			return true;
	}
	return false;
}

/* Helpers that answer otherwise each time. */
static bool is_the_same_twice(const struct bpf_insn *insns, u32 cnt)
{
	for (u32 i = 0; i < cnt; i++) {
		if (insns[i].code != (BPF_JMP | BPF_CALL))
			continue;
		switch (insns[i].imm) {
		case BPF_FUNC_ktime_get_ns:
		case BPF_FUNC_ktime_get_boot_ns:
		case BPF_FUNC_ktime_get_coarse_ns:
		case BPF_FUNC_ktime_get_tai_ns:
		case BPF_FUNC_jiffies64:
		case BPF_FUNC_get_prandom_u32:
		case BPF_FUNC_get_hash_recalc:
		case BPF_FUNC_get_socket_cookie:
			return false;
		default:
			break;
		}
	}
	return true;
}

static void tell(const struct side *a, const struct side *b, const struct bpf_insn *insns, u32 cnt)
{
	struct strbuf text = { 0 };

	for (u32 set = 0; set < SETS; set++)
		fprintf(stderr, "inputs %u: %u and %u, values %s, packets %s\n", set, a->retval[set], b->retval[set],
			memcmp(a->value[set], b->value[set], sizeof(a->value[set])) ? "differ" : "agree",
			memcmp(a->packet[set], b->packet[set], sizeof(a->packet[set])) ? "differ" : "agree");
	for (u32 i = 0; i < cnt; i++) {
		strbuf_printf(&text, "%u: ", i);
		insn_print(&text, &insns[i], NULL);
		strbuf_puts(&text, "\n");
		i += insns[i].code == (BPF_LD | BPF_IMM | BPF_DW);
	}
	fputs(strbuf_str(&text), stderr);
	strbuf_free(&text);
}

static void compare(struct side *a, struct side *b, u64 seed, const struct bpf_insn *insns, u32 cnt)
{
	bool ran_a = run_sets(a, seed), ran_b = run_sets(b, seed);

	if (ran_a == ran_b && (!ran_a || (!memcmp(a->retval, b->retval, sizeof(a->retval)) &&
					  !memcmp(a->value, b->value, sizeof(a->value)) &&
					  !memcmp(a->packet, b->packet, sizeof(a->packet)))))
		return;
	fprintf(stderr, "interpreter and machine code differ\n");
	tell(a, b, insns, cnt);
	abort();
}

/* The whole stack, so that what is read of it is known. */
static u32 put_stores(struct bpf_insn *insns)
{
	for (u32 i = 0; i < STORES; i++)
		insns[i] = (struct bpf_insn){ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8 * (s16)(i + 1) };
	return STORES;
}

static u32 make_insns(const uint8_t *data, size_t size, struct bpf_insn *insns, u64 *ret_seed)
{
	static struct gen gen;
	u32 cnt;

	*ret_seed = data[0];
	if (!(data[0] & 1)) {
		cnt = (u32)(size - 1) / sizeof(*insns);
		cnt = cnt < GEN_MAX_INSNS ? cnt : GEN_MAX_INSNS;
		memcpy(insns, data + 1, cnt * sizeof(*insns));
		return cnt;
	}
	if (size < 9)
		return 0;
	memcpy(ret_seed, data + 1, 8);
	gen_program(&gen, *ret_seed, data[0] & 16);
	memcpy(insns, gen.insns, gen.cnt * sizeof(*insns));
	for (size_t at = 9; at + 9 <= size; at += 9)
		memcpy(&insns[data[at] % gen.cnt], data + at + 1, sizeof(*insns));
	return gen.cnt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const u32 types[] = { BPF_PROG_TYPE_SOCKET_FILTER, BPF_PROG_TYPE_XDP, BPF_PROG_TYPE_SCHED_CLS,
				     BPF_PROG_TYPE_SOCKET_FILTER };
	static struct bpf_insn insns[STORES + GEN_MAX_INSNS];
	static struct side interp, jit;
	u32 cnt, type, first;
	u64 seed;

	if (!size)
		return 0;
	if (!interp.skep) {
		make_side(&interp, SKEP_ENGINE_INTERP);
		make_side(&jit, SKEP_ENGINE_AUTO);
	}
	first = data[0] & 8 ? put_stores(insns) : 0;
	cnt = first + make_insns(data, size, insns + first, &seed);
	type = types[data[0] >> 1 & 3];
	interp.steps = 0;
	interp.prog_fd = load(&interp, insns, cnt, type, NULL);
	if (interp.steps > STEPS_MAX) {
		if (interp.prog_fd >= 0)
			close(interp.prog_fd);
		return 0;
	}
	jit.prog_fd = load(&jit, insns, cnt, type, NULL);
	if ((interp.prog_fd < 0) != (jit.prog_fd < 0) && !frames_count(insns, cnt)) {
		fprintf(stderr, "verdicts differ: %d and %d\n", interp.prog_fd, jit.prog_fd);
		abort();
	}
	if (interp.prog_fd < 0 || jit.prog_fd < 0)
		goto out;
	if (!first || frames_count(insns, cnt) || !is_the_same_twice(insns, cnt) ||
	    !tells_no_address(&interp, insns, cnt, type))
		run_sets(&interp, seed), run_sets(&jit, seed);
	else
		compare(&interp, &jit, seed, insns, cnt);
out:
	if (interp.prog_fd >= 0)
		close(interp.prog_fd);
	if (jit.prog_fd >= 0)
		close(jit.prog_fd);
	return 0;
}
