/* SPDX-License-Identifier: BSD-2-Clause */
/* test_checks.c - what the checks of the verifier accept and refuse, each case with its twin. */
#include "fakehost.h"

#include "isa/cfg.h"
#include "minibtf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define XDP    BPF_PROG_TYPE_XDP
#define SOCK   BPF_PROG_TYPE_SOCKET_FILTER
#define SYSC   BPF_PROG_TYPE_SYSCALL

static struct fakehost fh;

static void accepts(u32 type, const char *text)
{
	assert_true(fakehost_expect(&fh, type, text, 0, NULL));
}

static void refuses(u32 type, const char *text, int err, const char *msg)
{
	assert_true(fakehost_expect(&fh, type, text, err, msg));
}

/* Programs that no assembler writes. */
static void raw(const struct bpf_insn *insns, u32 cnt, int err, const char *msg)
{
	static struct fake_run run;
	struct vprog prog = { .gpl = true, .insns = insns, .insn_cnt = cnt };

	fakehost_verify(&fh, SOCK, NULL, &prog, &run);
	if (run.res.err != err || (msg && strcmp(run.res.message, msg)))
		fail_msg("expected %d \"%s\", got %d \"%s\"\n%s", err, msg, run.res.err,
			 run.res.message, run.log_buf);
	fakehost_release(&fh, &run);
	assert_int_equal(fh.map_refs, 0);
}

#define RAW(err, msg, ...)                                                                         \
	do {                                                                                       \
		struct bpf_insn insns_[] = { __VA_ARGS__ };                                        \
		raw(insns_, ARRAY_SIZE(insns_), err, msg);                                         \
	} while (0)
#define I(c, d, s, o, i)                                                                           \
	{                                                                                          \
		.code = c, .dst_reg = d, .src_reg = s, .off = o, .imm = i                          \
	}
#define MOV0 I(0xb7, 0, 0, 0, 0)
#define EXIT I(0x95, 0, 0, 0, 0)

static void opcodes(void **state __unused_arg)
{
	RAW(0, "", MOV0, EXIT);
	RAW(-EINVAL, "unknown opcode ff", I(0xff, 0, 0, 0, 0), EXIT);
	RAW(-EINVAL, "unknown opcode 00", I(0x00, 0, 0, 0, 0), EXIT);
	RAW(-EINVAL, "BPF_ATOMIC uses invalid atomic opcode 77", MOV0, I(0xdb, 10, 0, -8, 0x77), EXIT);
	RAW(-E2BIG, NULL);
}

static void v06_register_numbers(void **state __unused_arg)
{
	RAW(-EINVAL, "R11 is invalid", I(0xb7, 11, 0, 0, 0), EXIT);
	RAW(-EINVAL, "R12 is invalid", I(0xbf, 0, 12, 0, 0), EXIT);
	RAW(-EINVAL, "R15 is invalid", I(0x18, 15, 0, 0, 0), I(0, 0, 0, 0, 0), EXIT);
	/* Code that no path reaches is looked at, too. */
	RAW(-EINVAL, "R13 is invalid", MOV0, I(0x15, 0, 0, 1, 0), I(0xbf, 1, 13, 0, 0), EXIT);
	RAW(-EACCES, "frame pointer is read only", MOV0, I(0xb7, 10, 0, 0, 0), EXIT);
}

static void v23_reserved_fields(void **state __unused_arg)
{
	RAW(-EINVAL, "BPF_ALU uses reserved fields", MOV0, I(0x07, 0, 1, 0, 0), EXIT);
	RAW(-EINVAL, "BPF_ALU uses reserved fields", MOV0, I(0x0f, 0, 0, 0, 1), EXIT);
	RAW(-EINVAL, "BPF_ALU uses reserved fields", MOV0, I(0x37, 0, 0, 2, 1), EXIT);
	RAW(-EINVAL, "BPF_ALU uses reserved fields", MOV0, I(0x07, 0, 0, 1, 1), EXIT);
	RAW(0, "", MOV0, I(0x37, 0, 0, 1, 1), EXIT); /* signed division */
	RAW(-EINVAL, "BPF_NEG uses reserved fields", MOV0, I(0x87, 0, 0, 0, 1), EXIT);
	RAW(-EINVAL, "BPF_END uses reserved fields", MOV0, I(0xd4, 0, 0, 0, 17), EXIT);
	RAW(-EINVAL, "BPF_END uses reserved fields", MOV0, I(0xdc, 0, 0, 1, 16), EXIT);
	RAW(-EINVAL, "BPF_MOV uses reserved fields", I(0xb7, 0, 1, 0, 0), EXIT);
	RAW(-EINVAL, "BPF_MOV uses reserved fields", I(0xbf, 0, 1, 9, 0), EXIT);
	RAW(-EINVAL, "BPF_MOV uses reserved fields", I(0xbc, 0, 1, 32, 0), EXIT);
	RAW(-EINVAL, "BPF_MOV uses reserved fields", I(0xbf, 0, 1, -1, 0), EXIT);
	RAW(-EINVAL, "addr_space_cast insn can only convert between address space 1 and 0",
	    I(0xbf, 0, 1, 1, 2), EXIT);
	RAW(-EINVAL, "BPF_LDX uses reserved fields", I(0x61, 0, 1, 0, 1), EXIT);
	RAW(-EINVAL, "BPF_ST uses reserved fields", MOV0, I(0x62, 10, 1, -4, 1), EXIT);
	RAW(-EINVAL, "BPF_STX uses reserved fields", MOV0, I(0x63, 10, 0, -4, 1), EXIT);
	RAW(-EINVAL, "BPF_LD_[ABS|IND] uses reserved fields", I(0x20, 1, 0, 0, 0), EXIT);
	RAW(-EINVAL, "BPF_LD_IMM64 uses reserved fields", I(0x18, 0, 0, 1, 0), I(0, 0, 0, 0, 0), EXIT);
	RAW(-EINVAL, "BPF_JMP/JMP32 uses reserved fields", MOV0, I(0x15, 0, 1, 0, 0), EXIT);
	RAW(-EINVAL, "BPF_JMP/JMP32 uses reserved fields", MOV0, I(0x1d, 0, 0, 0, 1), EXIT);
	RAW(-EINVAL, "BPF_JA uses reserved fields", MOV0, I(0x05, 0, 0, 0, 1), EXIT);
	RAW(-EINVAL, "BPF_JA uses reserved fields", MOV0, I(0x06, 0, 0, 1, 0), EXIT);
	RAW(-EINVAL, "BPF_CALL uses reserved fields", I(0x85, 1, 0, 0, 5), EXIT);
	RAW(-EINVAL, "BPF_CALL uses reserved fields", I(0x85, 0, 0, 1, 5), EXIT);
	RAW(-EINVAL, "BPF_CALL uses reserved fields", I(0x85, 0, 3, 0, 5), EXIT);
	RAW(-EINVAL, "BPF_EXIT uses reserved fields", MOV0, I(0x95, 1, 0, 0, 0));
	RAW(-EINVAL, "invalid may_goto imm 1", MOV0, I(0xe5, 0, 0, 0, 1), EXIT);
}

