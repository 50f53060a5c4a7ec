/* SPDX-License-Identifier: BSD-2-Clause */
/* test_perfbuf.c - perf_buffer__*: what programs write arrives, in order, and what got lost is told. */
#include "machines.h"

#include "core/vcpu.h"
#include "runtime/runtime.h"

#include <poll.h>

#include <linux/perf_event.h>

#define PAGE 4096

struct sink {
	u32 records, last, last_size;
	u32 len; /* what of a record the program wrote */
	u64 lost;
	int cpu; /* of the last record */
	u32 broken; /* records that are not what the program wrote, or not the next ones */
};

static void take(void *ctx, int cpu, void *data, u32 size)
{
	struct sink *s = ctx;
	u32 *words = data;

	for (u32 i = 1; i < s->len / 4; i++)
		s->broken += words[i] != words[0];
	s->broken += size < s->len || (s->records && words[0] <= s->last);
	s->records++;
	s->last = words[0];
	s->last_size = size;
	s->cpu = cpu;
}

static void count_lost(void *ctx, int cpu __unused_arg, __u64 cnt)
{
	((struct sink *)ctx)->lost += cnt;
}

struct bed {
	struct bpf_object *obj;
	int map;
	struct perf_buffer *pb;
	struct sink sink;
};

static void bed_open(struct bed *b, u32 pages, const struct perf_buffer_opts *opts)
{
	*b = (struct bed){ .obj = open_obj("perfbuf", NULL) };
	load_obj(b->obj);
	b->map = bpf_object__find_map_fd_by_name(b->obj, "events");
	b->pb = perf_buffer__new(b->map, pages, take, count_lost, &b->sink, opts);
	assert_non_null(b->pb);
}

static void bed_close(struct bed *b)
{
	perf_buffer__free(b->pb);
	bpf_object__close(b->obj);
}

/* On vCPU @cpu, with records of @size bytes; the program's result. */
static int emit(struct bed *b, u32 cpu, u32 size)
{
	int ret;

	b->sink.len = size;
	*(u32 *)var_at(b->obj, ".data", "size", 4) = size;
	assert_int_equal(vcpu_bind(skep_vcpus(machine_skep), cpu), 0);
	ret = (int)run_prog(b->obj, "emit");
	vcpu_unbind(skep_vcpus(machine_skep));
	return ret;
}

/* What a raw record of @size bytes takes in the buffer: header, length, padding. */
static u32 room_of(u32 size)
{
	return (8 + 4 + size + 7) / 8 * 8;
}

static void both_engines(void (*test)(enum machine m))
{
	for (enum machine m = ON_JIT; m <= ON_INTERP; m++) {
		start(m);
		test(m);
		stop();
	}
}

/* ---- tests ----------------------------------------------------------------------------------------- */

static void arrive_on(enum machine m __unused_arg)
{
	struct bed b;

	bed_open(&b, 1, NULL);
	assert_int_equal(perf_buffer__buffer_cnt(b.pb), 2);
	assert_int_equal(perf_buffer__poll(b.pb, 0), 0);
	assert_int_equal(emit(&b, 0, 8), 0);
	assert_int_equal(perf_buffer__poll(b.pb, 0), 1);
	assert_int_equal(b.sink.records, 1);
	assert_int_equal(b.sink.last, 1);
	assert_int_equal(b.sink.cpu, 0);
	/* Linux's padding is the reader's too: the record has a length of 4 more than a multiple of 8. */
	assert_int_equal(b.sink.last_size, 12);
	assert_int_equal(emit(&b, 0, 20), 0);
	assert_int_equal(emit(&b, 1, 20), 0);
	assert_int_equal(perf_buffer__poll(b.pb, 0), 2);
	assert_int_equal(b.sink.records, 3);
	assert_int_equal(b.sink.last_size, 20);
	assert_int_equal(perf_buffer__poll(b.pb, 0), 0);
	assert_int_equal(b.sink.broken, 0);
	/* One buffer alone; what it does not hold stays. */
	assert_int_equal(emit(&b, 1, 8), 0);
	assert_int_equal(perf_buffer__consume_buffer(b.pb, 0), 0);
	assert_int_equal(b.sink.records, 3);
	assert_int_equal(perf_buffer__consume_buffer(b.pb, 1), 0);
	assert_int_equal(b.sink.records, 4);
	assert_int_equal(b.sink.cpu, 1);
	assert_int_equal(perf_buffer__consume_buffer(b.pb, 2), -EINVAL);
	assert_int_equal(emit(&b, 0, 8), 0);
	assert_int_equal(perf_buffer__consume(b.pb), 0);
	assert_int_equal(b.sink.records, 5);
	bed_close(&b);
}

