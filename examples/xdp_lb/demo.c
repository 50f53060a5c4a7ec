/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * demo.c - the load balancer from source to result, as an application of its own would do it: the
 * libbpf-compatible API loads and runs, skep.h tells what the verifier said.
 *
 * usage: xdp_lb_demo xdp_lb.bpf.o in.pcap out.pcap
 */
#include "lb_setup.h"

#include <skep/skep.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#define PCAP_DONT_INCLUDE_PCAP_BPF_H
#include <pcap/dlt.h>
#include <pcap/pcap.h>

#define TIMED_PACKETS 400
#define TIMED_REPEAT  1000

struct event_count {
	uint64_t by_kind[4];
};

struct lb {
	struct skep *skep;
	struct bpf_object *obj;
	struct bpf_program *prog;
	struct skep_verdict verdict;
};

static int fail(const char *what, int err)
{
	fprintf(stderr, "xdp_lb_demo: %s: %s\n", what, strerror(err < 0 ? -err : err));
	return 2;
}

static void on_verdict(void *ctx, const struct skep_verdict *verdict)
{
	struct lb *lb = ctx;

	lb->verdict = *verdict;
	if (verdict->err)
		fprintf(stderr, "refused: %s\n  %s\n", verdict->message, verdict->source);
}

static void lb_close(struct lb *lb)
{
	bpf_object__close(lb->obj);
	skep_default_instance_set(NULL);
	skep_destroy(lb->skep);
}

static bool lb_open(struct lb *lb, const char *path, uint32_t engine, bool direct)
{
	struct skep_config config = { .sz = sizeof(config), .engine = engine };
	int err = skep_create(&config, &lb->skep);

	if (err)
		return !fail("cannot make an instance", err);
	skep_default_instance_set(lb->skep);
	skep_on_verdict(lb->skep, on_verdict, lb);
	lb->obj = bpf_object__open_file(path, NULL);
	if (!lb->obj)
		err = -errno;
	else if (!lb_configure(lb->obj, direct))
		err = -ENOENT;
	else
		err = bpf_object__load(lb->obj);
	if (err) {
		fail(path, err);
		lb_close(lb);
		return false;
	}
	lb->prog = bpf_object__find_program_by_name(lb->obj, "xdp_lb");
	return true;
}

static int count_event(void *ctx, void *data, size_t size)
{
	struct event_count *count = ctx;
	const struct lb_event *event = data;

	if (size >= sizeof(*event))
		count->by_kind[event->kind & 3]++;
	return 0;
}

static void print_backends(struct bpf_object *obj)
{
	int fd = bpf_object__find_map_fd_by_name(obj, "stats"), cpus = libbpf_num_possible_cpus();
	struct lb_stats *per_cpu = calloc(cpus, sizeof(*per_cpu));

	printf("   backend            packets      bytes\n");
	for (uint32_t i = 0; per_cpu && i < LB_BACKENDS; i++) {
		struct lb_stats sum = { 0 };

		if (bpf_map_lookup_elem(fd, &i, per_cpu))
			continue;
		for (int cpu = 0; cpu < cpus; cpu++) {
			sum.packets += per_cpu[cpu].packets;
			sum.bytes += per_cpu[cpu].bytes;
		}
		printf("   02:00:00:00:10:%02x  %7llu  %9llu\n", i + 1, (unsigned long long)sum.packets,
		       (unsigned long long)sum.bytes);
	}
	free(per_cpu);
}

static int print_events(struct bpf_object *obj)
{
	struct event_count count = { 0 };
	struct ring_buffer *rb = ring_buffer__new(bpf_object__find_map_fd_by_name(obj, "events"),
						  count_event, &count, NULL);
	int records;

	if (!rb)
		return fail("ring buffer", errno);
	records = ring_buffer__consume(rb);
	ring_buffer__free(rb);
	if (records < 0)
		return fail("ring buffer", records);
	printf("   ring buffer: %d events (%llu new flows, %llu malformed, %llu table full)\n", records,
	       (unsigned long long)count.by_kind[LB_EVENT_NEW_FLOW],
	       (unsigned long long)count.by_kind[LB_EVENT_MALFORMED],
	       (unsigned long long)count.by_kind[LB_EVENT_TABLE_FULL]);
	return 0;
}