static void wide_constants(void **state __unused_arg)
{
	struct bpf_insn second = I(0, 0, 0, 0, 1);

	RAW(0, "", I(0x18, 0, 0, 0, 1), second, EXIT);
	RAW(-EINVAL, "invalid bpf_ld_imm64 insn", I(0x18, 0, 0, 0, 1), I(0, 1, 0, 0, 0), EXIT);
	RAW(-EINVAL, "invalid bpf_ld_imm64 insn", I(0x18, 0, 0, 0, 1), EXIT);
	RAW(-EINVAL, "unrecognized bpf_ld_imm64 insn", I(0x18, 0, 7, 0, 1), second, EXIT);
	RAW(-EINVAL, "unrecognized bpf_ld_imm64 insn", I(0x18, 0, 1, 0, 1), second, EXIT);
	RAW(-EBADF, "fd 77 is not pointing to valid bpf_map", I(0x18, 0, 1, 0, 77), I(0, 0, 0, 0, 0),
	    EXIT);
	RAW(-EPROTO, "fd_idx without fd_array is invalid", I(0x18, 0, 5, 0, 0), I(0, 0, 0, 0, 0), EXIT);
	RAW(-EINVAL, "jump into the middle of ldimm64 insn 1", I(0x05, 0, 0, 1, 0),
	    I(0x18, 0, 0, 0, 1), second, I(0x05, 0, 0, -3, 0));
}

static void control_flow(void **state __unused_arg)
{
	accepts(SOCK, "r0 = 0; if r0 == 0 goto +1; r0 = 1; exit");
	refuses(SOCK, "r0 = 0; goto +1; r0 = 1; exit", -EINVAL, "unreachable insn 2");
	refuses(SOCK, "r0 = 0; if r0 == 0 goto +2; r0 = 1; exit", -EINVAL,
		"jump out of range from insn 1 to 4");
	refuses(SOCK, "r0 = 0; if r0 == 0 goto -3; exit", -EINVAL, "jump out of range from insn 1 to -1");
	refuses(SOCK, "r0 = 0; r1 = 0", -EINVAL, "last insn is not an exit or jmp");
	refuses(SOCK, "call sub; exit; sub: r0 = 0; goto -3", -EINVAL,
		"jump out of range from insn 3 to 1");
	RAW(-EINVAL, "call to invalid destination", I(0x85, 0, 1, 0, 9), EXIT);
	/* A subprogram that nobody calls is unreachable code. */
	refuses(SOCK, "r0 = 0; exit; r0 = 0; exit", -EINVAL, "unreachable insn 2");
}

static void v07_recursion(void **state __unused_arg)
{
	accepts(SOCK, "call a; exit; a: call b; exit; b: r0 = 0; exit");
	refuses(SOCK, "call a; exit; a: call a; exit", -EINVAL, "recursive call from f1() to f1()");
	refuses(SOCK, "call a; exit; a: call b; exit; b: call a; exit", -EINVAL,
		"recursive call from f2() to f1()");
}

static void v07_callees_come_first(void **state __unused_arg)
{
	static struct fake_run run;

	fakehost_verify(&fh, SOCK, "call a; call b; exit; a: call b; exit; b: r0 = 0; exit", NULL,
			&run);
	assert_int_equal(run.res.err, 0);
	assert_non_null(strstr(run.log_buf, "func#0 @0\nfunc#1 @3\nfunc#2 @5\n"));
	assert_non_null(strstr(run.log_buf, "topo_order[0] = f2\ntopo_order[1] = f1\ntopo_order[2] = f0\n"));
	fakehost_release(&fh, &run);
}

static void subprogram_limit(void **state __unused_arg)
{
	struct bpf_insn insns[256 * 3 + 1];

	/* One call for each subprogram; with main it is one more than there are calls. */
	for (u32 subs = 255; subs <= 256; subs++) {
		u32 n = 0;

		for (; n < subs; n++)
			insns[n] = (struct bpf_insn)I(0x85, 0, 1, 0, (s32)(subs + n));
		insns[n++] = (struct bpf_insn)EXIT;
		for (u32 i = 0; i < subs; i++) {
			insns[n++] = (struct bpf_insn)MOV0;
			insns[n++] = (struct bpf_insn)EXIT;
		}
		raw(insns, n, subs == 255 ? 0 : -E2BIG, subs == 255 ? "" : "too many subprograms");
	}
}

static void program_types(void **state __unused_arg)
{
	refuses(BPF_PROG_TYPE_LIRC_MODE2, "r0 = 0; exit", -EOPNOTSUPP,
		"not modelled: program type LIRC_MODE2");
	refuses(SOCK, "nospec; r0 = 0; exit", -EINVAL, "unknown opcode c2");
	accepts(SYSC, "r0 = 0; exit");
}

/* ---- callers without CAP_PERFMON, and without CAP_BPF ------------------------------------------- */

static void no_leaks(void **state __unused_arg)
{
	fh.host.caps = VCAP_BPF;
	accepts(SOCK, "r0 = 0; exit");
	refuses(SOCK, "r0 = r1; exit", -EACCES, "R0 leaks addr as return value");
	refuses(SOCK, "r0 = 0; w1 = w1; exit", -EACCES, "R1 partial copy of pointer");
	refuses(SOCK, "r0 = 0; r1 = -r1; exit", -EACCES, "R1 pointer arithmetic prohibited");
	refuses(SOCK, "r0 = 0; r1 = (s8)r1; exit", -EACCES, "R1 sign-extension part of pointer");
	refuses(SOCK, "r2 = r10; r2 -= r1; r0 = 0; exit", -EACCES, "R2 pointer -= pointer prohibited");
	refuses(SOCK, "r0 = 0; if r1 > r10 goto +0; exit", -EACCES, "R10 pointer comparison prohibited");
	refuses(SOCK, "r0 = *(u64 *)(r10 -8); exit", -EACCES, "invalid read from stack R10 off=-8 size=8");
	refuses(SOCK, "*(u64 *)(r10 -8) = r1; *(u8 *)(r10 -8) = 1; r0 = 0; exit", -EACCES,
		"attempt to corrupt spilled pointer on stack");
	accepts(SOCK, "*(u64 *)(r10 -8) = r1; *(u64 *)(r10 -8) = 1; r0 = 0; exit");
	/* The loop's end may be guessed wrong again and again. */
	refuses(SOCK, "r0 = 0; l: r0 += 1; if r0 < 4 goto l; exit", -EINVAL, "infinite loop detected at insn 1");
	fakehost_init(&fh);
}