static void records_arrive(void **state __unused_arg)
{
	both_engines(arrive_on);
}

/* Records of all sizes go many times around a buffer of one page. */
static void wrap_on(enum machine m __unused_arg)
{
	u32 total = 0, wrote = 0;
	struct bed b;

	bed_open(&b, 1, NULL);
	for (u32 size = 4; size <= 256; size += 4) {
		for (u32 i = 0; i < 5; i++, wrote++, total += room_of(size))
			assert_int_equal(emit(&b, 0, size), 0);
		assert_int_equal(perf_buffer__consume(b.pb), 0);
		assert_int_equal(b.sink.records, wrote);
		assert_int_equal(b.sink.last_size, room_of(size) - 12);
	}
	assert_true(total > 5 * PAGE);
	assert_int_equal(b.sink.broken, 0);
	assert_int_equal(b.sink.lost, 0);
	assert_int_equal(b.sink.last, wrote);
	bed_close(&b);
}

static void records_go_around_the_end(void **state __unused_arg)
{
	both_engines(wrap_on);
}

static void lose_on(enum machine m __unused_arg)
{
	u32 fit = (PAGE - 1) / room_of(256), failed = 0;
	struct bed b;

	bed_open(&b, 1, NULL);
	for (u32 i = 0; i < fit; i++)
		assert_int_equal(emit(&b, 0, 256), 0);
	for (u32 i = 0; i < 7; i++)
		failed += emit(&b, 0, 256) == -ENOSPC;
	assert_int_equal(failed, 7);
	/* Nothing says so before the next record that fits. */
	assert_int_equal(perf_buffer__consume(b.pb), 0);
	assert_int_equal(b.sink.records, fit);
	assert_int_equal(b.sink.lost, 0);
	assert_int_equal(emit(&b, 0, 256), 0);
	assert_int_equal(perf_buffer__consume(b.pb), 0);
	assert_int_equal(b.sink.records, fit + 1);
	assert_int_equal(b.sink.lost, 7);
	assert_int_equal(b.sink.last, fit + 8);
	assert_int_equal(b.sink.broken, 0);
	bed_close(&b);
}

static void lost_records_are_told(void **state __unused_arg)
{
	both_engines(lose_on);
}

/* A reader that wants to wake for every third record only. */
static void wakes_when_asked(void **state __unused_arg)
{
	LIBBPF_OPTS(perf_buffer_opts, opts, .sample_period = 3);
	struct pollfd one;
	struct bed b;

	start(ON_JIT);
	bed_open(&b, 1, &opts);
	one = (struct pollfd){ .fd = perf_buffer__buffer_fd(b.pb, 1), .events = POLLIN };
	for (u32 i = 0; i < 2; i++)
		assert_int_equal(emit(&b, 1, 8), 0);
	assert_int_equal(poll(&one, 1, 0), 0);
	assert_int_equal(perf_buffer__poll(b.pb, 0), 0);
	assert_int_equal(emit(&b, 1, 8), 0);
	assert_int_equal(poll(&one, 1, 0), 1);
	assert_int_equal(perf_buffer__poll(b.pb, 0), 1);
	assert_int_equal(b.sink.records, 3);
	assert_int_equal(poll(&one, 1, 0), 0);
	assert_int_equal(perf_buffer__buffer_fd(b.pb, 2), -EINVAL);
	assert_true(perf_buffer__epoll_fd(b.pb) >= 0);
	bed_close(&b);
	stop();
}

