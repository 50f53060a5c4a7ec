/* SPDX-License-Identifier: BSD-2-Clause */
/* mutate.c - programs with a few fields changed: most of what could go wrong is one step from what is right. */
#include "mutate.h"

#include "base/hash.h"

struct mutator {
	u64 state;
};

static u32 rnd(struct mutator *m, u32 below)
{
	m->state += 0x9e3779b97f4a7c15ULL;
	return (u32)(hash_u64(m->state, 3) >> 32) % below;
}

static void change_reg(struct mutator *m, struct bpf_insn *insn)
{
	if (rnd(m, 2))
		insn->dst_reg = rnd(m, 11);
	else
		insn->src_reg = rnd(m, 11);
}

static void change_number(struct mutator *m, struct bpf_insn *insn)
{
	static const s32 steps[] = { 1, -1, 2, -2, 4, -4, 8, -8, 16, -16, 64, 255 };
	s32 step = steps[rnd(m, ARRAY_SIZE(steps))];

	if (rnd(m, 2))
		insn->off += step;
	else
		insn->imm += step;
}

static void change_op(struct mutator *m, struct bpf_insn *insn)
{
	switch (rnd(m, 3)) {
	case 0:
		insn->code = (insn->code & 0x0f) | rnd(m, 16) << 4;
		break;
	case 1:
		insn->code ^= 0x08;
		break;
	default:
		insn->code = (insn->code & ~0x18) | rnd(m, 4) << 3;
		break;
	}
}

static void change(struct mutator *m, struct bpf_insn *insns, u32 cnt)
{
	u32 at = rnd(m, cnt), other = rnd(m, cnt);

	/* Constants of two slots stay as they are, or most changes end there. */
	for (u32 i = 0; i < cnt; i++) {
		if (insn_is_wide(&insns[i])) {
			if (at == i || at == i + 1 || other == i || other == i + 1)
				return;
			i++;
		}
	}
	switch (rnd(m, 8)) {
	case 0:
	case 1:
		change_reg(m, &insns[at]);
		break;
	case 2:
	case 3:
	case 4:
		change_number(m, &insns[at]);
		break;
	case 5:
		change_op(m, &insns[at]);
		break;
	case 6:
		insns[at] = insns[other];
		break;
	default: {
		struct bpf_insn tmp = insns[at];

		insns[at] = insns[other];
		insns[other] = tmp;
	}
	}
}

void mutate(struct bpf_insn *insns, u32 cnt, u64 seed)
{
	struct mutator m = { .state = seed * 0x2545f4914f6cdd1dULL };

	for (u32 n = 1 + rnd(&m, 3); n; n--)
		change(&m, insns, cnt);
}
