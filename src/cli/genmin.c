/* SPDX-License-Identifier: BSD-2-Clause */
/* genmin.c - "skep gen min_core_btf": the part of a kernel's BTF that objects need, in bpftool's words. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <skep/btf.h>

static int write_part(struct btf *kernel, const char *out, int cnt, char **objs)
{
	struct btf *part = NULL;
	const void *data;
	u32 size = 0;
	int status, err = skep_min_core_btf(kernel, (const char *const *)objs, (u32)cnt, &part);

	if (err)
		return cli_fail("%s", *cli_first_warning() ? cli_first_warning() : cli_strerror(err));
	data = btf__raw_data(part, &size);
	status = data ? cli_write_file(out, data, size) : cli_fail("%s: %s", out, cli_strerror(errno));
	btf__free(part);
	return status;
}

static int gen_min(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct in_file in = { .path = argc ? argv[0] : NULL };
	struct btf *kernel;
	int status = EXIT_BAD;

	if (argc < 3)
		return cli_usage_error(cmd, "which %s?", argc == 2 ? "objects" : argc ? "output file" : "BTF of a kernel");
	if (!cli_read_kernel_btf(&in))
		return EXIT_BAD;
	cli_messages_start();
	kernel = btf__new(in.bytes, (u32)in.size);
	if (kernel)
		status = write_part(kernel, argv[1], argc - 2, argv + 2);
	else
		cli_fail("%s: %s", argv[0], *cli_first_warning() ? cli_first_warning() : cli_strerror(errno));
	btf__free(kernel);
	in_file_free(&in);
	cli_messages_end();
	if (!status && opts->json)
		cli_print_json(NULL, opts);
	return status;
}

static const struct cli_option options[] = { OPTION_JSON, OPTION_PRETTY, OPTIONS_END };
const struct cli_command cmd_gen_min_core_btf = {
	.name = "gen min_core_btf",
	.usage = "INPUT OUTPUT OBJECT... [-j]",
	.help = "Writes the part of a kernel's BTF that the CO-RE relocations of objects need.",
	.words = "  INPUT                     the kernel's BTF: raw, vmlinux, or a folder as /sys/kernel/btf\n"
		 "  OUTPUT                    the file to write, for --kernel-btf or btf_custom_path\n"
		 "  OBJECT...                 objects that clang made",
	.options = options,
	.notes = "exit status: 0 written, 2 something could not be read or written, or a relocation is wrong",
	.example = "  skep gen min_core_btf vmlinux-5.4.btf app.btf app.bpf.o",
	.run = gen_min,
};
