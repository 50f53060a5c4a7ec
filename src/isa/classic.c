/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * classic.c - checks classic BPF as Linux does and translates it. What comes out is an ordinary program: the
 * verifier looks at it again, so that nothing leans on the checks here for safety.
 *
 * A is r0, where packet loads leave their result, X is r7, the context r6, M[] the lowest 16 words of the frame.
 * All are 32 bits: 32-bit operations keep the upper halves 0. A packet load that finds no bytes ends the program
 * with 0, as the packet loads of extended BPF do by themselves. Jumps go forward only, so one pass finds what can
 * be reached; the rest is left out, because extended BPF refuses what cannot be reached.
 * Source: Linux Documentation/networking/filter.rst.
 */
#include "isa/classic.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define REG_A	BPF_REG_0
#define REG_CTX BPF_REG_6
#define REG_X	BPF_REG_7
#define REG_TMP BPF_REG_8

#define PROLOGUE 3
#define GROWTH	 6 /* insns that one becomes at most: MSH */
static_assert(PROLOGUE + GROWTH * CLASSIC_MAX <= INT16_MAX, "a jump does not fit its field");

/* ---- the rules ------------------------------------------------------------------------------------ */

#define LD_OF(size, mode)  (BPF_LD | BPF_##size | BPF_##mode)
#define IN_BOTH	  1
#define IN_PACKET 2

/* Opcodes that there are, and for whom. */
static u8 allowed(u16 code)
{
	switch (code) {
	case LD_OF(W, ABS): case BPF_LD | BPF_W | BPF_LEN: case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM: case BPF_LD | BPF_MEM: case BPF_LDX | BPF_IMM: case BPF_LDX | BPF_MEM:
	case BPF_ST: case BPF_STX: case BPF_MISC | BPF_TAX: case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K: case BPF_RET | BPF_A: case BPF_JMP | BPF_JA: case BPF_ALU | BPF_NEG:
		return IN_BOTH;
	case LD_OF(H, ABS): case LD_OF(B, ABS): case LD_OF(W, IND): case LD_OF(H, IND): case LD_OF(B, IND):
	case BPF_LDX | BPF_B | BPF_MSH: case BPF_ALU | BPF_MOD | BPF_K: case BPF_ALU | BPF_MOD | BPF_X:
		return IN_PACKET;
	}
	if (code > UINT8_MAX)
		return 0;
	if (BPF_CLASS(code) == BPF_ALU)
		return BPF_OP(code) < BPF_NEG || BPF_OP(code) == BPF_XOR ? IN_BOTH : 0;
	if (BPF_CLASS(code) == BPF_JMP)
		return BPF_OP(code) > BPF_JA && BPF_OP(code) <= BPF_JSET ? IN_BOTH : 0;
	return 0;
}

static bool is_ancillary(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_LD && BPF_MODE(insn->code) == BPF_ABS &&
	       insn->k >= (u32)SKF_AD_OFF;
}

static bool uses_mem(u16 code)
{
	return code == (BPF_LD | BPF_MEM) || code == (BPF_LDX | BPF_MEM) || code == BPF_ST || code == BPF_STX;
}

static bool is_cond(u16 code)
{
	return BPF_CLASS(code) == BPF_JMP && BPF_OP(code) != BPF_JA;
}

static bool ancillary_known(u32 k)
{
	u32 off = k - (u32)SKF_AD_OFF;

	return off < SKF_AD_MAX && off % 4 == 0;
}

/* What one insn may not say; NULL: nothing against it. */
static const char *bad_insn(const struct sock_filter *insn, u32 left, enum classic_kind kind)
{
	u16 code = insn->code;
	u8 who = allowed(code);

	if (!who || (who == IN_PACKET && kind == CLASSIC_SECCOMP))
		return who ? "seccomp does not take this opcode" : "unknown opcode";
	if (uses_mem(code) && insn->k >= BPF_MEMWORDS)
		return "there are 16 memory words";
	if ((code == (BPF_ALU | BPF_DIV | BPF_K) || code == (BPF_ALU | BPF_MOD | BPF_K)) && !insn->k)
		return "division by zero";
	if ((code == (BPF_ALU | BPF_LSH | BPF_K) || code == (BPF_ALU | BPF_RSH | BPF_K)) && insn->k >= 32)
		return "a shift by 32 or more";
	if (code == (BPF_JMP | BPF_JA) && insn->k >= left)
		return "a jump out of the program";
	if (is_cond(code) && (insn->jt >= left || insn->jf >= left))
		return "a jump out of the program";
	if (kind == CLASSIC_SECCOMP && code == LD_OF(W, ABS) && (insn->k >= CLASSIC_DATA_SIZE || insn->k % 4))
		return "a load that is no word of struct seccomp_data";
	if (kind == CLASSIC_PACKET && is_ancillary(insn) && !ancillary_known(insn->k))
		return "an unknown ancillary load";
	if (left == 0 && BPF_CLASS(code) != BPF_RET)
		return "the last insn must return";
	return NULL;
}

