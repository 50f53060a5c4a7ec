/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_classic.c - any bytes as the text of a classic program of either kind. What is accepted becomes a program
 * of known insns whose jumps stay inside; what is refused says why.
 */
#include "isa/classic.h"
#include "isa/isa.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void look_at(const struct bpf_insn *insns, u32 cnt)
{
	for (u32 i = 0; i < cnt; i++) {
		enum insn_form form = insn_decode(&insns[i]);
		u8 kind = insn_infos[form].kind;

		must(form != FORM_INVALID && !insn_bad_reserved(&insns[i], form));
		if (kind == INSN_JCOND || kind == INSN_JA)
			must(insns[i].off >= 0 && i + 1 + insns[i].off < cnt);
	}
	must(insn_infos[insn_decode(&insns[cnt - 1])].kind == INSN_EXIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sock_filter *classic;
	struct strbuf why = { 0 };
	u32 classic_cnt, cnt;

	if (classic_parse((const char *)data, size, &classic, &classic_cnt, &why)) {
		must(why.len);
		strbuf_free(&why);
		return 0;
	}
	for (enum classic_kind kind = CLASSIC_PACKET; kind <= CLASSIC_SECCOMP; kind++) {
		struct bpf_insn *insns;
		int err = classic_convert(classic, classic_cnt, kind, &insns, &cnt, &why);

		must(!err || why.len);
		if (!err) {
			look_at(insns, cnt);
			free(insns);
		}
		strbuf_reset(&why);
	}
	free(classic);
	strbuf_free(&why);
	return 0;
}
