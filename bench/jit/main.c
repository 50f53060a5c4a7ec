/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - bench_jit: how fast machine code is. Each program of programs.def runs on skep's JIT and
 * interpreter, in the running kernel's test run where bpf(2) is permitted, and as the same C function
 * compiled natively, the limit. Rounds go over all engines, so that a busy machine disturbs all alike.
 * Also: what compiling costs, and an empty program through the run function of the runtime.
 *
 * usage: bench_jit [-c] [-j FILE] [-n NAME] programs.bpf.o xdp_lb.bpf.o in.pcap
 * -c: only tests that all engines return the same, each program once
 *
 * A run's time is that of a test run with many repetitions, divided by their number; figures are given
 * with and without the engine's time for the empty program.
 */
#include "prog.h"

#include "jit/jit.h"
#include "runtime/instance.h"
#include "syscall/syscall.h"

#include "lb_setup.h"

#include <skep/skep.h>

#include <json-c/json.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS	   15
#define ROUND_NS   1500000.0
#define HASH_FILL  100
#define COMPILE_NS 20000000ull

enum engine_nr { NATIVE, JIT, INTERP, KERNEL, ENGINE_CNT };

static const char *const engine_names[ENGINE_CNT] = { "native", "jit", "interp", "kernel" };

#define PROGRAM(name, text) int name(struct bench_ctx *ctx);
#include "programs.def"
#undef PROGRAM
void native_hash_fill(u32 cnt);

struct program {
	const char *name, *text;
	int (*native)(struct bench_ctx *ctx); /* NULL: xdp_lb, which has none */
	double ns[ENGINE_CNT];		      /* 0: not measured */
	u32 repeat[ENGINE_CNT];
	u32 retval[ENGINE_CNT];
	u32 insns;	  /* rewritten */
	double compile_ns; /* an insn */
};

static struct program programs[] = {
#define PROGRAM(fn, what) { .name = #fn, .text = what, .native = fn },
#include "programs.def"
#undef PROGRAM
	{ .name = "xdp_lb", .text = "the XDP load balancer of examples/xdp_lb" },
};
#define PROGRAM_CNT ARRAY_SIZE(programs)

struct engine {
	bool present;
	struct skep *skep; /* NULL: native, kernel */
	struct bpf_object *objs[2];
	int fds[PROGRAM_CNT];
};

static struct engine engines[ENGINE_CNT];
static u8 packet[INPUT_SIZE];
static struct lb_capture capture; /* for xdp_lb, whose input is its first packet */

/* What the programs look for stands in front and in the upper half; the rest is noise. */
static void make_packet(void)
{
	static const u8 headers[54] = {
		2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 3, 0xf2, 0, 0, 0, 0, 64, 6, 0, 0,
		10, 0, 0, 1, 10, 0, 0, 2, 0x12, 0x34, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0xf0, 2, 1, 0,
	};
	static const u8 options[40] = {
		2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7, 1, 1, 254, 4, 1, 1,
		253, 6, 9, 9, 9, 9, 1, 1, 19, 2, 1, 252, 2, 0,
	};
	static const char text[] = "the quick brown fox, aged 12, jumps over 345 lazy_dogs; + 6789 - 10 = x_y ";
	u32 x = 12345;

	for (u32 i = 0; i < INPUT_SIZE; i++) {
		x = x * 1664525 + 1013904223;
		packet[i] = i < 512 ? x >> 24 : (u8)text[(i - 512) % (sizeof(text) - 1)];
	}
	memcpy(packet, headers, sizeof(headers));
	memcpy(packet + sizeof(headers), options, sizeof(options));
	memcpy(packet + 640, packet + 512, 100);
}

static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static double run_native(struct program *p, u32 repeat)
{
	struct bench_ctx ctx = { packet, packet + sizeof(packet) };
	int (*volatile fn)(struct bench_ctx *) = p->native;
	u64 start = now_ns();

	for (u32 i = 0; i < repeat; i++)
		p->retval[NATIVE] = fn(&ctx);
	return (double)(now_ns() - start) / repeat;
}

