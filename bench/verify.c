/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verify.c - how fast programs are verified: the same ones by skep and, where bpf(2) is permitted, by the
 * running kernel, in one run on one machine. Programs are those of object files and those of shapes.h.
 *
 * usage: bench_verify [-m MIN_INSNS] [-f PATTERN] [-n COUNT] [-s] OBJECT...
 *	-m	rows and means are of programs with that many insns processed (1000)
 *	-f	only programs whose name (OBJECT/PROGRAM, shape/NAME_SIZE) fits this pattern of a shell
 *	-n	only the first COUNT programs of those
 *	-s	skep alone: the running kernel is not asked
 *
 * Each program is loaded alone, a few times when that is quick; the shortest time counts, as what disturbs
 * a run only makes it longer. Time is that of verifying alone, as both tell it. What the kernel's states
 * take is no figure that it gives: the least is taken, peak_states times a state with one frame and no stack.
 */
#include "shapes.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <skep/skep.h>

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_SIZE      (1u << 20)
#define ROUNDS	      7
#define LONG_US	      20000 /* measured once */
#define MAX_MAP_BYTES (64ull << 20) /* not made in the running kernel */

struct figures {
	bool reached; /* there is a verdict */
	int err;
	double us;
	uint32_t insns, peak_states;
	uint64_t bytes;
};

struct row {
	char name[96];
	struct figures skep, kernel;
};

struct bench {
	bool kernel; /* bpf(2) is permitted */
	uint32_t kernel_state, min_insns;
	const char *pattern; /* NULL: all */
	uint32_t left; /* as many programs may still be measured */
	struct row *rows;
	size_t cnt;
	char *log;
	struct figures *now; /* of the load under way */
};

static void on_verdict(void *ctx, const struct skep_verdict *v)
{
	struct figures *f = ((struct bench *)ctx)->now;

	if (!f || f->reached)
		return; /* asked again for a log */
	*f = (struct figures){ .reached = true, .err = v->err, .us = v->verify_ns / 1e3, .bytes = v->state_bytes,
			       .insns = v->insns_processed, .peak_states = v->peak_states };
}

/* The kernel says it in its log. */
static void read_kernel_log(const struct bench *b, int err, struct figures *f)
{
	const char *time = strstr(b->log, "verification time "), *insns = strstr(b->log, "\nprocessed "), *peak;

	if (!time || !insns || !(peak = strstr(insns, "peak_states ")))
		return;
	*f = (struct figures){ .reached = true, .err = err, .us = atof(time + strlen("verification time ")),
			       .insns = strtoul(insns + strlen("\nprocessed "), NULL, 10),
			       .peak_states = strtoul(peak + strlen("peak_states "), NULL, 10) };
	f->us = f->us > 0 ? f->us : 0.5; /* it counts whole ones */
	f->bytes = (uint64_t)f->peak_states * b->kernel_state;
}

/* ---- rows, printed as they are measured --------------------------------------------------------- */

static double speed(const struct figures *f)
{
	return f->insns / f->us;
}

static bool both(const struct row *r)
{
	return r->skep.reached && r->kernel.reached && !r->skep.err == !r->kernel.err;
}

static bool counts(const struct bench *b, const struct row *r)
{
	return r->skep.insns >= b->min_insns || r->kernel.insns >= b->min_insns;
}

static void print_header(void)
{
	printf("%-44s %8s %9s %6s %6s  %8s %9s %6s %6s  %6s %6s\n", "program", "insns", "us", "M/s", "KiB",
	       "kernel's", "us", "M/s", "KiB", "speed", "time");
}

static void print_row(const struct row *r)
{
	printf("%-44s %8u %9.0f %6.2f %6llu", r->name, r->skep.insns, r->skep.us, speed(&r->skep),
	       (unsigned long long)r->skep.bytes >> 10);
	if (r->kernel.reached)
		printf("  %8u %9.0f %6.2f %6llu  %6.2f %6.2f%s", r->kernel.insns, r->kernel.us, speed(&r->kernel),
		       (unsigned long long)r->kernel.bytes >> 10, speed(&r->skep) / speed(&r->kernel),
		       r->kernel.us / r->skep.us, both(r) ? "" : "  verdicts differ");
	printf("\n");
}

/* ---- measuring ---------------------------------------------------------------------------------- */

/* What is loaded, once. False: nothing that can be measured. */
struct subject {
	const char *path, *prog; /* or */
	const struct bpf_insn *insns;
	uint32_t insn_cnt;
};

static int load_insns(const struct bench *b, const struct subject *s, bool kernel)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_level = kernel ? 4 : 0, .log_buf = kernel ? b->log : NULL,
		    .log_size = kernel ? LOG_SIZE : 0);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "shape", "GPL", s->insns, s->insn_cnt, &opts);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static bool maps_are_small(const struct bpf_object *obj)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		if (((uint64_t)bpf_map__value_size(map) + 64) * bpf_map__max_entries(map) > MAX_MAP_BYTES)
			return false;
	}
	return true;
}

