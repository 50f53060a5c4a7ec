/* SPDX-License-Identifier: BSD-2-Clause */
/* stand.h - one judge with the maps of the world that programs live in: loads programs and runs them. */
#ifndef SKEP_TESTS_STAND_H
#define SKEP_TESTS_STAND_H

#include "../cases/case.h"

#define MAX_INSNS 4096
#define LOG_SIZE  (1 << 20)
#define RAW_TP_SIZE 96 /* twelve arguments: the most that Linux takes */
/* Mutated offsets end below; a run with a smaller context than the program reaches into is EINVAL. */
#define CTX_SIZE 65528 /* what syscall programs are run with */
#define STATE_MAX 2048 /* bytes of map values and packet that are compared */

/* A program before it knows any judge's descriptors: map loads have the map's number in the world. */
struct program {
	const struct text_case *world;
	const char *world_text; /* what made the world, for generated programs; NULL: a case file */
	const char *source;	/* who made it */
	u64 seed;
	enum judge_rights rights;
	struct bpf_insn insns[MAX_INSNS];
	u32 cnt;
};

struct result {
	long err; /* of the test run */
	u32 r0;
	u32 state_size;
	u8 state[STATE_MAX];
};

struct stand {
	struct judge judge;
	const struct text_case *world;
	int map_fds[CASE_MAX_MAPS];
	int tail_fds[2];
	long fd; /* of the program that was loaded last, or the errno that it was refused with */
	char *log;
};

/* False: there is no such judge here. */
bool stand_open(struct stand *s, const char *judge);
void stand_close(struct stand *s);
/* Makes the maps, and programs to tail-call where there is a map for them. */
bool stand_enter(struct stand *s, const struct text_case *world);
void stand_leave(struct stand *s);
/* s->fd and s->log tell. stand_unload() afterwards. */
void stand_load(struct stand *s, const struct program *p, enum judge_rights rights, u32 log_level);
void stand_unload(struct stand *s);
void stand_run(struct stand *s, const struct program *p, u32 set, struct result *ret);
/* The line of the log before the statistics. */
const char *stand_reason(const struct stand *s, char *buf, size_t size);

#endif