/* Negative: refused. */
static double run_once(enum engine_nr nr, u32 idx, u32 repeat)
{
	static u8 out[4096];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .data_out = out, .data_size_out = sizeof(out), .repeat = repeat);
	u64 start;
	int err;

	if (nr == NATIVE)
		return run_native(&programs[idx], repeat);
	if (!programs[idx].native) {
		opts.data_in = capture.packets[0].data;
		opts.data_size_in = capture.packets[0].len;
	}
	start = now_ns();
	err = bpf_prog_test_run_opts(engines[nr].fds[idx], &opts);
	programs[idx].retval[nr] = opts.retval;
	if (err)
		return err;
	/* The kernel waits for a grace period around its repetitions; its own figure is in whole ns. */
	return nr == KERNEL ? opts.duration : (double)(now_ns() - start) / repeat;
}

static void use(enum engine_nr nr)
{
	skep_use_kernel(nr == KERNEL);
	if (engines[nr].skep)
		skep_default_instance_set(engines[nr].skep);
}

static void choose_repeat(enum engine_nr nr, u32 idx)
{
	double ns = run_once(nr, idx, 1);

	if (ns >= 0)
		ns = run_once(nr, idx, 2000);
	programs[idx].repeat[nr] = ns < 0 ? 0 : (u32)(ROUND_NS / (ns > 1 ? ns : 1)) + 1;
}

/* Of the rounds the best: what disturbs a run only ever makes it longer. */
static void measure(u32 idx)
{
	struct program *p = &programs[idx];

	for (u32 round = 0; round < ROUNDS; round++) {
		for (u32 nr = 0; nr < ENGINE_CNT; nr++) {
			double ns;

			if (!engines[nr].present || (nr == NATIVE && !p->native))
				continue;
			use(nr);
			if (!round)
				choose_repeat(nr, idx);
			if (!p->repeat[nr])
				continue;
			ns = run_once(nr, idx, p->repeat[nr]);
			if (!round || ns < p->ns[nr])
				p->ns[nr] = ns;
		}
	}
}

static bool fill_hash(struct bpf_object *obj)
{
	int fd = bpf_object__find_map_fd_by_name(obj, "hash");

	for (u64 key = 0; key < HASH_FILL; key++) {
		u64 value = 3 * key;

		if (bpf_map_update_elem(fd, &key, &value, BPF_ANY))
			return false;
	}
	return true;
}

static bool load(enum engine_nr nr, char **paths)
{
	struct skep_config config = { .sz = sizeof(config),
				      .engine = nr == JIT ? SKEP_RUN_JIT : SKEP_RUN_INTERP };
	struct engine *e = &engines[nr];

	if (nr != KERNEL && skep_create(&config, &e->skep))
		return false;
	use(nr);
	for (u32 i = 0; i < 2; i++) {
		e->objs[i] = bpf_object__open_file(paths[i], NULL);
		if (!e->objs[i] || (i == 1 && !lb_configure(e->objs[i], true)) || bpf_object__load(e->objs[i]))
			return false;
	}
	for (u32 i = 0; i < PROGRAM_CNT; i++) {
		struct bpf_object *obj = e->objs[!programs[i].native];

		e->fds[i] = bpf_program__fd(programs[i].native ?
			bpf_object__find_program_by_name(obj, programs[i].name) :
			bpf_object__next_program(obj, NULL));
	}
	return fill_hash(e->objs[0]);
}

/* The kernel may refuse; skep may not. */
static bool load_all(char **paths)
{
	engines[NATIVE].present = true;
	native_hash_fill(HASH_FILL);
	for (u32 nr = JIT; nr < ENGINE_CNT; nr++) {
		engines[nr].present = load(nr, paths);
		if (engines[nr].present)
			continue;
		fprintf(stderr, "bench_jit: %s: not measured%s\n", engine_names[nr],
			nr == KERNEL ? " (bpf(2) is not permitted here, or it refuses)" : ": programs do not load");
		if (nr != KERNEL)
			return false;
	}
	return true;
}

/* All engines must agree, or what is timed is not the same thing. */
static bool check_results(void)
{
	bool ok = true;

	for (u32 i = 0; i < PROGRAM_CNT; i++) {
		const struct program *p = &programs[i];

		for (u32 nr = 0; nr < ENGINE_CNT; nr++) {
			if (p->ns[nr] <= 0 || p->retval[nr] == p->retval[JIT])
				continue;
			fprintf(stderr, "bench_jit: %s: %s returns %u, the JIT %u\n", p->name, engine_names[nr],
				p->retval[nr], p->retval[JIT]);
			ok = false;
		}
	}
	return ok;
}

