/* SPDX-License-Identifier: BSD-2-Clause */
/* linkcmd.c - bpftool's commands on links of the instance. */
#include "cli/tool.h"

#include <errno.h>
#include <stdio.h>

#include <linux/bpf.h>

/* What all links have, then what one type has: its name in JSON, its number or text. */
struct link_facts {
	struct bpf_link_info info;
	char type[64], tp_name[128];
	const char *attach_type; /* NULL: of this type there is none */
};

static const char *attach_type_of(const struct bpf_link_info *info)
{
	switch (info->type) {
	case BPF_LINK_TYPE_TRACING:
		return libbpf_bpf_attach_type_str(info->tracing.attach_type);
	case BPF_LINK_TYPE_CGROUP:
		return libbpf_bpf_attach_type_str(info->cgroup.attach_type);
	case BPF_LINK_TYPE_NETNS:
		return libbpf_bpf_attach_type_str(info->netns.attach_type);
	default:
		return NULL;
	}
}

static int link_facts_get(int fd, struct link_facts *facts)
{
	struct bpf_link_info *info = &facts->info;
	u32 len = sizeof(*info);
	const char *type;
	int err;

	*facts = (struct link_facts){ 0 };
	err = bpf_link_get_info_by_fd(fd, info, &len);
	if (!err && info->type == BPF_LINK_TYPE_RAW_TRACEPOINT) {
		*info = (struct bpf_link_info){ .raw_tracepoint.tp_name = (uintptr_t)facts->tp_name,
						.raw_tracepoint.tp_name_len = sizeof(facts->tp_name) };
		err = bpf_link_get_info_by_fd(fd, info, &len);
	}
	if (err)
		return cli_fail("can't get link info: %s", cli_strerror(errno));
	type = libbpf_bpf_link_type_str(info->type);
	snprintf(facts->type, sizeof(facts->type), "%s", type ? type : "unknown");
	facts->attach_type = attach_type_of(info);
	return EXIT_OK;
}

static void link_json(struct jout *j, const struct link_facts *facts)
{
	const struct bpf_link_info *info = &facts->info;

	jout_open(j, '{');
	jout_name(j, "id");
	jout_num(j, info->id);
	jout_name(j, "type");
	jout_str(j, facts->type);
	jout_name(j, "prog_id");
	jout_num(j, info->prog_id);
	if (*facts->tp_name) {
		jout_name(j, "tp_name");
		jout_str(j, facts->tp_name);
	}
	if (info->type == BPF_LINK_TYPE_CGROUP) {
		jout_name(j, "cgroup_id");
		jout_num(j, info->cgroup.cgroup_id);
	} else if (info->type == BPF_LINK_TYPE_NETNS) {
		jout_name(j, "netns_ino");
		jout_num(j, info->netns.netns_ino);
	}
	if (facts->attach_type) {
		jout_name(j, "attach_type");
		jout_str(j, facts->attach_type);
	}
	if (info->type == BPF_LINK_TYPE_TRACING) {
		jout_name(j, "target_obj_id");
		jout_num(j, info->tracing.target_obj_id);
		jout_name(j, "target_btf_id");
		jout_num(j, info->tracing.target_btf_id);
	}
	jout_close(j, '}');
}

static void link_text(const struct link_facts *facts)
{
	const struct bpf_link_info *info = &facts->info;

	printf("%u: %s  prog %u  ", info->id, facts->type, info->prog_id);
	if (*facts->tp_name)
		printf("\n\ttp '%s'  ", facts->tp_name);
	if (info->type == BPF_LINK_TYPE_CGROUP)
		printf("\n\tcgroup_id %llu  ", (unsigned long long)info->cgroup.cgroup_id);
	else if (info->type == BPF_LINK_TYPE_NETNS)
		printf("\n\tnetns_ino %u  ", info->netns.netns_ino);
	else if (info->type == BPF_LINK_TYPE_TRACING)
		printf("\n\t");
	if (facts->attach_type)
		printf("attach_type %s  ", facts->attach_type);
	if (info->type == BPF_LINK_TYPE_TRACING)
		printf("\n\ttarget_obj_id %u  target_btf_id %u  ", info->tracing.target_obj_id, info->tracing.target_btf_id);
	fputc('\n', stdout);
}

static int show_link(struct tool *t, int fd)
{
	struct link_facts facts;
	int status = link_facts_get(fd, &facts);

	if (status)
		return status;
	if (t->out)
		link_json(t->out, &facts);
	else
		link_text(&facts);
	return EXIT_OK;
}

int tool_link_show(struct tool *t, struct words *w)
{
	return tool_each_object(t, w, TOOL_LINK, show_link);
}

int tool_link_pin(struct tool *t, struct words *w)
{
	return tool_pin_command(t, w, TOOL_LINK);
}

int tool_link_detach(struct tool *t, struct words *w)
{
	(void)t;
	return tool_apply(w, TOOL_LINK, bpf_link_detach, "detach link");
}
