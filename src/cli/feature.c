/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * feature.c - "skep feature probe": what the simulated machine can do, found out by doing it (libbpf_probe_*), in
 * bpftool's text, macros and JSON. What bpftool reads of a kernel's files (sysctls, its configuration) is here what
 * the instance is made with.
 */
#include "cli/cli.h"

#include "base/kconfig.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper_names.h"

#include <linux/bpf.h>

#define LARGE_INSN_CNT (4096 + 2) /* more than programs could have before Linux 5.2 */

struct probe {
	struct cli_opts *opts;
	bool macros, full, unprivileged;
	const char *prefix;
	struct json_object *out, *section; /* NULL: no JSON */
};

/* ---- output ---------------------------------------------------------------------------------- */

static void section_start(struct probe *p, const char *key, const char *text, const char *macros)
{
	if (p->out) {
		p->section = json_object_new_object();
		json_object_object_add(p->out, key, p->section);
	} else if (p->macros) {
		printf("/*** %s ***/\n", macros);
	} else {
		printf("Scanning %s...\n", text);
	}
}

static void section_end(struct probe *p)
{
	if (!p->out)
		putchar('\n');
}

/* "have_xdp_prog_type", which is HAVE_XDP_PROG_TYPE as a macro; @text: "eBPF program_type xdp". */
static void put_feature(struct probe *p, const char *key, const char *text, bool there)
{
	if (p->out) {
		json_object_object_add(p->section, key, json_object_new_boolean(there));
	} else if (p->macros) {
		printf("#define %s%s", p->prefix, there ? "" : "NO_");
		for (const char *at = key; *at; at++)
			putchar(toupper((unsigned char)*at));
		putchar('\n');
	} else {
		printf("%s is %savailable\n", text, there ? "" : "NOT ");
	}
}

/* ---- the machine ----------------------------------------------------------------------------- */

static const char *const config_items[] = {
	"CONFIG_BPF", "CONFIG_BPF_SYSCALL", "CONFIG_HAVE_EBPF_JIT", "CONFIG_BPF_JIT", "CONFIG_BPF_JIT_ALWAYS_ON",
	"CONFIG_DEBUG_INFO_BTF", "CONFIG_DEBUG_INFO_BTF_MODULES", "CONFIG_CGROUPS", "CONFIG_CGROUP_BPF",
	"CONFIG_CGROUP_NET_CLASSID", "CONFIG_SOCK_CGROUP_DATA", "CONFIG_BPF_EVENTS", "CONFIG_KPROBE_EVENTS",
	"CONFIG_UPROBE_EVENTS", "CONFIG_TRACING", "CONFIG_FTRACE_SYSCALLS", "CONFIG_FUNCTION_ERROR_INJECTION",
	"CONFIG_BPF_KPROBE_OVERRIDE", "CONFIG_NET", "CONFIG_XDP_SOCKETS", "CONFIG_LWTUNNEL_BPF", "CONFIG_NET_ACT_BPF",
	"CONFIG_NET_CLS_BPF", "CONFIG_NET_CLS_ACT", "CONFIG_NET_SCH_INGRESS", "CONFIG_XFRM",
	"CONFIG_IP_ROUTE_CLASSID", "CONFIG_IPV6_SEG6_BPF", "CONFIG_BPF_LIRC_MODE2", "CONFIG_BPF_STREAM_PARSER",
	"CONFIG_NETFILTER_XT_MATCH_BPF", "CONFIG_BPFILTER", "CONFIG_BPFILTER_UMH", "CONFIG_TEST_BPF", "CONFIG_HZ",
};

static void put_config(struct probe *p, const char *item)
{
	size_t len = 0;
	const char *value = kconfig_value((const char *)p->opts->kconfig.bytes, item, &len);

	if (p->out)
		json_object_object_add(p->section, item, value ? json_object_new_string_len(value, (int)len) : NULL);
	else if (!p->macros)
		printf("%s is %s%.*s\n", item, value ? "set to " : "not set", (int)len, value ? value : "");
	else if (value && !strcmp(item, "CONFIG_HZ"))
		printf("#define %s%s %.*s\n", p->prefix, item, (int)len, value);
}

static void put_sysctl(struct probe *p, const char *key, int value, const char *text)
{
	if (p->out)
		json_object_object_add(p->section, key, json_object_new_int(value));
	else if (!p->macros)
		puts(text);
}

static bool jit_is_on(const struct probe *p)
{
#ifdef __x86_64__
	return p->opts->engine != SKEP_RUN_INTERP;
#else
	return p->opts->engine == SKEP_RUN_JIT;
#endif
}

