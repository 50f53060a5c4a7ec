/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_perf.c - perf event arrays: programs write, a consumer reads the mapped buffer as it would
 * Linux's. What is checked is what such a consumer relies on.
 */
#include "core/vcpu.h"
#include "map/map.h"
#include "map/perf.h"
#include "runtime/runtime.h"
#include "syscall/syscall.h"

#include "../runtime/insns.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include <cmocka.h>

#define P(p) ((u64)(uintptr_t)(p))
#define CPUS 4

static struct skep *skep;

static long bpf(int cmd, union bpf_attr *attr)
{
	return skep_bpf(skep, NULL, cmd, attr, sizeof(*attr));
}

static int map_new(u32 max, u32 flags)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_PERF_EVENT_ARRAY, .key_size = 4, .value_size = 4,
				.max_entries = max, .map_flags = flags };

	return (int)bpf(BPF_MAP_CREATE, &attr);
}

static long elem(int cmd, int fd, u32 key, int value, u64 flags)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = (u32)fd;
	attr.key = P(&key);
	attr.value = cmd == BPF_MAP_DELETE_ELEM ? 0 : P(&value);
	attr.flags = flags;
	return bpf(cmd, &attr);
}

static int event_open(int cpu, u64 sample_type, u32 wakeup_events)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_BPF_OUTPUT,
					.size = sizeof(attr), .sample_type = sample_type,
					.sample_period = 1, .wakeup_events = wakeup_events };

	return skep_perf_event_open(skep, &attr, cpu < 0 ? 0 : -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* ---- a consumer -------------------------------------------------------------------------------- */

struct buffer {
	int fd, poll_fd;
	struct perf_event_mmap_page *page;
	u64 size;
	u64 lost, records;
	u8 last[65536];
	u32 last_size;
};

static void buffer_open(struct buffer *b, int cpu, u32 pages, u64 sample_type, u32 wakeup_events)
{
	*b = (struct buffer){ .fd = event_open(cpu, sample_type, wakeup_events) };
	assert_true(b->fd >= 0);
	b->page = skep_mmap(skep, b->fd, (pages + 1) * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	assert_non_null(b->page);
	b->size = pages * 4096;
	assert_int_equal(b->page->data_offset, 4096);
	assert_int_equal(b->page->data_size, b->size);
	b->poll_fd = skep_perf_poll_fd(skep, b->fd);
	assert_true(b->poll_fd >= 0);
}

static void buffer_close(struct buffer *b)
{
	assert_int_equal(skep_munmap(skep, b->fd, b->page, b->size + 4096, PROT_READ | PROT_WRITE), 0);
	close(b->fd);
}

static void copy_from(const struct buffer *b, u64 pos, void *to, u64 size)
{
	for (u64 i = 0; i < size; i++)
		((u8 *)to)[i] = ((volatile u8 *)b->page)[4096 + (pos + i) % b->size];
}

/* Takes all records; the last one stays in b->last. */
static void consume(struct buffer *b)
{
	u64 head = __atomic_load_n(&b->page->data_head, __ATOMIC_ACQUIRE), tail = b->page->data_tail;
	struct perf_event_header h;
	u64 lost[2];

	for (; tail != head; tail += h.size) {
		copy_from(b, tail, &h, sizeof(h));
		assert_true(h.size >= sizeof(h) && h.size <= head - tail && h.size % 8 == 0);
		if (h.type == PERF_RECORD_LOST) {
			copy_from(b, tail + 8, lost, sizeof(lost));
			b->lost += lost[1];
			continue;
		}
		assert_int_equal(h.type, PERF_RECORD_SAMPLE);
		b->last_size = h.size;
		copy_from(b, tail, b->last, h.size);
		b->records++;
	}
	__atomic_store_n(&b->page->data_tail, tail, __ATOMIC_RELEASE);
}

static bool woken(const struct buffer *b)
{
	u64 cnt;

	return read(b->poll_fd, &cnt, sizeof(cnt)) == sizeof(cnt);
}

/* ---- programs -------------------------------------------------------------------------------------- */

static int prog_new(u32 type, const struct bpf_insn *insns, u32 cnt)
{
	static char log[65536];
	union bpf_attr attr = { 0 };
	long fd;

	attr.prog_type = type;
	attr.insns = P(insns);
	attr.insn_cnt = cnt;
	attr.license = P("GPL");
	attr.log_level = 1;
	attr.log_buf = P(log);
	attr.log_size = sizeof(log);
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		fail_msg("%s", log);
	return (int)fd;
}

/* bpf_perf_event_output(ctx, map, flags, &0x1122334455667788, 8); returns its result. */
static int output_prog(u32 type, int map_fd, u64 flags)
{
	const struct bpf_insn insns[] = {
		INSN_(0x18, 2, 0, 0, 0x55667788), INSN_(0, 0, 0, 0, 0x11223344),
		STX(8, 10, 2, -8),
		LD_MAP(2, map_fd),
		INSN_(0x18, 3, 0, 0, (s32)flags), INSN_(0, 0, 0, 0, (s32)(flags >> 32)),
		MOV_X(4, 10), ADD_K(4, -8), MOV_K(5, 8),
		CALL_H(BPF_FUNC_perf_event_output),
		EXIT_(),
	};

	return prog_new(type, insns, ARRAY_SIZE(insns));
}

/* On vCPU @cpu; the packet is 0, 1, 2, ... */
static s32 run_on(int prog_fd, u32 cpu)
{
	union bpf_attr attr = { 0 };
	u8 pkt[64];

	for (u32 i = 0; i < sizeof(pkt); i++)
		pkt[i] = (u8)i;
	assert_int_equal(vcpu_bind(skep_vcpus(skep), cpu), 0);
	attr.test.prog_fd = (u32)prog_fd;
	attr.test.data_in = P(pkt);
	attr.test.data_size_in = sizeof(pkt);
	assert_int_equal(bpf(BPF_PROG_TEST_RUN, &attr), 0);
	vcpu_unbind(skep_vcpus(skep));
	return (s32)attr.test.retval;
}

/* ---- tests ----------------------------------------------------------------------------------------- */

static void slots_answer_as_linux(void **state __unused_arg)
{
	int map = map_new(CPUS, 0), event = event_open(0, PERF_SAMPLE_RAW, 1), value;

	assert_true(event >= 0);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 0, event, BPF_NOEXIST), -EINVAL);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 0, event, BPF_EXIST), -EINVAL);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 0, map, BPF_ANY), -EBADF);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 0, 9999, BPF_ANY), -EBADF);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, CPUS, event, BPF_ANY), -E2BIG);
	assert_int_equal(elem(BPF_MAP_DELETE_ELEM, map, 0, 0, 0), -ENOENT);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 0, event, BPF_ANY), 0);
	assert_int_equal(elem(BPF_MAP_LOOKUP_ELEM, map, 0, value = 0, 0), -ENOTSUPP);
	assert_int_equal(elem(BPF_MAP_DELETE_ELEM, map, 0, 0, 0), 0);
	assert_int_equal(elem(BPF_MAP_DELETE_ELEM, map, 0, 0, 0), -ENOENT);
	assert_int_equal(elem(BPF_MAP_DELETE_ELEM, map, CPUS, 0, 0), -E2BIG);
	close(map);
	close(event);
}