static int load_object(const struct bench *b, const struct subject *s, bool kernel)
{
	struct bpf_object *obj = bpf_object__open_file(s->path, NULL);
	struct bpf_program *prog, *other;
	int err = -EINVAL;

	if (!obj)
		return err;
	prog = bpf_object__find_program_by_name(obj, s->prog);
	bpf_object__for_each_program(other, obj)
		bpf_program__set_autoload(other, other == prog);
	if (kernel) {
		bpf_program__set_log_buf(prog, b->log, LOG_SIZE);
		bpf_program__set_log_level(prog, 4);
	}
	if (maps_are_small(obj))
		err = bpf_object__load(obj);
	bpf_object__close(obj);
	return err;
}

static void load_once(struct bench *b, const struct subject *s, bool kernel, struct figures *ret)
{
	int err;

	*ret = (struct figures){ 0 };
	b->log[0] = '\0';
	b->now = kernel ? NULL : ret;
	skep_use_kernel(kernel);
	err = s->insns ? load_insns(b, s, kernel) : load_object(b, s, kernel);
	skep_use_kernel(false);
	b->now = NULL;
	if (kernel)
		read_kernel_log(b, err, ret);
}

static struct figures measure(struct bench *b, const struct subject *s, bool kernel)
{
	struct figures best, f;

	load_once(b, s, kernel, &best);
	for (int i = 1; i < ROUNDS && best.reached && best.us < LONG_US; i++) {
		load_once(b, s, kernel, &f);
		if (f.reached && f.us < best.us)
			best = f;
	}
	return best;
}

static bool is_wanted(const struct bench *b, const char *name)
{
	return b->left && (!b->pattern || !fnmatch(b->pattern, name, 0));
}

static void measure_both(struct bench *b, const struct subject *s, const char *name)
{
	struct row row = { 0 };

	b->left--;
	row.skep = measure(b, s, false);
	snprintf(row.name, sizeof(row.name), "%s", name);
	if (b->kernel)
		row.kernel = measure(b, s, true);
	if (!row.skep.reached)
		return;
	b->rows = realloc(b->rows, (b->cnt + 1) * sizeof(row));
	if (!b->rows)
		exit(1);
	b->rows[b->cnt++] = row;
	if (counts(b, &row)) {
		print_row(&row);
		fflush(stdout);
	}
}

static void measure_file(struct bench *b, const char *path)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct bpf_program *prog;
	char name[512];

	if (!obj)
		return;
	bpf_object__for_each_program(prog, obj) {
		struct subject s = { .path = path, .prog = bpf_program__name(prog) };

		snprintf(name, sizeof(name), "%.*s/%s", (int)strcspn(base, "."), base, s.prog);
		if (is_wanted(b, name))
			measure_both(b, &s, name);
	}
	bpf_object__close(obj);
}

static void measure_shapes(struct bench *b)
{
	struct bpf_insn *insns = calloc(SHAPE_MAX_INSNS, sizeof(*insns));
	char name[64];

	for (uint32_t i = 0; insns && i < shape_cnt; i++) {
		for (uint32_t k = 0; k < 4 && (!k || shapes[i].n[k]); k++) {
			struct subject s = { .insns = insns };

			snprintf(name, sizeof(name), "shape/%s_%u", shapes[i].name, shapes[i].n[k]);
			if (!is_wanted(b, name))
				continue;
			shapes[i].fill(insns, &s.insn_cnt, shapes[i].n[k]);
			measure_both(b, &s, name);
		}
	}
	free(insns);
}

/* ---- the report ------------------------------------------------------------------------------ */

struct mean {
	double sum_speed, sum_time, worst;
	uint32_t cnt;
	const char *worst_name;
};

static void mean_add(struct mean *m, const struct row *r)
{
	double ratio = speed(&r->skep) / speed(&r->kernel);

	if (!m->cnt++ || ratio < m->worst) {
		m->worst = ratio;
		m->worst_name = r->name;
	}
	m->sum_speed += log(ratio);
	m->sum_time += log(r->kernel.us / r->skep.us);
}

