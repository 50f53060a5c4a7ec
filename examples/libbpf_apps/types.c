/* SPDX-License-Identifier: BSD-2-Clause */
/* types.c - a tool that reads BTF: structures with the offsets of their members, one of them as C, and BTF of its own. */
#include <stdarg.h>
#include <stdio.h>

#include <bpf/btf.h>

static void list_struct(const struct btf *btf, const struct btf_type *t)
{
	const struct btf_member *m = btf_members(t);

	printf("%s: %u bytes\n", btf__name_by_offset(btf, t->name_off), t->size);
	for (int i = 0; i < (int)btf_vlen(t); i++)
		printf("  %s at bit %u, %lld bytes\n", btf__name_by_offset(btf, m[i].name_off), btf_member_bit_offset(t, i),
		       (long long)btf__resolve_size(btf, m[i].type));
}

static void print(void *ctx, const char *fmt, va_list args)
{
	vfprintf(ctx, fmt, args);
}

static int as_c(const struct btf *btf, const char *name)
{
	struct btf_dump *dump = btf_dump__new(btf, print, stdout, NULL);
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT), err;

	if (!dump || id < 0)
		return -1;
	err = btf_dump__dump_type(dump, id);
	btf_dump__free(dump);
	return err;
}

static int build(void)
{
	struct btf *btf = btf__new_empty();
	int num, pair, a, b;

	if (!btf)
		return -1;
	num = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	pair = btf__add_struct(btf, "pair", 8);
	a = btf__add_field(btf, "a", num, 0, 0);
	b = btf__add_field(btf, "b", num, 32, 0);
	printf("ids %d %d, fields %d %d, ", num, pair, a, b);
	printf("size %lld, types %u\n", (long long)btf__resolve_size(btf, pair), btf__type_cnt(btf));
	num = as_c(btf, "pair");
	btf__free(btf);
	return num;
}

int main(int argc, char **argv)
{
	struct btf *btf = argc > 1 ? btf__parse(argv[1], NULL) : NULL;
	int err;

	if (!btf) {
		perror("parse");
		return 1;
	}
	for (unsigned int id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (btf_is_struct(t) && t->name_off)
			list_struct(btf, t);
	}
	err = as_c(btf, "event");
	btf__free(btf);
	return err || build() ? 1 : 0;
}
