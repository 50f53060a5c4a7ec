/* SPDX-License-Identifier: BSD-2-Clause */
/* test_isa.c - the table against data/isa.tsv; text and back; control flow. argv[1]: isa.tsv */
#include "isa/cfg.h"
#include "isa/isa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *isa_tsv;

/* A valid insn of @form with distinct fields; @salt varies them. */
static void make_insn(enum insn_form form, u32 salt, struct bpf_insn insn[2])
{
	const struct insn_info *info = &insn_infos[form];

	memset(insn, 0, 2 * sizeof(*insn));
	insn[0].code = info->code;
	if (info->uses & USE_DST)
		insn[0].dst_reg = salt % 10;
	if (info->uses & USE_SRC)
		insn[0].src_reg = (salt / 10) % 10;
	if (info->uses & USE_OFF)
		insn[0].off = (s16)(salt * 2654435761u >> 7);
	if (info->uses & USE_IMM)
		insn[0].imm = (s32)(salt * 2246822519u);
	if (info->uses & USE_IMM2)
		insn[1].imm = (s32)(salt * 3266489917u);
	switch (info->disc) {
	case DISC_OFF:
		insn[0].off = info->disc_val;
		break;
	case DISC_IMM:
		insn[0].imm = info->disc_val;
		break;
	case DISC_SRC:
		insn[0].src_reg = info->disc_val;
		break;
	case DISC_DST:
		insn[0].dst_reg = info->disc_val;
		break;
	case DISC_OFF_IMM:
		insn[0].off = 1;
		insn[0].imm = info->disc_val;
		break;
	}
}

static void every_form_decodes_to_itself(void **state __unused_arg)
{
	struct bpf_insn insn[2];

	for (int form = 1; form < FORM_CNT; form++) {
		make_insn(form, 12345, insn);
		assert_string_equal(insn_infos[insn_decode(insn)].name, insn_infos[form].name);
		assert_null(insn_bad_reserved(insn, form));
	}
}

static void reserved_fields_are_named(void **state __unused_arg)
{
	int seen[5] = { 0 };

	for (int form = 1; form < FORM_CNT; form++) {
		const struct insn_info *info = &insn_infos[form];
		struct bpf_insn insn[2];

		make_insn(form, 0, insn);
		if (!(info->uses & USE_DST) && info->disc != DISC_DST) {
			insn[0].dst_reg = 1;
			assert_string_equal(insn_bad_reserved(insn, form), "dst_reg");
			insn[0].dst_reg = 0;
			seen[0]++;
		}
		if (!(info->uses & USE_SRC) && info->disc != DISC_SRC) {
			insn[0].src_reg = 1;
			assert_string_equal(insn_bad_reserved(insn, form), "src_reg");
			insn[0].src_reg = 0;
			seen[1]++;
		}
		if (!(info->uses & USE_OFF) && info->disc != DISC_OFF && info->disc != DISC_OFF_IMM) {
			insn[0].off = -1;
			assert_string_equal(insn_bad_reserved(insn, form), "off");
			insn[0].off = 0;
			seen[2]++;
		}
		if (!(info->uses & USE_IMM) && info->disc != DISC_IMM && info->disc != DISC_OFF_IMM) {
			insn[0].imm = 1;
			assert_string_equal(insn_bad_reserved(insn, form), "imm");
			insn[0].imm = 0;
			seen[3]++;
		}
		if (info->uses & USE_IMM2) {
			insn[1].off = 1;
			assert_string_equal(insn_bad_reserved(insn, form), "next");
			seen[4]++;
		}
	}
	for (int i = 0; i < 5; i++)
		assert_true(seen[i] > 0);
}

static void unknown_opcodes_have_no_form(void **state __unused_arg)
{
	bool known[256] = { 0 };
	struct bpf_insn insn = { 0 };

	for (int form = 1; form < FORM_CNT; form++)
		known[insn_infos[form].code] = true;
	for (int code = 0; code < 256; code++) {
		assert_int_equal(insn_code_known(code), known[code]);
		insn.code = code;
		if (!known[code])
			assert_int_equal(insn_decode(&insn), FORM_INVALID);
	}
	insn = (struct bpf_insn){ .code = 0x3f, .off = 2 }; /* neither / nor s/ */
	assert_int_equal(insn_decode(&insn), FORM_INVALID);
	insn = (struct bpf_insn){ .code = 0xdb, .imm = 0x51 | 0x200 };
	assert_int_equal(insn_decode(&insn), FORM_INVALID);
}