static void probe_system(struct probe *p)
{
	bool jit = jit_is_on(p);

	section_start(p, "system_config", "system configuration", "Misc kernel config items");
	if (p->unprivileged)
		put_sysctl(p, "unprivileged_bpf_disabled", 0, "bpf() syscall for unprivileged users is enabled");
	else
		put_sysctl(p, "unprivileged_bpf_disabled", 2,
			   "bpf() syscall restricted to privileged users (admin can change)");
	put_sysctl(p, "bpf_jit_enable", jit, jit ? "JIT compiler is enabled" : "JIT compiler is disabled");
	put_sysctl(p, "bpf_jit_harden", 0, "JIT compiler hardening is disabled");
	put_sysctl(p, "bpf_jit_kallsyms", 0, "JIT compiler kallsyms exports are disabled");
	if (p->opts->kconfig.bytes) {
		for (u32 i = 0; i < ARRAY_SIZE(config_items); i++)
			put_config(p, config_items[i]);
	} else if (!p->out && !p->macros) {
		puts("skipping kernel config: none was given (--kconfig FILE)");
	}
	section_end(p);
	section_start(p, "syscall_config", "system call availability", "System call availability");
	put_feature(p, "have_bpf_syscall", "bpf() syscall", true);
	section_end(p);
}

/* ---- types and helpers ----------------------------------------------------------------------- */

static void put_type(struct probe *p, const char *kind, const char *text, const char *name, bool there)
{
	char key[128], line[128];

	snprintf(key, sizeof(key), "have_%s_%s_type", name, kind);
	snprintf(line, sizeof(line), "eBPF %s %s", text, name);
	put_feature(p, key, line, there);
}

static void probe_types(struct probe *p)
{
	const char *name;

	section_start(p, "program_types", "eBPF program types", "eBPF program types");
	for (u32 t = 1; (name = libbpf_bpf_prog_type_str(t)); t++)
		put_type(p, "prog", "program_type", name, libbpf_probe_bpf_prog_type(t, NULL) > 0);
	section_end(p);
	section_start(p, "map_types", "eBPF map types", "eBPF map types");
	for (u32 t = 1; (name = libbpf_bpf_map_type_str(t)); t++)
		put_type(p, "map", "map_type", name, libbpf_probe_bpf_map_type(t, NULL) > 0);
	section_end(p);
}

/* Helpers that Linux writes about into its log when they are tried; only with "full", as with bpftool. */
static bool is_noisy(u32 id)
{
	return id == BPF_FUNC_trace_printk || id == BPF_FUNC_trace_vprintk || id == BPF_FUNC_probe_write_user;
}

static void put_helper(struct probe *p, struct json_object *list, const char *type, u32 id, bool there)
{
	if (list && there)
		json_object_array_add(list, json_object_new_string(helper_names[id]));
	else if (!list && p->macros)
		printf("#define %sBPF__PROG_TYPE_%s__HELPER_%s %d\n", p->prefix, type, helper_names[id], there);
	else if (!list && there)
		printf("\n\t- %s", helper_names[id]);
}

/* Of a type that attaches to something helpers cannot be told without that: nothing is known then. */
static void probe_helpers_of(struct probe *p, u32 type, const char *name)
{
	struct json_object *list = p->out ? json_object_new_array() : NULL;
	bool there = libbpf_probe_bpf_prog_type(type, NULL) > 0, known = false;
	char key[128];

	snprintf(key, sizeof(key), "%s_available_helpers", name);
	if (p->out)
		json_object_object_add(p->section, key, list);
	else if (!p->macros)
		printf("eBPF helpers supported for program type %s:", name);
	for (u32 id = 1; id < ARRAY_SIZE(helper_names); id++) {
		int ret;

		if (!helper_names[id] || (!p->full && is_noisy(id)))
			continue;
		ret = there ? libbpf_probe_bpf_helper(type, id, NULL) : 0;
		known |= ret >= 0;
		put_helper(p, list, name, id, ret > 0);
	}
	if (p->out || p->macros)
		return;
	if (!there)
		fputs("\n\tProgram type not supported", stdout);
	else if (!known)
		fputs("\n\tCould not determine which helpers are available", stdout);
	putchar('\n');
}

static void probe_helpers(struct probe *p)
{
	const char *name;

	section_start(p, "helpers", "eBPF helper functions", "eBPF helper functions");
	if (p->macros)
		printf("/*\n * Use %sHAVE_PROG_TYPE_HELPER(prog_type_name, helper_name), which is 1 or 0:\n"
		       " *	#if %sHAVE_PROG_TYPE_HELPER(xdp, bpf_redirect)\n */\n"
		       "#define %sHAVE_PROG_TYPE_HELPER(prog_type, helper)	\\\n"
		       "	%sBPF__PROG_TYPE_ ## prog_type ## __HELPER_ ## helper\n",
		       p->prefix, p->prefix, p->prefix, p->prefix);
	for (u32 t = 1; (name = libbpf_bpf_prog_type_str(t)); t++)
		probe_helpers_of(p, t, name);
	section_end(p);
}

/* ---- instructions ---------------------------------------------------------------------------- */

