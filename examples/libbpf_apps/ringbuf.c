/* SPDX-License-Identifier: BSD-2-Clause */
/* ringbuf.c - an application that consumes a ring buffer. */
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

struct event {
	__u32 len;
	__u32 class;
	__u64 nth;
};

static int on_event(void *ctx, void *data, size_t size)
{
	const struct event *e = data;

	printf("event %llu of %zu bytes: len %u class %u\n", (unsigned long long)e->nth, size, e->len, e->class);
	++*(int *)ctx;
	return 0;
}

static int consume(struct bpf_object *obj)
{
	static char packet[256];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = 100, .repeat = 3);
	int prog = bpf_program__fd(bpf_object__find_program_by_name(obj, "classify")), seen = 0, cnt;
	struct ring_buffer *ring;

	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(obj, "events"), on_event, &seen, NULL);
	if (!ring)
		return -1;
	printf("run: %d\n", bpf_prog_test_run_opts(prog, &opts));
	cnt = ring_buffer__poll(ring, 100);
	printf("polled %d, seen %d\n", cnt, seen);
	opts.data_size_in = 200;
	printf("run: %d\n", bpf_prog_test_run_opts(prog, &opts));
	cnt = ring_buffer__consume(ring);
	printf("consumed %d, seen %d\n", cnt, seen);
	cnt = ring_buffer__poll(ring, 0);
	printf("nothing left: %d\n", cnt);
	ring_buffer__free(ring);
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *obj = argc > 1 ? bpf_object__open(argv[1]) : NULL;
	int err;

	if (!obj) {
		perror("open");
		return 1;
	}
	err = bpf_object__load(obj);
	if (err) {
		fprintf(stderr, "load: %s\n", strerror(-err));
		bpf_object__close(obj);
		return 2;
	}
	err = consume(obj);
	bpf_object__close(obj);
	return err ? 1 : 0;
}
