/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loadlog.c - what the loader could not resolve it put into the program as a call of a helper that does
 * not exist. When the verifier gets there its log ends in
 *	12: (85) call unknown#195896080
 *	invalid func unknown#195896080
 * of which nobody learns what is missing; these two lines become ones that tell.
 */
#include "loader/internal.h"

#include <stdlib.h>
#include <string.h>

/* The last line pair of the above form. NULL: none. @ret_end: what follows it. */
static char *find_pair(char *log, char **ret_end, u32 *ret_insn, u32 *ret_number)
{
	char *second = NULL, *first, *at = log;
	unsigned int insn, number;

	while ((at = strstr(at, "\ninvalid func unknown#")))
		second = ++at;
	if (!second)
		return NULL;
	first = second - 1;
	while (first > log && first[-1] != '\n')
		first--;
	if (sscanf(first, "%u: (85) call unknown#%u\n", &insn, &number) != 2 ||
	    strtoul(strchr(second, '#') + 1, NULL, 10) != number)
		return NULL;
	*ret_insn = insn;
	*ret_number = number;
	*ret_end = second + strcspn(second, "\n");
	*ret_end += **ret_end == '\n';
	return first;
}

static const char *core_note(const struct bpf_program *prog, u32 insn)
{
	for (size_t i = prog->parts.cnt; i--;) {
		const struct link_part *part = &prog->parts.at[i];

		if (insn < part->off)
			continue;
		for (size_t k = 0; k < part->func->core_notes.cnt; k++) {
			const struct core_note *note = &part->func->core_notes.at[k];

			/* Both halves of a wide insn are poisoned. */
			if (note->insn_idx == insn - part->off || note->insn_idx + 1 == insn - part->off)
				return note->text;
		}
		break;
	}
	return "";
}

static bool say(const struct bpf_program *prog, struct strbuf *to, u32 insn, u32 number)
{
	const struct bpf_object *obj = prog->obj;

	if (number == POISON_CORE)
		strbuf_printf(to, "%u: <invalid CO-RE relocation>\nfailed to resolve CO-RE relocation: %s\n", insn,
			      core_note(prog, insn));
	else if (number >= POISON_MAP && number - POISON_MAP < obj->map_cnt)
		strbuf_printf(to, "%u: <invalid BPF map reference>\nBPF map '%s' is referenced but wasn't created\n", insn,
			      obj->maps[number - POISON_MAP].name);
	else if (number >= POISON_KFUNC && number - POISON_KFUNC < obj->externs.cnt)
		strbuf_printf(to, "%u: <missing kfunc>\nkfunc '%s' is referenced but wasn't resolved\n", insn,
			      obj->externs.at[number - POISON_KFUNC].name);
	else
		return false;
	return !to->oom;
}

void load_log_fixup(const struct bpf_program *prog, char *log, size_t size)
{
	struct strbuf text = { 0 };
	char *at, *end;
	u32 insn, number;

	if (!log || !size || !memchr(log, 0, size))
		return;
	at = find_pair(log, &end, &insn, &number);
	if (at && say(prog, &text, insn, number)) {
		size_t room = size - (at - log) - 1, tail = strlen(end);

		/* What does not fit is cut at the end. */
		text.len = min_of(text.len, room);
		tail = min_of(tail, room - text.len);
		memmove(at + text.len, end, tail);
		memcpy(at, strbuf_str(&text), text.len);
		at[text.len + tail] = '\0';
	}
	strbuf_free(&text);
}