static bool loads(const struct bpf_insn *insns, size_t cnt)
{
	LIBBPF_OPTS(bpf_prog_load_opts, load);
	int fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, NULL, "GPL", insns, cnt, &load);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool loads_large(void)
{
	struct bpf_insn *insns = calloc(LARGE_INSN_CNT, sizeof(*insns));
	bool ok;

	if (!insns)
		return false;
	for (u32 i = 0; i < LARGE_INSN_CNT; i++)
		insns[i].code = BPF_ALU64 | BPF_MOV | BPF_K;
	insns[LARGE_INSN_CNT - 1].code = BPF_JMP | BPF_EXIT;
	ok = loads(insns, LARGE_INSN_CNT);
	free(insns);
	return ok;
}

/* r0 = @imm, an instruction, exit. */
static bool loads_insn(s32 imm, struct bpf_insn insn)
{
	const struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = imm }, insn,
					  { .code = BPF_ALU64 | BPF_MOV | BPF_K },
					  { .code = BPF_JMP | BPF_EXIT } };

	return loads(insns, ARRAY_SIZE(insns));
}

static bool loads_loop(void)
{
	const struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 10 },
					  { .code = BPF_ALU64 | BPF_SUB | BPF_K, .imm = 1 },
					  { .code = BPF_JMP | BPF_JNE | BPF_K, .off = -2 },
					  { .code = BPF_JMP | BPF_EXIT } };

	return loads(insns, ARRAY_SIZE(insns));
}

static void probe_misc(struct probe *p)
{
	section_start(p, "misc", "miscellaneous eBPF features", "eBPF misc features");
	put_feature(p, "have_large_insn_limit", "Large program size limit", loads_large());
	put_feature(p, "have_bounded_loops", "Bounded loop support", loads_loop());
	put_feature(p, "have_v2_isa_extension", "ISA extension v2",
		    loads_insn(1, (struct bpf_insn){ .code = BPF_JMP | BPF_JLT | BPF_K, .off = 1 }));
	put_feature(p, "have_v3_isa_extension", "ISA extension v3",
		    loads_insn(1, (struct bpf_insn){ .code = BPF_JMP32 | BPF_JLT | BPF_K, .off = 1 }));
	put_feature(p, "have_v4_isa_extension", "ISA extension v4",
		    loads_insn(1, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .off = 8 }));
	section_end(p);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int take_words(const struct cli_command *cmd, int argc, char **argv, struct probe *p)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "full"))
			p->full = true;
		else if (!strcmp(argv[i], "unprivileged"))
			p->unprivileged = true;
		else if (!strcmp(argv[i], "macros"))
			p->macros = true;
		else if (!strcmp(argv[i], "prefix") && i + 1 < argc && !*p->prefix)
			p->prefix = argv[++i];
		else if (!strcmp(argv[i], "dev"))
			return cli_usage_error(cmd, "dev: not modelled: network devices that run programs themselves");
		else if (strcmp(argv[i], "kernel") || i)
			return cli_usage_error(cmd, "unexpected argument %s; the words are kernel, full, unprivileged, "
					       "macros, prefix PREFIX", argv[i]);
	}
	if (*p->prefix && !p->macros)
		return cli_usage_error(cmd, "a prefix goes with macros");
	if (p->macros && p->opts->json)
		return cli_usage_error(cmd, "macros have no JSON form");
	return EXIT_OK;
}

static int feature_probe(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct probe p = { .opts = opts, .prefix = "" };
	struct skep *skep;
	int status = take_words(cmd, argc, argv, &p);

	if (status)
		return status;
	opts->unprivileged_bpf = p.unprivileged;
	skep = cli_instance(opts);
	if (!skep)
		return EXIT_BAD;
	cli_messages_start();
	p.out = opts->json ? json_object_new_object() : NULL;
	skep_set_caps(p.unprivileged ? 0 : SKEP_CAP_ALL);
	probe_system(&p);
	probe_types(&p);
	probe_helpers(&p);
	probe_misc(&p);
	skep_set_caps(SKEP_CAP_ALL);
	if (p.out)
		cli_print_json(p.out, opts);
	cli_instance_end(skep);
	return EXIT_OK;
}

static const struct cli_option options[] = {
	OPTION_KERNEL_BTF, OPTION_KCONFIG, OPTION_ENGINE, OPTION_JSON, OPTION_PRETTY, OPTIONS_END
};
const struct cli_command cmd_feature_probe = {
	.name = "feature probe",
	.usage = "[kernel] [full] [unprivileged] [macros [prefix PREFIX]] [-j] [--kernel-btf FILE] [--kconfig FILE]",
	.help = "Tries which program types, map types, helpers and instructions there are.",
	.words = "  kernel                    the simulated machine; there is no other\n"
		 "  full                      also bpf_trace_printk(), bpf_trace_vprintk() and bpf_probe_write_user()\n"
		 "  unprivileged              for callers without capabilities, where they may call bpf(2) at all\n"
		 "  macros [prefix PREFIX]    as #define lines for a C header",
	.options = options,
	.notes = "exit status: 0 printed, 2 something could not be read or done",
	.example = "  skep feature probe macros prefix SKEP_ > features.h",
	.run = feature_probe,
};