static u8 hex_byte(const char *s)
{
	char two[3] = { s[0], s[1], 0 };

	return strtoul(two, NULL, 16);
}

/* Every row of data/isa.tsv with bytes and a kernel text: same text, and the same bytes back. */
static void kernel_text_of_every_fact_row(void **state __unused_arg)
{
	FILE *f = fopen(isa_tsv, "r");
	struct strbuf text = { 0 }, err = { 0 };
	char line[2048];
	int rows = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct bpf_insn insn[2] = { 0 }, *back;
		char *col[12] = { 0 }, *p = line;
		size_t len;
		u32 cnt;

		for (int i = 0; i < 12 && p; i++)
			col[i] = strsep(&p, "\t");
		if (line[0] != '0' || !col[9] || !strlen(col[9]) || strstr(col[7], "[not printed") ||
		    strstr(col[7], "ADDR"))
			continue;
		len = strlen(col[9]) / 2;
		assert_true(len == 8 || len == 16);
		for (size_t i = 0; i < len; i++)
			((u8 *)insn)[i] = hex_byte(col[9] + 2 * i);
		strbuf_reset(&text);
		insn_print(&text, insn, NULL);
		if (insn[0].code != 0x85 || insn[0].src_reg)
			assert_string_equal(strbuf_str(&text) + 5, col[7]);
		if (insn_assemble(strbuf_str(&text), NULL, &back, &cnt, &err))
			fail_msg("%s: %s", strbuf_str(&text), strbuf_str(&err));
		assert_int_equal(cnt, len / 8);
		assert_memory_equal(back, insn, len);
		free(back);
		rows++;
	}
	fclose(f);
	strbuf_free(&text);
	strbuf_free(&err);
	assert_true(rows > 150);
}

/* All forms with many field values, one at a time and as whole programs. */
static void text_reads_back(void **state __unused_arg)
{
	struct strbuf text = { 0 }, err = { 0 };
	struct bpf_insn prog[400], *back;
	u32 cnt;

	for (u32 salt = 0; salt < 300; salt++) {
		u32 n = 0;

		strbuf_reset(&text);
		for (int form = 1; form < FORM_CNT; form++) {
			struct bpf_insn insn[2];

			make_insn(form, salt * 1000003u + form, insn);
			if (form == FORM_CALL_KFUNC)
				insn[0].off = 0; /* the text has no room for the BTF's index */
			if (form == FORM_LD_MAP_FD || form == FORM_LD_MAP_IDX || form == FORM_LD_FUNC)
				insn[1].imm = 0;
			if (insn_infos[form].op == OP_CMPXCHG && salt % 2)
				insn[0].src_reg = 0;
			prog[n++] = insn[0];
			if (insn_is_wide(insn))
				prog[n++] = insn[1];
			insn_print(&text, insn, NULL);
			strbuf_putc(&text, salt % 3 ? '\n' : ';');
		}
		if (insn_assemble(strbuf_str(&text), NULL, &back, &cnt, &err))
			fail_msg("%s in\n%s", strbuf_str(&err), strbuf_str(&text));
		assert_int_equal(cnt, n);
		for (u32 i = 0; i < n; i++)
			assert_memory_equal(&back[i], &prog[i], sizeof(prog[i]));
		free(back);
	}
	strbuf_free(&text);
	strbuf_free(&err);
}

static int sym_map(void *ctx __unused_arg, const char *name)
{
	return strcmp(name, "hash") ? -1 : 7;
}

static int sym_helper(void *ctx __unused_arg, const char *name)
{
	return strcmp(name, "bpf_map_lookup_elem") ? -1 : 1;
}

static const struct asm_syms test_syms = { .map = sym_map, .helper = sym_helper };

