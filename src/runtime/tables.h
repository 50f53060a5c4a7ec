/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tables.h - what Linux has, as generated from data/ by scripts/gen_tables.py: helpers, program
 * types with their contexts, and who may use what. Constant; private to this room.
 */
#ifndef SKEP_RUNTIME_TABLES_H
#define SKEP_RUNTIME_TABLES_H

#include "verifier/verifier.h"

/* A cell of the helper x program matrix. */
enum tab_avail {
	TAB_NO,
	TAB_YES,
	TAB_SLEEPABLE,	 /* only in a sleepable program */
	TAB_REFUSED,	 /* known, but a check of the attach point refuses it */
	TAB_UNPROBED,	 /* nobody has tried: skep cannot say */
};

/* A program type as the verifier sees it at one attach type; the first row of a type serves every
 * attach type that has no row of its own. */
struct tab_prog {
	struct prog_type_row row;
	u32 attach_type;
	bool attach_given; /* the row is for attach_type alone */
	s32 column;	   /* of tab_helper_avail; -1: not probed */
};

extern const struct tab_prog tab_progs[];
extern const u32 tab_prog_cnt;

/* What programs see of sockets; the context's view is in tab_progs[]. */
extern const struct ctx_view tab_views[VIEW_CNT];

extern const u32 tab_helper_cnt; /* ids are below */
/* By id: the variant that most types use; name NULL where Linux has no such number. */
extern const struct helper_proto tab_helpers[];
extern const u8 tab_helper_caps[]; /* by id: VCAP_* it needs, whatever the program type */
u32 tab_helper_avail(u32 helper_id, s32 column); /* enum tab_avail */

/* Where a program type has another prototype than tab_helpers[]. */
struct tab_variant {
	u32 prog_type;
	struct helper_proto proto;
};
extern const struct tab_variant tab_variants[];
extern const u32 tab_variant_cnt;

/* Whether a helper takes maps of a type. */
bool tab_helper_map_ok(u32 helper_id, u32 map_type);

/* expected_attach_type values that loading accepts; cnt 0: any. */
struct tab_attach {
	u32 prog_type;
	u32 cnt;
	u32 values[24];
};
extern const struct tab_attach tab_attaches[];
extern const u32 tab_attach_cnt;

#endif
