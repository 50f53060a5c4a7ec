/* SPDX-License-Identifier: BSD-2-Clause */
/* observe.c - tells profilers and debuggers what a program's machine code is called and comes from. */
#include "runtime/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool line_of(void *ctx, u32 xlated_idx, struct jit_src *ret)
{
	const struct skep_prog_info *info = ctx;
	struct prog_line line;

	if (!skep_prog_line(info, info->xlated->aux[xlated_idx].orig_idx, &line))
		return false;
	*ret = (struct jit_src){ .file = line.file, .line = line.line, .col = line.col };
	return true;
}

/* "bpf_prog_0123456789abcdef_", as Linux begins the names of machine code. */
static void print_prefix(const struct skep_prog *prog, char *text, size_t size)
{
	int len = snprintf(text, size, "bpf_prog_");

	for (u32 i = 0; i < sizeof(prog->tag); i++)
		len += snprintf(text + len, size - len, "%02x", prog->tag[i]);
	snprintf(text + len, size - len, "_");
}

int prog_observe(const struct skep_prog *prog, struct jit_code *code, const struct jit_image *image)
{
	const struct xlated_prog *x = prog->res.xlated;
	const char **names;
	struct skep_prog_info info;
	char prefix[64];
	struct jit_desc desc = { .prefix = prefix, .line = line_of, .ctx = &info };
	int err;

	if (!prog->skep->observe)
		return 0;
	names = calloc(x->subprog_cnt, sizeof(*names));
	if (!names)
		return -ENOMEM;
	skep_prog_info(prog, &info);
	print_prefix(prog, prefix, sizeof(prefix));
	/* BTF has no name for what came without; Linux calls its parts "F". */
	for (u32 i = 0; i < x->subprog_cnt; i++)
		names[i] = x->subprogs[i].name[0] ? x->subprogs[i].name : i || !prog->name[0] ? "F" : prog->name;
	desc.names = names;
	err = jit_observe(code, image, &desc, prog->skep->observe);
	free(names);
	return err;
}
