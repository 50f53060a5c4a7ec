/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host.h - an application that lets plugins score its requests. A plugin is a BPF object with one function
 * "score"; it is verified when it is loaded, replaced while requests are being scored, and thrown out when it overruns.
 */
#ifndef HOST_H
#define HOST_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

#include "request.h"

#define HOST_SLOTS 4

struct host;

/**
 * host_new() - a host without plugins, which lets each plugin take @deadline_ns for a request
 * Return: 0 or a negative errno
 */
int host_new(uint64_t deadline_ns, struct host **ret_host);
void host_free(struct host *host); /* nobody scores any more */

/**
 * host_load() - put the plugin in file @path into @slot; requests see the one before it or this one
 * @why: gets one line on failure; the slot is as before then
 * Return: 0 or a negative errno
 * Threads: one at a time; any number of others may score meanwhile
 */
int host_load(struct host *host, unsigned int slot, const char *path, char *why, size_t why_size);

/* What the host thinks of a client, for its plugins to read. 0 or a negative errno. Threads: any */
int host_set_reputation(struct host *host, uint32_t client, uint32_t reputation);

/**
 * host_score() - the sum of what the plugins make of @req, into @req->score
 * A plugin that overruns is stopped, adds nothing, and is out from then on.
 * Return: how many plugins answered, or a negative errno
 * Threads: any
 */
int host_score(struct host *host, struct request *req);

/* How many plugins were thrown out so far. */
unsigned int host_thrown_out(struct host *host);

#endif
