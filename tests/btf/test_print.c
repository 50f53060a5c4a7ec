/* SPDX-License-Identifier: BSD-2-Clause */
/* test_print.c - raw dumps against bpftool's, line for line. argv[1]: an object of clang's. */
#include "btf/btf.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gelf.h>
#include <fcntl.h>
#include <unistd.h>

static const char *object_path;

static void read_stream(FILE *f, struct strbuf *out)
{
	char chunk[65536];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		strbuf_add(out, chunk, n);
}

/* The bytes of section .BTF. */
static void read_section(const char *path, struct strbuf *out)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t strndx;
	int fd = open(path, O_RDONLY);
	Elf *elf;

	assert_true(fd >= 0);
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	assert_non_null(elf);
	assert_int_equal(elf_getshdrstrndx(elf, &strndx), 0);
	while ((scn = elf_nextscn(elf, scn))) {
		assert_non_null(gelf_getshdr(scn, &shdr));
		if (!strcmp(elf_strptr(elf, strndx, shdr.sh_name), ".BTF")) {
			Elf_Data *data = elf_getdata(scn, NULL);

			strbuf_add(out, data->d_buf, data->d_size);
		}
	}
	elf_end(elf);
	close(fd);
}

static void compare_with_bpftool(const struct strbuf *blob, u32 flags, const char *path)
{
	struct strbuf ours = {}, theirs = {};
	struct skep_btf *btf;
	char cmd[4200];
	FILE *pipe;
	u32 id;

	assert_int_equal(btf_parse(blob->str, blob->len, NULL, flags, NULL, &btf), 0);
	for (id = 1; id < btf_id_cnt(btf); id++)
		btf_print_raw(&ours, btf, id);
	snprintf(cmd, sizeof(cmd), "bpftool btf dump file '%s'", path);
	pipe = popen(cmd, "r");
	assert_non_null(pipe);
	read_stream(pipe, &theirs);
	assert_int_equal(pclose(pipe), 0);
	assert_true(theirs.len > 0);
	assert_string_equal(strbuf_str(&ours), strbuf_str(&theirs));
	strbuf_free(&ours);
	strbuf_free(&theirs);
	btf_put(btf);
}

static void need_bpftool(void)
{
	if (system("bpftool version >/dev/null 2>&1"))
		skip();
}

static void raw_dump_of_object(void **state __unused_arg)
{
	struct strbuf blob = {};

	need_bpftool();
	read_section(object_path, &blob);
	compare_with_bpftool(&blob, BTF_PARSE_OBJECT, object_path);
	strbuf_free(&blob);
}

static void raw_dump_of_vmlinux(void **state __unused_arg)
{
	const char *path = "/sys/kernel/btf/vmlinux";
	struct strbuf blob = {};
	FILE *f = fopen(path, "rb");

	if (!f)
		skip();
	read_stream(f, &blob);
	fclose(f);
	need_bpftool();
	compare_with_bpftool(&blob, BTF_PARSE_KERNEL, path);
	strbuf_free(&blob);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_dump_of_object),
		cmocka_unit_test(raw_dump_of_vmlinux),
	};

	if (argc != 2)
		return 2;
	object_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
