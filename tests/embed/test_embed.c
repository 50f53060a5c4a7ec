/* SPDX-License-Identifier: BSD-2-Clause */
/* test_embed.c - examples/embed_scoring, and the limits that it leans on. usage: test_embed FOLDER-OF-PLUGINS */
#include "host.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <skep/skep.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define THREADS	    4
#define REQUESTS    400
#define RELOADS	    24
#define DEADLINE_NS 100000000ull

static const char *folder;

/* ---- what the plugins say, in plain C ------------------------------------------------------------ */

static uint32_t reputation_of(uint32_t client)
{
	return client < MAX_CLIENTS ? client * 37 % 101 : 0;
}

static uint32_t size_score(const struct request *req)
{
	return req->size / 1024 + (100 - reputation_of(req->client)) * 2;
}

static uint32_t retries_score(const struct request *req)
{
	uint32_t hash = req->path_hash;

	for (int i = 0; i < 8; i++)
		hash = hash * 31 + req->retries;
	return hash % 50 + req->retries * 10 + reputation_of(req->client);
}

static struct request request_no(uint32_t i)
{
	return (struct request){ .client = i % (MAX_CLIENTS + 3), .size = i * 2654435761u, .path_hash = i * 40503u,
				 .retries = i % 3 };
}

/* ---- the host ------------------------------------------------------------------------------------- */

static const char *plugin(const char *name)
{
	static __thread char path[4096];

	snprintf(path, sizeof(path), "%s/%s.bpf.o", folder, name);
	return path;
}

static void load(struct host *host, unsigned int slot, const char *name)
{
	char why[512] = "";

	if (host_load(host, slot, plugin(name), why, sizeof(why)))
		fail_msg("%s", why);
}

static struct host *new_host(void)
{
	struct host *host = NULL;

	assert_int_equal(host_new(DEADLINE_NS, &host), 0);
	for (uint32_t client = 0; client < MAX_CLIENTS; client++)
		assert_int_equal(host_set_reputation(host, client, reputation_of(client)), 0);
	return host;
}

static void scores_equal_c(void **state)
{
	struct host *host = new_host();

	(void)state;
	load(host, 0, "size");
	load(host, 3, "retries");
	for (uint32_t i = 0; i < 1000; i++) {
		struct request req = request_no(i);

		assert_int_equal(host_score(host, &req), 2);
		assert_int_equal(req.score, size_score(&req) + retries_score(&req));
	}
	host_free(host);
}

struct worker {
	struct host *host;
	uint32_t first, wrong, lost;
	bool either; /* slot 0 has one or the other plugin */
	pthread_t thread;
};

static void *score_many(void *arg)
{
	struct worker *w = arg;

	for (uint32_t i = w->first; i < w->first + REQUESTS; i++) {
		struct request req = request_no(i);

		w->lost += host_score(w->host, &req) < 1;
		w->wrong += req.score != size_score(&req) && !(w->either && req.score == retries_score(&req));
	}
	return NULL;
}

static void start_workers(struct worker *w, struct host *host, bool either)
{
	for (uint32_t i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .host = host, .first = i * REQUESTS, .either = either };
		assert_int_equal(pthread_create(&w[i].thread, NULL, score_many, &w[i]), 0);
	}
}

static void end_workers(struct worker *w)
{
	for (uint32_t i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].lost, 0);
		assert_int_equal(w[i].wrong, 0);
	}
}