static void no_capability(void **state __unused_arg)
{
	fh.host.caps = 0;
	accepts(SOCK, "r0 = 0; if r0 == 0 goto l; r0 = 1; l: exit");
	refuses(SOCK, "r0 = 0; l: r0 += 1; if r0 < 4 goto l; exit", -EINVAL, "back-edge from insn 2 to 1");
	refuses(SOCK, "call f; exit; f: r0 = 0; exit", -EPERM,
		"loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN");
	fakehost_init(&fh);
}

/* ---- maps ------------------------------------------------------------------------------------ */

static void map_values(void **state __unused_arg)
{
	fakehost_add_map(&fh, BPF_MAP_TYPE_ARRAY, 4, 16, 1, 0);
	fakehost_add_map(&fh, BPF_MAP_TYPE_ARRAY, 4, 16, 2, 0);
	fakehost_add_map(&fh, BPF_MAP_TYPE_HASH, 4, 16, 1, 0);
	accepts(SOCK, "r1 = map_value[fd10] + 8; r0 = *(u64 *)(r1 + 0); exit");
	refuses(SOCK, "r1 = map_value[fd10] + 16; r0 = 0; exit", -EINVAL,
		"invalid access to map value pointer, value_size=16 off=16");
	refuses(SOCK, "r1 = map_value[fd11] + 0; r0 = 0; exit", -524,
		"invalid access to map value pointer, value_size=16 off=0");
	refuses(SOCK, "r1 = map_value[fd12] + 0; r0 = 0; exit", -EINVAL,
		"no direct value access support for this map type");
	refuses(SOCK, "r1 = map_value[fd10] + 8; r0 = *(u64 *)(r1 + 1); exit", -EACCES,
		"invalid access to map value, value_size=16 off=9 size=8");
}

/* A pointer at 0 and a list at 8 of a 32-byte value. */
static void special_fields_are_no_bytes(void **state __unused_arg)
{
	static const struct {
		enum btf_field_kind kind;
		const char *body, *words; /* NULL: accepted */
		int err;
	} cases[] = {
		{ BTF_FIELD_KPTR_UNREF, "*(u64 *)(r1 + 0) = 0", NULL, 0 },
		{ BTF_FIELD_KPTR_UNREF, "r2 = 0; *(u64 *)(r1 + 0) = r2", NULL, 0 },
		{ BTF_FIELD_KPTR_UNREF, "*(u64 *)(r1 + 0) = 1", "BPF_ST imm must be 0 when storing to kptr at off=0", -EACCES },
		{ BTF_FIELD_KPTR_UNREF, "r0 = *(u32 *)(r1 + 0)", "kptr access size must be BPF_DW", -EACCES },
		{ BTF_FIELD_KPTR_UNREF, "r0 = *(u32 *)(r1 + 4)", "kptr access misaligned expected=0 off=4", -EACCES },
		{ BTF_FIELD_KPTR_UNREF, "r0 = *(u64 *)(r1 + 0)", "not modelled: load of a kptr in a map's value", -EOPNOTSUPP },
		{ BTF_FIELD_KPTR_UNREF, "r2 = 1; lock *(u64 *)(r1 + 0) += r2",
		  "kptr in map can only be accessed using BPF_MEM instruction mode", -EACCES },
		{ BTF_FIELD_KPTR_REF, "*(u64 *)(r1 + 0) = 0", "store to referenced kptr disallowed", -EACCES },
		{ BTF_FIELD_UPTR, "*(u64 *)(r1 + 0) = 0", "store to uptr disallowed", -EACCES },
		{ BTF_FIELD_KPTR_REF, "r0 = *(u64 *)(r1 + 8)", "bpf_list_head cannot be accessed directly by load/store", -EACCES },
		{ BTF_FIELD_KPTR_REF, "r0 = *(u64 *)(r1 + 24)", NULL, 0 },
	};
	char text[256];

	fakehost_add_map(&fh, BPF_MAP_TYPE_ARRAY, 4, 32, 1, 0);
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		fakehost_map(&fh, 10)->fields =
			(struct btf_fields){ 2, { { cases[i].kind, 0 }, { BTF_FIELD_LIST_HEAD, 8 } } };
		snprintf(text, sizeof(text), "r1 = map_value[fd10] + 0; %s; r0 = 0; exit", cases[i].body);
		if (cases[i].words)
			refuses(SOCK, text, cases[i].err, cases[i].words);
		else
			accepts(SOCK, text);
	}
}

static void one_map_is_used_once(void **state __unused_arg)
{
	static struct fake_run run;

	fakehost_add_map(&fh, BPF_MAP_TYPE_HASH, 4, 16, 1, 0);
	fakehost_verify(&fh, SOCK, "r1 = map[fd10]; r2 = map[fd10]; r0 = 0; exit", NULL, &run);
	assert_int_equal(run.res.err, 0);
	assert_int_equal(run.res.used_map_cnt, 1);
	assert_int_equal(fh.map_refs, 1);
	fakehost_release(&fh, &run);
	assert_int_equal(fh.map_refs, 0);
}

