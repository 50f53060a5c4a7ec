/* SPDX-License-Identifier: BSD-2-Clause */
/* demo.c - a day of the host: plugins come, are replaced while four threads score, and one overruns. usage: embed_scoring FOLDER */
#include "host.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define THREADS	 4
#define REQUESTS 3000

static struct host *host;
static unsigned int answered, lost;

static void *score_many(void *arg)
{
	unsigned int *seed = arg;

	for (int i = 0; i < REQUESTS; i++) {
		struct request req = { .client = (*seed + i) % MAX_CLIENTS, .size = i * 100, .path_hash = i, .retries = i % 3 };

		__atomic_fetch_add(host_score(host, &req) >= 1 ? &answered : &lost, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static bool load(unsigned int slot, const char *folder, const char *name)
{
	char path[4096], why[512] = "";

	snprintf(path, sizeof(path), "%s/%s.bpf.o", folder, name);
	if (!host_load(host, slot, path, why, sizeof(why)))
		return true;
	printf("refused: %s\n", why);
	return false;
}

static double ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1e3 + (now.tv_nsec - start->tv_nsec) / 1e6;
}

static void reload_while_scoring(const char *folder)
{
	unsigned int seeds[THREADS] = { 1, 2, 3, 4 }, reloads = 0;
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, score_many, &seeds[i]);
	for (; reloads < 20; reloads++)
		load(0, folder, reloads % 2 ? "size" : "retries");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%u requests scored while the plugin was replaced %u times, %u lost\n", answered, reloads, lost);
}

static void overrun(const char *folder)
{
	struct request req = { .client = 1, .size = 2048, .retries = 3 };
	struct timespec start;
	int plugins;

	if (!load(1, folder, "runaway"))
		return;
	clock_gettime(CLOCK_MONOTONIC, &start);
	plugins = host_score(host, &req);
	printf("the runaway plugin was stopped after %.0f ms; the request's score is %u, from %d plugin; thrown out: %u\n",
	       ms_since(&start), req.score, plugins, host_thrown_out(host));
}

int main(int argc, char **argv)
{
	int err = argc == 2 ? host_new(50000000, &host) : -1;

	if (err) {
		fprintf(stderr, argc == 2 ? "embed_scoring: %s\n" : "usage: embed_scoring FOLDER-OF-PLUGINS\n", strerror(-err));
		return 2;
	}
	for (uint32_t client = 0; client < MAX_CLIENTS; client++)
		host_set_reputation(host, client, client);
	load(2, argv[1], "careless");
	if (load(0, argv[1], "size")) {
		reload_while_scoring(argv[1]);
		overrun(argv[1]);
	}
	host_free(host);
	return lost || !answered;
}
