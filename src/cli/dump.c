/* SPDX-License-Identifier: BSD-2-Clause */
/* dump.c - "skep prog dump" and "skep btf dump", in bpftool's words. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct dump_args {
	const char *what, *file, *prog;
	bool opcodes, visual;
	struct cli_opts opts;
};

/* bpftool's style: words without dashes; and --prog, --kernel-btf as elsewhere in skep. */
static int parse(const struct cli_command *cmd, int argc, char **argv, struct dump_args *args)
{
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (!strcmp(a, "--prog") || !strcmp(a, "--kernel-btf")) {
			if (++i == argc)
				return cli_usage_error(cmd, "%s needs a value", a);
			*(a[2] == 'p' ? &args->prog : &args->opts.kernel_btf) = argv[i];
		} else if (!strcmp(a, "opcodes")) {
			args->opcodes = true;
		} else if (!strcmp(a, "visual")) {
			args->visual = true;
		} else if (a[0] == '-') {
			return cli_usage_error(cmd, "unknown option %s", a);
		} else if (!args->what) {
			args->what = a;
		} else if (!args->file) {
			args->file = a;
		} else {
			return cli_usage_error(cmd, "unexpected argument %s", a);
		}
	}
	if (!args->what || !args->file)
		return cli_usage_error(cmd, "say what to dump and from which file");
	return EXIT_OK;
}

static int print_dump(struct skep *skep, int fd, const struct dump_args *args,
		      const struct cli_command *cmd)
{
	enum skep_dump_kind kind;
	char *text;
	int err;

	if (!strcmp(args->what, "xlated"))
		kind = args->visual ? SKEP_DUMP_CFG :
		       args->opcodes ? SKEP_DUMP_XLATED_OPCODES : SKEP_DUMP_XLATED;
	else if (!strcmp(args->what, "jited"))
		kind = SKEP_DUMP_JITED;
	else if (!strcmp(args->what, "cfg"))
		kind = SKEP_DUMP_CFG;
	else
		return cli_usage_error(cmd, "cannot dump \"%s\"; xlated, jited or cfg", args->what);
	err = skep_prog_dump(skep, fd, kind, &text);
	if (err == -ENOENT)
		return cli_fail("%s: there is no machine code on this machine", args->file);
	if (err)
		return cli_fail("%s: %s", args->file, strerror(-err));
	fputs(text, stdout);
	free(text);
	return EXIT_OK;
}

static int prog_dump(const struct cli_command *cmd, int argc, char **argv)
{
	struct dump_args args = { 0 };
	struct bpf_program *prog;
	struct bpf_object *obj;
	struct skep *skep;
	int status;

	if (cli_wants_help(cmd, argc, argv))
		return EXIT_OK;
	status = parse(cmd, argc, argv, &args);
	if (status)
		return status;
	skep = cli_instance(&args.opts);
	if (!skep)
		return EXIT_BAD;
	obj = cli_open(args.file);
	prog = obj ? cli_pick_prog(obj, args.file, args.prog, NULL) : NULL;
	if (!prog) {
		status = EXIT_BAD;
	} else if (cli_load_only(obj, prog)) {
		cli_fail("%s: %s is refused: %s (\"skep verify\" tells why)", args.file,
			 bpf_program__name(prog), cli_first_warning());
		status = EXIT_REFUSED;
	} else {
		status = print_dump(skep, bpf_program__fd(prog), &args, cmd);
	}
	bpf_object__close(obj);
	skep_default_instance_set(NULL);
	skep_destroy(skep);
	cli_messages_end();
	return status;
}

const struct cli_command cmd_prog_dump = {
	.name = "prog dump",
	.usage = "xlated|jited|cfg FILE [--prog NAME] [opcodes] [visual] [--kernel-btf FILE]",
	.help = "Prints a program after verification: rewritten insns, machine code, or its graph.",
	.details = "  xlated           instructions as they run; \"opcodes\" adds the bytes\n"
		   "  jited            machine code\n"
		   "  cfg, visual      control flow for Graphviz\n"
		   "  --prog NAME      which program, when the file holds several\n"
		   "  --kernel-btf F   relocate against this kernel's BTF",
	.example = "  skep prog dump cfg lb.bpf.o --prog xdp_lb | dot -Tsvg > lb.svg",
	.run = prog_dump,
};

static int btf_dump(const struct cli_command *cmd, int argc, char **argv)
{
	const char *file = NULL, *format = "raw";
	const void *data;
	struct btf *btf;
	char *text = NULL;
	u32 size;
	int err;

	if (cli_wants_help(cmd, argc, argv))
		return EXIT_OK;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "file") && i + 1 < argc && !file)
			file = argv[++i];
		else if (!strcmp(argv[i], "format") && i + 1 < argc)
			format = argv[++i];
		else if (argv[i][0] == '-')
			return cli_usage_error(cmd, "unknown option %s", argv[i]);
		else if (!file)
			file = argv[i];
		else
			return cli_usage_error(cmd, "unexpected argument %s", argv[i]);
	}
	if (!file)
		return cli_usage_error(cmd, "which file?");
	if (strcmp(format, "raw") && strcmp(format, "c"))
		return cli_usage_error(cmd, "unknown format \"%s\"; raw or c", format);
	cli_messages_start();
	errno = 0;
	btf = btf__parse(file, NULL);
	if (!btf) {
		const char *why = cli_first_warning();

		return cli_fail("%s: %s", file, *why ? why : errno == ENODATA || errno == ENOENT ?
				"no BTF in it" : strerror(errno));
	}
	data = btf__raw_data(btf, &size);
	err = skep_btf_dump(data, size, !strcmp(format, "c"), &text);
	if (err)
		cli_fail("%s: %s", file, text ? text : strerror(-err));
	else
		fputs(text, stdout);
	free(text);
	btf__free(btf);
	cli_messages_end();
	return err ? EXIT_BAD : EXIT_OK;
}

const struct cli_command cmd_btf_dump = {
	.name = "btf dump",
	.usage = "[file] FILE [format raw|c]",
	.help = "Prints the BTF of an object or a raw BTF file.",
	.details = "  format raw    one line a type and member (default)\n"
		   "  format c      C declarations that compile",
	.example = "  skep btf dump /sys/kernel/btf/vmlinux format c > vmlinux.h",
	.run = btf_dump,
};
