/* SPDX-License-Identifier: BSD-2-Clause */
/* verify.h - the rows of "skep verify": made by verify.c, printed by verdicts.c. */
#ifndef SKEP_CLI_VERIFY_H
#define SKEP_CLI_VERIFY_H

#include "cli/place.h"

#include "base/vec.h"

struct row {
	const char *file;
	char prog[128], reason[64], message[512], explanation[512], source[512];
	char *log;	/* all of it, when a level was given */
	char *log_tail; /* of a refusal */
	struct place place; /* where it was refused */
	u32 insn_idx;
	struct json_object *explain; /* with --explain or for SARIF: how the refusal came about; or NULL */
	struct json_object *cost; /* with --complexity or --profile: where the steps went; or NULL */
	int err;
	u64 verify_us;
	u32 insns, total_states, peak_states, stack_depth;
	bool reached; /* the verifier gave its verdict; else the loader failed before */
	bool done;
};

struct verdicts {
	VEC(struct row *) rows;
	u32 files, unreadable;
	u64 elapsed_us;
};

/* The loader failed before the verifier was asked, and not because skep lacks something: a file that
 * could not be read, as far as the exit status is concerned. */
bool verdict_is_none(const struct row *row);
void verdicts_print(const struct verdicts *v, const struct cli_opts *opts);
bool verdicts_write_sarif(const struct verdicts *v, const char *path); /* false: told by cli_fail() */
struct json_object *verdicts_json(const struct verdicts *v);

/* All programs of @in, or the one that @opts names, as verdicts_json() has them. Takes what @in holds.
 * NULL: told on stderr. *ret_refused: how many. */
struct json_object *verify_input(struct cli_opts *opts, struct cli_input *in, u32 *ret_refused);

#endif
