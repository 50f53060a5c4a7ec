/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_input.c - what the command reads beside objects. The first byte chooses the reader: a capture, --ctx,
 * a JSON context, a report, a kernel configuration, tags of a test; the second one the program type that the context is of.
 */
#include "cli/ctx.h"
#include "cli/pcapio.h"
#include "cli/report.h"
#include "cli/testmatch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CAPTURE, CTX_TEXT, CTX_JSON, REPORT, KCONFIG, TAGS, READERS };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void read_capture(u8 *bytes, size_t size)
{
	const struct in_file file = { .path = "fuzz", .bytes = bytes, .size = size };
	struct pcap_reader *in = pcapio_open(&file);
	struct pcapio_packet pkt;
	volatile u8 sum = 0;
	int got;

	if (!in)
		return;
	while ((got = pcapio_next(in, &pkt)) > 0) {
		for (u32 i = 0; i < pkt.len; i++)
			sum ^= pkt.data[i];
	}
	pcapio_close(in);
}

static void read_ctx(u32 reader, u32 type, const char *text, size_t size)
{
	struct bpf_object *obj = bpf_object__open(FUZZ_OBJECT);
	struct bpf_program *prog = obj ? bpf_object__next_program(obj, NULL) : NULL;
	const struct cli_input in = { .file.path = "fuzz" };
	struct json_object *json;
	struct ctx_image img;

	must(prog != NULL);
	bpf_program__set_type(prog, type % (BPF_PROG_TYPE_NETFILTER + 1));
	if (ctx_start(&img, prog, obj, &in)) {
		if (reader == CTX_TEXT)
			ctx_set_text(&img, text);
		else
			ctx_set_json(&img, "fuzz", (const u8 *)text, size);
		ctx_default(&img, "ifindex", 1);
		json = ctx_json(&img, img.bytes);
		must(json != NULL);
		json_object_put(json);
	}
	ctx_free(&img);
	bpf_object__close(obj);
}

/* A report replaces the bytes by those of the object in it. */
static void read_report(u8 *bytes, size_t size)
{
	struct cli_input in = { .file = { .path = "fuzz", .bytes = bytes, .size = size } };
	struct cli_opts opts = { 0 };

	if (report_read(&in, &opts))
		must(in.file.bytes != NULL);
	cli_opts_free(&opts);
	cli_input_free(&in);
}

static void read_kconfig(const char *text)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kconfig = text);
	struct bpf_object *obj = bpf_object__open_file(FUZZ_OBJECT, &opts);

	must(obj != NULL);
	bpf_object__load(obj);
	bpf_object__close(obj);
}

/* Tags, a line each; then its patterns are looked for in the same text. */
static void read_tags(char *text)
{
	struct test_spec spec = { .prog = "fuzz", .description = "" };
	struct strbuf why = { 0 };
	char *copy = strdup(text), *rest = copy, *line;
	u32 found;

	must(copy != NULL);
	while ((line = strsep(&rest, "\n")))
		test_spec_apply(&spec, line, "fuzz");
	match_in_order(text, &spec.priv.msgs, &found, &why);
	must(found <= spec.priv.msgs.cnt);
	match_lines(text, &spec.priv.xlated, &found, &why);
	must(found <= spec.priv.xlated.cnt);
	test_spec_free(&spec);
	strbuf_free(&why);
	free(copy);
}

static void start(void)
{
	static struct skep *skep;
	struct skep_config config = { .sz = sizeof(config), .cpu_cnt = 1, .engine = SKEP_RUN_INTERP };

	if (skep)
		return;
	must(!skep_create(&config, &skep));
	skep_default_instance_set(skep);
	libbpf_set_print(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf told = { 0 };
	u32 reader, type;
	char *text;

	if (size < 2)
		return 0;
	start();
	reader = data[0] % READERS;
	type = data[1];
	size -= 2;
	text = malloc(size + 1); /* with an end, as files are read */
	must(text != NULL);
	memcpy(text, data + 2, size);
	text[size] = '\0';
	cli_fail_to(&told);
	if (reader == REPORT) {
		read_report((u8 *)text, size);
		text = NULL;
	} else if (reader == CAPTURE) {
		read_capture((u8 *)text, size);
	} else if (reader == KCONFIG) {
		read_kconfig(text);
	} else if (reader == TAGS) {
		read_tags(text);
	} else {
		read_ctx(reader, type, text, size);
	}
	cli_fail_to(NULL);
	strbuf_free(&told);
	free(text);
	return 0;
}