static void frozen_read_only_data_is_constant(void **state __unused_arg)
{
	static const u8 data[16] = { 3, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
	const char *text = "r1 = map_value[fd10] + 0; r2 = *(u32 *)(r1 + 0); r1 += r2; "
			   "r0 = *(u8 *)(r1 + 12); exit";
	struct map_desc *map;

	fakehost_add_map(&fh, BPF_MAP_TYPE_ARRAY, 4, 16, 1, BPF_F_RDONLY_PROG);
	map = fakehost_map(&fh, 10);
	map->frozen = true;
	map->const_data = data;
	accepts(SOCK, text);
	/* A sign-extended load knows its sign: -1 here. */
	accepts(SOCK, "r1 = map_value[fd10] + 4; r2 = *(s32 *)(r1 + 0); r1 += r2; "
		      "r0 = *(u8 *)(r1 + 12); exit");
	refuses(SOCK, "r1 = map_value[fd10] + 4; r2 = *(s32 *)(r1 + 0); r1 += r2; "
		      "r0 = *(u8 *)(r1 + 13); exit",
		-EACCES, "invalid access to map value, value_size=16 off=16 size=1");
	refuses(SOCK, "r1 = map_value[fd10] + 4; *(u32 *)(r1 + 0) = 1; r0 = 0; exit", -EACCES,
		"write into map forbidden, value_size=16 off=4 size=4");
	/* As long as it may change it is no constant. */
	map->frozen = false;
	refuses(SOCK, text, -EACCES,
		"R1 unbounded memory access, make sure to bounds check any such access");
}

/* ---- memory ----------------------------------------------------------------------------------- */

static void v18_syscall_context(void **state __unused_arg)
{
	accepts(SYSC, "r0 = *(u64 *)(r1 + 8); *(u32 *)(r1 + 3) = 5; exit");
	accepts(SYSC, "r2 = *(u32 *)(r1 + 0); r2 &= 0xff; r1 += r2; r0 = *(u8 *)(r1 + 1); exit");
	refuses(SYSC, "r2 = *(u32 *)(r1 + 0); r1 += r2; r0 = *(u8 *)(r1 + 1); exit", -EACCES,
		"R1 unbounded memory access, make sure to bounds check any such access");
	accepts(SYSC, "r2 = 65534; r1 += r2; r0 = *(u8 *)(r1 + 0); exit");
	refuses(SYSC, "r2 = 65535; r1 += r2; r0 = *(u8 *)(r1 + 0); exit", -EACCES,
		"invalid access to context, ctx_size=65535 off=65535 size=1");
	refuses(SOCK, "r2 = *(u32 *)(r1 + 0); r2 &= 4; r1 += r2; r0 = *(u32 *)(r1 + 0); exit", -EACCES,
		"variable ctx access var_off=(0x0; 0x4) disallowed");
	refuses(SOCK, "r1 += 4; r0 = *(u32 *)(r1 + 0); exit", -EACCES,
		"dereference of modified ctx ptr R1 off=4 disallowed");
}

static void context_rows(void **state __unused_arg)
{
	accepts(SOCK, "r0 = *(u16 *)(r1 + 2); exit");
	accepts(SOCK, "r0 = *(s16 *)(r1 + 2); exit");
	refuses(SOCK, "r0 = *(u32 *)(r1 + 2); exit", -EACCES, "invalid bpf_context access off=2 size=4");
	accepts(SOCK, "r0 = 1; *(u32 *)(r1 + 8) = r0; exit");
	refuses(SOCK, "r0 = 1; *(u32 *)(r1 + 8) = 1; exit", -EACCES,
		"invalid bpf_context access off=8 size=4");
	refuses(SOCK, "r0 = *(u64 *)(r1 + 168); exit", -EOPNOTSUPP,
		"not modelled: context field sk of __sk_buff");
	refuses(XDP, "r0 = *(s32 *)(r1 + 0); exit", -EACCES, "invalid bpf_context access off=0 size=4");
	refuses(SOCK, "r2 = map[fd10]; r0 = *(u32 *)(r2 + 0); exit", -EBADF,
		"fd 10 is not pointing to valid bpf_map");
}

static void strict_alignment(void **state __unused_arg)
{
	static struct fake_run run;
	struct vprog prog = { .gpl = true };
	const char *text = "r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r4 = r2; r4 += 16; r0 = 2; "
			   "if r4 > r3 goto +1; r5 = *(u32 *)(r2 + 0); exit";

	for (u32 strict = 0; strict < 2; strict++) {
		prog.flags = strict ? BPF_F_STRICT_ALIGNMENT : 0;
		fakehost_verify(&fh, XDP, text, &prog, &run);
		assert_int_equal(run.res.err, strict ? -EACCES : 0);
		if (strict)
			assert_string_equal(run.res.message,
					    "misaligned packet access off 2+0+0 size 4");
		fakehost_release(&fh, &run);
	}
}

#define PKT(cmp, access)                                                                           \
	"r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r4 = r2; r4 += 14; r0 = 2; " cmp            \
	" goto yes; " access " yes: exit"
static void packet_comparisons(void **state __unused_arg)
{
	static const struct {
		const char *cmp;
		bool taken;
		bool one_more; /* 15 bytes are known, else 14 */
	} cases[] = {
		{ "if r4 > r3", false, false }, { "if r3 > r4", true, true },
		{ "if r4 >= r3", false, true }, { "if r3 >= r4", true, false },
		{ "if r4 < r3", true, true },	{ "if r3 < r4", false, false },
		{ "if r4 <= r3", true, false }, { "if r3 <= r4", false, true },
	};
	char text[512], msg[128];

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 known = 14 + cases[i].one_more;

		for (u32 other = 0; other < 2; other++) {
			for (u32 at = known - 1; at <= known; at++) {
				const char *form = cases[i].taken != other ?
							   "%s goto yes; exit; yes: r5 = *(u8 *)(r2 + %u); exit" :
							   "%s goto yes; r5 = *(u8 *)(r2 + %u); yes: exit";
				int n = snprintf(text, sizeof(text),
						 "r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); "
						 "r4 = r2; r4 += 14; r0 = 2; ");

				snprintf(text + n, sizeof(text) - n, form, cases[i].cmp, at);
				if (!other && at < known) {
					accepts(XDP, text);
					continue;
				}
				snprintf(msg, sizeof(msg),
					 "invalid access to packet, off=%u size=1, R2(id=0,off=%u,r=%u)",
					 at, at, other ? 0 : known);
				refuses(XDP, text, -EACCES, msg);
			}
		}
	}
}

static void packet_rules(void **state __unused_arg)
{
	accepts(XDP, PKT("if r4 > r3", "*(u8 *)(r2 + 0) = 1;"));
	refuses(XDP, PKT("if r4 > r3", "r5 = *(u8 *)(r2 -1);"), -EACCES,
		"invalid access to packet, off=-1 size=1, R2(id=0,off=-1,r=14)");
	refuses(XDP, PKT("if w4 > w3", "r5 = *(u8 *)(r2 + 0);"), -EACCES, NULL);
	/* Helpers that move the packet. */
	refuses(XDP,
		"r6 = r1; r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r7 = r2; r4 = r2; r4 += 14; "
		"r0 = 2; if r4 > r3 goto yes; r1 = r6; r2 = 0; call bpf_xdp_adjust_head; "
		"r0 = *(u8 *)(r7 + 0); yes: r0 = 2; exit",
		-EACCES, "R7 invalid mem access 'scalar'");
	refuses(XDP, "r2 = *(u32 *)(r1 + 4); r0 = *(u8 *)(r2 + 0); exit", -EACCES,
		"R2 invalid mem access 'pkt_end'");
	/* An atomic on packet data. */
	refuses(XDP, PKT("if r4 > r3", "r5 = 1; lock *(u32 *)(r2 + 0) += r5;"), -EACCES,
		"BPF_ATOMIC stores into R2 pkt is not allowed");
	/* A variable offset has an id of its own, and its own range. */
	accepts(XDP,
		"r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r5 = *(u32 *)(r1 + 12); r5 &= 255; "
		"r2 += r5; r4 = r2; r4 += 8; r0 = 2; if r4 > r3 goto +1; r0 = *(u64 *)(r2 + 0); exit");
	refuses(XDP,
		"r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r5 = *(u32 *)(r1 + 12); r5 &= 0x1ffff; "
		"r2 += r5; r4 = r2; r4 += 8; r0 = 2; if r4 > r3 goto +1; r0 = *(u64 *)(r2 + 0); exit",
		-EACCES, NULL);
}

