/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_lb.c - the load balancer timed in one run on one machine: skep's JIT and interpreter, and
 * the running kernel's test run where bpf(2) is permitted; ns per packet and microseconds to verify.
 *
 * usage: bench_lb xdp_lb.bpf.o empty.bpf.o in.pcap
 *
 * Every engine runs the same object over the same packets, through BPF_PROG_TEST_RUN, with backends
 * that have the virtual address, so that each repetition does the full work again. The empty program
 * shows what a run costs without a program; figures are given with and without it.
 */
#include "lb_setup.h"

#include <skep/skep.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PACKETS 200
#define REPEAT	2000
#define ROUNDS	5
#define LOADS	21

struct engine {
	const char *name;
	uint32_t kind; /* enum skep_engine_kind */
	bool kernel;
	bool present;
	double lb_ns, empty_ns, verify_us;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void keep_verify_time(void *ctx, const struct skep_verdict *v)
{
	*(uint64_t *)ctx = v->verify_ns;
}

static struct bpf_object *load(const char *path, bool configure, uint64_t *ret_load_ns)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	uint64_t start;

	if (!obj || (configure && !lb_configure(obj, true)))
		return NULL;
	start = now_ns();
	if (bpf_object__load(obj)) {
		bpf_object__close(obj);
		return NULL;
	}
	*ret_load_ns = now_ns() - start;
	return obj;
}

/* The best of several rounds: what disturbs a run only ever makes it longer. */
static double best_time(struct bpf_object *obj, const struct lb_capture *capture)
{
	int fd = bpf_program__fd(bpf_object__next_program(obj, NULL));
	double best = 0;

	for (int i = 0; i < ROUNDS; i++) {
		int64_t ns = lb_time(fd, capture, PACKETS, REPEAT);

		if (ns < 0)
			return -1;
		if (!i || ns < best)
			best = ns;
	}
	return best;
}

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Median time to verify, microseconds. The kernel tells it in its log ("verification time N usec"). */
static double median_verify(struct engine *e, const char *path, uint64_t *skep_ns)
{
	double times[LOADS];

	for (int i = 0; i < LOADS; i++) {
		struct bpf_object *obj = bpf_object__open_file(path, NULL);
		char log[4096] = "";
		char *at;

		if (!obj || !lb_configure(obj, true))
			return -1;
		if (e->kernel) {
			struct bpf_program *prog = bpf_object__next_program(obj, NULL);

			bpf_program__set_log_level(prog, 4);
			bpf_program__set_log_buf(prog, log, sizeof(log));
		}
		if (bpf_object__load(obj))
			return -1;
		at = strstr(log, "verification time ");
		times[i] = e->kernel ? (at ? atof(at + 18) : -1) : *skep_ns / 1000.0;
		bpf_object__close(obj);
	}
	qsort(times, LOADS, sizeof(times[0]), cmp_double);
	return times[LOADS / 2];
}

static bool measure(struct engine *e, const char *lb_path, const char *empty_path,
		    const struct lb_capture *capture)
{
	struct skep_config config = { .sz = sizeof(config), .engine = e->kind };
	struct bpf_object *lb, *empty;
	struct skep *skep = NULL;
	uint64_t load_ns, verify_ns = 0;

	if (e->kernel) {
		skep_use_kernel(true);
	} else {
		if (skep_create(&config, &skep))
			return false;
		skep_default_instance_set(skep);
		skep_on_verdict(skep, keep_verify_time, &verify_ns);
	}
	lb = load(lb_path, true, &load_ns);
	empty = lb ? load(empty_path, false, &load_ns) : NULL;
	if (empty) {
		e->lb_ns = best_time(lb, capture);
		e->empty_ns = best_time(empty, capture);
		e->verify_us = median_verify(e, lb_path, &verify_ns);
		e->present = e->lb_ns >= 0 && e->empty_ns >= 0;
	}
	bpf_object__close(lb);
	bpf_object__close(empty);
	if (e->kernel) {
		skep_use_kernel(false);
	} else {
		skep_default_instance_set(NULL);
		skep_destroy(skep);
	}
	return e->present;
}

int main(int argc, char **argv)
{
	struct engine engines[] = {
		{ .name = "skep JIT", .kind = SKEP_RUN_JIT },
		{ .name = "skep interpreter", .kind = SKEP_RUN_INTERP },
		{ .name = "kernel", .kernel = true },
	};
	struct lb_capture capture;

	if (argc != 4) {
		fprintf(stderr, "usage: bench_lb xdp_lb.bpf.o empty.bpf.o in.pcap\n");
		return 2;
	}
	if (!lb_capture_read(argv[3], &capture))
		return 2;
	for (int i = 0; i < 3; i++) {
		if (!measure(&engines[i], argv[1], argv[2], &capture))
			fprintf(stderr, "%s: not measured%s\n", engines[i].name,
				engines[i].kernel ? " (bpf(2) is not permitted here, or it refuses)" : "");
	}
	printf("xdp_lb over %d packets, %d times each, best of %d rounds; verification: median of %d\n",
	       PACKETS, REPEAT, ROUNDS, LOADS);
	printf("%-18s %10s %14s %12s %12s %8s\n", "engine", "ns/packet", "without empty", "x JIT", "verify us",
	       "x skep");
	for (int i = 0; i < 3; i++) {
		const struct engine *e = &engines[i], *jit = &engines[0];

		if (!e->present)
			continue;
		printf("%-18s %10.1f %14.1f %12.2f %12.1f %8.2f\n", e->name, e->lb_ns, e->lb_ns - e->empty_ns,
		       jit->present ? e->lb_ns / jit->lb_ns : 0, e->verify_us,
		       jit->verify_us > 0 ? e->verify_us / jit->verify_us : 0);
	}
	lb_capture_free(&capture);
	return engines[0].present && engines[1].present ? 0 : 1;
}