/* Each program once on every engine. */
static bool check_only(void)
{
	for (u32 i = 0; i < PROGRAM_CNT; i++) {
		for (u32 nr = 0; nr < ENGINE_CNT; nr++) {
			if (!engines[nr].present || (nr == NATIVE && !programs[i].native))
				continue;
			use(nr);
			/* a run that is refused counts as a difference */
			programs[i].ns[nr] = 1;
			if (run_once(nr, i, 1) < 0) {
				fprintf(stderr, "bench_jit: %s: %s refuses to run it\n", programs[i].name,
					engine_names[nr]);
				return false;
			}
		}
	}
	return check_results();
}

/* ---- compiling, and a run of nothing ------------------------------------------------------- */

static void time_compile(u32 idx)
{
	struct program *p = &programs[idx];
	struct skep_prog *prog;
	u64 start, ns = 0, best = UINT64_MAX;

	if (skep_prog_from_fd(engines[JIT].skep, engines[JIT].fds[idx], &prog))
		return;
	p->insns = prog->res.xlated->insn_cnt;
	for (u64 end = now_ns() + COMPILE_NS; now_ns() < end;) {
		struct jit_image *image;

		start = now_ns();
		if (jit_compile(prog->res.xlated, jit_target_host(), 0, &image, NULL))
			break;
		ns = now_ns() - start;
		jit_image_free(image);
		if (ns < best)
			best = ns;
	}
	p->compile_ns = (double)best / p->insns;
	skep_prog_put(prog);
}

/* ns of skep_prog_run() on a program that does nothing. */
static double time_empty_run(void)
{
	const u32 cnt = 2000000;
	struct skep_prog *prog;
	double best = -1;

	if (skep_prog_from_fd(engines[JIT].skep, engines[JIT].fds[0], &prog))
		return -1;
	for (u32 round = 0; round < ROUNDS; round++) {
		u64 start = now_ns();
		double ns;

		for (u32 i = 0; i < cnt; i++)
			skep_prog_run(prog, packet);
		ns = (double)(now_ns() - start) / cnt;
		if (best < 0 || ns < best)
			best = ns;
	}
	skep_prog_put(prog);
	return best;
}

/* ---- report -------------------------------------------------------------------------------- */

/* Without the engine's empty program, 0.2 ns at least: the difference of two measurements. */
static double net_ns(const struct program *p, enum engine_nr nr)
{
	return p->ns[nr] > 0 ? fmax(p->ns[nr] - programs[0].ns[nr], 0.2) : 0;
}

/* 0: one of the two was not measured. */
static double ratio(const struct program *p, enum engine_nr a, enum engine_nr b, bool net)
{
	double x = net ? net_ns(p, a) : p->ns[a], y = net ? net_ns(p, b) : p->ns[b];

	return x > 0 && y > 0 ? x / y : 0;
}

/* Of all programs that both ran; the empty one has no net time. */
static double geomean(enum engine_nr a, enum engine_nr b, bool net)
{
	double sum = 0;
	u32 cnt = 0;

	for (u32 i = net ? 1 : 0; i < PROGRAM_CNT; i++) {
		double r = ratio(&programs[i], a, b, net);

		if (r > 0) {
			sum += log(r);
			cnt++;
		}
	}
	return cnt ? exp(sum / cnt) : 0;
}

static void print_number(double v, int width, int digits)
{
	if (v > 0)
		printf(" %*.*f", width, digits, v);
	else
		printf(" %*s", width, "-");
}

static const struct {
	const char *title;
	enum engine_nr a, b;
} ratios[] = {
	{ "jit/nat", JIT, NATIVE }, { "jit/krn", JIT, KERNEL },
	{ "krn/nat", KERNEL, NATIVE }, { "int/nat", INTERP, NATIVE },
};

