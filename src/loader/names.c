/* SPDX-License-Identifier: BSD-2-Clause */
/* names.c - types as words, and section names as types. */
#include "loader/internal.h"

#include "map/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.inc"

#define NAME_OF(table, t) ((u32)(t) < ARRAY_SIZE(table) ? (table)[t] : NULL)

const char *libbpf_bpf_map_type_str(enum bpf_map_type t)
{
	return map_type_name(t);
}

const char *libbpf_bpf_prog_type_str(enum bpf_prog_type t)
{
	return NAME_OF(bpf_prog_type_names, t);
}

const char *libbpf_bpf_attach_type_str(enum bpf_attach_type t)
{
	return NAME_OF(bpf_attach_type_names, t);
}

const char *libbpf_bpf_link_type_str(enum bpf_link_type t)
{
	return NAME_OF(bpf_link_type_names, t);
}

int libbpf_prog_type_by_name(const char *name, enum bpf_prog_type *prog_type,
			     enum bpf_attach_type *expected_attach_type)
{
	struct bpf_program prog = { 0 };

	NEED(name);
	prog.sec_name = strdup(name);
	if (!prog.sec_name)
		return libbpf_err(-ENOMEM);
	sec_apply(&prog);
	free(prog.sec_name);
	if (prog.type == BPF_PROG_TYPE_UNSPEC) {
		pr_debug("failed to guess program type from ELF section '%s'\n", name);
		return libbpf_err(-ESRCH);
	}
	NEED(prog_type && expected_attach_type);
	*prog_type = prog.type;
	*expected_attach_type = prog.attach_type;
	return 0;
}

int libbpf_attach_type_by_name(const char *name, enum bpf_attach_type *attach_type)
{
	enum bpf_attach_type found;
	enum bpf_prog_type type;
	int err = libbpf_prog_type_by_name(name, &type, &found);

	NEED(!err && attach_type);
	*attach_type = found;
	return 0;
}
