/* SPDX-License-Identifier: BSD-2-Clause */
/* sections.c - what SEC("...") says of a program. The table is data/libbpf-sec-names.tsv. */
#include "loader/internal.h"

#include <string.h>

static const struct {
	const char *name;
	bool more; /* "name" or "name/anything"; else exactly "name" */
	enum bpf_prog_type type;
	int attach_type;
	u32 flags;
	bool attach_btf, can_attach;
} sections[] = {
#include "sections.inc"
};

static bool matches(u32 i, const char *sec)
{
	size_t len = strlen(sections[i].name);

	if (strncmp(sec, sections[i].name, len))
		return false;
	return !sec[len] || (sections[i].more && sec[len] == '/');
}

/* "?xdp": loaded only when the application asks for it; the name is without the mark from here on. */
void sec_apply(struct bpf_program *prog)
{
	char *sec = prog->sec_name;

	prog->autoload = !prog->is_subprog;
	if (sec[0] == '?') {
		prog->autoload = false;
		memmove(sec, sec + 1, strlen(sec));
	}
	for (u32 i = 0; i < ARRAY_SIZE(sections) && prog->type == BPF_PROG_TYPE_UNSPEC; i++) {
		if (!matches(i, sec))
			continue;
		prog->type = sections[i].type;
		prog->attach_type = sections[i].attach_type;
		prog->sec_flags = sections[i].flags;
		prog->needs_attach_btf = sections[i].attach_btf;
		prog->can_attach = sections[i].can_attach;
	}
	handler_apply(prog);
}