static void print_table(double run_ns)
{
	printf("%-11s %8s %8s %9s %8s |", "ns a run", "native", "jit", "interp", "kernel");
	for (u32 i = 0; i < ARRAY_SIZE(ratios); i++)
		printf(" %7s %5s", ratios[i].title, "net");
	printf(" | %5s %7s\n", "insns", "ns/insn");
	for (u32 i = 0; i < PROGRAM_CNT; i++) {
		const struct program *p = &programs[i];

		printf("%-11s", p->name);
		for (u32 nr = 0; nr < ENGINE_CNT; nr++)
			print_number(p->ns[nr], nr == INTERP ? 9 : 8, 1);
		printf(" |");
		for (u32 k = 0; k < ARRAY_SIZE(ratios); k++) {
			print_number(ratio(p, ratios[k].a, ratios[k].b, false), 7, 2);
			print_number(i ? ratio(p, ratios[k].a, ratios[k].b, true) : 0, 5, 2);
		}
		printf(" | %5u %7.1f\n", p->insns, p->compile_ns);
	}
	printf("%-48s |", "geometric mean");
	for (u32 k = 0; k < ARRAY_SIZE(ratios); k++) {
		print_number(geomean(ratios[k].a, ratios[k].b, false), 7, 2);
		print_number(geomean(ratios[k].a, ratios[k].b, true), 5, 2);
	}
	printf("\nan empty program through skep_prog_run(): %.1f ns\n", run_ns);
	printf("net: without the engine's own time for the empty program; best of %d rounds\n", ROUNDS);
}

static struct json_object *json_program(const struct program *p)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "name", json_object_new_string(p->name));
	json_object_object_add(obj, "text", json_object_new_string(p->text));
	for (u32 nr = 0; nr < ENGINE_CNT; nr++)
		if (p->ns[nr] > 0)
			json_object_object_add(obj, engine_names[nr], json_object_new_double(p->ns[nr]));
	json_object_object_add(obj, "insns", json_object_new_int(p->insns));
	json_object_object_add(obj, "compile_ns_per_insn", json_object_new_double(p->compile_ns));
	return obj;
}

static bool write_json(const char *path, double run_ns)
{
	struct json_object *all = json_object_new_object(), *list = json_object_new_array();
	struct json_object *means = json_object_new_object();
	bool ok;

	for (u32 i = 0; i < PROGRAM_CNT; i++)
		json_object_array_add(list, json_program(&programs[i]));
	for (u32 k = 0; k < ARRAY_SIZE(ratios); k++) {
		struct json_object *pair = json_object_new_array();

		json_object_array_add(pair, json_object_new_double(geomean(ratios[k].a, ratios[k].b, false)));
		json_object_array_add(pair, json_object_new_double(geomean(ratios[k].a, ratios[k].b, true)));
		json_object_object_add(means, ratios[k].title, pair);
	}
	json_object_object_add(all, "programs", list);
	json_object_object_add(all, "geometric_means_with_and_net_of_empty", means);
	json_object_object_add(all, "empty_run_ns", json_object_new_double(run_ns));
	ok = !json_object_to_file_ext(path, all, JSON_C_TO_STRING_PRETTY);
	if (!ok)
		fprintf(stderr, "bench_jit: %s: %s\n", path, json_util_get_last_err());
	json_object_put(all);
	return ok;
}

static void close_all(void)
{
	for (u32 nr = JIT; nr < ENGINE_CNT; nr++) {
		use(nr);
		for (u32 i = 0; i < 2; i++)
			bpf_object__close(engines[nr].objs[i]);
	}
	skep_use_kernel(false);
	skep_default_instance_set(NULL);
	skep_destroy(engines[JIT].skep);
	skep_destroy(engines[INTERP].skep);
}

static bool measure_all(const char *only, const char *json)
{
	double run_ns;

	for (u32 i = 0; i < PROGRAM_CNT; i++) {
		if (only && i && strcmp(only, programs[i].name))
			continue;
		measure(i);
		time_compile(i);
	}
	run_ns = time_empty_run();
	print_table(run_ns);
	return check_results() && (!json || write_json(json, run_ns));
}

int main(int argc, char **argv)
{
	const char *json = NULL, *only = NULL;
	bool ok, check = false;
	int opt;

	while ((opt = getopt(argc, argv, "cj:n:")) != -1) {
		if (opt == 'c')
			check = true;
		else if (opt == 'j')
			json = optarg;
		else if (opt == 'n')
			only = optarg;
		else
			return 2;
	}
	if (argc - optind != 3) {
		fprintf(stderr, "usage: bench_jit [-c] [-j FILE] [-n NAME] programs.bpf.o xdp_lb.bpf.o in.pcap\n");
		return 2;
	}
	make_packet();
	libbpf_set_print(NULL);
	if (!lb_capture_read(argv[optind + 2], &capture) || !load_all(argv + optind))
		return 1;
	ok = check ? check_only() : measure_all(only, json);
	close_all();
	lb_capture_free(&capture);
	return ok ? 0 : 1;
}