/* Each packet once; those that go out again or pass are written as the program left them. */
static int run_capture(struct lb *lb, const struct lb_capture *capture, const char *out_path)
{
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *dump = dead ? pcap_dump_open(dead, out_path) : NULL;
	uint64_t actions[5] = { 0 };
	static uint8_t out[65536];
	int status = 0;

	if (!dump)
		return fail(out_path, errno);
	for (uint32_t i = 0; i < capture->cnt && !status; i++) {
		const struct lb_packet *p = &capture->packets[i];
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = p->data, .data_size_in = p->len,
			    .data_out = out, .data_size_out = sizeof(out), .repeat = 1);
		struct pcap_pkthdr hdr = { .ts = p->ts };
		int err = bpf_prog_test_run_opts(bpf_program__fd(lb->prog), &opts);

		if (err) {
			status = fail("test run", err);
			break;
		}
		actions[opts.retval < 5 ? opts.retval : 0]++;
		if (opts.retval == XDP_DROP || opts.retval == XDP_ABORTED)
			continue;
		hdr.caplen = hdr.len = opts.data_size_out;
		pcap_dump((u_char *)dump, &hdr, out);
	}
	if (!status && pcap_dump_flush(dump))
		status = fail(out_path, errno);
	pcap_dump_close(dump);
	pcap_close(dead);
	printf("   action          packets\n");
	for (uint32_t a = 0; a < 5; a++) {
		if (actions[a])
			printf("   %-14s  %7llu\n", skep_retval_name(lb->skep, BPF_PROG_TYPE_XDP, a),
			       (unsigned long long)actions[a]);
	}
	return status;
}

static int time_engine(const char *obj, uint32_t engine, const char *name,
		       const struct lb_capture *capture)
{
	struct lb lb = { 0 };
	int64_t ns;

	if (!lb_open(&lb, obj, engine, true))
		return 2;
	ns = lb_time(bpf_program__fd(lb.prog), capture, TIMED_PACKETS, TIMED_REPEAT);
	if (ns >= 0)
		printf("   %-12s %5lld ns per packet\n", name, (long long)ns);
	lb_close(&lb);
	return ns < 0 ? fail("timing", ns) : 0;
}

int main(int argc, char **argv)
{
	struct lb_capture capture;
	struct lb lb = { 0 };
	int status;

	if (argc != 4) {
		fprintf(stderr, "usage: xdp_lb_demo xdp_lb.bpf.o in.pcap out.pcap\n");
		return 2;
	}
	if (!lb_capture_read(argv[2], &capture))
		return 2;
	printf("1. verify %s\n", argv[1]);
	if (!lb_open(&lb, argv[1], SKEP_RUN_AUTO, false))
		return 2;
	printf("   xdp_lb: accepted in %llu us; %u instructions and %u states explored, %u bytes of stack\n",
	       (unsigned long long)lb.verdict.verify_ns / 1000, lb.verdict.insns_processed,
	       lb.verdict.total_states, lb.verdict.stack_depth);
	printf("   ready to run (verified, compiled, linked) after %llu us\n",
	       (unsigned long long)lb.verdict.prepare_ns / 1000);

	printf("2. run over the %u packets of %s\n", capture.cnt, argv[2]);
	status = run_capture(&lb, &capture, argv[3]);
	if (!status) {
		print_backends(lb.obj);
		status = print_events(lb.obj);
	}
	lb_close(&lb);

	printf("3. time per packet (the first %d packets, %d times each)\n", TIMED_PACKETS, TIMED_REPEAT);
	if (!status)
		status = time_engine(argv[1], SKEP_RUN_JIT, "JIT", &capture);
	if (!status)
		status = time_engine(argv[1], SKEP_RUN_INTERP, "interpreter", &capture);
	if (!status)
		printf("4. the packets as the program left them: %s\n   look at them: tcpdump -nvr %s\n",
		       argv[3], argv[3]);
	lb_capture_free(&capture);
	return status;
}