/* ---- raw events ------------------------------------------------------------------------------------ */

struct raw_sink {
	u32 records, samples, losts;
	u32 stop_at; /* the record that @say is said of */
	enum bpf_perf_event_ret say;
	u32 last_size;
};

static enum bpf_perf_event_ret take_raw(void *ctx, int cpu __unused_arg, struct perf_event_header *event)
{
	struct raw_sink *s = ctx;

	s->samples += event->type == PERF_RECORD_SAMPLE;
	s->losts += event->type == PERF_RECORD_LOST;
	s->last_size = event->size;
	return ++s->records == s->stop_at ? s->say : LIBBPF_PERF_EVENT_CONT;
}

static void raw_open(struct bed *b, struct raw_sink *sink)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_BPF_OUTPUT,
					.size = sizeof(attr), .sample_type = PERF_SAMPLE_RAW | PERF_SAMPLE_TIME,
					.sample_period = 1, .wakeup_events = 1 };
	static int cpus[] = { 1 }, keys[] = { 1 };
	LIBBPF_OPTS(perf_buffer_raw_opts, opts, .cpu_cnt = 1, .cpus = cpus, .map_keys = keys);

	*b = (struct bed){ .obj = open_obj("perfbuf", NULL) };
	load_obj(b->obj);
	b->map = bpf_object__find_map_fd_by_name(b->obj, "events");
	b->pb = perf_buffer__new_raw(b->map, 1, &attr, take_raw, sink, &opts);
	assert_non_null(b->pb);
}

static void callbacks_may_stop(void **state __unused_arg)
{
	struct raw_sink s = { .stop_at = 2, .say = LIBBPF_PERF_EVENT_ERROR };
	struct bed b;

	start(ON_JIT);
	raw_open(&b, &s);
	assert_int_equal(perf_buffer__buffer_cnt(b.pb), 1);
	assert_int_equal(emit(&b, 0, 8), -ENOENT); /* no event for this CPU */
	for (u32 i = 0; i < 5; i++)
		assert_int_equal(emit(&b, 1, 8), 0);
	clear_messages();
	assert_int_equal(perf_buffer__poll(b.pb, 0), LIBBPF_PERF_EVENT_ERROR);
	assert_said("error while processing records");
	assert_int_equal(s.records, 2);
	assert_int_equal(s.last_size, room_of(8) + 8);
	/* Those that it had are gone, the others are not; enough is no failure. */
	s.stop_at = 4;
	s.say = LIBBPF_PERF_EVENT_DONE;
	assert_int_equal(perf_buffer__consume_buffer(b.pb, 0), 0);
	assert_int_equal(s.records, 4);
	assert_int_equal(perf_buffer__consume(b.pb), 0);
	assert_int_equal(s.records, 5);
	assert_int_equal(s.samples, 5);
	while (emit(&b, 1, 256) != -ENOSPC)
		;
	assert_int_equal(perf_buffer__consume(b.pb), 0);
	assert_int_equal(emit(&b, 1, 8), 0);
	assert_int_equal(perf_buffer__consume(b.pb), 0);
	assert_int_equal(s.losts, 1);
	bed_close(&b);
	stop();
}