static void no_request_is_lost_while_a_plugin_is_replaced(void **state)
{
	struct host *host = new_host();
	struct worker w[THREADS];

	(void)state;
	load(host, 0, "size");
	start_workers(w, host, true);
	for (int i = 0; i < RELOADS; i++)
		load(host, 0, i % 2 ? "size" : "retries");
	end_workers(w);
	assert_int_equal(host_thrown_out(host), 0);
	host_free(host);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void a_runaway_is_stopped_and_others_do_not_notice(void **state)
{
	struct host *host = new_host();
	struct request req = request_no(5);
	struct worker w[THREADS];
	double start, took;

	(void)state;
	load(host, 0, "size");
	load(host, 1, "runaway");
	start_workers(w, host, false);
	req.retries = 3;
	start = seconds();
	assert_int_equal(host_score(host, &req), 1);
	took = seconds() - start;
	assert_int_equal(req.score, size_score(&req));
	end_workers(w);
	assert_int_equal(host_thrown_out(host), 1);
	print_message("# stopped after %.0f ms, the deadline is %llu ms\n", took * 1e3, DEADLINE_NS / 1000000);
	assert_true(took >= DEADLINE_NS / 1e9);
	assert_true(took < 60); /* else: 8388608 times 8388608 rounds of 8388608 */
	req.retries = 3;
	assert_int_equal(host_score(host, &req), 1);
	assert_int_equal(req.score, size_score(&req));
	host_free(host);
}

static void what_the_verifier_refuses_never_runs(void **state)
{
	struct host *host = new_host();
	struct request req = request_no(7);
	char why[512] = "";

	(void)state;
	load(host, 0, "size");
	assert_int_equal(host_load(host, 0, plugin("careless"), why, sizeof(why)), -EACCES);
	assert_non_null(strstr(why, "careless.bpf.o: invalid access to context"));
	assert_int_equal(host_load(host, 0, "/nowhere/x.bpf.o", why, sizeof(why)), -ENOENT);
	assert_int_equal(host_load(host, HOST_SLOTS, plugin("size"), why, sizeof(why)), -EINVAL);
	assert_int_equal(host_score(host, &req), 1);
	assert_int_equal(req.score, size_score(&req));
	host_free(host);
}

/* ---- limits --------------------------------------------------------------------------------------- */

struct limited {
	struct skep *skep;
	struct bpf_object *obj;
	int fd;
};

static struct limited limited_new(const struct skep_limits *limits, const char *name)
{
	struct skep_config config = { .sz = sizeof(config), .engine = SKEP_RUN_INTERP };
	struct limited l;

	assert_int_equal(skep_create(&config, &l.skep), 0);
	assert_int_equal(skep_set_limits(l.skep, limits), 0);
	skep_default_instance_set(l.skep);
	l.obj = bpf_object__open_file(plugin(name), NULL);
	assert_non_null(l.obj);
	assert_int_equal(bpf_object__load(l.obj), 0);
	l.fd = bpf_program__fd(bpf_object__next_program(l.obj, NULL));
	return l;
}

static void limited_free(struct limited *l)
{
	bpf_object__close(l->obj);
	skep_default_instance_set(NULL);
	skep_destroy(l->skep);
}

static uint32_t run_once(const struct limited *l, struct request req)
{
	struct request out = { 0 };
	struct skep_test run = { .sz = sizeof(run), .ctx_in = &req, .ctx_size_in = sizeof(req), .ctx_out = &out,
				 .ctx_size_out = sizeof(out) };

	assert_int_equal(skep_prog_test(l->skep, l->fd, &run), 0);
	return out.score;
}

static void limits_are_checked(void **state)
{
	struct skep_limits limits = { .sz = sizeof(limits), .max_insns = 10 }, odd = { .sz = 3 };
	struct skep_config interp = { .sz = sizeof(interp), .engine = SKEP_RUN_INTERP };
	struct skep_config jit = { .sz = sizeof(jit), .engine = SKEP_RUN_JIT };
	struct skep *skep;

	(void)state;
	assert_int_equal(skep_create(&interp, &skep), 0);
	assert_int_equal(skep_set_limits(skep, &odd), -EINVAL);
	assert_int_equal(skep_set_limits(skep, &limits), 0);
	assert_int_equal(skep_set_limits(skep, NULL), 0);
	skep_destroy(skep);
	if (skep_create(&jit, &skep))
		return; /* no JIT for this CPU */
	assert_int_equal(skep_set_limits(skep, &limits), -EOPNOTSUPP);
	skep_destroy(skep);
}

static void instructions_are_counted(void **state)
{
	struct skep_limits few = { .sz = sizeof(few), .max_insns = 5 }, enough = { .sz = sizeof(few), .max_insns = 500 };
	struct limited l = limited_new(&few, "size");
	struct request req = request_no(1);

	(void)state;
	assert_int_equal(run_once(&l, req), 0);
	assert_int_equal(skep_last_run(), SKEP_RUN_STOPPED);
	limited_free(&l);
	l = limited_new(&enough, "size");
	assert_int_equal(run_once(&l, req), req.size / 1024 + 200); /* nobody has a reputation here */
	assert_int_equal(skep_last_run(), SKEP_RUN_ENDED);
	limited_free(&l);
}

static void who_may_hold_a_lock_is_not_stopped(void **state)
{
	struct skep_limits few = { .sz = sizeof(few), .max_insns = 1000 };
	struct limited l = limited_new(&few, "holder");

	(void)state;
	for (int i = 0; i < 2; i++) { /* a lock left behind would hang the second */
		assert_int_equal(run_once(&l, request_no(1)), 7);
		assert_int_equal(skep_last_run(), SKEP_RUN_OVERRAN);
	}
	limited_free(&l);
}

static void *stop_soon(void *stop)
{
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	__atomic_store_n((bool *)stop, true, __ATOMIC_RELAXED);
	return NULL;
}

static void another_thread_may_stop_a_run(void **state)
{
	static bool stop;
	struct skep_limits limits = { .sz = sizeof(limits), .stop = &stop };
	struct limited l = limited_new(&limits, "runaway");
	struct request req = { .retries = 3 };
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
	run_once(&l, req);
	assert_int_equal(skep_last_run(), SKEP_RUN_STOPPED);
	pthread_join(thread, NULL);
	limited_free(&l);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_equal_c),
		cmocka_unit_test(no_request_is_lost_while_a_plugin_is_replaced),
		cmocka_unit_test(a_runaway_is_stopped_and_others_do_not_notice),
		cmocka_unit_test(what_the_verifier_refuses_never_runs),
		cmocka_unit_test(limits_are_checked),
		cmocka_unit_test(instructions_are_counted),
		cmocka_unit_test(who_may_hold_a_lock_is_not_stopped),
		cmocka_unit_test(another_thread_may_stop_a_run),
	};

	if (argc != 2)
		return 2;
	folder = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