/* ---- helpers ------------------------------------------------------------------------------------ */

static void helper_availability(void **state __unused_arg)
{
	refuses(SOCK, "call 9999; r0 = 0; exit", -EINVAL, "invalid func unknown#9999");
	refuses(SOCK, "r2 = 0; call bpf_xdp_adjust_head; r0 = 0; exit", -EINVAL,
		"program of this type cannot use helper bpf_xdp_adjust_head#44");
	refuses(SOCK, "call bpf_copy_from_user; r0 = 0; exit", -EINVAL,
		"sleepable helper bpf_copy_from_user#148 in non-sleepable prog");
}

static void helper_sizes(void **state __unused_arg)
{
#define LOAD(size) "r2 = 0; r3 = r10; r3 += -16; " size " call bpf_skb_load_bytes; r0 = 0; exit"
	accepts(SOCK, LOAD("r4 = 16;"));
	refuses(SOCK, LOAD("r4 = 17;"), -EINVAL, NULL);
	refuses(SOCK, LOAD("r4 = 0;"), -EACCES, "R4 invalid zero-sized read: u64=[0,0]");
	refuses(SOCK, LOAD("r4 = -1;"), -EACCES,
		"R4 min value is negative, either use unsigned or 'var &= const'");
	refuses(SOCK, LOAD("r4 = *(u32 *)(r1 + 0); if r4 == 0 goto -2;"), -EACCES, NULL);
	accepts(SOCK, LOAD("r4 = *(u32 *)(r1 + 0); r4 &= 15; r4 += 1;"));
	/* NULL with size 0 */
	accepts(XDP, "r1 = 0; r2 = 0; r3 = 0; r4 = 0; r5 = 0; call bpf_csum_diff; r0 = 0; exit");
	refuses(XDP, "r1 = 0; r2 = 4; r3 = 0; r4 = 0; r5 = 0; call bpf_csum_diff; r0 = 0; exit", -EACCES,
		"R1 type=scalar expected=fp");
}

