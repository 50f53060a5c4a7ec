/* SPDX-License-Identifier: BSD-2-Clause */
/* helper_ids.c - what helpers are called: data/helpers.tsv, read once. */
#include "case.h"

#include <string.h>

static struct {
	char name[64];
	int id;
} helpers[512];
static u32 helper_cnt;

int case_helper_id(const char *name)
{
	for (u32 i = 0; i < helper_cnt; i++) {
		if (!strcmp(helpers[i].name, name))
			return helpers[i].id;
	}
	return -1;
}

bool case_helpers_read(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[4096];

	if (!f)
		return false;
	while (helper_cnt < ARRAY_SIZE(helpers) && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%d\t%63s", &helpers[helper_cnt].id, helpers[helper_cnt].name) == 2)
			helper_cnt++;
	}
	fclose(f);
	return helper_cnt > 100;
}