static void buffers_are_mapped(void **state __unused_arg)
{
	struct perf_event_mmap_page *page;
	struct bed b;
	size_t size;
	void *mem;

	start(ON_JIT);
	bed_open(&b, 2, NULL);
	assert_int_equal(perf_buffer__buffer(b.pb, 0, &mem, &size), 0);
	assert_int_equal(size, 2 * PAGE);
	page = mem;
	assert_int_equal(page->data_offset, PAGE);
	assert_int_equal(page->data_head, 0);
	assert_int_equal(emit(&b, 0, 8), 0);
	assert_int_equal(page->data_head, room_of(8));
	assert_int_equal(((struct perf_event_header *)((char *)mem + PAGE))->size, room_of(8));
	assert_int_equal(perf_buffer__buffer(b.pb, 2, &mem, &size), -EINVAL);
	assert_int_equal(perf_buffer__buffer(b.pb, -1, &mem, &size), -EINVAL);
	/* A reader that spoils the buffer gets an error, not more. */
	((struct perf_event_header *)((char *)mem + PAGE))->size = 0;
	assert_int_equal(perf_buffer__consume(b.pb), -EBADMSG);
	((struct perf_event_header *)((char *)mem + PAGE))->size = 65528;
	assert_int_equal(perf_buffer__consume_buffer(b.pb, 0), -EBADMSG);
	assert_int_equal(b.sink.records, 0);
	bed_close(&b);
	stop();
}

/* ---- what is refused --------------------------------------------------------------------------------- */

static struct perf_buffer *plain(int map, size_t pages)
{
	return perf_buffer__new(map, pages, take, count_lost, NULL, NULL);
}

static void bad_arguments_are_refused(void **state __unused_arg)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE, .size = sizeof(attr) };
	static int cpus[] = { 2 }, keys[] = { 0 };
	LIBBPF_OPTS(perf_buffer_raw_opts, opts, .cpu_cnt = 1, .cpus = cpus, .map_keys = keys);
	struct bed b;
	int other;

	start(ON_JIT);
	bed_open(&b, 1, NULL);
	other = bpf_map_create(BPF_MAP_TYPE_ARRAY, "other", 4, 4, 1, NULL);
	for (size_t pages = 0; pages <= 3; pages += 3) {
		assert_null(plain(b.map, pages));
		assert_int_equal(errno, EINVAL);
	}
	assert_said("page count should be power of two, but is 3");
	assert_null(plain(other, 1));
	assert_int_equal(errno, EINVAL);
	assert_said("map 'other' should be BPF_MAP_TYPE_PERF_EVENT_ARRAY");
	assert_null(plain(9999, 1));
	assert_int_equal(errno, EBADFD);
	assert_null(perf_buffer__new_raw(b.map, 1, NULL, take_raw, NULL, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(perf_buffer__new_raw(b.map, 1, &attr, take_raw, NULL, NULL));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_said("not modelled: perf events other than PERF_COUNT_SW_BPF_OUTPUT");
	attr = (struct perf_event_attr){ .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_BPF_OUTPUT };
	assert_null(perf_buffer__new_raw(b.map, 1, &attr, take_raw, NULL, &opts));
	assert_int_equal(errno, ENODEV);
	close(other);
	bed_close(&b);
	perf_buffer__free(NULL);
	skep_use_kernel(true);
	assert_null(plain(0, 1));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_said("not modelled: perf buffers of the running kernel");
	stop();
}

/* Who frees the buffer takes its events out of the map. */
static void freeing_empties_the_map(void **state __unused_arg)
{
	struct bed b;
	u32 key = 0;

	start(ON_JIT);
	bed_open(&b, 1, NULL);
	assert_int_equal(emit(&b, 0, 8), 0);
	perf_buffer__free(b.pb);
	assert_int_equal(emit(&b, 0, 8), -ENOENT);
	assert_int_equal(bpf_map_delete_elem(b.map, &key), -ENOENT);
	b.pb = NULL;
	bed_close(&b);
	stop();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_arrive),
		cmocka_unit_test(records_go_around_the_end),
		cmocka_unit_test(lost_records_are_told),
		cmocka_unit_test(wakes_when_asked),
		cmocka_unit_test(callbacks_may_stop),
		cmocka_unit_test(buffers_are_mapped),
		cmocka_unit_test(bad_arguments_are_refused),
		cmocka_unit_test(freeing_empties_the_map),
	};

	if (argc != 2)
		return 1;
	obj_dir = argv[1];
	libbpf_set_print(keep_message);
	return cmocka_run_group_tests_name("perf buffers", tests, NULL, NULL);
}
