/* SPDX-License-Identifier: BSD-2-Clause */
/* cost.c - where the instructions processed went, as verdicts show it. */
#include "base/strbuf.h"
#include "syscall/private.h"
#include "verifier/verifier.h"

#include <skep/skep.h>

#include <stdlib.h>

void shown_cost_free(struct shown_cost *s, const struct vcost *from)
{
	for (u32 i = 0; s->chains && i < from->chain_cnt; i++)
		free(s->chains[i]);
	free(s->chains);
	free(s->places);
	free(s->misses);
}

static char *name_chain(const struct vcost *from, u32 i, char *const *chains, const char *prog_name)
{
	const struct vcost_chain *c = &from->chains[i];
	struct strbuf out = { 0 };

	if (c->parent != UINT32_MAX)
		strbuf_printf(&out, "%s;", chains[c->parent]);
	if (*c->name)
		strbuf_puts(&out, c->name);
	else if (!c->subprog && *prog_name)
		strbuf_puts(&out, prog_name);
	else
		strbuf_printf(&out, "func#%u", c->subprog);
	if (out.oom)
		strbuf_free(&out);
	return out.str;
}

/* Callers stand before what they call. */
bool show_cost(const struct vcost *from, const char *prog_name, struct shown_cost *to)
{
	if (!from->place_cnt)
		return false; /* nobody asked */
	to->chains = calloc(from->chain_cnt + 1, sizeof(*to->chains));
	to->places = calloc(from->place_cnt + 1, sizeof(*to->places));
	to->misses = calloc(from->miss_cnt + 1, sizeof(*to->misses));
	if (!to->chains || !to->places || !to->misses)
		return false;
	for (u32 i = 0; i < from->chain_cnt; i++) {
		to->chains[i] = name_chain(from, i, to->chains, prog_name);
		if (!to->chains[i])
			return false;
	}
	for (u32 i = 0; i < from->place_cnt; i++) {
		const struct vcost_place *p = &from->places[i];

		to->places[i] = (struct skep_cost_place){ .calls = to->chains[p->chain], .file = p->file ?: "", .line = p->line,
							  .insn_idx = p->insn_idx, .times = p->cnt };
	}
	for (u32 i = 0; i < from->miss_cnt; i++) {
		const struct vcost_miss *m = &from->misses[i];

		to->misses[i] = (struct skep_cost_miss){ .insn_idx = m->insn_idx, .line = m->line, .file = m->file ?: "",
							 .times = m->cnt, .in_loop = m->in_loop, .where = m->where,
							 .kept = m->kept ?: "", .arrived = m->arrived ?: "" };
	}
	return true;
}
