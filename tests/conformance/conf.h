/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf.h - Linux's verifier test tables before skep and the running kernel. struct bpf_test has the
 * fields that the tables set, under the tables' names; everything else here is ours.
 */
#ifndef SKEP_TESTS_CONF_H
#define SKEP_TESTS_CONF_H

#include "base/strbuf.h"
#include "cases/case.h"

#include <linux/bpf.h>

/* ---- what the tables are written in ---------------------------------------------------------------- */

#define MAX_INSNS	     1024 /* literal ones; generated programs are allocated */
#define MAX_EXPECTED_INSNS   32
#define MAX_UNEXPECTED_INSNS 32
#define MAX_TEST_INSNS	     1000000
#define MAX_FIXUPS	     8
#define MAX_TEST_RUNS	     8
#define MAX_FUNC_INFOS	     8
#define MAX_BTF_STRINGS	     256
#define MAX_BTF_TYPES	     256
#define TEST_DATA_LEN	     64
#define POINTER_VALUE	     0xbadca11 /* "any"; no table returns this number */

#define INSN_OFF_MASK ((s16)0xffff)
#define INSN_IMM_MASK ((s32)0xffffffff)
/* Ends one of several sequences that are looked for one after the other. */
#define SKIP_INSNS() BPF_RAW_INSN(0xde, 0xa, 0xd, 0xbeef, 0xdeadbeef)

#define F_NEEDS_EFFICIENT_UNALIGNED_ACCESS BIT(0)
#define F_LOAD_WITH_STRICT_ALIGNMENT	   BIT(1)

enum { UNDEF, ACCEPT, REJECT, VERBOSE_ACCEPT };

/* The value of the 48-byte maps and of the 16-byte one. */
#define MAX_ENTRIES 11
struct test_val {
	unsigned int index;
	int foo[MAX_ENTRIES];
};
struct other_val {
	long long foo, bar;
};

struct kfunc_place {
	const char *kfunc;
	int insn_idx;
};

#define TEST_INPUT                                                                                 \
	struct {                                                                                   \
		u32 retval, retval_unpriv;                                                         \
		union {                                                                            \
			u8 data[TEST_DATA_LEN];                                                    \
			u64 data64[TEST_DATA_LEN / 8];                                             \
		};                                                                                 \
	}

/* Maps by the table field that lists the insns to be given one; rows of maps.c. */
#define FIXUPS(F)                                                                                  \
	F(map_hash_8b) F(map_hash_48b) F(map_hash_16b) F(map_array_48b) F(map_sockmap)             \
	F(map_sockhash) F(map_xskmap) F(map_stacktrace) F(prog1) F(prog2) F(map_in_map)            \
	F(cgroup_storage) F(percpu_cgroup_storage) F(map_spin_lock) F(map_array_ro)                \
	F(map_array_wo) F(map_array_small) F(map_event_output) F(map_reuseport_array)              \
	F(map_ringbuf) F(map_timer) F(map_kptr)
enum fixup {
#define F(name) FIXUP_##name,
	FIXUPS(F)
#undef F
	FIXUP_sk_storage_map,
	FIXUP_CNT,
};

struct bpf_test {
	const char *descr;
	struct bpf_insn insns[MAX_INSNS];
	struct bpf_insn *fill_insns;
	struct bpf_insn expected_insns[MAX_EXPECTED_INSNS], unexpected_insns[MAX_UNEXPECTED_INSNS];
#define F(name) int fixup_##name[MAX_FIXUPS];
	FIXUPS(F)
#undef F
	int fixup_sk_storage_map[MAX_FIXUPS];
	struct kfunc_place fixup_kfunc_btf_id[MAX_FIXUPS];
	const char *errstr, *errstr_unpriv; /* parts of the log, in order, with tabs between */
	u32 insn_processed;
	int prog_len;
	int result, result_unpriv;
	enum bpf_prog_type prog_type;
	u8 flags;
	void (*fill_helper)(struct bpf_test *self);
	int runs; /* negative: do not run */
	union {
		TEST_INPUT;
		TEST_INPUT retvals[MAX_TEST_RUNS];
	};
	enum bpf_attach_type expected_attach_type;
	const char *kfunc; /* what a tracing or LSM program attaches to */
	struct bpf_func_info func_info[MAX_FUNC_INFOS];
	int func_info_cnt;
	char btf_strings[MAX_BTF_STRINGS];
	u32 btf_types[MAX_BTF_TYPES]; /* end with BTF_END_RAW */
};

struct family {
	const char *name;
	struct bpf_test *tests;
	u32 cnt;
};
extern const struct family families[];
extern const u32 family_cnt;

/* ---- who judges ---------------------------------------------------------------------------------------- */

enum { JUDGE_INTERP, JUDGE_JIT, JUDGE_KERNEL, JUDGE_CNT };

struct conf_judge {
	struct judge judge;
	bool present;
};

/* What a judge did with a case. */
enum outcome {
	OUT_NONE,	  /* was not asked, or cannot say (a map or type it does not have, EPERM) */
	OUT_ACCEPT,
	OUT_REFUSE,
	OUT_NOT_MODELLED, /* skep says so */
};
struct answer {
	enum outcome out;
	int err;
	char last[512];	   /* last line of the log that is no statistics; or why there is no answer */
	bool words;	   /* the log holds what the table expects */
	u32 parts, parts_found; /* how many pieces of log the table expects; were found, in order */
	u32 processed;
	u64 usec; /* that verifying took, by the log */
	bool ran;
	u32 retval[MAX_TEST_RUNS];
	int run_err;
	bool xlated_wrong;
};

/* maps.c: fills in what the case's instructions refer to. 0, or negative errno with @why. */
struct fixed {
	struct bpf_insn *insns;
	u32 insn_cnt;
	int fds[64];
	u32 fd_cnt;
};
int fix_insns(const struct conf_judge *j, struct bpf_test *t, struct fixed *ret, char why[128]);
void fixed_put(struct fixed *f);
/* A BTF object of @types (@cnt words) and @strs, or negative errno. */
int conf_btf_load(const struct conf_judge *j, const u32 *types, u32 cnt, const char *strs, u32 len);
long conf_bpf(const struct conf_judge *j, int cmd, union bpf_attr *attr);

/* judge.c: puts a case before a judge. */
void ask(const struct conf_judge *j, struct bpf_test *t, bool unpriv, struct answer *ret);

#endif
