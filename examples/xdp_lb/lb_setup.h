/* SPDX-License-Identifier: BSD-2-Clause */
/* lb_setup.h - the load balancer's configuration and a capture in memory, for demo and benchmark. */
#ifndef LB_SETUP_H
#define LB_SETUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "xdp_lb.h"

#define LB_BACKENDS 4

struct lb_packet {
	struct timeval ts;
	uint32_t len;
	uint8_t *data;
};

struct lb_capture {
	struct lb_packet *packets;
	uint32_t cnt;
};

/* Writes the configuration into the object's .rodata before it is loaded. With @direct every backend
 * has the virtual address itself, so that a packet may be balanced again and again with the same
 * result: what timing needs. False when the object has no such data. */
bool lb_configure(struct bpf_object *obj, bool direct);

/* Reads an Ethernet capture; on failure false and one line on stderr. */
bool lb_capture_read(const char *path, struct lb_capture *ret_capture);
void lb_capture_free(struct lb_capture *capture);

/* Mean ns per run over the first @packets packets, each run @repeat times; negative errno. */
int64_t lb_time(int prog_fd, const struct lb_capture *capture, uint32_t packets, uint32_t repeat);

#endif
