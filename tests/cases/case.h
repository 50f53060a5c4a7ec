/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * case.h - text cases: a program in text, what must come of it, and its twins, which are one step
 * away and must come out the other way. docs/cases.md tells how to write one.
 */
#ifndef SKEP_TESTS_CASE_H
#define SKEP_TESTS_CASE_H

#include "base/types.h"

#include <linux/bpf.h>
#include <stdio.h>

#define CASE_MAX_MAPS	 16
#define CASE_MAX_TWINS	 12
#define CASE_MAX_SETS	 16
#define CASE_MAX_SCALARS 16
#define CASE_MAX_LOGS	 8

union bpf_attr;

struct case_map {
	char name[16];
	u32 type, key_size, value_size, max_entries, flags;
	char inner[16]; /* maps of maps: the map that is template and element 0 */
};

struct case_want {
	bool accept;
	char msg[256];		/* refusal: part of the log; "" any */
	char logs[CASE_MAX_LOGS][256]; /* acceptance: parts of the level 2 log, {{.*}} is a gap */
	u32 log_cnt;
	u64 r0[CASE_MAX_SETS];	/* by input set */
	u32 r0_cnt;
};

struct case_twin {
	struct {
		char from[512], to[512];
	} edits[4];
	u32 edit_cnt;
	struct case_want want;
};

struct text_case {
	char file[256];
	int line;
	char name[160];
	u32 prog_type, attach_type, prog_flags;
	u32 rights; /* enum judge_rights: who loads it */
	bool gpl;
	struct case_map maps[CASE_MAX_MAPS];
	u32 map_cnt;
	char pre[4096], text[24576]; /* generated preamble; asm as written */
	u32 scalar_cnt;
	u64 in[CASE_MAX_SETS][CASE_MAX_SCALARS];
	u32 set_cnt;
	u8 data[2048];
	u32 data_len;
	struct case_want want;
	struct case_twin twins[CASE_MAX_TWINS];
	u32 twin_cnt;
	char kernel_differs[256]; /* why the running kernel says otherwise; "" it says the same */
	bool no_run;		  /* accepted but not run */
	char bug[32]; /* the bug of the zoo (src/verifier/zoo.h) that the case notices; "": none */
};

/* Reads the next case. 1: got one, 0: end of file, -1: bad text, told on stdout as "# file:line: what". */
int case_next(FILE *f, const char *file, int *line, struct text_case *ret_case);
/* The fields "prog:" and "maps:" that make such a case; maps that "pre:" made are named, too. */
void case_print_head(FILE *f, const struct text_case *c);
/* The assembler text of the case or, @twin not NULL, of the twin; malloc()ed; NULL when an edit
 * does not apply exactly once. */
char *case_text(const struct text_case *c, const struct case_twin *twin);

/* Who judges: skep with one of its engines, or the running kernel. */
struct judge {
	const char *name;
	bool is_kernel;
	void *ctx;
	long (*bpf)(void *ctx, int cmd, void *attr, u32 size);
};
/* "kernel", "interp", "jit", or machine code made otherwise: "jit-blind", "jit-depth", "jit-unmarked". False when there is no such judge here (bpf(2) is not permitted, or
 * no JIT for this machine). */
bool judge_make(struct judge *ret_judge, const char *name);
void judge_free(struct judge *judge);

/*
 * Who loads a program: root; somebody without CAP_PERFMON, who may not learn addresses; somebody without
 * any. The running kernel is asked without CAP_PERFMON for both, as it may permit the last one nothing.
 */
enum judge_rights { RIGHTS_ALL, RIGHTS_NO_PERFMON, RIGHTS_NONE };
long judge_load(const struct judge *judge, union bpf_attr *attr, enum judge_rights rights);
/* Makes the maps of the case, in their order. False with what went wrong in @why; close what was made in
 * either case. */
bool case_maps_make(const struct judge *judge, const struct text_case *c, int ret_fds[CASE_MAX_MAPS], char *why,
		    size_t why_size);
void case_maps_close(const struct text_case *c, int fds[CASE_MAX_MAPS]);
/* data/helpers.tsv; false when it cannot be read. Then the id of "bpf_map_lookup_elem", -1: no such helper. */
bool case_helpers_read(const char *path);
int case_helper_id(const char *name);
/* func_info for @insns, put into @attr when Linux wants some: close .fd (unless negative) after the
 * load. 0 or the errno of BPF_BTF_LOAD. */
#define FUNC_TYPES_MAX 64
struct func_types {
	struct bpf_func_info info[FUNC_TYPES_MAX];
	u32 cnt;
	int fd;
};
int func_types_make(const struct judge *judge, const struct bpf_insn *insns, u32 cnt,
		    struct func_types *ret_types, union bpf_attr *attr);
/* Runs the case and its twins. Returns false with what went wrong in @why. Return values are left
 * in @ret_r0 (by input set) and a hash of map and packet contents in @ret_state for comparing
 * judges; only for accepted, runnable cases (*ret_ran). */
bool case_judge(const struct text_case *c, const struct judge *judge, char *why, size_t why_size,
		u64 ret_r0[CASE_MAX_SETS], u64 ret_state[CASE_MAX_SETS], bool *ret_ran);

#endif
