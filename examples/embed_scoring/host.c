/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <skep/skep.h>

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct plugin {
	struct bpf_object *obj;
	int prog_fd;
	unsigned int refs; /* the slot's, and one a request that is being scored; guarded by host.lock */
};

struct host {
	struct skep *skep;
	struct skep_limits limits;
	int reputation_fd;
	pthread_mutex_t lock; /* of slots and thrown_out */
	struct plugin *slots[HOST_SLOTS];
	unsigned int thrown_out;
};

/* ---- slots ------------------------------------------------------------------------------------- */

static struct plugin *plugin_get(struct host *host, unsigned int slot)
{
	struct plugin *p;

	pthread_mutex_lock(&host->lock);
	p = host->slots[slot];
	if (p)
		p->refs++;
	pthread_mutex_unlock(&host->lock);
	return p;
}

static void plugin_put(struct host *host, struct plugin *p)
{
	unsigned int refs = 1;

	if (p) {
		pthread_mutex_lock(&host->lock);
		refs = --p->refs;
		pthread_mutex_unlock(&host->lock);
	}
	if (refs)
		return;
	bpf_object__close(p->obj);
	free(p);
}

static void plugin_replace(struct host *host, unsigned int slot, struct plugin *p)
{
	struct plugin *before;

	pthread_mutex_lock(&host->lock);
	before = host->slots[slot];
	host->slots[slot] = p;
	pthread_mutex_unlock(&host->lock);
	plugin_put(host, before);
}

/* Unless it has been replaced, or thrown out by another thread. */
static void throw_out(struct host *host, unsigned int slot, struct plugin *p)
{
	bool is_there;

	pthread_mutex_lock(&host->lock);
	is_there = host->slots[slot] == p;
	if (is_there) {
		host->slots[slot] = NULL;
		host->thrown_out++;
	}
	pthread_mutex_unlock(&host->lock);
	if (is_there)
		plugin_put(host, p);
}

/* ---- loading ----------------------------------------------------------------------------------- */

static void keep_verdict(void *why, const struct skep_verdict *v)
{
	if (v->err)
		snprintf(why, 256, "%s at %s", v->message, v->source);
}

static int open_plugin(struct host *host, const char *path, struct plugin *p)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	int err;

	p->obj = bpf_object__open_file(path, NULL);
	if (!p->obj)
		return -errno;
	map = bpf_object__find_map_by_name(p->obj, "reputation");
	err = map ? bpf_map__reuse_fd(map, host->reputation_fd) : 0;
	if (!err)
		err = bpf_object__load(p->obj);
	prog = bpf_object__find_program_by_name(p->obj, "score");
	if (!err && !prog)
		err = -ENOENT;
	if (!err)
		p->prog_fd = bpf_program__fd(prog);
	return err;
}

int host_load(struct host *host, unsigned int slot, const char *path, char *why, size_t why_size)
{
	struct plugin *p = calloc(1, sizeof(*p));
	char verdict[256] = "";
	int err;

	if (!p || slot >= HOST_SLOTS) {
		free(p);
		return p ? -EINVAL : -ENOMEM;
	}
	p->refs = 1;
	skep_on_verdict(host->skep, keep_verdict, verdict);
	err = open_plugin(host, path, p);
	skep_on_verdict(host->skep, NULL, NULL);
	if (err) {
		snprintf(why, why_size, "%s: %s", path, *verdict ? verdict : strerror(-err));
		plugin_put(host, p);
		return err;
	}
	plugin_replace(host, slot, p);
	return 0;
}

/* ---- scoring ----------------------------------------------------------------------------------- */

/* 1: @ret_score is its answer; 0: it overran. */
static int ask(struct host *host, struct plugin *p, const struct request *req, uint32_t *ret_score)
{
	struct request answer = *req;
	struct skep_test run = { .sz = sizeof(run), .ctx_in = req, .ctx_size_in = sizeof(*req), .ctx_out = &answer,
				 .ctx_size_out = sizeof(answer) };
	int err = skep_prog_test(host->skep, p->prog_fd, &run);

	if (err)
		return err;
	*ret_score = answer.score;
	return skep_last_run() == SKEP_RUN_ENDED;
}

int host_score(struct host *host, struct request *req)
{
	uint32_t score = 0, sum = 0;
	int answered = 0;

	req->score = 0;
	for (unsigned int slot = 0; slot < HOST_SLOTS; slot++) {
		struct plugin *p = plugin_get(host, slot);
		int ret = p ? ask(host, p, req, &score) : 0;

		if (p && !ret)
			throw_out(host, slot, p);
		plugin_put(host, p);
		if (ret < 0)
			return ret;
		if (ret > 0) {
			sum += score;
			answered++;
		}
	}
	req->score = sum;
	return answered;
}

unsigned int host_thrown_out(struct host *host)
{
	unsigned int cnt;

	pthread_mutex_lock(&host->lock);
	cnt = host->thrown_out;
	pthread_mutex_unlock(&host->lock);
	return cnt;
}

/* ---- the host itself ----------------------------------------------------------------------------- */

int host_set_reputation(struct host *host, uint32_t client, uint32_t reputation)
{
	return bpf_map_update_elem(host->reputation_fd, &client, &reputation, BPF_ANY);
}

/* Only errors, which host_load() tells in words of its own. */
static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	(void)level, (void)fmt, (void)args;
	return 0;
}

int host_new(uint64_t deadline_ns, struct host **ret_host)
{
	/* Machine code cannot be stopped, so plugins that nobody trusts are interpreted. */
	struct skep_config config = { .sz = sizeof(config), .engine = SKEP_RUN_INTERP };
	LIBBPF_OPTS(bpf_map_create_opts, readable, .map_flags = BPF_F_RDONLY_PROG);
	struct host *host = calloc(1, sizeof(*host));
	int err;

	if (!host)
		return -ENOMEM;
	host->limits = (struct skep_limits){ .sz = sizeof(host->limits), .deadline_ns = deadline_ns };
	err = skep_create(&config, &host->skep);
	if (err)
		goto free_host;
	err = skep_set_limits(host->skep, &host->limits);
	if (err)
		goto destroy;
	pthread_mutex_init(&host->lock, NULL);
	libbpf_set_print(quiet);
	skep_default_instance_set(host->skep);
	host->reputation_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "reputation", 4, 4, MAX_CLIENTS, &readable);
	if (host->reputation_fd < 0) {
		err = host->reputation_fd;
		skep_default_instance_set(NULL);
		pthread_mutex_destroy(&host->lock);
		goto destroy;
	}
	*ret_host = host;
	return 0;
destroy:
	skep_destroy(host->skep);
free_host:
	free(host);
	return err;
}

void host_free(struct host *host)
{
	for (unsigned int slot = 0; slot < HOST_SLOTS; slot++)
		plugin_replace(host, slot, NULL);
	close(host->reputation_fd);
	skep_default_instance_set(NULL);
	skep_destroy(host->skep);
	pthread_mutex_destroy(&host->lock);
	free(host);
}