static void opening_says_what_is_wrong(void **state __unused_arg)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE, .size = sizeof(attr) };
	int fd;

	assert_int_equal(skep_perf_event_open(skep, &attr, -1, 0, -1, 0), -EOPNOTSUPP);
	assert_non_null(strstr(skep_bpf_why(skep), "not modelled: perf events other than"));
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_BPF_OUTPUT;
	assert_int_equal(skep_perf_event_open(skep, &attr, -1, -1, -1, 0), -EINVAL);
	assert_int_equal(skep_perf_event_open(skep, &attr, -1, CPUS, -1, 0), -ENODEV);
	attr.sample_type = PERF_SAMPLE_CALLCHAIN;
	assert_int_equal(skep_perf_event_open(skep, &attr, -1, 0, -1, 0), -EOPNOTSUPP);
	fd = event_open(0, PERF_SAMPLE_RAW, 1);
	assert_null(skep_mmap(skep, fd, 4 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 0));
	assert_int_equal(errno, EINVAL); /* 3 data pages */
	assert_null(skep_mmap(skep, fd, 3 * 4096, PROT_READ, MAP_SHARED, 0));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(skep_perf_poll_fd(skep, 9999), -EBADF);
	close(fd);
}

static void programs_write_records(void **state __unused_arg)
{
	static const u32 types[] = { BPF_PROG_TYPE_XDP, BPF_PROG_TYPE_SCHED_CLS };

	for (u32 t = 0; t < 2; t++) {
		u64 with_packet = 20ull << 32 | BPF_F_CURRENT_CPU, data = 0x1122334455667788;
		int map = map_new(CPUS, 0), prog, too_long, bad;
		struct buffer b;
		u32 raw;

		buffer_open(&b, 2, 1, PERF_SAMPLE_RAW, 1);
		assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 2, b.fd, 0), 0);
		prog = output_prog(types[t], map, with_packet);
		assert_int_equal(run_on(prog, 2), 0);
		assert_true(woken(&b));
		consume(&b);
		assert_int_equal(b.records, 1);
		/* header, size, 8 bytes, 20 of the packet; all on 8 bytes */
		memcpy(&raw, b.last + 8, 4);
		assert_int_equal(b.last_size, 8 + 4 + raw);
		assert_int_equal(raw, 28);
		assert_memory_equal(b.last + 12, &data, 8);
		for (u32 i = 0; i < 20; i++)
			assert_int_equal(b.last[20 + i], i);
		assert_int_equal(run_on(prog, 1), -ENOENT); /* no event in its slot */
		too_long = output_prog(types[t], map, 65ull << 32 | 2);
		assert_int_equal(run_on(too_long, 2), -EFAULT);
		bad = output_prog(types[t], map, 1ull << 62);
		assert_int_equal(run_on(bad, 2), -EINVAL);
		close(bad);
		bad = output_prog(types[t], map, CPUS);
		assert_int_equal(run_on(bad, 2), -E2BIG);
		close(bad);
		bad = output_prog(types[t], map, 2); /* the slot of another vCPU */
		assert_int_equal(run_on(bad, 1), -EOPNOTSUPP);
		close(bad);
		close(too_long);
		close(prog);
		buffer_close(&b);
		/* The slot holds the event, and nobody has its mapping any more. */
		close(map);
	}
}