static void mean_print(const struct mean *m, const char *what)
{
	if (m->cnt)
		printf("%-28s %4u programs: insns/s %5.2f x the kernel's, time %5.2f x shorter; least %.2f x (%s)\n", what,
		       m->cnt, exp(m->sum_speed / m->cnt), exp(m->sum_time / m->cnt), m->worst, m->worst_name);
}

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Programs of fewer than 50 insns: the median. */
static void print_small(const struct bench *b)
{
	double *skep = calloc(b->cnt, sizeof(*skep)), *kernel = calloc(b->cnt, sizeof(*kernel));
	uint32_t n = 0;

	for (size_t i = 0; skep && kernel && i < b->cnt; i++) {
		const struct row *r = &b->rows[i];

		if (r->skep.insns >= 50 || r->skep.err || (b->kernel && !both(r)))
			continue;
		skep[n] = r->skep.us;
		kernel[n++] = r->kernel.us;
	}
	if (n) {
		qsort(skep, n, sizeof(*skep), cmp_double);
		qsort(kernel, n, sizeof(*kernel), cmp_double);
		printf("accepted, under 50 insns     %4u programs: median %.1f us, 90 %% within %.1f us; kernel %.1f, %.1f us\n",
		       n, skep[n / 2], skep[n * 9 / 10], kernel[n / 2], kernel[n * 9 / 10]);
	}
	free(skep);
	free(kernel);
}

static void print_memory(const struct bench *b)
{
	double sum = 0;
	uint32_t n = 0;

	for (size_t i = 0; i < b->cnt; i++) {
		const struct row *r = &b->rows[i];

		if (!both(r) || r->kernel.insns < b->min_insns || !r->kernel.bytes || !r->skep.bytes)
			continue;
		sum += log((double)r->skep.bytes / r->kernel.bytes);
		n++;
	}
	if (n)
		printf("states' memory               %4u programs: %.2f x the least that the kernel's can take\n", n,
		       exp(sum / n));
}

static void report(const struct bench *b)
{
	struct mean all = { 0 }, accepted = { 0 }, pyperf = { 0 }, slow = { 0 };
	uint32_t differ = 0;

	for (size_t i = 0; i < b->cnt; i++) {
		const struct row *r = &b->rows[i];

		differ += r->kernel.reached && !both(r);
		if (!counts(b, r) || !both(r))
			continue;
		mean_add(&all, r);
		if (!r->skep.err)
			mean_add(&accepted, r);
		if (!strncmp(r->name, "pyperf", 6))
			mean_add(&pyperf, r);
		if (speed(&r->skep) < speed(&r->kernel))
			mean_add(&slow, r);
	}
	printf("\n%zu programs with a verdict of skep's, %u of them judged otherwise by the kernel\n", b->cnt, differ);
	mean_print(&all, "same verdict");
	mean_print(&accepted, "accepted by both");
	mean_print(&pyperf, "pyperf*");
	mean_print(&slow, "slower than the kernel");
	print_small(b);
	print_memory(b);
}

/* ---- setting up ------------------------------------------------------------------------------- */

static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	(void)level, (void)fmt, (void)args;
	return 0;
}

static bool permitted(void)
{
	static const struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K },
						 { .code = BPF_JMP | BPF_EXIT } };
	int fd;

	skep_use_kernel(true);
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "probe", "GPL", insns, 2, NULL);
	skep_use_kernel(false);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static uint32_t kernel_state_size(void)
{
	static const char *const names[] = { "bpf_verifier_state", "bpf_func_state" };
	struct btf *btf = btf__parse("/sys/kernel/btf/vmlinux", NULL);
	uint32_t size = 0;

	for (int i = 0; btf && i < 2; i++) {
		int id = btf__find_by_name_kind(btf, names[i], BTF_KIND_STRUCT);

		size += id > 0 ? btf__type_by_id(btf, id)->size : 0;
	}
	btf__free(btf);
	return size;
}

/* False: it is not known how to do that. */
static bool read_options(struct bench *b, int argc, char **argv)
{
	int opt;

	b->kernel = true;
	while ((opt = getopt(argc, argv, "m:f:n:s")) != -1) {
		switch (opt) {
		case 'm':
			b->min_insns = atoi(optarg);
			break;
		case 'f':
			b->pattern = optarg;
			break;
		case 'n':
			b->left = atoi(optarg);
			break;
		case 's':
			b->kernel = false;
			break;
		default:
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	struct skep_config config = { .sz = sizeof(config) };
	struct bench b = { .min_insns = 1000, .left = UINT32_MAX, .log = malloc(LOG_SIZE) };
	struct skep *skep;

	if (!read_options(&b, argc, argv))
		return 2;
	libbpf_set_print(quiet);
	if (!b.log || skep_create(&config, &skep))
		return 1;
	skep_default_instance_set(skep);
	skep_on_verdict(skep, on_verdict, &b);
	if (b.kernel && !permitted()) {
		b.kernel = false;
		printf("bpf(2) is not permitted here: nothing to compare with\n");
	}
	if (b.kernel)
		b.kernel_state = kernel_state_size();
	print_header();
	measure_shapes(&b);
	for (int i = optind; i < argc && b.left; i++)
		measure_file(&b, argv[i]);
	report(&b);
	skep_default_instance_set(NULL);
	skep_destroy(skep);
	free(b.rows);
	free(b.log);
	return 0;
}
