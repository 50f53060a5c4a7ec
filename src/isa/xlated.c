/* SPDX-License-Identifier: BSD-2-Clause */
/* xlated.c - the end of a rewritten program. */
#include "isa/xlated.h"

#include <stdlib.h>

void xlated_free(struct xlated_prog *prog)
{
	if (!prog)
		return;
	free(prog->insns);
	free(prog->aux);
	free(prog->syms);
	free(prog->subprogs);
	for (u32 i = 0; i < prog->table_cnt; i++)
		free(prog->tables[i].targets);
	free(prog->tables);
	free(prog);
}
