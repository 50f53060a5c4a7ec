/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_user.c - a program that uses the skeleton "gen" and, with SUBSKEL, a subskeleton "part" of the same
 * object, in C or C++. Which tool made the headers does not matter. Prints what it finds.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>

/* As in the program: headers name types, they do not define them. */
enum color { RED, GREEN = 5 };

#include "gen.skel.h"
#ifdef SUBSKEL
#include "part.subskel.h"
#endif

static int run(struct gen *skel)
{
	char packet[64] = { 0 };
	struct bpf_test_run_opts opts;
	int err;

	memset(&opts, 0, sizeof(opts));
	opts.sz = sizeof(opts);
	opts.data_in = packet;
	opts.data_size_in = sizeof(packet);
	err = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.count), &opts);
	return err ? err : (int)opts.retval;
}

static void print_sum(struct gen *skel)
{
	__u32 key = 1;
	__u64 sum = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(skel->maps.sums), &key, &sum))
		perror("lookup");
	printf("sum %llu total %llu seen %ld last %d letter %c\n", (unsigned long long)sum,
	       (unsigned long long)skel->bss->total, (long)skel->data->seen, skel->bss->last, skel->data->letter);
}

static void set_up(struct gen *skel)
{
	skel->rodata->limit = 11;
	skel->rodata->scale.factor = 3;
	skel->rodata->steps[1][2] = 20;
	skel->rodata->twice = true;
	skel->data_apart->apart = 100;
	skel->data->seen = 40;
}

#ifdef SUBSKEL
static struct part *part_of(struct gen *skel)
{
#ifdef __cplusplus
	struct part *part = part::open(skel->obj);
#else
	struct part *part = part__open(skel->obj);
#endif

	if (!part)
		return NULL;
	*part->data.letter = 'y';
	(*part->rodata.steps)[1][2] = 21;
	printf("part: limit %d, same map %d, same program %d\n", *part->rodata.limit,
	       part->maps.sums == skel->maps.sums, part->progs.count == skel->progs.count);
	return part;
}
#endif

int main(void)
{
#ifdef __cplusplus
	struct gen *skel = gen::open();
#else
	struct gen *skel = gen__open();
#endif
	size_t size = 0;
	int err;

	if (!skel) {
		perror("open");
		return 1;
	}
	set_up(skel);
#ifdef SUBSKEL
	struct part *part = part_of(skel);

	if (!part) {
		perror("part");
		return 1;
	}
#endif
	err = gen__load(skel);
	if (err) {
		printf("load: %d\n", err);
		gen__destroy(skel);
		return 3;
	}
	printf("returned %d\n", run(skel));
	print_sum(skel);
#ifdef SUBSKEL
	printf("part: total %llu, seen %ld\n", (unsigned long long)*part->bss.total, (long)*part->data.seen);
	part__destroy(part);
#endif
	printf("bytes %d, links %d\n", gen__elf_bytes(&size) != NULL && size > 1000, skel->links.count != NULL);
	printf("attach %d\n", gen__attach(skel));
	gen__detach(skel);
	gen__destroy(skel);
	skel = gen__open_and_load();
	printf("again %d\n", skel ? run(skel) : -1);
	gen__destroy(skel);
	gen__destroy(NULL);
	return 0;
}