/* Words that were stored on every way to where a jump goes. */
static void narrow(u16 *stored, u32 target, u16 here)
{
	stored[target] &= here;
}

static int check_memory(const struct sock_filter *insns, u32 cnt, struct strbuf *err)
{
	u16 *stored = malloc(cnt * sizeof(*stored)), here = 0;

	if (!stored)
		return -ENOMEM;
	memset(stored, 0xff, cnt * sizeof(*stored));
	for (u32 i = 0; i < cnt; i++) {
		const struct sock_filter *insn = &insns[i];

		here &= stored[i];
		if (insn->code == BPF_ST || insn->code == BPF_STX) {
			here |= 1u << insn->k;
		} else if (uses_mem(insn->code) && !(here >> insn->k & 1)) {
			strbuf_printf(err, "insn %u: M[%u] is read before it is written", i, insn->k);
			free(stored);
			return -EINVAL;
		} else if (insn->code == (BPF_JMP | BPF_JA)) {
			narrow(stored, i + 1 + insn->k, here);
			here = UINT16_MAX;
		} else if (is_cond(insn->code)) {
			narrow(stored, i + 1 + insn->jt, here);
			narrow(stored, i + 1 + insn->jf, here);
			here = UINT16_MAX;
		}
	}
	free(stored);
	return 0;
}

int classic_check(const struct sock_filter *insns, u32 cnt, enum classic_kind kind, struct strbuf *err)
{
	if (!cnt || cnt > CLASSIC_MAX) {
		strbuf_printf(err, "%u insns; there must be 1 to %u", cnt, CLASSIC_MAX);
		return -EINVAL;
	}
	for (u32 i = 0; i < cnt; i++) {
		const char *why = bad_insn(&insns[i], cnt - 1 - i, kind);

		if (why) {
			strbuf_printf(err, "insn %u: %s (code 0x%02x, k %u)", i, why, insns[i].code, insns[i].k);
			return -EINVAL;
		}
	}
	return check_memory(insns, cnt, err);
}

/* ---- translation ---------------------------------------------------------------------------------- */

struct conv {
	const struct sock_filter *in;
	u32 in_cnt, at; /* the insn being translated */
	enum classic_kind kind;
	struct bpf_insn *out;
	u16 *target; /* by out: the classic insn that a jump goes to */
	u16 *start;  /* by in: where its translation begins */
	bool *reached;
	u32 cnt;
	struct strbuf *err;
};

#define NO_TARGET UINT16_MAX

static void put(struct conv *cv, struct bpf_insn insn)
{
	cv->target[cv->cnt] = NO_TARGET;
	cv->out[cv->cnt++] = insn;
}

static void put_alu(struct conv *cv, u8 op, u8 dst, u32 k)
{
	put(cv, (struct bpf_insn){ .code = BPF_ALU | op | BPF_K, .dst_reg = dst, .imm = (s32)k });
}

static void put_alu_x(struct conv *cv, u8 op, u8 dst, u8 src)
{
	put(cv, (struct bpf_insn){ .code = BPF_ALU | op | BPF_X, .dst_reg = dst, .src_reg = src });
}

static void put_load(struct conv *cv, u8 dst, u8 base, s16 off)
{
	put(cv, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = dst, .src_reg = base, .off = off });
}

static void put_jump(struct conv *cv, struct bpf_insn insn, u32 skip)
{
	u32 target = cv->at + 1 + skip;

	put(cv, insn);
	cv->target[cv->cnt - 1] = target;
	cv->reached[target] = true;
}

static s16 word_at(u32 k)
{
	return -4 * (BPF_MEMWORDS - (s16)k);
}

/* A two-byte field in network order. */
static void put_load_be16(struct conv *cv, s16 off)
{
	put_load(cv, REG_A, REG_CTX, off);
	put(cv, (struct bpf_insn){ .code = BPF_ALU | BPF_END | BPF_TO_BE, .dst_reg = REG_A, .imm = 16 });
}

static void put_helper(struct conv *cv, u32 helper)
{
	put(cv, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = helper });
	put_alu_x(cv, BPF_MOV, REG_A, REG_A); /* what the helper left above 32 bits */
}