static void labels_maps_and_helpers(void **state __unused_arg)
{
	static const char text[] = "r1 = map[hash]\n"
				   "r2 = map_value[hash] + 4   # comment\n"
				   "again: call bpf_map_lookup_elem\n"
				   "if r0 == 0 goto out // other comment\n"
				   "r3 = func callback; call callback\n"
				   "goto again\n"
				   "out: exit\n"
				   "callback: r0 = 0x10; exit\n";
	struct strbuf err = { 0 };
	struct bpf_insn *p;
	u32 cnt;

	assert_int_equal(insn_assemble(text, &test_syms, &p, &cnt, &err), 0);
	assert_int_equal(cnt, 13);
	assert_int_equal(p[0].src_reg, BPF_PSEUDO_MAP_FD);
	assert_int_equal(p[0].imm, 7);
	assert_int_equal(p[2].src_reg, BPF_PSEUDO_MAP_VALUE);
	assert_int_equal(p[3].imm, 4);
	assert_int_equal(p[4].imm, 1);
	assert_int_equal(p[5].off, 4);
	assert_int_equal(p[6].src_reg, BPF_PSEUDO_FUNC);
	assert_int_equal(p[6].imm, 11 - 7);
	assert_int_equal(p[8].src_reg, BPF_PSEUDO_CALL);
	assert_int_equal(p[8].imm, 11 - 9);
	assert_int_equal(p[9].off, 4 - 10);
	assert_int_equal(p[11].code, 0xb7);
	assert_int_equal(p[11].imm, 16);
	free(p);
	strbuf_free(&err);
}