/* Outputs the first @size bytes of the value of array @from. */
static int value_prog(int map_fd, int from, u32 size)
{
	const struct bpf_insn insns[] = {
		MOV_X(6, 1),
		ST_K(4, 10, -4, 0), MOV_X(2, 10), ADD_K(2, -4), LD_MAP(1, from), CALL_H(BPF_FUNC_map_lookup_elem),
		JNE_K(0, 0, 1), EXIT_(),
		MOV_X(1, 6), LD_MAP(2, map_fd), MOV_K(3, -1), INSN_(0xbc, 3, 3, 0, 0), /* w3 = -1 */
		MOV_X(4, 0), MOV_K(5, (s32)size), CALL_H(BPF_FUNC_perf_event_output), EXIT_(),
	};

	return prog_new(BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
}

/* header, size of the data, data: 65528 bytes at most, for the header's size has 16 bits and is a multiple of 8. */
static void records_have_an_end(void **state __unused_arg)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 70000, .max_entries = 1 };
	static const u32 sizes[] = { 65516, 65517, 65536, 70000 };
	int map = map_new(1, 0), from = (int)bpf(BPF_MAP_CREATE, &attr);
	static struct buffer b;

	buffer_open(&b, 0, 32, PERF_SAMPLE_RAW, 1);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 0, b.fd, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		int prog = value_prog(map, from, sizes[i]);

		assert_int_equal(run_on(prog, 0), i ? -E2BIG : 0);
		close(prog);
	}
	consume(&b);
	assert_int_equal(b.records, 1);
	assert_int_equal(b.last_size, 65528);
	close(map);
	close(from);
	buffer_close(&b);
}

static void unmapped_events_take_nothing(void **state __unused_arg)
{
	int map = map_new(1, 0), event = event_open(0, PERF_SAMPLE_RAW, 1);
	int prog = output_prog(BPF_PROG_TYPE_XDP, map, BPF_F_CURRENT_CPU);

	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 0, event, 0), 0);
	assert_int_equal(run_on(prog, 0), -ENOSPC);
	close(event);
	close(map);
	assert_int_equal(run_on(prog, 0), -ENOENT); /* user space has gone, its events with it */
	close(prog);
	map = map_new(1, BPF_F_PRESERVE_ELEMS);
	event = event_open(0, PERF_SAMPLE_RAW, 1);
	prog = output_prog(BPF_PROG_TYPE_XDP, map, BPF_F_CURRENT_CPU);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 0, event, 0), 0);
	close(map);
	close(event);
	assert_int_equal(run_on(prog, 0), -ENOSPC);
	close(prog);
}

static void full_buffers_count_what_is_lost(void **state __unused_arg)
{
	int map = map_new(1, 0), prog = output_prog(BPF_PROG_TYPE_XDP, map, BPF_F_CURRENT_CPU);
	u32 done = 0, lost = 0;
	struct buffer b;
	s32 ret;

	buffer_open(&b, 0, 1, PERF_SAMPLE_RAW | PERF_SAMPLE_TIME, 0);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 0, b.fd, 0), 0);
	/* 32 bytes each, one byte is always free: 127 fit. Then over the end several times. */
	for (u32 i = 0; i < 1000; i++) {
		ret = run_on(prog, 0);
		assert_true(ret == 0 || ret == -ENOSPC);
		done += !ret;
		lost += !!ret;
		if (i == 199) {
			assert_int_equal(done, 127);
			assert_true(woken(&b)); /* half full */
			consume(&b);
			assert_int_equal(b.lost, 0); /* nothing has fit since */
		} else if (i % 50 == 49 && i > 200) {
			consume(&b);
		}
	}
	assert_int_equal(run_on(prog, 0), 0);
	consume(&b);
	assert_int_equal(b.records, done + 1);
	assert_int_equal(b.lost, lost);
	close(prog);
	buffer_close(&b);
	close(map);
}

