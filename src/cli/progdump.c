/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progdump.c - "skep prog dump", in bpftool's words. JSON has bpftool's keys and is made of the lines
 * of the text, whose form is that of bpftool too.
 */
#include "cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dump_args {
	const char *what, *file;
	bool opcodes, visual;
};

/* bpftool's style: words without dashes. */
static int take_words(const struct cli_command *cmd, int argc, char **argv, struct dump_args *args)
{
	for (int i = 0; i < argc; i++) {
		const char *a = argv[i];

		if (!args->what)
			args->what = a;
		else if (!strcmp(a, "opcodes"))
			args->opcodes = true;
		else if (!strcmp(a, "visual"))
			args->visual = true;
		else if (!args->file)
			args->file = a;
		else
			return cli_usage_error(cmd, "unexpected argument %s", a);
	}
	if (!args->what || !args->file)
		return cli_usage_error(cmd, "say what to dump and from which file");
	return EXIT_OK;
}

static int pick_kind(const struct cli_command *cmd, const struct cli_opts *opts, const struct dump_args *args,
		     enum skep_dump_kind *ret_kind)
{
	if (!strcmp(args->what, "xlated"))
		*ret_kind = args->visual ? SKEP_DUMP_CFG :
			    args->opcodes ? SKEP_DUMP_XLATED_OPCODES : SKEP_DUMP_XLATED;
	else if (!strcmp(args->what, "jited"))
		*ret_kind = SKEP_DUMP_JITED;
	else if (!strcmp(args->what, "cfg"))
		*ret_kind = SKEP_DUMP_CFG;
	else
		return cli_usage_error(cmd, "cannot dump \"%s\"; xlated, jited or cfg", args->what);
	if (*ret_kind == SKEP_DUMP_CFG && opts->json)
		return cli_usage_error(cmd, "the control-flow graph has no JSON form");
	if (args->opcodes && *ret_kind != SKEP_DUMP_XLATED_OPCODES)
		return cli_usage_error(cmd, "opcodes go with xlated");
	if (args->visual && strcmp(args->what, "xlated"))
		return cli_usage_error(cmd, "visual goes with xlated");
	return EXIT_OK;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* "name:" at the left edge begins a function. */
static bool is_func_line(const char *line)
{
	size_t len = strlen(line);

	return len && line[len - 1] == ':' && !isspace((unsigned char)line[0]) && line[0] != ';';
}

static void add_hex_num(struct json_object *obj, const char *key, u32 num, int digits)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%0*x", digits, num);
	json_add_str(obj, key, text);
}

/* bpftool's way: the offset and the constant as bytes; a wide instruction's constant with the whole
 * second half. */
static struct json_object *opcodes_of(const char *line)
{
	struct json_object *obj = json_object_new_object();
	u8 bytes[16];
	u32 cnt = 0;
	char *end;

	while (cnt < sizeof(bytes)) {
		unsigned long byte = strtoul(line, &end, 16);

		if (end == line)
			break;
		bytes[cnt++] = byte;
		line = end;
	}
	if (cnt < 8)
		return obj;
	add_hex_num(obj, "code", bytes[0], 2);
	add_hex_num(obj, "src_reg", bytes[1] >> 4, 1);
	add_hex_num(obj, "dst_reg", bytes[1] & 15, 1);
	json_object_object_add(obj, "off", cli_hex_bytes(bytes + 2, 2));
	json_object_object_add(obj, "imm", cli_hex_bytes(bytes + 4, cnt - 4));
	return obj;
}

/* One line of the text of rewritten instructions. @insn: the object being filled, which ends with its
 * "disasm"; opcodes follow it. */
static void xlated_line(struct json_object *list, struct json_object **insn, const char *line)
{
	const char *colon = strstr(line, ": (");

	if (isspace((unsigned char)line[0]) && !colon) {
		size_t cnt = json_object_array_length(list);

		if (cnt)
			json_object_object_add(json_object_array_get_idx(list, cnt - 1), "opcodes", opcodes_of(line));
		return;
	}
	if (!*insn)
		*insn = json_object_new_object();
	if (line[0] == ';') {
		json_add_str(*insn, "src", line + 1 + (line[1] == ' '));
	} else if (is_func_line(line)) {
		struct strbuf proto = { 0 };

		strbuf_add(&proto, line, strlen(line) - 1);
		json_add_str(*insn, "proto", strbuf_str(&proto));
		strbuf_free(&proto);
	} else if (colon) {
		json_add_str(*insn, "disasm", colon + 2);
		json_object_array_add(list, *insn);
		*insn = NULL;
	}
}

/* "(%rdi), %rsi" is two operands, "-8(%rax, %rbx)" one. */
static struct json_object *operands_of(const char *text)
{
	struct json_object *list = json_object_new_array();
	const char *start = text;
	int depth = 0;

