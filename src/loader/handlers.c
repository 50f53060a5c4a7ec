/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handlers.c - SEC() names of the application's own: what type such programs are, and callbacks when one is
 * opened, loaded and attached.
 *
 * Exception to "no state outside of an instance": the handlers, which libbpf has one list of in a process. Guard:
 * lock. A program keeps a copy of its handler, so that one may be unregistered while objects are open.
 */
#include "loader/internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	char *sec; /* NULL: for sections that nobody else knows */
	int id;
	struct prog_handler handler;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static VEC(struct entry) handlers;
static int last_id;

/* "abc": exactly; "abc/": "abc/" and something; "abc+": "abc", or "abc/" and something. */
static bool matches(const char *pattern, const char *sec)
{
	size_t len = strlen(pattern);
	char last = len ? pattern[len - 1] : '\0';

	if (last == '/')
		return !strncmp(sec, pattern, len) && sec[len];
	if (last != '+')
		return !strcmp(sec, pattern);
	len--;
	return !strncmp(sec, pattern, len) && (!sec[len] || sec[len] == '/');
}

void handler_apply(struct bpf_program *prog)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < handlers.cnt && !prog->is_subprog; i++) {
		const struct entry *e = &handlers.at[i];

		if (e->sec ? !matches(e->sec, prog->sec_name) : prog->type != BPF_PROG_TYPE_UNSPEC)
			continue;
		prog->handler = e->handler;
		prog->type = e->handler.type;
		prog->attach_type = e->handler.attach_type;
		prog->sec_flags = 0;
		prog->needs_attach_btf = false;
		prog->can_attach = e->handler.attach;
		if (e->sec)
			break;
	}
	pthread_mutex_unlock(&lock);
}

static bool has_default(void)
{
	for (size_t i = 0; i < handlers.cnt; i++) {
		if (!handlers.at[i].sec)
			return true;
	}
	return false;
}

static int add(struct entry e)
{
	int id = -EBUSY;

	pthread_mutex_lock(&lock);
	if (e.sec || !has_default()) {
		e.id = last_id + 1;
		id = vec_push(&handlers, e) ? ++last_id : -ENOMEM;
	}
	pthread_mutex_unlock(&lock);
	return id;
}

int libbpf_register_prog_handler(const char *sec, enum bpf_prog_type prog_type, enum bpf_attach_type exp_attach_type,
				 const struct libbpf_prog_handler_opts *opts)
{
	struct entry e = { 0 };
	int id;

	if (!opts_ok(opts, sizeof(*opts), sizeof(size_t)))
		return libbpf_err(-EINVAL);
	e.handler = (struct prog_handler){ prog_type,		     exp_attach_type,
					   OPT(opts, cookie),	     OPT(opts, prog_setup_fn),
					   OPT(opts, prog_prepare_load_fn), OPT(opts, prog_attach_fn) };
	e.sec = sec ? strdup(sec) : NULL;
	if (sec && !e.sec)
		return libbpf_err(-ENOMEM);
	id = add(e);
	if (id < 0)
		free(e.sec);
	return libbpf_err(id);
}

int libbpf_unregister_prog_handler(int handler_id)
{
	int err = handler_id > 0 ? -ENOENT : -EINVAL;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < handlers.cnt; i++) {
		if (handlers.at[i].id != handler_id || err != -ENOENT)
			continue;
		free(handlers.at[i].sec);
		memmove(&handlers.at[i], &handlers.at[i + 1], (handlers.cnt - i - 1) * sizeof(struct entry));
		handlers.cnt--;
		err = 0;
		break;
	}
	if (!handlers.cnt)
		vec_free(&handlers);
	pthread_mutex_unlock(&lock);
	return libbpf_err(err);
}
