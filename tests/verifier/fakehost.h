/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fakehost.h - a small world for the verifier's unit tests: an XDP-like, a socket-filter-like, a
 * classifier-like and a syscall-like program type, a few helpers, and maps that a test makes up.
 * File descriptor n is maps[n - FAKE_FD0].
 */
#ifndef SKEP_TESTS_FAKEHOST_H
#define SKEP_TESTS_FAKEHOST_H

#include "verifier/verifier.h"

#define FAKE_FD0     10
#define FAKE_MAP_CNT 8

struct fakehost {
	struct vhost host;
	struct map_desc maps[FAKE_MAP_CNT];
	u32 map_cnt;
	s32 map_refs; /* taken and not put */
};

void fakehost_init(struct fakehost *fh);
/* Returns the new map's fd. */
int fakehost_add_map(struct fakehost *fh, u32 type, u32 key_size, u32 value_size, u32 max_entries,
		     u32 flags);
static inline struct map_desc *fakehost_map(struct fakehost *fh, int fd)
{
	return &fh->maps[fd - FAKE_FD0];
}

/* Assembles @text, gives its subprograms the names f0, f1... and static linkage in BTF when there
 * are several, and verifies it. "r1 = map[fd10]" names a map. */
struct fake_run {
	struct bpf_insn *insns;
	u32 insn_cnt;
	struct skep_btf *btf; /* made up: int fN(void), all static */
	struct bpf_func_info *funcs;
	char log_buf[64 * 1024];
	struct vresult res;
};
/* @prog may be NULL; insns, insn_cnt, type and gpl are set here. */
void fakehost_verify(struct fakehost *fh, u32 type, const char *text, const struct vprog *prog,
		     struct fake_run *run);
void fakehost_release(struct fakehost *fh, struct fake_run *run);

/* One case: accepted when @msg is NULL, else refused with that message. Returns false and prints
 * when it came out otherwise. */
bool fakehost_expect(struct fakehost *fh, u32 type, const char *text, int err, const char *msg);

#endif