	for (; *text; text++) {
		depth += (*text == '(') - (*text == ')');
		if (*text != ',' || depth)
			continue;
		json_object_array_add(list, json_object_new_string_len(start, text - start));
		start = text + 1 + (text[1] == ' ');
	}
	if (*start)
		json_object_array_add(list, json_object_new_string_len(start, text - start));
	return list;
}

static void jited_line(struct json_object *list, struct json_object **insns, const char *line)
{
	struct json_object *obj;
	char *pc, *op, *operands, *copy = NULL;

	if (is_func_line(line)) {
		obj = json_object_new_object();
		json_object_object_add(obj, "name", json_object_new_string_len(line, strlen(line) - 1));
		*insns = json_object_new_array();
		json_object_object_add(obj, "insns", *insns);
		json_object_array_add(list, obj);
		return;
	}
	copy = strdup(line);
	pc = copy;
	op = copy ? strstr(copy, ":\t") : NULL;
	if (op && *insns) {
		*op = '\0';
		op += 2;
		operands = strchr(op, '\t');
		if (operands)
			*operands++ = '\0';
		obj = json_object_new_object();
		add_hex_num(obj, "pc", strtoul(pc, NULL, 16), 1);
		json_add_str(obj, "operation", op);
		json_object_object_add(obj, "operands", operands_of(operands ? operands : ""));
		json_object_array_add(*insns, obj);
	}
	free(copy);
}

static void print_json(char *text, bool jited, const struct cli_opts *opts)
{
	struct json_object *list = json_object_new_array(), *cur = NULL;
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		if (*line && jited)
			jited_line(list, &cur, line);
		else if (*line)
			xlated_line(list, &cur, line);
	}
	if (!jited)
		json_object_put(cur); /* text that no instruction followed */
	cli_print_json(list, opts);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int print_dump(struct skep *skep, int fd, const char *file, enum skep_dump_kind kind,
		      const struct cli_opts *opts)
{
	char *text;
	int err = skep_prog_dump(skep, fd, kind, &text);

	if (err == -ENOENT)
		return cli_fail("%s: there is no machine code on this machine", file);
	if (err)
		return cli_fail("%s: %s", file, cli_strerror(err));
	if (opts->json)
		print_json(text, kind == SKEP_DUMP_JITED, opts);
	else
		fputs(text, stdout);
	free(text);
	return EXIT_OK;
}

static int load_and_dump(struct skep *skep, const struct cli_input *in, enum skep_dump_kind kind,
			 const struct cli_opts *opts)
{
	struct bpf_object *obj = cli_input_open(in);
	struct bpf_program *prog;
	int status = EXIT_BAD;
	u64 prepare_ns;

	prog = obj ? cli_pick_prog(obj, in->file.path, opts->prog, opts->section) : NULL;
	if (prog) {
		status = cli_load_to_use(skep, in, obj, prog, &prepare_ns);
		if (status == EXIT_OK)
			status = print_dump(skep, bpf_program__fd(prog), in->file.path, kind, opts);
	}
	bpf_object__close(obj);
	return status;
}

static int prog_dump(const struct cli_command *cmd, struct cli_opts *opts, int argc, char **argv)
{
	struct dump_args args = { 0 };
	enum skep_dump_kind kind = SKEP_DUMP_XLATED;
	struct cli_input in;
	struct skep *skep;
	int status;

	status = take_words(cmd, argc, argv, &args);
	if (!status)
		status = pick_kind(cmd, opts, &args, &kind);
	if (status)
		return status;
	status = EXIT_BAD;
	if (cli_input_read(&in, args.file, opts)) {
		skep = cli_instance(opts);
		if (skep)
			status = load_and_dump(skep, &in, kind, opts);
		cli_instance_end(skep);
	}
	cli_input_free(&in);
	return status;
}

static const struct cli_option options[] = {
	OPTION_PROG, OPTION_SECTION, OPTION_KERNEL_BTF, OPTION_KCONFIG, OPTION_CLASSIC, OPTION_SECCOMP, OPTION_JSON,
	OPTION_PRETTY, OPTIONS_END
};
const struct cli_command cmd_prog_dump = {
	.name = "prog dump",
	.usage = "xlated|jited|cfg FILE [--prog NAME | --section SEC] [opcodes] [visual] [-j] [--kernel-btf FILE] "
		 "[--classic | --seccomp]",
	.help = "Prints a program after verification: rewritten insns, machine code, or its graph.",
	.words = "  xlated                    instructions as they run; \"opcodes\" adds the bytes\n"
		 "  jited                     machine code\n"
		 "  cfg, xlated ... visual    control flow for Graphviz",
	.options = options,
	.notes = "exit status: 0 printed, 1 the program was refused, 2 something could not be read",
	.example = "  skep prog dump cfg lb.bpf.o --prog xdp_lb | dot -Tsvg > lb.svg\n"
		   "  tcpdump -y EN10MB -ddd tcp | skep prog dump xlated --classic -",
	.run = prog_dump,
};