static int not_modelled(struct conv *cv, const char *what)
{
	strbuf_printf(cv->err, "insn %u: not modelled: the ancillary load %s", cv->at, what);
	return -EOPNOTSUPP;
}

#define SKB(field) offsetof(struct __sk_buff, field)

static int ancillary(struct conv *cv, u32 what)
{
	switch (what) {
	case SKF_AD_PROTOCOL:	      put_load_be16(cv, SKB(protocol)); return 0;
	case SKF_AD_PKTTYPE:	      put_load(cv, REG_A, REG_CTX, SKB(pkt_type)); return 0;
	case SKF_AD_IFINDEX:	      put_load(cv, REG_A, REG_CTX, SKB(ifindex)); return 0;
	case SKF_AD_MARK:	      put_load(cv, REG_A, REG_CTX, SKB(mark)); return 0;
	case SKF_AD_QUEUE:	      put_load(cv, REG_A, REG_CTX, SKB(queue_mapping)); return 0;
	case SKF_AD_RXHASH:	      put_load(cv, REG_A, REG_CTX, SKB(hash)); return 0;
	case SKF_AD_VLAN_TAG:	      put_load(cv, REG_A, REG_CTX, SKB(vlan_tci)); return 0;
	case SKF_AD_VLAN_TAG_PRESENT: put_load(cv, REG_A, REG_CTX, SKB(vlan_present)); return 0;
	case SKF_AD_VLAN_TPID:	      put_load_be16(cv, SKB(vlan_proto)); return 0;
	case SKF_AD_CPU:	      put_helper(cv, BPF_FUNC_get_smp_processor_id); return 0;
	case SKF_AD_RANDOM:	      put_helper(cv, BPF_FUNC_get_prandom_u32); return 0;
	case SKF_AD_ALU_XOR_X:	      put_alu_x(cv, BPF_XOR, REG_A, REG_X); return 0;
	case SKF_AD_NLATTR:	      return not_modelled(cv, "SKF_AD_NLATTR");
	case SKF_AD_NLATTR_NEST:      return not_modelled(cv, "SKF_AD_NLATTR_NEST");
	case SKF_AD_HATYPE:	      return not_modelled(cv, "SKF_AD_HATYPE");
	default:		      return not_modelled(cv, "SKF_AD_PAY_OFFSET");
	}
}

static void put_pkt_load(struct conv *cv, u16 code, u32 k)
{
	u8 src = BPF_MODE(code) == BPF_IND ? REG_X : 0;

	put(cv, (struct bpf_insn){ .code = code, .src_reg = src, .imm = (s32)k });
}

/* X = 4 * (P[k] & 15), the length of an IPv4 header; A stays. */
static void put_msh(struct conv *cv, u32 k)
{
	put_alu_x(cv, BPF_MOV, REG_TMP, REG_A);
	put_pkt_load(cv, LD_OF(B, ABS), k);
	put_alu(cv, BPF_AND, REG_A, 15);
	put_alu(cv, BPF_LSH, REG_A, 2);
	put_alu_x(cv, BPF_MOV, REG_X, REG_A);
	put_alu_x(cv, BPF_MOV, REG_A, REG_TMP);
}

static int load(struct conv *cv, const struct sock_filter *insn)
{
	u8 dst = BPF_CLASS(insn->code) == BPF_LD ? REG_A : REG_X;

	switch (BPF_MODE(insn->code)) {
	case BPF_IMM:
		put_alu(cv, BPF_MOV, dst, insn->k);
		return 0;
	case BPF_MEM:
		put_load(cv, dst, BPF_REG_10, word_at(insn->k));
		return 0;
	case BPF_LEN:
		if (cv->kind == CLASSIC_SECCOMP)
			put_alu(cv, BPF_MOV, dst, CLASSIC_DATA_SIZE);
		else
			put_load(cv, dst, REG_CTX, SKB(len));
		return 0;
	case BPF_MSH:
		put_msh(cv, insn->k);
		return 0;
	}
	if (cv->kind == CLASSIC_SECCOMP)
		put_load(cv, REG_A, REG_CTX, insn->k);
	else if (is_ancillary(insn))
		return ancillary(cv, insn->k - (u32)SKF_AD_OFF);
	else
		put_pkt_load(cv, insn->code, insn->k);
	return 0;
}