static void wakes_after_so_many_events(void **state __unused_arg)
{
	int map = map_new(1, 0), prog = output_prog(BPF_PROG_TYPE_XDP, map, BPF_F_CURRENT_CPU);
	struct buffer b;

	buffer_open(&b, -1, 8, PERF_SAMPLE_RAW, 3);
	assert_int_equal(elem(BPF_MAP_UPDATE_ELEM, map, 0, b.fd, 0), 0);
	for (u32 i = 1; i <= 9; i++) {
		assert_int_equal(run_on(prog, 0), 0);
		assert_int_equal(woken(&b), i % 3 == 0);
	}
	close(prog);
	buffer_close(&b);
	close(map);
}

/* ---- threads ---------------------------------------------------------------------------------------- */

#define WRITERS 4
#define EACH	20000u

struct writer {
	struct perf_event *event;
	u32 who;
	u64 done, lost;
};

static void *writer_main(void *arg)
{
	struct writer *w = arg;

	for (u32 nr = 0; nr < EACH; nr++) {
		u32 data[20];
		struct perf_frag frag = { data, 8 + nr % 18 * 4 };
		struct vcpu *vcpu = vcpu_enter(skep_vcpus(skep));
		long err;

		for (u32 i = 0; i < ARRAY_SIZE(data); i++)
			data[i] = nr * 7 + i;
		data[0] = w->who;
		err = perf_event_output(w->event, &frag, 1);
		w->done += !err;
		w->lost += err == -ENOSPC;
		vcpu_leave(vcpu);
	}
	return NULL;
}

static void writers_lose_and_tear_nothing(void **state __unused_arg)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_BPF_OUTPUT,
					.size = sizeof(attr), .sample_type = PERF_SAMPLE_RAW };
	struct writer writers[WRITERS];
	pthread_t threads[WRITERS];
	struct buffer b = { .size = 4 * 4096 };
	u64 seen = 0, done = 0, lost = 0;
	struct perf_event *event;
	const char *why;
	int file;

	assert_int_equal(perf_event_new(&attr, -1, 1, skep_clock_of(skep), skep_memacct(skep), &event, &why), 0);
	assert_int_equal(perf_event_mmap_file(event, 0, 5 * 4096, PROT_READ | PROT_WRITE, &file), 0);
	b.page = mmap(NULL, 5 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	assert_ptr_not_equal(b.page, MAP_FAILED);
	for (u32 i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ event, i, 0, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, writer_main, &writers[i]), 0);
	}
	for (u32 i = 0; i < 300; i++) {
		u32 words[24];

		consume(&b);
		if (b.records == seen)
			continue;
		seen = b.records;
		memcpy(words, b.last + 12, b.last_size - 12);
		assert_true(words[0] < WRITERS);
		for (u32 k = 2; k < (b.last_size - 12) / 4 - 1; k++)
			assert_int_equal(words[k], words[1] - 1 + k);
		usleep(200);
	}
	for (u32 i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], NULL);
		done += writers[i].done;
		lost += writers[i].lost;
	}
	consume(&b);
	assert_int_equal(perf_event_output(event, &(struct perf_frag){ "last", 4 }, 1), 0);
	consume(&b);
	assert_int_equal(b.records, done + 1);
	assert_int_equal(b.lost, lost);
	assert_int_equal(done + lost, WRITERS * EACH);
	munmap(b.page, 5 * 4096);
	perf_event_put(event);
}

static int setup(void **state __unused_arg)
{
	struct skep_opts opts = { .cpu_cnt = CPUS };

	return skep_boot(&opts, &skep);
}

static int teardown(void **state __unused_arg)
{
	skep_free(skep);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_answer_as_linux),
		cmocka_unit_test(opening_says_what_is_wrong),
		cmocka_unit_test(programs_write_records),
		cmocka_unit_test(records_have_an_end),
		cmocka_unit_test(unmapped_events_take_nothing),
		cmocka_unit_test(full_buffers_count_what_is_lost),
		cmocka_unit_test(wakes_after_so_many_events),
		cmocka_unit_test(writers_lose_and_tear_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
