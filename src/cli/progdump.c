/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progdump.c - "skep prog dump", in bpftool's words. JSON has bpftool's keys and is made of the lines
 * of the text, whose form is that of bpftool too.
 */
#include "cli/tool.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dump_args {
	const char *what, *file;
	u32 flags; /* SKEP_DUMP_* */
	bool visual;
};

static const struct dump_word {
	const char *word;
	u32 flag;
} dump_words[] = {
	{ "opcodes", SKEP_DUMP_OPCODES },
	{ "linum", SKEP_DUMP_LINUM },
	{ "insns", SKEP_DUMP_INSNS },
};

u32 prog_dump_flag(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(dump_words); i++)
		if (!strcmp(dump_words[i].word, word))
			return dump_words[i].flag;
	return 0;
}

/* bpftool's style: words without dashes. */
static int take_words(const struct cli_command *cmd, int argc, char **argv, struct dump_args *args)
{
	for (int i = 0; i < argc; i++) {
		const char *a = argv[i];

		if (!args->what)
			args->what = a;
		else if (prog_dump_flag(a))
			args->flags |= prog_dump_flag(a);
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
		*ret_kind = args->visual ? SKEP_DUMP_CFG : SKEP_DUMP_XLATED;
	else if (!strcmp(args->what, "jited"))
		*ret_kind = SKEP_DUMP_JITED;
	else if (!strcmp(args->what, "cfg"))
		*ret_kind = SKEP_DUMP_CFG;
	else
		return cli_usage_error(cmd, "cannot dump \"%s\"; xlated, jited or cfg", args->what);
	if (*ret_kind == SKEP_DUMP_CFG && opts->json)
		return cli_usage_error(cmd, "the control-flow graph has no JSON form");
	if (args->flags && *ret_kind == SKEP_DUMP_CFG)
		return cli_usage_error(cmd, "opcodes, linum and insns do not go with the control-flow graph");
	if (args->flags & SKEP_DUMP_INSNS && *ret_kind != SKEP_DUMP_JITED)
		return cli_usage_error(cmd, "insns goes with jited");
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

/* "; text", with linum "; text [file:F line_num:L line_col:C]", where the text may look like that, too. */
static void add_source(struct json_object *obj, const char *line, bool linum)
{
	const char *text = line + 1 + (line[1] == ' '), *where = NULL, *num, *at;
	struct strbuf part = { 0 };

	for (at = strstr(text, " [file:"); linum && at; at = strstr(at + 1, " [file:"))
		where = at;
	num = where ? strstr(where, " line_num:") : NULL;
	strbuf_add(&part, text, num ? (size_t)(where - text) : strlen(text));
	json_add_str(obj, "src", strbuf_str(&part));
	strbuf_free(&part);
	if (!num)
		return;
	where += strlen(" [file:");
	strbuf_add(&part, where, num - where);
	json_add_str(obj, "file", strbuf_str(&part));
	strbuf_free(&part);
	json_add_num(obj, "line_num", strtoul(num + strlen(" line_num:"), NULL, 10));
	at = strstr(num, " line_col:");
	json_add_num(obj, "line_col", at ? strtoul(at + strlen(" line_col:"), NULL, 10) : 0);
}

/* One line of the text of rewritten instructions. @insn: the object being filled, which ends with its
 * "disasm"; opcodes follow it. */
static void xlated_line(struct json_object *list, struct json_object **insn, const char *line, bool linum)
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
		add_source(*insn, line, linum);
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

struct jited_json {
	struct json_object *funcs, *insns; /* insns: of the last function */
	struct json_object *insn;	   /* the next one: what stands above it */
	struct json_object *func;	   /* the next one: its prototype */
	bool linum;
};

static struct json_object *pending(struct json_object **obj)
{
	if (!*obj)
		*obj = json_object_new_object();
	return *obj;
}

/* A prototype has parentheses and comes before the name. */
static void jited_func(struct jited_json *j, const char *line)
{
	struct json_object *func = pending(&j->func);
	struct json_object *text = json_object_new_string_len(line, strlen(line) - 1);

	if (strchr(line, '(')) {
		json_object_object_add(func, "proto", text);
		return;
	}
	json_object_object_add(func, "name", text);
	j->insns = json_object_new_array();
	json_object_object_add(func, "insns", j->insns);
	json_object_array_add(j->funcs, func);
	j->func = NULL;
}

/* "  12:\tadd\t%rdi, %rsi"; @line is taken apart. */
static void jited_insn(struct jited_json *j, char *line)
{
	char *op = strstr(line, ":\t"), *operands;
	struct json_object *obj;

	if (!op || !j->insns)
		return;
	obj = pending(&j->insn);
	*op = '\0';
	op += 2;
	operands = strchr(op, '\t');
	if (operands)
		*operands++ = '\0';
	add_hex_num(obj, "pc", strtoul(line, NULL, 16), 1);
	json_add_str(obj, "operation", op);
	json_object_object_add(obj, "operands", operands_of(operands ? operands : ""));
	json_object_array_add(j->insns, obj);
	j->insn = NULL;
}

/* The bytes of the insn before: "\t48 89 e5 ". */
static void jited_bytes(struct jited_json *j, const char *line)
{
	size_t cnt = j->insns ? json_object_array_length(j->insns) : 0;
	u8 bytes[16];
	u32 size = 0;
	char *end;

	while (size < sizeof(bytes)) {
		unsigned long byte = strtoul(line, &end, 16);

		if (end == line)
			break;
		bytes[size++] = byte;
		line = end;
	}
	if (cnt)
		json_object_object_add(json_object_array_get_idx(j->insns, cnt - 1), "opcodes",
				       cli_hex_bytes(bytes, size));
}

/* "# 12: (b7) r0 = 1". Several when those before the last one needed no code. */
static void jited_bpf_insn(struct jited_json *j, const char *line)
{
	struct json_object *obj = pending(&j->insn), *list = json_object_object_get(obj, "bpf_insns"), *one;
	const char *colon = strstr(line, ": ");

	if (!list) {
		list = json_object_new_array();
		json_object_object_add(obj, "bpf_insns", list);
	}
	one = json_object_new_object();
	json_add_num(one, "idx", strtoul(line + 1, NULL, 10));
	json_add_str(one, "disasm", colon ? colon + 2 : "");
	json_object_array_add(list, one);
}

static void jited_line(struct jited_json *j, char *line)
{
	if (line[0] == ';')
		add_source(pending(&j->insn), line, j->linum);
	else if (line[0] == '#')
		jited_bpf_insn(j, line);
	else if (line[0] == '\t')
		jited_bytes(j, line);
	else if (is_func_line(line))
		jited_func(j, line);
	else
		jited_insn(j, line);
}

static struct json_object *dump_tree(char *text, bool jited, bool linum)
{
	struct json_object *list = json_object_new_array(), *cur = NULL;
	struct jited_json j = { .funcs = list, .linum = linum };
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		if (*line && jited)
			jited_line(&j, line);
		else if (*line)
			xlated_line(list, &cur, line, linum);
	}
	json_object_put(cur); /* text that no instruction followed */
	json_object_put(j.insn);
	json_object_put(j.func);
	return list;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int dump_text(struct skep *skep, int fd, const char *file, enum skep_dump_kind kind, u32 flags, char **ret_text)
{
	int err = skep_prog_dump(skep, fd, kind, flags, ret_text);

	if (err == -ENOENT)
		return cli_fail("%s: there is no machine code on this machine", file);
	if (err)
		return cli_fail("%s: %s", file, cli_strerror(err));
	return EXIT_OK;
}

int prog_dump_fd(struct tool *t, int fd, enum skep_dump_kind kind, u32 flags)
{
	struct json_object *tree;
	char *text;
	int status = dump_text(t->skep, fd, "prog dump", kind, flags, &text);

	if (status)
		return status;
	if (t->out) {
		tree = dump_tree(text, kind == SKEP_DUMP_JITED, flags & SKEP_DUMP_LINUM);
		jout_tree(t->out, tree);
		json_object_put(tree);
	} else {
		fputs(text, stdout);
	}
	free(text);
	return EXIT_OK;
}

static int print_dump(struct skep *skep, int fd, const char *file, enum skep_dump_kind kind, u32 flags,
		      const struct cli_opts *opts)
{
	char *text;
	int status = dump_text(skep, fd, file, kind, flags, &text);

	if (status)
		return status;
	if (opts->json)
		cli_print_json(dump_tree(text, kind == SKEP_DUMP_JITED, flags & SKEP_DUMP_LINUM), opts);
	else
		fputs(text, stdout);
	free(text);
	return EXIT_OK;
}

static int load_and_dump(struct skep *skep, const struct cli_input *in, enum skep_dump_kind kind, u32 flags,
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
			status = print_dump(skep, bpf_program__fd(prog), in->file.path, kind, flags, opts);
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

	if (argc > 1 && tool_is_handle(argc - 1, argv + 1))
		return tool_alone(cmd, tool_prog_dump, opts, argc, argv);
	status = take_words(cmd, argc, argv, &args);
	if (!status)
		status = pick_kind(cmd, opts, &args, &kind);
	if (status)
		return status;
	status = EXIT_BAD;
	if (cli_input_read(&in, args.file, opts)) {
		skep = cli_instance(opts);
		if (skep)
			status = load_and_dump(skep, &in, kind, args.flags, opts);
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
	.usage = "xlated|jited|cfg FILE [--prog NAME | --section SEC] [opcodes] [linum] [insns] [visual] [-j] [--kernel-btf FILE] "
		 "[--classic | --seccomp]",
	.help = "Prints a program after verification: rewritten insns, machine code, or its graph.",
	.words = "  xlated                    instructions as they run, below their source lines\n"
		 "  jited                     machine code, the same; \"insns\" adds the instructions it was made for\n"
		 "  opcodes, linum            with either: the bytes; file, line and column of source lines\n"
		 "  cfg, xlated ... visual    control flow for Graphviz",
	.options = options,
	.notes = "exit status: 0 printed, 1 the program was refused, 2 something could not be read",
	.example = "  skep prog dump jited lb.bpf.o --prog xdp_lb insns linum\n"
		   "  skep prog dump cfg lb.bpf.o --prog xdp_lb | dot -Tsvg > lb.svg\n"
		   "  tcpdump -y EN10MB -ddd tcp | skep prog dump xlated --classic -",
	.run = prog_dump,
};