static void map_helpers(void **state __unused_arg)
{
	fakehost_add_map(&fh, BPF_MAP_TYPE_ARRAY, 4, 16, 4, 0);
	fakehost_add_map(&fh, BPF_MAP_TYPE_HASH, 4, 16, 4, BPF_F_RDONLY_PROG);
	fakehost_add_map(&fh, BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
#define KEY(fd, k) "r1 = map[" fd "]; *(u32 *)(r10 -8) = " k "; r2 = r10; r2 += -8; "
	accepts(SOCK, KEY("fd10", "3") "call bpf_map_lookup_elem; r0 = *(u64 *)(r0 + 8); exit");
	refuses(SOCK, KEY("fd10", "4") "call bpf_map_lookup_elem; r0 = *(u64 *)(r0 + 8); exit", -EACCES,
		"R0 invalid mem access 'map_value_or_null'");
	refuses(SOCK, KEY("fd11", "3") "call bpf_map_lookup_elem; r0 = *(u64 *)(r0 + 8); exit", -EACCES,
		"R0 invalid mem access 'map_value_or_null'");
	refuses(SOCK, KEY("fd11", "3") "call bpf_map_delete_elem; exit", -EACCES,
		"write into map forbidden");
	refuses(SOCK, KEY("fd12", "3") "call bpf_map_lookup_elem; r0 = 0; exit", -EACCES,
		"invalid zero-sized read");
	refuses(SOCK, "r1 = map[fd10]; r2 = 8; r3 = 0; call bpf_ringbuf_reserve; r0 = 0; exit", -EINVAL,
		"cannot pass map_type 2 into func bpf_ringbuf_reserve#131");
}

#define RESERVE "r1 = map[fd10]; r2 = 8; r3 = 0; call bpf_ringbuf_reserve; "

static void references(void **state __unused_arg)
{
	fakehost_add_map(&fh, BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	accepts(SOCK, RESERVE "if r0 == 0 goto +4; *(u64 *)(r0 + 0) = 1; r1 = r0; r2 = 0; "
			      "call bpf_ringbuf_submit; r0 = 0; exit");
	refuses(SOCK, RESERVE "if r0 == 0 goto +1; *(u64 *)(r0 + 0) = 1; r0 = 0; exit", -EINVAL, NULL);
	refuses(SOCK, RESERVE "if r0 == 0 goto +5; r6 = r0; r1 = r0; r2 = 0; "
			      "call bpf_ringbuf_submit; r0 = *(u64 *)(r6 + 0); r0 = 0; exit",
		-EACCES, "R6 invalid mem access 'scalar'");
	refuses(SOCK, RESERVE "if r0 == 0 goto +4; r1 = r0; r1 += 4; r2 = 0; "
			      "call bpf_ringbuf_submit; r0 = 0; exit",
		-EINVAL,
		"R1 must have zero offset when passed to release func or trusted arg to kfunc");
	refuses(SOCK, "r1 = map[fd10]; r2 = *(u32 *)(r1 + 0); exit", -EOPNOTSUPP, NULL);
	refuses(SOCK, "r6 = r1; r2 = *(u32 *)(r6 + 0); r1 = map[fd10]; r3 = 0; "
		      "call bpf_ringbuf_reserve; r0 = 0; exit",
		-EACCES, "R2 is not a known constant'");
}

#define LOOKUP "*(u64 *)(r10 - 16) = 0; *(u64 *)(r10 - 8) = 0; r2 = r10; r2 += -16; r3 = 12; r4 = -1; r5 = 0; " \
	       "call bpf_sk_lookup_tcp; "

/* What was looked up is given back on every path, by whichever name, and once. */
static void socket_references(void **state __unused_arg)
{
	accepts(XDP, LOOKUP "if r0 == 0 goto +2; r1 = r0; call bpf_sk_release; r0 = 0; exit");
	refuses(XDP, LOOKUP "r0 = 0; exit", -EINVAL, NULL);
	refuses(XDP, LOOKUP "if r0 == 0 goto +1; r0 = *(u32 *)(r0 + 8); r0 = 0; exit", -EINVAL, NULL);
	refuses(XDP, LOOKUP "r0 = *(u32 *)(r0 + 8); exit", -EACCES, "R0 invalid mem access 'sock_or_null'");
	refuses(XDP, LOOKUP "r1 = r0; call bpf_sk_release; r0 = 0; exit", -EACCES, NULL);
	refuses(XDP, LOOKUP "if r0 == 0 goto +4; r7 = r0; r1 = r0; call bpf_sk_release; r0 = *(u32 *)(r7 + 8); "
			    "r0 = 0; exit", -EACCES, "R7 invalid mem access 'scalar'");
	refuses(XDP, LOOKUP "if r0 == 0 goto +5; r7 = r0; r1 = r0; call bpf_sk_release; r1 = r7; "
			    "call bpf_sk_release; r0 = 0; exit", -EACCES, NULL);
	accepts(XDP, LOOKUP "if r0 == 0 goto +3; r1 = *(u32 *)(r0 + 8); r1 = r0; call bpf_sk_release; r0 = 0; exit");
	refuses(XDP, LOOKUP "if r0 == 0 goto +3; r1 = *(u32 *)(r0 + 12); r1 = r0; call bpf_sk_release; r0 = 0; exit",
		-EACCES, "R0 invalid sock access off=12 size=4");
}

/* A NULL made of an acquired socket releases nothing; what was made of it dies with it. */
static void cast_sockets(void **state __unused_arg)
{
#define CAST(n) LOOKUP "if r0 == 0 goto +" n "; r7 = r0; r1 = r0; call bpf_sk_fullsock; r8 = r0; "
	accepts(XDP, CAST("8") "if r8 == 0 goto +1; r2 = *(u32 *)(r8 + 8); r1 = r7; call bpf_sk_release; r0 = 0; exit");
	refuses(XDP, CAST("8") "if r8 == 0 goto +3; r2 = *(u32 *)(r8 + 8); r1 = r7; call bpf_sk_release; r0 = 0; exit",
		-EINVAL, NULL);
	refuses(XDP, CAST("8") "r1 = r7; if r8 == 0 goto +2; call bpf_sk_release; r2 = *(u32 *)(r8 + 8); r0 = 0; exit",
		-EACCES, "R8 invalid mem access 'scalar'");
	accepts(XDP, CAST("8") "r1 = r7; if r8 == 0 goto +1; r1 = r8; call bpf_sk_release; r0 = 0; exit");
	refuses(XDP, CAST("8") "r1 = r7; if r8 == 0 goto +1; r1 = r8; call bpf_sk_release; r0 = *(u32 *)(r7 + 8); exit",
		-EACCES, "R7 invalid mem access 'scalar'");
}

static void callbacks(void **state __unused_arg)
{
	fakehost_add_map(&fh, BPF_MAP_TYPE_HASH, 4, 16, 4, 0);
	accepts(SOCK, "r1 = 10; r2 = func cb; r3 = 0; r4 = 0; call bpf_loop; r0 = 0; exit; "
		      "cb: r0 = 0; exit");
	refuses(SOCK, "r1 = 10; r2 = func cb; r3 = 0; r4 = 0; call bpf_loop; r0 = 0; exit; "
		      "cb: r0 = 2; exit",
		-EINVAL, NULL);
	accepts(SOCK, "r1 = map[fd10]; r2 = func cb; r3 = r10; r4 = 0; call bpf_for_each_map_elem; "
		      "r0 = 0; exit; cb: r5 = *(u32 *)(r2 + 0); *(u64 *)(r3 + 8) = r5; "
		      "*(u64 *)(r4 -8) = r5; r0 = 0; exit");
	refuses(SOCK, "r1 = map[fd10]; r2 = func cb; r3 = r10; r4 = 0; call bpf_for_each_map_elem; "
		      "r0 = 0; exit; cb: *(u32 *)(r2 + 0) = 1; r0 = 0; exit",
		-EACCES, "write to change key R2 not allowed");
	refuses(SOCK, "r1 = 10; r2 = 5; r3 = 0; r4 = 0; call bpf_loop; r0 = 0; exit", -EACCES,
		"R2 type=scalar expected=func");
}

static void may_goto_loops(void **state __unused_arg)
{
	accepts(SOCK, "r0 = 0; loop: may_goto +2; r0 += 1; goto loop; exit");
	accepts(SOCK, "r6 = 0; r0 = 0; loop: may_goto done; r6 = 1; if r0 == 0 goto +1; r0 = 0; "
		      "goto loop; done: exit");
	/* A counter relied on as an offset: unknown after a round. */
	refuses(SOCK, "r6 = -8; loop: may_goto done; r1 = r10; r1 += r6; *(u8 *)(r1 + 0) = 1; r6 += 1; "
		      "goto loop; done: r0 = 0; exit",
		-EINVAL, NULL);
	accepts(SOCK, "r6 = 0; loop: may_goto done; r6 &= 7; r1 = r10; r1 += -8; r1 += r6; "
		      "*(u8 *)(r1 + 0) = 1; r6 += 1; goto loop; done: r0 = 0; exit");
	/* Without it the loop has no end. */
	refuses(SOCK, "r0 = 0; loop: if r0 == 1 goto +1; goto loop; exit", -EINVAL,
		"infinite loop detected at insn 1");
}

static void v16_packet_loads(void **state __unused_arg)
{
	accepts(SOCK, "r6 = r1; r0 = *(u16 *)skb[12]; r0 = 0; exit");
	accepts(SOCK, "r6 = r1; r2 = 4; r0 = *(u8 *)skb[r2 + 12]; exit");
	refuses(SOCK, "r6 = 0; r0 = *(u16 *)skb[12]; exit", -EINVAL,
		"at the time of BPF_LD_ABS|IND R6 != pointer to skb");
	refuses(SOCK, "r6 = r1; r7 = r1; r0 = *(u16 *)skb[12]; r0 = *(u32 *)(r1 + 0); exit", -EACCES,
		"R1 !read_ok");
	refuses(XDP, "r6 = r1; r0 = *(u16 *)skb[12]; exit", -EINVAL,
		"BPF_LD_[ABS|IND] instructions not allowed for this program type");
	/* In a subprogram the early return gives 0 to the caller, which must be ready for it. */
	accepts(SOCK, "r6 = r1; call sub; r1 = r10; r1 += -8; if r0 == 0 goto +2; r0 = 0; exit; "
		      "*(u64 *)(r1 + 0) = 0; exit; sub: r6 = r1; r0 = *(u8 *)skb[12]; r0 = 5; exit");
	accepts(SOCK, "call sub; r1 = r10; r1 += r0; *(u8 *)(r1 -5) = 0; r0 = 0; exit; "
		      "sub: r6 = r1; r0 = *(u8 *)skb[12]; r0 = -3; exit");
	refuses(SOCK, "call sub; r1 = r10; r1 += r0; *(u8 *)(r1 + 2) = 0; r0 = 0; exit; "
		      "sub: r6 = r1; r0 = *(u8 *)skb[12]; r0 = -3; exit",
		-EINVAL, "invalid write to stack R1 off=2 size=1");
	fakehost_add_map(&fh, BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	refuses(SOCK, "r6 = r1; " RESERVE "r7 = r0; if r0 == 0 goto +4; r0 = *(u8 *)skb[12]; r1 = r7; r2 = 0; "
		      "call bpf_ringbuf_submit; r0 = 0; exit",
		-EINVAL, NULL);
}

/* ---- BTF --------------------------------------------------------------------------------------- */

/* What f1 is: made by the case, from the id of int. */
struct signature {
	u32 (*ret)(struct minibtf *b, u32 int_id); /* NULL: int */
	u32 (*arg)(struct minibtf *b, u32 int_id); /* NULL: none */
	const char *tag;
	u32 linkage;
	u32 line_cnt;
};

static u32 ret_void(struct minibtf *b __unused_arg, u32 int_id __unused_arg)
{
	return 0;
}

static u32 is_int(struct minibtf *b __unused_arg, u32 int_id)
{
	return int_id;
}

static u32 ptr_to_int(struct minibtf *b, u32 int_id)
{
	return mb_ptr(b, int_id);
}

static u32 ptr_to_void(struct minibtf *b, u32 int_id __unused_arg)
{
	return mb_ptr(b, 0);
}

static u32 ptr_to_struct(struct minibtf *b, const char *name, u32 size)
{
	u32 id = mb_struct(b, name, size);

	return mb_ptr(b, id);
}

static u32 ptr_to_ctx(struct minibtf *b, u32 int_id __unused_arg)
{
	return ptr_to_struct(b, "__sk_buff", 192);
}

static u32 ptr_to_huge(struct minibtf *b, u32 int_id)
{
	u32 arr = mb_array(b, int_id, 0x30000000);

	return mb_ptr(b, arr);
}

static u32 a_struct(struct minibtf *b, u32 int_id __unused_arg)
{
	return mb_struct(b, "two", 8);
}

static struct skep_btf *make_btf(const struct signature *sig, u32 ids[2])
{
	static struct minibtf b;
	u32 int_id, main_proto, proto, arg = 0, ret;

	mb_init(&b);
	int_id = mb_int(&b, "int", 4);
	main_proto = mb_proto(&b, int_id);
	ret = sig->ret ? sig->ret(&b, int_id) : int_id;
	if (sig->arg)
		arg = sig->arg(&b, int_id);
	proto = mb_proto(&b, ret);
	if (sig->arg)
		mb_param(&b, "a", arg);
	ids[0] = mb_func(&b, "main", BTF_FUNC_GLOBAL, main_proto);
	ids[1] = mb_func(&b, "f1", sig->linkage, proto);
	if (sig->tag)
		mb_tag(&b, sig->tag, ids[1], 0);
	return mb_parse(&b);
}

static void with_sig(const char *text, struct signature sig, int err, const char *msg)
{
	static struct fake_run run;
	struct asm_syms syms = { 0 };
	struct strbuf why = { 0 };
	struct bpf_insn *insns;
	struct cfg cfg;
	u32 cnt;
	u32 ids[2];
	struct skep_btf *btf = make_btf(&sig, ids);
	struct bpf_func_info funcs[2];
	struct vprog prog = { .gpl = true, .btf = btf, .func_info = funcs, .func_info_cnt = 2,
			      .func_info_rec_size = sizeof(funcs[0]) };

	assert_int_equal(insn_assemble(text, &syms, &insns, &cnt, &why), 0);
	assert_int_equal(cfg_build(insns, cnt, NULL, &cfg), 0);
	assert_int_equal(cfg.subprog_cnt, 2);
	for (u32 i = 0; i < 2; i++)
		funcs[i] = (struct bpf_func_info){ cfg.subprogs[i].start, ids[i] };
	cfg_free(&cfg);
	free(insns);
	fakehost_verify(&fh, SOCK, text, &prog, &run);
	if (run.res.err != err || (msg && strcmp(run.res.message, msg)))
		fail_msg("expected %d \"%s\", got %d \"%s\"\n%s", err, msg, run.res.err,
			 run.res.message, run.log_buf);
	fakehost_release(&fh, &run);
	btf_put(btf);
}

#define SIG(...) ((struct signature){ .linkage = BTF_FUNC_GLOBAL, __VA_ARGS__ })

static void global_functions(void **state __unused_arg)
{
	const char *num = "r1 = 5; call f; r0 = 0; exit; f: r0 = r1; exit";
	const char *mem = "r1 = r10; r1 += -4; call f; r0 = 0; exit; "
			  "f: r0 = 0; if r1 == 0 goto +1; r0 = *(u32 *)(r1 + 0); exit";
	const char *untested = "r1 = r10; r1 += -4; call f; r0 = 0; exit; "
			       "f: r0 = *(u32 *)(r1 + 0); exit";
	const char *ctx = "call f; r0 = 0; exit; f: r0 = *(u32 *)(r1 + 0); exit";

	with_sig(num, SIG(.arg = is_int), 0, NULL);
	with_sig("r1 = r10; call f; r0 = 0; exit; f: r0 = r1; exit", SIG(.arg = is_int), -EINVAL,
		 "R1 is not a scalar");
	/* It is verified for any number, not for the one that is passed. */
	with_sig("r1 = 5; call f; r0 = 0; exit; f: r2 = r10; r2 += -8; r2 += r1; *(u8 *)(r2 -8) = 0; "
		 "r0 = 0; exit",
		 SIG(.arg = is_int), -EINVAL, NULL);
	with_sig("r1 = -5; call f; r0 = 0; exit; f: r2 = r10; r2 += r1; *(u8 *)(r2 -8) = 0; r0 = 0; exit",
		 (struct signature){ .arg = is_int, .linkage = BTF_FUNC_STATIC }, 0, NULL);
	with_sig(mem, SIG(.arg = ptr_to_int), 0, NULL);
	with_sig(untested, SIG(.arg = ptr_to_int), -EACCES, "R1 invalid mem access 'mem_or_null'");
	with_sig(untested, SIG(.arg = ptr_to_int, .tag = "arg:nonnull"), 0, NULL);
	with_sig("r1 = 0; call f; r0 = 0; exit; f: r0 = *(u32 *)(r1 + 0); exit",
		 SIG(.arg = ptr_to_int, .tag = "arg:nonnull"), -EINVAL, "R1 is expected to be non-NULL");
	with_sig("r1 = r10; r1 += -2; call f; r0 = 0; exit; f: r0 = 0; exit", SIG(.arg = ptr_to_int),
		 -EINVAL, "invalid read from stack R1 off=-2 size=4");
	with_sig(ctx, SIG(.arg = ptr_to_ctx), 0, NULL);
	with_sig(ctx, SIG(.arg = ptr_to_void, .tag = "arg:ctx"), 0, NULL);
	with_sig("r1 = 0; call f; r0 = 0; exit; f: r0 = *(u32 *)(r1 + 0); exit", SIG(.arg = ptr_to_ctx),
		 -EINVAL, "R1 expects pointer to ctx");
	with_sig(num, SIG(.arg = ptr_to_void), -EINVAL,
		 "arg#0 reference type('UNKNOWN ') size cannot be determined: -22");
	with_sig(num, SIG(.arg = a_struct), -EINVAL, "Arg#0 type STRUCT in f1() is not supported yet.");
	with_sig(num, SIG(.arg = is_int, .tag = "arg:nonnull"), -EINVAL,
		 "arg#0 has pointer tag, but is not a pointer type");
	with_sig(num, SIG(.arg = is_int, .tag = "arg:odd"), -EOPNOTSUPP,
		 "arg#0 has unsupported set of tags");
	with_sig(num, SIG(.arg = is_int, .ret = a_struct), -EINVAL,
		 "Global function f1() return value not void or scalar. Only those are supported.");
	/* What it returns is any number; nothing when it is void. */
	with_sig("r1 = 5; call f; exit; f: r0 = r10; exit", SIG(.arg = is_int), -EINVAL,
		 "At subprogram exit the register R0 is not a scalar value (fp)");
	with_sig("r1 = 5; call f; exit; f: exit", SIG(.arg = is_int, .ret = ret_void), -EACCES,
		 "R0 !read_ok");
	with_sig("r1 = 5; call f; r0 = 0; exit; f: exit", SIG(.arg = is_int, .ret = ret_void), 0, NULL);
}

static void v17_overlarge_arguments(void **state __unused_arg)
{
	with_sig("call f; r0 = 0; exit; f: r0 = 0; exit", SIG(.arg = ptr_to_huge), -EINVAL,
		 "R1 memory size 3221225472 is too large");
}

static void func_info_records(void **state __unused_arg)
{
	static struct fake_run run;
	u32 ids[2];
	struct skep_btf *btf = make_btf(&SIG(), ids);
	struct rec {
		struct bpf_func_info info;
		u32 more;
	} recs[2];
	struct vprog base = { .gpl = true, .btf = btf, .func_info = recs, .func_info_cnt = 2,
			      .func_info_rec_size = sizeof(recs[0]) };
	static const struct {
		u32 off0, off1, more, rec_size, cnt;
		int err;
		const char *msg;
	} cases[] = {
		{ 0, 2, 0, 12, 2, 0, "" },
		{ 1, 2, 0, 12, 2, -EINVAL, "nonzero insn_off 1 for the first func info record" },
		{ 0, 0, 0, 12, 2, -EINVAL,
		  "same or smaller insn offset (0) than previous func info record (0)" },
		{ 0, 1, 0, 12, 2, -EINVAL,
		  "func_info BTF section doesn't match subprog layout in BPF program" },
		{ 0, 2, 7, 12, 2, -E2BIG, "nonzero tailing record in func info" },
		{ 0, 2, 0, 13, 2, -EINVAL, "invalid func info rec size 13" },
		{ 0, 2, 0, 4, 2, -EINVAL, "invalid func info rec size 4" },
		{ 0, 2, 0, 12, 1, -EINVAL,
		  "number of funcs in func_info doesn't match number of subprogs" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vprog prog = base;

		recs[0] = (struct rec){ { cases[i].off0, ids[0] }, 0 };
		recs[1] = (struct rec){ { cases[i].off1, ids[1] }, cases[i].more };
		prog.func_info_rec_size = cases[i].rec_size;
		prog.func_info_cnt = cases[i].cnt;
		fakehost_verify(&fh, SOCK, "call f; exit; f: r0 = 0; exit", &prog, &run);
		assert_string_equal(run.res.message, cases[i].msg);
		assert_int_equal(run.res.err, cases[i].err);
		fakehost_release(&fh, &run);
	}
	recs[0] = (struct rec){ { 0, 1 }, 0 };
	fakehost_verify(&fh, SOCK, "call f; exit; f: r0 = 0; exit", &base, &run);
	assert_string_equal(run.res.message, "invalid type id 1 in func info");
	fakehost_release(&fh, &run);
	btf_put(btf);
}

static void line_info_records(void **state __unused_arg)
{
	static struct fake_run run;
	u32 ids[2];
	struct skep_btf *btf = make_btf(&SIG(), ids);
	struct bpf_func_info funcs[2] = { { 0, ids[0] }, { 2, ids[1] } };
	static const struct {
		u32 off[2], name, cnt;
		const char *msg;
	} cases[] = {
		{ { 0, 2 }, 1, 2, "" },
		{ { 0, 9 }, 1, 2, "Invalid line_info[1].insn_off:9 (prev_offset:0 prog->len:4)" },
		{ { 0, 0 }, 1, 2, "Invalid line_info[1].insn_off:0 (prev_offset:0 prog->len:4)" },
		{ { 0, 2 }, 0xffffff, 2, "Invalid line_info[0].line_off or .file_name_off" },
		{ { 1, 2 }, 1, 2, "missing bpf_line_info for func#0" },
		{ { 0, 3 }, 1, 2, "missing bpf_line_info for func#1" },
		{ { 0, 2 }, 1, 1, "missing bpf_line_info for 1 funcs starting from func#1" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bpf_line_info lines[2] = {
			{ cases[i].off[0], cases[i].name, 1, 7 << 10 },
			{ cases[i].off[1], 1, 1, 9 << 10 },
		};
		struct vprog prog = { .gpl = true, .btf = btf, .func_info = funcs, .func_info_cnt = 2,
				      .func_info_rec_size = sizeof(funcs[0]), .line_info = lines,
				      .line_info_cnt = cases[i].cnt,
				      .line_info_rec_size = sizeof(lines[0]) };

		fakehost_verify(&fh, SOCK, "call f; exit; f: r0 = 0; exit", &prog, &run);
		assert_string_equal(run.res.message, cases[i].msg);
		assert_int_equal(run.res.err, *cases[i].msg ? -EINVAL : 0);
		fakehost_release(&fh, &run);
	}
	btf_put(btf);
}

static int setup(void **state __unused_arg)
{
	fakehost_init(&fh);
	return 0;
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(opcodes),
		T(v06_register_numbers),
		T(v23_reserved_fields),
		T(wide_constants),
		T(control_flow),
		T(v07_recursion),
		T(v07_callees_come_first),
		T(subprogram_limit),
		T(no_leaks), T(no_capability), T(program_types),
		T(map_values),
		T(special_fields_are_no_bytes),
		T(one_map_is_used_once),
		T(frozen_read_only_data_is_constant),
		T(v18_syscall_context),
		T(context_rows),
		T(strict_alignment),
		T(packet_comparisons),
		T(packet_rules),
		T(helper_availability),
		T(helper_sizes),
		T(map_helpers),
		T(references),
		T(socket_references),
		T(cast_sockets),
		T(callbacks),
		T(may_goto_loops),
		T(v16_packet_loads),
		T(global_functions),
		T(v17_overlarge_arguments),
		T(func_info_records),
		T(line_info_records),
	};

	return cmocka_run_group_tests_name("verifier-checks", tests, NULL, NULL);
}
