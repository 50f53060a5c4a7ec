/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_btf.c - two BTFs and a .BTF.ext of any bytes: parsed, checked, printed both ways, compared, written
 * again, made one, and relocations of the first looked up in the second. An input is the two lengths (16 bits
 * each), then the three parts.
 */
#include "base/types.h"
#include "btf/btf.h"

#include <linux/bpf.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static struct skep_btf *parse(const u8 *data, u32 size, u32 flags)
{
	struct skep_btf *btf = NULL;
	static char text[4096];
	struct vlog log;
	u32 true_size;
	int err, quiet;

	vlog_init(&log, VLOG_LEVEL1, text, sizeof(text));
	err = btf_parse(data, size, NULL, flags, &log, &btf);
	vlog_finish(&log, &true_size);
	must(!err == (btf != NULL));
	if (err)
		return NULL;
	btf_put(btf);
	/* The log changes nothing. */
	quiet = btf_parse(data, size, NULL, flags, NULL, &btf);
	must(quiet == 0);
	return btf;
}

static void read_all(const struct skep_btf *btf)
{
	struct strbuf out = { 0 };

	for (u32 id = 0; id < btf_id_cnt(btf); id++) {
		struct btf_t t;

		must(btf_type_get(btf, id, &t));
		btf_print_raw(&out, btf, id);
		btf_print_decl(&out, btf, id, "x");
		btf_type_size(btf, id);
		btf_type_align(btf, id);
		must(!*t.name || !id || btf_find(btf, t.name, t.kind));
		btf_find_tag(btf, id, -1, "contains");
		must(btf_equal(btf, id, btf, id));
		strbuf_reset(&out);
	}
	btf_print_c(&out, btf);
	strbuf_free(&out);
}

/* What was read can be written, and is then the same. */
static void write_again(const struct skep_btf *btf)
{
	struct btf_writer *w = btf_writer_from(btf), *less = NULL;
	struct skep_btf *again;
	void *blob = NULL, *small = NULL;
	u32 size = 0;

	must(w && !btf_writer_finish(w, &blob, &size));
	must(!btf_parse(blob, size, NULL, BTF_PARSE_KERNEL | BTF_PARSE_OBJECT, NULL, &again));
	must(btf_id_cnt(again) == btf_id_cnt(btf));
	for (u32 id = 1; id < btf_id_cnt(btf); id++)
		must(btf_equal(btf, id, again, id));
	if (!btf_dedup(btf, &less, NULL)) {
		struct skep_btf *one = NULL;

		must(!btf_writer_finish(less, &small, &size));
		must(btf_id_cnt(btf_writer_view(less)) <= btf_id_cnt(btf));
		/* A forward that became a struct may make a walk too deep, nothing else. */
		btf_parse(small, size, NULL, BTF_PARSE_KERNEL | BTF_PARSE_OBJECT, NULL, &one);
		btf_put(one);
		free(small);
		btf_writer_free(less);
	}
	btf_put(again);
	btf_writer_free(w);
	free(blob);
}

static void relocate(const struct skep_btf *local, const struct skep_btf *targ, const struct btf_ext *ext)
{
	struct bpf_insn insns[2] = { { .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 1, .src_reg = 2 } };
	struct core_spec_result res;
	struct strbuf err = { 0 };

	for (u32 i = 0; i < ext->core.rec_cnt; i++) {
		struct core_relo relo;

		memcpy(&relo, ext->core.recs[i].rec, sizeof(relo));
		memset(&res, 0, sizeof(res));
		if (!core_resolve(local, &relo, &(struct core_target){ .kernel = targ }, &res, &err))
			core_patch(insns, 0, &relo, &res, &err);
		strbuf_reset(&err);
	}
	strbuf_free(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct skep_btf *strict, *local, *targ;
	struct btf_ext *ext = NULL;
	u32 first, second;

	if (size < 4)
		return 0;
	first = min_of((size_t)(data[0] | data[1] << 8), size - 4);
	second = min_of((size_t)(data[2] | data[3] << 8), size - 4 - first);
	data += 4;
	size -= 4;
	strict = parse(data, first, 0);
	local = parse(data, first, BTF_PARSE_KERNEL | BTF_PARSE_OBJECT | BTF_PARSE_FOREIGN);
	targ = parse(data + first, second, BTF_PARSE_KERNEL | BTF_PARSE_OBJECT | BTF_PARSE_FOREIGN);
	must(!strict || local); /* what a program may bring, a compiler may */
	if (local) {
		read_all(local);
		write_again(local);
	}
	if (local && targ) {
		for (u32 id = 0; id < btf_id_cnt(local); id++)
			btf_equal(local, id, targ, id);
		if (!btf_ext_parse(data + first + second, size - first - second, local, &ext, NULL))
			relocate(local, targ, ext);
	}
	btf_ext_free(ext);
	btf_put(strict);
	btf_put(local);
	btf_put(targ);
	return 0;
}
