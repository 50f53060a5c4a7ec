/* SPDX-License-Identifier: BSD-2-Clause */
/* sections.c - "skep help sections": which program and attach type a section name stands for. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

/* A "+" at the end: what it is attached to may follow, behind a slash. */
static const char *const sections[] = {
#include "section_help.h"
};

int cli_sections(void)
{
	printf("%-26s  %-24s  %s\n", "section", "program type", "attach type");
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		size_t len = strcspn(sections[i], "+");
		enum bpf_attach_type attach;
		enum bpf_prog_type type;
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)len, sections[i]);
		if (libbpf_prog_type_by_name(name, &type, &attach))
			return cli_fail("the loader does not know the section %s", name);
		if (sections[i][len])
			strcat(name, "[/...]");
		/* 0 is the type of cgroup_skb/ingress, and what stands where there is none. */
		printf("%-26s  %-24s  %s\n", name, libbpf_bpf_prog_type_str(type) ?: "",
		       attach || type == BPF_PROG_TYPE_CGROUP_SKB ? libbpf_bpf_attach_type_str(attach) ?: "" : "");
	}
	return EXIT_OK;
}