static void bad_text_says_where(void **state __unused_arg)
{
	static const struct {
		const char *text, *err;
	} cases[] = {
		{ "r1 += 5\nr1 ?= 2", "2:4: expected an assignment" },
		{ "goto nowhere", "1:6: no label or helper nowhere" },
		{ "r1 = r2 r3", "1:9: unexpected text after the instruction" },
		{ "w1 += r2", "1:9: both registers must be r or both w" },
		{ "r1 += 0x100000000", "1:7: does not fit into 32 bits" },
		{ "r1 = *(u64 *)(r2 +40000)", "1:18: offset does not fit into 16 bits" },
		{ "a: a: exit", "1:4: label stands twice" },
		{ "r16 = 0", "1:1: not an instruction" },
		{ "r1 = map[none]", "1:14: no map of that name" },
		{ "r2 = atomic_fetch_add((u32 *)(r1 +8), r3)", "1:42: the result goes to the source register (cmpxchg: r0)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf err = { 0 };
		struct bpf_insn *p = NULL;
		u32 cnt;

		assert_int_not_equal(insn_assemble(cases[i].text, &test_syms, &p, &cnt, &err), 0);
		assert_string_equal(strbuf_str(&err), cases[i].err);
		strbuf_free(&err);
	}
}

static void regs_read_and_written(void **state __unused_arg)
{
	static const struct {
		const char *text;
		u16 rd, wr;
	} cases[] = {
		{ "r1 += r2", BIT(1) | BIT(2), BIT(1) },
		{ "r1 = r2", BIT(2), BIT(1) },
		{ "r1 = 7", 0, BIT(1) },
		{ "r1 = -r1", BIT(1), BIT(1) },
		{ "r3 = *(u8 *)(r4 +0)", BIT(4), BIT(3) },
		{ "*(u8 *)(r4 +0) = r5", BIT(4) | BIT(5), 0 },
		{ "*(u8 *)(r4 +0) = 5", BIT(4), 0 },
		{ "r0 = atomic_cmpxchg((u32 *)(r1 +0), r0, r2)", BIT(0) | BIT(1) | BIT(2), BIT(0) },
		{ "r2 = atomic_fetch_add((u32 *)(r1 +0), r2)", BIT(1) | BIT(2), BIT(2) },
		{ "lock *(u32 *)(r1 +0) += r2", BIT(1) | BIT(2), 0 },
		{ "r1 = load_acquire((u8 *)(r2 +0))", BIT(2), BIT(1) },
		{ "store_release((u8 *)(r1 +0), r2)", BIT(1) | BIT(2), 0 },
		{ "r0 = *(u16 *)skb[r2 + 4]", BIT(2) | BIT(6), 0x3f },
		{ "call 5", 0x3e, 0x3f },
		{ "exit", BIT(0), 0 },
		{ "if r1 > r2 goto +0", BIT(1) | BIT(2), 0 },
		{ "if r1 > 2 goto +0", BIT(1), 0 },
		{ "*(u64 *)(r11 -8) = r5", BIT(11) | BIT(5), 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf err = { 0 };
		struct bpf_insn *p;
		u32 cnt;

		assert_int_equal(insn_assemble(cases[i].text, NULL, &p, &cnt, &err), 0);
		assert_int_equal(insn_regs_read(p, insn_decode(p)), cases[i].rd);
		assert_int_equal(insn_regs_written(p, insn_decode(p)), cases[i].wr);
		free(p);
	}
}

static void stack_argument_forms(void **state __unused_arg)
{
	struct bpf_insn insn = { .code = 0x79, .dst_reg = 1, .src_reg = 11, .off = 8 };

	assert_int_equal(insn_decode(&insn), FORM_LDX_ARG);
	insn = (struct bpf_insn){ .code = 0x7b, .dst_reg = 11, .src_reg = 2, .off = -8 };
	assert_int_equal(insn_decode(&insn), FORM_STX_ARG);
	insn = (struct bpf_insn){ .code = 0x7a, .dst_reg = 11, .imm = 2, .off = -8 };
	assert_int_equal(insn_decode(&insn), FORM_ST_ARG);
	/* Only 8 bytes have such a form; a narrower one is a plain access, which r11 is refused in. */
	insn = (struct bpf_insn){ .code = 0x61, .dst_reg = 1, .src_reg = 11, .off = 8 };
	assert_int_equal(insn_decode(&insn), FORM_LDX_W);
}

static void blocks_and_subprograms(void **state __unused_arg)
{
	static const char text[] = "r6 = 0x1122334455667788 ll\n" /* 0, 1 */
				   "if r1 > 3 goto skip\n"	  /* 2 */
				   "call sub\n"			  /* 3 */
				   "skip: r0 = 0\n"		  /* 4 */
				   "exit\n"			  /* 5 */
				   "sub: r1 += 1\n"		  /* 6 */
				   "if r1 < 5 goto sub\n"	  /* 7 */
				   "exit\n";			  /* 8 */
	struct strbuf err = { 0 }, dot = { 0 };
	struct bpf_insn *p;
	struct cfg cfg;
	u32 cnt;

	assert_int_equal(insn_assemble(text, NULL, &p, &cnt, &err), 0);
	assert_int_equal(cfg_build(p, cnt, NULL, &cfg), 0);
	assert_int_equal(cfg.subprog_cnt, 2);
	assert_int_equal(cfg.subprogs[1].start, 6);
	assert_int_equal(cfg.subprogs[0].end, 6);
	assert_int_equal(cfg.block_cnt, 5);
	assert_int_equal(cfg.blocks[0].end, 3);
	assert_int_equal(cfg.blocks[0].succ[0], 1);
	assert_int_equal(cfg.blocks[0].succ[1], 2);
	assert_int_equal(cfg.blocks[1].succ[0], 2);
	assert_int_equal(cfg.blocks[1].succ[1], -1);
	assert_int_equal(cfg.blocks[2].succ[0], -1);
	assert_int_equal(cfg.blocks[3].succ[1], 3);
	assert_int_equal(cfg.block_of[1], 0);
	assert_int_equal(cfg.block_of[8], 4);
	cfg_print_dot(&dot, &cfg, p, NULL);
	assert_non_null(strstr(strbuf_str(&dot), "bb_0 -> bb_2"));
	assert_non_null(strstr(strbuf_str(&dot), "2: (25) if r1 \\> 0x3 goto pc+1\\l"));
	cfg_free(&cfg);
	p[2].off = 100;
	assert_int_not_equal(cfg_build(p, cnt, NULL, &cfg), 0);
	free(p);
	strbuf_free(&dot);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_decodes_to_itself),
		{ "V-23 reserved fields are named", reserved_fields_are_named, NULL, NULL, NULL },
		cmocka_unit_test(unknown_opcodes_have_no_form),
		cmocka_unit_test(kernel_text_of_every_fact_row),
		cmocka_unit_test(text_reads_back),
		cmocka_unit_test(labels_maps_and_helpers),
		cmocka_unit_test(bad_text_says_where),
		cmocka_unit_test(regs_read_and_written),
		{ "S-03 stack argument accesses are forms of their own", stack_argument_forms, NULL, NULL, NULL },
		cmocka_unit_test(blocks_and_subprograms),
	};

	assert(argc > 1);
	isa_tsv = argv[1];
	return cmocka_run_group_tests_name("isa", tests, NULL, NULL);
}