/* Division by an X of 0 ends the program with 0. */
static void alu(struct conv *cv, const struct sock_filter *insn)
{
	u8 op = BPF_OP(insn->code);

	if (op == BPF_NEG || BPF_SRC(insn->code) == BPF_K) {
		put_alu(cv, op, REG_A, op == BPF_NEG ? 0 : insn->k);
		return;
	}
	if (op == BPF_DIV || op == BPF_MOD) {
		put(cv, (struct bpf_insn){ .code = BPF_JMP32 | BPF_JNE | BPF_K, .dst_reg = REG_X, .off = 2 });
		put_alu(cv, BPF_MOV, REG_A, 0);
		put(cv, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
	}
	put_alu_x(cv, op, REG_A, REG_X);
}

/* Falls through to the next insn unless it jumps always. */
static bool jump(struct conv *cv, const struct sock_filter *insn)
{
	const struct bpf_insn ja = { .code = BPF_JMP | BPF_JA };
	struct bpf_insn cond = { .code = BPF_JMP32 | BPF_OP(insn->code) | BPF_SRC(insn->code), .dst_reg = REG_A };

	if (BPF_OP(insn->code) == BPF_JA || insn->jt == insn->jf) {
		put_jump(cv, ja, BPF_OP(insn->code) == BPF_JA ? insn->k : insn->jt);
		return false;
	}
	if (BPF_SRC(insn->code) == BPF_X)
		cond.src_reg = REG_X;
	else
		cond.imm = (s32)insn->k;
	put_jump(cv, cond, insn->jt);
	if (insn->jf)
		put_jump(cv, ja, insn->jf);
	return !insn->jf;
}

static void ret(struct conv *cv, const struct sock_filter *insn)
{
	if (BPF_RVAL(insn->code) == BPF_K)
		put_alu(cv, BPF_MOV, REG_A, insn->k);
	put(cv, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

static int translate(struct conv *cv, const struct sock_filter *insn)
{
	bool falls = true;
	int err = 0;

	switch (BPF_CLASS(insn->code)) {
	case BPF_LD: case BPF_LDX:
		err = load(cv, insn);
		break;
	case BPF_ST: case BPF_STX:
		put(cv, (struct bpf_insn){ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10,
			.src_reg = insn->code == BPF_ST ? REG_A : REG_X, .off = word_at(insn->k) });
		break;
	case BPF_ALU:
		alu(cv, insn);
		break;
	case BPF_JMP:
		falls = jump(cv, insn);
		break;
	case BPF_RET:
		ret(cv, insn);
		falls = false;
		break;
	default: /* BPF_MISC */
		if (BPF_MISCOP(insn->code) == BPF_TAX)
			put_alu_x(cv, BPF_MOV, REG_X, REG_A);
		else
			put_alu_x(cv, BPF_MOV, REG_A, REG_X);
	}
	if (falls)
		cv->reached[cv->at + 1] = true; /* the last one returns */
	return err;
}

static int translate_all(struct conv *cv)
{
	int err = 0;

	put(cv, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = REG_CTX, .src_reg = BPF_REG_1 });
	put_alu(cv, BPF_MOV, REG_A, 0);
	put_alu(cv, BPF_MOV, REG_X, 0);
	cv->reached[0] = true;
	for (cv->at = 0; cv->at < cv->in_cnt && !err; cv->at++) {
		cv->start[cv->at] = cv->cnt;
		if (cv->reached[cv->at])
			err = translate(cv, &cv->in[cv->at]);
	}
	for (u32 i = 0; i < cv->cnt && !err; i++) {
		if (cv->target[i] != NO_TARGET)
			cv->out[i].off = cv->start[cv->target[i]] - i - 1;
	}
	return err;
}

int classic_convert(const struct sock_filter *insns, u32 cnt, enum classic_kind kind, struct bpf_insn **ret_insns,
		    u32 *ret_cnt, struct strbuf *err)
{
	struct conv cv = { .in = insns, .in_cnt = cnt, .kind = kind, .err = err };
	u32 room = PROLOGUE + GROWTH * cnt;
	int ret = classic_check(insns, cnt, kind, err);

	if (ret)
		return ret;
	cv.out = calloc(room, sizeof(*cv.out));
	cv.target = calloc(room, sizeof(*cv.target));
	cv.start = calloc(cnt, sizeof(*cv.start));
	cv.reached = calloc(cnt, sizeof(*cv.reached));
	ret = cv.out && cv.target && cv.start && cv.reached ? translate_all(&cv) : -ENOMEM;
	free(cv.target);
	free(cv.start);
	free(cv.reached);
	if (ret) {
		free(cv.out);
		return ret;
	}
	*ret_insns = cv.out;
	*ret_cnt = cv.cnt;
	return 0;
}
