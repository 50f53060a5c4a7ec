/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_asm.c - any text for the assembler. What it takes is printed, and the print, assembled, is the same
 * program again.
 */
#include "isa/isa.h"

#include "base/strbuf.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int any_map(void *ctx __unused_arg, const char *name)
{
	return *name == 'm' ? 3 : -1;
}

static int any_helper(void *ctx __unused_arg, const char *name)
{
	return *name == 'b' ? (int)strlen(name) : -1;
}

static bool is_two_slots(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/* Of names nothing is left in an insn: what those stand for is printed for people. */
static bool has_names(const struct bpf_insn *insn)
{
	return (is_two_slots(insn) && insn->src_reg) || insn->code == (BPF_JMP | BPF_CALL);
}

static void print_all(const struct bpf_insn *insns, u32 cnt, struct strbuf *out)
{
	for (u32 i = 0; i < cnt; i++) {
		insn_print(out, &insns[i], NULL);
		strbuf_putc(out, '\n');
		if (is_two_slots(&insns[i]))
			i++;
	}
}

static void must_be_the_same(const struct bpf_insn *insns, u32 cnt, const char *text)
{
	struct strbuf err = { 0 };
	struct bpf_insn *again;
	u32 again_cnt;

	if (insn_assemble(text, NULL, &again, &again_cnt, &err) || again_cnt != cnt ||
	    memcmp(again, insns, cnt * sizeof(*insns))) {
		fprintf(stderr, "not the same when read again: %s\n%s\n", strbuf_str(&err), text);
		abort();
	}
	free(again);
	strbuf_free(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct asm_syms syms = { .map = any_map, .helper = any_helper };
	char *text = strndup((const char *)data, size);
	struct strbuf err = { 0 }, once = { 0 };
	struct bpf_insn *insns = NULL;
	u32 cnt = 0;
	int ret;

	if (!text)
		return 0;
	ret = insn_assemble(text, &syms, &insns, &cnt, &err);
	/* A refusal says where and why. */
	if (!!ret != !!err.len)
		abort();
	if (!ret && cnt) {
		/* What "insn" says no other text can. */
		bool named = strstr(text, "insn");

		for (u32 i = 0; i < cnt; i++)
			named |= has_names(&insns[i]);
		print_all(insns, cnt, &once);
		if (!named)
			must_be_the_same(insns, cnt, strbuf_str(&once));
	}
	free(insns);
	strbuf_free(&err);
	strbuf_free(&once);
	free(text);
	return 0;
}
